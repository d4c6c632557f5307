package report

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/codewarrant/codewarrant/policy"
)

func TestADiffIsWhatItsSchemaSays(t *testing.T) {
	d := &Diff{
		From: &policy.Policy{Name: "old.yml", SHA256: policySHA},
		To: &policy.Policy{Name: "new.yml", SHA256: policySHA, Sources: []policy.Source{
			{Location: policy.Location{Path: "new.yml"}, SHA256: policySHA}, {Location: policy.Location{Preset: "strict"}, SHA256: policySHA},
		}},
		Changes: []policy.Change{
			{Direction: policy.Looser, Subject: "rule", Entitlements: []string{allowJIT}, Stages: []string{"release"}, Message: allowJIT + ": allow, was deny", Position: policy.Position{File: "new.yml", Line: 3, Column: 5}},
			{Direction: policy.Stricter, Subject: "signer", Name: "alice", Message: "alice may no longer sign", Position: policy.Position{File: "allowed_signers", Line: 1, Column: 1}},
			{Direction: policy.Neutral, Subject: "setting", Name: "policy-id", Message: "policy-id is a, was b", Position: policy.Position{File: "new.yml"}},
		},
	}
	const file = "../schema/policy-diff.v1.schema.json"
	holds(t, file, asValue(t, func(w io.Writer) error { return DiffJSON(w, d, "1.0.0") }))
	s := compile(t, file)
	for _, subject := range policy.Subjects() {
		d.Changes[0].Subject = subject
		if err := s.Validate(asValue(t, func(w io.Writer) error { return DiffJSON(w, d, "1.0.0") })); err != nil {
			t.Error(err)
		}
	}
	d.Changes[0].Subject = "other"
	if s.Validate(asValue(t, func(w io.Writer) error { return DiffJSON(w, d, "1.0.0") })) == nil {
		t.Error("any subject is taken")
	}
}

func TestRemarksOnAPolicyAreWhatTheirSchemaSays(t *testing.T) {
	l := &Lint{
		Policy: &policy.Policy{Name: "policy.yml", SHA256: policySHA, Sources: []policy.Source{
			{Location: policy.Location{Path: "policy.yml"}, SHA256: policySHA}, {Location: policy.Location{Preset: "strict"}, SHA256: policySHA},
		}},
		At: date(t, "2026-11-02"),
		Remarks: []policy.Remark{
			{Level: policy.Error, Exception: "E", Field: "expires", Message: "it has expired", Position: policy.Position{File: "policy.yml", Line: 3, Column: 5}},
			{Level: policy.Warning, Message: "a rule decides nothing", Position: policy.Position{File: "policy.yml"}},
			{Level: policy.Note, Message: "no policy-id"},
		},
	}
	const file = "../schema/lint.v1.schema.json"
	_, errs := policy.Parse("policy.yml", []byte("version: 2\nrules: [{}]"))
	var why policy.Errors
	if !errors.As(errs, &why) {
		t.Fatal(errs)
	}
	invalid := &Lint{Policy: policy.Named("policy.yml", nil), Invalid: true, At: l.At, Remarks: why.Remarks()}
	holds(t, file, asValue(t, func(w io.Writer) error { return LintJSON(w, l, "1.0.0") }),
		asValue(t, func(w io.Writer) error { return LintJSON(w, invalid, "1.0.0") }))
	l.Remarks[0].Level = "fatal"
	if compile(t, file).Validate(asValue(t, func(w io.Writer) error { return LintJSON(w, l, "1.0.0") })) == nil {
		t.Error("any level is taken")
	}
}

// What policy show prints is a policy as well, whatever was merged into it.
func TestAShownPolicyIsWhatItsSchemaSays(t *testing.T) {
	var shown []any
	show := func(p *policy.Policy) {
		b, err := p.JSON()
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		shown = append(shown, v)
	}
	for _, name := range policy.PresetNames() {
		p, err := policy.Load(policy.Location{Preset: name}, nil)
		if err != nil {
			t.Fatal(err)
		}
		show(p)
	}
	full, err := os.ReadFile("../testdata/policy/full.yml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse("full.yml", full)
	if err != nil {
		t.Fatal(err)
	}
	show(p)
	files := map[string]string{
		"top.yml": `version: 1
policy-id: acme/desktop
extends: [preset:hardened-runtime, base.yml]
approvals: {accept: signed}
binaries: {engine: {identifier: com.acme.engine, require: a, stages: {release: {require: valid}}}}
rules: [{entitlement: a, action: deny, level: warning}]
exceptions:
  - {id: E, entitlement: b, values: [true, [a, {k: 1}]], applies-to: {binaries: [engine, tools]}, approved-on: 2026-11-02}
`,
		"base.yml": `version: 1
settings: {overridable: true}
approvals: {accept: [base, signed], allowed-signers: signers, threshold: 2}
stages: {release: {require: [developer-id], team-ids: [A1B2C3D4E5], min-runtime-version: "13.0", overridable: true}, development: {}}
binaries: {tools: {path: bin/*, exactly: []}}
rules: [{entitlement: "b*", action: require-justification, max-lifetime: 30d, categories: [drm], evidence: required}]
`,
	}
	p, err = policy.Load(policy.Location{Path: "top.yml"}, func(l policy.Location) ([]byte, error) { return []byte(files[l.Path]), nil })
	if err != nil {
		t.Fatal(err)
	}
	show(p)
	holds(t, "../schema/policy-show.v1.schema.json", shown...)
}
