package github_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/githubtest"
)

var robot = githubtest.Account{Login: "acme-checks[bot]", ID: 9}

// pulls is acme with a pull request, on which the token may comment as a robot.
func pulls(t *testing.T) *githubtest.Server {
	t.Helper()
	s := acme(t)
	s.Repos["acme/policies"].Pulls = map[int]*githubtest.Pull{3: {}}
	s.Tokens[secret]["acme/policies pulls"] = githubtest.Write
	s.Accounts[secret] = robot
	return s
}

var sticky = github.Sticky{Owner: "acme", Repo: "policies", Number: 3, Mark: "<!-- mark -->"}

func TestPutComment(t *testing.T) {
	const mark = "<!-- mark -->"
	type comments []githubtest.Comment
	for _, tt := range []struct {
		what   string
		there  comments
		script []http.HandlerFunc
		edit   func(*github.Sticky)
		body   string
		want   comments
		asked  string // methods
		err    string
	}{
		{"where none is", nil, nil, nil, mark + "a", comments{{ID: 1001, By: robot, Body: mark + "a"}}, "POST GET POST GET", ""},
		{"in place of an older one", comments{{ID: 1, By: robot, Body: mark}}, nil, nil, mark + "a", comments{{ID: 1, By: robot, Body: mark + "a"}}, "POST GET PATCH", ""},
		{"that says the same", comments{{ID: 1, By: robot, Body: mark + "a"}}, nil, nil, mark + "a", comments{{ID: 1, By: robot, Body: mark + "a"}}, "POST GET", ""},
		{"that is to stay", comments{{ID: 1, By: robot, Body: mark + "b"}}, nil, func(s *github.Sticky) {
			s.Keep = func(c github.Comment) bool { return c == github.Comment{ID: 1, Body: mark + "b"} }
		}, mark + "a", comments{{ID: 1, By: robot, Body: mark + "b"}}, "POST GET", ""},
		{
			"a write whose answer is lost leaves one", nil,
			[]http.HandlerFunc{nil, nil, githubtest.Fail(502, "x")},
			nil, mark + "a",
			comments{{ID: 1001, By: robot, Body: mark + "a"}},
			"POST GET POST POST GET", "",
		},
		{"with characters of several bytes", nil, nil, nil, mark + strings.Repeat("ä", 65536-len(mark)), comments{{ID: 1001, By: robot, Body: mark + strings.Repeat("ä", 65536-len(mark))}}, "POST GET POST GET", ""},
		{"that is too long", nil, nil, nil, mark + strings.Repeat("a", 65537-len(mark)), nil, "", "acme/policies#3, comments: the text does not begin with its mark, or is over 65536 characters"},
		{"without its mark", nil, nil, nil, "a" + mark, nil, "", "acme/policies#3, comments: the text does not begin with its mark, or is over 65536 characters"},
		{"on no pull request", nil, nil, func(s *github.Sticky) { s.Number = 0 }, mark, nil, "", "acme/policies#0, comments: 0 is not the number of a pull request"},
		{"in a repository with another name now", nil, nil, func(s *github.Sticky) { s.Repo = "rules" }, mark, nil, "POST GET GET POST", "acme/rules#3, comments: GitHub redirects what was to be changed"},
		{"where GitHub leads with 307", nil, []http.HandlerFunc{nil, nil, githubtest.Redirect(307, "/repositories/7/issues/3/comments")}, nil, mark, comments{{ID: 1001, By: robot, Body: mark}}, "POST GET POST POST GET", ""},
		{"whose answer is nothing", nil, []http.HandlerFunc{nil, nil, githubtest.Answer(201, nil, "{}")}, nil, mark, nil, "POST GET POST", "acme/policies#3, comments: GitHub's answer does not tell of the comment that was written"},
		{"of nobody", nil, []http.HandlerFunc{githubtest.Answer(200, nil, `{"data": {"viewer": null}}`)}, nil, mark, nil, "POST", "who the token is of: GitHub's answer does not tell it"},
		{"of a name that is none", nil, []http.HandlerFunc{githubtest.Answer(200, nil, `{"data": {"viewer": {"login": "a/../b"}}}`)}, nil, mark, nil, "POST", "who the token is of: GitHub's answer does not tell it"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			s := pulls(t)
			s.Repos["acme/policies"].Pulls[3].Comments = tt.there
			s.Script(tt.script...)
			c, _ := client(s, secret)
			one := sticky
			if tt.edit != nil {
				tt.edit(&one)
			}
			err := c.PutComment(t.Context(), one, tt.body)
			if got := outcomeOf(t, "", err); got.Error != tt.err {
				t.Errorf("error %q, want %q", got.Error, tt.err)
			}
			if diff := cmp.Diff(tt.want, comments(s.Repos["acme/policies"].Pulls[3].Comments)); diff != "" {
				t.Errorf("comments (-want +got):\n%s", diff)
			}
			if got := methods(s); got != tt.asked {
				t.Errorf("asked %s, want %s", got, tt.asked)
			}
		})
	}
}

// methods returns those of the requests that were made.
func methods(s *githubtest.Server) string {
	var list []string
	for _, r := range s.Requests() {
		list = append(list, r.Method)
	}
	return strings.Join(list, " ")
}

// A POST that GitHub carried out, and whose answer did not arrive, is made again: of the two
// comments the first is the one that stays.
func TestPutCommentTwice(t *testing.T) {
	s := pulls(t)
	p := s.Repos["acme/policies"].Pulls[3]
	s.Script(nil, nil, func(w http.ResponseWriter, r *http.Request) {
		p.Comments = []githubtest.Comment{{ID: 999, By: robot, Body: sticky.Mark + "a"}}
		githubtest.HangUp(w, r)
	})
	c, _ := client(s, secret)
	if err := c.PutComment(t.Context(), sticky, sticky.Mark+"a"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]githubtest.Comment{{ID: 999, By: robot, Body: sticky.Mark + "a"}}, p.Comments); diff != "" {
		t.Errorf("comments (-want +got):\n%s", diff)
	}
}

// GraphQL is beside the REST API, which GitHub Enterprise Server has at /api/v3.
func TestViewerOfAnEnterpriseServer(t *testing.T) {
	for base, want := range map[string]string{"": "/graphql", "/": "/graphql", "/api/v3": "/api/graphql", "/api/v3/": "/api/graphql"} {
		s := acme(t)
		s.Script(githubtest.Answer(200, nil, `{"data": {"viewer": {"login": "alice"}}}`))
		c, _ := client(s, secret)
		c.BaseURL += base
		login, err := c.Viewer(t.Context())
		if err != nil || login != "alice" || paths(s)[0] != want {
			t.Errorf("%q: %q, %v, asked for %q", base, login, err, paths(s))
		}
	}
}
