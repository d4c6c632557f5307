//go:build container

package actiontest

import (
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/githubtest"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/internal/runner"
)

const (
	branch = "1111111111111111111111111111111111111111"
	token  = "ghs_0123456789abcdefghijklmnopqrstuvwxyz"

	asksForBase = "version: 1\napprovals: {accept: [base]}\nrules:\n  - entitlement: com.apple.security.cs.*\n    action: require-justification\n"
	pullRequest = `{"pull_request": {"head": {"sha": "2222222222222222222222222222222222222222"}, "base": {"ref": "main", "sha": "` + branch + `"}},
		"repository": {"full_name": "octo/demo", "default_branch": "main"}}`
)

// In the image there is no git: the policy of the branch comes from GitHub's API, with
// the token that the job has, and which nothing shows.
func TestTheBranchJudges(t *testing.T) {
	const tip = "3333333333333333333333333333333333333333"
	s := githubtest.New()
	defer s.Close()
	asks := githubtest.Tree{".github/codewarrant.yml": {Data: asksForBase}}
	s.Repos["octo/demo"] = &githubtest.Repo{
		Private:  true,
		Branches: map[string]githubtest.Branch{"main": {Commit: branch, Protected: true}},
		Commits:  map[string]githubtest.Tree{branch: asks, tip: asks},
	}
	s.Tokens[token] = githubtest.Permissions{"octo/demo": githubtest.Contents}
	for _, tt := range []struct {
		name, event, ref, payload, token string
		exit                             int
		want                             string
	}{
		{"a pull request", "pull_request", "refs/pull/4/merge", pullRequest, token, 1, "judged by main at 111111111111"},
		{"a pull request, without the permission", "pull_request", "refs/pull/4/merge", pullRequest, "ghs_of_no_repository", 2, "GitHub does not know the token"},
		{
			"a merge group, by the commit that it is on top of", "merge_group", "refs/heads/gh-readonly-queue/main/pr-4-" + tip,
			`{"merge_group": {"base_sha": "` + tip + `", "base_ref": "refs/heads/main"}, "repository": {"full_name": "octo/demo", "default_branch": "main"}}`,
			token, 1, "judged by main at 333333333333",
		},
		{
			"a release, by the default branch and not by its tag", "release", "refs/tags/v1.2.3",
			`{"action": "published", "release": {"tag_name": "v1.2.3"}, "repository": {"full_name": "octo/demo", "default_branch": "main"}}`,
			token, 1, "judged by main at 111111111111",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := runner.Run(t.Context(), runner.Options{
				Action: root, Image: built.image, Dir: t.TempDir(), RunFlags: []string{"--network", "host", "--read-only"},
				Workspace: files{"build/pg_ctl": pgCtl, ".github/codewarrant.yml": allowAll}.write(t),
				Inputs:    map[string]string{"path": "build"},
				EventName: tt.event, Ref: tt.ref, Event: []byte(tt.payload), Token: tt.token, APIURL: s.URL,
			})
			if err != nil {
				t.Fatal(err)
			}
			if r.Exit != tt.exit || !strings.Contains(r.Log, tt.want) {
				t.Errorf("exit %d, want %d with %q in\n%s", r.Exit, tt.exit, tt.want, r.Log)
			}
			if all := r.Log + r.Summary; strings.Contains(all, tt.token) || strings.Contains(all, "***") {
				t.Errorf("the token is in the output:\n%s", all)
			}
			wellBehaved(t, r)
		})
	}
}

