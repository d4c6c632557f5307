package policy_test

import (
	"fmt"
	"testing"

	"github.com/codewarrant/codewarrant/policy"
)

// Code of which nothing is proven may be in any of the groups that it seems to be in:
// what is decided of it is as strict as for each set of them.
func TestUnprovenCodeIsJudgedAsStrictlyAsInEachSetOfItsGroups(t *testing.T) {
	decided := 0
	for seed := range uint64(250) {
		c := seeded(seed)
		drafts := map[string]draft{"top": c.draft("top", false), "one": c.draft("one", true), "two": c.draft("two", true), "base": c.draft("base", true)}
		names := []string{"g1", "g2", "g3"}
		for name, d := range drafts {
			for _, g := range names {
				d.groups[name+"-"+g] = fmt.Sprintf("path: %q", "x/**")
				d.rules["group "+name+"-"+g] = c.rules(2, func() string { return c.one("", ", overridable: true") })
			}
		}
		p, ok := policy.LoadAnyway(policy.Location{Path: "top.yml"}, written(drafts, asWritten, "top: one two", "one: base", "two", "base").read)
		if !ok {
			t.Fatalf("seed %d does not parse", seed)
		}
		for range 12 {
			var groups []string
			for _, g := range p.Groups {
				if c.sometimes(3) && len(groups) < 4 {
					groups = append(groups, g.Name)
				}
			}
			key, s := someKeys[c(len(someKeys))], &p.Stages[c(len(p.Stages))]
			got := p.DecideFor(s, policy.Membership{Any: groups, All: groups, Each: [][]string{groups}}, false, key)
			for set := range 1 << len(groups) {
				var some []string
				for i, g := range groups {
					if set&(1<<i) != 0 {
						some = append(some, g)
					}
				}
				if in := laxer(got, p.Decide(s, some, key), p, p); in != "" {
					t.Fatalf("seed %d, stage %s, %s in %v: the %s is laxer than for %v: %s, was %s", seed, s.Name, key, groups, in, some, decides(got), decides(p.Decide(s, some, key)))
				}
				decided++
			}
		}
	}
	if decided < 10_000 {
		t.Errorf("only %d decisions were compared", decided)
	}
}
