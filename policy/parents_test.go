package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/codewarrant/codewarrant/policy"
)

// open returns the rules with overridable: true.
func open(rules []policy.Rule) []policy.Rule {
	for i := range rules {
		rules[i].Overridable = true
	}
	return rules
}

func TestAParentsDecisionIsLoosenedOnlyWhereItMayBe(t *testing.T) {
	lax := policy.Settings{Unlisted: policy.Allow}
	for _, tt := range []struct {
		name    string
		child   policy.Policy
		parents []*policy.Policy
		want    policy.Action
	}{
		{
			"a rule of the child loosens nothing",
			policy.Policy{Rules: rules("allow", jit)},
			[]*policy.Policy{{Settings: lax, Rules: rules("deny", jit)}},
			policy.Deny,
		}, {
			"an exact rule does not loosen a glob either",
			policy.Policy{Rules: rules("allow", jit)},
			[]*policy.Policy{{Settings: lax, Rules: rules("require-justification", "com.apple.*")}},
			policy.RequireJustification,
		}, {
			"a rule of the child makes it stricter",
			policy.Policy{Rules: rules("deny", "com.apple.*")},
			[]*policy.Policy{{Settings: lax, Rules: rules("require-justification", jit)}},
			policy.Deny,
		}, {
			"what is overridable may be loosened",
			policy.Policy{Rules: rules("allow", jit)},
			[]*policy.Policy{{Settings: lax, Rules: open(rules("deny", jit))}},
			policy.Allow,
		}, {
			"but not by a less specific rule",
			policy.Policy{Rules: rules("allow", "com.apple.*")},
			[]*policy.Policy{{Settings: lax, Rules: open(rules("deny", jit))}},
			policy.Deny,
		}, {
			"a child without a rule for the key leaves it to the parent",
			policy.Policy{Settings: lax, Rules: rules("deny", sandbox)},
			[]*policy.Policy{{Settings: lax, Rules: open(rules("require-justification", jit))}},
			policy.RequireJustification,
		}, {
			"unlisted of the parent holds against a rule of the child",
			policy.Policy{Rules: rules("allow", jit)},
			[]*policy.Policy{{}},
			policy.RequireJustification,
		}, {
			"unless the parent's settings are overridable",
			policy.Policy{Rules: rules("allow", jit)},
			[]*policy.Policy{{Settings: policy.Settings{Unlisted: policy.Deny, Overridable: true}}},
			policy.Allow,
		}, {
			"of two parents the stricter, in either order",
			policy.Policy{Settings: lax},
			[]*policy.Policy{{Settings: lax, Rules: rules("deny", jit)}, {Settings: lax, Rules: rules("allow", jit)}},
			policy.Deny,
		}, {
			"one parent does not open what the other holds",
			policy.Policy{Rules: rules("allow", jit)},
			[]*policy.Policy{{Settings: lax, Rules: open(rules("deny", jit))}, {Settings: lax, Rules: rules("require-justification", jit)}},
			policy.RequireJustification,
		}, {
			"a grandparent holds as well",
			policy.Policy{Rules: rules("allow", jit)},
			[]*policy.Policy{{
				Settings: lax, Rules: open(rules("allow", jit)),
				Parents: []*policy.Policy{{Settings: lax, Rules: rules("deny", jit)}},
			}},
			policy.Deny,
		}, {
			"nobody has a rule: the stricter unlisted",
			policy.Policy{Settings: lax},
			[]*policy.Policy{{Settings: policy.Settings{Unlisted: policy.Deny}}},
			policy.Deny,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.child.Parents = tt.parents
			if got := tt.child.Decide(nil, nil, jit).Action; got != tt.want {
				t.Errorf("action = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAParentDecidesByItsOwnStageAndGroups(t *testing.T) {
	parent := &policy.Policy{
		Settings: policy.Settings{Unlisted: policy.Allow},
		Stages:   []policy.Stage{{Name: "release", Rules: rules("deny", jit)}, {Name: "development"}},
		Groups:   []policy.Group{{Name: "engine", Rules: rules("require-justification", sandbox)}},
	}
	child := &policy.Policy{
		Settings: policy.Settings{Unlisted: policy.Allow},
		Stages:   []policy.Stage{{Name: "release"}, {Name: "development"}, {Name: "nightly"}},
		Parents:  []*policy.Policy{parent},
	}
	for _, tt := range []struct {
		stage  int
		groups []string
		key    string
		want   policy.Action
	}{
		{0, nil, jit, policy.Deny},
		{1, nil, jit, policy.Allow},
		{2, nil, jit, policy.Allow},
		{1, []string{"engine"}, sandbox, policy.RequireJustification},
		{1, nil, sandbox, policy.Allow},
	} {
		if got := child.Decide(&child.Stages[tt.stage], tt.groups, tt.key).Action; got != tt.want {
			t.Errorf("%s in stage %s and groups %v: %s, want %s", tt.key, child.Stages[tt.stage].Name, tt.groups, got, tt.want)
		}
	}
}

func TestTwoThatAskForAJustificationHoldWithTheTermsOfBoth(t *testing.T) {
	rule := func(level policy.Level, lifetime int, categories ...policy.Category) []policy.Rule {
		return []policy.Rule{{
			Entitlements: []policy.Pattern{jit}, Action: policy.RequireJustification,
			Level: level, MaxLifetime: lifetime, Categories: categories,
		}}
	}
	for _, tt := range []struct {
		name          string
		child, parent []policy.Rule
		want          policy.Decision
	}{
		{
			"the worse level, the shorter life, the categories of both",
			rule(policy.Warning, 90, policy.Emulator, policy.Debugger), rule(policy.Error, 30, policy.Debugger, policy.DRM),
			policy.Decision{Action: policy.RequireJustification, Level: policy.Error, MaxLifetime: 30, Categories: []policy.Category{policy.Debugger}, Evidence: policy.EvidenceReported},
		}, {
			"terms of the parent alone",
			rule(policy.Note, 0), rule(policy.Warning, 30, policy.DRM),
			policy.Decision{Action: policy.RequireJustification, Level: policy.Warning, MaxLifetime: 30, Categories: []policy.Category{policy.DRM}, Evidence: policy.EvidenceReported},
		}, {
			"no category is left",
			rule("", 0, policy.Emulator), rule("", 0, policy.DRM),
			policy.Decision{Action: policy.RequireJustification, Level: policy.Error, Categories: []policy.Category{}, Evidence: policy.EvidenceReported},
		}, {
			"terms of a rule that is not the stricter do not count",
			rule(policy.Warning, 90, policy.DRM), rules("deny", jit),
			policy.Decision{Action: policy.Deny, Level: policy.Error, Evidence: policy.EvidenceReported},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lax := policy.Settings{Unlisted: policy.Allow}
			child := &policy.Policy{Rules: tt.child, Parents: []*policy.Policy{{Settings: lax, Rules: tt.parent}}}
			ignored := cmpopts.IgnoreFields(policy.Decision{}, "Rule", "Pattern")
			if diff := cmp.Diff(tt.want, child.Decide(nil, nil, jit), ignored); diff != "" {
				t.Errorf("decision differs (-want +got):\n%s", diff)
			}
		})
	}
}
