package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/policy"
)

// signing says in one word how a slice is signed: as of [codesign.Signature.Signing],
// or unsigned, or unreadable.
func signing(s check.Slice) string {
	switch {
	case s.Err != nil || s.SignatureErr != nil:
		return "unreadable"
	case s.Signature == nil:
		return "unsigned"
	}
	return s.Signature.Signing()
}

// shortSHA is how many digits of a commit are enough for people.
const shortSHA = 12

// manner says what was accepted, left out or added by the choices of who ran the
// check, and by whose policy it was judged. Names go through quote.
func manner(r *check.Report, quote func(string) string) []string {
	var list []string
	if r.Stage == policy.Development {
		list = append(list, "which accepts code that is not authenticated")
	}
	if r.Slots {
		list = append(list, "without a look at pages and signers, nor at what bundles seal")
	}
	if r.Preflight != "" {
		list = append(list, "with a preflight for "+string(r.Preflight))
	}
	if r.NoExceptions {
		list = append(list, "without its exceptions")
	}
	switch b := r.Base; {
	case b == nil:
	case b.Ref == "":
		list = append(list, "without a base, in which its exceptions would count")
	case b.Policy == "":
		list = append(list, fmt.Sprintf("with a policy that %s at %s does not have yet", quote(b.Ref), quote(cut(b.Commit, shortSHA, ""))))
	default:
		list = append(list, fmt.Sprintf("judged by %s at %s", quote(b.Ref), quote(cut(b.Commit, shortSHA, ""))))
	}
	return list
}

// ticket reports whether a notarization ticket is stapled to an outermost bundle,
// nil for a binary that is not the main executable of one: tickets are stapled to
// what is handed out.
func ticket(b check.Binary) *bool {
	if b.Seal == nil || b.Bundle == nil || b.Bundle.Path != b.Outer {
		return nil
	}
	return &b.Seal.Ticket
}

// facts says what a slice is and what it is signed with, in one line: "execute,
// identifier com.acme.app, team A1B2C3D4E5, signed (cms), hardened runtime 14.5".
// It is not sanitised yet.
func facts(s check.Slice) string {
	if s.Err != nil {
		return fmt.Sprintf("not readable: %v", s.Err)
	}
	parts := []string{s.TypeName()}
	switch {
	case s.SignatureErr != nil:
		parts = append(parts, fmt.Sprintf("signature not readable: %v", s.SignatureErr))
	case s.Signature == nil:
		parts = append(parts, "not signed")
	default:
		parts = append(parts, signatureFacts(s)...)
	}
	return strings.Join(parts, ", ")
}

func signatureFacts(s check.Slice) []string {
	d := s.Signature.Directory()
	parts := []string{"identifier " + d.Identifier}
	if d.TeamID != "" {
		parts = append(parts, "team "+d.TeamID)
	}
	parts = append(parts, signedBy(s.Signature))
	switch {
	case d.Flags&codesign.FlagRuntime != 0:
		parts = append(parts, strings.TrimRight("hardened runtime "+d.Runtime, " "))
	case s.IsProgram():
		parts = append(parts, "no hardened runtime")
	}
	return parts
}

// signedBy says who signed, as far as that is proven.
func signedBy(s *codesign.Signature) string {
	a := s.Authentication
	switch {
	case s.Authenticated() && a.Timestamp.IsZero():
		return fmt.Sprintf("signed by %s (%s)", a.Signer, a.Kind)
	case s.Authenticated():
		return fmt.Sprintf("signed by %s (%s) on %s", a.Signer, a.Kind, a.Timestamp.Format(time.DateOnly))
	case s.Signing() == "cms" && a == nil:
		return "signed (cms, not looked into)"
	case s.Signing() == "cms":
		return "signed (cms, not authenticated)"
	}
	return "signed (" + s.Signing() + ")"
}

// archFacts are the facts that some slices of a binary share.
type archFacts struct {
	archs []string
	facts string
}

// slicesAlike groups the slices of a binary by their facts, in order.
func slicesAlike(list []check.Slice) []archFacts {
	var groups []archFacts
	for _, s := range list {
		f := facts(s)
		i := slices.IndexFunc(groups, func(g archFacts) bool { return g.facts == f })
		if i < 0 {
			i = len(groups)
			groups = append(groups, archFacts{facts: f})
		}
		groups[i].archs = append(groups[i].archs, s.Arch)
	}
	return groups
}

// answerable says who answers for an exception and how long it holds. What the run made of
// it may be nothing.
func answerable(e *policy.Exception, x check.ExceptionReport) []string {
	signed := x.Signed
	var parts []string
	if !e.Expires.IsZero() {
		parts = append(parts, "until "+e.Expires.String())
	}
	if e.Owner != "" {
		parts = append(parts, "owner "+e.Owner)
	}
	if len(e.ApprovedBy) > 0 {
		by := "approved by "
		if signed != nil || len(x.Reviewed) > 0 { // which do not cover the names
			by = "says approved by "
		}
		parts = append(parts, by+strings.Join(e.ApprovedBy, ", "))
	}
	if signed != nil && len(signed.Signers) > 0 {
		signers := "signed by " + strings.Join(signed.Signers, "; ")
		if !signed.Reached() {
			signers += fmt.Sprintf(" (%d of %d that are needed)", len(signed.Signers), signed.Needed)
		}
		parts = append(parts, signers)
	}
	if len(x.Reviewed) > 0 {
		parts = append(parts, "approved by the review of "+strings.Join(x.Reviewed, ", "))
	}
	if e.Ticket != "" {
		parts = append(parts, e.Ticket)
	}
	return parts
}

// exceptionsOf returns what the run made of each exception.
func exceptionsOf(r *check.Report) map[*policy.Exception]check.ExceptionReport {
	by := map[*policy.Exception]check.ExceptionReport{}
	for _, x := range r.Exceptions {
		by[x.Exception] = x
	}
	return by
}

// useOf says what a run made of an exception.
func useOf(r check.ExceptionReport) string {
	switch {
	case r.Use == check.Used && r.Rejected:
		return "approves nothing in " + plural(r.Covers, "file")
	case r.Use == check.Used:
		return "covers " + plural(r.Covers, "file")
	case r.Use == check.NotNeeded:
		return "not needed in this stage"
	case r.Use == check.Unused:
		return "unused"
	}
	return "not looked at in this run"
}

// stateOf says how a pending exception relates to what counts.
func stateOf(r check.PendingReport) string {
	if r.Was == nil {
		return "new"
	}
	return "altered"
}

// verdict says what became of a claim in words.
func verdict(c check.Claim) string {
	return strings.ReplaceAll(string(c.Verdict), "-", " ")
}