// The whole way of an exception that a pull request brings: it fails, a member of the team
// approves it, it passes, and the one comment on the pull request says so. On a fork the
// token may only read, and there is no comment.
func TestPullRequestIsApprovedByAReview(t *testing.T) {
	const head = "2222222222222222222222222222222222222222"
	takesReviews := strings.Replace(asksForBase, "[base]", "review, review-teams: octo/security", 1)
	asks := takesReviews + `  - entitlement: com.apple.security.cs.allow-unsigned-executable-memory
    action: allow
  - entitlement: com.apple.security.cs.disable-library-validation
    action: allow
exceptions:
  - id: EXC-1
    entitlement: com.apple.security.cs.allow-jit
    applies-to: {path: pg_ctl}
    category: language-runtime
    justification: LLVM compiles the expressions of long queries; without it reports take twice as long.
    owner: "@octo/database"
    approved-by: ["@octo/security"]
    approved-on: 2026-11-02
    expires: 2027-04-30
`
	merged := asks[:strings.Index(asks, "exceptions:")]
	alice := githubtest.Account{Login: "alice", ID: 2}
	s := githubtest.New()
	defer s.Close()
	pull := &githubtest.Pull{}
	s.Repos["octo/demo"] = &githubtest.Repo{
		ID: 1, Private: true,
		Branches: map[string]githubtest.Branch{"main": {Commit: branch, Protected: true}},
		Commits:  map[string]githubtest.Tree{branch: {".github/codewarrant.yml": {Data: merged}}, head: {".github/codewarrant.yml": {Data: asks}}},
		Pulls:    map[int]*githubtest.Pull{4: pull},
	}
	s.Tokens[token] = githubtest.Permissions{"octo/demo": githubtest.Contents, "octo/demo pulls": githubtest.Write, "octo": githubtest.Members}
	s.Accounts[token] = githubtest.Account{Login: "octo-checks[bot]", ID: 3}
	s.Teams["octo/security"] = map[string]string{"alice": "active"}
	for _, tt := range []struct {
		name, event, from string
		reviews           []githubtest.Review
		exit              int
		log, comment      string
	}{
		{"on a fork", "pull_request", "2", nil, 1, "no comment, as the token of a pull request from a fork may only read", ""},
		{"nobody has looked at it", "pull_request", "1", nil, 1, "review: nobody approves 222222222222", "codewarrant: fail"},
		{"a member of the team approves it", "pull_request_review", "1", []githubtest.Review{{By: alice, State: "APPROVED", Commit: head}}, 0, "approved by the review of alice", "codewarrant: pass"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pull.Reviews = tt.reviews
			r, err := runner.Run(t.Context(), runner.Options{
				Action: root, Image: built.image, Dir: t.TempDir(), RunFlags: []string{"--network", "host", "--read-only"},
				Workspace: files{"build/pg_ctl": pgCtl, ".github/codewarrant.yml": asks}.write(t),
				Inputs:    map[string]string{"path": "build", "comment": "true", "stage": "development"},
				EventName: tt.event, Token: token, APIURL: s.URL,
				Event: []byte(`{"pull_request": {"number": 4, "user": {"login": "octocat", "id": 1}, "head": {"sha": "` + head + `", "repo": {"id": ` + tt.from + `}},
					"base": {"ref": "main", "sha": "` + branch + `", "repo": {"id": 1}}}, "repository": {"full_name": "octo/demo", "default_branch": "main"}}`),
			})
			if err != nil {
				t.Fatal(err)
			}
			if log := strings.Join(strings.Fields(r.Log), " "); r.Exit != tt.exit || !strings.Contains(log, tt.log) {
				t.Errorf("exit %d, want %d with %q in\n%s", r.Exit, tt.exit, tt.log, r.Log)
			}
			switch {
			case tt.comment == "" && len(pull.Comments) != 0, tt.comment != "" && len(pull.Comments) != 1:
				t.Errorf("comments %+v", pull.Comments)
			case tt.comment != "" && !strings.Contains(pull.Comments[0].Body, tt.comment):
				t.Errorf("the comment lacks %q:\n%s", tt.comment, pull.Comments[0].Body)
			}
			if strings.Contains(r.Log+r.Summary, token) {
				t.Error("the token is in the output")
			}
			wellBehaved(t, r)
		})
	}
}

// What a pull request changes in what the app may do is told beside the verdict: it is compared
// with the latest release, whose file another server sends, which gets no token.
func TestPullRequestIsComparedWithTheLatestRelease(t *testing.T) {
	old := machotest.Binary{Signature: &machotest.Signature{Identifier: "pg_ctl", Flags: machotest.FlagAdHoc | machotest.FlagRuntime}}.Bytes()
	s := githubtest.New()
	defer s.Close()
	pull := &githubtest.Pull{}
	s.Repos["octo/demo"] = &githubtest.Repo{
		ID: 1, Private: true,
		Branches: map[string]githubtest.Branch{"main": {Commit: branch, Protected: true}},
		Commits:  map[string]githubtest.Tree{branch: {".github/codewarrant.yml": {Data: allowAll}}},
		Pulls:    map[int]*githubtest.Pull{4: pull},
		Latest:   &githubtest.Release{ID: 9, Tag: "v1.0", Assets: []githubtest.Asset{{ID: 501, Name: "pg_ctl", Data: string(old)}}},
	}
	s.Tokens[token] = githubtest.Permissions{"octo/demo": githubtest.Contents, "octo/demo pulls": githubtest.Write}
	s.Accounts[token] = githubtest.Account{Login: "github-actions[bot]", ID: 3}
	r, err := runner.Run(t.Context(), runner.Options{
		Action: root, Image: built.image, Dir: t.TempDir(), RunFlags: []string{"--network", "host", "--read-only", "--tmpfs", "/tmp"},
		Workspace: files{"build/pg_ctl": pgCtl, ".github/codewarrant.yml": allowAll}.write(t),
		Inputs:    map[string]string{"path": "build", "comment": "true", "baseline-asset": "pg_*"},
		EventName: "pull_request", Token: token, APIURL: s.URL,
		Event: []byte(`{"pull_request": {"number": 4, "user": {"login": "octocat", "id": 1}, "head": {"sha": "` + branch + `", "repo": {"id": 1}},
			"base": {"ref": "main", "sha": "` + branch + `", "repo": {"id": 1}}}, "repository": {"full_name": "octo/demo", "default_branch": "main"}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	fetched := s.Fetched()
	if r.Exit != 0 || len(fetched) != 1 || len(pull.Comments) != 1 {
		t.Fatalf("exit %d, the file was fetched: %d times, comments %+v, log\n%s", r.Exit, len(fetched), pull.Comments, r.Log)
	}
	if h := fetched[0].Header; h.Get("Authorization") != "" {
		t.Errorf("another server gets %v", h)
	}
	for where, text := range map[string]string{"summary": r.Summary, "comment": pull.Comments[0].Body} {
		if !strings.Contains(text, "what this pull request changes in what the app may do") || !strings.Contains(text, "com.apple.security.cs.allow-jit: true, was not claimed") {
			t.Errorf("the %s lacks what changed:\n%s", where, text)
		}
	}
	wellBehaved(t, r)
}
