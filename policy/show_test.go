package policy_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/codewarrant/codewarrant/policy"
)

const mergedPolicies = `
-- top.yml --
version: 1
policy-id: acme/app
extends: [base.yml, other.yml]
settings:
  fail-on: warning
stages:
  release: {require: [valid]}
rules:
  - entitlement: com.apple.security.cs.debugger
    action: deny
exceptions:
  - id: EXC-1
    entitlement: com.apple.security.cs.allow-jit
    value: true
    applies-to:
      path: Acme.app/**
      team-id: 0123456789
    justification: >-
      V8 in the renderer compiles JavaScript; jitless mode costs 6x on the editor
      benchmark (https://bench.acme.example/editor).
    approved-on: 2026-11-02
-- base.yml --
version: 1
settings: {unlisted: allow, max-lifetime: 90d, overridable: true}
approvals: {accept: signed, allowed-signers: signers}
stages:
  release: {require: [signed, secure-timestamp], min-runtime-version: "13.0", overridable: true}
  development: {rules: [{entitlement: get-task-allow, action: allow}]}
binaries:
  helpers: {path: Helpers/**, exactly: [], stages: {release: {team-ids: [A1B2C3D4E5]}}}
rules:
  - {entitlement: com.apple.security.cs.*, action: require-justification, level: warning, overridable: true}
-- other.yml --
version: 1
settings: {unlisted: allow, opaque-payloads: warning}
`

func TestAMergedPolicyIsShownWithTheOriginOfEachLine(t *testing.T) {
	got, err := load(t, mergedPolicies).YAML()
	if err != nil {
		t.Fatal(err)
	}
	const want = `# top.yml, merged with what it extends:
#   base.yml (sha256 …)
#   other.yml (sha256 …)
# Each of them decides by its own rules, and the strictest decision holds.
version: 1
policy-id: acme/app # top.yml:2
settings:
  unlisted: allow # base.yml:2, overridable
  min-justification: 40 # default of base.yml
  max-lifetime: 90d # base.yml:2, overridable
  warn-before-expiry: 30d # default of base.yml
  unused-exceptions: error # default of base.yml
  opaque-payloads: warning # other.yml:2
  fail-on: warning # top.yml:5
approvals:
  accept: [signed] # base.yml:3
  allowed-signers: signers # base.yml:3
  threshold: 1 # default
stages:
  release: # top.yml:7
    require:
      - signed # built-in stage of other.yml
      - hardened-runtime # built-in stage of other.yml
      - valid # top.yml:7
    min-runtime-version: "13.0" # base.yml:5, overridable
  development: # base.yml:6
    require:
      - signed # built-in stage of other.yml
    rules:
      # of base.yml
      - entitlement: [get-task-allow] # base.yml:6
        action: allow # base.yml:6
binaries:
  helpers: # base.yml:8
    path: [Helpers/**] # base.yml:8
    exactly: [] # base.yml:8
    stages:
      release: # base.yml:8
        require: []
        team-ids: [A1B2C3D4E5] # base.yml:8
rules:
  # of top.yml
  - entitlement: [com.apple.security.cs.debugger] # top.yml:9
    action: deny # top.yml:9
  # of base.yml
  - entitlement: [com.apple.security.cs.*] # base.yml:10
    action: require-justification # base.yml:10
    level: warning # base.yml:10
    overridable: true # base.yml:10
exceptions:
  - id: EXC-1 # top.yml:12
    entitlement: com.apple.security.cs.allow-jit # top.yml:13
    value: true # top.yml:14
    applies-to:
      path: [Acme.app/**] # top.yml:15
      team-id: ["0123456789"] # top.yml:15
    justification: >- # top.yml:18
      V8 in the renderer compiles JavaScript; jitless mode costs 6x on the editor
      benchmark (https://bench.acme.example/editor).
    approved-on: 2026-11-02 # top.yml:21
`
	sum := regexp.MustCompile(`[0-9a-f]{64}`)
	if diff := cmp.Diff(want, sum.ReplaceAllString(string(got), "…")); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
}

