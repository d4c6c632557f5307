package policy

import (
	"slices"

	"github.com/codewarrant/codewarrant/entitlement"
)

// unlistedKey stands for the keys that no rule names.
const unlistedKey = "what no rule names"

// asked is a key or a glob about which two policies are asked, by a witness.
type asked struct{ name, witness string }

// patterns counts the patterns of all rules, inherited ones too.
func (p *Policy) patterns() int {
	n := 0
	for _, in := range p.ruleLists() {
		for _, r := range *in.rules {
			n += len(r.Entitlements)
		}
	}
	for _, parent := range p.Parents {
		n += parent.patterns()
	}
	return n
}

// asked lists the keys and globs that either policy names, what their globs name
// together, the keys that are documented, and the rest, each once. It reports false
// when there is too much of that.
func (d *differ) asked() (list []asked, ok bool) {
	named := d.to.mentions(d.from.mentions(nil))
	globs := slices.DeleteFunc(slices.Clone(named), Pattern.isExact)
	together, ok := meets(globs, d.from.count()+d.to.count()-1)
	if !ok {
		return nil, false
	}
	list = []asked{{unlistedKey, fresh}}
	seen := map[string]bool{fresh: true}
	add := func(p Pattern) {
		if w := p.witness(); !seen[w] {
			seen[w] = true
			list = append(list, asked{string(p), w})
		}
	}
	for _, p := range slices.Concat(named, together) {
		add(p)
	}
	for _, k := range entitlement.AllKnown() {
		add(Pattern(k.Key))
	}
	return list, true
}

// count returns of how many policies it is made.
func (p *Policy) count() int {
	n := 1
	for _, parent := range p.Parents {
		n += parent.count()
	}
	return n
}

// mentions adds the patterns of all rules, inherited ones too, and the entitlements of
// the exceptions to a list, each once.
func (p *Policy) mentions(list []Pattern) []Pattern {
	seen := map[Pattern]bool{}
	add := func(p Pattern) {
		if !seen[p] {
			seen[p] = true
			list = append(list, p)
		}
	}
	for _, in := range p.ruleLists() {
		for _, r := range *in.rules {
			for _, pattern := range r.Entitlements {
				add(pattern)
			}
		}
	}
	for _, e := range p.Exceptions {
		add(Pattern(e.Entitlement))
	}
	for _, parent := range p.Parents {
		list = parent.mentions(list)
	}
	return list
}
