package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

// Base is the trusted ref, by whose policy a change is judged.
type Base struct {
	Ref    string // as people know it, such as main; empty: none is known
	Commit string // full SHA
	Policy string // name of the policy there; empty: there is none yet
	SHA256 string // of that policy

	Extends []policy.Source // what that policy was merged with
}

// PendingReport is an exception that does not count yet, with what the run made of it.
type PendingReport struct {
	policy.Pending
	Covers int // how many binaries and sources it matched
}

// pending tells that an exception would approve a claim if it were merged.
func (e *evaluation) pending(sub subject, key string, v entitlement.Value, p *policy.Pending, d policy.Decision) {
	f := sub.about(RulePending, key, v, "")
	f.Exception, f.Position, f.Level = p.Exception, p.Position, d.Level
	f.Hint = "merge the exception in a pull request of its own, and then the code that needs it" + e.orSigned(p.Exception) + e.orReviewed()
	switch base := e.in.Base; {
	case base == nil || base.Ref == "":
		f.Message = fmt.Sprintf("%s covers it, and exceptions count as they stand in the base, which is not known", p.ID)
		f.Hint = "name the base with --base, such as --base origin/main; the input of the action is base"
	case p.Was == nil:
		f.Message = fmt.Sprintf("%s covers it, and is not in %s yet: would pass after merge", p.ID, base.Ref)
	default:
		f.Message = fmt.Sprintf("%s covers it as it is changed here, which is not in %s yet: would pass after merge", p.ID, base.Ref)
	}
	if e.in.Reviewed != nil {
		f.Message += "; " + e.in.Reviewed.Lack(p.ID)
	}
	e.add(f)
}

// orReviewed goes on with the way in which the pull request itself can be approved.
func (e *evaluation) orReviewed() string {
	if r := e.in.Reviewed; r != nil && r.Hint != "" {
		return "; for a review: " + r.Hint
	}
	return ""
}

// reviewed reports whether an exception counts because of a review alone: one that is merged
// was asked of nobody.
func (e *evaluation) reviewed(ex *policy.Exception) bool {
	return e.in.Reviewed != nil && e.in.Reviewed.Brings[ex.ID] && e.in.Reviewed.Covers(ex.ID)
}

// orSigned goes on with the other way in which a pending exception can be approved,
// where the policy takes signatures. Whatever ones it has are too few.
func (e *evaluation) orSigned(ex *policy.Exception) string {
	switch {
	case !slices.Contains(e.in.Policy.Approvals.Accept, policy.SignedBy):
		return ""
	case len(ex.Signatures) == 0:
		return ", or have it signed with codewarrant approve " + ex.ID
	}
	return "; its signatures do not approve it, codewarrant approvals tells why"
}

// maxLooser is how many changes of a policy are told. policy diff tells all.
const maxLooser = 5

// unmerged tells that there is no policy at the trusted ref to judge the change by, or
// that the one of the change lets more pass, which does not count yet.
func (e *evaluation) unmerged() {
	b, at := e.in.Base, policy.Position{File: e.in.Policy.Name}
	switch {
	case b == nil || b.Ref == "":
		return
	case b.Policy != "" && len(e.in.Looser) == 0:
		return
	case b.Policy != "":
		var list []string
		for _, c := range e.in.Looser[:min(len(e.in.Looser), maxLooser)] {
			list = append(list, c.Message)
		}
		if more := len(e.in.Looser) - len(list); more > 0 {
			list = append(list, fmt.Sprintf("and %d more", more))
		}
		e.add(Finding{
			Rule: RuleUntrustedPolicy, Position: at,
			Message: fmt.Sprintf("lets more pass than the policy of %s, once it is merged: %s", b.Ref, strings.Join(list, "; ")),
			Hint:    "see that this is meant before it is merged: codewarrant policy diff tells all of it",
		})
		return
	}
	e.add(Finding{
		Rule: RuleUntrustedPolicy, Position: at,
		Message: fmt.Sprintf("%s has no policy yet, so this one counts as it stands in the change", e.in.Base.Ref),
		Hint:    "look at all of its rules and exceptions before it is merged: after that, changes are judged by it",
	})
}
