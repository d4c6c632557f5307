package check_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/policy"
)

func TestAudit(t *testing.T) {
	const head = "version: 1\nrules: [{entitlement: com.apple.security.*, action: require-justification}]\nexceptions:\n"
	exception := func(id, owner, expires string) string {
		return fmt.Sprintf("  - {id: %s, entitlement: com.apple.security.cs.allow-jit, applies-to: {identifier: a, team-id: A1B2C3D4E5}, category: other, "+
			"justification: It compiles what people write while they write it., owner: %s, approved-by: b, approved-on: 2026-11-02, expires: %s}\n", id, owner, expires)
	}
	looser := policy.Change{Direction: policy.Looser, Message: "more", Position: policy.Position{File: "policy.yml", Line: 7, Column: 1}}
	for _, test := range []struct {
		name   string
		policy string
		audit  check.Audit
		result check.Result
		want   []string
	}{
		{"a policy that is in order passes, though there is no code", head + exception("E", "a", "2027-04-01"), check.Audit{}, check.Pass, nil},
		{"an exception that has run out fails", head + exception("E", "a", "2026-11-20"), check.Audit{}, check.Fail, []string{`error[expired-exception] E 4: exception "E": expired after 2026-11-20`}},
		{"one that will soon is told once", head + exception("E", "a", "2026-12-05"), check.Audit{}, check.Pass, []string{`warning[exception-expires-soon] E 4: exception "E": expires after 2026-12-05, in 12 days`}},
		{"one that approves nothing fails", head + exception("E", "''", "2027-04-01"), check.Audit{}, check.Fail, []string{`error[invalid-exception] E 4: exception "E": owner is missing`}},
		{"what lint warns of is told", "version: 1\nrules: [{entitlement: com.apple.security.cs.alow-jit, action: deny}]\n", check.Audit{}, check.Pass, []string{
			`warning[policy-remark]  2: the rule for "com.apple.security.cs.alow-jit" names nothing that Apple documents: did you mean com.apple.security.cs.allow-jit?`,
		}},
		{"no policy fails", head + "  []\n", check.Audit{Missing: "there is none"}, check.Fail, []string{"error[missing-policy]  0: there is none"}},
		{"no policy where none is asked for", head + "  []\n", check.Audit{Missing: "there is none", Level: policy.Note}, check.Pass, []string{"note[missing-policy]  0: there is none"}},
		{"more than the baseline fails", head + "  []\n", check.Audit{Baseline: "base.yml", Beyond: []policy.Change{looser}}, check.Fail, []string{"error[beyond-baseline]  7: permits more than base.yml: more"}},
		{"that another row judges it is told", head + "  []\n", check.Audit{Same: "acme/new"}, check.Pass, []string{"note[policy-remark]  0: it is the same repository as acme/new, which is judged under that name"}},
		{"another name is told", head + "  []\n", check.Audit{Was: []string{"acme/old"}}, check.Pass, []string{"note[policy-remark]  0: the audit lists the repository as acme/old, which is the name that it had"}},
		{"of a release of which nothing is judged nothing passes", head + "  []\n", check.Audit{NoAssets: "v1"}, check.Unreadable, []string{"error[no-binaries]  0: the latest release, v1, has no asset that is to be looked at"}},
		{
			"nor of one that has to have a policy, and has none", head + "  []\n",
			check.Audit{NoAssets: "v1", Missing: "there is none", Level: policy.Error},
			check.Unreadable,
			[]string{"error[no-binaries]  0: the latest release, v1, has no asset that is to be looked at", "error[missing-policy]  0: there is none"},
		},
		{
			"a release of what need not have a policy may be for another system", head + "  []\n",
			check.Audit{NoAssets: "v1", Missing: "there is none", Level: policy.Note},
			check.Pass,
			[]string{"note[missing-policy]  0: there is none", "note[policy-remark]  0: the latest release, v1, has no asset that is to be looked at"},
		},
		{"a file that is no code is noted", head + "  []\n", check.Audit{NoCode: []string{"a.entitlements"}}, check.Pass, []string{"note[policy-remark]  0: an .entitlements file among the assets, which is no code"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := policy.Parse("policy.yml", []byte(test.policy))
			if err != nil {
				t.Fatal(err)
			}
			at, err := policy.ParseDate("2026-11-23")
			if err != nil {
				t.Fatal(err)
			}
			stage, err := p.Stage(policy.DefaultStage)
			if err != nil {
				t.Fatal(err)
			}
			a := test.audit
			if len(a.Beyond)+len(a.Missing)+len(a.Was)+len(a.Same)+len(a.NoAssets) == 0 {
				a.Remarks = policy.Lint(p, at)
			}
			r := check.Evaluate(check.Input{Policy: p, Stage: stage, At: at, Audit: &a})
			var got []string
			for _, f := range r.Findings {
				id := ""
				if f.Exception != nil {
					id = f.Exception.ID
				}
				got = append(got, fmt.Sprintf("%s[%s] %s %d: %s", f.Level, f.Rule, id, f.Position.Line, f.Message))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if r.Result() != test.result {
				t.Errorf("it comes to %s", r.Result())
			}
		})
	}
}

func TestMuchThatIsBeyondABaselineIsTold(t *testing.T) {
	p, err := policy.Parse("policy.yml", []byte("version: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	a := &check.Audit{Baseline: "base.yml"}
	for i := range 1000 {
		a.Beyond = append(a.Beyond, policy.Change{Message: fmt.Sprint(i), Position: policy.Position{File: "policy.yml", Line: i + 1}})
	}
	r := check.Evaluate(check.Input{Policy: p, Stage: &p.Stages[0], Audit: a})
	if n := len(r.Findings); n != 21 || r.Findings[0].Message != "permits more than base.yml in 980 more ways" {
		t.Errorf("%d findings, the first of which is %q", n, r.Findings[0].Message)
	}
}

func TestHowAnApprovalIsProven(t *testing.T) {
	const ex = "exceptions:\n  - {id: E, entitlement: a, applies-to: {identifier: a}, approved-by: %s, approved-on: 2026-11-02}\n"
	for _, test := range []struct {
		name, accept, by string
		merged           bool
		want             []policy.Way
	}{
		{"who approved it is said", "fields", "b", true, []policy.Way{policy.Fields}},
		{"nobody is said to have", "fields", "[]", true, nil},
		{"it is merged", "[base, review]\n  review-teams: a/b", "[]", true, []policy.Way{policy.Base, policy.Review}},
		{"whether it is merged is not known", "base", "b", false, nil},
		{"nobody looked at signatures", "[base, signed]\n  allowed-signers: x", "b", true, []policy.Way{policy.Base}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := policy.Parse("policy.yml", fmt.Appendf(nil, "version: 1\napprovals:\n  accept: %s\n"+ex, test.accept, test.by))
			if err != nil {
				t.Fatal(err)
			}
			r := check.Evaluate(check.Input{Policy: p, Stage: &p.Stages[0], Merged: test.merged, Audit: &check.Audit{}})
			if diff := cmp.Diff(test.want, r.Exceptions[0].ProvenBy); diff != "" {
				t.Error(diff)
			}
		})
	}
}
