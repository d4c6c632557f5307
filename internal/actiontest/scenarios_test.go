//go:build container

package actiontest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"

	"github.com/codewarrant/codewarrant/internal/archivetest"
	"github.com/codewarrant/codewarrant/internal/runner"
)

const allowAll = `version: 1
rules:
  - entitlement: com.apple.security.cs.*
    action: allow
`

// annotation is what a scenario expects of one annotation.
type annotation struct {
	Type string
	File string
	Text string // in the title or the message
}

func (want annotation) matches(got runner.Annotation) bool {
	return got.Type == want.Type && got.File == want.File && strings.Contains(got.Title+"\n"+got.Message, want.Text)
}

var pgCtlErrors = []annotation{
	{Type: "error", File: "build/pg_ctl", Text: "com.apple.security.cs.allow-jit"},
	{Type: "error", File: "build/pg_ctl", Text: "com.apple.security.cs.allow-unsigned-executable-memory"},
	{Type: "error", File: "build/pg_ctl", Text: "com.apple.security.cs.disable-library-validation"},
	{Type: "notice", File: "build/pg_ctl", Text: "redundant-entitlement"},
}

func TestScenarios(t *testing.T) {
	tests := []struct {
		name        string
		files       files
		inputs      map[string]string
		exit        int
		outputs     map[string]string
		annotations []annotation
		noSummary   bool
	}{
		{
			name:        "unapproved exceptions fail under the default policy",
			files:       files{"build/pg_ctl": pgCtl},
			inputs:      map[string]string{"path": "build"},
			exit:        1,
			outputs:     map[string]string{"result": "fail", "findings": "4", "unapproved": "3"},
			annotations: pgCtlErrors,
		},
		{
			name:        "what the policy allows passes",
			files:       files{"build/pg_ctl": pgCtl, ".github/codewarrant.yml": allowAll},
			inputs:      map[string]string{"path": "build/*"},
			outputs:     map[string]string{"result": "pass", "findings": "1", "unapproved": "0"},
			annotations: pgCtlErrors[3:],
		},
		{
			name:        "findings are told and nothing fails when fail-on is never",
			files:       files{"build/pg_ctl": pgCtl},
			inputs:      map[string]string{"path": "build", "fail-on": "never"},
			outputs:     map[string]string{"result": "pass", "findings": "4", "unapproved": "3"},
			annotations: pgCtlErrors,
		},
		{
			name:  "reports are written before the step fails, and summary and annotations are left out on demand",
			files: files{"build/pg_ctl": pgCtl},
			inputs: map[string]string{
				"path": "build", "report-file": "out/report.json", "sarif-file": "out/codewarrant.sarif",
				"summary": "false", "annotations": "false",
			},
			exit: 1,
			outputs: map[string]string{
				"result": "fail", "findings": "4", "unapproved": "3",
				"report": "out/report.json", "sarif": "out/codewarrant.sarif",
			},
			noSummary: true,
		},
		{
			name:  "what was checked is attested, in files that a later step may change",
			files: files{"build/pg_ctl": pgCtl, ".github/codewarrant.yml": allowAll},
			inputs: map[string]string{
				"path": "build/pg_ctl", "attestation-file": "out/vsa.json", "resource-uri": "https://example.com/pg_ctl",
			},
			outputs: map[string]string{
				"result": "pass", "findings": "1", "unapproved": "0",
				"attestation": "out/vsa.json", "predicate": "out/vsa.predicate.json", "subjects": "out/vsa.subjects.sha256",
			},
			annotations: pgCtlErrors[3:],
		},
		{
			name:        "a path that matches nothing",
			files:       files{"build/pg_ctl": pgCtl},
			inputs:      map[string]string{"path": "build/pg_ctl\nbuild/*.app\n"},
			exit:        2,
			outputs:     map[string]string{"result": "error", "findings": "0", "unapproved": "0"},
			annotations: []annotation{{Type: "error", Text: "build/*.app"}},
		},
		{
			name:        "a policy that is not valid",
			files:       files{"build/pg_ctl": pgCtl, "codewarrant.yml": "version: 1\nrulez: []\n"},
			inputs:      map[string]string{"path": "build"},
			exit:        2,
			outputs:     map[string]string{"result": "error", "findings": "0", "unapproved": "0"},
			annotations: []annotation{{Type: "error", File: "codewarrant.yml", Text: "rulez"}},
		},
		{
			name:        "nothing to check",
			files:       files{"build/readme.txt": "none here"},
			inputs:      map[string]string{"path": "build"},
			exit:        3,
			outputs:     map[string]string{"result": "unreadable", "findings": "1", "unapproved": "0"},
			annotations: []annotation{{Type: "error", File: "build", Text: "no-binaries"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := act(t, tt.files, tt.inputs)
			if r.Exit != tt.exit {
				t.Errorf("exit %d, want %d", r.Exit, tt.exit)
			}
			for name := range manifest(t).Outputs { // the others are empty
				if _, ok := tt.outputs[name]; !ok {
					tt.outputs[name] = ""
				}
			}
			if diff := cmp.Diff(tt.outputs, r.Outputs); diff != "" {
				t.Errorf("outputs (-want +got):\n%s", diff)
			}
			compareAnnotations(t, tt.annotations, r.Annotations)
			if r.Exit <= 1 && (r.Summary == "") != tt.noSummary {
				t.Errorf("a summary of %d bytes", r.SummaryBytes)
			}
			for _, name := range []string{r.Outputs["report"], r.Outputs["sarif"], r.Outputs["attestation"], r.Outputs["predicate"], r.Outputs["subjects"]} {
				if _, err := os.Stat(filepath.Join(r.Workspace, name)); err != nil {
					t.Error(err)
				}
			}
			wellBehaved(t, r)
		})
	}
}

// compareAnnotations wants each annotation once, in any order.
func compareAnnotations(t *testing.T, want []annotation, got []runner.Annotation) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d annotations, want %d: %+v", len(got), len(want), got)
	}
	for _, w := range want {
		n := 0
		for _, g := range got {
			if w.matches(g) && g.Shown {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d annotations are like %+v, want one in %+v", n, w, got)
		}
	}
}

