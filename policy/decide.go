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
	Evidence    Evidence   // that an exception needs; never empty, EvidenceReported where none is asked for

	Rule     *Rule    // the rule that decided; nil when none names the key
	Pattern  Pattern  // the pattern of the rule that matched
	Stage    string   // whose rule it is; empty for one that is not of a stage
	Group    string   // whose rule it is; empty for one that is not of a group
	Position Position // of the rule; zero when there is none

	// Overridable is whether the rule, or the stage or group that it stands in, lets a
	// policy that extends this one loosen it.
	Overridable bool
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
// patterns the strictest action does, on the terms of all that ask for it. The order
// of the rules never matters.
//
// Each policy that this one extends decides in the same way by its own rules, and the
// strictest decision of all holds. A decision is left out where it is overridable and
// a policy on the way down to it has a rule of its own that is at least as specific.
// A policy without a rule that names the key, its own or of one that it extends, decides
// as its settings say of unlisted keys.
func (p *Policy) Decide(s *Stage, groups []string, key string) Decision {
	held, found := Decision{}, false
	p.constraints(question{s, groups, key}, nil, func(c constraint) {
		if found {
			held = held.Stricter(c.Decision)
			return
		}
		held, found = c.Decision, true
	})
	if found {
		return held
	}
	d := unlisted(p.Settings.Unlisted)
	if lock := p.lockedUnlisted(); lock != nil {
		d = d.Stricter(unlisted(lock.Settings.Unlisted)) // which merging sees to already
	}
	return d
}

// DecideFor returns what the policy says of an entitlement in a stage for code of that
// membership: of several copies the strictest of what it says of each.
//
// Unless it is proven that the code is what it says of itself, it may be in any of the
// groups that it seems to be in and not in the others, so that the strictest holds of
// what the policy says of all such sets. That is the strictest of what it says of code in
// none, in each one and in each two of them: a rule of a group that decides for code in
// several decides for code in that one alone as well, since there are fewer others there;
// only that it is overridable may be another rule's to take away, of one group more.
func (p *Policy) DecideFor(s *Stage, m Membership, proven bool, key string) Decision {
	var d Decision
	for i, groups := range m.Each {
		if e := p.Decide(s, groups, key); i == 0 {
			d = e
		} else {
			d = d.Stricter(e)
		}
	}
	if len(m.Each) == 0 {
		d = p.Decide(s, nil, key)
	}
	if proven || len(m.Any) == 0 {
		return d
	}
	d = d.Stricter(p.Decide(s, nil, key))
	names := slices.DeleteFunc(slices.Clone(m.Any), func(name string) bool { return !p.hasRules(name, key) })
	if len(names) > maxUnproven {
		return Decision{Action: Deny, Level: Error, Evidence: EvidenceReported}
	}
	for i, one := range names {
		d = d.Stricter(p.Decide(s, names[i:i+1], key))
		for _, two := range names[:i] {
			d = d.Stricter(p.Decide(s, []string{one, two}, key))
		}
	}
	return d
}

// maxUnproven bounds the groups with rules for one key that code may be in of which
// nothing is proven. Policies have up to ten groups, of which most exclude each other;
// what is in more is denied, by no rule.
const maxUnproven = 16

// unlisted is the decision on a key that no rule names.
func unlisted(a Action) Decision {
	return Decision{Action: cmp.Or(a, RequireJustification), Level: Error, Evidence: EvidenceReported}
}

// question is what a policy and those that it extends are asked.
type question struct {
	stage  *Stage
	groups []string
	key    string
}

// constraint is a decision that holds, and the policy that it comes from.
type constraint struct {
	Decision
	from *Policy
}

// constraints yields the decisions that hold of the policy's own rules and those of
// its parents, and reports whether a rule of any of them names the key; else it yields
// nothing. below are the decisions by own rules of the policies that extend this one.
func (p *Policy) constraints(q question, below []Decision, yield func(constraint)) bool {
	own := p.own(q.stage, q.groups, q.key)
	named := own.Rule != nil
	if named && !own.loosened(below) {
		yield(constraint{own, p})
	}
	if len(p.Parents) == 0 {
		return named
	}
	if named {
		below = append(slices.Clip(below), own)
	}
	q.groups = p.inherited(q.groups)
	var silent []*Policy
	for _, parent := range p.Parents {
		up := q
		up.stage = parent.namesake(q.stage)
		if parent.constraints(up, below, yield) {
			named = true
		} else {
			silent = append(silent, parent)
		}
	}
	if !named {
		return false
	}
	for _, parent := range silent {
		if len(below) == 0 {
			yield(constraint{unlisted(parent.Settings.Unlisted), parent})
		} else if from := parent.lockedUnlisted(); from != nil {
			yield(constraint{unlisted(from.Settings.Unlisted), from})
		}
	}
	return true
}

