package sshsig

import (
	"fmt"
	"strings"
	"testing"
)

func TestPatternList(t *testing.T) {
	for _, tt := range []struct {
		name, list, s string
		want          bool
	}{
		{"the name itself", "alice", "alice", true},
		{"another name", "alice", "alicia", false},
		{"another case", "alice", "Alice", false},
		{"the beginning of the name", "alice", "alice@example.com", false},
		{"one of several", "alice,bob", "bob", true},
		{"none of several", "alice,bob", "alice,bob", false},
		{"a star for an end", "alice@*", "alice@example.com", true},
		{"a star for nothing", "alice*", "alice", true},
		{"a star for all", "*", "alice", true},
		{"a star for slashes and dots too", "a*e", "a/b.c@d,e", true},
		{"a star goes back", "*ab*ab", "abaab", true},
		{"a star does not take what is needed after it", "*@example.com", "alice@example.com.evil", false},
		{"two stars", "**a**", "a", true},
		{"a question mark for one byte", "a?c", "abc", true},
		{"a question mark for no byte", "abc?", "abc", false},
		{"two bytes of UTF-8 for two question marks", "J??rg", "Jürg", true},
		{"a bracket is a bracket", "[a]", "a", false},
		{"a backslash is a backslash", `\*`, "*", false},
		{"not what has a !", "*,!mallory", "mallory", false},
		{"not what has a !, before the star", "!mallory,*", "mallory", false},
		{"others than what has a !", "*,!mallory", "alice", true},
		{"not what a pattern with a ! matches", "*@example.com,!m*@example.com", "mallory@example.com", false},
		{"a ! alone allows nobody else", "!mallory", "alice", false},
		{"a ! inside of a name", "al!ce", "al!ce", true},
		{"nobody", "*", "", false},
		{"nobody, of no list", "", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := PatternList(tt.list).Match(tt.s); got != tt.want {
				t.Errorf("%q matches %q: %v", tt.list, tt.s, got)
			}
		})
	}
}

// TestMatchPatternIsItsDefinition compares with what the characters mean, over
// all short patterns and names.
func TestMatchPatternIsItsDefinition(t *testing.T) {
	var defined func(pattern, s string) bool
	defined = func(pattern, s string) bool {
		switch {
		case pattern == "":
			return s == ""
		case pattern[0] == '*':
			return defined(pattern[1:], s) || s != "" && defined(pattern, s[1:])
		}
		return s != "" && (pattern[0] == '?' || pattern[0] == s[0]) && defined(pattern[1:], s[1:])
	}
	names := words("ab", 5)
	for _, pattern := range words("ab*?", 5) {
		for _, s := range names {
			if got, want := matchPattern(pattern, s), defined(pattern, s); got != want {
				t.Fatalf("%q matches %q: %v", pattern, s, got)
			}
		}
	}
}

// words returns all words of up to n letters.
func words(letters string, n int) []string {
	all := []string{""}
	for from := 0; n > 0; n-- {
		to := len(all)
		for _, word := range all[from:to] {
			for _, letter := range letters {
				all = append(all, word+string(letter))
			}
		}
		from = to
	}
	return all
}

// A matcher that tries all there is would not come back from this.
func TestPatternsCostLittle(t *testing.T) {
	list := PatternList(strings.Repeat("a*", maxPattern/2) + "b")
	if list.Match(strings.Repeat("a", maxLine)) {
		t.Error("it matches")
	}
}

func ExamplePatternList_Match() {
	list := PatternList("*@example.com,!intern@example.com")
	fmt.Println(list.Match("alice@example.com"), list.Match("intern@example.com"))
	// Output: true false
}
