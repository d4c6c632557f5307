package check

import (
	"fmt"
	"slices"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

// groups holds a set of claims against what the groups of the subject say of all of
// it: which entitlements have to be there, and which may be. It is said of each copy.
func (e *evaluation) groups(sub subject, set entitlement.Set) {
	for _, name := range sub.groups.Any {
		g := e.in.Policy.Group(name)
		for _, key := range g.Require {
			if v, ok := set[key]; !ok || !v.Grants() {
				e.missing(sub, g, key)
			}
		}
	}
	for _, key := range set.Keys() {
		if !set[key].Grants() {
			continue
		}
		for _, g := range e.closedTo(sub, key) {
			e.extra(sub, g, key, set[key])
		}
	}
}

// closedTo returns the groups of the subject with a closed list of entitlements in which
// the key is not.
func (e *evaluation) closedTo(sub subject, key string) []*policy.Group {
	var groups []*policy.Group
	for _, name := range sub.groups.Any {
		if g := e.in.Policy.Group(name); g.IsExact && !slices.Contains(g.Exactly, key) {
			groups = append(groups, g)
		}
	}
	return groups
}

func (e *evaluation) missing(sub subject, g *policy.Group, key string) {
	f := sub.finding(RuleMissingEntitlement, fmt.Sprintf("group %s requires %s, and the code does not claim it", g.Name, key))
	f.Entitlement, f.Risk, f.Position = key, riskOf(key), g.Position
	f.Hint = "add it to the .entitlements file that the code is signed with"
	e.add(f)
}

func (e *evaluation) extra(sub subject, g *policy.Group, key string, v entitlement.Value) {
	f := sub.about(RuleUnexpectedEntitlement, key, v, fmt.Sprintf("claims %s, which group %s does not list under exactly", claimText(key, v), g.Name))
	if f.Position == (policy.Position{}) {
		f.Position = g.Position
	}
	f.Hint = "sign without it, or add it to the list of the group"
	e.add(f)
}
