package check_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/machotest"
)

const debugger = "com.apple.security.cs.debugger"

// What a group restricts, it restricts of each copy that is in it, and what is permitted
// to a group is permitted to a file whose every copy is in it.
func TestACopyElsewhereTakesNothingOutOfAGroup(t *testing.T) {
	const inside, other = "A.app/Resources/plug/x", "A.app/Resources/other/x"
	const head = "version: 1\nsettings: {unlisted: allow, unused-exceptions: note}\nstages: {release: {}}\n"
	const jitNeeded = "rules:\n  - {entitlement: com.apple.security.cs.*, action: require-justification}\n"
	for _, row := range []struct {
		name   string
		policy string
		claims []any
		paths  []string
		want   []string
	}{
		{
			"a rule that denies", head + `binaries: {plug-ins: {path: "Resources/plug/**", rules: [{entitlement: com.apple.security.cs.*, action: deny}]}}`,
			[]any{jit, true},
			[]string{inside, other},
			[]string{"error denied-entitlement " + jit},
		},
		{
			"a rule that denies, where the copy elsewhere is in a group that allows", head + "binaries:\n" +
				`  plug-ins: {path: "Resources/plug/**", rules: [{entitlement: com.apple.security.cs.*, action: deny}]}` + "\n" +
				`  others: {path: "Resources/other/**", rules: [{entitlement: com.apple.security.cs.allow-jit, action: allow}]}`,
			[]any{jit, true},
			[]string{inside, other},
			[]string{"error denied-entitlement " + jit},
		},
		{
			"a closed list", head + `binaries: {plug-ins: {path: "Resources/plug/**", exactly: []}}`,
			[]any{jit, true},
			[]string{inside, other},
			[]string{"error unexpected-entitlement " + jit},
		},
		{
			"an entitlement that has to be there", head + `binaries: {plug-ins: {path: "Resources/plug/**", require: com.apple.security.cs.allow-jit}}`,
			nil,
			[]string{inside, other},
			[]string{"error missing-entitlement " + jit},
		},
		{
			"a demand in the stage", head + `binaries: {plug-ins: {path: "Resources/plug/**", stages: {release: {team-ids: [ZZZZZZZZZZ]}}}}`,
			nil,
			[]string{inside, other},
			[]string{"error team-not-allowed"},
		},
		{
			"a rule that allows is for files of which all copies are in the group", head + `binaries: {plug-ins: {path: "Resources/plug/**", rules: [{entitlement: com.apple.security.cs.allow-jit, action: allow}]}}` + "\n" + jitNeeded,
			[]any{jit, true},
			[]string{inside, other},
			[]string{"error unapproved-entitlement " + jit},
		},
		{
			"and allows where they are", head + `binaries: {plug-ins: {path: "Resources/plug/**", rules: [{entitlement: com.apple.security.cs.allow-jit, action: allow}]}}` + "\n" + jitNeeded,
			[]any{jit, true},
			[]string{inside, inside + "2"},
			nil,
		},
		{
			"an exception for the group is for files of which all copies are in it", head + `binaries: {plug-ins: {path: "Resources/plug/**"}}` + "\n" + jitNeeded + "exceptions:" + complete("E1", jit, "binaries: plug-ins"),
			[]any{jit, true},
			[]string{inside, other},
			[]string{"error unapproved-entitlement " + jit},
		},
		{
			"and approves where they are", head + `binaries: {plug-ins: {path: "Resources/plug/**"}}` + "\n" + jitNeeded + "exceptions:" + complete("E1", jit, "binaries: plug-ins"),
			[]any{jit, true},
			[]string{inside, inside + "2"},
			nil,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			var list []check.Binary
			for _, path := range row.paths {
				b := binary(t, path, hardened(row.claims...).Bytes())
				b.Outer = "A.app"
				list = append(list, b)
			}
			r := check.Evaluate(input(t, parse(t, row.policy), "release", list...))
			if diff := cmp.Diff(row.want, lines(r)); diff != "" || len(r.Binaries) != 1 {
				t.Errorf("%d binaries, %s\n%+v", len(r.Binaries), diff, r.Findings)
			}
		})
	}
}

// Until it is proven who made code, it is in a group as far as that makes the policy
// stricter.
func TestWhatCodeSaysOfItselfTakesItOutOfNoGroup(t *testing.T) {
	const head = `version: 1
settings: {unlisted: allow}
stages: {release: {}, development: {}}
binaries:
  engine: {identifier: com.acme.engine, rules: [{entitlement: com.apple.security.cs.allow-jit, action: allow}, {entitlement: com.apple.security.cs.debugger, action: require-justification}]}
  plug-ins: {path: "plugins/**", rules: [{entitlement: com.apple.security.cs.*, action: deny}]}
  teamed: {team-id: A1B2C3D4E5, rules: [{entitlement: com.apple.security.cs.allow-jit, action: allow}]}
`
	for _, row := range []struct {
		name  string
		path  string
		key   string
		stage string
		cms   string
		want  []string
	}{
		{"ad hoc code that claims the identifier of another group is denied", "plugins/evil", jit, "release", "", []string{"error denied-entitlement " + jit}},
		{"so it is where that group is laxer and does not allow", "plugins/evil", debugger, "release", "", []string{"error denied-entitlement " + debugger}},
		{"authenticated code is in both, and the more specific rule decides", "plugins/engine", jit, "release", "x", nil},
		{"in development nothing is proven, and it is taken for what it says", "plugins/engine", jit, "development", "", nil},
		{"ad hoc code elsewhere is judged as in no group", "MacOS/x", jit, "release", "", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			flags := uint32(machotest.FlagRuntime)
			if row.cms == "" {
				flags |= machotest.FlagAdHoc
			}
			program := machotest.Binary{Signature: &machotest.Signature{
				Identifier: "com.acme.engine", TeamID: "A1B2C3D4E5", Flags: flags, CMS: []byte(row.cms),
				Entitlements: machotest.XML(row.key, true), EntitlementsDER: machotest.DER(row.key, true),
			}}
			r := check.Evaluate(input(t, parse(t, head), row.stage, binary(t, row.path, program.Bytes())))
			if diff := cmp.Diff(row.want, lines(r)); diff != "" {
				t.Errorf("%s\n%+v", diff, r.Findings)
			}
		})
	}
}
