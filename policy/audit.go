package policy

import (
	"errors"
	"fmt"
	"strings"
)

// Audit is a file that says which repositories are looked at, and how.
type Audit struct {
	Name string // of the file, as named by the caller

	Repositories []string    // OWNER/NAME, each of which has to have a policy
	Discover     []Discovery // that find more of them

	Policy   string     // path of the policy in each of them
	Baseline *Reference // what none of the policies may go beyond; nil: nothing is compared
	Stage    string     // that code is judged by
	FailOn   FailOn     // whatever the policies of the repositories say
	Assets   []Glob     // of the latest release, by name; none: releases are not looked at
}

// Discovery finds repositories of an organisation on GitHub.
type Discovery struct {
	Org      string
	Topic    string // that a repository has; empty: any, or none
	Names    []Glob // of which a repository has one; none: any name
	Archived bool   // take archived ones, too

	// WithoutPolicy is the level at which it is told that one has no policy. Empty: it is
	// left out then.
	WithoutPolicy Level

	Position Position
}

// Glob is a name in which each * stands for any characters, or none.
type Glob string

// globHint says how globs of names are written.
const globHint = "the only wildcard is *, which stands for any characters, and a name has no folders"

// ParseGlob reads a glob of names. The error ends a sentence that begins with it, such as
// "is no glob of names".
func ParseGlob(s string) (Glob, error) {
	switch {
	case s == "":
		return "", errors.New("is no glob of names")
	case len(s) > maxName || strings.Count(s, "*") > maxStars:
		return "", fmt.Errorf("has more than %d bytes, or more than %d wildcards", maxName, maxStars)
	case strings.ContainsAny(s, `?[]{}\/`) || strings.Contains(s, "**"):
		return "", errors.New("is no glob of names")
	}
	return Glob(s), nil
}

// Match reports whether it is a glob of the name. It takes time linear in the length of
// the name for each *, whatever the name.
func (g Glob) Match(name string) bool { return Pattern(g).Match(name) }

// DefaultPath is where the policy of a repository stands when nothing else is said.
const DefaultPath = ".github/codewarrant.yml"