func TestAMergedPolicyIsShownToPrograms(t *testing.T) {
	b, err := load(t, mergedPolicies).JSON()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Schema  string
		Sources []struct{ Name, SHA256 string }
		Policy  struct {
			Settings   map[string]any
			Exceptions []struct {
				Value any
				Scope map[string][]string `json:"applies-to"`
			}
		}
		Origins map[string]policy.Position
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	if err := dec.Decode(&got); err != nil {
		t.Fatalf("%v in\n%s", err, b)
	}
	if got.Schema != policy.MergedSchema || len(got.Sources) != 3 || got.Sources[1].Name != "base.yml" || len(got.Sources[1].SHA256) != 64 {
		t.Errorf("schema %s, sources %v", got.Schema, got.Sources)
	}
	if diff := cmp.Diff(map[string]any{
		"unlisted": "allow", "min-justification": 40.0, "max-lifetime": "90d", "warn-before-expiry": "30d",
		"unused-exceptions": "error", "opaque-payloads": "warning", "fail-on": "warning",
	}, got.Policy.Settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if e := got.Policy.Exceptions[0]; e.Value != true || e.Scope["team-id"][0] != "0123456789" {
		t.Errorf("exception %+v", e)
	}
	for pointer, want := range map[string]string{
		"/settings/fail-on": "top.yml:5:3", "/settings/unlisted": "base.yml:2:12", "/stages/release/require/2": "top.yml:7:13",
		"/rules/1/level": "base.yml:10:5", "/exceptions/0/applies-to/path": "top.yml:15:5", "/binaries/helpers": "base.yml:8:3", "/binaries/helpers/exactly": "base.yml:8:31",
	} {
		if at := got.Origins[pointer]; at.String() != want {
			t.Errorf("%s comes from %s, want %s", pointer, at, want)
		}
	}
	if at, ok := got.Origins["/settings/warn-before-expiry"]; ok {
		t.Errorf("a default comes from %s", at)
	}
}

// What is shown of a policy that extends nothing is that policy, and valid in any case.
func TestWhatIsShownIsAPolicy(t *testing.T) {
	for _, pattern := range []string{"presets/*.yml", "../testdata/policy/*.yml"} {
		for _, file := range glob(t, pattern) {
			p, err := policy.Parse(file, read(t, file))
			if err != nil {
				t.Fatal(err)
			}
			shownAlike(t, p)
		}
	}
	shownAlike(t, parse(t, strings.Join([]string{
		`version: 1`, `exceptions:`,
		`  - id: "yes"`, `    entitlement: a`, `    values: [true, 42, 1.5, "1.5", "yes", [a, {b: "c: d"}], {}, "# x", ""]`,
		`    applies-to: {path: ["*.app/**", "[a-z]", "a b"], identifier: ["null", "~", "0x1", "a: b", "a #b", "'\"\\"]}`,
		`    justification: " leads with a blank, and goes on for so long that it would be broken into lines\n\n  twice"`,
		`    compensating-controls: ["1", "é…", "` + strings.Repeat("long ", 40) + `end", "` + strings.Repeat("x", 200) + `"]`,
		`    owner: "@acme"`,
	}, "\n")))
}

// shownAlike holds what is shown of a policy against the policy.
func shownAlike(t *testing.T, p *policy.Policy) {
	t.Helper()
	b, err := p.YAML()
	if err != nil {
		t.Fatal(err)
	}
	q, err := policy.Parse(p.Name, b)
	if err != nil {
		t.Fatalf("%v in\n%s", err, b)
	}
	q.SHA256, q.Extends = p.SHA256, p.Extends
	loose := cmp.Options{ // which comments say
		cmpopts.IgnoreFields(policy.Settings{}, "Overridable"), cmpopts.IgnoreFields(policy.Approvals{}, "Overridable"),
		cmpopts.IgnoreFields(policy.Stage{}, "Overridable"),
	}
	if diff := cmp.Diff(p, q, withoutPlaces, loose); diff != "" {
		t.Errorf("%s differs from what is shown of it (-policy +shown):\n%s\n%s", p.Name, diff, b)
	}
	if _, err := p.JSON(); err != nil {
		t.Error(err)
	}
}
