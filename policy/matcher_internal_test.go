package policy

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/bmatcuk/doublestar/v4"
)

// matchesSlowly is what a glob means, component by component.
func matchesSlowly(glob, path []string) bool {
	switch {
	case len(glob) == 0:
		return len(path) == 0
	case glob[0] == "**":
		return matchesSlowly(glob[1:], path) || len(path) > 0 && matchesSlowly(glob, path[1:])
	case len(path) == 0:
		return false
	}
	matched, err := doublestar.Match(glob[0], path[0])
	return err == nil && matched && matchesSlowly(glob[1:], path[1:])
}

func TestGlobsMatchComponentByComponent(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	names := []string{"a", "b", "ab", "a.app", "é", "x[y"}
	parts := []string{"a", "b", "ab", "*", "**", "**", "?", "a*", "*b", "*.app", "[a-b]", "a?p*", "é"}
	pick := func(list []string, n int) string {
		var some []string
		for range 1 + random.IntN(n) {
			some = append(some, list[random.IntN(len(list))])
		}
		return strings.Join(some, "/")
	}
	matched := 0
	for range 100_000 {
		text, path := pick(parts, 5), pick(names, 6)
		if random.IntN(2) == 0 {
			text = "/" + text
		}
		if checkGlob(text) != nil {
			t.Fatalf("%s is no glob", text)
		}
		rooted, ok := strings.CutPrefix(text, "/")
		if !ok {
			rooted = "**/" + text
		}
		want := matchesSlowly(strings.Split(rooted, "/"), strings.Split(path, "/"))
		if got := compile(text).match(path); got != want {
			t.Fatalf("%s matches %s: %v, want %v", text, path, got, want)
		}
		if want {
			matched++
		}
	}
	if matched < 1000 {
		t.Errorf("only %d matched", matched)
	}
}

func TestAGlobIsMatchedInTimeThatDoesNotExplode(t *testing.T) {
	// With backtracking to more than the last **, this would not end.
	path := strings.Repeat("a/", 2000) + "a"
	if compile(strings.Repeat("**/a/", 15) + "b").match(path) {
		t.Error("it matches a path without a b")
	}
}

func TestWhatIsNoGlobMatchesNothing(t *testing.T) {
	for _, text := range []string{"", "[", "a/[/b"} {
		if compile(text).match("a") || compile(text).match("") {
			t.Errorf("%q matches", text)
		}
	}
}
