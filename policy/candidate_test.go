package policy_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/policy"
)

func TestCandidatesSayWhyTheyDoNotDecide(t *testing.T) {
	p := parse(t, `version: 1
stages:
  release:
    rules: [{entitlement: "*", action: allow}]
  development: {}
binaries:
  engine: {type: execute, rules: [{entitlement: com.apple.security.*, action: require-justification}]}
rules:
  - {entitlement: com.apple.*, action: allow}
  - {entitlement: [com.apple.security.cs.allow-jit, com.*], action: require-justification}
  - {entitlement: com.apple.*-jit, action: require-justification}
  - {entitlement: com.apple.*, action: require-justification, level: warning}
  - {entitlement: com.apple.security.cs.allow-jit, action: require-justification}
  - {entitlement: another, action: deny}
`)
	for _, tt := range []struct {
		name, stage string
		groups      []string
		want        []string
	}{
		{
			"without a stage's rule the most specific decides", "development", nil,
			[]string{
				"10: ",
				"13: as specific and as strict: its terms hold as well",
				"11: an exact key goes before a glob",
				"12: an exact key goes before a glob",
				"9: an exact key goes before a glob",
			},
		},
		{
			"a stage's goes before all of them, and a group's with it", "release",
			[]string{"engine"},
			[]string{
				"7: ",
				"4: com.apple.security.* has more text before its first *",
				"10: a rule of group engine goes before it",
				"13: a rule of group engine goes before it",
				"11: a rule of group engine goes before it",
				"12: a rule of group engine goes before it",
				"9: a rule of group engine goes before it",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := p.Stage(tt.stage)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range p.Candidates(s, tt.groups, jit) {
				got = append(got, fmt.Sprintf("%d: %s", c.Position.Line, c.Why))
				if c.Decides != (c.Why == "") {
					t.Errorf("decides: %v, why not: %q", c.Decides, c.Why)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("candidates differ (-want +got):\n%s", diff)
			}
		})
	}
}

// The candidate that is said to decide is the one by which the policy decides.
func TestCandidatesAgreeWithDecide(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	patterns := []policy.Pattern{jit, "*", "com.apple.*", "com.*-jit", "com.apple.security.cs.*", sandbox}
	actions := []policy.Action{policy.Allow, policy.RequireJustification, policy.Deny}
	some := func() []policy.Rule {
		var list []policy.Rule
		for range random.IntN(4) {
			list = append(list, policy.Rule{
				Entitlements: []policy.Pattern{patterns[random.IntN(len(patterns))], patterns[random.IntN(len(patterns))]},
				Action:       actions[random.IntN(len(actions))], Overridable: random.IntN(2) == 0,
				Position: policy.Position{Line: random.IntN(1000)},
			})
		}
		return list
	}
	build := func() *policy.Policy {
		return &policy.Policy{
			Rules: some(), Stages: []policy.Stage{{Name: "s", Rules: some()}},
			Groups: []policy.Group{{Name: "g", Rules: some()}, {Name: "h", Rules: some()}},
		}
	}
	for range 2000 {
		p := build()
		for range random.IntN(3) {
			p.Parents = append(p.Parents, build())
		}
		d := p.Decide(&p.Stages[0], []string{"g"}, jit)
		list := p.Candidates(&p.Stages[0], []string{"g"}, jit)
		deciders := 0
		for i, c := range list {
			if c.Decides {
				deciders++
				if c.Rule != d.Rule {
					t.Fatalf("candidate %d is said to decide, and %v does", i, d.Rule)
				}
			}
		}
		if want := min(1, len(list)); d.Rule != nil && deciders != want || len(p.Parents) == 0 && len(list) > 0 && !list[0].Decides {
			t.Fatalf("%d of %d candidates decide: %+v", deciders, len(list), list)
		}
	}
}
