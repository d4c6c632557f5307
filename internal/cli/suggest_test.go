package cli_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/githubtest"
	"github.com/codewarrant/codewarrant/policy"
)

// wanting is a policy in the form of policy fmt whose exception is for something else than
// what the code claims.
const wanting = `version: 1
settings: {unlisted: allow}

rules:
  - entitlement: com.apple.security.cs.*
    action: require-justification

exceptions:
  - id: EXC-2026-001
    entitlement: com.apple.security.cs.allow-unsigned-executable-memory
    applies-to: {path: Other}
    category: javascript-engine
    justification: V8 in the renderer compiles JavaScript; jitless mode costs 6x on our benchmark.
    owner: "@acme/desktop"
    approved-by: ["@acme/product-security"]
    approved-on: 2026-11-02
    expires: 2027-04-30
`

// newSuggestion is a job of a pull request that brings the policy, whose code needs an
// exception more.
func newSuggestion(t *testing.T) *job {
	t.Helper()
	j := newComment(t)
	j.policy = wanting
	repo := j.server.Repos["acme/app"]
	repo.Commits[atMain] = githubtest.Tree{}
	repo.Commits[atFeature] = githubtest.Tree{policyFile: {Data: wanting}}
	repo.Pulls[5].Patches = map[string]string{policyFile: allAdded(wanting)}
	return j
}

// allAdded is the difference of a file that is new.
func allAdded(text string) string {
	return fmt.Sprintf("@@ -0,0 +1,%d @@\n+", strings.Count(text, "\n")) + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n+")
}

// accepted is the policy after somebody has accepted what a comment suggests.
func accepted(t *testing.T, text string, c githubtest.Lined) string {
	t.Helper()
	_, rest, ok := strings.Cut(c.Body, "```suggestion\n")
	change, _, closed := strings.Cut(rest, "\n```\n")
	lines := strings.Split(text, "\n")
	if !ok || !closed || c.Line < 1 || c.Line > len(lines) {
		t.Fatalf("no suggestion of line %d in\n%s", c.Line, c.Body)
	}
	lines[c.Line-1] = change
	return strings.Join(lines, "\n")
}

func TestSuggestionIsWhatThePolicyNeeds(t *testing.T) {
	last := strings.Count(wanting, "\n")
	empty := wanting[:strings.Index(wanting, "\nexceptions:")]
	emptyList := "version: 1\nexceptions: []\n"
	for _, tt := range []struct {
		name, policy, patch string
		line                int
	}{
		{"the policy is new", wanting, allAdded(wanting), last},
		{"its last lines are shown", wanting, fmt.Sprintf("@@ -%d,2 +%d,2 @@\n a\n+b", last-1, last-1), last},
		{"it has no exception yet", empty, allAdded(empty), strings.Count(empty, "\n")},
		{"it has a list of none", emptyList, allAdded(emptyList), 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := newSuggestion(t)
			p := j.server.Repos["acme/app"].Pulls[5]
			j.policy, p.Patches[policyFile] = tt.policy, tt.patch
			j.server.Repos["acme/app"].Commits[atFeature] = githubtest.Tree{policyFile: {Data: tt.policy}}
			exit, written := j.run(t)
			if exit != 1 || len(p.Lined) != 1 {
				t.Fatalf("exit %d, %d comments on lines\n%s", exit, len(p.Lined), written)
			}
			c := p.Lined[0]
			if c.By != bot || c.Path != policyFile || c.Commit != atFeature || c.Line != tt.line {
				t.Errorf("%+v", c)
			}
			after := accepted(t, tt.policy, c)
			if again, err := policy.Format("p", []byte(after)); err != nil || string(again) != after {
				t.Errorf("policy fmt would write another text: %v\n%s", err, after)
			}
			parsed, err := policy.Parse("p", []byte(after))
			if err != nil {
				t.Fatal(err)
			}
			e := parsed.Exceptions[len(parsed.Exceptions)-1]
			if e.Entitlement != "com.apple.security.cs.allow-jit" || len(e.ApprovedBy)+len(e.Signatures) > 0 || e.Justification+e.Owner+string(e.Category) != "" ||
				!e.ApprovedOn.IsZero() || !e.Expires.IsZero() {
				t.Errorf("it is for something else, or approves: %+v", e)
			}
			// What was accepted approves nothing.
			j.policy = after
			j.server.Repos["acme/app"].Commits[atFeature] = githubtest.Tree{policyFile: {Data: after}}
			if exit, written := j.run(t); exit != 1 || !strings.Contains(written, "invalid-exception") {
				t.Errorf("after it was accepted: exit %d\n%s", exit, written)
			}
		})
	}
}

