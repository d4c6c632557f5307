package policy_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/policy"
)

// outline writes what a policy demands beside its rules, one thing a line.
func outline(p *policy.Policy) []string {
	s := p.Settings
	lines := []string{
		fmt.Sprintf("settings %s %d %d %d %s %s %s", s.Unlisted, s.MinJustification, s.MaxLifetime, s.WarnBeforeExpiry, s.UnusedExceptions, s.OpaquePayloads, s.FailOn),
		fmt.Sprintf("approvals %v %q %d", slices.Sorted(slices.Values(p.Approvals.Accept)), p.Approvals.AllowedSigners, p.Approvals.Threshold),
	}
	stages := slices.SortedFunc(slices.Values(p.Stages), func(a, b policy.Stage) int { return cmp.Compare(a.Name, b.Name) })
	for _, s := range stages {
		lines = append(lines, fmt.Sprintf("stage %s %v %v %s", s.Name, s.Require, s.TeamIDs, s.MinRuntimeVersion))
	}
	for _, g := range p.Groups {
		lines = append(lines, fmt.Sprintf("group %s %v %v", g.Name, g.Scope.Path, g.Require))
	}
	for _, e := range p.Exceptions {
		lines = append(lines, fmt.Sprintf("exception %s %s %s", e.ID, e.PolicyID, e.Position))
	}
	return lines
}

