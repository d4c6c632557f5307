package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/policy"
)

// extended loads the policies of an archive, top.yml in the workspace and the one at the
// trusted ref, and asks for the judge. All exceptions that ask for an owner are signed
// for the policy-id that is named there.
func extended(t *testing.T, text string) (*policy.Policy, []policy.Pending) {
	t.Helper()
	head := load(t, text)
	base, err := policy.Load(policy.Location{Base: true, Path: "top.yml"}, archive(text).read)
	if err != nil {
		t.Fatal(err)
	}
	return policy.Trusted(head, base, func(e *policy.Exception) bool { return e.Owner == e.PolicyID })
}

func TestWhatATrustedPolicyExtendsIsTrusted(t *testing.T) {
	judge, pending := extended(t, `
-- top.yml --
version: 1
policy-id: acme/app
extends: org.yml
binaries:
  tools: {path: Tools/**, rules: [{entitlement: usb, action: deny}]}
-- org.yml --
version: 1
policy-id: acme/org
settings: {unlisted: allow, max-lifetime: 365d}
binaries:
  helpers: {path: "**", rules: [{entitlement: com.apple.security.cs.*, action: allow}]}
  tools: {path: bin/**, overridable: true}
  engines: {path: Engines/**, stages: {release: {require: [valid]}}}
rules: [{entitlement: com.apple.security.cs.*, action: allow}]
exceptions:
  - {id: NEW, entitlement: b, applies-to: {path: a}}
-- base:top.yml --
version: 1
policy-id: acme/app
approvals: {accept: base}
extends: org.yml
binaries:
  tools: {path: Tools/x/**, rules: [{entitlement: camera, action: deny}]}
-- base:org.yml --
version: 1
policy-id: acme/org
settings: {unlisted: allow, max-lifetime: 90d}
binaries:
  engines: {path: Engines/**, stages: {release: {require: [valid]}}}
  helpers: {path: Helpers/**, rules: [{entitlement: com.apple.security.cs.debugger, action: deny}]}
  tools: {path: bin/**, overridable: true, rules: [{entitlement: microphone, action: deny}]}
rules: [{entitlement: com.apple.security.cs.*, action: require-justification}]
exceptions:
  - {id: OLD, entitlement: a, applies-to: {binaries: helpers}}
`)
	if judge.Settings.MaxLifetime != 90 || len(judge.Exceptions) != 0 || len(pending) != 1 || pending[0].ID != "NEW" {
		t.Errorf("max-lifetime %d, exceptions %v, pending %v", judge.Settings.MaxLifetime, judge.Exceptions, pending)
	}
	if judge.Group("engines") == nil || judge.Group("engines (changed)") != nil || judge.Group("tools (changed)") == nil {
		t.Errorf("groups are %+v", judge.Groups)
	}
	for _, tt := range []struct {
		path, key string
		want      policy.Action
	}{
		{"a", jit, policy.RequireJustification},
		{"Helpers/a", "com.apple.security.cs.debugger", policy.Deny},
		{"a", "com.apple.security.cs.debugger", policy.RequireJustification},
		{"Tools/x/a", "camera", policy.Deny},
		{"Tools/a", "usb", policy.Deny},           // of the change
		{"Tools/x/a", "microphone", policy.Allow}, // the group was replaced, at the trusted ref as well
	} {
		groups := judge.GroupsOf(policy.Target{Paths: []string{tt.path}})
		if got := judge.Decide(&judge.Stages[0], groups, tt.key).Action; got != tt.want {
			t.Errorf("%s in %s, of the groups %v: %s, want %s", tt.key, tt.path, groups, got, tt.want)
		}
	}
}

func TestTheSettingOfABaseThatIsOverridableIsNotLoosenedByAChange(t *testing.T) {
	judge, _ := extended(t, `
-- top.yml --
version: 1
settings: {unlisted: allow}
rules: [{entitlement: a, action: allow}]
-- base:top.yml --
version: 1
settings: {unlisted: deny, overridable: true}
`)
	for _, key := range []string{"a", "b"} {
		if got := judge.Decide(&judge.Stages[0], nil, key).Action; got != policy.Deny {
			t.Errorf("%s: %s", key, got)
		}
	}
}

func TestExceptionsOfWhatIsExtendedAreSignedForItsPolicyID(t *testing.T) {
	judge, pending := extended(t, `
-- top.yml --
version: 1
policy-id: acme/app
extends: [org.yml, other.yml]
approvals: {accept: [base, signed]}
exceptions:
  - {id: OWN, entitlement: a, applies-to: {path: a}, owner: acme/app}
-- org.yml --
version: 1
policy-id: acme/stolen
approvals: {accept: [base, signed], allowed-signers: signers}
exceptions:
  - {id: ORG, entitlement: a, applies-to: {path: a}, owner: acme/org}
  - {id: STOLEN, entitlement: a, applies-to: {path: a}, owner: acme/stolen}
-- other.yml --
version: 1
policy-id: acme/stolen
exceptions:
  - {id: NEW FILE, entitlement: a, applies-to: {path: a}, owner: acme/stolen}
-- base:top.yml --
version: 1
policy-id: acme/app
extends: org.yml
-- base:org.yml --
version: 1
policy-id: acme/org
approvals: {accept: [base, signed], allowed-signers: signers}
`)
	var count, waits []string
	for _, e := range judge.Exceptions {
		count = append(count, e.ID)
	}
	for _, p := range pending {
		waits = append(waits, p.ID)
	}
	if diff := cmp.Diff([][]string{{"OWN", "ORG"}, {"STOLEN", "NEW FILE"}}, [][]string{count, waits}); diff != "" {
		t.Errorf("what counts, and what waits (-want +got):\n%s", diff)
	}
}

// A change that widens a group has the exceptions that name it signed anew, under the
// name that the group has in the file.
func TestWhoeverSignsAnExceptionSignsWhoIsInItsGroups(t *testing.T) {
	const merged = `version: 1
policy-id: acme/desktop
approvals: {accept: signed, allowed-signers: signers}
binaries:
  tools: {path: bin/*}
exceptions:
  - {id: EXC-1, entitlement: a, applies-to: {binaries: tools}}
`
	base := parse(t, merged)
	head := parse(t, strings.Replace(merged, "bin/*", `"**"`, 1))
	for _, tt := range []struct {
		name string
		head *policy.Policy
		want string
	}{
		{"as it is merged", base, `"groups":{"tools":{"path":["bin/*"]}}`},
		{"as a change has it", head, `"groups":{"tools":{"path":["**"]}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			judge, _ := policy.Trusted(tt.head, base, nil)
			text := canonical(t, &judge.Exceptions[0])
			if !strings.Contains(text, tt.want) || !strings.Contains(text, `"binaries":["tools"]`) {
				t.Errorf("the text is %s", text)
			}
		})
	}
}
