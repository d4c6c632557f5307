package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/policy"
)

// decides writes a decision in a line.
func decides(d policy.Decision) string {
	words := []string{string(d.Action)}
	if d.Action != policy.Allow && d.Level != policy.Error {
		words = append(words, string(d.Level))
	}
	if d.MaxLifetime > 0 {
		words = append(words, fmt.Sprintf("%dd", d.MaxLifetime))
	}
	if d.Categories != nil {
		words = append(words, fmt.Sprint(d.Categories))
	}
	if d.Evidence != policy.EvidenceReported {
		words = append(words, "evidence "+string(d.Evidence))
	}
	if d.Rule == nil {
		return strings.Join(append(words, "unlisted"), " ")
	}
	return strings.Join(append(words, d.Position.File), " ")
}

func TestTheStrictestPolicyDecides(t *testing.T) {
	for _, row := range []struct {
		name, files string
		groups      []string
		want        string // of jit in the stage release
	}{
		{"a parent's rule holds on", `
-- top.yml --
version: 1
extends: base.yml
settings: {unlisted: require-justification}
-- base.yml --
version: 1
rules: [{entitlement: com.apple.security.cs.*, action: allow}]
`, nil, "allow base.yml"},
		{"a stricter rule goes before it, however broad", `
-- top.yml --
version: 1
extends: base.yml
rules: [{entitlement: com.apple.*, action: deny}]
-- base.yml --
version: 1
rules: [{entitlement: com.apple.security.cs.allow-jit, action: allow}]
`, nil, "deny top.yml"},
		{"a parent's more specific rule goes before a broad one", `
-- top.yml --
version: 1
extends: base.yml
rules: [{entitlement: com.apple.security.*, action: allow}]
-- base.yml --
version: 1
settings: {unlisted: allow}
rules: [{entitlement: com.apple.security.cs.*, action: deny}]
`, nil, "deny base.yml"},
		{"a parent that does not list a key decides by unlisted", `
-- top.yml --
version: 1
extends: [a.yml, b.yml]
-- a.yml --
version: 1
rules: [{entitlement: com.apple.security.cs.allow-jit, action: allow}]
-- b.yml --
version: 1
settings: {unlisted: deny}
`, nil, "deny unlisted"},
		{"a stricter unlisted is for keys that no policy names", `
-- top.yml --
version: 1
extends: base.yml
settings: {unlisted: deny}
-- base.yml --
version: 1
rules: [{entitlement: com.apple.security.cs.allow-jit, action: allow}]
`, nil, "allow base.yml"},
		{"an overridable unlisted may be loosened", `
-- top.yml --
version: 1
extends: base.yml
settings: {unlisted: allow}
-- base.yml --
version: 1
settings: {unlisted: deny, overridable: true}
`, nil, "allow unlisted"},
		{"and a rule may loosen it", `
-- top.yml --
version: 1
extends: base.yml
rules: [{entitlement: com.apple.security.cs.allow-jit, action: allow}]
-- base.yml --
version: 1
settings: {unlisted: deny, overridable: true}
`, nil, "allow top.yml"},
		{"an overridable rule gives way", `
-- top.yml --
version: 1
extends: base.yml
rules: [{entitlement: com.apple.security.cs.allow-jit, action: allow}]
-- base.yml --
version: 1
rules: [{entitlement: com.apple.security.cs.*, action: deny, overridable: true}]
`, nil, "allow top.yml"},
		{"also over one that is in between", `
-- top.yml --
version: 1
extends: between.yml
rules: [{entitlement: com.apple.security.cs.allow-jit, action: allow}]
-- between.yml --
version: 1
extends: base.yml
-- base.yml --
version: 1
rules: [{entitlement: com.apple.security.cs.*, action: deny, overridable: true}]
`, nil, "allow top.yml"},
		{"also over one that is less specific", `
-- top.yml --
version: 1
extends: between.yml
rules: [{entitlement: com.apple.security.cs.allow-jit, action: require-justification}]
-- between.yml --
version: 1
extends: base.yml
rules: [{entitlement: com.apple.*, action: allow}]
-- base.yml --
version: 1
settings: {unlisted: allow}
rules: [{entitlement: com.apple.security.cs.allow-jit, action: deny, overridable: true}]
`, nil, "require-justification top.yml"},
		{"once loosened it stays so", `
-- top.yml --
version: 1
extends: between.yml
-- between.yml --
version: 1
extends: base.yml
rules: [{entitlement: com.apple.security.cs.allow-jit, action: require-justification}]
-- base.yml --
version: 1
rules: [{entitlement: com.apple.security.cs.*, action: deny, overridable: true}]
`, nil, "require-justification between.yml"},
		{"an overridable stage has overridable rules", `
-- top.yml --
version: 1
extends: base.yml
stages: {release: {rules: [{entitlement: com.apple.security.cs.allow-jit, action: allow}]}}
-- base.yml --
version: 1
stages: {release: {overridable: true, rules: [{entitlement: com.apple.security.cs.*, action: deny}]}}
`, nil, "allow top.yml"},
		{"a group's rules are for those in it", `
-- top.yml --
version: 1
extends: base.yml
-- base.yml --
version: 1
settings: {unlisted: allow}
binaries: {helpers: {path: a, rules: [{entitlement: com.apple.security.cs.*, action: deny}]}}
`, []string{"helpers"}, "deny base.yml"},
		{"a general rule is stricter than a parent's group", `
-- top.yml --
version: 1
extends: base.yml
rules: [{entitlement: com.apple.security.cs.allow-jit, action: deny}]
-- base.yml --
version: 1
binaries: {helpers: {path: a, rules: [{entitlement: com.apple.security.cs.*, action: allow}]}}
`, []string{"helpers"}, "deny top.yml"},
		{"a group that is replaced says nothing more", `
-- top.yml --
version: 1
extends: base.yml
binaries: {helpers: {path: b}}
-- base.yml --
version: 1
settings: {unlisted: allow}
binaries: {helpers: {path: a, overridable: true, rules: [{entitlement: com.apple.security.cs.*, action: deny}]}}
`, []string{"helpers"}, "allow unlisted"},
		{"terms of all that ask for a justification hold", `
-- top.yml --
version: 1
extends: [a.yml, b.yml]
rules: [{entitlement: com.apple.security.cs.*, action: require-justification, max-lifetime: 30d}]
-- a.yml --
version: 1
rules:
  - entitlement: com.apple.security.cs.allow-jit
    action: require-justification
    level: warning
    categories: [emulator, javascript-engine]
-- b.yml --
version: 1
rules:
  - entitlement: com.apple.security.cs.allow-jit
    action: require-justification
    categories: [drm, javascript-engine]
    max-lifetime: 60d
`, nil, "require-justification 30d [javascript-engine] a.yml"},
		{"a denial weighs as much as what asked for a justification", `
-- top.yml --
version: 1
extends: base.yml
rules: [{entitlement: com.apple.security.cs.*, action: deny, level: note}]
-- base.yml --
version: 1
settings: {unlisted: allow}
rules: [{entitlement: com.apple.security.cs.allow-jit, action: require-justification, level: warning}]
`, nil, "deny warning top.yml"},
		{"unlisted keys weigh as an error", `
-- top.yml --
version: 1
extends: [a.yml, b.yml]
-- a.yml --
version: 1
rules: [{entitlement: com.apple.security.cs.*, action: require-justification, level: note}]
-- b.yml --
version: 1
`, nil, "require-justification a.yml"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := load(t, row.files)
			s, err := p.Stage("release")
			if err != nil {
				t.Fatal(err)
			}
			if got := decides(p.Decide(s, row.groups, jit)); got != row.want {
				t.Errorf("decision is %s, want %s", got, row.want)
			}
		})
	}
}

