package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/inorder"
	"github.com/codewarrant/codewarrant/policy"
)

// claims judges every claim of a set.
func (e *evaluation) claims(sub subject, set entitlement.Set) []Claim {
	var list []Claim
	for _, key := range set.Keys() {
		c := e.judge(sub, key, set[key])
		if (c.Verdict == Allowed || c.Verdict == Approved) && len(e.closedTo(sub, key)) > 0 {
			c.Verdict, c.Exception = Denied, nil
		}
		list = append(list, c)
	}
	e.trace(sub, set, list)
	return list
}

// claimList is the claims of a binary, in which slices that agree share one entry.
type claimList struct {
	list  []Claim
	byKey map[string][]int
}

func (l *claimList) add(claims []Claim) {
	if l.byKey == nil {
		l.byKey = map[string][]int{}
	}
	for _, c := range claims {
		i := slices.IndexFunc(l.byKey[c.Entitlement], func(i int) bool { return alike(l.list[i], c) })
		if i >= 0 {
			o := &l.list[l.byKey[c.Entitlement][i]]
			o.Archs = append(o.Archs, c.Archs...)
			o.Evidence = joinEvidence(o.Evidence, c.Evidence)
			continue
		}
		l.byKey[c.Entitlement] = append(l.byKey[c.Entitlement], len(l.list))
		l.list = append(l.list, c)
	}
}

// alike reports whether two claims of one entitlement are told as one.
func alike(a, b Claim) bool {
	return a.Verdict == b.Verdict && a.Exception == b.Exception && strengthOf(a) == strengthOf(b) &&
		(a.Value.Equal(b.Value) || a.Value.Kind == entitlement.Unknown && b.Value.Kind == entitlement.Unknown)
}

func (l *claimList) sorted() []Claim {
	inorder.By(l.list, func(a, b Claim) int { return strings.Compare(a.Entitlement, b.Entitlement) })
	return l.list
}

// judge finds the verdict on one claim.
func (e *evaluation) judge(sub subject, key string, v entitlement.Value) Claim {
	c := Claim{Entitlement: key, Value: v, Risk: riskOf(key), Position: sub.places[key], Evidence: sub.assess(key)}
	if sub.arch != "" {
		c.Archs = []string{sub.arch}
	}
	if !v.Grants() {
		c.Verdict = NotGranted
		return c
	}
	decision := e.decide(sub, key)
	if decision.Action != policy.RequireJustification {
		for _, u := range e.exceptions.matching(sub.target, key, v) {
			u.settled = true
		}
	}
	switch decision.Action {
	case policy.Allow:
		c.Verdict = Allowed
	case policy.Deny:
		c.Verdict = Denied
		f := sub.about(RuleDenied, key, v, fmt.Sprintf("claims %s, which %s denies", claimText(key, v), decisionText(decision)))
		f.Level, f.Hint = decision.Level, "sign without it; a denied entitlement cannot be excepted"
		if f.Position == (policy.Position{}) {
			f.Position = decision.Position
		}
		e.add(f)
	default:
		c.Exception = e.approve(sub, key, v, decision)
		c.Verdict = Unapproved
		if c.Exception != nil {
			c.Verdict = Approved
		}
	}
	return c
}

// decide returns what the policy says of a key in the stage of the check.
func (e *evaluation) decide(sub subject, key string) policy.Decision {
	return e.decideIn(e.in.Stage, sub, key)
}

// decideIn returns what the policy says of a key in a stage. The groups that code is in
// count as far as they make it stricter until its signature proves that it is what it says.
func (e *evaluation) decideIn(s *policy.Stage, sub subject, key string) policy.Decision {
	return e.in.Policy.DecideFor(s, sub.groups, sub.acceptedIn(s), key)
}

// claimText names a claim; the value is told where it is not simply true.
func claimText(key string, v entitlement.Value) string {
	if v.Kind == entitlement.Boolean {
		return key
	}
	return key + " = " + shorten(v.Text())
}

