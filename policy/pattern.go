package policy

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// isExact reports whether p names one key.
func (p Pattern) isExact() bool { return !strings.Contains(string(p), "*") }

// literal returns the text of p before its first *.
func (p Pattern) literal() string {
	text, _, _ := strings.Cut(string(p), "*")
	return text
}

// Match reports whether p names the key. It takes time linear in the length of
// the key for each * of the pattern, whatever the key.
func (p Pattern) Match(key string) bool {
	first, rest, glob := strings.Cut(string(p), "*")
	if !glob {
		return key == first
	}
	key, ok := strings.CutPrefix(key, first)
	if !ok {
		return false
	}
	// Each part between two stars may be taken where it first occurs: that
	// leaves the most for the parts after it.
	for {
		part, after, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(key, part)
		}
		i := strings.Index(key, part)
		if i < 0 {
			return false
		}
		key, rest = key[i+len(part):], after
	}
}

// Bounds of keys and patterns. Apple's keys have fewer than a hundred characters.
const (
	maxName  = 256 // characters
	maxStars = 8
)

// checkPattern returns what is wrong with the text of a pattern or of a key.
func checkPattern(s string) error {
	switch {
	case utf8.RuneCountInString(s) > maxName:
		return fmt.Errorf("has more than %d characters", maxName)
	case strings.Count(s, "*") > maxStars:
		return fmt.Errorf("has more than %d wildcards", maxStars)
	case strings.ContainsAny(s, "?[]{}\\"):
		return errors.New("no entitlement has a bracket, ? or \\ in its name; the only wildcard is *")
	case strings.Contains(s, "**"):
		return errors.New("* stands for any run of characters, dots too; write it once")
	case strings.ContainsFunc(s, unicode.IsSpace):
		return errors.New("contains white space")
	}
	return nil
}
