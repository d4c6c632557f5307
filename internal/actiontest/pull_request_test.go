//go:build container

package actiontest

import (
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/githubtest"
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
func TestPullRequestIsJudgedByItsBranch(t *testing.T) {
	s := githubtest.New()
	defer s.Close()
	s.Repos["octo/demo"] = &githubtest.Repo{
		Private:  true,
		Branches: map[string]githubtest.Branch{"main": {Commit: branch, Protected: true}},
		Commits:  map[string]githubtest.Tree{branch: {".github/codewarrant.yml": {Data: asksForBase}}},
	}
	s.Tokens[token] = githubtest.Permissions{"octo/demo": githubtest.Contents}
	for _, tt := range []struct {
		name, token string
		exit        int
		want        string
	}{
		{"rules of the pull request do not count", token, 1, "judged by main at 111111111111"},
		{"without the permission nothing is judged", "ghs_of_no_repository", 2, "GitHub does not know the token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := runner.Run(t.Context(), runner.Options{
				Action: root, Image: built.image, Dir: t.TempDir(), RunFlags: []string{"--network", "host", "--read-only"},
				Workspace: files{"build/pg_ctl": pgCtl, ".github/codewarrant.yml": allowAll}.write(t),
				Inputs:    map[string]string{"path": "build"},
				EventName: "pull_request", Event: []byte(pullRequest), Token: tt.token, APIURL: s.URL,
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
