package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/policy"
)

func TestEvaluateTellsOfExceptionsThatAreNotMerged(t *testing.T) {
	const rules = "version: 1\napprovals: {accept: [base]}\nsettings: {unlisted: allow}\nrules:\n  - {entitlement: com.apple.security.cs.*, action: require-justification}\n"
	const none = rules
	one := rules + "exceptions:" + complete("E1", jit, "identifier: com.acme.app")
	wider := strings.Replace(one, "{identifier: com.acme.app}", "{path: '**/*'}", 1)
	for _, tt := range []struct {
		name       string
		base, head string
		claims     []any
		want       []string
		message    string
	}{
		{
			"one that is needed already", none, one,
			[]any{jit, true},
			[]string{"error pending-exception " + jit},
			"E1 covers it, and is not in main yet: would pass after merge",
		},
		{"one that nothing needs yet is not unused", none, one, nil, nil, ""},
		{"one that is merged approves", one, one, []any{jit, true}, nil, ""},
		{"one that is merged and nothing needs is unused", one, one, nil, []string{"error unused-exception " + jit}, ""},
		{"one that is altered approves as it was", one, wider, []any{jit, true}, nil, ""},
		{
			"one that is altered covers more", strings.Replace(one, "com.acme.app", "com.acme.other", 1), one,
			[]any{jit, true},
			[]string{"error pending-exception " + jit},
			"E1 covers it as it is changed here, which is not in main yet: would pass after merge",
		},
		{"one that is altered is not unused", one, wider, nil, nil, ""},
		{"one that is removed approves nothing", one, none, []any{jit, true}, []string{"error unapproved-entitlement " + jit}, ""},
		{
			"one with a defect would not pass after merge either", none, strings.Replace(one, `owner: "@acme/desktop"`, `owner: ""`, 1),
			[]any{jit, true},
			[]string{"error invalid-exception " + jit},
			"E1 approves nothing: owner is missing",
		},
		{
			"a renewal of one that has expired", strings.Replace(one, "2027-04-30", "2026-11-10", 1), one,
			[]any{jit, true},
			[]string{"error pending-exception " + jit},
			"E1 covers it as it is changed here, which is not in main yet: would pass after merge",
		},
		{
			"one that does not cover the claim", none, strings.Replace(one, "com.acme.app", "com.acme.other", 1),
			[]any{jit, true},
			[]string{"error unapproved-entitlement " + jit},
			"claims " + jit + ", which needs a justification, and no exception covers it",
		},
		{
			"one for what base denies", strings.Replace(none, "require-justification", "deny", 1), one,
			[]any{jit, true},
			[]string{"error denied-entitlement " + jit},
			"",
		},
		{
			"rules that are laxer do not count", none, strings.Replace(none, "require-justification", "allow", 1),
			[]any{jit, true},
			[]string{"error unapproved-entitlement " + jit},
			"",
		},
		{
			"rules that are stricter do", strings.Replace(none, "require-justification", "allow", 1), none,
			[]any{jit, true},
			[]string{"error unapproved-entitlement " + jit},
			"",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base, err := policy.Parse("base:codewarrant.yml", []byte(tt.base))
			if err != nil {
				t.Fatal(err)
			}
			judge, pending := policy.Trusted(parse(t, tt.head), base, nil)
			in := input(t, judge, "release", binary(t, "Acme", hardened(tt.claims...).Bytes()))
			in.Pending, in.Merged, in.Base = pending, true, &check.Base{Ref: "main", Policy: base.Name}
			r := check.Evaluate(in)
			if diff := cmp.Diff(tt.want, lines(r)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if tt.message != "" && (len(r.Findings) == 0 || r.Findings[0].Message != tt.message) {
				t.Errorf("findings are %+v, want one that says %q", r.Findings, tt.message)
			}
			if len(r.Pending) != len(pending) {
				t.Errorf("%d pending exceptions are reported, want %d", len(r.Pending), len(pending))
			}
		})
	}
}

func TestEvaluateTellsWhatItDoesNotKnowOfTheBase(t *testing.T) {
	p := parse(t, "version: 1\nexceptions:"+complete("E1", jit, "identifier: com.acme.app"))
	judge, pending := policy.Trusted(p, nil, nil)
	in := input(t, judge, "release", binary(t, "Acme", hardened(jit, true).Bytes()))
	in.Pending, in.Merged, in.Base = pending, true, &check.Base{}
	r := check.Evaluate(in)
	if diff := cmp.Diff([]string{"error pending-exception " + jit}, lines(r)); diff != "" {
		t.Error(diff)
	}
	if f := r.Findings[0]; !strings.Contains(f.Hint, "--base origin/main") || f.Position != pending[0].Position {
		t.Errorf("finding %+v", f)
	}

	in = input(t, p, "release", binary(t, "Acme", hardened(jit, true).Bytes()))
	in.Base = &check.Base{Ref: "main"}
	if diff := cmp.Diff([]string{"warning untrusted-policy"}, lines(check.Evaluate(in))); diff != "" {
		t.Error(diff)
	}
}

func TestEvaluateLeavesPendingExceptionsOutWithTheOthers(t *testing.T) {
	p := parse(t, "version: 1\nexceptions:"+complete("E1", jit, "identifier: com.acme.app"))
	judge, pending := policy.Trusted(p, nil, nil)
	in := input(t, judge, "release", binary(t, "Acme", hardened(jit, true).Bytes()))
	in.Pending, in.Base, in.NoExceptions = pending, &check.Base{}, true
	r := check.Evaluate(in)
	if diff := cmp.Diff([]string{"error unapproved-entitlement " + jit}, lines(r)); diff != "" || len(r.Pending) > 0 {
		t.Errorf("%s\npending: %+v", diff, r.Pending)
	}
}

func TestEvaluateTellsOfAPolicyThatLetsMorePass(t *testing.T) {
	in := input(t, parse(t, "version: 1\n"), "release", binary(t, "Acme", hardened().Bytes()))
	in.Base = &check.Base{Ref: "main", Policy: "base:codewarrant.yml"}
	for i := range 7 {
		in.Looser = append(in.Looser, policy.Change{Message: fmt.Sprintf("change %d", i)})
	}
	r := check.Evaluate(in)
	if diff := cmp.Diff([]string{"warning untrusted-policy"}, lines(r)); diff != "" {
		t.Fatal(diff)
	}
	const want = "lets more pass than the policy of main, once it is merged: change 0; change 1; change 2; change 3; change 4; and 2 more"
	if f := r.Findings[0]; f.Message != want || f.Position.File != in.Policy.Name {
		t.Errorf("finding %+v", f)
	}
}
