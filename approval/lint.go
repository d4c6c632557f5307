package approval

import (
	"fmt"
	"slices"

	"github.com/codewarrant/codewarrant/policy"
)

// Lint tells which exceptions of a policy are not approved by their signatures, and whether
// as many can sign as have to. These are errors where nothing else approves; else only
// signatures that are there and do not count are told.
func Lint(p *policy.Policy, by Demand) []policy.Remark {
	level := policy.Error
	if slices.ContainsFunc(p.Approvals.Accept, func(w policy.Way) bool { return w != policy.SignedBy }) {
		level = policy.Warning
	}
	var remarks []policy.Remark
	if by.Policy != nil && !CanReach(p.Approvals.Threshold, by.Signers) {
		at, ok := p.Approvals.Fields["threshold"]
		if !ok {
			at = p.Approvals.Fields["allowed-signers"]
		}
		remarks = append(remarks, policy.Remark{Level: level, Field: "threshold", Position: at, Message: fmt.Sprintf(
			"no exception can be approved by signatures: those of %d different people are needed, each with a key of their own, and the allowed signers are fewer", p.Approvals.Threshold)})
	}
	for i, s := range by.Verify(p.Exceptions) {
		e := &p.Exceptions[i]
		if s.Reached() || level == policy.Warning && len(e.Signatures) == 0 {
			continue
		}
		remarks = append(remarks, policy.Remark{
			Level: level, Exception: e.ID, Field: "signatures", Position: e.At("signatures"),
			Message: fmt.Sprintf("exception %q: its signatures do not approve it: %s", e.ID, s.Lack()),
		})
	}
	return remarks
}
