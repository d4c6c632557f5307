package github_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/githubtest"
)

func TestCache(t *testing.T) {
	t.Run("two policies that extend one file cost one transfer", func(t *testing.T) {
		s := acme(t)
		s.Limit = 3 // what is not modified costs nothing
		c, _ := client(s, secret)
		c.MaxFile = 2 << 20
		for range 3 {
			data, err := c.File(t.Context(), "acme", "policies", "more.yml", "main")
			if err != nil || string(data) != policies["more.yml"].Data {
				t.Fatalf("%d bytes, error %v", len(data), err)
			}
			clear(data) // which belong to the caller
		}
		var conditional []bool
		for _, r := range s.Requests() {
			conditional = append(conditional, r.Header.Get("If-None-Match") != "")
		}
		if diff := cmp.Diff([]bool{false, false, true, true, true, true}, conditional); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a branch that moved is read anew", func(t *testing.T) {
		s := acme(t)
		c, _ := client(s, secret)
		for sha, want := range map[string]string{first: "version: 1\n", second: "version: 2\n"} {
			s.Repos["acme/policies"].Branches["main"] = githubtest.Branch{Commit: sha}
			data, err := c.File(t.Context(), "acme", "policies", "base.yml", "main")
			if err != nil || string(data) != want {
				t.Errorf("%q, error %v", data, err)
			}
		}
	})
	t.Run("a renamed repository is asked for by the old name", func(t *testing.T) {
		s := acme(t)
		c, _ := client(s, secret)
		for range 2 {
			if _, err := c.File(t.Context(), "acme", "rules", "base.yml", "main"); err != nil {
				t.Error(err)
			}
		}
		if last := s.Requests()[3]; last.Header.Get("If-None-Match") == "" || !strings.HasPrefix(last.Path, "/repositories/7/") {
			t.Errorf("the fourth request is %s with %v", last.Path, last.Header)
		}
	})
	t.Run("an error is not kept", func(t *testing.T) {
		s := acme(t)
		s.Script(githubtest.Answer(http.StatusForbidden, map[string]string{"ETag": `"a"`}, ""))
		c, _ := client(s, secret)
		if _, err := c.DefaultBranch(t.Context(), "acme", "app"); err == nil {
			t.Error("403 is no error")
		}
		if branch, err := c.DefaultBranch(t.Context(), "acme", "app"); err != nil || branch != "trunk" {
			t.Errorf("%q, error %v", branch, err)
		}
	})
	t.Run("an ETag that is none is not sent back", func(t *testing.T) {
		s := acme(t)
		s.Script(githubtest.Answer(http.StatusOK, map[string]string{"ETag": strings.Repeat("x", 300)}, `{"full_name":"acme/app","default_branch":"main"}`))
		c, _ := client(s, secret)
		for range 2 {
			if _, err := c.DefaultBranch(t.Context(), "acme", "app"); err != nil {
				t.Error(err)
			}
		}
		if tag := s.Requests()[1].Header.Get("If-None-Match"); tag != "" {
			t.Errorf("If-None-Match: %s", tag)
		}
	})
}
