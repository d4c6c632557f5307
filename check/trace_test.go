package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/policy"
)

// traced writes what a trace says of each rule and exception in short.
func traced(x check.Trace) string {
	var parts []string
	for _, c := range x.Rules {
		if c.Decides {
			parts = append(parts, string(c.Pattern)+" decides")
		}
	}
	for _, c := range x.Exceptions {
		parts = append(parts, fmt.Sprintf("%s mismatches %d defects %d expired %v approves %v", c.ID, len(c.Mismatches), len(c.Defects), c.Expired, c.Approves))
	}
	for _, s := range x.Elsewhere {
		parts = append(parts, fmt.Sprintf("%s says %s", s.Stage, s.Action))
	}
	return strings.Join(parts, "; ")
}

func TestATraceTellsHowAVerdictCameAbout(t *testing.T) {
	const head = "version: 1\nsettings: {unlisted: allow}\nrules:\n  - {entitlement: com.apple.security.cs.*, action: require-justification}\n"
	expired := strings.Replace(complete("OLD", jit, "identifier: com.acme.app"), "2027-04-30", "2026-11-22", 1)
	for _, row := range []struct {
		name, policy string
		claims       []any
		verdict      check.Verdict
		want         string
	}{
		{
			"of two exceptions that hold the longer one approves",
			head + "exceptions:" + complete("E1", jit, "identifier: com.acme.app") + strings.Replace(complete("E2", jit, "arch: arm64"), "2027-04-30", "2027-05-30", 1),
			[]any{jit, true},
			check.Approved,
			"com.apple.security.cs.* decides; E1 mismatches 0 defects 0 expired false approves false; E2 mismatches 0 defects 0 expired false approves true; development says require-justification",
		},
		{
			"an exception that ran out, and one for something else",
			head + "exceptions:" + expired + complete("E2", jit, "identifier: com.acme.other, arch: x86_64"),
			[]any{jit, true},
			check.Unapproved,
			"com.apple.security.cs.* decides; OLD mismatches 0 defects 0 expired true approves false; E2 mismatches 2 defects 0 expired false approves false; development says require-justification",
		},
		{
			"what no rule names", head + "exceptions:" + complete("E1", "x", "arch: x86_64"),
			[]any{"x", true},
			check.Allowed,
			"E1 mismatches 1 defects 0 expired false approves false; development says allow",
		},
		{
			"a value of false", head, []any{jit, false}, check.NotGranted, "com.apple.security.cs.* decides; development says require-justification",
		},
		{
			"what is not claimed, whatever the value", head + "exceptions:" + strings.Replace(complete("E1", jit, "arch: arm64"), "category:", "value: 1\n    category:", 1),
			nil, "",
			"com.apple.security.cs.* decides; E1 mismatches 0 defects 0 expired false approves false; development says require-justification",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := input(t, parse(t, row.policy), "release", binary(t, "x", hardened(row.claims...).Bytes()))
			in.Trace = []string{jit}
			if len(row.claims) > 0 {
				in.Trace = []string{row.claims[0].(string)}
			}
			traces := check.Evaluate(in).Traces
			if len(traces) != 1 {
				t.Fatalf("%d traces", len(traces))
			}
			if diff := cmp.Diff(row.want, traced(traces[0])); diff != "" {
				t.Error(diff)
			}
			if c := traces[0].Claim; (c == nil) != (row.verdict == "") || c != nil && c.Verdict != row.verdict {
				t.Errorf("claim = %+v, want verdict %q", c, row.verdict)
			}
		})
	}
}

func TestATraceTellsThatAGroupIsNotProven(t *testing.T) {
	p := parse(t, `version: 1
binaries:
  engine: {identifier: com.acme.app, rules: [{entitlement: `+jit+`, action: allow}]}
rules:
  - {entitlement: `+jit+`, action: deny}
`)
	adhoc := hardened(jit, true)
	adhoc.Signature.Flags, adhoc.Signature.CMS = machotest.FlagAdHoc|machotest.FlagRuntime, nil
	in := input(t, p, policy.DefaultStage, binary(t, "x", adhoc.Bytes()))
	in.Trace = []string{jit}
	var got []string
	for _, c := range check.Evaluate(in).Traces[0].Rules {
		got = append(got, fmt.Sprintf("%s %v %s", c.Action, c.Decides, c.Why))
	}
	want := []string{
		"allow false nothing proves that the code is in the group, and the policy is stricter with what is not",
		"deny true ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
