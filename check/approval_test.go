package check_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/check"
)

// An exception counts when one of the ways that the policy accepts proves its
// approval.
func TestOneAcceptedWayProvesAnApproval(t *testing.T) {
	signed := []approval.Status{{Needed: 1, Signers: []string{"alice@acme.example"}}}
	lacking := []approval.Status{{Needed: 2, Signers: []string{"alice@acme.example"}, Signatures: []approval.Signature{
		{Principals: "alice@acme.example"}, {Problem: approval.OtherText, Detail: "is of another text"},
	}}}
	const nobodyLooked = "EXC-1 approves nothing: signatures: nobody looked at them"
	const one = "EXC-1 approves nothing: signatures: 1 of 2 that are needed (alice@acme.example); signature 2 is of another text"
	const unknown = "it counts as it stands in the branch that the change is to be merged into, and that is not known here"
	const notReviewed = "it counts once the pull request that brings it is approved, and that is not known here"
	for _, tt := range []struct {
		name   string
		accept string
		signed []approval.Status
		merged bool
		want   []string
	}{
		{"fields", "fields", nil, false, nil},
		{"signed", "signed", signed, false, nil},
		{"signed, and too few have", "signed", lacking, false, []string{one}},
		{"signed, and nobody looked", "signed", nil, false, []string{nobodyLooked}},
		{"base", "base", nil, true, nil},
		{"base, and it is not known", "base", signed, false, []string{"EXC-1 approves nothing: " + unknown}},
		{"both, and it is signed", "base, signed", signed, false, nil},
		{"both, and it is merged", "signed, base", lacking, true, nil},
		{"both, and neither", "signed, base", lacking, false, []string{one + "; and " + unknown}},
		{"review, of what is merged, or was approved", "review", nil, true, nil},
		{"review, and it is not known", "review", nil, false, []string{"EXC-1 approves nothing: " + notReviewed}},
		{"signed or review, and neither", "signed, review", lacking, false, []string{one + "; and " + notReviewed}},
		{"signed or review, and it is merged", "signed, review", lacking, true, nil},
		{"a status that is not of this policy", "signed", []approval.Status{}, false, []string{nobodyLooked}},
		{"in a way that is not known", "", signed, false, []string{"EXC-1 approves nothing: the policy accepts approvals in a way that is not known: word"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			accept := tt.accept
			if accept == "" {
				accept = "fields"
			}
			teams := ""
			if strings.Contains(accept, "review") {
				teams = ", review-teams: acme/security"
			}
			p := parse(t, fmt.Sprintf("version: 1\napprovals: {accept: [%s], allowed-signers: allowed_signers%s}\nexceptions:", accept, teams)+complete("EXC-1", jit, "identifier: com.acme.app"))
			if tt.accept == "" {
				p.Approvals.Accept[0] = "word"
			}
			in := input(t, p, "release", binary(t, "Acme", hardened(jit, true).Bytes()))
			in.Signed, in.Merged = tt.signed, tt.merged
			r := check.Evaluate(in)
			var got []string
			for _, f := range r.Findings {
				got = append(got, f.Message)
				if f.Rule != check.RuleInvalidException || f.Position.File == "" || f.Exception == nil {
					t.Errorf("finding %v", f)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			if got := r.Exceptions[0].Signed; (got != nil) != (len(tt.signed) > 0) {
				t.Errorf("the report has the status %v", got)
			}
			if use := r.Exceptions[0].Use; use != check.Used {
				t.Errorf("the exception is %s", use)
			}
		})
	}
}

// What is missing is told beside what the signatures lack, each at its line.
func TestDefectsAreToldBesideTheLackOfSignatures(t *testing.T) {
	p := parse(t, "version: 1\npolicy-id: acme\napprovals: {accept: signed, allowed-signers: allowed_signers}\nexceptions:\n"+
		"  - id: EXC-1\n    entitlement: "+jit+"\n    applies-to: {identifier: com.acme.app}\n    category: drm\n    signatures: [x]\n"+
		"    justification: V8 in the renderer compiles JavaScript; jitless mode costs 6x on the editor benchmark.\n    owner: b\n    expires: 2027-04-30\n    approved-by: alice\n")
	in := input(t, p, "release", binary(t, "Acme", hardened(jit, true).Bytes()))
	in.Signed = []approval.Status{{Needed: 1, Err: errors.New("nothing can be verified")}}
	var got []string
	for _, f := range check.Evaluate(in).Findings {
		got = append(got, fmt.Sprintf("%d: %s (%s)", f.Position.Line, f.Message, f.Hint))
	}
	want := []string{
		"5: EXC-1 approves nothing: approved-on is missing (an exception holds when its owner, approver, category, dates and justification are all there)",
		"9: EXC-1 approves nothing: nothing can be verified (have it signed with codewarrant approve EXC-1; codewarrant approvals tells who has signed what)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
