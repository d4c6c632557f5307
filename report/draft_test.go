package report

import (
	"slices"
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
	impossible := clean(t)
	impossible.Policy = "preset:hardened-runtime"
	impossible.Findings = append(impossible.Findings, check.Finding{Rule: check.RuleUnapproved, Level: policy.Error, Paths: []string{"bin/tool"}, Entitlement: "com.apple.security.cs.*"})
	quiet := clean(t)
	quiet.Policy = "preset:hardened-runtime"
	for name, r := range map[string]*check.Report{"draft": denied, "draft-unproven": unproven, "draft-quiet": quiet, "draft-impossible": impossible} {
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

// The team of the app itself must not be missing from what would reject all others.
func TestDraftNamesTheTeamsThatAreClaimedAndNotProven(t *testing.T) {
	for _, tt := range []struct{ name, team, want string }{
		{"another team", "A1B2C3D4E5", `# Slices that do not prove who signed them: 1. Teams that these name, and nothing proves:
# A1B2C3D4E5. When all prove it, this lets nobody else sign:
# stages:
#   release:
#     team-ids: [26QKX55P9K, A1B2C3D4E5]
`},
		{"no team", "", `# Slices that do not prove who signed them: 1. Of these slices name no team: 1; add the one that
# will sign them. When all prove it, this lets nobody else sign:
# stages:
#   release:
#     team-ids: [26QKX55P9K]
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := pgctl(t)
			s := r.Binaries[0].Slices[0].Signature
			s.Authentication, s.Directories = nil, slices.Clone(s.Directories)
			for i := range s.Directories {
				s.Directories[i].TeamID = tt.team
			}
			src, _, err := Draft(r, "build")
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(src), tt.want) {
				t.Errorf("%s", src)
			}
		})
	}
}

func TestDraftExplainsAnEntitlementOnce(t *testing.T) {
	r := pgctl(t)
	for i := range r.Findings {
		if f := r.Findings[i]; f.Rule == check.RuleUnapproved {
			f.Suggestion = strings.Replace(f.Suggestion, "- id: EXC-", "- id: EXC-AGAIN-", 1)
			r.Findings = append(r.Findings, f)
			break
		}
	}
	src, _, err := Draft(r, "build")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(src), "# See EXC-2026-001 for what it permits."); got != 1 {
		t.Errorf("%d references in %s", got, src)
	}
}
