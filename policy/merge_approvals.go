package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

// approvals merges what makes an exception approved.
func (m *merger) approvals() {
	own, merged := m.own.Approvals, &m.whole.Approvals
	var locks []*Policy
	for layer := range m.above() {
		if !layer.Approvals.Overridable && layer.Approvals.Fields != nil {
			locks = append(locks, layer)
		}
	}
	parents := slices.Clone(m.parents)
	byPlace := func(a, b *Policy) int { return a.Approvals.Position.compareIn(b.Approvals.Position) }
	inorder.By(parents, byPlace)
	inorder.By(locks, byPlace)
	merged.Fields = map[string]Position{}
	maps.Copy(merged.Fields, own.Fields)
	for _, p := range parents {
		if merged.Position.Line == 0 {
			merged.Position = p.Approvals.Position
		}
	}
	m.accept(merged, own, parents, locks)
	m.threshold(merged, own, parents, locks)
	m.signers(merged, own, parents, locks)
	m.reviewTeams(merged, own, parents, locks)
	if len(merged.Fields) == 0 {
		merged.Fields = nil
	}
}

// accept merges the ways of which any one proves an approval: those that all accept.
func (m *merger) accept(merged *Approvals, own Approvals, parents, locks []*Policy) {
	const name = "accept"
	if at, given := own.Fields[name]; given {
		common, told := slices.Clone(ways), false
		for _, p := range locks {
			common = p.Approvals.keeps(common)
			if !told && len(p.Approvals.keeps(own.Accept)) < len(own.Accept) {
				m.loosens(at, p.set(p.Approvals.Fields, name), "accept %s loosens %s, which accepts %s", joined(own.Accept), p.Name, joined(p.Approvals.Accept))
				told = true
			}
		}
		if told {
			merged.Accept = common
		}
		return
	}
	var first *Policy
	merged.Accept = defaultApprovals.Accept
	for _, p := range parents {
		kept := p.Approvals.keeps(merged.Accept)
		switch {
		case len(p.Approvals.keeps(defaultApprovals.Accept)) > 0: // it accepts any
			continue
		case first == nil:
			first, kept = p, p.Approvals.Accept
			merged.Fields[name] = p.Approvals.Fields[name]
		case len(kept) == 0:
			m.fail(m.own.Extends[0].Position, []Related{first.set(first.Approvals.Fields, name), p.set(p.Approvals.Fields, name)}, "",
				"no way to prove an approval is accepted by all that is extended")
		}
		merged.Accept = kept
	}
}

// keeps returns those of the ways that the approvals accept, too. Who accepts the fields
// accepts any, as they are always there.
func (a Approvals) keeps(ways []Way) []Way {
	if a.Accept == nil || slices.Contains(a.Accept, Fields) {
		return ways
	}
	return slices.DeleteFunc(slices.Clone(ways), func(w Way) bool { return !slices.Contains(a.Accept, w) })
}

// threshold merges how many have to sign: the most of them.
func (m *merger) threshold(merged *Approvals, own Approvals, parents, locks []*Policy) {
	const name = "threshold"
	at, given := own.Fields[name]
	from := parents
	if given {
		from = locks
	}
	for _, p := range from {
		if p.Approvals.Threshold <= merged.Threshold {
			continue
		}
		merged.Threshold, merged.Fields[name] = p.Approvals.Threshold, p.Approvals.Fields[name]
	}
	if given && merged.Threshold > own.Threshold {
		set := merged.Fields[name]
		m.loosens(at, Related{Position: set, Message: "set here"}, "threshold %d loosens %s, which says %d", own.Threshold, set.File, merged.Threshold)
	}
}

// signers merges the file of those who may sign. There is one: who wants something
// signed does not say by whom.
func (m *merger) signers(merged *Approvals, own Approvals, parents, locks []*Policy) {
	const name = "allowed-signers"
	at, given := own.Fields[name]
	names := func(p *Policy) bool { _, ok := p.Approvals.Fields[name]; return ok }
	if given {
		if i := slices.IndexFunc(locks, names); i >= 0 {
			lock := locks[i]
			m.loosens(at, lock.set(lock.Approvals.Fields, name), "%s says already who may sign", lock.Name)
			merged.AllowedSigners, merged.Fields[name] = lock.Approvals.AllowedSigners, lock.Approvals.Fields[name]
		}
		return
	}
	for _, p := range parents {
		set, ok := p.Approvals.Fields[name]
		switch first := merged.Fields[name]; {
		case !ok || set == first:
		case first.Line == 0:
			merged.AllowedSigners, merged.Fields[name] = p.Approvals.AllowedSigners, set
		default:
			m.fail(m.own.Extends[0].Position, []Related{{Position: first, Message: "set here"}, {Position: set, Message: "and here"}},
				"extend one of them", "who may sign is said twice in what is extended")
		}
	}
}

// reviewTeams merges the teams whose reviews approve: those that all name.
func (m *merger) reviewTeams(merged *Approvals, own Approvals, parents, locks []*Policy) {
	const name = "review-teams"
	at, given := own.Fields[name]
	from := parents
	if given {
		from = locks
	}
	told := false
	for _, p := range from {
		set, ok := p.Approvals.Fields[name]
		if !ok {
			continue
		}
		first, named := merged.Fields[name]
		if !named {
			merged.ReviewTeams, merged.Fields[name] = p.Approvals.ReviewTeams, set
			continue
		}
		before := len(merged.ReviewTeams)
		merged.ReviewTeams = sameTeams(merged.ReviewTeams, p.Approvals.ReviewTeams)
		switch {
		case given && !told && len(merged.ReviewTeams) < before:
			m.loosens(at, p.set(p.Approvals.Fields, name), "review-teams %s loosens %s, which has %s",
				joined(own.ReviewTeams), p.Name, joined(p.Approvals.ReviewTeams))
			told = true
		case !given && !told && len(merged.ReviewTeams) == 0:
			m.fail(m.own.Extends[0].Position, []Related{{Position: first, Message: "set here"}, {Position: set, Message: "and here"}},
				"extend one of them", "no team's reviews are taken by all that is extended")
			told = true
		}
	}
}

// sameTeams returns the teams of a list that are in another one, too. GitHub takes capital
// letters for the others.
func sameTeams(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(team string) bool {
		return !slices.ContainsFunc(other, func(o string) bool { return strings.EqualFold(o, team) })
	})
}
