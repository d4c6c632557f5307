package github_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/githubtest"
)

var (
	alice = githubtest.Account{Login: "alice", ID: 1}
	bob   = githubtest.Account{Login: "bob_acme", ID: 2} // of an enterprise
)

func TestReviews(t *testing.T) {
	s := pulls(t)
	p := s.Repos["acme/policies"].Pulls[3]
	p.Reviews = []githubtest.Review{{By: alice, State: "APPROVED", Commit: second}, {By: robot, State: "APPROVED", Commit: first}, {State: "DISMISSED"}}
	for range 250 {
		p.Reviews = append(p.Reviews, githubtest.Review{By: bob, State: "COMMENTED", Commit: first})
	}
	c, _ := client(s, secret)
	list, err := c.Reviews(t.Context(), "acme", "policies", 3)
	if err != nil || len(list) != 253 || len(s.Requests()) != 3 {
		t.Fatalf("%d reviews, error %v, asked %q", len(list), err, paths(s))
	}
	want := []github.Review{
		{By: github.Account{Login: "alice", ID: 1}, Human: true, State: "APPROVED", Commit: second},
		{By: github.Account{Login: "acme-checks[bot]", ID: 9}, State: "APPROVED", Commit: first},
		{State: "DISMISSED"},
		{By: github.Account{Login: "bob_acme", ID: 2}, Human: true, State: "COMMENTED", Commit: first},
	}
	if diff := cmp.Diff(want, list[:4]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p.Reviews = slices.Repeat(p.Reviews[:3], 1000)
	list, err = c.Reviews(t.Context(), "acme", "policies", 3)
	want403 := outcome{Status: 200, Error: "acme/policies#3, reviews: there are more than 3000, and no more are read"}
	if diff := cmp.Diff(want403, outcomeOf(t, "", err)); diff != "" || list != nil {
		t.Errorf("%d reviews: %s", len(list), diff)
	}
}

func TestMakers(t *testing.T) {
	s := acme(t)
	s.Repos["acme/policies"].Makers = map[string]githubtest.Makers{first: {Author: alice, Committer: bob}, second: {Committer: alice}}
	c, _ := client(s, secret)
	for sha, want := range map[string][]github.Account{
		first: {{Login: "alice", ID: 1}, {Login: "bob_acme", ID: 2}}, second: {{Login: "alice", ID: 1}},
	} {
		got, err := c.Makers(t.Context(), "acme", "policies", sha)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v, (-want +got):\n%s", err, diff)
		}
	}
	for ref, want := range map[string]string{
		absent: "acme/policies at " + absent + `: GitHub answers 422 Unprocessable Entity; GitHub says "No commit found for SHA: ` + absent + `"`,
		"main": "acme/policies at main: GitHub's answer is of another commit",
		"a..b": `acme/policies at a..b: "a..b" is not the name of a branch, a tag or a commit`,
	} {
		if _, err := c.Makers(t.Context(), "acme", "policies", ref); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestMember(t *testing.T) {
	const needs = "team membership needs the token of a GitHub App with the organisation's permission members: read, or a classic one with read:org: " +
		"give it as the input token; the GITHUB_TOKEN of a job cannot have it"
	for _, tt := range []struct {
		what, org, team, login string
		permission             string
		script                 []http.HandlerFunc
		want                   bool
		outcome                outcome
	}{
		{"a member", "acme", "security", "alice", githubtest.Members, nil, true, outcome{}},
		{"a member of an enterprise, in other letters", "Acme", "Security", "bob_acme", githubtest.Members, nil, true, outcome{}},
		{"who is invited", "acme", "security", "carol", githubtest.Members, nil, false, outcome{}},
		{"who is no member", "acme", "security", "mallory", githubtest.Members, nil, false, outcome{}},
		{"a team that is not there", "acme", "other", "alice", githubtest.Members, nil, false, outcome{
			Status: 404, Error: `the team acme/other: not found: it is not there, or the token may not see it; GitHub says "Not Found"`, Hint: needs,
		}},
		{"a token that does not see it", "acme", "security", "alice", "none", nil, false, outcome{
			Status: 404, Error: `the team acme/security: not found: it is not there, or the token may not see it; GitHub says "Not Found"`, Hint: needs,
		}},
		{"the GITHUB_TOKEN of a job", "acme", "security", "alice", "", nil, false, outcome{
			Status: 403, Error: `the team acme/security: the token may not read this; GitHub says "Resource not accessible by integration"`, Hint: needs, Is: "permission denied",
		}},
		{"an answer that is no JSON", "acme", "security", "alice", githubtest.Members, []http.HandlerFunc{nil, githubtest.Answer(200, nil, "yes")}, false, outcome{
			Status: 200, Error: "the team acme/security, alice: GitHub's answer is not the JSON that is documented", Hint: "is GITHUB_API_URL the address of the API?",
		}},
		{"a state that is new", "acme", "security", "alice", githubtest.Members, []http.HandlerFunc{nil, githubtest.Answer(200, nil, `{"state": "suspended"}`)}, false, outcome{}},
		{"GitHub fails for once", "acme", "security", "alice", githubtest.Members, []http.HandlerFunc{githubtest.Fail(503, "x")}, true, outcome{}},
		{"a name that leads elsewhere", "acme", "security", "../../../user", githubtest.Members, nil, false, outcome{
			Error: `the team acme/security: "../../../user" is not the name of a person on GitHub`,
		}},
		{"a team that leads elsewhere", "acme", "..", "alice", githubtest.Members, nil, false, outcome{
			Error: `the team acme/..: ".." is not a repository: letters, digits, -, _ and .`,
		}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			s := pulls(t)
			s.Tokens[secret]["acme"] = tt.permission
			s.Teams["acme/security"] = map[string]string{"alice": "active", "bob_acme": "active", "carol": "pending"}
			s.Script(tt.script...)
			c, _ := client(s, secret)
			got, err := c.Member(t.Context(), tt.org, tt.team, tt.login)
			if diff := cmp.Diff(tt.outcome, outcomeOf(t, "", err)); diff != "" || got != tt.want {
				t.Errorf("%v, want %v: %s", got, tt.want, diff)
			}
		})
	}
}
