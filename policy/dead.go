package policy

import (
	"fmt"
	"slices"
)

// maxLooks bounds the comparisons of a key with a pattern in a search that looks at
// each pattern in each stage; one takes some ten nanoseconds.
const maxLooks = 50_000_000

// ruleList is a list of rules that the policy has itself, and where it stands.
type ruleList struct {
	rules *[]Rule
	stage string // empty: of no stage
	group string // empty: of no group
}

// ruleLists returns the policy's own rules, as its own file has them.
func (p *Policy) ruleLists() []ruleList {
	list := []ruleList{{rules: &p.Rules}}
	for i := range p.Stages {
		list = append(list, ruleList{rules: &p.Stages[i].Rules, stage: p.Stages[i].Name})
	}
	own := p.layer()
	for i := range own.Groups {
		list = append(list, ruleList{rules: &own.Groups[i].Rules, group: own.Groups[i].Name})
	}
	return list
}

// deadRules tells of rules without which the policy would decide the same: for each
// of their patterns, another one that names all that it does is more specific or
// stricter. A witness stands for the keys of a glob, so that the answer is exact. Of
// two rules that say the same the first one is told.
func (p *Policy) deadRules() []Remark {
	patterns := p.patterns()
	if patterns*patterns*len(p.Stages) > maxLooks {
		return []Remark{{Note, "", "rules", Position{File: p.Name, Line: 1, Column: 1}, "too many rules to look for those that decide nothing"}}
	}
	var remarks []Remark
	left := p.ownCopy()
	for _, in := range left.ruleLists() {
		for i := 0; i < len(*in.rules); {
			r := (*in.rules)[i]
			with := left.decisionsOf(r, in)
			whole := *in.rules
			*in.rules = slices.Delete(slices.Clone(whole), i, i+1)
			without := left.decisionsOf(r, in)
			if len(with) == 0 || !slices.EqualFunc(with, without, func(a, b Decision) bool { return b.Rule != nil && a.text() == b.text() }) {
				*in.rules = whole
				i++
				continue
			}
			by := without[0]
			remarks = append(remarks, Remark{Warning, "", "rules", r.Position, fmt.Sprintf(
				"the rule for %s decides nothing: for all that it names another one does, such as the rule for %s on line %d",
				quote(joined(r.Entitlements)), quote(string(by.Pattern)), by.Position.Line)})
		}
	}
	return remarks
}

// ownCopy returns a policy of the rules that stand in the policy's own file, of which
// the lists may be changed.
func (p *Policy) ownCopy() *Policy {
	return &Policy{Name: p.Name, Rules: p.Rules, Stages: slices.Clone(p.Stages), Groups: slices.Clone(p.layer().Groups)}
}

// decisionsOf returns what the policy's own rules decide about what a rule names, in
// the stages in which it counts, for code in its group.
func (p *Policy) decisionsOf(r Rule, in ruleList) []Decision {
	var groups []string
	if in.group != "" {
		groups = []string{in.group}
	}
	var list []Decision
	for i := range p.Stages {
		s := &p.Stages[i]
		if in.stage != "" && in.stage != s.Name {
			continue
		}
		for _, pattern := range r.Entitlements {
			list = append(list, p.own(s, groups, pattern.witness()))
		}
	}
	return list
}
