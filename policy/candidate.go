package policy

import (
	"fmt"
	"slices"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

// Candidate is a rule that names a key, and what came of it when the policy decided.
type Candidate struct {
	Decision        // what would hold if there were no other rule
	Policy   string // the name of the policy that it stands in

	Decides bool   // whether [Policy.Decide] names it
	Why     string // why not, as a sentence; empty when it decides
}

// Candidates returns the rules that name a key, in the order in which they count for
// code in the groups and the stage, and after them those of the policies that this
// one extends. What decides is what [Policy.Decide] returns; where nothing names the
// key, settings.unlisted does.
func (p *Policy) Candidates(s *Stage, groups []string, key string) []Candidate {
	list := p.candidates(question{s, groups, key}, nil)
	decision := p.Decide(s, groups, key)
	for i := range list {
		if list[i].Decides = list[i].Rule == decision.Rule; list[i].Decides {
			list[i].Why = ""
		} else if list[i].Why == "" {
			list[i].Why = fmt.Sprintf("what decides is as strict or stricter: %s", decision.Action)
		}
	}
	return list
}

// candidates returns the rules that name the key, the one that decides among those of
// one policy without a reason why it does not. below are the decisions of the policies
// that extend this one, as of constraints.
func (p *Policy) candidates(q question, below []Decision) []Candidate {
	list := p.named(q)
	for i := range list {
		if i > 0 {
			list[i].Why = list[i].why(list[0])
		}
	}
	own := p.own(q.stage, q.groups, q.key)
	if own.Rule != nil && own.loosened(below) {
		list[0].Why = "it is overridable, and a policy that extends this one has a rule of its own"
	}
	if own.Rule != nil {
		below = append(slices.Clip(below), own)
	}
	q.groups = p.inherited(q.groups)
	for _, parent := range p.Parents {
		up := q
		up.stage = parent.namesake(q.stage)
		list = append(list, parent.candidates(up, below)...)
	}
	return list
}

// named returns the policy's own rules that name the key, the one that wins first.
func (p *Policy) named(q question) []Candidate {
	var list []Candidate
	add := func(rules []Rule, in Decision) {
		for i := range rules {
			if d := (Decision{}).among(rules[i:i+1], in, q.key); d.Rule != nil {
				list = append(list, Candidate{Decision: d, Policy: p.Name})
			}
		}
	}
	if q.stage != nil {
		add(q.stage.Rules, Decision{Stage: q.stage.Name, Overridable: q.stage.Overridable})
	}
	for _, g := range p.layer().Groups {
		if slices.Contains(q.groups, g.Name) {
			add(g.Rules, Decision{Group: g.Name, Overridable: g.Overridable})
		}
	}
	add(p.Rules, Decision{})
	inorder.By(list, func(a, b Candidate) int {
		if n := b.specificity(a.Decision); n != 0 {
			return n
		}
		return b.compare(a.Decision)
	})
	return list
}

// why says why c is not the one that is named beside the one that is, of the same
// policy.
func (c Candidate) why(best Candidate) string {
	inner := func(d Decision) bool { return d.Stage+d.Group != "" }
	switch {
	case !inner(c.Decision) && best.Stage != "":
		return fmt.Sprintf("a rule of stage %s goes before it", best.Stage)
	case !inner(c.Decision) && best.Group != "":
		return fmt.Sprintf("a rule of group %s goes before it", best.Group)
	case best.specificity(c.Decision) > 0 && best.Pattern.isExact():
		return "an exact key goes before a glob"
	case best.specificity(c.Decision) > 0:
		return fmt.Sprintf("%s has more text before its first *", best.Pattern)
	case best.Action != c.Action:
		return fmt.Sprintf("as specific, and %s is stricter", best.Action)
	}
	return "as specific and as strict: its terms hold as well"
}
