package github_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/githubtest"
)

func TestCommit(t *testing.T) {
	for name, tt := range map[string]struct {
		token  github.Token
		ref    string
		script http.HandlerFunc
		want   outcome
	}{
		"a branch":               {secret, "main", nil, outcome{Data: second}},
		"a branch with a slash":  {secret, "release/1.x", nil, outcome{Data: first}},
		"a tag":                  {secret, "v1", nil, outcome{Data: first}},
		"a commit is its own":    {secret, second, nil, outcome{Data: second}},
		"what selects is no ref": {secret, "main~1", nil, outcome{Error: `acme/policies at main~1: "main~1" is not the name of a branch, a tag or a commit`}},
		"a ref that is not there": {
			secret, "nowhere", nil,
			outcome{Status: 422, Error: `acme/policies at nowhere: GitHub answers 422 Unprocessable Entity; GitHub says "No commit found for SHA: nowhere"`},
		},
		"a token that may not read it": {
			sees, "main", nil,
			outcome{
				Status: 403, Is: "permission denied",
				Error: `acme/policies at main: the token may not read this; GitHub says "Resource not accessible by integration"`,
				Hint:  "the token needs the permission contents: read for acme/policies; the GITHUB_TOKEN of a job reads only the job's own repository",
			},
		},
		"an answer that is none": {
			secret, "main", githubtest.Answer(http.StatusOK, nil, "main"),
			outcome{Status: 200, Error: "acme/policies at main: GitHub's answer is not the name of a commit"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := acme(t)
			s.Script(tt.script)
			c, _ := client(s, tt.token)
			sha, err := c.Commit(t.Context(), "acme", "policies", tt.ref)
			if diff := cmp.Diff(tt.want, outcomeOf(t, sha, err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
