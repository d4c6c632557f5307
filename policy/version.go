package policy

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// VersionRange is a range of a bundle's versions: one to four bounds that all must
// hold, such as ">=3.2 <4". A bound without an operator is one version.
//
// Versions are one to four dotted numbers, as CFBundleShortVersionString and
// CFBundleVersion have them, and are compared number by number; those that are
// not there are zeros, so that 3 is 3.0.
type VersionRange struct {
	Text   string // as written
	bounds []bound
}

type bound struct {
	operator string
	version  []int
}

// Equal reports whether two ranges are written alike.
func (r VersionRange) Equal(o VersionRange) bool { return r.Text == o.Text }

var (
	dotted      = regexp.MustCompile(`^[0-9]{1,9}(?:\.[0-9]{1,9}){0,3}$`)
	versionPart = regexp.MustCompile(`^(>=|<=|>|<|=)?(.*)$`)
)

// maxBounds is how many bounds a range has at most: an interval needs two.
const maxBounds = 4

// parseVersionRange reads a range.
func parseVersionRange(text string) (VersionRange, error) {
	r := VersionRange{Text: text}
	for part := range strings.FieldsSeq(text) {
		m := versionPart.FindStringSubmatch(part)
		v, ok := parseVersion(m[2])
		if !ok {
			return r, fmt.Errorf("%s is no bound", quote(part))
		}
		r.bounds = append(r.bounds, bound{m[1], v})
	}
	if n := len(r.bounds); n == 0 || n > maxBounds {
		return r, fmt.Errorf("%d bounds where one to %d belong", n, maxBounds)
	}
	return r, nil
}

// isEmpty reports whether two of the bounds exclude each other.
func (r VersionRange) isEmpty() bool {
	for _, low := range r.bounds {
		for _, high := range r.bounds {
			if low.operator == "<" || low.operator == "<=" || high.operator == ">" || high.operator == ">=" {
				continue
			}
			c := slices.Compare(low.version, high.version)
			if c > 0 || c == 0 && (low.operator == ">" || high.operator == "<") {
				return true
			}
		}
	}
	return false
}

// parseVersion reads dotted numbers, without zeros at the end.
func parseVersion(text string) ([]int, bool) {
	if !dotted.MatchString(text) {
		return nil, false
	}
	var v []int
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, false
		}
		v = append(v, n)
	}
	for len(v) > 0 && v[len(v)-1] == 0 {
		v = v[:len(v)-1]
	}
	return v, true
}

// Contains reports whether a version is in the range. A text that is no version is
// in none.
func (r VersionRange) Contains(version string) bool {
	v, ok := parseVersion(version)
	if !ok || len(r.bounds) == 0 {
		return false
	}
	return !slices.ContainsFunc(r.bounds, func(b bound) bool { return !b.holds(slices.Compare(v, b.version)) })
}

// holds reports whether a version that compares so with the bound's is in it.
func (b bound) holds(compared int) bool {
	switch b.operator {
	case ">=":
		return compared >= 0
	case "<=":
		return compared <= 0
	case ">":
		return compared > 0
	case "<":
		return compared < 0
	default:
		return compared == 0
	}
}

// canonical writes the bounds in one order and each in one way, and nothing for a
// range without any.
func (r VersionRange) canonical() string {
	var bounds []string
	for _, b := range r.bounds {
		bounds = append(bounds, b.canonical())
	}
	slices.Sort(bounds)
	return strings.Join(slices.Compact(bounds), " ")
}

func (b bound) canonical() string {
	var parts []string
	for _, n := range b.version {
		parts = append(parts, strconv.Itoa(n))
	}
	return cmp.Or(b.operator, "=") + cmp.Or(strings.Join(parts, "."), "0")
}