func TestSuggestionIsMadeOnce(t *testing.T) {
	j := newSuggestion(t)
	p := j.server.Repos["acme/app"].Pulls[5]
	j.run(t)
	first := p.Lined[0]
	j.env["GITHUB_RUN_ID"] = "101"
	if j.run(t); len(p.Lined) != 1 || p.Lined[0] != first {
		t.Errorf("the next run: %+v", p.Lined)
	}
	other := strings.Replace(wanting, "6x", "7x", 1)
	j.policy, p.Patches[policyFile] = other, allAdded(other)
	j.server.Repos["acme/app"].Commits[atFeature] = githubtest.Tree{policyFile: {Data: other}}
	p.Lined = append(p.Lined, githubtest.Lined{Comment: githubtest.Comment{ID: 1, By: mallory, Body: first.Body}})
	if j.run(t); len(p.Lined) != 2 || p.Lined[0].By != mallory || p.Lined[1].ID == first.ID {
		t.Errorf("another policy: %+v", p.Lined)
	}
	j.env["GITHUB_JOB"] = "another"
	if j.run(t); len(p.Lined) != 3 {
		t.Errorf("another job: %+v", p.Lined)
	}
}

func TestSuggestionIsWithdrawn(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*job, *githubtest.Pull)
		stay string // what the log says where it is left; empty: it is removed
	}{
		{"nothing is to be excepted any more", func(j *job, p *githubtest.Pull) {
			j.policy = strings.Replace(wanting, "require-justification", "allow", 1)
			p.Patches[policyFile] = allAdded(j.policy)
			j.server.Repos["acme/app"].Commits[atFeature] = githubtest.Tree{policyFile: {Data: j.policy}}
		}, ""},
		{"the pull request leaves the policy alone by now", func(_ *job, p *githubtest.Pull) { p.Patches = map[string]string{"main.c": allAdded("a\n")} }, ""},
		{"a preset judges by now", func(j *job, _ *githubtest.Pull) { j.inputs["policy"] = "preset:strict" }, ""},
		{"it is not known whether there is one to make", func(j *job, _ *githubtest.Pull) {
			probe := newSuggestion(t)
			probe.run(t)
			first := len(probe.server.Requests())
			probe.run(t)
			n := slices.IndexFunc(probe.server.Requests()[first:], func(r githubtest.Request) bool {
				return strings.HasPrefix(r.Path, "/repos/acme/app/pulls/5/files")
			})
			j.server.Script(append(make([]http.HandlerFunc, n), githubtest.Fail(http.StatusForbidden, "x"))...)
		}, "::notice title=codewarrant::no suggestion on the policy: acme/app#5, files: "},
		{"the code cannot be read", func(j *job, _ *githubtest.Pull) { j.damaged = true }, "codewarrant: unreadable, 1 error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := newSuggestion(t)
			p := j.server.Repos["acme/app"].Pulls[5]
			j.run(t)
			if len(p.Lined) != 1 {
				t.Fatalf("%+v", p.Lined)
			}
			others := githubtest.Lined{Comment: githubtest.Comment{ID: 1, By: mallory, Body: p.Lined[0].Body}}
			p.Lined = append(p.Lined, others)
			tt.edit(j, p)
			_, written := j.run(t)
			left := 1
			if tt.stay != "" {
				left = 2
			}
			if len(p.Lined) != left || p.Lined[left-1] != others || !strings.Contains(written, tt.stay) {
				t.Errorf("%+v\n%s", p.Lined, written)
			}
		})
	}
}

