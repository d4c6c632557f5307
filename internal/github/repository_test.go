package github_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/githubtest"
)

func TestDefaultBranch(t *testing.T) {
	for name, tt := range map[string]struct {
		token  github.Token
		repo   string
		script http.HandlerFunc
		want   outcome
	}{
		"it has the name that the repository gives it": {
			secret, "app", nil,
			outcome{Data: "trunk"},
		},
		"a token that sees the repository is enough": {
			sees, "policies", nil,
			outcome{Data: "main"},
		},
		"a renamed repository is followed": {
			secret, "rules", nil,
			outcome{Data: "main"},
		},
		"a repository that the token may not see may not be there": {
			other, "policies", nil,
			outcome{
				Status: 404,
				Error:  `acme/policies: not found: it is not there, or the token may not see it; GitHub says "Not Found"`,
				Hint:   "the token needs the permission contents: read for acme/policies; the GITHUB_TOKEN of a job reads only the job's own repository",
			},
		},
		"a name that is none is refused": {
			secret, "app", githubtest.Answer(http.StatusOK, nil, `{"default_branch":"a..b"}`),
			outcome{Status: 200, Error: `acme/app: GitHub's answer names no default branch: "a..b" is not the name of a branch, a tag or a commit`},
		},
		"a repository without one is refused": {
			secret, "app", githubtest.Answer(http.StatusOK, nil, `{}`),
			outcome{Status: 200, Error: `acme/app: GitHub's answer names no default branch: "" is not the name of a branch, a tag or a commit`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := acme(t)
			s.Script(tt.script)
			c, _ := client(s, tt.token)
			branch, err := c.DefaultBranch(t.Context(), "acme", tt.repo)
			if diff := cmp.Diff(tt.want, outcomeOf(t, branch, err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBranch(t *testing.T) {
	const incomplete = "acme/policies, branch main: GitHub's answer lacks the branch's name, its commit, or whether it is protected"
	for name, tt := range map[string]struct {
		branch string
		script http.HandlerFunc
		want   github.Branch
		err    outcome
	}{
		"a protected branch": {
			branch: "main",
			want:   github.Branch{Name: "main", SHA: second, Protected: true},
		},
		"a branch with a slash that is not protected": {
			branch: "release/1.x",
			want:   github.Branch{Name: "release/1.x", SHA: first},
		},
		"a renamed branch tells its new name": {
			branch: "master",
			script: githubtest.Redirect(http.StatusMovedPermanently, "/repositories/7/branches/main"),
			want:   github.Branch{Name: "main", SHA: second, Protected: true},
		},
		"a branch that is not there": {
			branch: "next",
			err: outcome{
				Status: 404,
				Error:  `acme/policies, branch next: not found: it is not there, or the token may not see it; GitHub says "Branch not found"`,
				Hint:   "the token needs the permission contents: read for acme/policies; the GITHUB_TOKEN of a job reads only the job's own repository",
			},
		},
		"an answer that does not say whether it is protected": {
			branch: "main",
			script: githubtest.Answer(http.StatusOK, nil, `{"name":"main","commit":{"sha":"`+first+`"}}`),
			err:    outcome{Status: 200, Error: incomplete},
		},
		"an answer whose commit is not named in full": {
			branch: "main",
			script: githubtest.Answer(http.StatusOK, nil, `{"name":"main","commit":{"sha":"1111111"},"protected":true}`),
			err:    outcome{Status: 200, Error: incomplete},
		},
		"an answer without a name": {
			branch: "main",
			script: githubtest.Answer(http.StatusOK, nil, `{"commit":{"sha":"`+first+`"},"protected":true}`),
			err:    outcome{Status: 200, Error: incomplete},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := acme(t)
			s.Script(tt.script)
			c, _ := client(s, secret)
			got, err := c.Branch(t.Context(), "acme", "policies", tt.branch)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.err, outcomeOf(t, "", err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
