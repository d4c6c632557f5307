package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/policy"
)

// changes says what would lead to another verdict, the nearest first.
func changes(x check.Trace) []string {
	var list []string
	switch x.Claim.Verdict {
	case check.NotGranted:
		list = append(list, "a value other than false, which alone grants nothing")
	case check.Allowed:
		list = append(list, fmt.Sprintf("a rule for %s that asks for a justification or denies it", x.Key))
	case check.Approved:
		list = append(list, approvedUntil(x)...)
	case check.Denied:
		list = append(list, "signing without it: no exception helps where the policy denies")
		for _, g := range x.ClosedTo {
			list = append(list, fmt.Sprintf("group %s listing it under exactly (%s)", g.Name, g.Position))
		}
		if x.Decision.Rule != nil && x.Decision.Action == policy.Deny {
			list = append(list, fmt.Sprintf("another rule: %s is what denies it", x.Decision.Position))
		}
	case check.Unapproved:
		list = append(list, unapproved(x)...)
	}
	return append(list, elsewhere(x)...)
}

// approvedUntil says what the approval hangs on.
func approvedUntil(x check.Trace) []string {
	e := x.Claim.Exception
	list := []string{fmt.Sprintf("the end of %s, on %s", e.ID, e.Expires)}
	for _, c := range x.Exceptions {
		if !c.Approves && len(c.Mismatches)+len(c.Defects) == 0 && !c.Expired && !c.Pending {
			list[0] += fmt.Sprintf("; then %s holds until %s", c.ID, c.Expires)
		}
	}
	return append(list, "code by another name, of another team, in another place, or with another value, as far as the exception names them")
}

// unapproved says what would approve a claim.
func unapproved(x check.Trace) []string {
	var list []string
	for _, c := range x.Exceptions {
		switch {
		case len(c.Mismatches) > 1:
		case len(c.Mismatches) == 1:
			list = append(list, fmt.Sprintf("%s covering it: %s", c.ID, c.Mismatches[0]))
		case !x.Accepted:
			list = append(list, fmt.Sprintf("a signature by a certificate that Apple issued: then %s counts", c.ID))
		case len(c.Defects) > 0 || c.Expired || c.Pending:
			list = append(list, fmt.Sprintf("%s being put in order: %s", c.ID, strings.Join(standing(x, c, check.ExceptionReport{}), "; ")))
		}
	}
	return append(list, "signing without it")
}

// suggestionFor returns the YAML of the exception that the report suggests for the
// claim, empty for none.
func suggestionFor(r *check.Report, x check.Trace) string {
	i := slices.IndexFunc(r.Findings, func(f check.Finding) bool {
		return f.Suggestion != "" && f.Entitlement == x.Key && slices.Equal(f.Paths, x.Paths) &&
			(x.Target.Arch == "" || slices.Contains(f.Archs, x.Target.Arch))
	})
	if i < 0 {
		return ""
	}
	return r.Findings[i].Suggestion
}

// elsewhere says in which stages the policy says something else.
func elsewhere(x check.Trace) []string {
	var list []string
	for _, s := range x.Elsewhere {
		if s.Action == x.Decision.Action {
			continue
		}
		by := "settings.unlisted"
		if s.Rule != nil {
			by = fmt.Sprintf("the rule for %s", s.Pattern)
		}
		if s.Stage == policy.Development {
			by += ", and exceptions hold whoever signed"
		}
		list = append(list, fmt.Sprintf("stage %s, which says %s by %s", s.Stage, s.Action, by))
	}
	return list
}
