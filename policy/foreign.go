package policy

import (
	"fmt"
	"strings"
)

// Foreign says why nothing that was signed for the policy-id of an exception counts where
// the exception stands, and what to do about it; nothing when it may count. The exception
// is of the policy p, or of one that p extends, and repository is the one that the run is
// for, OWNER/NAME on GitHub; empty where that is not known.
//
// A policy-id with a slash begins with the name of the repository that its policy stands
// in. Names are compared as GitHub does, in either case. One without a slash is bound to
// no repository, and holds only in that of the policy that the check is given.
func (p *Policy) Foreign(e *Exception, repository string) (problem, hint string) {
	is, bound := namedBy(e.PolicyID)
	if e.Repository != "" {
		if bound && strings.EqualFold(is, e.Repository) {
			return "", ""
		}
		return fmt.Sprintf("its policy-id, %s, does not name %s, the repository that the exception stands in", orNone(e.PolicyID), e.Repository),
			fmt.Sprintf("write policy-id: %s into %s, and have its exceptions signed anew", e.Repository, e.Position.File)
	}
	if root, _ := namedBy(p.ID); e.PolicyID != p.ID && !(bound && strings.EqualFold(is, root)) {
		return fmt.Sprintf("the policy-id of %s is %s, and that of %s, which is judged by, is %s", e.Position.File, orNone(e.PolicyID), p.Name, orNone(p.ID)),
			"write one policy-id into both, or ones that begin with the same OWNER/REPOSITORY, and have the exceptions signed anew"
	}
	if repository != "" && bound && !strings.EqualFold(is, repository) {
		return fmt.Sprintf("its policy-id, %s, names the repository %s, and this is %s", e.PolicyID, is, repository),
			fmt.Sprintf("what is signed for one repository does not hold in another; after a rename write policy-id: %s and have the exceptions signed anew, or take one without a slash, which names no repository", repository)
	}
	return "", ""
}

// namedBy returns the repository that a policy-id names, its first two parts, and whether
// it names one.
func namedBy(id string) (repository string, bound bool) {
	owner, rest, bound := strings.Cut(id, "/")
	name, _, _ := strings.Cut(rest, "/")
	return owner + "/" + name, bound
}
