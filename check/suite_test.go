package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/policy"
)

// suite reads the cases of a file that begins with its list.
func suite(t *testing.T, cases string) *policy.Suite {
	t.Helper()
	s, err := policy.ParseSuite("x.test.yml", []byte("version: 1\ncases:\n"+cases), check.SuiteWords())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestACaseIsJudgedAsCodeIs(t *testing.T) {
	p := parse(t, `version: 1
settings: {unlisted: allow}
stages:
  release: {require: [signed, hardened-runtime, secure-timestamp, developer-id], team-ids: [A1B2C3D4E5], min-runtime-version: "13.0"}
  development: {require: []}
binaries:
  engine: {bundle-kind: xpc, require: [`+jit+`]}
rules:
  - {entitlement: com.apple.security.cs.*, action: require-justification}
  - {entitlement: com.apple.security.get-task-allow, action: deny}
exceptions:`+complete("E-OLD", jit, "versions: <3")+complete("E-PIN", jit, "cdhash: 0123456789012345678901234567890123456789")+
		complete("E-UNUSED", unsigned, "team-id: A1B2C3D4E5"))
	const right = "team-id: A1B2C3D4E5, runtime-version: '14.5'"
	for _, row := range []struct {
		name, given, expect string
		want                string // differences; empty: it passes
	}{
		{"code that is as the stage demands", right, "pass", ""},
		{"an unused exception is no finding", right, "{findings: []}", ""},
		{"an unused exception that is expected is one", right, "{findings: [{rule: unused-exception, exception: E-UNUSED}]}", ""},
		{"a claim that nothing approves", right + ", entitlements: {" + jit + ": true}", "{findings: [{rule: unapproved-entitlement, level: error}], verdicts: {" + jit + ": unapproved}}", ""},
		{"a version of a bundle", right + ", version: 2.9, bundle-kind: app, entitlements: {" + jit + ": true}", "{verdicts: {" + jit + ": {verdict: approved, exception: E-OLD}}}", ""},
		{"a version of a tool", right + ", version: 2.9, entitlements: {" + jit + ": true}", "pass", ""},
		{"a cdhash", right + ", cdhash: 0123456789012345678901234567890123456789, entitlements: {" + jit + ": true}", "{verdicts: {" + jit + ": {verdict: approved, exception: E-PIN}}}", ""},
		{"a day on which it has run out", right + ", version: 2, at: 2027-05-01, entitlements: {" + jit + ": true}", "{findings: [{rule: expired-exception}]}", ""},
		{"a group that has to claim it", right + ", bundle-kind: xpc", "{findings: [{rule: missing-entitlement, entitlement: " + jit + "}]}", ""},
		{"no hardened runtime", right + ", hardened-runtime: false", "{findings: [{rule: no-hardened-runtime}]}", ""},
		{"a library needs none", "team-id: A1B2C3D4E5, hardened-runtime: false, type: dylib", "pass", ""},
		{"an early version of it", "team-id: A1B2C3D4E5, runtime-version: '11.0'", "{findings: [{rule: unmet-requirement}]}", ""},
		{"no timestamp", right + ", secure-timestamp: false", "{findings: [{rule: unmet-requirement}]}", ""},
		{"a certificate of another kind", right + ", signed: apple-distribution", "{findings: [{rule: unmet-requirement}]}", ""},
		{"another team", "team-id: Z, runtime-version: '14.5'", "{findings: [{rule: team-not-allowed}]}", ""},
		{"a signer whom Apple does not know", right + ", signed: untrusted", "{result: fail, findings: [{rule: untrusted-signer}, {rule: team-not-allowed}, {rule: unmet-requirement}, {rule: unmet-requirement}]}", ""},
		{"no signer", right + ", signed: ad-hoc, stage: development", "{findings: []}", ""},
		{"no signature", "signed: unsigned", "{findings: [{rule: unsigned, level: error}]}", ""},
		{"no signature in development", "signed: unsigned, stage: development", "{result: pass, findings: [{rule: unsigned, level: note}]}", ""},

		{"what was expected to pass and fails", right + ", entitlements: {com.apple.security.get-task-allow: true}", "pass", "" +
			"- result pass\n+ result fail\n+ finding error denied-entitlement com.apple.security.get-task-allow: claims com.apple.security.get-task-allow, which the rule for com.apple.security.get-task-allow denies"},
		{"what was expected to fail and passes", right, "fail", "- result fail\n+ result pass"},
		{"findings that are not there", right, "{findings: [{rule: unsigned}, {rule: denied-entitlement, level: warning, exception: E}]}", "- finding warning denied-entitlement E\n- finding unsigned"},
		{"a finding of another level", "signed: unsigned, stage: development", "{findings: [{rule: unsigned, level: error}]}", "- finding error unsigned\n+ finding note unsigned: the code (execute) is not signed"},
		{"a verdict on what is not claimed", right, "{verdicts: {a: allowed}}", "- a: allowed\n+ a: not claimed"},
		{"another verdict", right + ", entitlements: {a: false}", "{verdicts: {a: allowed}}", "- a: allowed\n+ a: not-granted"},
		{"another exception", right + ", version: 1, entitlements: {" + jit + ": true}", "{verdicts: {" + jit + ": {verdict: approved, exception: E-PIN}}}", "- " + jit + ": approved by E-PIN\n+ " + jit + ": approved by E-OLD"},
		{"the one that says more takes what only it can", right + ", entitlements: {" + jit + ": true, " + unsigned + ": 1}", "" +
			"{findings: [{rule: unapproved-entitlement}, {rule: redundant-entitlement}, {rule: unapproved-entitlement, entitlement: " + jit + "}, {rule: unexpected-value}]}", "- finding unapproved-entitlement"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := suite(t, fmt.Sprintf("  - {name: case, given: {%s}, expect: %s}\n", row.given, row.expect))
			r, err := check.RunCase(check.Input{Policy: p, At: day(t, "2026-11-23")}, &s.Cases[0])
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range r.Missing {
				got = append(got, "- "+m)
			}
			for _, i := range r.Instead {
				got = append(got, "+ "+i)
			}
			if diff := cmp.Diff(row.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("differences (-want +got):\n%s\n%+v", diff, lines(r.Report))
			}
			if r.Passed() != (row.want == "") {
				t.Errorf("passed: %v", r.Passed())
			}
		})
	}
}

