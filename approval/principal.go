package approval

import (
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/sshsig"
)

// principals returns what the lines say of who signs with their key, each once.
func principals(lines []sshsig.Entry) string {
	var list []string
	seen := map[sshsig.PatternList]bool{}
	for _, e := range lines {
		if !seen[e.Principals] {
			seen[e.Principals] = true
			list = append(list, string(e.Principals))
		}
	}
	return strings.Join(list, ",")
}

// people are those who may have a key, by its lines.
type people struct {
	lines []sshsig.Entry
	names []string        // of those whom the lines name one by one, in their order
	named map[string]bool // the same
	more  bool            // the lines may mean others, too: a pattern stands for anybody whom it matches
}

func peopleOf(lines []sshsig.Entry) people {
	p := people{lines: lines, named: map[string]bool{}}
	for _, e := range lines {
		for pattern := range strings.SplitSeq(string(e.Principals), ",") {
			switch {
			case strings.HasPrefix(pattern, "!"):
			case strings.ContainsAny(pattern, "*?"):
				p.more = true
			case !p.named[pattern] && e.Principals.Match(pattern):
				p.named[pattern] = true
				p.names = append(p.names, pattern)
			}
		}
	}
	return p
}

// has reports whether somebody with the name may be among them.
func (p people) has(name string) bool {
	return p.named[name] || p.more && slices.ContainsFunc(p.lines, func(e sshsig.Entry) bool { return e.Principals.Match(name) })
}

// mayBeOne reports whether one person may be among both: one of them names somebody whom
// the other one matches. Of two patterns nobody knows whom they have in common, so they
// do.
func mayBeOne(a, b people) bool {
	return a.more && b.more || slices.ContainsFunc(a.names, b.has) || slices.ContainsFunc(b.names, a.has)
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