func TestWhereThereIsNoSuggestion(t *testing.T) {
	notice, warning := "::notice title=codewarrant::no suggestion on the policy: ", "::warning title=codewarrant::no suggestion on the policy: "
	for _, tt := range []struct {
		name string
		edit func(*job, *githubtest.Pull)
		want string // in the log; empty: nothing is said
	}{
		{"no comment is asked for", func(j *job, _ *githubtest.Pull) { j.inputs["comment"] = "false" }, ""},
		{"a fork", func(j *job, _ *githubtest.Pull) { j.payload = pullBy(mallory, true) }, ""},
		{"Dependabot", func(j *job, _ *githubtest.Pull) { j.env["GITHUB_ACTOR"] = "dependabot[bot]" }, ""},
		{"nothing is to be excepted", func(j *job, _ *githubtest.Pull) {
			j.policy = strings.Replace(wanting, "require-justification", "allow", 1)
		}, ""},
		{"the pull request leaves the policy alone", func(_ *job, p *githubtest.Pull) { p.Patches = map[string]string{"main.c": allAdded("a\n")} }, ""},
		{"it changes another part of it", func(_ *job, p *githubtest.Pull) { p.Patches[policyFile] = "@@ -1,1 +1,2 @@\n version: 1\n+x" }, ""},
		{"GitHub does not show what it changes", func(_ *job, p *githubtest.Pull) { p.Patches[policyFile] = "" }, ""},
		{"another policy is checked out", func(j *job, _ *githubtest.Pull) { j.policy = wanting + "# more\n" }, ""},
		{"it is not in the form of policy fmt", func(j *job, p *githubtest.Pull) {
			j.policy = strings.Replace(wanting, "{path: Other}", "\n      path: Other", 1)
			p.Patches[policyFile] = allAdded(j.policy)
			j.server.Repos["acme/app"].Commits[atFeature] = githubtest.Tree{policyFile: {Data: j.policy}}
		}, ""},
		{"a preset judges", func(j *job, _ *githubtest.Pull) { j.inputs["policy"] = "preset:strict" }, ""},
		{"the token may not read the files of the pull request", func(j *job, _ *githubtest.Pull) {
			j.server.Script(failAt(t, "GET /repos/acme/app/pulls/5/files", http.StatusForbidden)...)
		}, notice + "acme/app#5, files: the token may not read this"},
		{"the token may not write it", func(j *job, _ *githubtest.Pull) {
			j.server.Script(failAt(t, "POST /repos/acme/app/pulls/5/comments", http.StatusForbidden)...)
		}, notice + "acme/app#5, comments: the token may not read this"},
		{"GitHub does not take the line", func(j *job, _ *githubtest.Pull) {
			j.server.Script(failAt(t, "POST /repos/acme/app/pulls/5/comments", http.StatusUnprocessableEntity)...)
		}, warning + "acme/app#5, comments: GitHub answers 422"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := newSuggestion(t)
			p := j.server.Repos["acme/app"].Pulls[5]
			tt.edit(j, p)
			_, written := j.run(t)
			if len(p.Lined) > 0 {
				t.Errorf("a suggestion: %+v", p.Lined)
			}
			if tt.want == "" && strings.Contains(written, "no suggestion") || tt.want != "" && strings.Count(written, tt.want) != 1 {
				t.Errorf("%q is not once in\n%s", tt.want, written)
			}
			if tt.want != "" && !strings.Contains(written, "result=fail") {
				t.Errorf("the verdict is another one:\n%s", written)
			}
		})
	}
}

// failAt are answers of which the one to a request fails.
func failAt(t *testing.T, request string, status int) []http.HandlerFunc {
	t.Helper()
	j := newSuggestion(t)
	j.run(t)
	for i, r := range j.server.Requests() {
		if strings.HasPrefix(r.Method+" "+r.Path, request) {
			return append(make([]http.HandlerFunc, i), githubtest.Fail(status, "x"))
		}
	}
	t.Fatalf("no request %s in %+v", request, j.server.Requests())
	return nil
}
