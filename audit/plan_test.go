package audit_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/codewarrant/codewarrant/audit"
	"github.com/codewarrant/codewarrant/internal/githubtest"
	"github.com/codewarrant/codewarrant/policy"
)

// written is a plan as it is written.
func written(t testing.TB, p *audit.Plan) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// targets are the repositories of a plan, with what is known of each.
func targets(p *audit.Plan) (list []string) {
	for _, r := range p.Repositories {
		s := fmt.Sprintf("%s %s %s", r.Repository, r.Branch, r.WithoutPolicy)
		if len(r.Was) > 0 {
			s += fmt.Sprintf(" was %v", r.Was)
		}
		list = append(list, s)
	}
	return list
}

func TestWhatIsFound(t *testing.T) {
	s := githubtest.New()
	t.Cleanup(s.Close)
	for name, r := range map[string]*githubtest.Repo{
		"acme/desktop": {ID: 1, FullName: "Acme/Desktop", Topics: []string{"macos", "electron"}},
		"acme/engine":  {Topics: []string{"macos"}, DefaultBranch: "trunk"},
		"acme/old":     {Topics: []string{"macos"}, Archived: true},
		"acme/site":    {},
		"initech/tool": {ID: 2},
	} {
		s.Repos[name] = r
	}
	s.Moved["initech/utensil"], s.Moved["initech/gadget"], s.Moved["acme/workbench"] = "initech/tool", "initech/tool", "acme/desktop"
	s.Tokens[secret] = githubtest.Permissions{}
	for _, test := range []struct {
		name, src string
		want      []string
	}{
		{"what is listed is asked for", "repositories: [acme/desktop, initech/tool]", []string{"Acme/Desktop main error", "initech/tool main error"}},
		{"what is listed and cannot be read is left to the run", "repositories: [acme/desktop, acme/gone]", []string{"Acme/Desktop main error", "acme/gone  error"}},
		{"two names of a repository are one", "repositories: [initech/utensil, initech/tool, Initech/Gadget]", []string{"initech/tool main error was [Initech/Gadget initech/utensil]"}},
		{"two names that a repository had are one", "repositories: [initech/utensil, initech/gadget]", []string{"initech/tool main error was [initech/gadget initech/utensil]"}},
		{"the name that one had which is found", "repositories: acme/workbench\ndiscover: [{org: acme, topic: electron}]", []string{"Acme/Desktop main error was [acme/workbench]"}},
		{"a topic", "discover: [{org: acme, topic: macos}]", []string{"Acme/Desktop main note", "acme/engine trunk note"}},
		{"names, in either case", "discover: [{org: acme, name: ['DESK*', site]}]", []string{"Acme/Desktop main note", "acme/site main note"}},
		{"archived ones, too", "discover: [{org: acme, topic: macos, archived: true}]", []string{"Acme/Desktop main note", "acme/engine trunk note", "acme/old main note"}},
		{"those with a policy", "discover: [{org: acme, name: site, without-policy: ignore}]", []string{"acme/site main "}},
		{
			"of what is found twice the stricter level counts, whatever the order",
			"discover: [{org: acme, topic: macos, without-policy: warning}, {org: acme, without-policy: ignore}, {org: acme, topic: electron}]",
			[]string{"Acme/Desktop main warning", "acme/engine trunk warning", "acme/site main "},
		},
		{"what is listed and found has to have a policy", "repositories: ACME/desktop\ndiscover: [{org: acme, topic: electron}]", []string{"Acme/Desktop main error"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := makePlan(t.Context(), client(s, nil), "version: 1\n"+test.src+"\n", 8)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, targets(p)); diff != "" {
				t.Error(diff)
			}
			if p.Shards != min(8, len(test.want)) {
				t.Errorf("%d shards", p.Shards)
			}
			again, err := audit.Read(written(t, p), "test")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(written(t, p)), string(written(t, again))); diff != "" {
				t.Errorf("read back it is another one:\n%s", diff)
			}
		})
	}
	for src, want := range map[string]string{
		"discover: [{org: acme, topic: windows}]":                                             audit.ErrNothing.Error(),
		"discover: [{org: nobody}]":                                                           "the repositories of nobody: not found",
		"discover: [{org: acme}]\nbaseline: x.yml":                                            os.ErrNotExist.Error(),
		"discover: [{org: acme}]\nbaseline: {github: acme/x//y.yml, ref: " + baseCommit + "}": "acme/x//y.yml at " + baseCommit + ": not found",
	} {
		if p, err := makePlan(t.Context(), client(s, nil), "version: 1\n"+src+"\n", 8); p != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", src, err, want)
		}
	}
}

