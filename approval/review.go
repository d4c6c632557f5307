package approval

import (
	"fmt"
	"slices"
	"strings"
)

// Person is somebody on GitHub, known by the number that stays when the name changes.
type Person struct {
	Login string
	ID    int64
}

// same reports whether two may be one person.
func (p Person) same(q Person) bool {
	return p.ID == q.ID && p.ID != 0 || p.Login != "" && strings.EqualFold(p.Login, q.Login)
}

// Opinion is a review of a pull request.
type Opinion struct {
	By     Person
	Human  bool   // and not an App
	State  string // as GitHub names it: APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED or PENDING
	Commit string // that was looked at
}

// Approving returns who approves a commit by a review, and of some others why they do not.
// Opinions are in the order in which they were written. The latest of each person decides;
// a comment, or a review that was not handed in, says neither yes nor no, as GitHub has it.
// What was said of another commit is stale. Nobody approves what they made.
func Approving(opinions []Opinion, commit string, makers []Person) (who []Person, why []string) {
	var latest []Opinion
	for _, o := range opinions {
		if o.State == "COMMENTED" || o.State == "PENDING" {
			continue
		}
		latest = slices.DeleteFunc(latest, func(p Opinion) bool { return p.By.same(o.By) })
		latest = append(latest, o)
	}
	for _, o := range latest {
		problem := ""
		switch {
		case !o.Human || o.By.ID == 0 || o.By.Login == "":
			continue // nobody who could be in a team
		case o.State == "CHANGES_REQUESTED":
			problem = "asks for changes"
		case o.State == "DISMISSED":
			problem = "has a review that was dismissed"
		case o.State != "APPROVED":
			problem = "has a review of a state that is not known"
		case o.Commit != commit || commit == "":
			problem = fmt.Sprintf("approved %.12s, which is not the head of the pull request", o.Commit)
		case slices.ContainsFunc(makers, o.By.same):
			problem = "is the author of the pull request, or made its head commit"
		}
		if problem == "" {
			who = append(who, o.By)
		} else if len(why) < maxTold {
			why = append(why, o.By.Login+" "+problem)
		}
	}
	return who, why
}

// maxTold bounds of how many people it is told why they do not approve.
const maxTold = 5

// Reviewed is what the reviews of a pull request come to, by whose policy takes them for an
// approval of the exceptions that it brings.
type Reviewed struct {
	Teams []string // of one of which somebody has to approve it
	By    []string // logins of those whose approval counts; empty: nobody's does
	Why   string   // nobody's does
	Hint  string   // what to do about it; may be empty

	// Unseen says by the id of an exception why the approval is not of it: it is not in the
	// commit that was reviewed as it is here.
	Unseen map[string]string

	// Brings are the ids of the exceptions that the pull request adds or alters, and that
	// nothing else approves.
	Brings map[string]bool
}

// Covers reports whether the exception of that id is approved.
func (r *Reviewed) Covers(id string) bool { return r.Lack(id) == "" }

// Lack says why the exception of that id is not approved, and nothing when it is.
func (r *Reviewed) Lack(id string) string {
	switch {
	case r == nil:
		return "review: nobody looked at the reviews"
	case len(r.By) == 0 && r.Why == "":
		return "review: nobody approves the pull request"
	case len(r.By) == 0:
		return "review: " + r.Why
	case r.Unseen[id] != "":
		return "review: " + r.Unseen[id]
	}
	return ""
}
