package cli_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/githubtest"
	"github.com/codewarrant/codewarrant/internal/machotest"
)

// oldAcme is the program before it claimed anything.
func oldAcme() string {
	return string(machotest.Binary{Signature: &machotest.Signature{
		Identifier: "com.acme.app", TeamID: "A1B2C3D4E5", Flags: machotest.FlagAdHoc | machotest.FlagRuntime,
	}}.Bytes())
}

// newBaseline is a job of a pull request that has a comment, and is compared with the asset
// of the latest release.
func newBaseline(t *testing.T) *job {
	t.Helper()
	j := newComment(t)
	j.inputs["baseline-asset"] = "Acme*"
	j.server.Repos["acme/app"].Latest = &githubtest.Release{ID: 9, Tag: "v1.0", Assets: []githubtest.Asset{
		{ID: 500, Name: "SHA256SUMS", Data: "sums"}, {ID: 501, Name: "Acme", Data: oldAcme()},
	}}
	return j
}

const (
	headline = "codewarrant: what this pull request changes in what the app may do"
	mayMore  = "com.apple.security.cs.allow-jit: true, was not claimed"
)

func TestPullRequestIsComparedWithTheLatestRelease(t *testing.T) {
	j := newBaseline(t)
	before, err := filepath.Glob(filepath.Join(os.TempDir(), "codewarrant-*"))
	if err != nil {
		t.Fatal(err)
	}
	exit, written := j.run(t)
	if exit != 0 || len(j.comments()) != 1 {
		t.Fatalf("exit %d, comments %+v\n%s", exit, j.comments(), written)
	}
	summary, err := os.ReadFile(filepath.Join(filepath.Dir(j.workspace), "summary.md"))
	if err != nil {
		t.Fatal(err)
	}
	for where, text := range map[string]string{"the log": written, "the summary": string(summary), "the comment": j.comments()[0].Body} {
		plain := strings.NewReplacer("&#8288;", "", `\`, "").Replace(text)
		verdict, changes, ok := strings.Cut(plain, headline)
		if !ok || !strings.Contains(verdict, "pass") || !strings.Contains(changes, mayMore) || !strings.Contains(changes, "Acme of v1.0") {
			t.Errorf("%s lacks what changed, after the verdict:\n%s", where, text)
		}
	}
	fetched := j.server.Fetched()
	for _, r := range fetched {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("another server gets %v", r.Header)
		}
	}
	if len(fetched) != 1 || strings.Contains(written, os.TempDir()+"/codewarrant-") || strings.Contains(written, jobToken) {
		t.Errorf("%d files were fetched, or where one was put is shown:\n%s", len(fetched), written)
	}
	after, err := filepath.Glob(filepath.Join(os.TempDir(), "codewarrant-*"))
	if err != nil || len(after) > len(before) {
		t.Errorf("%q were left behind, %v", after, err)
	}
}

func TestWhereThereIsNoBaseline(t *testing.T) {
	notice, warning := "::notice title=codewarrant::not compared with the latest release: ", "::warning title=codewarrant::not compared with the latest release: "
	latest := func(edit func(*githubtest.Release)) func(*job) {
		return func(j *job) { edit(j.server.Repos["acme/app"].Latest) }
	}
	input := func(name, value string) func(*job) { return func(j *job) { j.inputs[name] = value } }
	for _, tt := range []struct {
		what string
		edit func(*job)
		exit int
		want string // once in what is written
	}{
		{"no release", func(j *job) { j.server.Repos["acme/app"].Latest = nil }, 0, notice + "acme/app has none, or the token may not see it"},
		{"no such asset", input("baseline-asset", "*.dmg"), 0, notice + "v1.0 has no asset *.dmg"},
		{"several of them", input("baseline-asset", "*"), 0, warning + "v1.0 has several assets *: SHA256SUMS, Acme"},
		{"a release whose assets may not be read", func(j *job) {
			j.inputs["base"] = "."
			j.server.Script(nil, githubtest.Fail(http.StatusForbidden, "x"))
		}, 0, notice + "acme/app, latest release: the token may not read this"},
		{"an asset whose name is none of a file", latest(func(r *githubtest.Release) { r.Assets[1].Name = "Acme\\..\\x" }), 0, warning + `v1.0 has the asset "Acme`},
		{"one without a digest", latest(func(r *githubtest.Release) { r.Assets[1].Digest = "none" }), 0, warning + "acme/app, asset Acme: GitHub names no digest of the asset"},
		{"one that is no artifact, and no report", latest(func(r *githubtest.Release) {
			r.Assets[1] = githubtest.Asset{ID: 501, Name: "Acme.json", Data: `{"a": 1}`}
		}), 0, warning + "v1.0: Acme.json: not a report"},
		{"a token that may not read releases", func(j *job) {
			j.inputs["base"] = "." // so that nothing else is read
			j.server.Tokens[jobToken]["acme/app"] = githubtest.Metadata
		}, 0, notice + "acme/app, latest release: the token may not read this"},
		{"no repository", func(j *job) { j.env["GITHUB_REPOSITORY"] = ""; j.inputs["base"] = "." }, 0, notice + "GITHUB_REPOSITORY names no repository"},
		{"one that is another file than was uploaded", latest(func(r *githubtest.Release) { r.Assets[1].Digest = "sha256:" + strings.Repeat("0", 64) }), 2, "::error title=codewarrant::input baseline-asset: acme/app, asset Acme: what came is not the asset: its SHA-256 is "},
		{"a glob that is none", input("baseline-asset", "[a"), 2, `::error title=codewarrant::input baseline-asset: "[a" is no glob of names`},
		{"a glob of paths", input("baseline-asset", "dist/*"), 2, `::error title=codewarrant::input baseline-asset: "dist/*" is no glob of names`},
		{"a glob with another wildcard", input("baseline-asset", "Acm?"), 2, `::error title=codewarrant::input baseline-asset: "Acm?" is no glob of names`},
		{"a path and an asset", input("baseline", "app"), 2, "::error title=codewarrant::inputs baseline and baseline-asset: only one"},
		{"a path that is not there", func(j *job) { j.inputs["baseline-asset"], j.inputs["baseline"] = "", "old" }, 2, "::error title=codewarrant::input baseline: "},
	} {
		t.Run(tt.what, func(t *testing.T) {
			j := newBaseline(t)
			tt.edit(j)
			exit, written := j.run(t)
			if exit != tt.exit || strings.Count(written, tt.want) != 1 {
				t.Errorf("exit %d, want %d with %q once in\n%s", exit, tt.exit, tt.want, written)
			}
			if strings.Contains(written, "may do\n") || strings.Contains(written, mayMore) {
				t.Errorf("something was compared:\n%s", written)
			}
			want := map[int]string{0: "result=pass", 2: "result=error"}[tt.exit]
			if !strings.Contains(written, want) {
				t.Errorf("no %s in\n%s", want, written)
			}
		})
	}
}

func TestBaselineIsAPathOrAReport(t *testing.T) {
	j := newBaseline(t)
	j.inputs["report-file"] = "report.json"
	j.run(t)
	earlier, err := os.ReadFile(filepath.Join(j.workspace, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		what string
		edit func(*job)
		want string
	}{
		{"the report of an earlier run", func(j *job) {
			j.server.Repos["acme/app"].Latest.Assets[1] = githubtest.Asset{ID: 501, Name: "Acme.json", Data: string(earlier)}
		}, "changes by which it may do more 0, by which less 0, others 0; files compared 1, new 0, gone 0"},
		{"a path", func(j *job) { j.inputs["baseline-asset"], j.inputs["baseline"] = "", "app/Acme" }, "app/Acme -> this build"},
		{"a fork, whose token may read", func(j *job) { j.payload = pullBy(mallory, true); j.inputs["base"] = "." }, mayMore},
		{"a push", func(j *job) {
			j.env["GITHUB_EVENT_NAME"], j.env["GITHUB_REF"], j.payload = "push", "refs/heads/main", `{"repository": {"default_branch": "main"}}`
		}, "codewarrant: what this build changes in what the app may do"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			j := newBaseline(t)
			tt.edit(j)
			if exit, written := j.run(t); exit != 0 || !strings.Contains(written, tt.want) {
				t.Errorf("exit %d, no %q in\n%s", exit, tt.want, written)
			}
		})
	}
}

// A comment holds 65,536 characters: what changed leaves room for the verdict.
func TestChangesLeaveRoomForTheVerdict(t *testing.T) {
	j := newBaseline(t)
	j.inputs["base"] = "."
	j.policy = asked
	one := asked[strings.Index(asked, "  - id: EXC"):]
	for n := range 400 {
		j.policy += strings.Replace(one, "EXC-2026-001", "EXC-2027-"+strings.Repeat("0", 3)+string(rune('A'+n%26))+strings.Repeat("1", n/26), 1)
	}
	exit, written := j.run(t)
	if len(j.comments()) != 1 {
		t.Fatalf("exit %d, no comment:\n%.3000s", exit, written)
	}
	body := j.comments()[0].Body
	if len(body) > 65536 || !strings.Contains(body, headline) || !strings.Contains(body, "left out: a summary holds no more") {
		t.Errorf("%d bytes, ends with %q", len(body), body[max(0, len(body)-500):])
	}
}
