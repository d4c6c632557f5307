package policy

import (
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Matcher is a scope that is matched against many targets: its globs are taken apart
// once.
type Matcher struct {
	scope Scope
	globs []glob
}

// Matcher returns what matches as the scope does.
func (s Scope) Matcher() *Matcher {
	m := &Matcher{scope: s}
	for _, text := range s.Path {
		m.globs = append(m.globs, compile(text))
	}
	return m
}

// Matches reports what [Scope.Matches] does.
func (m *Matcher) Matches(t Target) bool {
	s := &m.scope
	return !s.isEmpty() &&
		matchesExactly(s.Identifier, t.Identifier) &&
		matchesExactly(s.TeamID, t.TeamID) &&
		matchesExactly(s.Arch, t.Arch) &&
		matchesExactly(s.Type, t.Type) &&
		matchesExactly(s.BundleKind, t.BundleKind) &&
		matchesExactly(s.CDHash, t.CDHash) &&
		s.matchesGroups(t.Groups) && s.matchesVersion(t.Version) && m.matchesPaths(t.Paths)
}

// Mismatches returns the fields that are given and do not match, by their names in YAML
// and in the order of the documentation.
func (m *Matcher) Mismatches(t Target) []string {
	s := &m.scope
	var names []string
	for _, f := range []struct {
		name    string
		matches bool
	}{
		{"path", m.matchesPaths(t.Paths)},
		{"identifier", matchesExactly(s.Identifier, t.Identifier)},
		{"team-id", matchesExactly(s.TeamID, t.TeamID)},
		{"arch", matchesExactly(s.Arch, t.Arch)},
		{"type", matchesExactly(s.Type, t.Type)},
		{"bundle-kind", matchesExactly(s.BundleKind, t.BundleKind)},
		{"versions", s.matchesVersion(t.Version)},
		{"cdhash", matchesExactly(s.CDHash, t.CDHash)},
		{"binaries", s.matchesGroups(t.Groups)},
	} {
		if !f.matches {
			names = append(names, f.name)
		}
	}
	return names
}

func (s *Scope) matchesGroups(groups []string) bool {
	return len(s.Binaries) == 0 || slices.ContainsFunc(s.Binaries, func(g string) bool { return slices.Contains(groups, g) })
}

func (s *Scope) matchesVersion(version string) bool {
	return len(s.Versions) == 0 || slices.ContainsFunc(s.Versions, func(r VersionRange) bool { return r.Contains(version) })
}

func (m *Matcher) matchesPaths(paths []string) bool {
	if len(m.globs) == 0 {
		return true
	}
	for _, path := range paths {
		if !slices.ContainsFunc(m.globs, func(g glob) bool { return g.match(path) }) {
			return false
		}
	}
	return len(paths) > 0
}

// Literal is text that a glob asks for in one component of a path.
type Literal struct {
	Text  string
	Whole bool // the component is the text; else it contains it
}

// Literals returns, for each glob of the scope, text that every path has that it
// matches: the names in it without a wildcard, and what is between the wildcards of the
// others.
func (m *Matcher) Literals() [][]Literal {
	var globs [][]Literal
	for _, g := range m.globs {
		var literals []Literal
		for _, c := range g {
			if c.literal {
				literals = append(literals, Literal{c.text, true})
				continue
			}
			text, _, _ := strings.Cut(c.text, "[") // a class is not looked into, nor what is behind it
			for run := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '*' || r == '?' }) {
				literals = append(literals, Literal{run, false})
			}
		}
		globs = append(globs, literals)
	}
	return globs
}

// glob is a path glob, component by component. One that may begin at any component of
// the path begins with an any.
type glob []component

// component matches one component of a path, or any number of them.
type component struct {
	text    string
	any     bool // **
	literal bool // without a wildcard
}

// compile takes a glob apart. One that [checkGlob] refuses matches nothing.
func compile(text string) glob {
	rest, rooted := strings.CutPrefix(text, "/")
	var g glob
	if !rooted {
		g = glob{{any: true}}
	}
	for c := range strings.SplitSeq(rest, "/") {
		switch {
		case c == "**":
			g = append(g, component{any: true})
		case !doublestar.ValidatePattern(c):
			return nil
		default:
			g = append(g, component{text: c, literal: !strings.ContainsAny(c, `*?[]{}\`)})
		}
	}
	return g
}

// match reports whether the glob matches all of a path. When a component does not match,
// the last ** before it takes one more: what is before that has matched already.
func (g glob) match(path string) bool {
	rest, more := path, path != ""
	i, last := 0, -1 // the component to match next, and the last ** before it
	taken := ""      // what the path has from where that began
	for {
		switch {
		case i == len(g) && !more:
			return len(g) > 0
		case i < len(g) && g[i].any:
			last, taken = i, rest
			if !more {
				last = -1 // it has nothing to take
			}
			i++
			continue
		case i < len(g) && more:
			if name, tail, slash := strings.Cut(rest, "/"); g[i].matches(name) {
				i, rest, more = i+1, tail, slash
				continue
			}
		}
		if last < 0 {
			return false
		}
		if _, rest, more = strings.Cut(taken, "/"); !more {
			i, last = last+1, -1
			continue
		}
		i, taken = last+1, rest
	}
}

func (c component) matches(name string) bool {
	if c.literal {
		return c.text == name
	}
	return doublestar.MatchUnvalidated(c.text, name)
}