func TestRulesThatMayBeLoosenedOrAreStricterAreTaken(t *testing.T) {
	for _, row := range []struct{ name, base, rules string }{
		{"the same rule again", "rules: [{entitlement: a, action: deny}]", "[{entitlement: a, action: deny}]"},
		{"a stricter rule", "rules: [{entitlement: a, action: allow}]", "[{entitlement: a, action: deny}]"},
		{
			"a broad rule with more specific ones above", "settings: {unlisted: allow}\nrules: [{entitlement: com.apple.*, action: deny}, {entitlement: a, action: deny}]",
			`[{entitlement: "com.*", action: allow}, {entitlement: "*", action: require-justification}]`,
		},
		{
			"a rule that another one of the policy goes before", "rules: [{entitlement: a, action: deny}]",
			"[{entitlement: a, action: allow}, {entitlement: a, action: deny}]",
		},
		{
			"a rule for a key that a stage's rule above denies in that stage",
			"settings: {unlisted: allow}\nstages: {release: {rules: [{entitlement: a, action: deny}]}, development: {}}",
			"[{entitlement: a, action: require-justification}]",
		},
		{"what is overridable", "rules: [{entitlement: a, action: deny, overridable: true}]", "[{entitlement: a, action: allow}]"},
		{
			"evidence that is overridable", "rules: [{entitlement: a, action: require-justification, evidence: required, overridable: true}]",
			"[{entitlement: a, action: require-justification, evidence: off}]",
		},
		{
			"terms that are not given", "rules: [{entitlement: a, action: require-justification, max-lifetime: 3d, categories: [drm], evidence: required}]",
			"[{entitlement: a, action: require-justification}]",
		},
		{
			"terms that are stricter", "rules: [{entitlement: a, action: require-justification, max-lifetime: 3d, categories: [drm, other], evidence: off}]",
			"[{entitlement: a, action: require-justification, max-lifetime: 2d, categories: [other], evidence: reported}]",
		},
		{"globs without a key in common", "settings: {unlisted: allow}\nrules: [{entitlement: com.*, action: deny}]", "[{entitlement: org.*, action: allow}]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			load(t, "-- top.yml --\nversion: 1\nextends: base.yml\nrules: "+row.rules+"\n-- base.yml --\nversion: 1\n"+row.base+"\n")
		})
	}
}