func TestCoverageNamesWhatNoCaseExercises(t *testing.T) {
	p := parse(t, `version: 1
stages:
  release: {rules: [{entitlement: a, action: allow}]}
binaries:
  g: {type: dylib, rules: [{entitlement: b, action: allow}]}
rules:
  - {entitlement: c, action: deny}
  - {entitlement: d, action: require-justification}
  - {entitlement: e, action: allow}
exceptions:`+complete("USED", "d", "arch: arm64")+complete("IDLE", "d", "arch: x86_64"))
	s := suite(t, `  - {name: one, given: {entitlements: {a: true, d: true, e: false}}, expect: pass}
  - {name: two, given: {type: dylib, entitlements: {b: true}}, expect: pass}
`)
	var covered check.Coverage
	for i := range s.Cases {
		r, err := check.RunCase(check.Input{Policy: p, At: day(t, "2026-11-23")}, &s.Cases[i])
		if err != nil {
			t.Fatal(err)
		}
		covered.Add(r)
	}
	var got []string
	for _, u := range covered.Untested(p) {
		if u.Exception != nil {
			got = append(got, u.Exception.ID)
		} else {
			got = append(got, string(u.Rule.Entitlements[0]))
		}
	}
	if diff := cmp.Diff([]string{"c", "e", "IDLE"}, got); diff != "" {
		t.Error(diff)
	}
}
