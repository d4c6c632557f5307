package compare

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// By is why two subjects are held to be the same one.
type By string

// The ways to find the old one of a subject, in the order in which they are tried.
const (
	ByPath       By = "path"       // the path, or that inside the artifact, is the same
	ByVersion    By = "version"    // it is but for numbers of versions
	ByFolder     By = "folder"     // it is below the first folder
	ByIdentifier By = "identifier" // the code-signing identifier and the type are the same
	ByBeingAlone By = "alone"      // there is no other one on either side
)

// pair is a subject of the new build and the one of the old build that it was; one of them
// is nil where there is none.
type pair struct {
	from, to           *Subject
	fromPaths, toPaths []string // of the copies that belong together
	by                 By
	why                string // of one that is alone: why no other one goes with it
}

// copyOf is one copy of a subject.
type copyOf struct {
	of     *Subject
	nth    int // of its paths
	number int // of the subject
}

func (c copyOf) inside() string { return c.of.Inside[c.nth] }
func (c copyOf) path() string   { return c.of.Paths[c.nth] }

// keyed are the ways to match with what has to be equal; an empty key matches nothing.
var keyed = []struct {
	by  By
	key func(copyOf) string
}{
	{ByPath, copyOf.path},
	{ByPath, copyOf.inside},
	{ByVersion, func(c copyOf) string { return unversioned(c.path()) }},
	{ByVersion, func(c copyOf) string { return unversioned(c.inside()) }},
	{ByFolder, func(c copyOf) string {
		_, below, _ := strings.Cut(unversioned(c.inside()), "/")
		return below
	}},
	{ByIdentifier, func(c copyOf) string {
		if id := identifier(c.of); id != "" {
			return id + "\x00" + c.of.Slices[0].Type
		}
		return ""
	}},
}

// match finds the old one of each subject. A key decides only where one copy alone has it on
// each side: which of several is meant would be a guess.
func (d *differ) match() []pair {
	from, to := copies(d.from.Subjects), copies(d.to.Subjects)
	alone := map[Kind]bool{}
	for _, k := range []Kind{Binary, Package, Source} {
		alone[k] = count(from, k) == 1 && count(to, k) == 1
	}
	var m matching
	for _, way := range keyed {
		from, to = m.pass(from, to, way.by, way.key)
	}
	from, to = m.pass(from, to, ByBeingAlone, func(c copyOf) string {
		if alone[c.of.Kind] {
			return "alone"
		}
		return ""
	})
	unmatched := m.pairs
	ids, others := identifiers(d.from.Subjects), identifiers(d.to.Subjects)
	for _, c := range to {
		unmatched = join(unmatched, pair{to: c.of, toPaths: []string{c.path()}, why: reason(c, "old", ids)}, len(m.pairs))
	}
	n := len(unmatched)
	for _, c := range from {
		unmatched = join(unmatched, pair{from: c.of, fromPaths: []string{c.path()}, why: reason(c, "new", others)}, n)
	}
	return unmatched
}

type matching struct {
	pairs []pair
	known map[[2]int]int // index of the pair of two subjects
}

// pass pairs what has the same key, and returns what is left.
func (m *matching) pass(from, to []copyOf, by By, key func(copyOf) string) (leftFrom, leftTo []copyOf) {
	a, b := unique(from, key), unique(to, key)
	used := map[copyOf]bool{}
	for _, c := range to {
		k := kindKey{c.of.Kind, key(c)}
		old, ok := a[k]
		if _, is := b[k]; k.key == "" || !ok || !is {
			leftTo = append(leftTo, c)
			continue
		}
		used[old] = true
		m.add(old, c, by)
	}
	for _, c := range from {
		if !used[c] {
			leftFrom = append(leftFrom, c)
		}
	}
	return leftFrom, leftTo
}

// add notes a pair; copies of the same two subjects are one.
func (m *matching) add(from, to copyOf, by By) {
	if m.known == nil {
		m.known = map[[2]int]int{}
	}
	id := [2]int{from.number, to.number}
	i, ok := m.known[id]
	if !ok {
		i = len(m.pairs)
		m.known[id] = i
		m.pairs = append(m.pairs, pair{from: from.of, to: to.of, by: by})
	}
	p := &m.pairs[i]
	p.fromPaths, p.toPaths = append(p.fromPaths, from.path()), append(p.toPaths, to.path())
}

type kindKey struct {
	kind Kind
	key  string
}

// unique returns what alone has a key.
func unique(list []copyOf, key func(copyOf) string) map[kindKey]copyOf {
	found, times := map[kindKey]copyOf{}, map[kindKey]int{}
	for _, c := range list {
		k := kindKey{c.of.Kind, key(c)}
		found[k] = c
		times[k]++
	}
	for k, n := range times {
		if n > 1 {
			delete(found, k)
		}
	}
	return found
}

// join adds a pair that is none; copies of one subject are told as one, from an index on.
func join(list []pair, p pair, first int) []pair {
	if n := len(list); n > first && list[n-1].from == p.from && list[n-1].to == p.to {
		last := &list[n-1]
		last.fromPaths, last.toPaths = append(last.fromPaths, p.fromPaths...), append(last.toPaths, p.toPaths...)
		return list
	}
	return append(list, p)
}

func copies(list []Subject) []copyOf {
	var out []copyOf
	for i := range list {
		for n := range list[i].Paths {
			out = append(out, copyOf{&list[i], n, i})
		}
	}
	return out
}

func count(list []copyOf, k Kind) int {
	n := 0
	for _, c := range list {
		if c.of.Kind == k {
			n++
		}
	}
	return n
}

// identifier returns the code-signing identifier of a subject.
func identifier(s *Subject) string {
	i := slices.IndexFunc(s.Slices, func(s Slice) bool { return s.Identifier != "" })
	if i < 0 {
		return ""
	}
	return s.Slices[i].Identifier
}

func identifiers(list []Subject) map[string]int {
	n := map[string]int{}
	for i := range list {
		if id := identifier(&list[i]); id != "" {
			n[id] += len(list[i].Paths)
		}
	}
	return n
}

// reason says why nothing of the other side goes with a copy.
func reason(c copyOf, side string, ids map[string]int) string {
	id := identifier(c.of)
	switch n := ids[id]; {
	case id == "":
		return "nothing of the " + side + " one has its path"
	case n == 0:
		return "nothing of the " + side + " one has its path, nor its identifier " + id
	default:
		return "nothing of the " + side + " one has its path, and what has its identifier " + id + " is not alone with it, goes with another file, or is of another type"
	}
}

// number is what names of folders and files have of versions: 1.3, v20.1.0, 2026-11-02,
// 1.0-rc.1, with what stands between it and the name.
var number = regexp.MustCompile(`[-_ ]?\bv?[0-9]+([._-][0-9]+)*([-.+]?(alpha|beta|rc|pre|dev|nightly)[.-]?[0-9]*)?\b`)

// unversioned returns a path with # in place of the numbers of versions in it.
func unversioned(name string) string {
	parts := strings.Split(path.Clean(name), "/")
	for i, p := range parts {
		parts[i] = number.ReplaceAllString(p, "#")
	}
	return strings.Join(parts, "/")
}
