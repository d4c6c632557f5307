package policy_test

import (
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

func TestTheStrictestWordOnEvidenceHolds(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		stage     string
		groups    []string
		want      policy.Evidence
	}{
		{"a rule that does not say", "rules: [{entitlement: a, action: require-justification}]", "", nil, policy.EvidenceReported},
		{"a rule that says so", "rules: [{entitlement: a, action: require-justification, evidence: required}]", "", nil, policy.EvidenceRequired},
		{"a rule that wants none told", "rules: [{entitlement: a, action: require-justification, evidence: off}]", "", nil, policy.EvidenceOff},
		{"a key that no rule names", "rules: [{entitlement: b, action: require-justification, evidence: required}]", "", nil, policy.EvidenceReported},
		{"what is allowed needs none", "rules: [{entitlement: a, action: allow}]", "", nil, policy.EvidenceReported},
		{
			"what is denied cannot be excepted", "rules: [{entitlement: a, action: deny}, {entitlement: a, action: require-justification, evidence: required}]",
			"", nil, policy.EvidenceReported,
		},
		{
			"the most specific rule alone", "rules: [{entitlement: a, action: require-justification, evidence: off}, {entitlement: a*, action: require-justification, evidence: required}]",
			"", nil, policy.EvidenceOff,
		},
		{
			"as specific, and one requires it", "rules: [{entitlement: a, action: require-justification, evidence: off}, {entitlement: [a, b], action: require-justification, evidence: required}]",
			"", nil, policy.EvidenceRequired,
		},
		{
			"as specific, and one does not say", "rules: [{entitlement: a, action: require-justification, evidence: off}, {entitlement: a, action: require-justification}]",
			"", nil, policy.EvidenceReported,
		},
		{
			"as specific, and one allows", "rules: [{entitlement: a, action: require-justification, evidence: off}, {entitlement: a, action: allow}]",
			"", nil, policy.EvidenceOff,
		},
		{
			"a stage's rule before one for all",
			"stages: {release: {rules: [{entitlement: a, action: require-justification, evidence: required}]}, development: {}}\nrules: [{entitlement: a, action: require-justification, evidence: off}]",
			"release", nil, policy.EvidenceRequired,
		},
		{
			"and not in another stage",
			"stages: {release: {rules: [{entitlement: a, action: require-justification, evidence: required}]}, development: {}}\nrules: [{entitlement: a, action: require-justification, evidence: off}]",
			"development", nil, policy.EvidenceOff,
		},
		{
			"a group's rule before one for all",
			"binaries: {g: {type: execute, rules: [{entitlement: a, action: require-justification, evidence: off}]}}\nrules: [{entitlement: a, action: require-justification, evidence: required}]",
			"",
			[]string{"g"},
			policy.EvidenceOff,
		},
		{
			"of a stage and of groups the strictest",
			"stages: {release: {rules: [{entitlement: a, action: require-justification, evidence: off}]}}\n" +
				"binaries: {g: {type: execute, rules: [{entitlement: a, action: require-justification, evidence: required}]}, h: {type: execute, rules: [{entitlement: a, action: require-justification}]}}",
			"release",
			[]string{"h", "g"},
			policy.EvidenceRequired,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := parse(t, "version: 1\n"+tt.src+"\n")
			s, _ := p.Stage(tt.stage)
			if got := p.Decide(s, tt.groups, "a").Evidence; got != tt.want {
				t.Errorf("evidence %s, want %s", got, tt.want)
			}
		})
	}
}

func TestOfTwoThatAskForAJustificationTheStricterEvidenceHolds(t *testing.T) {
	order := []policy.Evidence{policy.EvidenceOff, policy.EvidenceReported, policy.EvidenceRequired}
	for i, a := range order {
		for j, b := range order {
			one := policy.Decision{Action: policy.RequireJustification, Level: policy.Error, Evidence: a}
			other := policy.Decision{Action: policy.RequireJustification, Level: policy.Error, Evidence: b}
			if got, want := one.Stricter(other).Evidence, order[max(i, j)]; got != want {
				t.Errorf("%s and %s come to %s, want %s", a, b, got, want)
			}
		}
	}
	required := policy.Decision{Action: policy.RequireJustification, Evidence: policy.EvidenceRequired}
	if got := (policy.Decision{Action: policy.RequireJustification}).Stricter(required).Evidence; got != policy.EvidenceRequired {
		t.Errorf("with a decision that does not say, evidence is %s", got)
	}
	if got := required.Stricter(policy.Decision{Action: policy.Allow, Evidence: policy.EvidenceReported}).Evidence; got != policy.EvidenceRequired {
		t.Errorf("with one that allows, evidence is %s", got)
	}
}

// A change can have evidence asked for, and cannot have it told no more.
func TestAChangeCannotLoosenEvidence(t *testing.T) {
	policyWith := func(evidence string) *policy.Policy {
		return parse(t, "version: 1\nrules: [{entitlement: a, action: require-justification, overridable: true, evidence: "+evidence+"}]\n")
	}
	for _, tt := range []struct {
		head, base string
		want       policy.Evidence
	}{
		{"off", "required", policy.EvidenceRequired},
		{"required", "off", policy.EvidenceRequired},
		{"off", "reported", policy.EvidenceReported},
		{"off", "off", policy.EvidenceOff},
	} {
		judge, _ := policy.Trusted(policyWith(tt.head), policyWith(tt.base), nil)
		if got := judge.Decide(&judge.Stages[0], nil, "a").Evidence; got != tt.want {
			t.Errorf("%s in a change to %s: %s, want %s", tt.head, tt.base, got, tt.want)
		}
	}
}

func TestEvidentKeysAreDocumentedByApple(t *testing.T) {
	for _, key := range policy.EvidentKeys() {
		if _, ok := entitlement.Lookup(key); !ok {
			t.Errorf("%s is not documented", key)
		}
	}
}

// What a policy says of evidence is shown, the default where it is written, and quoted what
// YAML 1.1 takes for a boolean.
func TestEvidenceIsShown(t *testing.T) {
	p := load(t, `
-- top.yml --
version: 1
extends: base.yml
rules:
  - {entitlement: a, action: require-justification, evidence: required}
-- base.yml --
version: 1
binaries: {g: {type: execute, rules: [{entitlement: b, action: require-justification, evidence: off}]}}
stages: {release: {rules: [{entitlement: c, action: require-justification, evidence: reported}]}}
`)
	yaml, err := p.YAML()
	if err != nil {
		t.Fatal(err)
	}
	json, err := p.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"evidence: required # top.yml:4\n", "evidence: \"off\" # base.yml:2\n", "evidence: reported # base.yml:3\n"} {
		if !strings.Contains(string(yaml), want) {
			t.Errorf("%q is not in\n%s", want, yaml)
		}
	}
	for _, want := range []string{`"evidence": "required"`, `"evidence": "off"`, `"evidence": "reported"`, `"/rules/0/evidence": {`, `"/binaries/g/rules/0/evidence": {`} {
		if !strings.Contains(string(json), want) {
			t.Errorf("%q is not in\n%s", want, json)
		}
	}
}
