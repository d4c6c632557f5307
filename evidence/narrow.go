package evidence

import "slices"

// Change is what becomes of an entitlement in a [Proposal].
type Change string

// The changes.
const (
	Keep   Change = "keep"
	Remove Change = "remove"
	Add    Change = "add"
)

// Certainty is how sure a proposal is. That nothing was found is never certain.
type Certainty string

// The certainties.
const (
	Certain Certainty = "certain" // an instruction shows it
	Likely  Certainty = "likely"
	Open    Certainty = "open" // the code does not tell, or not all of it could be followed
)

// Proposal is what the code makes of one entitlement of a program.
type Proposal struct {
	Entitlement string
	Change      Change
	Certainty   Certainty
	Why         string      // one sentence, without a full stop
	Evidence    *Assessment // nil: the code can say nothing of it
}

// Narrow proposes the smallest entitlements that the code of a process supports, out of
// those that it claims: one proposal for each of them in their order, and one more for
// each that it seems to lack, where the Hardened Runtime is on.
func Narrow(p Process, claimed []string, hardened bool) []Proposal {
	var list []Proposal
	add := map[string]bool{}
	for _, key := range claimed {
		a, ok := Weigh(p, key)
		if !ok {
			list = append(list, Proposal{Entitlement: key, Change: Keep, Certainty: Open, Why: "the code says nothing of it"})
			continue
		}
		proposal := Proposal{Entitlement: key, Change: Keep, Certainty: Open, Evidence: &a, Why: a.Text}
		narrower := Narrower(p, key)
		switch {
		case narrower != "":
			proposal.Change, proposal.Certainty = Remove, a.certainty()
			add[narrower] = !slices.Contains(claimed, narrower)
		case a.Strength == None:
			proposal.Change, proposal.Certainty = Remove, a.certainty()
		default:
			proposal.Certainty = map[Strength]Certainty{Proves: Certain, Suggests: Likely, Consistent: Open}[a.Strength]
			if proposal.Why == "" {
				proposal.Why = a.Items[0].Text
			}
		}
		list = append(list, proposal)
	}
	jit, writable := p.strength(MapJIT), p.strength(UnsignedMemory)
	wide := slices.Contains(claimed, allowUnsignedMemory) || slices.Contains(claimed, disableProtection)
	switch {
	case wide || !hardened:
	case jit == Proves && !slices.Contains(claimed, allowJIT):
		add[allowJIT] = true
	case writable == Proves && !jit.AtLeast(Suggests):
		add[allowUnsignedMemory] = true
	}
	if hardened && !wide && jit.AtLeast(Suggests) && p.maps() {
		add[allowUnsignedMemory] = true
	}
	for _, key := range []string{allowJIT, allowUnsignedMemory} {
		if add[key] {
			a, _ := Weigh(p, key)
			certainty := Likely // beside MAP_JIT it may be what is tried first
			if a.Strength == Proves && (key == allowJIT || !jit.AtLeast(Suggests)) {
				certainty = Certain
			}
			list = append(list, Proposal{Entitlement: key, Change: Add, Certainty: certainty, Evidence: &a, Why: a.Items[0].Text})
		}
	}
	return list
}

// maps reports whether memory is mapped that is writable and executable, without MAP_JIT,
// and not only made so where it may be that of MAP_JIT.
func (p Process) maps() bool {
	return slices.ContainsFunc(p.items(UnsignedMemory), func(c Cited) bool {
		return c.Strength == Proves && !slices.Contains(protectors, c.Symbol)
	})
}

// certainty is how sure it is that an entitlement is not needed.
func (a Assessment) certainty() Certainty {
	if len(a.Gaps) > 0 || a.Entitlement == allowDyld {
		return Open
	}
	return Likely
}
