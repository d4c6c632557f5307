package report

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/policy"
)

// attested is what is said beside a report; a name in it is evil.
func attested() Attestation {
	return Attestation{
		Subjects: []Digest{{"Acme.app.tar.gz", policySHA}, {evil + "\n" + policySHA + "  forged", strings.Repeat("0", 64)}},
		Time:     time.Date(2026, 11, 2, 13, 14, 15, 16, time.FixedZone("", 3600)), Version: "1.0.0",
		Resource:  "git+https://github.com/acme/app@refs/tags/v1.2",
		PolicyURI: "git+https://github.com/acme/app@1111111111111111111111111111111111111111#" + acmePolicy,
	}
}

// notarized is a report of the stage and of what a service demands.
func notarized(t testing.TB) *check.Report {
	r := clean(t)
	r.Preflight, r.Stage = check.Notarization, "pre-release-2"
	return r
}

func TestAttestationIsWhatItsSchemaSays(t *testing.T) {
	all := []*check.Report{clean(t), pgctl(t), acme(t), hostile(t), notarized(t)}
	var values []any
	for _, r := range all {
		if r.PolicySHA256 = policySHA; r.Base != nil {
			r.Base.SHA256 = policySHA
		}
		values = append(values, asValue(t, func(w io.Writer) error { return Statement(w, r, attested()) }))
		alone := asValue(t, func(w io.Writer) error { return Predicate(w, r, attested()) })
		if diff := cmp.Diff(values[len(values)-1].(map[string]any)["predicate"], alone); diff != "" {
			t.Errorf("the predicate alone (-in the statement +alone):\n%s", diff)
		}
	}
	holds(t, "../schema/attestation.v1.schema.json", values...)
}

func TestAttestationGolden(t *testing.T) {
	for name, write := range map[string]func(io.Writer) error{
		"clean.vsa.json": func(w io.Writer) error { return Statement(w, clean(t), attested()) },
		"acme.vsa.json":  func(w io.Writer) error { return Statement(w, acme(t), attested()) },
		"clean.sha256":   func(w io.Writer) error { return Checksums(w, attested()) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
}

func TestOnlyCodeWithoutErrorsIsAttestedToPass(t *testing.T) {
	warned := clean(t)
	warned.Findings = []check.Finding{{Rule: check.RuleUnusedException, Level: policy.Warning}}
	strict := clean(t)
	strict.Findings, strict.FailOn = warned.Findings, policy.FailOnWarning
	never := pgctl(t)
	never.FailOn = policy.FailOnNever
	unread := clean(t)
	unread.Findings = []check.Finding{{Rule: check.RuleUnreadable, Level: policy.Error}}
	for _, tt := range []struct {
		name   string
		report *check.Report
		want   []string
	}{
		{"nothing is found", clean(t), []string{"CODEWARRANT_STAGE_RELEASE"}},
		{"each stage and each service has a level of its own", notarized(t), []string{"CODEWARRANT_STAGE_PRE_RELEASE_2", "CODEWARRANT_PREFLIGHT_NOTARIZATION"}},
		{"there is a warning", warned, []string{"CODEWARRANT_STAGE_RELEASE"}},
		{"there is a warning, and warnings fail", strict, []string{"FAILED"}},
		{"there is an error", pgctl(t), []string{"FAILED"}},
		{"there is an error, and nothing is to fail the run", never, []string{"FAILED"}},
		{"something could not be read", unread, []string{"FAILED"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := predicate(tt.report, attested())
			if diff := cmp.Diff(tt.want, p.VerifiedLevels); diff != "" {
				t.Errorf("levels (-want +got):\n%s", diff)
			}
			if want := map[bool]string{true: "FAILED", false: "PASSED"}[slices.Contains(tt.want, "FAILED")]; p.VerificationResult != want {
				t.Errorf("%s, want %s", p.VerificationResult, want)
			}
		})
	}
}

func TestThePolicyThatIsTrustedIsAttested(t *testing.T) {
	r := clean(t)
	if name, sum, base := Attested(r); name != r.Policy || sum != r.PolicySHA256 || base {
		t.Errorf("%s, %s, %t", name, sum, base)
	}
	r.Base = &check.Base{Ref: "main", Commit: strings.Repeat("1", 40)}
	if name, _, base := Attested(r); name != r.Policy || base {
		t.Errorf("without a policy at the base: %s, %t", name, base)
	}
	r.Base.Policy, r.Base.SHA256 = "base:.github/merged.yml", strings.Repeat("2", 64)
	if name, sum, base := Attested(r); name != ".github/merged.yml" || sum != r.Base.SHA256 || !base {
		t.Errorf("with one: %s, %s, %t", name, sum, base)
	}
}

// Another line of the file would be another subject.
func TestNameOfASubjectIsOnOneLine(t *testing.T) {
	var b bytes.Buffer
	if err := Checksums(&b, attested()); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(b.String(), "\n"); lines != 2 || strings.ContainsAny(b.String(), "\r\u2028\x1b") {
		t.Errorf("%d lines in %q", lines, b.String())
	}
}
