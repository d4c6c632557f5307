package cli_test

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codewarrant/codewarrant/internal/cli"
	"github.com/codewarrant/codewarrant/internal/githubtest"
	"github.com/codewarrant/codewarrant/internal/machotest"
)

const (
	jobToken  = "ghs_0123456789abcdefghijklmnopqrstuvwxyz"
	atMain    = "1111111111111111111111111111111111111111"
	atFeature = "2222222222222222222222222222222222222222"
	atRelease = "3333333333333333333333333333333333333333"
	atGroup   = "4444444444444444444444444444444444444444"

	policyFile = ".github/codewarrant.yml"

	strict = `version: 1
approvals: {accept: [base]}
settings: {unlisted: allow}
stages:
  release: {require: [signed]}
  development: {require: [signed]}
rules:
  - entitlement: com.apple.security.cs.*
    action: require-justification
`
	approved = strict + `exceptions:
  - id: EXC-2026-001
    entitlement: com.apple.security.cs.allow-jit
    applies-to: {path: Acme}
    category: javascript-engine
    justification: V8 in the renderer compiles JavaScript; jitless mode costs 6x on our editor benchmark.
    owner: "@acme/desktop"
    approved-by: ["@acme/product-security"]
    approved-on: 2026-11-02
    expires: 2027-04-30
`
)

// acme is GitHub with the job's own repository: main has the rules, release/1.x the
// exception as well, and on feature, which is not protected, everything is allowed.
func acme(t *testing.T) *githubtest.Server {
	t.Helper()
	s := githubtest.New()
	t.Cleanup(s.Close)
	s.Reset = time.Now().Add(time.Hour) // the client's clock is the machine's
	at := func(text string) githubtest.Tree { return githubtest.Tree{policyFile: {Data: text}} }
	s.Repos["acme/app"] = &githubtest.Repo{
		ID: 1, Private: true,
		Branches: map[string]githubtest.Branch{
			"main": {Commit: atMain, Protected: true}, "feature": {Commit: atFeature}, "release/1.x": {Commit: atRelease, Protected: true},
		},
		Tags: map[string]string{"v1.0": atRelease},
		Commits: map[string]githubtest.Tree{
			atMain: at(strict), atFeature: at(strings.Replace(strict, "require-justification", "allow", 1)),
			atRelease: at(approved), atGroup: at(approved),
		},
	}
	s.Tokens[jobToken] = githubtest.Permissions{"acme/app": githubtest.Contents}
	s.Tokens["ghs_of_another_repository"] = githubtest.Permissions{"acme/other": githubtest.Contents}
	return s
}

// job is one run of the check on a workspace in which the code claims allow-jit and the
// policy approves it.
type job struct {
	server  *githubtest.Server
	env     map[string]string
	inputs  map[string]string
	payload string
	bare    bool   // the workspace has no .git
	policy  string // in the workspace; empty: approved
	damaged bool   // the program cannot be read

	workspace string // after the run
}

// pull is the event of a pull request.
func pull(base string) string {
	return fmt.Sprintf(`{"pull_request": {"head": {"sha": "%s"}, "base": {"ref": "%s", "sha": "%s"}}, "repository": {"default_branch": "main"}}`, atFeature, base, atMain)
}

func newJob(t *testing.T, name, ref, payload string) *job {
	t.Helper()
	s := acme(t)
	return &job{
		server: s,
		env: map[string]string{
			"GITHUB_EVENT_NAME": name, "GITHUB_REF": ref, "GITHUB_SHA": atFeature, "GITHUB_REPOSITORY": "acme/app", "GITHUB_API_URL": s.URL,
		},
		inputs: map[string]string{
			"path": "app", "stage": "development", "token": jobToken, "annotations": "true", "summary": "true",
			"report-file": "report.json", "sarif-file": "report.sarif",
		},
		payload: payload,
	}
}

