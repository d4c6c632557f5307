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

// Contains reports whether e is for every claim that o is for, whatever the dates
// and the approvals. Of path globs it may say no where that holds in a roundabout
// way; where it says yes, it holds.
func (e *Exception) Contains(o *Exception) bool {
	return e.Entitlement == o.Entitlement && e.containsValues(o) && e.AppliesTo.contains(o.AppliesTo)
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

// contains reports whether s matches every target that o does.
func (s Scope) contains(o Scope) bool {
	equal := func(a, b string) bool { return a == b }
	return narrows(s.Identifier, o.Identifier, equal) &&
		narrows(s.TeamID, o.TeamID, equal) &&
		narrows(s.Arch, o.Arch, equal) &&
		narrows(s.Type, o.Type, equal) &&
		narrows(s.BundleKind, o.BundleKind, equal) &&
		narrows(s.CDHash, o.CDHash, equal) &&
		narrows(s.Binaries, o.Binaries, equal) &&
		narrows(s.Versions, o.Versions, VersionRange.contains) &&
		narrows(s.Path, o.Path, containsGlob)
}

// narrows reports whether a field of a scope takes all that another one takes: it is
// not given, or both are.
func narrows[T any](s, o []T, contains func(a, b T) bool) bool {
	return len(s) == 0 || len(o) > 0 && isWithin(s, o, contains)
}

// isWithin reports whether each of o is contained in one of s.
func isWithin[T any](s, o []T, contains func(a, b T) bool) bool {
	return !slices.ContainsFunc(o, func(b T) bool {
		return !slices.ContainsFunc(s, func(a T) bool { return contains(a, b) })
	})
}

// containsGlob reports whether the path glob p matches all that q does. Of a glob that
// ends in two ** doublestar wants a component for one of them.
func containsGlob(p, q string) bool {
	return p == q || !strings.HasSuffix(p, "/**/**") && takes(components(p), components(q), "**", containsComponent)
}

func components(glob string) []string {
	rooted, ok := strings.CutPrefix(glob, "/")
	if !ok {
		rooted = "**/" + glob
	}
	return strings.Split(rooted, "/")
}

func containsComponent(p, q string) bool { return takes(tokens(p), tokens(q), "*", containsToken) }

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
func takes(p, q []string, star string, one func(p, q string) bool) bool {
	reached := make([]bool, len(q)+1) // by the part of p so far: the lengths of q that it takes
	reached[0] = true
	for _, a := range p {
		next := make([]bool, len(q)+1)
		for j := range next {
			if a == star {
				next[j] = reached[j] || j > 0 && next[j-1]
			} else {
				next[j] = j > 0 && reached[j-1] && q[j-1] != star && one(a, q[j-1])
			}
		}
		reached = next
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
