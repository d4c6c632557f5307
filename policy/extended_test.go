package policy_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/policy"
)

// family is a policy that extends another one.
const family = `
-- top.yml --
version: 1
extends: base.yml
binaries:
  engine: {identifier: com.acme.engine, rules: [{entitlement: a, action: allow}, {entitlement: b, action: deny}, {entitlement: b*, action: allow}]}
rules:
  - {entitlement: a, action: deny}
exceptions:
  - {id: MINE, entitlement: c, applies-to: {team-id: TTTTTTTTTT, arch: arm64}, owner: "@acme/a"}
-- base.yml --
version: 1
binaries:
  idle: {type: dylib}
rules:
  - {entitlement: a, action: require-justification, overridable: true}
  - {entitlement: a*, action: deny}
  - {entitlement: [b, b*], action: require-justification, overridable: true}
exceptions:
  - {id: THEIRS, entitlement: c, applies-to: {team-id: TTTTTTTTTT}, owner: "@acme/base"}
`

// What lint advises is about the policy's own file; what others say counts.
func TestLintLooksAtWhatIsExtended(t *testing.T) {
	p := load(t, family)
	var got []string
	for _, r := range append(policy.Lint(p, day(t, "2026-11-23")), policy.LintOwners(p, "CODEOWNERS", nil)...) {
		if r.Level != policy.Error {
			got = append(got, fmt.Sprintf("%s: %s", r.Position, r.Message))
		}
	}
	want := []string{
		`top.yml:8:32: exception "MINE": covers nothing that "THEIRS" at base.yml:9:5 does not`,
		`top.yml:8:80: exception "MINE": owner "@acme/a" is not among those whom CODEOWNERS names`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("remarks differ (-want +got):\n%s", diff)
	}
}

func TestCandidatesOfWhatIsExtendedSayWhyTheyGiveWay(t *testing.T) {
	p := load(t, family)
	for _, tt := range []struct {
		key  string
		want []string
	}{
		{"a", []string{
			"top.yml allow: ",
			"top.yml deny: a rule of group engine goes before it",
			"base.yml require-justification: it is overridable, and a policy that extends this one has a rule of its own",
			"base.yml deny: an exact key goes before a glob",
		}},
		{"b", []string{"top.yml deny: ", "top.yml allow: an exact key goes before a glob", "base.yml require-justification: it is overridable, and a policy that extends this one has a rule of its own"}},
	} {
		var got []string
		for _, c := range p.Candidates(&p.Stages[0], []string{"engine"}, tt.key) {
			got = append(got, fmt.Sprintf("%s %s: %s", c.Policy, c.Action, c.Why))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: candidates differ (-want +got):\n%s", tt.key, diff)
		}
	}
}
