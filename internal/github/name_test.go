package github_test

import (
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/github"
)

func TestIsRepository(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       bool
	}{
		{"an owner and a name", "acme/desktop", true},
		{"in whatever letters", "Acme-2/Desk_top.js", true},
		{"nothing", "", false},
		{"an owner alone", "acme", false},
		{"no owner", "/desktop", false},
		{"no name", "acme/", false},
		{"more than two parts", "acme/desktop/main", false},
		{"a folder", "acme/..", false},
		{"markup", "acme/<script>", false},
		{"a second line", "acme/desktop\n::error::", false},
		{"a name that is too long", "acme/" + strings.Repeat("x", 101), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := github.IsRepository(row.text); got != row.want {
				t.Errorf("%q: %t", row.text, got)
			}
		})
	}
}
