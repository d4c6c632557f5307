package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// comparisons counts how often a pattern was compared with a key, in comparing the rules
// of policies with those of what they extend; long ones count as several.
type comparisons int

// maxComparisons bounds them, each of some fifty nanoseconds. A policy of a thousand
// patterns that extends one of as many needs a tenth.
const maxComparisons = 40_000_000

// weight is as what comparing texts of that length counts.
func weight(length int) comparisons { return comparisons(1 + length/64) }

// pairing is what it costs to find a key that two patterns have in common.
const pairing = 5

// ruleSet is the rules that stand in one place: in a stage, in a group, or neither.
type ruleSet struct {
	rules []Rule
	stage string
	group string
}

// ruleSets returns the rules that stand in the policy's own file.
func (p *Policy) ruleSets() []ruleSet {
	layer := p.layer()
	sets := []ruleSet{{rules: layer.Rules}}
	for _, s := range layer.Stages {
		sets = append(sets, ruleSet{rules: s.Rules, stage: s.Name})
	}
	for _, g := range layer.Groups {
		sets = append(sets, ruleSet{rules: g.Rules, group: g.Name})
	}
	return sets
}

// rules adds an error for each pattern of the policy's rules that says less than what
// it extends. Whatever is told, [Policy.Decide] lets no such rule loosen anything.
//
// A pattern is tried with keys that it names: of an exact one the key itself; of a glob
// one with something unlikely in the place of each *, and one that it has in common
// with each pattern of a stricter rule above. Where the pattern decides among the
// policy's own rules, and a rule above or the treatment of unlisted keys overrules it
// that is not more specific, it is an attempt to loosen. To be overruled by what is
// more specific is natural for a glob, and an error only if it is so in all stages.
func (m *merger) rules(budget *comparisons) {
	above := m.strictPatterns()
	patterns := m.own.countPatterns()
	for layer := range m.above() {
		patterns += layer.countPatterns()
	}
	for _, set := range m.own.ruleSets() {
		for i := range set.rules {
			rule := &set.rules[i]
			for _, pattern := range rule.Entitlements {
				a := attempt{m, set, rule, pattern, comparisons(patterns), budget}
				if over := a.overruled(above); over != nil {
					a.tell(*over)
				}
				if *budget > maxComparisons {
					m.fail(rule.Position, nil, "", "the rules are too many to compare them with those that are extended")
					return
				}
			}
		}
	}
}

// strictPattern is a pattern and the strictness of the strictest rule that it stands in.
type strictPattern struct {
	Pattern
	strictness int
}

// strictPatterns returns the patterns above that do not allow, in ascending order.
func (m *merger) strictPatterns() []strictPattern {
	strictness := map[Pattern]int{}
	for layer := range m.above() {
		for _, set := range layer.ruleSets() {
			for _, r := range set.rules {
				for _, p := range r.Entitlements {
					strictness[p] = max(strictness[p], r.Action.strictness())
				}
			}
		}
	}
	var list []strictPattern
	for _, p := range slices.Sorted(maps.Keys(strictness)) {
		if strictness[p] > Allow.strictness() {
			list = append(list, strictPattern{p, strictness[p]})
		}
	}
	return list
}

// overruling is a decision above, and the policy's own that it overrules.
type overruling struct {
	constraint
	own Decision
}

// attempt is a pattern of a rule that may be one to loosen something.
type attempt struct {
	*merger
	set     ruleSet
	rule    *Rule
	pattern Pattern
	cost    comparisons // of asking all rules about a key
	budget  *comparisons
}

// overruled returns the strictest decision that overrules the pattern where it should
// not have to, or nil.
func (a attempt) overruled(above []strictPattern) *overruling {
	over, natural := a.try(a.pattern.instance())
	if over == nil {
		over = natural
	}
	if over != nil || a.pattern.isExact() {
		return over
	}
	for _, p := range above {
		if p.strictness < a.rule.Action.strictness() {
			continue
		}
		if *a.budget += pairing * weight(len(a.pattern)+len(p.Pattern)); *a.budget > maxComparisons {
			break
		}
		if key, ok := a.pattern.common(p.Pattern); ok {
			other, _ := a.try(key)
			over = stricter(over, other)
		}
	}
	return over
}