// shorten keeps a value readable inside a sentence; the whole value is in the
// finding.
func shorten(s string) string {
	const most = 120
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

func decisionText(d policy.Decision) string {
	switch {
	case d.Rule == nil:
		return "the policy (settings.unlisted)"
	case d.Stage != "":
		return fmt.Sprintf("the rule for %s of stage %s", d.Pattern, d.Stage)
	case d.Group != "":
		return fmt.Sprintf("the rule for %s of group %s", d.Pattern, d.Group)
	}
	return fmt.Sprintf("the rule for %s", d.Pattern)
}

// approve looks for an exception that holds for a claim that needs one. Without
// one it tells why, and returns nil.
func (e *evaluation) approve(sub subject, key string, v entitlement.Value, d policy.Decision) *policy.Exception {
	matching := e.exceptions.matching(sub.target, key, v)
	if sub.variables && isOpen(v) { // what it becomes nobody has approved
		matching = slices.DeleteFunc(matching, func(u *exceptionUse) bool { return u.Value != nil || u.Values != nil || u.Matches != nil })
	}
	for _, u := range matching {
		u.cover(sub.paths[0])
	}
	terms := e.in.Policy.Terms(d)
	var failed []*exceptionUse
	var best, waiting *exceptionUse
	for _, u := range matching {
		if !e.accepts(sub) {
			for _, u := range matching {
				u.rejected = true
			}
			e.unauthenticated(sub, key, v, u.Exception, d)
			return nil
		}
		switch {
		case u.Expired(e.in.At) || u.unproven != nil || len(u.fails(terms, e.in.At)) > 0:
			u.rejected = true
			failed = append(failed, u)
		case u.pending != nil:
			waiting = u
		case best == nil || u.Expires.After(best.Expires):
			best = u
		}
	}
	if best != nil {
		if !e.supported(sub, key, best.Exception, d, sub.about(RuleUnsupported, key, v, "")) {
			best.rejected = true
			return nil
		}
		e.contradicted(sub, key, best.Exception, sub.about(RuleContradicted, key, v, ""))
		best.approves = true
		return best.Exception
	}
	if waiting != nil {
		e.pending(sub, key, v, waiting.pending, d)
		return nil
	}
	for _, u := range failed {
		e.failed(sub, key, v, u, d)
	}
	if len(failed) == 0 {
		e.unapproved(sub, key, v, d)
	}
	return nil
}

// accepts reports whether exceptions can hold for the subject.
func (e *evaluation) accepts(sub subject) bool { return sub.acceptedIn(e.in.Stage) }

// acceptedIn reports whether the subject is taken for what it says of itself in a stage.
// Identifier and team id are what code says until its signature is verified, and a path
// says nothing of who made what is there. Sources are not signed.
func (s subject) acceptedIn(stage *policy.Stage) bool {
	return s.arch == "" || s.authenticated || stage.Name == policy.Development
}

func (e *evaluation) unauthenticated(sub subject, key string, v entitlement.Value, ex *policy.Exception, d policy.Decision) {
	f := sub.about(RuleUnauthenticated, key, v, fmt.Sprintf("%s does not hold for code that is not authenticated, in stage %s", ex.ID, e.in.Stage.Name))
	f.Exception, f.Position, f.Level = ex, ex.Position, d.Level
	f.Hint = "sign it with a certificate that Apple issued; builds that are not signed yet are for --stage development"
	e.add(f)
}

// failed tells why an exception that was written for a claim does not approve it.
func (e *evaluation) failed(sub subject, key string, v entitlement.Value, u *exceptionUse, d policy.Decision) {
	invalid := func(defect policy.Defect, hint string) {
		f := sub.about(RuleInvalidException, key, v, fmt.Sprintf("%s approves nothing: %s", u.ID, defect.Message))
		f.Exception, f.Position, f.Level, f.Hint = u.Exception, defect.Position, d.Level, hint
		e.add(f)
	}
	for _, defect := range u.Told(u.Defects(e.in.Policy.Terms(d), e.in.At)) {
		invalid(defect, "an exception holds when its owner, approver, category, dates and justification are all there")
	}
	if u.unproven != nil {
		invalid(*u.unproven, unprovenHint(e.in, u.order, u.unproven))
	}
	if u.Expired(e.in.At) {
		f := sub.about(RuleExpiredException, key, v, fmt.Sprintf("%s ran out on %s, %d days before %s", u.ID, u.Expires, e.in.At.DaysSince(u.Expires), e.in.At))
		f.Exception, f.Position, f.Level = u.Exception, u.At("expires"), d.Level
		f.Hint = "have it approved anew with a later expires, or sign without the entitlement"
		e.add(f)
	}
}

// unapproved tells that no exception is there for a claim, which ones are near,
// and what to write.
func (e *evaluation) unapproved(sub subject, key string, v entitlement.Value, d policy.Decision) {
	f := sub.about(RuleUnapproved, key, v, fmt.Sprintf("claims %s, which needs a justification, and no exception covers it", claimText(key, v)))
	f.Level, f.Hint = d.Level, "sign without it, or add an exception to the policy and have it approved"
	open := sub.variables && isOpen(v)
	if near := e.exceptions.near(sub.target, key, v); near != "" {
		f.Hint = near
	}
	if open {
		f.Hint = "write out the value, or set the variable in the project: an exception for a value does not cover what is not known"
	}
	if len(sub.target.Paths) > 1 {
		f.Hint += "; these are copies of one file, so one exception has to match the paths of all"
	}
	if f.Position == (policy.Position{}) {
		f.Position = d.Position
	}
	if v.Kind != entitlement.Unknown && !open {
		if f.Suggestion = suggestion(sub.target, key, v); f.Suggestion == "" {
			f.Hint = "sign it anew, without it or under another name: no policy can hold an exception for this one"
		}
	}
	e.add(f)
}

// memory are the three keys on executable memory, each permitting all that the
// ones before it do (Apple DTS, https://developer.apple.com/forums/thread/776290).
var memory = []string{
	"com.apple.security.cs.allow-jit",
	"com.apple.security.cs.allow-unsigned-executable-memory",
	"com.apple.security.cs.disable-executable-page-protection",
}

// advice tells what is odd about a set of claims, whatever the policy says.
func (e *evaluation) advice(sub subject, set entitlement.Set) {
	var claimed []string
	for _, key := range memory {
		if v, ok := set[key]; ok && v.Grants() {
			claimed = append(claimed, key)
		}
	}
	if n := len(claimed); n > 1 {
		widest := claimed[n-1]
		f := sub.about(RuleRedundant, widest, set[widest], fmt.Sprintf("%s permits all that %s %s", widest, strings.Join(claimed[:n-1], " and "), map[bool]string{true: "does", false: "do"}[n == 2]))
		f.Hint = "claim only the narrowest one that the code works with; allow-jit is enough for code that uses MAP_JIT"
		e.add(f)
	}
	for _, key := range set.Keys() {
		e.adviceOn(sub, key, set[key])
	}
}

func (e *evaluation) adviceOn(sub subject, key string, v entitlement.Value) {
	known, ok := entitlement.Lookup(key)
	switch {
	case !ok && strings.HasPrefix(key, "com.apple."):
		f := sub.about(RuleUnknown, key, v, fmt.Sprintf("claims %s, which Apple does not document", key))
		if e.suggested++; e.suggested <= maxSuggested {
			f.Hint, _ = entitlement.Suggest(key)
		}
		e.add(f)
	case ok && v.Kind != entitlement.Unknown && known.Value != v.Kind:
		f := sub.about(RuleUnexpectedValue, key, v, fmt.Sprintf("%s is a %s and not the %s that Apple documents", claimText(key, v), v.Kind, known.Value))
		f.Hint = "whether the system takes it for a grant is not certain, so it is judged as one"
		e.add(f)
	}
}
