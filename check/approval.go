package check

import (
	"strings"

	"github.com/codewarrant/codewarrant/policy"
)

// unproven returns the defect of an exception, the i-th of the policy, whose approval
// is proven in none of the ways that the policy accepts, and nil where one of them
// proves it. What nobody looked at proves nothing.
func unproven(in Input, i int) *policy.Defect {
	ex := &in.Policy.Exceptions[i]
	defect := &policy.Defect{Field: "approved-by"}
	why := []string{}
	for _, way := range in.Policy.Approvals.Accept {
		lack := "the policy accepts approvals in a way that is not known: " + string(way)
		switch way {
		case policy.Fields:
			return nil
		case policy.Base: // what does not count by it is pending
			if lack = ""; !in.Merged {
				lack = "it counts as it stands in the branch that the change is to be merged into, and that is not known here"
			}
		case policy.Review:
			if lack = ""; !in.Merged {
				lack = "it counts once the pull request that brings it is approved, and that is not known here"
			}
		case policy.SignedBy:
			defect.Field = "signatures"
			if lack = "signatures: nobody looked at them"; i < len(in.Signed) {
				lack = in.Signed[i].Lack()
			}
		}
		if lack == "" {
			return nil
		}
		why = append(why, lack)
	}
	defect.Position = ex.At(defect.Field)
	defect.Message = strings.Join(why, "; and ")
	return defect
}

// provenBy returns the ways in which the approval of an exception, the i-th of the policy, is
// proven.
func provenBy(in Input, i int) (ways []policy.Way) {
	ex := &in.Policy.Exceptions[i]
	for _, way := range in.Policy.Approvals.Accept {
		proves := false
		switch way {
		case policy.Fields:
			proves = len(ex.ApprovedBy) > 0 && !ex.ApprovedOn.IsZero()
		case policy.Base, policy.Review:
			proves = in.Merged
		case policy.SignedBy:
			proves = i < len(in.Signed) && in.Signed[i].Lack() == ""
		}
		if proves {
			ways = append(ways, way)
		}
	}
	return ways
}

// unprovenHint says what to do about what unproven found of the i-th exception.
func unprovenHint(in Input, i int, defect *policy.Defect) string {
	switch {
	case defect.Field != "signatures":
	case i < len(in.Signed) && in.Signed[i].Hint != "":
		return in.Signed[i].Hint
	default:
		return "have it signed with codewarrant approve " + in.Policy.Exceptions[i].ID + "; codewarrant approvals tells who has signed what"
	}
	return "have the exception merged first, and what needs it after it"
}