// examplePlan is a plan with a baseline that extends another file.
func examplePlan(t testing.TB) *audit.Plan {
	t.Helper()
	src := "version: 1\nrepositories: [acme/a, acme/b, acme/c]\nbaseline: base.yml\n"
	a, err := policy.ParseAudit("mac/audit.yml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"mac/base.yml": "version: 1\nextends: rules.yml\n", "mac/rules.yml": base}
	server := githubtest.New() // of which nothing is there, so that it is left to the run
	defer server.Close()
	p, err := audit.Make(t.Context(), client(server, nil), []byte(src), a, policy.DateOf(noon), 2, "test", func(l policy.Location) ([]byte, error) {
		return []byte(texts[l.String()]), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPlanIsWhatItsSchemaSays(t *testing.T) {
	s, err := jsonschema.NewCompiler().Compile("../schema/audit-plan.v1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	p := examplePlan(t)
	p.Repositories[1].Branch, p.Repositories[1].Was, p.Repositories[2].WithoutPolicy = "main", []string{"acme/old"}, ""
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(written(t, p)))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(v); err != nil {
		t.Error(err)
	}
}

// Each report of an audit is one as a check writes it.
func TestReportsOfAnAuditAreWhatTheirSchemaSays(t *testing.T) {
	c := jsonschema.NewCompiler()
	for _, name := range []string{"policy", "report"} {
		f, err := os.Open("../schema/" + name + ".v1.schema.json")
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource("https://raw.githubusercontent.com/codewarrant/codewarrant/main/schema/"+name+".v1.schema.json", v); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile("https://raw.githubusercontent.com/codewarrant/codewarrant/main/schema/report.v1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	text, err := run(t.Context(), t, acme(t), file, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range v.(map[string]any)["runs"].([]any) {
		if err := s.Validate(r.(map[string]any)["report"]); err != nil {
			t.Error(err)
		}
	}
}

func TestReadTellsWhatIsWrong(t *testing.T) {
	good := string(written(t, examplePlan(t)))
	if _, err := audit.Read([]byte(good), "test"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, old, new, want string }{
		{"no JSON", good, "", "not a plan: unexpected end of JSON input"},
		{"more after it", good, good + "x", "not a plan: invalid character 'x' after top-level value"},
		{"a plan of another version", `"version": "test"`, `"version": "v1.2.3"`, "the plan was made by codewarrant v1.2.3, and this is codewarrant test"},
		{"a plan of another version that has more in it", `"version": "test"`, `"version": "v1.2.3", "more": 1`, "the plan was made by codewarrant v1.2.3"},
		{"a name that is not known", `"date"`, `"more": 1, "date"`, `the name "more" is not known`},
		{"a name that is there twice", `"date"`, `"date": "2026-11-22", "date"`, `the name "date" is there twice`},
		{"a name in another case", `"date"`, `"Date"`, `the name "Date" is not known`},
		{"a name in another case beside it", `"date"`, `"DATE": "2026-11-22", "date"`, `the name "DATE" is not known`},
		{"a name of a repository in another case", `"without_policy"`, `"Without_Policy"`, `the name "Without_Policy" is not known in repositories[0]`},
		{"a name that is missing", `"date": "2026-11-23",`, "", `"date" is missing`},
		{"another format", "audit-plan/1", "audit-plan/2", `schema "codewarrant.audit-plan/2" is not the one that this version reads`},
		{"no day", "2026-11-23", "today", "not a plan: date: "},
		{"an audit that is not valid", "version: 1\\nrepositories", "version: 2\\nrepositories", "mac/audit.yml:1:10: version must be from 1 to 1"},
		{"a baseline that is not there", `"mac/rules.yml":`, `"mac/other.yml":`, "the plan does not have mac/rules.yml"},
		{"a baseline that is not valid", "get-task-allow, action: deny", "get-task-allow, action: none", `unknown value "none" for action`},
		{"no shards", `"shards": 2`, `"shards": 0`, "0 shards of 3 repositories"},
		{"more shards than repositories", `"shards": 2`, `"shards": 4`, "4 shards of 3 repositories"},
		{"a repository that leads elsewhere", `"acme/b"`, `"../b"`, `repositories[1]: "../b" is not OWNER/NAME`},
		{"one that is there twice", `"acme/b"`, `"Acme/A"`, `repositories[1]: "Acme/A" is not after the one before it`},
		{"a name that it had which leads elsewhere", `"acme/b",`, `"acme/b", "was": ["../b"],`, `repositories[1]: was: "../b" is not OWNER/NAME`},
		{"a level that is none", `"without_policy": "error"`, `"without_policy": "fatal"`, `repositories[0]: "fatal" is not a level`},
	} {
		t.Run(test.name, func(t *testing.T) {
			src := strings.Replace(good, test.old, test.new, 1)
			if src == good {
				t.Fatal("nothing is replaced")
			}
			p, err := audit.Read([]byte(src), "test")
			if p != nil || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	if _, err := audit.Read(make([]byte, audit.MaxPlan+1), "test"); err == nil {
		t.Error("a plan of any size is read")
	}
}

// FuzzRead holds Read to its promises on any input: a plan that is written as it was read,
// or an error.
func FuzzRead(f *testing.F) {
	f.Add(written(f, examplePlan(f)))
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := audit.Read(src, "test")
		if (p == nil) == (err == nil) {
			t.Fatalf("%v, %v", p, err)
		}
		var errs policy.Errors
		if err != nil && (errors.As(err, &errs) || err.Error() != "") {
			return
		}
		again, err := audit.Read(written(t, p), "test")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(targets(p), targets(again)); diff != "" {
			t.Error(diff)
		}
	})
}
