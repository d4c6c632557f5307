package policy

import (
	"cmp"
	"fmt"
	"strings"
)

// Decision is what a policy says of one entitlement in one stage.
type Decision struct {
	Action   Action
	Rule     *Rule    // the rule that decided; nil when none names the key
	Pattern  Pattern  // the pattern of the rule that matched
	Position Position // of the rule; zero when there is none
}

// Stage returns the stage of that name. The error lists the stages.
func (p *Policy) Stage(name string) (*Stage, error) {
	names := make([]string, len(p.Stages))
	for i := range p.Stages {
		if names[i] = p.Stages[i].Name; names[i] == name {
			return &p.Stages[i], nil
		}
	}
	return nil, fmt.Errorf("%s has no stage %s; its stages are: %s", p.Name, quote(name), strings.Join(names, ", "))
}

// Decide returns what the policy says of an entitlement in a stage, of which nil
// is one without rules. A stage rule that matches wins over every general rule.
// Among rules of one level the most specific pattern decides: an exact key before
// a glob, a glob with more text before its first * before one with less. Between
// equally specific patterns the strictest action does. The order of rules never
// matters.
func (p *Policy) Decide(s *Stage, key string) Decision {
	if s != nil {
		if d := decide(s.Rules, key); d.Rule != nil {
			return d
		}
	}
	if d := decide(p.Rules, key); d.Rule != nil {
		return d
	}
	return Decision{Action: cmp.Or(p.Settings.Unlisted, RequireJustification)}
}

// decide returns the strongest decision of the rules, or none without a rule.
func decide(rules []Rule, key string) Decision {
	var best Decision
	for i := range rules {
		r := &rules[i]
		for _, pattern := range r.Entitlements {
			if !pattern.Match(key) {
				continue
			}
			d := Decision{r.Action, r, pattern, r.Position}
			if best.Rule == nil || d.compare(best) > 0 {
				best = d
			}
		}
	}
	return best
}

// compare orders decisions about one key, the one that wins last. Patterns that
// are equally specific and lead to one action are told apart by their text, so
// that which of them is named does not depend on order either.
func (d Decision) compare(e Decision) int {
	if d.Pattern.isExact() != e.Pattern.isExact() {
		if d.Pattern.isExact() {
			return 1
		}
		return -1
	}
	return cmp.Or(
		cmp.Compare(len(d.Pattern.literal()), len(e.Pattern.literal())),
		cmp.Compare(d.Action.strictness(), e.Action.strictness()),
		cmp.Compare(d.Pattern, e.Pattern),
	)
}

// strictness orders actions; one that is not known counts as the strictest.
func (a Action) strictness() int {
	switch a {
	case Allow:
		return 0
	case RequireJustification:
		return 1
	default:
		return 2
	}
}
