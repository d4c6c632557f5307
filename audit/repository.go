package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/policy"
)

// maxTold is how many errors of one policy are told.
const maxTold = 10

// subject is a repository while it is looked at.
type subject struct {
	*run
	reader
	target Target
	other  *Target // the same repository under the name that it has, of which the plan asks less; nil: there is none
	in     check.Input

	owner, name string          // as GitHub spells them
	at          policy.Location // of its policy, as far as it is known
}

// newSubject begins with a repository.
func (r *run) newSubject(ctx context.Context, t Target) *subject {
	a := r.plan.audit
	s := &subject{run: r, reader: reader{ctx: ctx, client: r.o.Client}, target: t}
	s.at.Path = a.Policy
	s.in = check.Input{Repository: t.Repository, At: r.plan.day, FailOn: a.FailOn, Merged: true, Audit: &check.Audit{Was: t.Was}}
	return s
}

// repository looks at one repository. The report is nil where there is nothing to report;
// limited tells that it is not what it would be, had the rate limit not been reached.
func (r *run) repository(ctx context.Context, t Target) (report *check.Report, limited bool) {
	s := r.newSubject(ctx, t)
	if !s.look() {
		return nil, s.limited
	}
	return s.report(), s.limited
}

// unreadable is the report on a repository of which nothing else can be said.
func (r *run) unreadable(t Target, err error, hint string) *check.Report {
	s := r.newSubject(context.Background(), t)
	s.unread(t.Repository, err, hint)
	return s.report()
}

// report judges what was found out.
func (s *subject) report() *check.Report {
	a := s.plan.audit
	if s.in.Policy == nil { // nothing judges
		s.in.Policy = &policy.Policy{Name: s.at.String(), Stages: []policy.Stage{{Name: a.Stage}}}
	}
	stage, err := s.in.Policy.Stage(a.Stage)
	if err != nil {
		if len(s.in.Binaries)+len(s.in.Packages) > 0 {
			s.unread(a.Policy, err, "name a stage of the policy in the audit")
		}
		stage = &s.in.Policy.Stages[0]
	}
	s.in.Stage = stage
	return check.Evaluate(s.in)
}

// unread tells that something could not be looked at.
func (s *subject) unread(path string, err error, hint string) {
	var e *github.Error
	if errors.As(err, &e) {
		hint = cmp.Or(e.Hint, hint)
	}
	s.limited = s.limited || errors.Is(err, github.ErrLimited)
	s.in.Unread = append(s.in.Unread, check.Unread{Path: path, Err: err, Hint: hint})
}

// look finds out all there is to know, and reports whether there is something to report.
func (s *subject) look() bool {
	const seen = "see that the token may read the repository"
	s.owner, s.name, _ = strings.Cut(s.target.Repository, "/")
	branch := s.target.Branch
	if branch == "" {
		r, err := s.client.Repository(s.ctx, s.owner, s.name)
		if err != nil {
			s.unread(s.target.Repository, err, seen)
			return true
		}
		if !strings.EqualFold(r.Name, s.target.Repository) { // the plan could not tell
			switch other, ok := s.plan.target(r.Name); {
			case !ok:
				s.in.Audit.Was = append(slices.Clone(s.in.Audit.Was), s.target.Repository)
				s.in.Repository = r.Name
			case rank(other.WithoutPolicy) <= rank(s.target.WithoutPolicy):
				s.in.Audit.Same = r.Name
				return true
			default: // it has to have a policy, which is not asked under that name
				s.other = &other
			}
		} else {
			s.in.Repository = r.Name
		}
		branch = r.DefaultBranch
		s.owner, s.name, _ = strings.Cut(r.Name, "/")
	}
	sha, err := s.client.Commit(s.ctx, s.owner, s.name, "heads/"+branch)
	var e *github.Error
	switch {
	case errors.As(err, &e) && e.Status == http.StatusConflict: // "Git Repository is empty"
		return s.withoutPolicy("the repository is empty")
	case err != nil:
		s.unread(s.target.Repository, err, seen)
		return true
	}
	s.at.Repository, s.at.Ref = s.owner+"/"+s.name, sha
	p, err := policy.Load(s.at, s.from(s.at))
	var errs policy.Errors
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s.withoutPolicy(fmt.Sprintf("there is no %s on %s (%.12s)", s.at.Path, branch, sha))
	case errors.As(err, &errs):
		s.invalid(errs)
		return true
	case err != nil:
		s.unread(s.at.Path, err, seen)
		return true
	}
	if s.other != nil {
		s.in.Audit.Same = s.other.Repository
		return true
	}
	s.in.Policy = p
	s.judged(p)
	s.release()
	return true
}

// invalid tells what is wrong with the text of the policy.
func (s *subject) invalid(errs policy.Errors) {
	for i, e := range errs {
		u := check.Unread{Path: s.at.Path, Err: errors.New(e.Message), Hint: cmp.Or(e.Hint, "codewarrant policy lint shows the line"), Position: e.Position}
		if i == maxTold {
			u.Err, u.Hint = fmt.Errorf("%d more errors from here on", len(errs)-i), "codewarrant policy lint tells them all"
		}
		s.in.Unread = append(s.in.Unread, u)
		if i == maxTold {
			return
		}
	}
}

// withoutPolicy takes another policy for the repository's own, which it lacks, and reports
// whether that is to be told. What has assets to be looked at should have one.
func (s *subject) withoutPolicy(why string) bool {
	if s.target.WithoutPolicy == "" {
		return false
	}
	if s.other != nil {
		why += fmt.Sprintf("; it is the same repository as %s, of which the audit asks less", s.other.Repository)
	}
	s.in.Audit.Missing, s.in.Audit.Level = why, s.target.WithoutPolicy
	s.in.Policy = s.plan.baseline.policy
	if s.in.Policy == nil {
		s.in.Policy = s.byDefault
	}
	if s.other != nil && s.other.WithoutPolicy != "" { // its assets are looked at under that name
		return true
	}
	if s.release() {
		s.in.Audit.Level = policy.Error
	}
	return true
}

// judged finds out what there is to say of the policy itself. On the default branch it is
// merged, and so are its exceptions.
func (s *subject) judged(p *policy.Policy) {
	demand, err := demandOf(p, s.text)
	if err != nil {
		s.unread(s.at.Path, err, "approvals.allowed-signers names the file, relative to the policy that says so")
		return
	}
	demand.Repository = s.in.Repository
	s.in.Signed = demand.Verify(p.Exceptions)
	s.in.Audit.Remarks = slices.Concat(policy.Lint(p, s.in.At), approval.Lint(p, demand))
	if b := s.plan.baseline; b.policy != nil {
		s.in.Audit.Baseline, s.in.Audit.Beyond = b.policy.Name, b.beyond(p, demand)
	}
}
