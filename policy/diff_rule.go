package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// ruling is what two policies say about what is asked in one stage, for code in the
// groups.
type ruling struct {
	from, to Decision
	groups   []string
}

// rules compares what the policies decide in the stages that both have.
//
// Of policies that extend nothing no action is missed: about any key, one pattern
// decides in the old policy and one in the new, each of at most one group, and both
// decide about a witness of what the two name together, for code in those two groups.
// What is extended adds patterns that decide at the same time; what as many of them
// name together is asked about as there are policies.
func (d *differ) rules() {
	list, ok := d.asked()
	contexts := d.contexts()
	looks := len(list)*(d.from.patterns()+d.to.patterns()+1)*len(contexts)*len(d.to.Stages) + len(list)*len(list)
	if !ok || looks > maxLooks {
		d.add(Looser, "rule", "", Position{File: d.to.Name, Line: 1, Column: 1}, "there are too many rules to compare what they decide: read them one by one")
		return
	}
	var all []tally
	for i := range d.to.Stages {
		to := &d.to.Stages[i]
		if from := d.from.namesake(to); from != nil {
			for _, a := range list {
				all = d.compare(all, from, to, a, contexts)
			}
		}
	}
	for _, t := range merged(all) {
		d.changes = append(d.changes, d.ruleChange(t))
	}
}

// contexts are no group, each group of either policy, and each two of them.
func (d *differ) contexts() [][]string {
	var names []string
	for _, g := range slices.Concat(d.to.Groups, d.from.Groups) {
		if !slices.Contains(names, g.Name) && len(names) < maxContexts {
			names = append(names, g.Name)
		}
	}
	list := [][]string{nil}
	for _, g := range names {
		list = append(list, []string{g})
	}
	for i, g := range names {
		for _, h := range names[i+1:] {
			list = append(list, []string{g, h})
		}
	}
	return list
}

// maxContexts bounds the groups of which each two are looked at; with more, maxLooks
// is exceeded anyway.
const maxContexts = 1000

// tally is a ruling about a number of keys and globs, in a number of stages.
type tally struct {
	ruling
	asked  []asked
	stages []string
}

// says is equal for rulings that are told as one.
func (r ruling) says() string { return strings.Join(r.groups, " ") + "\x00" + r.change() }

// change says what was and what is.
func (r ruling) change() string { return r.from.text() + "\x00" + r.to.text() }

// compare adds what is said differently about a in a stage. Of code in groups it is
// told only where that is not told of fewer.
func (d *differ) compare(all []tally, from, to *Stage, a asked, contexts [][]string) []tally {
	told := map[string][]string{} // what is said of code in no group, and in one
	for _, groups := range contexts {
		r := ruling{d.from.Decide(from, groups, a.witness), d.to.Decide(to, groups, a.witness), groups}
		known := slices.Contains(told[""], r.change())
		for _, g := range groups {
			known = known || slices.Contains(told[g], r.change())
		}
		if len(groups) < 2 {
			name := strings.Join(groups, "")
			told[name] = append(told[name], r.change())
		}
		if !known && r.from.text() != r.to.text() {
			all = append(all, tally{r, []asked{a}, []string{to.Name}})
		}
	}
	return all
}

// merged joins the stages in which the same is said about one key, and then the keys
// about which the same is said in the same stages.
func merged(all []tally) []tally {
	all = joinBy(all, func(t tally) string { return t.says() + "\x00" + t.asked[0].witness }, func(to *tally, t tally) {
		to.stages = append(to.stages, t.stages...)
	})
	return joinBy(all, func(t tally) string { return t.says() + "\x00" + strings.Join(t.stages, " ") }, func(to *tally, t tally) {
		to.asked = append(to.asked, t.asked...)
	})
}

func joinBy(all []tally, key func(tally) string, join func(to *tally, t tally)) []tally {
	index := map[string]int{}
	var list []tally
	for _, t := range all {
		i, ok := index[key(t)]
		if !ok {
			index[key(t)] = len(list)
			list = append(list, t)
			continue
		}
		join(&list[i], t)
	}
	return list
}

