package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

// exceptionUse is an exception with what the run has found out about it so far.
type exceptionUse struct {
	*policy.Exception
	pending  *policy.Pending // nil: it counts
	covered  map[string]bool // first paths of what it was written for, approved by it or not
	approves bool            // it approved something
	settled  bool            // a claim that it is for was allowed or denied without it
	unproven *policy.Defect  // of its approval; nil: it is proven
}

// exceptionIndex holds the exceptions in the policy's order, and by entitlement; those
// that do not count yet come after the others.
type exceptionIndex struct {
	all []*exceptionUse
	by  map[string][]*exceptionUse
}

func newExceptions(in Input) exceptionIndex {
	x := exceptionIndex{by: map[string][]*exceptionUse{}}
	for i := range in.Policy.Exceptions {
		x.add(&exceptionUse{Exception: &in.Policy.Exceptions[i], unproven: unproven(in, i)})
	}
	for i := range in.Pending {
		x.add(&exceptionUse{Exception: in.Pending[i].Exception, pending: &in.Pending[i]})
	}
	return x
}

func (x *exceptionIndex) add(u *exceptionUse) {
	u.covered = map[string]bool{}
	x.all = append(x.all, u)
	x.by[u.Entitlement] = append(x.by[u.Entitlement], u)
}

// matching returns the exceptions written for a claim, whether they hold or not.
func (x exceptionIndex) matching(t policy.Target, key string, v entitlement.Value) []*exceptionUse {
	var list []*exceptionUse
	for _, u := range x.by[key] {
		if u.Covers(key, v) && u.AppliesTo.Matches(t) {
			list = append(list, u)
		}
	}
	return list
}

// near says what keeps the nearest exception for the entitlement from covering
// the claim, or nothing when there is none for it.
func (x exceptionIndex) near(t policy.Target, key string, v entitlement.Value) string {
	for _, u := range x.by[key] {
		if why := mismatch(u.Exception, t, key, v); len(why) == 1 {
			return fmt.Sprintf("%s does not cover it: %s", u.ID, why[0])
		}
	}
	for _, u := range x.by[key] {
		return fmt.Sprintf("%s does not cover it: %s", u.ID, strings.Join(mismatch(u.Exception, t, key, v), ", "))
	}
	return ""
}

// mismatch lists the fields of an exception that keep it from a claim.
func mismatch(ex *policy.Exception, t policy.Target, key string, v entitlement.Value) []string {
	var why []string
	scope := ex.AppliesTo
	for _, field := range []struct {
		name  string
		given int
		scope policy.Scope
		is    string
	}{
		{"path", len(scope.Path), policy.Scope{Path: scope.Path}, strings.Join(t.Paths, ", ")},
		{"identifier", len(scope.Identifier), policy.Scope{Identifier: scope.Identifier}, t.Identifier},
		{"team-id", len(scope.TeamID), policy.Scope{TeamID: scope.TeamID}, t.TeamID},
		{"arch", len(scope.Arch), policy.Scope{Arch: scope.Arch}, t.Arch},
		{"type", len(scope.Type), policy.Scope{Type: scope.Type}, t.Type},
		{"bundle-kind", len(scope.BundleKind), policy.Scope{BundleKind: scope.BundleKind}, t.BundleKind},
		{"versions", len(scope.Versions), policy.Scope{Versions: scope.Versions}, t.Version},
		{"cdhash", len(scope.CDHash), policy.Scope{CDHash: scope.CDHash}, t.CDHash},
		{"binaries", len(scope.Binaries), policy.Scope{Binaries: scope.Binaries}, strings.Join(t.Groups, ", ")},
	} {
		switch {
		case field.given == 0 || field.scope.Matches(t):
		case field.is == "":
			why = append(why, fmt.Sprintf("it asks for a certain %s, and none is known here", field.name))
		default:
			why = append(why, fmt.Sprintf("its %s does not match %s", field.name, shorten(field.is)))
		}
	}
	if !ex.Covers(key, v) {
		why = append(why, "its value is another one")
	}
	return why
}

// judgeExceptions tells which exceptions run out soon and which are not needed,
// and reports on all.
func (e *evaluation) judgeExceptions() {
	altered := map[string]bool{}
	for _, u := range e.exceptions.all {
		if u.pending != nil {
			altered[u.ID] = true
			e.report.Pending = append(e.report.Pending, PendingReport{*u.pending, len(u.covered)})
		}
	}
	for _, u := range e.exceptions.all {
		if u.pending != nil {
			continue // what needs it may come in the next change
		}
		r := ExceptionReport{Exception: u.Exception, Use: NotLookedAt, Covers: len(u.covered)}
		switch {
		case r.Covers > 0:
			r.Use = Used
			e.expiresSoon(u)
		case u.settled && e.in.Policy.Justifiable(u.Entitlement):
			r.Use = NotNeeded // another stage asks for it
		case slices.ContainsFunc(e.targets, u.AppliesTo.Matches):
			r.Use = Unused
			if !altered[u.ID] {
				e.unused(u)
			}
		}
		e.report.Exceptions = append(e.report.Exceptions, r)
	}
}

func (e *evaluation) expiresSoon(u *exceptionUse) {
	days, soon := u.ExpiresSoon(e.in.Policy.Settings, e.in.At)
	if !soon || !u.approves {
		return
	}
	e.add(Finding{
		Rule: RuleExpiringSoon, Entitlement: u.Entitlement, Risk: riskOf(u.Entitlement),
		Exception: u.Exception, Position: u.At("expires"),
		Message: fmt.Sprintf("%s runs out on %s, in %d days", u.ID, u.Expires, days),
		Hint:    "have it approved anew, or prepare a build without the entitlement",
	})
}

func (e *evaluation) unused(u *exceptionUse) {
	message := fmt.Sprintf("%s permits %s where nothing that was looked at claims it", u.ID, u.Entitlement)
	if d := e.in.Policy.Decide(e.in.Stage, u.AppliesTo.Binaries, u.Entitlement); d.Action != policy.RequireJustification {
		message = fmt.Sprintf("%s has no effect: %s says %s for %s, whatever the exceptions", u.ID, decisionText(d), d.Action, u.Entitlement)
	}
	e.add(Finding{
		Rule: RuleUnusedException, Level: e.in.Policy.Settings.UnusedExceptions,
		Entitlement: u.Entitlement, Risk: riskOf(u.Entitlement), Exception: u.Exception,
		Position: u.Position, Message: message, Hint: "remove it, so that it cannot cover something new",
	})
}
