package sshsig

import (
	"errors"
	"fmt"
	"strings"
)

// maxPattern is the longest pattern, in bytes: match_pattern_list in OpenSSH's
// match.c gives up on a list that has a longer one.
const maxPattern = 1022

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
	return nil
}