// names returns what a tally is about without what a glob of it names anyway, or
// what no rule names in either policy.
func (d *differ) names(t tally) []string {
	unlisted := t.asked[0].name == unlistedKey
	var names []string
	for i, a := range t.asked {
		isNamed := func(b asked) bool {
			return b != a && b.name != unlistedKey && !Pattern(b.name).isExact() && Pattern(b.name).Match(a.witness)
		}
		if slices.ContainsFunc(t.asked, isNamed) || i > 0 && unlisted && !d.isListed(a, t) {
			continue
		}
		names = append(names, a.name)
	}
	slices.Sort(names)
	return names
}

// isListed reports whether a rule of either policy is behind what a tally says of a.
func (d *differ) isListed(a asked, t tally) bool {
	for _, p := range []*Policy{d.from, d.to} {
		if p.Decide(p.namesake(&Stage{Name: t.stages[0]}), t.groups, a.witness).Rule != nil {
			return true
		}
	}
	return false
}

// ruleChange tells of a tally in words.
func (d *differ) ruleChange(t tally) Change {
	c := Change{
		Direction: t.direction(), Subject: "rule", Entitlements: d.names(t), Stages: t.stages,
		Position: cmp.Or(t.to.Position, t.from.Position),
	}
	where := ""
	switch len(t.groups) {
	case 1:
		where = ", for code of group " + t.groups[0]
	case 2:
		where = fmt.Sprintf(", for code of both groups %s and %s", t.groups[0], t.groups[1])
	}
	if shared := d.shared(); len(t.stages) == shared {
		c.Stages = nil
	}
	switch len(c.Stages) {
	case 0:
		where += ", in every stage"
	case 1:
		where += ", in stage " + c.Stages[0]
	default:
		where += ", in the stages " + joined(c.Stages)
	}
	c.Message = fmt.Sprintf("%s: %s, was %s%s", joined(c.Entitlements), t.to.text(), t.from.text(), where)
	return c
}

// shared counts the stages that both policies have.
func (d *differ) shared() int {
	n := 0
	for i := range d.to.Stages {
		if d.from.namesake(&d.to.Stages[i]) != nil {
			n++
		}
	}
	return n
}

// text says what a decision comes to, as far as findings, exceptions and policies that
// extend this one depend on it.
func (d Decision) text() string {
	text := string(d.Action)
	var terms []string
	if d.Action != Allow && d.Level != Error {
		terms = append(terms, "level "+string(d.Level))
	}
	if d.Action == RequireJustification && d.Categories != nil {
		terms = append(terms, "categories "+cmp.Or(strings.Join(slices.Sorted(slices.Values(words(d.Categories))), " "), "none"))
	}
	if d.Action == RequireJustification && d.MaxLifetime > 0 {
		terms = append(terms, fmt.Sprintf("max-lifetime %dd", d.MaxLifetime))
	}
	if d.Action == RequireJustification && d.Evidence != EvidenceReported {
		terms = append(terms, "evidence "+string(d.Evidence))
	}
	if len(terms) > 0 {
		text += fmt.Sprintf(" (%s)", strings.Join(terms, ", "))
	}
	if d.Overridable {
		text += ", overridable"
	}
	return text
}

// direction says whether the newer decision is looser: its action, or any of its
// terms.
func (r ruling) direction() Direction {
	from, to := r.from, r.to
	if a, b := from.Action.strictness(), to.Action.strictness(); a != b {
		return toward(b < a)
	}
	categories := from.Categories != nil && (to.Categories == nil || len(without(words(to.Categories), words(from.Categories))) > 0)
	lifetime := from.MaxLifetime > 0 && (to.MaxLifetime == 0 || to.MaxLifetime > from.MaxLifetime)
	evidence := to.Evidence.rank() > from.Evidence.rank()
	return toward(levelRank(to.Level) > levelRank(from.Level) || categories || lifetime || evidence || !from.Overridable && to.Overridable)
}