// wellBehaved checks what every run of the action keeps to.
func wellBehaved(t *testing.T, r *runner.Result) {
	t.Helper()
	if want := map[bool]string{true: "success", false: "failure"}[r.Exit == 0]; r.Conclusion != want {
		t.Errorf("conclusion %s, want %s", r.Conclusion, want)
	}
	if len(r.Errors)+len(r.Warnings) > 0 {
		t.Errorf("the runner complains: %q %q", r.Errors, r.Warnings)
	}
	if len(r.FilesNotRunners) > 0 {
		t.Errorf("files that a later step cannot change: %q", r.FilesNotRunners)
	}
	if len(r.Env)+len(r.Paths)+len(r.State) > 0 {
		t.Errorf("later steps are changed: env %v, path %v, state %v", r.Env, r.Paths, r.State)
	}
	for _, c := range r.Commands {
		switch c.Name {
		case "error", "warning", "notice", "group", "endgroup", "debug":
		default:
			t.Errorf("the action has no use for the command %+v", c)
		}
	}
}

func TestActionSaysWhatTheCommandLineSays(t *testing.T) {
	f := files{
		"build/pg_ctl":        pgCtl,
		"build/copy/postgres": pgCtl,
		"app.entitlements": `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>com.apple.security.cs.allow-jit</key>
	<true/>
</dict>
</plist>
`,
	}
	r := act(t, f, map[string]string{"path": "build\napp.entitlements", "report-file": "report.json", "sarif-file": "codewarrant.sarif"})
	dir := f.write(t)
	check := func(format string) string {
		out, exit := command(t, dir, "check", "--format", format, "build", "app.entitlements")
		if exit != r.Exit {
			t.Errorf("check --format %s: exit %d, and %d of the action", format, exit, r.Exit)
		}
		return out
	}
	written := func(name string) string {
		data, err := os.ReadFile(filepath.Join(r.Workspace, name))
		if err != nil {
			t.Error(err)
		}
		return string(data)
	}
	for _, tt := range []struct{ name, want, got string }{
		// Which repository it is only a job knows.
		{"JSON report", check("json"), strings.Replace(written("report.json"), "  \"repository\": \"octo/demo\",\n", "", 1)},
		{"SARIF", check("sarif"), written("codewarrant.sarif")},
		{"job summary", check("markdown"), r.Summary},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" || tt.want == "" {
			t.Errorf("%s (-command line +action):\n%s", tt.name, diff)
		}
	}
	if diff := cmp.Diff(runner.Annotations(check("github")), r.Annotations); diff != "" || len(r.Annotations) == 0 {
		t.Errorf("annotations (-command line +action):\n%s", diff)
	}
	wellBehaved(t, r)
}

