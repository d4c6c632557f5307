package report

import (
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/policy"
)

func TestDraftDescribesWhatIsClaimed(t *testing.T) {
	denied := pgctl(t)
	denied.Findings = append(denied.Findings, check.Finding{
		Rule: check.RuleDenied, Level: policy.Error, Paths: []string{"bin/\x1b[31mtool"}, Entitlement: getTask,
	}, check.Finding{Rule: check.RuleUnapproved, Level: policy.Error, Paths: []string{"bin/tool"}, Entitlement: "com.apple.security.cs.*"})
	unproven := pgctl(t)
	unproven.Binaries[0].Slices[0].Signature.Authentication = nil
	quiet := clean(t)
	quiet.Policy = "preset:hardened-runtime"
	for name, r := range map[string]*check.Report{"draft": denied, "draft-unproven": unproven, "draft-quiet": quiet} {
		src, n, err := Draft(r, "build/ and\nmore")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p, err := policy.Parse(name, src)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(p.Exceptions) != n || len(p.Extends) != 1 {
			t.Errorf("%s: %d exceptions of %d, extends %v", name, len(p.Exceptions), n, p.Extends)
		}
		for _, e := range p.Exceptions {
			if len(e.Defects(policy.Terms{MinJustification: 40, MaxLifetime: 365}, r.At)) != 6 {
				t.Errorf("%s: %s approves something", name, e.ID)
			}
		}
		golden(t, name+".yml", src)
	}
}

func TestDraftLeavesOutWhatNoPolicyCanHold(t *testing.T) {
	r := hostile(t)
	r.Policy, r.Stage = "preset:hardened-runtime", "release"
	src, _, err := Draft(r, strings.Repeat("\u202e##[error]", 3))
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(string(src), "\u202e\x1b") {
		t.Errorf("%q", src)
	}
}
