package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Decision is what a policy says of one entitlement in one stage.
type Decision struct {
	Action      Action
	Level       Level      // of findings about a claim that is denied or unapproved
	Categories  []Category // that an exception may have; nil: all
	MaxLifetime int        // days from approval to expiry; 0: what the settings say

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
// is one without rules, for code that is in the groups.
//
// Rules of the stage and of the groups win over general ones. Among rules of one
// level the most specific pattern decides: an exact key before a glob, a glob with
// more text before its first * before one with less. Between equally specific
// patterns the strictest action does. The order of rules never matters.
//
// What the policy extends decides as well, each parent by itself, and the strictest
// decision holds; a policy loosens what a parent decided only where that is
// overridable and its own rule is at least as specific.
func (p *Policy) Decide(s *Stage, groups []string, key string) Decision {
	own := p.own(s, groups, key)
	floor := Decision{Action: Allow}
	for _, parent := range p.Parents {
		d := parent.Decide(parent.namesake(s), groups, key)
		if own.Rule != nil && parent.permits(own, d) {
			continue
		}
		floor = floor.Stricter(d)
	}
	switch {
	case own.Rule != nil:
		return own.Stricter(floor)
	case floor.Rule != nil:
		return floor
	}
	return Decision{Action: cmp.Or(p.Settings.Unlisted, RequireJustification), Level: Error}.Stricter(floor)
}

// own returns the decision of the policy's own rules, and none without a rule.
func (p *Policy) own(s *Stage, groups []string, key string) Decision {
	var best Decision
	if s != nil {
		best = decide(best, s.Rules, key)
	}
	for i := range p.Groups {
		if slices.Contains(groups, p.Groups[i].Name) {
			best = decide(best, p.Groups[i].Rules, key)
		}
	}
	if best.Rule == nil {
		best = decide(best, p.Rules, key)
	}
	return best
}

// namesake returns the policy's own stage of the same name as another's, nil for none.
func (p *Policy) namesake(s *Stage) *Stage {
	if s == nil {
		return nil
	}
	i := slices.IndexFunc(p.Stages, func(o Stage) bool { return o.Name == s.Name })
	if i < 0 {
		return nil
	}
	return &p.Stages[i]
}

// permits reports whether the policy lets a decision of one that extends it stand in
// the place of its own.
func (p *Policy) permits(other, d Decision) bool {
	if d.Rule == nil {
		return p.Settings.Overridable
	}
	return d.Rule.Overridable && other.specificity(d) >= 0
}

// decide returns the strongest decision of the rules and of one that was found before.
func decide(best Decision, rules []Rule, key string) Decision {
	for i := range rules {
		r := &rules[i]
		for _, pattern := range r.Entitlements {
			if !pattern.Match(key) {
				continue
			}
			d := Decision{
				Action: r.Action, Level: cmp.Or(r.Level, Error), Categories: r.Categories, MaxLifetime: r.MaxLifetime,
				Rule: r, Pattern: pattern, Position: r.Position,
			}
			if best.Rule == nil || d.compare(best) > 0 {
				best = d
			}
		}
	}
	return best
}

// specificity is positive when d's pattern is more specific than e's, and negative
// when it is less.
func (d Decision) specificity(e Decision) int {
	if d.Pattern.isExact() != e.Pattern.isExact() {
		if d.Pattern.isExact() {
			return 1
		}
		return -1
	}
	return cmp.Compare(len(d.Pattern.literal()), len(e.Pattern.literal()))
}

// compare orders decisions about one key, the one that wins last. Patterns that
// are equally specific and lead to one action are told apart by their text, so
// that which of them is named does not depend on order either.
func (d Decision) compare(e Decision) int {
	return cmp.Or(
		d.specificity(e),
		cmp.Compare(d.strictness(), e.strictness()),
		-cmp.Compare(levelRank(d.Level), levelRank(e.Level)),
		-cmp.Compare(d.MaxLifetime, e.MaxLifetime),
		cmp.Compare(d.Pattern, e.Pattern),
		cmp.Compare(d.Position.File, e.Position.File),
		d.Position.compare(e.Position),
	)
}

// Stricter returns the stricter of two decisions of policies of which both hold. Of
// two that ask for a justification, it has to keep to the terms of both. What would be a
// finding of either has the worse level of both: a denial that is merely noted does not
// take the weight from what would be unapproved without it.
func (d Decision) Stricter(e Decision) Decision {
	if d.strictness() < e.strictness() || d.strictness() == e.strictness() && d.Rule == nil {
		d, e = e, d
	}
	if e.Action != Allow && levelRank(e.Level) < levelRank(d.Level) {
		d.Level = e.Level
	}
	if d.strictness() > e.strictness() || e.Rule == nil {
		return d
	}
	if e.MaxLifetime > 0 && (d.MaxLifetime == 0 || e.MaxLifetime < d.MaxLifetime) {
		d.MaxLifetime = e.MaxLifetime
	}
	d.Categories = common(d.Categories, e.Categories)
	return d
}

// common returns the categories that both lists take, of which nil takes all. It may
// be that none is left.
func common(a, b []Category) []Category {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return slices.DeleteFunc(slices.Clone(a), func(c Category) bool { return !slices.Contains(b, c) })
}

func levelRank(l Level) int { return slices.Index(levels, l) }

// strictness orders actions; one that is not known counts as the strictest.
func (d Decision) strictness() int {
	switch d.Action {
	case Allow:
		return 0
	case RequireJustification:
		return 1
	default:
		return 2
	}
}
