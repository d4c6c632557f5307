package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/policy"
)

const groups = `version: 1
binaries:
  engine:
    path: "*Renderer*.app/**"
    type: execute
    rules:
      - {entitlement: com.apple.security.cs.allow-jit, action: allow}
      - {entitlement: com.apple.security.cs.debugger, action: deny}
  plug-ins:
    bundle-kind: [appex, xpc]
    rules:
      - {entitlement: com.apple.security.cs.allow-jit, action: require-justification, categories: plug-in-host}
  intel:
    arch: x86_64
    rules:
      - {entitlement: com.apple.security.cs.*, action: deny}
rules:
  - {entitlement: com.apple.security.cs.debugger, action: allow}
  - {entitlement: com.apple.security.cs.*, action: require-justification}
`

func TestABinaryIsInEveryGroupThatMatchesIt(t *testing.T) {
	p := parse(t, groups)
	for _, tt := range []struct {
		name   string
		target policy.Target
		want   []string
	}{
		{"in none", policy.Target{Paths: []string{"Acme.app/Contents/MacOS/acme"}, Type: "execute", Arch: "arm64"}, nil},
		{"in one", policy.Target{Paths: []string{"Acme Renderer.app/Contents/MacOS/x"}, Type: "execute", Arch: "arm64"}, []string{"engine"}},
		{
			"in all, in the order of the policy",
			policy.Target{Paths: []string{"Acme Renderer.app/Contents/MacOS/x"}, Type: "execute", BundleKind: "xpc", Arch: "x86_64"},
			[]string{"engine", "plug-ins", "intel"},
		},
		{"every field of a group must match", policy.Target{Paths: []string{"Acme Renderer.app/Contents/x"}, Type: "dylib"}, nil},
		{"a source has a path only", policy.Target{Paths: []string{"Acme Renderer.app/x.entitlements"}}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, p.GroupsOf(tt.target)); diff != "" {
				t.Errorf("groups differ (-want +got):\n%s", diff)
			}
		})
	}
	if g := p.Group("intel"); g == nil || g.Name != "intel" {
		t.Errorf("Group(intel) = %v", g)
	}
	if g := p.Group("Intel"); g != nil {
		t.Errorf("Group(Intel) = %v", g)
	}
}

func TestRulesOfGroupsDecideBeforeGeneralOnes(t *testing.T) {
	const debugger = "com.apple.security.cs.debugger"
	p := parse(t, groups)
	inStage := &policy.Stage{Name: "release", Rules: rules("deny", jit)}
	for _, tt := range []struct {
		name   string
		stage  *policy.Stage
		groups []string
		key    string
		want   policy.Action
	}{
		{"code in no group goes by the general rules", nil, nil, jit, policy.RequireJustification},
		{"a group allows what they do not", nil, []string{"engine"}, jit, policy.Allow},
		{"a group denies what they allow", nil, []string{"engine"}, debugger, policy.Deny},
		{"of two groups the strictest of equally specific rules", nil, []string{"engine", "plug-ins"}, jit, policy.RequireJustification},
		{"of two groups the most specific rule", nil, []string{"engine", "intel"}, jit, policy.Allow},
		{"a glob of a group before an exact general rule", nil, []string{"intel"}, debugger, policy.Deny},
		{"a stage and a group are one level: the strictest", inStage, []string{"engine"}, jit, policy.Deny},
		{"a stage and a group are one level: the most specific", &policy.Stage{Rules: rules("deny", "com.apple.*")}, []string{"engine"}, jit, policy.Allow},
		{"a key that no rule of the group names", nil, []string{"engine"}, allowlist, policy.RequireJustification},
		{"a group that is not there says nothing", nil, []string{"nothing"}, jit, policy.RequireJustification},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := p.Decide(tt.stage, tt.groups, tt.key).Action; got != tt.want {
				t.Errorf("action = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestCopiesAreInTheGroupsOfTheirOwnPlaces(t *testing.T) {
	p := parse(t, `version: 1
binaries:
  first: {path: "a/**"}
  second: {path: ["a/**", "b/**"]}
  third: {path: "c/**"}
`)
	for _, tt := range []struct {
		name  string
		paths []string
		want  policy.Membership
	}{
		{"no path", nil, policy.Membership{Each: [][]string{nil}}},
		{"one copy", []string{"a/x"}, policy.Membership{All: []string{"first", "second"}, Any: []string{"first", "second"}, Each: [][]string{{"first", "second"}}}},
		{"two in the same groups", []string{"a/x", "a/y"}, policy.Membership{All: []string{"first", "second"}, Any: []string{"first", "second"}, Each: [][]string{{"first", "second"}}}},
		{"two in other groups", []string{"a/x", "b/x"}, policy.Membership{All: []string{"second"}, Any: []string{"first", "second"}, Each: [][]string{{"first", "second"}, {"second"}}}},
		{"one in none", []string{"c/x", "d/x"}, policy.Membership{Any: []string{"third"}, Each: [][]string{{"third"}, nil}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			target := policy.Target{Paths: tt.paths}
			if diff := cmp.Diff(tt.want, p.Grouping()(target)); diff != "" {
				t.Errorf("groups differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want.All, p.GroupsOf(target)); diff != "" {
				t.Errorf("GroupsOf differs (-want +got):\n%s", diff)
			}
		})
	}
}
