package policy

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/codewarrant/codewarrant/entitlement"
)

// fresh is a character that stands in no pattern, as policies have no control
// characters.
const fresh = "\x00"

// witness returns a key that stands for all that p names: a pattern that names it
// names every other one of them too, as only its * can stand for the fresh
// character, and so for anything in its place.
func (p Pattern) witness() string { return strings.ReplaceAll(string(p), "*", fresh) }

// contains reports whether p names every key that q does.
func (p Pattern) contains(q Pattern) bool { return p.Match(q.witness()) }

// containment answers whether scopes contain one another, as far as that takes a bounded
// number of steps over all questions.
type containment struct {
	steps   int
	unclear bool // some answer was no for want of steps
	extents map[*Exception]*extent
}

// maxSteps bounds the steps, each of some five nanoseconds. To compare each of a hundred
// globs of twenty characters with each takes a tenth.
const maxSteps = 40_000_000

// take reports whether so many steps may be taken, and counts them.
func (c *containment) take(steps int) bool {
	if steps > maxSteps-c.steps {
		c.unclear = true
		return false
	}
	c.steps += steps
	return true
}

// exception reports whether e is for every claim that o is for, whatever the dates and the
// approvals. Of path globs it may say no where that holds in a roundabout way, or where there
// are too many to tell; where it says yes, it holds.
func (c *containment) exception(e, o *Exception) bool {
	return e.Entitlement == o.Entitlement && e.containsValues(o) && c.scope(c.extentOf(e), c.extentOf(o))
}

func (c *containment) extentOf(e *Exception) *extent {
	x := c.extents[e]
	if x == nil {
		if c.extents == nil {
			c.extents = map[*Exception]*extent{}
		}
		x = e.AppliesTo.extent()
		c.extents[e] = x
	}
	return x
}

func (e *Exception) isForAnyValue() bool {
	return e.Value == nil && e.Values == nil && e.Matches == nil
}

// containsValues reports whether e covers every value that o covers.
func (e *Exception) containsValues(o *Exception) bool {
	switch {
	case e.isForAnyValue():
		return true
	case o.isForAnyValue():
		return false
	case e.Value != nil:
		return o.Value != nil && e.Value.Equal(*o.Value)
	case o.Value != nil:
		return e.Covers(e.Entitlement, *o.Value)
	}
	return !slices.ContainsFunc(o.Values, func(v entitlement.Value) bool { return !e.takes(v) }) &&
		isWithin(e.Matches, o.Matches, Pattern.contains)
}

// extent is a scope, taken apart once for all questions about it.
type extent struct {
	fields   []wordSet // those that are compared exactly
	versions []VersionRange
	paths    wordSet
	globs    []pathGlob
}

// wordSet is a list of words; empty: all are taken.
type wordSet struct {
	list []string
	has  map[string]bool
}

func setOf(list []string) wordSet {
	s := wordSet{list: list, has: make(map[string]bool, len(list))}
	for _, w := range list {
		s.has[w] = true
	}
	return s
}

func (s Scope) extent() *extent {
	x := &extent{versions: s.Versions, paths: setOf(s.Path)}
	for _, list := range [][]string{s.Identifier, s.TeamID, s.Arch, s.Type, s.BundleKind, s.CDHash, s.Binaries} {
		x.fields = append(x.fields, setOf(list))
	}
	for _, text := range s.Path {
		x.globs = append(x.globs, apart(text))
	}
	return x
}

// scope reports whether s matches every target that o does.
func (c *containment) scope(s, o *extent) bool {
	for i := range s.fields {
		mine, other := &s.fields[i], &o.fields[i]
		if !c.take(len(other.list)) || !narrows(mine.list, other.list, func() bool {
			return !slices.ContainsFunc(other.list, func(w string) bool { return !mine.has[w] })
		}) {
			return false
		}
	}
	return narrows(s.versions, o.versions, func() bool {
		return c.take(len(s.versions)*len(o.versions)) && isWithin(s.versions, o.versions, VersionRange.contains)
	}) && narrows(s.globs, o.globs, func() bool { return c.paths(s, o) })
}

// narrows reports whether a field of a scope takes all that another one takes: it is
// not given, or both are, and all that is in one is in the other.
func narrows[T any](s, o []T, within func() bool) bool {
	return len(s) == 0 || len(o) > 0 && within()
}

