package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/internal/event"
	"github.com/codewarrant/codewarrant/internal/git"
	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/policy"
)

// maxReviewers bounds of how many people it is asked whether they are in a team.
const maxReviewers = 20

// reviewed looks at the reviews of the pull request that the run is about, for the policy
// that is trusted: that one names the teams. Of the exceptions of head those are approved
// that the commit that was reviewed has, too: what is checked out may be anything. Whatever
// cannot be found out approves nothing.
func (s *source) reviewed(base, head *policy.Policy, at place, reader policyReader) *approval.Reviewed {
	r := &approval.Reviewed{Teams: base.Approvals.ReviewTeams, Unseen: map[string]string{}}
	r.Hint = fmt.Sprintf("have a member of %s approve the pull request, on its last commit", strings.Join(r.Teams, " or "))
	fail := func(err error) *approval.Reviewed {
		r.By, r.Why = nil, err.Error()
		var h hinted
		if errors.As(advised(err), &h) {
			r.Hint = h.hint
		}
		return r
	}
	e, err := s.event()
	switch {
	case s.env.Getenv("GITHUB_EVENT_NAME") == "" || err == nil && e.Pull.Number == 0:
		r.Why, r.Hint = "the run is about no pull request", "run the check on pull_request and pull_request_review"
		return r
	case err != nil:
		return fail(err)
	case s.remote == nil:
		return fail(errors.New("GITHUB_REPOSITORY names no repository to ask for reviews"))
	case !git.IsName(e.Pull.Head):
		return fail(errors.New("the event does not name the head of the pull request"))
	}
	who, why, err := s.approving(e.Pull)
	if err != nil {
		return fail(err)
	}
	if len(who) == 0 {
		r.Why = fmt.Sprintf("nobody approves %.12s, the head of the pull request", e.Pull.Head)
		if len(why) > 0 {
			r.Why += ": " + strings.Join(why, "; ")
		}
		return r
	}
	member, err := s.member(r.Teams, who)
	if err != nil {
		return fail(err)
	}
	if member == "" {
		var names []string
		for _, p := range who[:min(len(who), maxReviewers)] {
			names = append(names, p.Login)
		}
		why = append([]string{fmt.Sprintf("%s approves it, and is in none of the teams %s", strings.Join(names, ", "), strings.Join(r.Teams, ", "))}, why...)
		r.Why = strings.Join(why, "; ")
		return r
	}
	ref := s.at("the head of the pull request", e.Pull.Head)
	reader.base = ref.files
	seen, err := ref.policy(at, reader)
	if err != nil {
		return fail(fmt.Errorf("the policy that was reviewed: %w", err))
	}
	r.By = []string{member}
	was := map[string]*policy.Exception{}
	for i := range seen.Exceptions {
		was[seen.Exceptions[i].ID] = &seen.Exceptions[i]
	}
	for i := range head.Exceptions {
		if x := &head.Exceptions[i]; was[x.ID] == nil || !x.Same(was[x.ID]) {
			r.Unseen[x.ID] = fmt.Sprintf("%s approves %.12s, which does not have the exception as it is here", member, e.Pull.Head)
		}
	}
	return r
}

// approving returns who approves the head of a pull request, of those who did not make it.
func (s *source) approving(p event.Pull) (who []approval.Person, why []string, err error) {
	c, owner, repo := s.remote.client, s.remote.owner, s.remote.repo
	reviews, err := c.Reviews(s.ctx, owner, repo, p.Number)
	if err != nil || len(reviews) == 0 {
		return nil, nil, err
	}
	accounts, err := c.Makers(s.ctx, owner, repo, p.Head)
	if err != nil {
		return nil, nil, err
	}
	makers := []approval.Person{{Login: p.Author, ID: p.AuthorID}}
	for _, a := range accounts {
		makers = append(makers, approval.Person(a))
	}
	opinions := make([]approval.Opinion, len(reviews))
	for i, r := range reviews {
		opinions[i] = approval.Opinion{By: approval.Person(r.By), Human: r.Human, State: r.State, Commit: r.Commit}
	}
	who, why = approval.Approving(opinions, p.Head, makers)
	return who, why, nil
}

// member returns the login of the first who is in one of the teams; empty: none is. That a
// team could not be asked for is an error only where no other team has one of them.
func (s *source) member(teams []string, who []approval.Person) (string, error) {
	var failed error
	for _, team := range teams {
		org, slug, _ := strings.Cut(team, "/")
		for _, p := range who[:min(len(who), maxReviewers)] {
			ok, err := s.remote.client.Member(s.ctx, org, slug, p.Login)
			if ok && err == nil {
				return p.Login, nil
			}
			if err != nil && failed == nil {
				failed = err
			}
			var e *github.Error
			if errors.As(err, &e) {
				break // the team is the same for the next one
			}
		}
	}
	return "", failed
}
