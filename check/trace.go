package check

import (
	"slices"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

// Trace is how the verdict on an entitlement came about, for one slice of a binary or
// for a source. See [Input.Trace].
type Trace struct {
	Paths  []string
	Target policy.Target // as scopes are matched against it
	Key    string
	Claim  *Claim // nil: the code does not claim it, and what follows says what would hold

	ClosedTo   []*policy.Group // with a list under exactly that lacks it
	Accepted   bool            // whether exceptions can hold: the code is authenticated, or need not be
	Decision   policy.Decision // of the policy, before exceptions
	Rules      []policy.Candidate
	Exceptions []Considered    // those for the entitlement, in the order of the policy
	Elsewhere  []StageDecision // what the other stages say
}

// Considered is an exception for an entitlement, and what was found of it.
type Considered struct {
	*policy.Exception
	Mismatches []string        // what keeps it from the claim; empty: it is for it
	Defects    []policy.Defect // why it approves nothing
	Expired    bool
	Pending    bool // it does not count before it is merged
	Approves   bool
}

// StageDecision is what another stage says of an entitlement.
type StageDecision struct {
	Stage string
	policy.Decision
}

// trace records how the verdicts on those of the claims came about that are asked
// for. It asks what judged them.
func (e *evaluation) trace(sub subject, set entitlement.Set, claims []Claim) {
	for _, key := range e.in.Trace {
		t := Trace{
			Paths: sub.paths, Target: sub.target, Key: key,
			ClosedTo: e.closedTo(sub, key), Accepted: e.accepts(sub), Decision: e.decide(sub, key),
			Rules: e.in.Policy.Candidates(e.in.Stage, sub.groups.Any, key),
		}
		if i := slices.IndexFunc(claims, func(c Claim) bool { return c.Entitlement == key }); i >= 0 {
			t.Claim = &claims[i]
		}
		for i := range t.Rules {
			switch c := &t.Rules[i]; {
			case c.Rule == t.Decision.Rule:
				c.Decides, c.Why = true, ""
			case c.Decides:
				c.Decides, c.Why = false, sub.whyStricter(t.Accepted)
			}
		}
		for _, u := range e.exceptions.by[key] {
			t.Exceptions = append(t.Exceptions, e.consider(u, t, set[key]))
		}
		for i := range e.in.Policy.Stages {
			if s := &e.in.Policy.Stages[i]; s.Name != e.in.Stage.Name {
				t.Elsewhere = append(t.Elsewhere, StageDecision{s.Name, e.decideIn(s, sub, key)})
			}
		}
		e.report.Traces = append(e.report.Traces, t)
	}
}

// whyStricter says why a rule does not decide that would decide for code in all the groups.
func (s subject) whyStricter(proven bool) string {
	switch {
	case !proven && len(s.groups.Any) > 1:
		return "nothing proves which of the groups the code is in, and the policy is stricter with what is not in all of them"
	case !proven:
		return "nothing proves that the code is in the group, and the policy is stricter with what is not"
	}
	return "the copies of the file are not in the same groups, and the policy is stricter with another one"
}

// consider tells what was found of an exception. Without a claim there is no value to
// hold it against.
func (e *evaluation) consider(u *exceptionUse, t Trace, v entitlement.Value) Considered {
	asked := *u.Exception
	if t.Claim == nil {
		asked.Value, asked.Values, asked.Matches = nil, nil, nil
	}
	c := Considered{
		Exception: u.Exception, Mismatches: mismatch(&asked, t.Target, t.Key, v),
		Defects: u.Defects(e.in.Policy.Terms(t.Decision), e.in.At), Expired: u.Expired(e.in.At), Pending: u.pending != nil,
		Approves: t.Claim != nil && t.Claim.Exception == u.Exception,
	}
	if u.unproven != nil {
		c.Defects = append(c.Defects, *u.unproven)
	}
	return c
}
