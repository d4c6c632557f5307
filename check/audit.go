package check

import (
	"fmt"
	"slices"

	"github.com/codewarrant/codewarrant/policy"
)

// Audit is what is told of a policy itself, whatever it says of code: that of a repository
// which may have built nothing.
type Audit struct {
	Missing string       // why the repository is judged by another policy than its own; empty: it has one
	Level   policy.Level // of that; empty: an error

	Was      []string // names under which the audit lists the repository, and which it had once
	Same     string   // the name of another repository of the audit that it is, and under which it is judged; empty: it is judged here
	NoAssets string   // the latest release, of which no asset is to be looked at; empty: some are, or nobody asked

	NoCode []string // paths of assets that are no code, and need not be

	Remarks []policy.Remark // on the policy, and on the signatures in it

	Baseline string          // name of the policy that it may not go beyond
	Beyond   []policy.Change // by which it does
}

// maxBeyond is how many changes of a policy are told. policy diff tells all.
const maxBeyond = 20

// audit tells what was found out about the policy itself.
func (e *evaluation) audit() {
	a := e.in.Audit
	if a == nil {
		return
	}
	if a.Missing != "" {
		e.add(Finding{
			Rule: RuleMissingPolicy, Level: a.Level, Message: a.Missing,
			Hint: "begin one with codewarrant init, or take the repository out of the audit",
		})
	}
	for _, was := range a.Was {
		e.add(Finding{
			Rule: RulePolicyRemark, Level: policy.Note, Message: fmt.Sprintf("the audit lists the repository as %s, which is the name that it had", was),
			Hint: "list it as " + e.in.Repository,
		})
	}
	if a.Same != "" {
		e.add(Finding{
			Rule: RulePolicyRemark, Level: policy.Note, Message: fmt.Sprintf("it is the same repository as %s, which is judged under that name", a.Same),
			Hint: "list it as " + a.Same + " alone",
		})
	}
	if a.NoAssets != "" {
		f := Finding{
			Rule: RuleNoBinaries, Message: fmt.Sprintf("the latest release, %s, has no asset that is to be looked at", a.NoAssets),
			Hint: "see what the audit says of release.assets, and what the release holds: nothing of it was judged",
		}
		if a.Missing != "" && a.Level != "" && a.Level != policy.Error { // it need not build anything
			f.Rule, f.Level = RulePolicyRemark, policy.Note
		}
		e.add(f)
	}
	for _, path := range a.NoCode {
		e.add(Finding{
			Rule: RulePolicyRemark, Level: policy.Note, Paths: []string{path}, Message: "an .entitlements file among the assets, which is no code",
			Hint: "what code claims stands in its signature; the audit may ask for fewer assets",
		})
	}
	for _, r := range a.Remarks {
		e.policyRemark(r)
	}
	const hint = "extend the baseline, or have the policy say as much: codewarrant policy diff BASELINE POLICY tells all of it"
	for _, c := range a.Beyond[:min(len(a.Beyond), maxBeyond)] {
		e.add(Finding{
			Rule: RuleBeyondBaseline, Position: c.Position, Hint: hint,
			Message: fmt.Sprintf("permits more than %s: %s", a.Baseline, c.Message),
		})
	}
	if more := len(a.Beyond) - maxBeyond; more > 0 {
		e.add(Finding{
			Rule: RuleBeyondBaseline, Position: policy.Position{File: e.in.Policy.Name}, Hint: hint,
			Message: fmt.Sprintf("permits more than %s in %d more ways", a.Baseline, more),
		})
	}
}

// policyRemark tells what is remarked on the policy, by the rule that says as much where code is
// judged.
func (e *evaluation) policyRemark(r policy.Remark) {
	f := Finding{Rule: RulePolicyRemark, Level: r.Level, Position: r.Position, Message: r.Message}
	i := slices.IndexFunc(e.in.Policy.Exceptions, func(x policy.Exception) bool { return x.ID == r.Exception })
	if r.Exception != "" && i >= 0 {
		f.Exception = &e.in.Policy.Exceptions[i]
		f.Entitlement, f.Risk = f.Exception.Entitlement, riskOf(f.Exception.Entitlement)
	}
	switch {
	case f.Exception == nil:
	case r.IsExpiry() && r.Level == policy.Error:
		f.Rule, f.Hint = RuleExpiredException, "have it approved anew, or remove it"
	case r.IsExpiry():
		f.Rule, f.Hint = RuleExpiringSoon, "have it approved anew, or prepare a build without the entitlement"
	case r.Level == policy.Error:
		f.Rule, f.Hint = RuleInvalidException, "mend it, or remove it: as it is it approves nothing"
	}
	if f.Rule == RulePolicyRemark {
		f.Hint = "codewarrant policy lint tells as much in a checkout of the repository"
	}
	e.add(f)
}