// loosened reports whether the decision gives way to one of those below it.
func (d Decision) loosened(below []Decision) bool {
	return d.Overridable && slices.ContainsFunc(below, func(b Decision) bool { return b.specificity(d) >= 0 })
}

// own returns the decision of the rules that stand in the policy itself, and one
// without a rule when none of them names the key.
func (p *Policy) own(s *Stage, groups []string, key string) Decision {
	var best Decision
	if s != nil {
		best = best.among(s.Rules, Decision{Stage: s.Name, Overridable: s.Overridable}, key)
	}
	own := p.layer().Groups
	for i := range own {
		if g := &own[i]; slices.Contains(groups, g.Name) {
			best = best.among(g.Rules, Decision{Group: g.Name, Overridable: g.Overridable}, key)
		}
	}
	if best.Rule == nil {
		best = best.among(p.Rules, Decision{}, key)
	}
	return best
}

// layer returns the policy as its own file has it.
func (p *Policy) layer() *Policy {
	if p.Own != nil {
		return p.Own
	}
	return p
}

// inherited returns the groups but for those that the policy defines anew: of these, what
// its parents say is replaced.
func (p *Policy) inherited(groups []string) []string {
	if p.Own == nil || len(p.Own.Groups) == 0 {
		return groups
	}
	return slices.DeleteFunc(slices.Clone(groups), func(name string) bool {
		g := p.Group(name)
		return g != nil && g.Position.File == p.Name
	})
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

// among returns the decision of the rules and of those that were asked before, d. Where
// the rules stand is said by in.
func (d Decision) among(rules []Rule, in Decision, key string) Decision {
	for i := range rules {
		r := &rules[i]
		for _, pattern := range r.Entitlements {
			if !pattern.Match(key) {
				continue
			}
			e := Decision{
				Action: r.Action, Level: cmp.Or(r.Level, Error), Categories: r.Categories, MaxLifetime: r.MaxLifetime, Evidence: cmp.Or(r.Evidence, EvidenceReported),
				Rule: r, Pattern: pattern, Stage: in.Stage, Group: in.Group, Position: r.Position,
				Overridable: in.Overridable || r.Overridable,
			}
			switch {
			case d.Rule == nil || e.specificity(d) > 0:
				d = e
			case e.specificity(d) == 0:
				d = d.Stricter(e)
			}
		}
	}
	return d
}

// specificity is positive when d's rule is more specific than e's, and negative when
// it is less.
func (d Decision) specificity(e Decision) int {
	return cmp.Or(
		precedes(d.Rule != nil, e.Rule != nil),
		precedes(d.Stage+d.Group != "", e.Stage+e.Group != ""),
		precedes(d.Pattern.isExact(), e.Pattern.isExact()),
		cmp.Compare(len(d.Pattern.literal()), len(e.Pattern.literal())),
	)
}

// precedes is positive when only d is true, and negative when only e is.
func precedes(d, e bool) int {
	switch {
	case d == e:
		return 0
	case d:
		return 1
	}
	return -1
}

// Stricter returns the stricter of two decisions of which both hold. Findings weigh
// as much as under either of them, and where both ask for a justification it has to
// keep to the terms of both. Which comes first does not matter.
func (d Decision) Stricter(e Decision) Decision {
	if d.compare(e) < 0 {
		d, e = e, d
	}
	d.Overridable = d.Overridable && e.Overridable
	if e.Action == Allow {
		return d
	}
	if levelRank(e.Level) < levelRank(d.Level) {
		d.Level = e.Level
	}
	if d.Action == RequireJustification {
		d.MaxLifetime = shorter(d.MaxLifetime, e.MaxLifetime)
		d.Categories = common(d.Categories, e.Categories)
		if e.Evidence.rank() < d.Evidence.rank() {
			d.Evidence = e.Evidence
		}
	}
	return d
}

// compare orders decisions by how strict they are. Those that are alike are told apart
// by their rules, so that which of them is named does not depend on order either.
func (d Decision) compare(e Decision) int {
	return cmp.Or(
		cmp.Compare(d.Action.strictness(), e.Action.strictness()),
		d.specificity(e),
		cmp.Compare(d.Pattern, e.Pattern),
		-cmp.Compare(d.Position.File, e.Position.File),
		-d.Position.compare(e.Position),
		cmp.Compare(e.Group, d.Group),
	)
}

// shorter returns the shorter of two times of which 0 is none.
func shorter(a, b int) int {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// common returns the categories that both lists take, of which nil takes all, in the
// order of the documentation. It may be that none is left.
func common(a, b []Category) []Category {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return slices.DeleteFunc(Categories(), func(c Category) bool { return !slices.Contains(a, c) || !slices.Contains(b, c) })
}

// rank orders evidence, the strictest first.
func (e Evidence) rank() int { return slices.Index(evidences, cmp.Or(e, EvidenceReported)) }

func levelRank(l Level) int { return slices.Index(levels, l) }

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
