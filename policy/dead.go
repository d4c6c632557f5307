package policy

import (
	"fmt"
	"iter"
)

// maxLooks bounds the comparisons of a key with a pattern in the search for dead
// rules, each of some ten nanoseconds: it looks at each pattern in each stage.
const maxLooks = 50_000_000

// deadRules tells of rules that decide about no key: for each of their patterns,
// another one that names all that it does is more specific or stricter. A witness
// stands for the keys of a glob, so that the answer is exact.
func (p *Policy) deadRules() []Remark {
	patterns := 0
	for rules := range p.ruleLists() {
		for _, r := range rules {
			patterns += len(r.Entitlements)
		}
	}
	if patterns*patterns*len(p.Stages) > maxLooks {
		return []Remark{{Note, "", "rules", Position{File: p.Name, Line: 1, Column: 1}, "too many rules to look for those that decide nothing"}}
	}
	var remarks []Remark
	for rules, in := range p.ruleLists() {
		for i := range rules {
			if by, dead := p.isDead(&rules[i], in); dead {
				remarks = append(remarks, Remark{Warning, "", "rules", rules[i].Position, fmt.Sprintf(
					"the rule for %s decides nothing: for all that it names another one does, such as the rule for %s on line %d",
					quote(joined(rules[i].Entitlements)), quote(string(by.Pattern)), by.Position.Line)})
			}
		}
	}
	return remarks
}

// place is where rules stand: in a stage, in a group, or in neither.
type place struct {
	stage *Stage
	group string
}

// ruleLists yields the lists of rules that the policy has itself.
func (p *Policy) ruleLists() iter.Seq2[[]Rule, place] {
	return func(yield func([]Rule, place) bool) {
		if !yield(p.Rules, place{}) {
			return
		}
		for i := range p.Stages {
			if !yield(p.Stages[i].Rules, place{stage: &p.Stages[i]}) {
				return
			}
		}
		for i := range p.Groups {
			if !yield(p.Groups[i].Rules, place{group: p.Groups[i].Name}) {
				return
			}
		}
	}
}

// isDead reports whether the rule decides in no stage, and which decision takes the
// place of its first.
func (p *Policy) isDead(r *Rule, in place) (by Decision, dead bool) {
	var groups []string
	if in.group != "" {
		groups = []string{in.group}
	}
	for i := range p.Stages {
		if in.stage != nil && in.stage != &p.Stages[i] {
			continue
		}
		for _, pattern := range r.Entitlements {
			d := p.own(&p.Stages[i], groups, pattern.witness())
			if d.Rule == r {
				return Decision{}, false
			}
			if by.Rule == nil {
				by = d
			}
		}
	}
	return by, by.Rule != nil
}
