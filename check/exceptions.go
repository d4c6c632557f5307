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
	scope    *policy.Matcher
	order    int    // in the policy
	covers   int    // binaries and sources that it was written for, approved by it or not
	last     string // first path of the last of these
	approves bool   // it approved something
	rejected bool   // it did not approve something that it is for
	settled  bool   // a claim that it is for was allowed or denied without it
	seen     bool   // something in its scope was looked at

	pending  *policy.Pending // nil: it counts
	unproven *policy.Defect  // of its approval; nil: it is proven

	asked   bool
	terms   policy.Terms // that defects was asked for last
	defects []policy.Defect
}

// cover notes that a binary or a source has a claim that the exception is for. All of
// one come after another.
func (u *exceptionUse) cover(path string) {
	if u.covers == 0 || u.last != path {
		u.covers, u.last = u.covers+1, path
	}
}

// fails returns why the exception approves nothing under the terms. Most decisions have
// the same ones.
func (u *exceptionUse) fails(t policy.Terms, at policy.Date) []policy.Defect {
	same := u.asked && t.MinJustification == u.terms.MinJustification && t.MaxLifetime == u.terms.MaxLifetime &&
		slices.Equal(t.Categories, u.terms.Categories) && (t.Categories == nil) == (u.terms.Categories == nil)
	if !same {
		u.asked, u.terms, u.defects = true, t, u.Defects(t, at)
	}
	return u.defects
}

// exceptionIndex holds the exceptions in the policy's order, and finds those for an
// entitlement and for a target; those that do not count yet come after the others.
type exceptionIndex struct {
	all    []*exceptionUse
	by     map[string][]*exceptionUse
	scopes map[string]*scopeIndex // of those for an entitlement
	every  *scopeIndex            // of all
}

func newExceptions(in Input) exceptionIndex {
	x := exceptionIndex{by: map[string][]*exceptionUse{}, scopes: map[string]*scopeIndex{}}
	for i := range in.Policy.Exceptions {
		x.add(&exceptionUse{Exception: &in.Policy.Exceptions[i], unproven: unproven(in, i)})
	}
	for i := range in.Pending {
		x.add(&exceptionUse{Exception: in.Pending[i].Exception, pending: &in.Pending[i]})
	}
	for key, list := range x.by {
		x.scopes[key] = newScopeIndex(list)
	}
	x.every = newScopeIndex(x.all)
	return x
}

func (x *exceptionIndex) add(u *exceptionUse) {
	u.scope, u.order = u.AppliesTo.Matcher(), len(x.all)
	x.all = append(x.all, u)
	x.by[u.Entitlement] = append(x.by[u.Entitlement], u)
}

// look notes which exceptions have a target in their scopes, whatever it claims.
func (x exceptionIndex) look(t policy.Target) {
	if x.every == nil {
		return
	}
	for _, u := range x.every.candidates(t) {
		u.seen = u.seen || u.scope.Matches(t)
	}
}

// matching returns the exceptions written for a claim, whether they hold or not.
func (x exceptionIndex) matching(t policy.Target, key string, v entitlement.Value) []*exceptionUse {
	scopes, ok := x.scopes[key]
	if !ok {
		return nil
	}
	return slices.DeleteFunc(scopes.candidates(t), func(u *exceptionUse) bool { return !u.Covers(key, v) || !u.scope.Matches(t) })
}

// maxNear bounds the exceptions among which the nearest is sought for one claim.
const maxNear = 50

// near says what keeps the nearest exception for the entitlement from covering
// the claim, or nothing when there is none for it.
func (x exceptionIndex) near(t policy.Target, key string, v entitlement.Value) string {
	list := x.by[key]
	if len(list) > maxNear {
		found := x.scopes[key].candidates(t)
		list = slices.Concat(found[:min(len(found), maxNear)], list[:maxNear])
	}
	var nearest *exceptionUse
	for _, u := range list {
		n := len(u.scope.Mismatches(t))
		if !u.Covers(key, v) {
			n++
		}
		if nearest == nil || n == 1 {
			nearest = u
		}
		if n == 1 {
			break
		}
	}
	if nearest == nil {
		return ""
	}
	return fmt.Sprintf("%s does not cover it: %s", nearest.ID, strings.Join(mismatch(nearest.Exception, t, key, v), "; "))
}

// mismatch says which fields of an exception keep it from a claim.
func mismatch(ex *policy.Exception, t policy.Target, key string, v entitlement.Value) []string {
	var why []string
	for _, field := range ex.AppliesTo.Matcher().Mismatches(t) {
		if field == "binaries" {
			why = append(why, outsideOf(ex, t)...)
			continue
		}
		why = append(why, "its "+unmatched(ex.AppliesTo, field, t))
	}
	if !ex.Covers(key, v) {
		why = append(why, "its value is another one")
	}
	return why
}

// outsideOf says of the groups that an exception names why the target is in none of them.
func outsideOf(ex *policy.Exception, t policy.Target) []string {
	const most = 3
	names := ex.AppliesTo.Binaries
	var why []string
	for _, name := range names[:min(len(names), most)] {
		var fields []string
		if scope, ok := ex.Groups[name]; ok {
			for _, field := range scope.Matcher().Mismatches(t) {
				fields = append(fields, "whose "+unmatched(scope, field, t))
			}
		}
		text := "this is not in group " + name
		if len(fields) > 0 {
			text += ", " + strings.Join(fields, " and ")
		}
		why = append(why, text)
	}
	if more := len(names) - most; more > 0 {
		why = append(why, fmt.Sprintf("nor in %d other groups that it is for", more))
	}
	return why
}

// unmatched says how a field of a scope is not as the target: the end of a sentence that
// begins with whose field it is.
func unmatched(s policy.Scope, field string, t policy.Target) string {
	is := map[string]string{
		"path": strings.Join(t.Paths, ", "), "identifier": t.Identifier, "team-id": t.TeamID, "arch": t.Arch, "type": t.Type,
		"bundle-kind": t.BundleKind, "versions": t.Version, "cdhash": t.CDHash,
	}[field]
	asked := strings.TrimSuffix(field, "s") + " " + shorten(strings.Join(s.Field(field), " or "))
	if is == "" {
		return asked + " is asked for, and none is known here"
	}
	return fmt.Sprintf("%s does not match %s", asked, shorten(is))
}

// judgeExceptions tells which exceptions run out soon and which are not needed,
// and reports on all.
func (e *evaluation) judgeExceptions() {
	altered := map[string]bool{}
	for _, u := range e.exceptions.all {
		if u.pending != nil {
			altered[u.ID] = true
			e.report.Pending = append(e.report.Pending, PendingReport{*u.pending, u.covers})
		}
	}
	for _, u := range e.exceptions.all {
		if u.pending != nil {
			continue // what needs it may come in the next change
		}
		r := ExceptionReport{Exception: u.Exception, Use: NotLookedAt, Covers: u.covers, Rejected: u.rejected && !u.approves}
		r.ProvenBy = provenBy(e.in, u.order)
		if u.order < len(e.in.Signed) {
			r.Signed = &e.in.Signed[u.order]
		}
		if e.reviewed(u.Exception) {
			r.Reviewed = e.in.Reviewed.By
		}
		switch {
		case r.Covers > 0:
			r.Use = Used
			e.expiresSoon(u)
		case u.settled && e.in.Policy.Justifiable(u.Entitlement):
			r.Use = NotNeeded // another stage asks for it
		case u.seen:
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
	if !soon || !u.approves || e.in.Audit != nil { // which tells of all that do
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
