package check

import (
	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/policy"
)

// Finding is one thing that the check has to say.
type Finding struct {
	Rule    string       // id of a rule, see Rules
	Level   policy.Level // what gates
	Message string       // one sentence, without the path
	Hint    string       // what to do, one sentence; may be empty

	Paths []string // of the binary or source it is about, ascending; empty for the policy itself
	Archs []string // slices it is about; empty when it is about the whole file

	Entitlement string             // the claim it is about, if it is about one
	Value       *entitlement.Value // of the claim; nil when there is none
	Risk        string             // of the entitlement: low, medium, high, critical; empty: not known

	Evidence *evidence.Assessment // what the code says of the claim; nil: nothing, or nobody asked

	Exception  *policy.Exception // the one involved, with its justification; nil: none
	Position   policy.Position   // in the policy or the source; zero: none
	Suggestion string            // YAML to add to the policy; empty: none
}

func (f Finding) risk() entitlement.Risk { return entitlement.RiskNamed(f.Risk) }

// Verdict is what becomes of one claim.
type Verdict string

// The verdicts.
const (
	NotGranted Verdict = "not-granted" // the value is exactly false
	Allowed    Verdict = "allowed"     // by a rule
	Approved   Verdict = "approved"    // by an exception with a justification
	Unapproved Verdict = "unapproved"  // it needs a justification and has none that holds
	Denied     Verdict = "denied"      // by a rule or the closed list of a group, whatever the exceptions
)

// Claim is one entitlement that a binary or a source claims, and its verdict.
type Claim struct {
	Entitlement string
	Value       entitlement.Value
	Archs       []string // the slices that claim it with this value and verdict
	Risk        string
	Verdict     Verdict
	Exception   *policy.Exception // that approves it, nil for none
	Position    policy.Position   // of the claim in a source; zero for a binary

	// Evidence is what the code says of it, nil where it can say nothing, was not looked
	// at, or the policy does not ask.
	Evidence *evidence.Assessment
}

// BinaryReport is a binary with the verdicts on its claims.
type BinaryReport struct {
	Binary
	Claims []Claim // by entitlement
}

// SourceReport is a source with the verdicts on its claims.
type SourceReport struct {
	Source
	UsedBy []string // who is known to sign with it, as source.Signing's Name names them
	Claims []Claim  // by entitlement
}

// Use says what a run found out about an exception.
type Use string

// The uses.
const (
	Used        Use = "used"          // it approved something, or would but for its defects
	NotNeeded   Use = "not-needed"    // what it is for was there, and this stage decides without it
	Unused      Use = "unused"        // its scope was looked at and held no such claim
	NotLookedAt Use = "not-looked-at" // nothing in its scope was part of the run
)

// ExceptionReport is an exception of the policy with what the run made of it.
type ExceptionReport struct {
	Exception *policy.Exception
	Use       Use
	Covers    int              // how many binaries and sources it matched
	Signed    *approval.Status // what its signatures come to; nil: the policy accepts none, or nobody looked
	Rejected  bool             // it approves nothing in any of these
	Reviewed  []string         // who approved it by a review of the pull request that brings it

	// ProvenBy are the ways in which its approval is proven, of those that the policy
	// accepts: what is merged is so by base and by review.
	ProvenBy []policy.Way
}

// Report is the outcome of one check.
type Report struct {
	Repository   string // that it is about, OWNER/NAME as GitHub spells it; empty: it is not known
	Policy       string // name of the policy
	PolicySHA256 string
	Base         *Base           // by whose policy it was judged, nil: by that one as it stands
	Extends      []policy.Source // what it was merged with, in the order in which it is extended
	Stage        string
	At           policy.Date // the day that was judged
	NoExceptions bool        // exceptions were left out on request
	Slots        bool        // neither pages nor signers were looked at, on request
	Preflight    Preflight   // whose demands were looked at, too; empty: nobody's
	FailOn       policy.FailOn

	Binaries   []BinaryReport // by path
	Packages   []Package      // by path
	Sources    []SourceReport // by path
	Exceptions []ExceptionReport
	Pending    []PendingReport // exceptions that do not count yet
	Findings   []Finding       // worst first
	Traces     []Trace         // by path, of what [Input.Trace] asks for
}

// Count returns the number of findings of a level.
func (r *Report) Count(level policy.Level) int {
	n := 0
	for _, f := range r.Findings {
		if f.Level == level {
			n++
		}
	}
	return n
}

// Unapproved returns the number of claims that are unapproved or denied; a claim
// of several slices with one verdict counts once.
func (r *Report) Unapproved() int {
	n := 0
	count := func(claims []Claim) {
		for _, c := range claims {
			if c.Verdict == Unapproved || c.Verdict == Denied {
				n++
			}
		}
	}
	for _, b := range r.Binaries {
		count(b.Claims)
	}
	for _, s := range r.Sources {
		count(s.Claims)
	}
	return n
}

// Result is the outcome in one word.
type Result string

// The results, as the command line's exit status tells them: 0, 1 and 3.
const (
	Pass       Result = "pass"
	Fail       Result = "fail"       // findings at or above FailOn
	Unreadable Result = "unreadable" // something could not be read, whatever FailOn says
)

// Result returns the outcome. What could not be read outweighs other findings.
func (r *Report) Result() Result {
	result := Pass
	for _, f := range r.Findings {
		if rule, ok := RuleByID(f.Rule); ok && rule.Unreadable {
			return Unreadable
		}
		if f.Level == policy.Error && r.FailOn != policy.FailOnNever ||
			f.Level == policy.Warning && r.FailOn == policy.FailOnWarning {
			result = Fail
		}
	}
	return result
}
