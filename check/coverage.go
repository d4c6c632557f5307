package check

import (
	"github.com/codewarrant/codewarrant/internal/inorder"
	"github.com/codewarrant/codewarrant/policy"
)

// Coverage is what of a policy the cases have exercised.
type Coverage struct {
	rules      map[*policy.Rule]bool
	exceptions map[*policy.Exception]bool
}

// Add counts the rules that decided about a claim of the case, and the exceptions
// that are for one.
func (c *Coverage) Add(r *CaseResult) {
	if c.rules == nil {
		c.rules, c.exceptions = map[*policy.Rule]bool{}, map[*policy.Exception]bool{}
	}
	for _, t := range r.Report.Traces {
		if t.Claim != nil && t.Claim.Verdict != NotGranted && t.Decision.Rule != nil {
			c.rules[t.Decision.Rule] = true
		}
	}
	for _, x := range r.Report.Exceptions {
		if x.Covers > 0 {
			c.exceptions[x.Exception] = true
		}
	}
}

// Untested is a rule or an exception that no case exercises.
type Untested struct {
	Rule      *policy.Rule      // nil for an exception
	Exception *policy.Exception // nil for a rule
	Position  policy.Position
}

// Untested returns what of the policy itself no case exercises, in the order of the
// lines. What it extends has cases of its own.
func (c *Coverage) Untested(p *policy.Policy) []Untested {
	var list []Untested
	rules := func(all []policy.Rule) {
		for i := range all {
			if r := &all[i]; !c.rules[r] && r.Position.File == p.Name {
				list = append(list, Untested{Rule: r, Position: r.Position})
			}
		}
	}
	rules(p.Rules)
	for i := range p.Stages {
		rules(p.Stages[i].Rules)
	}
	for i := range p.Groups {
		rules(p.Groups[i].Rules)
	}
	for i := range p.Exceptions {
		if e := &p.Exceptions[i]; !c.exceptions[e] && e.Position.File == p.Name {
			list = append(list, Untested{Exception: e, Position: e.Position})
		}
	}
	inorder.By(list, func(a, b Untested) int { return a.Position.Line - b.Position.Line })
	return list
}
