// Package event tells where the policy stands that is to be trusted, by the event that
// started a workflow on GitHub. It is pure: the variables and the payload come in.
//
// It follows GitHub's documentation:
//
//   - https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
//   - https://docs.github.com/en/webhooks/webhook-events-and-payloads
//   - https://docs.github.com/en/actions/reference/workflows-and-actions/variables
//
// The payload is GitHub's, but much in it was chosen by whoever caused the event. Of it
// only branches, commits, the default branch, and number and author of a pull request are
// read, and nothing is guessed: what is not there and is needed is an error.
package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// MaxSize is the size of a payload in bytes, above which GitHub delivers none.
const MaxSize = 25 << 20

// PullRequestTarget is the name of the event of a pull request that runs with the secrets
// of the repository.
const PullRequestTarget = "pull_request_target"

// Event is what started a workflow.
type Event struct {
	Name string // as of GITHUB_EVENT_NAME, such as pull_request
	Ref  string // as of GITHUB_REF, such as refs/heads/main
	SHA  string // as of GITHUB_SHA

	// DefaultBranch is the repository's; empty where the payload does not tell, as that
	// of schedule.
	DefaultBranch string

	Base      string // the branch that a pull request is to be merged into
	BaseSHA   string // the commit that it was compared with
	GroupRef  string // the branch that a merge group is to be merged into, in full
	GroupBase string // the commit that a merge group is on top of

	Pull Pull // that the event is about; zero: none
}

// Pull is a pull request.
type Pull struct {
	Number   int
	Head     string // the commit at its tip
	Author   string // login of who opened it
	AuthorID int64
	// Fork is whether its branch is in another repository. What is gone is one.
	Fork bool
}

// payload is the part of all payloads that is read.
type payload struct {
	Repository struct {
		DefaultBranch string `json:"default_branch"`
	} `json:"repository"`
	PullRequest struct {
		Number int `json:"number"`
		User   struct {
			Login string `json:"login"`
			ID    int64  `json:"id"`
		} `json:"user"`
		Base side `json:"base"`
		Head side `json:"head"`
	} `json:"pull_request"`
	MergeGroup struct {
		BaseRef string `json:"base_ref"`
		BaseSHA string `json:"base_sha"`
	} `json:"merge_group"`
}

// side is a branch of a pull request.
type side struct {
	Ref  string `json:"ref"`
	SHA  string `json:"sha"`
	Repo struct {
		ID int64 `json:"id"`
	} `json:"repo"`
}

// Parse reads an event: its name, GITHUB_REF and GITHUB_SHA, and the JSON that is in the
// file at GITHUB_EVENT_PATH.
func Parse(name, ref, sha string, src []byte) (Event, error) {
	var p payload
	if len(src) > MaxSize {
		return Event{}, fmt.Errorf("the payload is over %d MiB", MaxSize>>20)
	}
	if json.Unmarshal(src, &p) != nil { // whose error quotes
		return Event{}, errors.New("the payload is not the JSON that is documented")
	}
	e := Event{
		Name: name, Ref: ref, SHA: sha, DefaultBranch: p.Repository.DefaultBranch,
		Base: p.PullRequest.Base.Ref, BaseSHA: p.PullRequest.Base.SHA,
		GroupRef: p.MergeGroup.BaseRef, GroupBase: p.MergeGroup.BaseSHA,
	}
	if pr := p.PullRequest; pr.Number > 0 {
		e.Pull = Pull{pr.Number, pr.Head.SHA, pr.User.Login, pr.User.ID, pr.Head.Repo.ID == 0 || pr.Head.Repo.ID != pr.Base.Repo.ID}
	}
	if branch, ok := strings.CutPrefix(ref, "refs/heads/"); ok && name == "schedule" && e.DefaultBranch == "" {
		e.DefaultBranch = branch // "Last commit on default branch"
	}
	return e, nil
}

// Trusted is where the policy stands that is trusted. One of Workspace, Commit and Branch
// is set.
type Trusted struct {
	Workspace bool   // in what is checked out: it is merged already
	Commit    string // at this commit
	Branch    string // at the tip of this branch

	// IfProtected is whether the branch is trusted only if it is protected; else the tip
	// of the default branch is.
	IfProtected bool
	// Alone is whether no word of a policy in the workspace counts.
	Alone bool
	// Name is what people call it.
	Name string
}

// ErrNoDefaultBranch is the error of Trusted where it depends on the default branch, and
// the event does not say which that is.
var ErrNoDefaultBranch = errors.New("the event does not name the default branch")

// Trusted returns where the policy stands by which the run is to be judged.
//
// A pull request, with its reviews, is judged by the branch that it is to be merged into;
// a merge group by the commit that it is on top of; what was pushed to the default branch
// by itself, since it was merged. Everything else is judged by the default branch: what
// anybody can push, tag, dispatch or comment on.
func (e Event) Trusted() (Trusted, error) {
	switch e.Name {
	case "pull_request", "pull_request_review", "pull_request_review_comment", PullRequestTarget:
		if e.Base == "" {
			return Trusted{}, errors.New("the event does not name the branch that the pull request is to be merged into")
		}
		return Trusted{
			Branch: e.Base, IfProtected: e.Base != e.DefaultBranch, Name: e.Base,
			// It runs with the repository's secrets on what its owners have not seen.
			Alone: e.Name == PullRequestTarget,
		}, nil
	case "merge_group":
		if e.GroupBase == "" {
			return Trusted{}, errors.New("the event does not name the commit that the merge group is on top of")
		}
		name := strings.TrimPrefix(e.GroupRef, "refs/heads/")
		if name == "" {
			name = "the base of the merge group"
		}
		return Trusted{Commit: e.GroupBase, Name: name}, nil
	}
	switch {
	case e.DefaultBranch == "":
		return Trusted{}, ErrNoDefaultBranch
	case e.Name == "push" && e.Ref == "refs/heads/"+e.DefaultBranch:
		return Trusted{Workspace: true, Name: e.DefaultBranch}, nil
	}
	return Trusted{Branch: e.DefaultBranch, Name: e.DefaultBranch}, nil
}

// MayBeCheckedOut reports whether a run that is Alone may have that commit in its
// workspace: what the repository's owners have merged, and not the pull request.
func (e Event) MayBeCheckedOut(commit string) bool {
	return commit != "" && (commit == e.SHA || commit == e.BaseSHA)
}
