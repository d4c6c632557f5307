package sshsig

import (
	"errors"
	"fmt"
	"strings"
)

// maxPattern is the longest pattern, in bytes: match_pattern_list in OpenSSH's
// match.c gives up on a list that has a longer one.
const maxPattern = 1022

// maxPatterns and maxList, in bytes, bound a list of patterns that a person wrote, and
// the principals of a key: nobody goes by more names, and what it takes to hold lists
// against one another grows with their square.
const (
	maxPatterns = 32
	maxList     = 1 << 10
)

// PatternList is a list of patterns as ssh_config(5) has it in section PATTERNS:
// separated by commas, * for any run of bytes, ? for any one byte, and ! before
// a pattern for what is not meant.
type PatternList string

// Match reports whether a pattern of the list matches s and none after a ! does.
// Nothing matches an empty s. It takes time proportional to the lengths of the
// list and of s multiplied.
func (l PatternList) Match(s string) bool {
	if s == "" {
		return false
	}
	found := false
	for pattern := range strings.SplitSeq(string(l), ",") {
		pattern, negated := strings.CutPrefix(pattern, "!")
		if !matchPattern(pattern, s) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

// matchPattern goes back to the last * alone: what an earlier one took leaves
// the most for those after it.
func matchPattern(pattern, s string) bool {
	p, i, star, from := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			from++
			p, i = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// check returns what is wrong with a list that a person wrote.
func (l PatternList) check() error {
	if !l.bounded() {
		return fmt.Errorf("more than %d patterns, or than %d bytes of them", maxPatterns, maxList)
	}
	wanted := false
	for pattern := range strings.SplitSeq(string(l), ",") {
		name, negated := strings.CutPrefix(pattern, "!")
		switch {
		case name == "":
			return errors.New("a pattern is empty")
		case strings.HasPrefix(name, "!"):
			return errors.New("a pattern begins with two exclamation marks")
		case len(name) > maxPattern:
			return fmt.Errorf("a pattern is longer than %d bytes", maxPattern)
		}
		wanted = wanted || !negated
	}
	if !wanted {
		return errors.New("every pattern has a !, so that nothing matches")
	}
	n := 0
	for pattern := range strings.SplitSeq(string(l), ",") {
		if n++; !strings.HasPrefix(pattern, "!") && !l.reaches(pattern) {
			return fmt.Errorf("pattern %d matches nothing that no pattern with a ! matches", n)
		}
	}
	return nil
}

func (l PatternList) bounded() bool {
	return len(l) <= maxList && strings.Count(string(l), ",") < maxPatterns
}

// reaches reports whether the list matches something that one of its patterns matches.
// It tries what the pattern would match without and with something for each *, made of a
// character that the list does not have. It may say no of patterns that mix * and ? in
// ways that nobody needs, and never yes of one that matches nothing.
func (l PatternList) reaches(pattern string) bool {
	const characters = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	i := strings.IndexFunc(characters, func(c rune) bool { return !strings.ContainsRune(string(l), c) })
	if i < 0 {
		i = 0
	}
	other := characters[i : i+1]
	return l.Match(strings.NewReplacer("*", "", "?", other).Replace(pattern)) ||
		l.Match(strings.NewReplacer("*", other, "?", other).Replace(pattern))
}