func TestMergingTightens(t *testing.T) {
	const (
		settings  = "settings require-justification 40 365 30 error note error"
		approvals = `approvals [fields] "" 1`
		release   = "stage release [signed hardened-runtime] [] "
		dev       = "stage development [signed] [] "
	)
	for _, row := range []struct {
		name, files string
		want        []string
	}{
		{
			"what is not given is inherited", `
-- top.yml --
version: 1
policy-id: acme/app
extends: base.yml
-- base.yml --
version: 1
policy-id: acme/base
settings: {unlisted: allow, min-justification: 50, max-lifetime: 90d, warn-before-expiry: 60d, unused-exceptions: warning, opaque-payloads: warning, fail-on: warning}
approvals: {accept: signed, allowed-signers: signers, threshold: 2}
stages:
  release: {require: [valid], team-ids: [B, A], min-runtime-version: "13.0"}
  nightly: {}
binaries:
  helpers: {path: Helpers/**, require: [a]}
exceptions:
  - {id: E, entitlement: a, applies-to: {binaries: helpers}}
`,
			[]string{
				"settings allow 50 90 60 warning warning warning", `approvals [signed] "signers" 2`,
				"stage nightly [] [] ", "stage release [valid] [B A] 13.0", "group helpers [Helpers/**] [a]",
				"exception E acme/base base.yml:11:5",
			},
		}, {
			"what is given is stricter", `
-- top.yml --
version: 1
policy-id: acme/app
extends: base.yml
settings: {unlisted: deny, min-justification: 51, max-lifetime: 89d, warn-before-expiry: 61d, unused-exceptions: error, opaque-payloads: error, fail-on: warning}
approvals: {accept: base}
stages:
  release: {require: [secure-timestamp], team-ids: [A], min-runtime-version: "13.0.1"}
binaries:
  tools: {path: bin/*}
exceptions:
  - {id: MINE, entitlement: a, applies-to: {binaries: [helpers, tools]}}
-- base.yml --
version: 1
policy-id: acme/base
settings: {unlisted: allow, min-justification: 50, max-lifetime: 90d, warn-before-expiry: 60d, unused-exceptions: warning, opaque-payloads: warning, fail-on: error}
stages:
  release: {require: [valid], team-ids: [B, A], min-runtime-version: "13.0"}
binaries:
  helpers: {path: Helpers/**}
exceptions:
  - {id: BASE, entitlement: a, applies-to: {team-id: A}}
`,
			[]string{
				"settings deny 51 89 61 error error warning", `approvals [base] "" 1`,
				"stage release [valid secure-timestamp] [A] 13.0.1", "group tools [bin/*] []", "group helpers [Helpers/**] []",
				"exception MINE acme/app top.yml:11:5", "exception BASE acme/base base.yml:9:5",
			},
		}, {
			"of several the strictest counts", `
-- top.yml --
version: 1
extends: [a.yml, b.yml, preset:report-only]
-- a.yml --
version: 1
settings: {unlisted: allow, max-lifetime: 90d, min-justification: 100}
approvals: {accept: [signed, base], allowed-signers: signers}
stages:
  release: {require: [valid], team-ids: [B, A, C], min-runtime-version: "13.0"}
  development: {}
  nightly: {}
-- b.yml --
version: 1
settings: {unlisted: deny, max-lifetime: 120d, unused-exceptions: error, opaque-payloads: warning, fail-on: warning}
approvals: {accept: [base]}
stages:
  nightly: {}
  development: {require: [signed]}
  release: {require: [signed], team-ids: [D, A, B], min-runtime-version: "11.9"}
`,
			[]string{
				"settings deny 100 90 30 error warning warning", `approvals [base] "signers" 1`,
				dev, "stage release [signed valid] [A B] 13.0",
			},
		}, {
			"the built-in stages are stages like others", `
-- top.yml --
version: 1
extends: base.yml
stages: {release: {require: [valid]}}
-- base.yml --
version: 1
`,
			[]string{settings, approvals, dev, "stage release [signed hardened-runtime valid] [] "},
		}, {
			"a parent that is extended twice counts once", `
-- top.yml --
version: 1
extends: [a.yml, base.yml, b.yml]
-- a.yml --
version: 1
extends: base.yml
-- b.yml --
version: 1
extends: [base.yml, a.yml]
-- base.yml --
version: 1
approvals: {accept: signed, allowed-signers: signers}
binaries:
  helpers: {path: Helpers/**}
exceptions:
  - {id: E, entitlement: a, applies-to: {team-id: A}}
`,
			[]string{
				settings, `approvals [signed] "signers" 1`, dev, release,
				"group helpers [Helpers/**] []", "exception E  base.yml:6:5",
			},
		}, {
			"the default of unused-exceptions may be loosened, whoever extends it on the way", `
-- top.yml --
version: 1
extends: mid.yml
settings: {unused-exceptions: note}
-- mid.yml --
version: 1
extends: [preset:hardened-runtime, base.yml]
-- base.yml --
version: 1
stages: {release: {require: [signed, hardened-runtime]}, development: {require: signed}}
`,
			[]string{
				"settings require-justification 40 365 30 note note error", `approvals [fields] "" 1`, dev, release,
			},
		}, {
			"the default of unused-exceptions gives way to what another parent writes", `
-- top.yml --
version: 1
extends: [preset:hardened-runtime, base.yml]
-- base.yml --
version: 1
extends: preset:hardened-runtime
settings: {unused-exceptions: warning, unlisted: require-justification}
`,
			[]string{
				"settings require-justification 40 365 30 warning note error", `approvals [fields] "" 1`, dev, release,
			},
		}, {
			"what is overridable may be loosened", `
-- top.yml --
version: 1
extends: base.yml
settings: {unlisted: allow, min-justification: 10, max-lifetime: 400d, warn-before-expiry: 0d, unused-exceptions: note, opaque-payloads: note, fail-on: never}
approvals: {accept: [base, signed], allowed-signers: mine, threshold: 1}
stages:
  release: {require: [], team-ids: [Z], min-runtime-version: "10.0"}
  development: {require: []}
binaries:
  helpers: {path: Other/**}
-- base.yml --
version: 1
settings: {unlisted: deny, overridable: true}
approvals: {accept: [signed], allowed-signers: signers, threshold: 2, overridable: true}
stages:
  release: {require: [valid], team-ids: [A], min-runtime-version: "13.0", overridable: true}
  development: {overridable: true}
binaries:
  helpers: {path: Helpers/**, require: [a], overridable: true}
exceptions:
  - {id: E, entitlement: a, applies-to: {path: Helpers/**}}
`,
			[]string{
				"settings allow 10 400 0 note note never", `approvals [base signed] "mine" 1`,
				"stage development [] [] ", "stage release [] [Z] 10.0", "group helpers [Other/**] []",
				"exception E  base.yml:10:5",
			},
		}, {
			"by one parent and not by another", `
-- top.yml --
version: 1
extends: [a.yml, b.yml]
settings: {max-lifetime: 100d}
stages:
  release: {require: []}
-- a.yml --
version: 1
settings: {max-lifetime: 10d, unlisted: deny, overridable: true}
stages: {release: {require: [valid, signed], overridable: true}}
-- b.yml --
version: 1
settings: {max-lifetime: 100d}
stages: {release: {}}
`,
			[]string{"settings deny 40 100 30 error note error", approvals, "stage release [] [] "},
		}, {
			"through one that says nothing about it", `
-- top.yml --
version: 1
extends: between.yml
settings: {max-lifetime: 300d}
stages: {release: {require: [signed]}}
-- between.yml --
version: 1
extends: base.yml
settings: {unlisted: deny}
-- base.yml --
version: 1
settings: {max-lifetime: 10d, overridable: true}
stages: {release: {require: [valid], overridable: true}}
`,
			[]string{"settings deny 40 300 30 error note error", approvals, "stage release [signed] [] "},
		}, {
			"nothing is loosened where nothing is given", `
-- top.yml --
version: 1
extends: base.yml
stages: {release: {team-ids: [A]}}
-- base.yml --
version: 1
settings: {max-lifetime: 10d, overridable: true}
stages: {release: {require: [valid], overridable: true}}
`,
			[]string{"settings require-justification 40 10 30 error note error", approvals, "stage release [valid] [A] "},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			if diff := gocmp.Diff(row.want, outline(load(t, row.files))); diff != "" {
				t.Errorf("policy (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMergedPolicyNamesThePlaceOfEachSetting(t *testing.T) {
	p := load(t, `
-- top.yml --
version: 1
extends: [a.yml, b.yml]
settings:
  unlisted: deny
stages:
  release: {team-ids: [A]}
-- a.yml --
version: 1
settings:
  max-lifetime: 90d
stages:
  release: {require: [valid], min-runtime-version: "13.0"}
-- b.yml --
version: 1
settings:
  max-lifetime: 90d
  fail-on: warning
stages:
  release: {require: [valid]}
`)
	got := map[string]string{}
	for name, at := range p.Settings.Fields {
		got[name] = at.String()
	}
	for name, at := range p.Stages[0].Fields {
		got[name] = at.String()
	}
	want := map[string]string{
		"unlisted": "top.yml:4:3", "max-lifetime": "a.yml:3:3", "fail-on": "b.yml:4:3",
		"team-ids": "top.yml:6:13", "require": "a.yml:5:13", "min-runtime-version": "a.yml:5:31",
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}
