package github_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/githubtest"
)

const patch = `@@ -1,3 +1,4 @@
 version: 1
-extends: a
+extends: b
+rules: []
 exceptions:
@@ -20,2 +21,2 @@ exceptions:
-  - id: A
+  - id: B
     entitlement: c
\ No newline at end of file`

func TestShownLines(t *testing.T) {
	for _, tt := range []struct {
		name    string
		patches map[string]string
		want    []int
	}{
		{"those that are added, and those around them", map[string]string{"a.yml": "@@ -1 +1 @@\n-x\n+y", "base.yml": patch}, []int{1, 2, 3, 4, 21, 22}},
		{"a file that is new", map[string]string{"base.yml": "@@ -0,0 +1,2 @@\n+a\n+b"}, []int{1, 2}},
		{"a file of one line", map[string]string{"base.yml": "@@ -1 +1 @@\n-a\n+b"}, []int{1}},
		{"a file that is gone", map[string]string{"base.yml": "@@ -1,2 +0,0 @@\n-a\n-b"}, nil},
		{"a file that is not changed", map[string]string{"other.yml": patch}, nil},
		{"what GitHub does not show", map[string]string{"base.yml": ""}, nil},
		{"what is no difference", map[string]string{"base.yml": "+a\n b\n@@ -x +y @@\n+c"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := pulls(t)
			s.Repos["acme/policies"].Pulls[3].Patches = tt.patches
			c, _ := client(s, secret)
			got, err := c.ShownLines(t.Context(), "acme", "policies", 3, "base.yml")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, slices.Sorted(maps.Keys(got))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// lined is a comment on the line that suggestions are for.
func lined(id int, by githubtest.Account, body string) githubtest.Lined {
	return githubtest.Lined{Comment: githubtest.Comment{ID: id, By: by, Body: body}, Commit: first, Path: "base.yml", Line: 3}
}

var stranger = githubtest.Account{Login: "mallory", ID: 7}

// crowd returns more comments of a stranger than are on one page.
func crowd(body string) []githubtest.Lined {
	many := make([]githubtest.Lined, 150)
	for i := range many {
		many[i] = lined(i+1, stranger, body)
	}
	return many
}

// suggested is what has to come of a change to the suggestions of acme/policies#3.
type suggested struct {
	want  []githubtest.Lined
	asked string // methods
	err   string // part of it; empty: there is none
}

func (want suggested) check(t *testing.T, s *githubtest.Server, err error) {
	t.Helper()
	if want.err == "" && err != nil || want.err != "" && (err == nil || !strings.Contains(err.Error(), want.err)) {
		t.Errorf("%v, want %q", err, want.err)
	}
	if diff := cmp.Diff(want.want, s.Repos["acme/policies"].Pulls[3].Lined, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if got := methods(s); got != want.asked {
		t.Errorf("asked %s, want %s", got, want.asked)
	}
}

func TestPutSuggestion(t *testing.T) {
	const mark = "<!-- mark -->"
	many := crowd(mark)
	for _, tt := range []struct {
		what   string
		there  []githubtest.Lined
		script []http.HandlerFunc
		edit   func(*github.Suggestion)
		suggested
	}{
		{"where none is", nil, nil, nil, suggested{[]githubtest.Lined{lined(2001, robot, mark+"a")}, "POST GET POST", ""}},
		{"that is there", []githubtest.Lined{lined(1, robot, mark+"a")}, nil, nil, suggested{[]githubtest.Lined{lined(1, robot, mark+"a")}, "POST GET", ""}},
		{"in place of others", []githubtest.Lined{lined(1, robot, mark+"b"), lined(2, robot, mark+"c")}, nil, nil, suggested{[]githubtest.Lined{lined(2001, robot, mark+"a")}, "POST GET POST DELETE DELETE", ""}},
		{"beside those of somebody else", []githubtest.Lined{lined(1, stranger, mark+"a"), lined(2, robot, "other")}, nil, nil, suggested{[]githubtest.Lined{lined(1, stranger, mark+"a"), lined(2, robot, "other"), lined(2001, robot, mark+"a")}, "POST GET POST", ""}},
		{"on the second page", append(slices.Clone(many), lined(999, robot, mark+"a")), nil, nil, suggested{append(slices.Clone(many), lined(999, robot, mark+"a")), "POST GET GET", ""}},
		{"on a line that is not shown", nil, nil, func(s *github.Suggestion) { s.Line = 9 }, suggested{nil, "POST GET POST", "GitHub answers 422 Unprocessable Entity"}},
		{"on no line", nil, nil, func(s *github.Suggestion) { s.Line = 0 }, suggested{nil, "", "or is about no line"}},
		{"without its mark", nil, nil, func(s *github.Suggestion) { s.Mark = "other" }, suggested{nil, "", "does not begin with its mark"}},
		{"in a file that is none", nil, nil, func(s *github.Suggestion) { s.Path = "../base.yml" }, suggested{nil, "", "is not the path of a file"}},
		{"where it may not be written", nil, []http.HandlerFunc{nil, nil, githubtest.Fail(403, "Resource not accessible by integration")}, nil, suggested{nil, "POST GET POST", "the token may not read this"}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			s := pulls(t)
			p := s.Repos["acme/policies"].Pulls[3]
			p.Lined, p.Patches = slices.Clone(tt.there), map[string]string{"base.yml": patch}
			s.Script(tt.script...)
			c, _ := client(s, secret)
			one := github.Suggestion{Owner: "acme", Repo: "policies", Number: 3, Commit: first, Path: "base.yml", Line: 3, Mark: mark}
			if tt.edit != nil {
				tt.edit(&one)
			}
			err := c.PutSuggestion(t.Context(), one, mark+"a")
			tt.check(t, s, err)
		})
	}
}

func TestWithdrawSuggestion(t *testing.T) {
	const mark = "<!-- mark -->"
	many := crowd("text")
	for _, tt := range []struct {
		what   string
		there  []githubtest.Lined
		script []http.HandlerFunc
		mark   string
		suggested
	}{
		{"where none is", nil, nil, mark, suggested{nil, "GET", ""}},
		{"each of the mark and the author", []githubtest.Lined{lined(1, robot, mark+"a"), lined(2, robot, mark+"b")}, nil, mark, suggested{nil, "GET POST DELETE DELETE", ""}},
		{"not that of somebody else, nor of another mark", []githubtest.Lined{lined(1, stranger, mark+"a"), lined(2, robot, "other"), lined(3, robot, " "+mark)}, nil, mark, suggested{[]githubtest.Lined{lined(1, stranger, mark+"a"), lined(2, robot, "other"), lined(3, robot, " "+mark)}, "GET POST", ""}},
		{"on the second page", append(slices.Clone(many), lined(999, robot, mark+"a")), nil, mark, suggested{many, "GET GET POST DELETE", ""}},
		{"without a mark", []githubtest.Lined{lined(1, robot, "a")}, nil, "", suggested{[]githubtest.Lined{lined(1, robot, "a")}, "", "there is no mark"}},
		{"where it may not be removed", []githubtest.Lined{lined(1, robot, mark)}, []http.HandlerFunc{nil, nil, githubtest.Fail(403, "Resource not accessible by integration")}, mark, suggested{[]githubtest.Lined{lined(1, robot, mark)}, "GET POST DELETE", "the token may not read this"}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			s := pulls(t)
			p := s.Repos["acme/policies"].Pulls[3]
			p.Lined = slices.Clone(tt.there)
			s.Script(tt.script...)
			c, _ := client(s, secret)
			err := c.WithdrawSuggestion(t.Context(), github.Suggestion{Owner: "acme", Repo: "policies", Number: 3, Mark: tt.mark})
			tt.check(t, s, err)
		})
	}
}