// run runs the action in a new workspace, in which there is no git, and returns its exit
// status and all that it wrote.
func (j *job) run(t *testing.T) (exit int, written string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	workspace := filepath.Join(dir, "app")
	j.workspace = workspace
	claim := []any{"com.apple.security.cs.allow-jit", true}
	program := machotest.Binary{Signature: &machotest.Signature{
		Identifier: "com.acme.app", TeamID: "A1B2C3D4E5", Flags: machotest.FlagAdHoc | machotest.FlagRuntime,
		Entitlements: machotest.XML(claim...), EntitlementsDER: machotest.DER(claim...),
	}}
	code := program.Bytes()
	if j.damaged {
		code = code[:64]
	}
	for name, data := range map[string][]byte{
		"app/app/Acme": code, "app/" + policyFile: []byte(cmp.Or(j.policy, approved)), "event.json": []byte(j.payload), "outside.yml": []byte(approved),
	} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !j.bare {
		if err := os.Mkdir(filepath.Join(workspace, ".git"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(workspace)
	env := map[string]string{
		"GITHUB_EVENT_PATH": filepath.Join(dir, "event.json"), "GITHUB_WORKSPACE": workspace,
		"GITHUB_OUTPUT": filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary.md"),
	}
	for name, value := range j.env {
		env[name] = value
	}
	for name, value := range j.inputs {
		env["INPUT_"+strings.ToUpper(name)] = strings.ReplaceAll(value, "OUTSIDE", dir)
	}
	var out bytes.Buffer
	exit = cli.Main(cli.Env{
		Args: []string{"action"}, Stdout: &out, Stderr: &out, Getenv: func(name string) string { return env[name] }, Now: func() time.Time { return today },
	})
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(path) == "Acme" {
			return err
		}
		b, err := os.ReadFile(path)
		out.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return exit, out.String()
}

func TestThePolicyThatJudgesIsReadFromGitHub(t *testing.T) {
	const pending = "EXC-2026-001 covers it, and is not in main yet: would pass after merge"
	permission := "the token needs the permission contents: read for acme/app"
	server := func(edit func(*githubtest.Server)) func(*job) { return func(j *job) { edit(j.server) } }
	files := func(tree githubtest.Tree) func(*job) {
		return server(func(s *githubtest.Server) { s.Repos["acme/app"].Commits[atMain] = tree })
	}
	input := func(name, value string) func(*job) { return func(j *job) { j.inputs[name] = value } }
	for _, tt := range []struct {
		what       string
		event, ref string
		payload    string
		edit       func(*job)
		exit       int
		want       string // in what is written
		requests   int
	}{
		{"a pull request into main", "pull_request", "refs/pull/1/merge", pull("main"), nil, 1, pending, 2},
		{"one into a branch that is protected", "pull_request", "refs/pull/1/merge", pull("release/1.x"), nil, 0, "judged by release/1.x at 333333333333", 3},
		{"one into a branch that is not", "pull_request", "refs/pull/1/merge", pull("feature"), nil, 1, pending, 3},
		{"a merge group", "merge_group", "refs/heads/gh-readonly-queue/main/pr-1", `{"merge_group": {"base_sha": "` + atGroup + `", "base_ref": "refs/heads/main"}}`, nil, 0, "judged by main at 444444444444", 1},
		{"a push to main is judged by itself", "push", "refs/heads/main", pull("main"), nil, 0, "approved", 0},
		{"a push to another branch", "push", "refs/heads/feature", pull("main"), nil, 1, pending, 2},
		{"a release", "release", "refs/tags/v1.0", pull("main"), nil, 1, pending, 2},
		{"a schedule, which names no repository", "schedule", "refs/heads/main", `{"schedule": "0 6 * * 1"}`, nil, 1, pending, 2},
		{"a dispatch that names none either", "workflow_dispatch", "refs/heads/feature", `{}`, nil, 1, pending, 3},
		{"a pull request with secrets", "pull_request_target", "refs/heads/main", pull("main"), nil, 1, "policy base:.github/codewarrant.yml", 2},

		{"a base that is named", "pull_request", "refs/pull/1/merge", pull("main"), input("base", "release/1.x"), 0, "judged by release/1.x at 333333333333", 3},
		{"a tag that is named", "pull_request", "refs/pull/1/merge", pull("main"), input("base", "v1.0"), 0, "judged by v1.0 at 333333333333", 3},
		{"a commit that is named", "pull_request", "refs/pull/1/merge", pull("main"), input("base", atRelease), 0, "judged by " + atRelease, 1},
		{"a base that is named as in a checkout", "pull_request", "refs/pull/1/merge", pull("main"), input("base", "origin/release/1.x"), 0, "judged by origin/release/1.x at 333333333333", 4},
		{"a base that is a branch and a tag", "pull_request", "refs/pull/1/merge", pull("main"), func(j *job) {
			j.server.Repos["acme/app"].Tags["main"], j.inputs["base"] = atFeature, "main"
		}, 2, `"main" may be several of a branch, a tag and a commit`, 2},
		{"a base that is the branch of a checkout and a tag", "pull_request", "refs/pull/1/merge", pull("main"), func(j *job) {
			j.server.Repos["acme/app"].Tags["origin/main"], j.inputs["base"] = atFeature, "origin/main"
		}, 2, `"origin/main" may be several of a branch, a tag and a commit`, 3},
		{"the branch of the two", "pull_request", "refs/pull/1/merge", pull("main"), func(j *job) {
			j.server.Repos["acme/app"].Tags["main"], j.inputs["base"] = atFeature, "refs/heads/main"
		}, 1, strings.Replace(pending, "main", "refs/heads/main", 1), 2},
		{"a base that is not there", "pull_request", "refs/pull/1/merge", pull("main"), input("base", "nowhere"), 2, `--base: acme/app has no branch, tag or commit "nowhere"`, 2},
		{"a base that would be an option", "pull_request", "refs/pull/1/merge", pull("main"), input("base", "--all"), 2, "is not the name of a branch", 0},
		{"the workspace as its own base", "pull_request", "refs/pull/1/merge", pull("main"), input("base", "."), 0, "approved", 0},

		{"the workspace as its own base, with secrets", "pull_request_target", "refs/heads/main", pull("main"), input("base", "."), 2, "the policy of the workspace does not count in a run with secrets", 0},
		{"a base that is named, with secrets", "pull_request_target", "refs/heads/main", pull("main"), input("base", "main"), 1, "policy base:.github/codewarrant.yml", 3},
		{"a base without the policy, with secrets", "pull_request_target", "refs/heads/main", pull("main"), func(j *job) {
			files(githubtest.Tree{"a": {Data: "a"}})(j)
			j.inputs["base"], j.inputs["policy"] = "main", policyFile
		}, 2, "does not have .github/codewarrant.yml", 6},

		{"a preset is the same everywhere", "pull_request", "refs/pull/1/merge", pull("main"), input("policy", "preset:report-only"), 0, "policy preset:report-only", 0},
		{"a preset stands at no ref", "pull_request", "refs/pull/1/merge", pull("main"), func(j *job) {
			j.inputs["base"], j.inputs["policy"] = "main", "preset:report-only"
		}, 2, "--base main: preset:report-only stands at no ref", 0},
		{"a policy outside of the workspace, of which nothing tells whether it is merged", "pull_request", "refs/pull/1/merge", pull("main"), input("policy", "OUTSIDE/outside.yml"), 2, "pull_request: the policy OUTSIDE/outside.yml is outside of the workspace", 0},
		{"the same with secrets", "pull_request_target", "refs/heads/main", pull("main"), input("policy", "OUTSIDE/outside.yml"), 2, "hint: name a policy in the workspace, or a preset", 0},
		{"the same with a base", "pull_request", "refs/pull/1/merge", pull("main"), func(j *job) {
			j.inputs["base"], j.inputs["policy"] = "main", "OUTSIDE/outside.yml"
		}, 2, "--base main: the policy OUTSIDE/outside.yml is in no checkout that could have it at a ref", 0},
		{"the same as its own base", "pull_request", "refs/pull/1/merge", pull("main"), func(j *job) {
			j.inputs["base"], j.inputs["policy"] = ".", "OUTSIDE/outside.yml"
		}, 0, "approved", 0},
		{"the same as its own base, with secrets", "pull_request_target", "refs/heads/main", pull("main"), func(j *job) {
			j.inputs["base"], j.inputs["policy"] = ".", "OUTSIDE/outside.yml"
		}, 2, "does not count in a run with secrets", 0},
		{"the same for what was pushed to main", "push", "refs/heads/main", pull("main"), input("policy", "OUTSIDE/outside.yml"), 0, "approved", 0},
		{"a policy that is named is looked for by that name", "pull_request", "refs/pull/1/merge", pull("main"), input("policy", policyFile), 1, pending, 2},

		{"no policy yet", "pull_request", "refs/pull/1/merge", pull("main"), files(githubtest.Tree{"a": {Data: "a"}}), 0, "warning[untrusted-policy]: main has no policy yet", 7},
		{"no policy yet, where it is named", "pull_request", "refs/pull/1/merge", pull("main"), func(j *job) {
			files(githubtest.Tree{".github/other.yml": {Data: "a"}})(j)
			j.inputs["policy"] = policyFile
		}, 0, "warning[untrusted-policy]: main has no policy yet", 4},
		{"no policy yet, where nothing tells where the repository begins", "pull_request", "refs/pull/1/merge", pull("main"), func(j *job) {
			files(githubtest.Tree{"a": {Data: "a"}})(j)
			j.bare = true
		}, 2, "where the repository begins is not known", 7},
		{"no policy yet, with secrets", "pull_request_target", "refs/heads/main", pull("main"), files(githubtest.Tree{"a": {Data: "a"}}), 1, "policy preset:hardened-runtime", 7},
		{"another place that is looked at", "pull_request", "refs/pull/1/merge", pull("main"), files(githubtest.Tree{"codewarrant.yml": {Data: strict}}), 1, pending, 6},
		{"a policy that asks for no base", "pull_request", "refs/pull/1/merge", pull("main"), files(githubtest.Tree{policyFile: {Data: strings.Replace(strict, "base", "fields", 1)}}), 0, "approved", 2},
		{"a policy that is not valid", "pull_request", "refs/pull/1/merge", pull("main"), files(githubtest.Tree{policyFile: {Data: "rulez: []"}}), 2, "the policy of main at 111111111111 is not valid", 2},
		{"a policy that is a link", "pull_request", "refs/pull/1/merge", pull("main"), files(githubtest.Tree{policyFile: {Link: "a.yml"}, ".github/a.yml": {Data: strict}}), 2, "is it a symbolic link?", 2},
		{"a policy below a link", "pull_request", "refs/pull/1/merge", pull("main"), files(githubtest.Tree{".github": {Link: "config"}, "config/codewarrant.yml": {Data: strict}}), 2, "it is a symbolic link", 4},
		{"a policy that is too large", "pull_request", "refs/pull/1/merge", pull("main"), files(githubtest.Tree{policyFile: {Data: strings.Repeat("#", 1<<20+1)}}), 2, "over the limit", 2},

		{"what the policy extends is read where it stands", "pull_request", "refs/pull/1/merge", pull("main"), files(githubtest.Tree{
			policyFile: {Data: "version: 1\nextends: rules.yml\napprovals: {accept: [base]}\n"}, ".github/rules.yml": {Data: strict},
		}), 1, pending, 3},
		{"what the policy extends and what is not there", "pull_request", "refs/pull/1/merge", pull("main"), files(githubtest.Tree{
			policyFile: {Data: "version: 1\nextends: rules.yml\n"},
		}), 2, "base:.github/codewarrant.yml:2:10: extends base:.github/rules.yml: ", 5},

		{"no token for a private repository", "pull_request", "refs/pull/1/merge", pull("main"), input("token", ""), 2, "a private repository needs a token with the permission contents: read", 1},
		{"a token of another repository", "pull_request", "refs/pull/1/merge", pull("main"), input("token", "ghs_of_another_repository"), 2, permission, 1},
		{"a token without the permission", "pull_request", "refs/pull/1/merge", pull("main"), server(func(s *githubtest.Server) {
			s.Tokens[jobToken] = githubtest.Permissions{"acme/app": githubtest.Metadata}
		}), 2, permission, 1},
		{"a token that is not known", "pull_request", "refs/pull/1/merge", pull("main"), server(func(s *githubtest.Server) { delete(s.Tokens, jobToken) }), 2, "GitHub does not know the token", 1},
		{"a token that is none", "pull_request", "refs/pull/1/merge", pull("main"), input("token", jobToken+"\n"+jobToken), 2, "the token holds a space", 0},
		{"the rate limit", "pull_request", "refs/pull/1/merge", pull("main"), server(func(s *githubtest.Server) { s.Limit = 1 }), 2, "the rate limit of GitHub's API is reached", 2},
		{"an answer that comes the second time", "pull_request", "refs/pull/1/merge", pull("main"), server(func(s *githubtest.Server) {
			s.Script(githubtest.Fail(http.StatusBadGateway, jobToken))
		}), 1, pending, 3},
		{"a redirect to another host", "pull_request", "refs/pull/1/merge", pull("main"), server(func(s *githubtest.Server) {
			s.Script(githubtest.Redirect(http.StatusFound, "https://evil.example/?"+jobToken))
		}), 2, `GitHub redirects to "evil.example"`, 1},
		{"a commit that is not there", "merge_group", "x", `{"merge_group": {"base_sha": "5555555555555555555555555555555555555555"}}`, nil, 2, "not found", 2},
		{"a merge group of no commit", "merge_group", "x", `{"merge_group": {"base_sha": "main"}}`, nil, 2, "names no commit", 0},
		{"a branch of no branch", "pull_request", "refs/pull/1/merge", pull("main/../x"), nil, 2, "is not the name of a branch", 0},
		{"no event", "pull_request", "refs/pull/1/merge", "", nil, 2, "the payload is not the JSON that is documented", 0},
		{"no file of an event", "pull_request", "refs/pull/1/merge", "", func(j *job) { j.env["GITHUB_EVENT_PATH"] = "nowhere.json" }, 2, "GITHUB_EVENT_PATH", 0},
		{"no repository to ask for", "pull_request", "refs/pull/1/merge", pull("main"), func(j *job) { j.env["GITHUB_REPOSITORY"] = "" }, 2, "the tip of main is not known", 0},
	} {
		t.Run(tt.what, func(t *testing.T) {
			j := newJob(t, tt.event, tt.ref, tt.payload)
			if tt.edit != nil {
				tt.edit(j)
			}
			exit, written := j.run(t)
			written = strings.ReplaceAll(written, filepath.Dir(j.workspace), "OUTSIDE")
			if exit != tt.exit || !strings.Contains(strings.Join(strings.Fields(written), " "), tt.want) {
				t.Errorf("exit %d, want %d with %q in\n%s", exit, tt.exit, tt.want, written)
			}
			for _, token := range []string{jobToken, "ghs_of_another_repository"} {
				if strings.Contains(written, token) {
					t.Errorf("the token shows in\n%s", written)
				}
			}
			if n := len(j.server.Requests()); n != tt.requests {
				t.Errorf("%d requests, want %d", n, tt.requests)
			}
		})
	}
}
