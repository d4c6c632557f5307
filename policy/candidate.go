package policy

import (
	"fmt"
	"slices"
)

// Candidate is a rule that names a key, and what came of it when the policy decided.
type Candidate struct {
	Decision        // what would hold if there were no other rule
	Policy   string // the name of the policy that it stands in
	Stage    string // that it is a rule of; empty: of none
	Group    string // that it is a rule of; empty: of none

	Decides bool   // whether [Policy.Decide] goes by it
	Why     string // why not, as a sentence; empty when it decides
}

// Candidates returns the rules that name a key, in the order in which they count for
// code in the groups and the stage, and after them those of the policies that this
// one extends. What decides is what [Policy.Decide] returns; where nothing names the
// key, settings.unlisted does.
func (p *Policy) Candidates(s *Stage, groups []string, key string) []Candidate {
	list := p.candidates(s, groups, key)
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
// one policy without a reason why it does not.
func (p *Policy) candidates(s *Stage, groups []string, key string) []Candidate {
	var first, general []Candidate
	if s != nil {
		first = p.named(first, s.Rules, key, Candidate{Stage: s.Name})
	}
	for i := range p.Groups {
		if g := &p.Groups[i]; slices.Contains(groups, g.Name) {
			first = p.named(first, g.Rules, key, Candidate{Group: g.Name})
		}
	}
	general = p.named(general, p.Rules, key, Candidate{})
	list := append(ranked(first), ranked(general)...)
	for i := range list {
		if i > 0 {
			list[i].Why = list[i].why(list[0])
		}
	}
	own := p.own(s, groups, key)
	for _, parent := range p.Parents {
		inherited := parent.candidates(parent.namesake(s), groups, key)
		if own.Rule != nil && parent.permits(own, parent.Decide(parent.namesake(s), groups, key)) {
			for i := range inherited {
				inherited[i].Why = fmt.Sprintf("it is overridable, and %s has a rule of its own", p.Name)
			}
		}
		list = append(list, inherited...)
	}
	return list
}

// named adds those of the rules that name the key to a list.
func (p *Policy) named(list []Candidate, rules []Rule, key string, c Candidate) []Candidate {
	for i := range rules {
		if c.Decision = decide(Decision{}, rules[i:i+1], key); c.Rule != nil {
			c.Policy = p.Name
			list = append(list, c)
		}
	}
	return list
}

// ranked puts the one that wins first.
func ranked(list []Candidate) []Candidate {
	slices.SortStableFunc(list, func(a, b Candidate) int { return b.compare(a.Decision) })
	return list
}

// why says why c does not decide beside the one that does, of the same policy.
func (c Candidate) why(best Candidate) string {
	switch {
	case c.Stage == "" && c.Group == "" && best.Stage != "":
		return fmt.Sprintf("a rule of stage %s goes before it", best.Stage)
	case c.Stage == "" && c.Group == "" && best.Group != "":
		return fmt.Sprintf("a rule of group %s goes before it", best.Group)
	case best.specificity(c.Decision) > 0 && best.Pattern.isExact():
		return "an exact key goes before a glob"
	case best.specificity(c.Decision) > 0:
		return fmt.Sprintf("%s has more text before its first *", best.Pattern)
	case best.strictness() > c.strictness():
		return fmt.Sprintf("as specific, and %s is stricter", best.Action)
	case best.Level != c.Level:
		return fmt.Sprintf("as specific and as strict, and its findings weigh less: %s", c.Level)
	}
	return "as specific and as strict: of such rules one is named"
}