// paths reports whether each path glob of o is contained in one of s. Most are written
// alike in both.
func (c *containment) paths(s, o *extent) bool {
	for i, text := range o.paths.list {
		if !s.paths.has[text] && !slices.ContainsFunc(s.globs, func(p pathGlob) bool { return c.glob(p, o.globs[i]) }) {
			return false
		}
	}
	return true
}

// isWithin reports whether each of o is contained in one of s.
func isWithin[T any](s, o []T, contains func(a, b T) bool) bool {
	return !slices.ContainsFunc(o, func(b T) bool {
		return !slices.ContainsFunc(s, func(a T) bool { return contains(a, b) })
	})
}

// pathGlob is a path glob, taken apart.
type pathGlob struct {
	text  string
	parts []globPart
}

// globPart is a component of a path glob.
type globPart struct {
	text   string
	any    bool     // **
	wild   bool     // it has wildcards
	tokens []string // of one that has
}

// apart takes a path glob apart.
func apart(text string) pathGlob {
	rooted, ok := strings.CutPrefix(text, "/")
	if !ok {
		rooted = "**/" + text
	}
	g := pathGlob{text: text}
	for part := range strings.SplitSeq(rooted, "/") {
		p := globPart{text: part, any: part == "**", wild: strings.ContainsAny(part, "*?[")}
		if p.wild {
			p.tokens = tokens(part)
		}
		g.parts = append(g.parts, p)
	}
	return g
}

// glob reports whether the path glob p matches all that q does. Of a glob that ends in
// two ** doublestar wants a component for one of them.
func (c *containment) glob(p, q pathGlob) bool {
	if p.text == q.text {
		return true
	}
	return c.take(1+len(p.parts)*len(q.parts)) && !strings.HasSuffix(p.text, "/**/**") &&
		takes(p.parts, q.parts, func(p globPart) bool { return p.any }, c.part)
}

// part reports whether a component of a path glob matches all that another one does.
func (c *containment) part(p, q globPart) bool {
	if !p.wild || p.text == q.text {
		return p.text == q.text
	}
	other := q.tokens
	if !q.wild {
		other = tokens(q.text)
	}
	return c.take(len(p.tokens)*len(other)) && takes(p.tokens, other, func(t string) bool { return t == "*" }, containsToken)
}

// tokens divides a component into *, ?, classes and single characters.
func tokens(component string) []string {
	var list []string
	for component != "" {
		_, rest, ok := strings.Cut(component, "]")
		if !strings.HasPrefix(component, "[") || !ok {
			_, size := utf8.DecodeRuneInString(component)
			rest = component[size:]
		}
		list = append(list, component[:len(component)-len(rest)])
		component = rest
	}
	return list
}

// containsToken compares tokens that each stand for one character.
func containsToken(p, q string) bool {
	return p == q || p == "?" || strings.HasPrefix(p, "[") && q != "?" && !strings.HasPrefix(q, "[") && doublestar.MatchUnvalidated(p, q)
}

// takes reports whether the sequence p takes the sequence q, element by element,
// where a star of p takes any run of elements, and a star of q is taken by nothing
// else. The time is that of the product of their lengths.
func takes[T any](p, q []T, star func(T) bool, one func(p, q T) bool) bool {
	reached, next := make([]bool, len(q)+1), make([]bool, len(q)+1) // by the part of p so far: the lengths of q that it takes
	reached[0] = true
	for _, a := range p {
		any, isStar := false, star(a)
		for j := range next {
			if isStar {
				next[j] = reached[j] || j > 0 && next[j-1]
			} else {
				next[j] = j > 0 && reached[j-1] && !star(q[j-1]) && one(a, q[j-1])
			}
			any = any || next[j]
		}
		if !any {
			return false
		}
		reached, next = next, reached
	}
	return reached[len(q)]
}

// contains reports whether every version in o is in r.
func (r VersionRange) contains(o VersionRange) bool {
	return !slices.ContainsFunc(r.bounds, func(b bound) bool {
		return !slices.ContainsFunc(o.bounds, func(c bound) bool { return c.implies(b) })
	})
}

// implies reports whether a version for which c holds is one for which b holds.
func (c bound) implies(b bound) bool {
	compared := slices.Compare(c.version, b.version)
	switch c.operator {
	case "", "=":
		return b.holds(compared)
	case ">", ">=":
		return b.operator == ">=" && compared >= 0 || b.operator == ">" && (compared > 0 || compared == 0 && c.operator == ">")
	default:
		return b.operator == "<=" && compared <= 0 || b.operator == "<" && (compared < 0 || compared == 0 && c.operator == "<")
	}
}
