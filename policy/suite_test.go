package policy_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

// words are those that a suite is read with here.
var words = policy.Words{
	Rules: []string{"unapproved-entitlement", "expired-exception"}, Verdicts: []string{"approved", "unapproved"},
	Results: []string{"pass", "fail"}, Signed: []string{"developer-id", "ad-hoc"},
}

func TestEveryKeyOfACaseIsRead(t *testing.T) {
	got, err := policy.ParseSuite("full.test.yml", read(t, "../testdata/policy/suite/full.test.yml"), words)
	if err != nil {
		t.Fatal(err)
	}
	groups := entitlement.List(entitlement.Str("group.acme.one"), entitlement.Str("group.acme.two"))
	want := &policy.Suite{
		Name: "full.test.yml", Policy: "codewarrant.yml",
		Cases: []policy.Case{
			{
				Name: "everything that can be given",
				Given: policy.Given{
					Entitlements: entitlement.Set{jit: entitlement.Bool(true), "com.apple.security.application-groups": groups},
					Path:         "Acme.app/Contents/MacOS/Acme", Identifier: "com.acme.app", TeamID: "0123456789",
					Arch: "arm64e", Type: "execute", BundleKind: "app", Version: "3.2.1",
					CDHash: "0123456789012345678901234567890123456789", Signed: "developer-id",
					HardenedRuntime: true, RuntimeVersion: "14.5", Stage: "release", At: day(t, "2026-11-23"),
				},
				Expect: policy.Expectation{
					Result: "fail", IsExact: true,
					Findings: []policy.ExpectedFinding{
						{Rule: "unapproved-entitlement", Entitlement: jit, Level: policy.Error},
						{Rule: "expired-exception", Exception: "EXC-1"},
					},
					Verdicts: []policy.ExpectedVerdict{
						{Entitlement: "com.apple.security.application-groups", Verdict: "approved", Exception: "EXC-2"},
						{Entitlement: jit, Verdict: "unapproved"},
					},
				},
			},
			{
				Name: "as little as can be",
				Given: policy.Given{
					Entitlements: entitlement.Set{}, Path: "program", Arch: "arm64", Type: "execute", Signed: "developer-id",
					SecureTimestamp: true, HardenedRuntime: true, Stage: "release",
				},
				Expect: policy.Expectation{Result: "pass"},
			},
		},
	}
	diff := cmp.Diff(want, got, withoutPlaces, cmpopts.IgnoreFields(policy.Given{}, "Fields"))
	if diff != "" {
		t.Errorf("suite differs (-want +got):\n%s", diff)
	}
}

func TestMistakesInCasesAreErrors(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"no text", "", "x:1:1: the file of cases is empty"},
		{"another version", "version: 2\ncases: []\n", "x:1:10: version must be from 1 to 1"},
		{"two documents", "version: 1\ncases: []\n---\nversion: 1\n", "x:3:1: a second document begins here"},
		{"a policy elsewhere", "version: 1\npolicy: ../codewarrant.yml\ncases: []\n", `x:2:9: policy "../codewarrant.yml": leads out of the policy's folder`},
		{"a preset that is none", "version: 1\npolicy: preset:lax\ncases: []\n", `x:2:9: unknown value "lax" for policy`},
		{"a case without a name", "version: 1\ncases: [{given: {}, expect: pass}]\n", "x:2:9: a case has no name"},
		{"a claim to nothing", "version: 1\ncases: [{name: a, given: {entitlements: {a: }}, expect: pass}]\n", `x:2:45: value is empty`},
		{"a path from the root", "version: 1\ncases: [{name: a, given: {path: /bin/a}, expect: pass}]\n", `x:2:33: path "/bin/a" is inside of the artifact`},
		{"a version of words", "version: 1\ncases: [{name: a, given: {version: new}, expect: pass}]\n", `x:2:36: "new" is not a version`},
		{"no day", "version: 1\ncases: [{name: a, given: {at: ''}, expect: pass}]\n", "x:2:31: at is empty"},
		{"a finding without a rule", "version: 1\ncases: [{name: a, given: {}, expect: {findings: [{level: error}]}}]\n", "x:2:50: a finding has no rule"},
		{"a verdict twice", "version: 1\ncases: [{name: a, given: {}, expect: {verdicts: {a: approved, a: approved}}}]\n", `x:2:63: duplicate key "a", first given on line 2`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := policy.ParseSuite("x", []byte(tt.src), words)
			var errs policy.Errors
			if s != nil || !errors.As(err, &errs) {
				t.Fatalf("ParseSuite = %v, %v", s, err)
			}
			if errs[0].Error() != tt.want {
				t.Errorf("error = %s, want %s", errs[0], tt.want)
			}
		})
	}
}

// FuzzParseSuite holds ParseSuite to its promises: cases or errors with a place, the
// same each time.
func FuzzParseSuite(f *testing.F) {
	for _, file := range glob(f, "../testdata/policy/suite/*.yml") {
		f.Add(read(f, file))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		s, err := policy.ParseSuite("fuzz.yml", src, words)
		_, again := policy.ParseSuite("fuzz.yml", src, words)
		if (s == nil) == (err == nil) {
			t.Fatalf("ParseSuite = %v, %v", s, err)
		}
		if err != nil {
			checkErrors(t, src, err, again)
		}
	})
}