// try asks about a key that the pattern names, in each stage where the rule holds. It
// returns the strictest decision that overrules the rule and is not more specific; and,
// if the rule is overruled wherever it decides, the strictest of those that are.
func (a attempt) try(key string) (over, natural *overruling) {
	everywhere := true
	for i := range a.whole.Stages {
		s := &a.whole.Stages[i]
		if a.set.stage != "" && a.set.stage != s.Name {
			continue
		}
		if *a.budget += a.cost * weight(len(key)); *a.budget > maxComparisons {
			return nil, nil
		}
		q := question{stage: s, key: key}
		if a.set.group != "" {
			q.groups = []string{a.set.group}
		}
		own := a.whole.own(q.stage, q.groups, q.key)
		if own.Rule != a.rule || own.Pattern != a.pattern {
			continue // it does not decide
		}
		overruled := false
		a.whole.constraints(q, nil, func(c constraint) {
			switch lax, _ := own.laxity(c.Decision); {
			case c.from == a.whole || lax == "":
				return
			case c.specificity(own) > 0:
				natural = stricter(natural, &overruling{c, own})
			default:
				over = stricter(over, &overruling{c, own})
			}
			overruled = true
		})
		everywhere = everywhere && overruled
	}
	if !everywhere {
		natural = nil
	}
	return over, natural
}

// stricter returns the stricter of two, of which each may be nil.
func stricter(a, b *overruling) *overruling {
	if a == nil || b != nil && b.compare(a.Decision) > 0 {
		return b
	}
	return a
}

// laxity returns in what a decision of a policy's own says less than another one, and
// what that says instead; nothing when it says as much. Terms that are not given say
// nothing. There is a rule to d.
func (d Decision) laxity(than Decision) (own, other string) {
	switch {
	case than.Action.strictness() > d.Action.strictness():
		return string(d.Action), string(than.Action)
	case than.Action == Allow:
		return "", ""
	case levelRank(than.Level) < levelRank(d.Level):
		return "level " + string(d.Level), "level " + string(than.Level)
	case than.Action != RequireJustification || d.Action != RequireJustification:
		return "", ""
	case d.MaxLifetime > 0 && shorter(d.MaxLifetime, than.MaxLifetime) < d.MaxLifetime:
		return fmt.Sprintf("max-lifetime %dd", d.MaxLifetime), fmt.Sprintf("max-lifetime %dd", than.MaxLifetime)
	case d.Categories != nil && len(common(d.Categories, than.Categories)) < len(common(d.Categories, d.Categories)):
		return "categories " + joined(d.Categories), "categories " + cmp.Or(joined(than.Categories), "none")
	case d.Rule.Evidence != "" && than.Evidence.rank() < d.Evidence.rank():
		return "evidence " + string(d.Evidence), "evidence " + string(than.Evidence)
	}
	return "", ""
}

// tell adds the error.
func (a attempt) tell(over overruling) {
	set := Related{Position: over.Position, Message: "the rule for " + string(over.Pattern)}
	switch {
	case over.Rule == nil:
		set = over.from.set(over.from.Settings.Fields, "unlisted")
		set.Message = "what becomes of unlisted keys: " + set.Message
	case over.Stage != "":
		set.Message += " of stage " + over.Stage
	case over.Group != "":
		set.Message += " of group " + over.Group
	}
	own, other := over.own.laxity(over.Decision)
	a.loosens(a.rule.Position, set, "%s for %s loosens %s, which says %s", own, a.pattern, over.from.Name, other)
}

// unlikely stands in the place of a * in a key that is made up.
const unlikely = "~any~"

// instance returns a key that the pattern names.
func (p Pattern) instance() string { return strings.ReplaceAll(string(p), "*", unlikely) }

// common returns a key that both patterns name, if there is one. Two globs have one if
// the texts before their first * agree, and those after their last: what is between
// the stars of one, after the other, has room in both.
func (p Pattern) common(q Pattern) (key string, ok bool) {
	switch {
	case p.isExact():
		return string(p), q.Match(string(p))
	case q.isExact():
		return string(q), p.Match(string(q))
	}
	first, last := p.literal(), p.tail()
	if o := q.literal(); len(o) > len(first) {
		first = o
	}
	if o := q.tail(); len(o) > len(last) {
		last = o
	}
	key = first + Pattern(p.middle()).instance() + Pattern(q.middle()).instance() + last
	return key, p.Match(key) && q.Match(key)
}

// tail returns the text of a glob after its last *, and middle that from its first * to
// its last.
func (p Pattern) tail() string   { return string(p)[strings.LastIndex(string(p), "*")+1:] }
func (p Pattern) middle() string { return string(p)[len(p.literal()) : len(p)-len(p.tail())] }
