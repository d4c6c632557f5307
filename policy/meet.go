package policy

import (
	"slices"
	"strings"
)

// maxMeets bounds the patterns and the steps that meet takes for one pair. Globs of
// one * meet in a handful.
const (
	maxMeets     = 64
	maxMeetSteps = 10_000
)

// meet returns patterns that together name what both p and q do: for each way in
// which the text of one can lie within the other's. It reports false when there are
// too many.
func meet(p, q Pattern) ([]Pattern, bool) {
	switch {
	case p.contains(q):
		return []Pattern{q}, true
	case q.contains(p):
		return []Pattern{p}, true
	case p.isExact() || q.isExact():
		return nil, true // that one would be named
	}
	m := &meeting{}
	m.walk(nil, string(p), string(q))
	slices.Sort(m.found)
	return slices.Compact(m.found), m.steps <= maxMeetSteps && len(m.found) <= maxMeets
}

// meeting collects what two globs name.
type meeting struct {
	found []Pattern
	steps int
}

// walk adds what begins with text and goes on as p and q do.
func (m *meeting) walk(text []byte, p, q string) {
	if m.steps++; m.steps > maxMeetSteps || len(m.found) > maxMeets {
		return
	}
	switch {
	case p == "" && q == "":
		m.found = append(m.found, Pattern(text))
	case strings.HasPrefix(p, "*") && strings.HasPrefix(q, "*"):
		// Both run on; one of them ends first.
		text = star(text)
		m.walk(text, p[1:], q)
		m.walk(text, p, q[1:])
	case strings.HasPrefix(p, "*"):
		m.walk(text, p[1:], q)
		if q != "" {
			m.walk(append(slices.Clip(text), q[0]), p, q[1:])
		}
	case strings.HasPrefix(q, "*"):
		m.walk(text, q, p)
	case p != "" && q != "" && p[0] == q[0]:
		m.walk(append(slices.Clip(text), p[0]), p[1:], q[1:])
	}
}

// star ends a text in one *.
func star(text []byte) []byte {
	if len(text) > 0 && text[len(text)-1] == '*' {
		return text
	}
	return append(slices.Clip(text), '*')
}

// meets returns what up to one more of the globs than rounds name together. It
// reports false when there are too many.
func meets(globs []Pattern, rounds int) (list []Pattern, ok bool) {
	seen := map[Pattern]bool{}
	for _, p := range globs {
		seen[p] = true
	}
	pairs, last := 0, globs
	for range rounds {
		var next []Pattern
		for _, p := range last {
			for _, q := range globs {
				both, ok := meet(p, q)
				if pairs++; !ok || pairs > maxPairs {
					return nil, false
				}
				for _, m := range both {
					if !seen[m] {
						seen[m] = true
						next = append(next, m)
					}
				}
			}
		}
		list, last = append(list, next...), next
	}
	return list, true
}

// maxPairs bounds the pairs of globs that are held against one another.
const maxPairs = 100_000
