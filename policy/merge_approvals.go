package policy

import (
	"maps"
	"slices"
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
	slices.SortStableFunc(parents, byPlace)
	slices.SortStableFunc(locks, byPlace)
	merged.Fields = map[string]Position{}
	maps.Copy(merged.Fields, own.Fields)
	for _, p := range parents {
		if merged.Position.Line == 0 {
			merged.Position = p.Approvals.Position
		}
	}
	m.ways(merged, own, parents, locks)
	m.threshold(merged, own, parents, locks)
	m.signers(merged, own, parents, locks)
	if len(merged.Fields) == 0 {
		merged.Fields = nil
	}
}

// ways merges the ways of approval, as require does.
func (m *merger) ways(merged *Approvals, own Approvals, parents, locks []*Policy) {
	at, given := own.Fields["require"]
	from := parents
	if given {
		from = locks
	}
	list := slices.Clone(own.Require)
	for _, p := range from {
		list = append(list, p.Approvals.Require...)
		if at, ok := p.Approvals.Fields["require"]; ok && !given && merged.Fields["require"].File == "" {
			merged.Fields["require"] = at
		}
	}
	merged.Require = nil
	for _, w := range ways {
		if slices.Contains(list, w) {
			merged.Require = append(merged.Require, w)
		}
	}
	i := slices.IndexFunc(locks, func(p *Policy) bool { return len(p.Approvals.Require) > 0 })
	if given && len(own.Require) == 0 && i >= 0 {
		m.loosens(at, locks[i].set(locks[i].Approvals.Fields, "require"), "require is empty, and %s requires %s", locks[i].Name, joined(locks[i].Approvals.Require))
	}
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