// A name in an artifact is its author's choice. Whatever it is, it is a name.
func TestNamesAreNotCommands(t *testing.T) {
	names := []string{
		"::error::injected",
		"  ::warning::injected",
		"##[error]injected",
		"a##[warning]injected",
		"line\n::error::injected",
		"line\r::error::injected",
		"line\n##[error]injected",
		"%0A::error::injected",
		"::set-output name=result::injected",
		"::add-mask::codewarrant",
		"::stop-commands::injected",
		"a,file=b,line=1::injected",
		"back`tick`",
		"pi|pe",
		"<img src=x>",
		"[link](https://example.com)",
		"\x1b[31mred",
		"\u202egnp",
	}
	plain, packed := files{}, archivetest.Files{}
	program, err := os.ReadFile(filepath.Join(root, "testdata/binaries/pg_ctl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		plain["build/"+name] = pgCtl
		packed[name] = string(program)
	}
	for _, tt := range []struct {
		name  string
		files files
	}{
		{"in a folder", plain},
		{"in a zip", files{"build/::error::injected.zip": string(archivetest.Zip(packed))}},
		{"in a tar, in a package", files{"build/a.pkg": string(archivetest.Xar(archivetest.Files{"b\n::error::injected.tar": string(archivetest.Tar(packed))}, nil))}},
	} {
		t.Run(tt.name, func(t *testing.T) { namesAreNames(t, tt.files) })
	}
}

// namesAreNames runs the action on files whose names try to be something else.
func namesAreNames(t *testing.T, f files) {
	r := act(t, f, map[string]string{"path": "build", "report-file": "report.json", "sarif-file": "codewarrant.sarif"})
	if r.Exit != 1 && r.Exit != 3 {
		t.Errorf("exit %d, want 1, or 3 for names that no tool unpacks", r.Exit)
	}
	for _, c := range r.Commands {
		if strings.HasPrefix(strings.TrimSpace(c.Data), "injected") {
			t.Errorf("a name became the command %+v", c)
		}
	}
	if want := map[int]string{1: "fail", 3: "unreadable"}[r.Exit]; r.Outputs["result"] != want || len(r.Outputs) != 8 {
		t.Errorf("outputs %q, want the result %q", r.Outputs, want)
	}
	if strings.ContainsAny(r.Log+r.Summary, "\x1b\u202e\r") {
		t.Error("the log or the summary holds a control character of a name's")
	}
	page := render(t, r.Summary)
	for _, raw := range []string{"<img", `href="https://example.com`} {
		if strings.Contains(page, raw) {
			t.Errorf("the summary's page has %s in it:\n%s", raw, page)
		}
	}
	wellBehaved(t, r)
}

// render returns the page that GitHub makes of a job summary, before it cleans the HTML.
func render(t *testing.T, summary string) string {
	t.Helper()
	var page strings.Builder
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	if err := md.Convert([]byte(summary), &page); err != nil {
		t.Fatal(err)
	}
	return page.String()
}
