package approval

import (
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/sshsig"
)

// principals returns what the lines say of who signs with their key, each once.
func principals(entries []sshsig.Entry) string {
	var list []string
	for _, e := range entries {
		if !slices.Contains(list, string(e.Principals)) {
			list = append(list, string(e.Principals))
		}
	}
	return strings.Join(list, ",")
}

// Names returns the principals that the lines name one by one, in their order, and
// whether the lines name nobody else: a pattern may stand for anybody whom it
// matches.
func Names(entries []sshsig.Entry) (names []string, all bool) {
	all = true
	for _, e := range entries {
		for pattern := range strings.SplitSeq(string(e.Principals), ",") {
			switch {
			case strings.HasPrefix(pattern, "!"):
			case strings.ContainsAny(pattern, "*?"):
				all = false
			case e.Principals.Match(pattern) && !slices.Contains(names, pattern):
				names = append(names, pattern)
			}
		}
	}
	return names, all
}

// mayBeOne reports whether one person may sign with the keys of either lines: one of
// them names somebody whom the other one matches. Of two patterns nobody knows whom
// they have in common, so they do.
func mayBeOne(a, b []sshsig.Entry) bool {
	namesA, allA := Names(a)
	namesB, allB := Names(b)
	matches := func(entries []sshsig.Entry) func(string) bool {
		return func(name string) bool {
			return slices.ContainsFunc(entries, func(e sshsig.Entry) bool { return e.Principals.Match(name) })
		}
	}
	return !allA && !allB || slices.ContainsFunc(namesA, matches(b)) || slices.ContainsFunc(namesB, matches(a))
}

// largest returns as many items of the list as there can be of which no two are
// alike; of several such choices, one with the earliest. A further item never makes
// it smaller. The steps grow as the Fibonacci numbers do: some 20,000 for 20 items, the
// most signatures that an exception has.
func largest(list []int, alike func(a, b int) bool) []int {
	if len(list) == 0 {
		return nil
	}
	first, rest := list[0], list[1:]
	var apart []int
	for _, i := range rest {
		if !alike(first, i) {
			apart = append(apart, i)
		}
	}
	with := append([]int{first}, largest(apart, alike)...)
	if len(apart) == len(rest) {
		return with
	}
	if without := largest(rest, alike); len(without) > len(with) {
		return without
	}
	return with
}
