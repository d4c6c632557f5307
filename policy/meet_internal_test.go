package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatTwoGlobsNameTogether(t *testing.T) {
	for _, tt := range []struct {
		p, q Pattern
		want []Pattern
	}{
		{"a*", "ab*", []Pattern{"ab*"}},
		{"a*", "b*", nil},
		{"a", "a*", []Pattern{"a"}},
		{"a", "b*", nil},
		{"com.*", "*.debug", []Pattern{"com.*.debug", "com.debug"}},
		{"ab*", "*ba", []Pattern{"ab*ba", "aba"}},
		{"*a", "a*", []Pattern{"a", "a*a"}},
		{"*a*", "*b*", []Pattern{"*a*b*", "*b*a*"}},
	} {
		got, ok := meet(tt.p, tt.q)
		if diff := cmp.Diff(tt.want, got); diff != "" || !ok {
			t.Errorf("%s and %s: %v\n%s", tt.p, tt.q, ok, diff)
		}
	}
	if _, ok := meet(Pattern(strings.Repeat("*a", 40)), Pattern(strings.Repeat("b*", 40))); ok {
		t.Error("globs of many stars meet in a few")
	}
}

// Whatever both name, one of the patterns in which they meet names.
func TestMeetMissesNothing(t *testing.T) {
	var words []Pattern
	var write func(prefix string, n int, letters string)
	write = func(prefix string, n int, letters string) {
		words = append(words, Pattern(prefix))
		for _, c := range letters {
			if n > 0 && !strings.HasSuffix(prefix+string(c), "**") {
				write(prefix+string(c), n-1, letters)
			}
		}
	}
	write("", 3, "ab*")
	globs := words
	words = nil
	write("", 5, "ab")
	for _, p := range globs {
		for _, q := range globs {
			both, ok := meet(p, q)
			if !ok {
				t.Fatalf("%q and %q: too many", p, q)
			}
			for _, w := range words {
				named := slices.ContainsFunc(both, func(m Pattern) bool { return m.Match(string(w)) })
				if want := p.Match(string(w)) && q.Match(string(w)); named != want {
					t.Fatalf("%q and %q meet in %q, and of %q that says %v", p, q, both, w, named)
				}
			}
		}
	}
}
