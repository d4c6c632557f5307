// Package audit looks at the policies of many repositories on GitHub, and at what they
// have released. A [Plan] fixes which ones, so that the work can be shared out among
// several machines; each repository comes to a report of its own, such as a check writes.
//
// It asks through package github and opens no connection of its own. Whatever keeps a
// repository from being looked at is a finding in its report, which does not pass.
package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/sshsig"
	"github.com/codewarrant/codewarrant/policy"
)

// reader reads policies, and what they name.
type reader struct {
	ctx    context.Context // of the run, since policy.Load knows none
	client *github.Client
	local  func(policy.Location) ([]byte, error) // files of this machine; nil: none are read

	limited bool // the rate limit kept something from being read
}

// text reads what a policy names elsewhere.
func (r *reader) text(l policy.Location) ([]byte, error) {
	switch {
	case l.Repository == "" && r.local != nil:
		return r.local(l)
	case l.Repository == "":
		return nil, errors.New("no files of this machine are read here")
	}
	owner, name, _ := strings.Cut(l.Repository, "/")
	src, err := r.client.File(r.ctx, owner, name, l.Path, l.Ref)
	r.limited = r.limited || errors.Is(err, github.ErrLimited)
	return src, err
}

// from returns what reads the policy there, and all that it extends: what keeps a text that
// is extended from being read is an error of the policy.
func (r *reader) from(at policy.Location) func(policy.Location) ([]byte, error) {
	return func(l policy.Location) ([]byte, error) {
		src, err := r.text(l)
		var e *github.Error
		if l != at && errors.As(err, &e) {
			return nil, &policy.Unreadable{Err: errors.New(e.Message), Hint: e.Hint}
		}
		return src, err
	}
}

// baselineAt returns where the baseline of an audit is.
func baselineAt(a *policy.Audit) (policy.Location, error) {
	b := a.Baseline
	switch {
	case b.Preset != "":
		return policy.Location{Preset: b.Preset}, nil
	case b.Repository != "":
		return policy.Location{Repository: b.Repository, Ref: b.Ref, Path: b.Path}, nil
	}
	return policy.Location{Path: a.Name}.Beside(b.File)
}

// standard is the baseline of an audit, and who may sign by it.
type standard struct {
	policy *policy.Policy // nil: there is none
	demand approval.Demand
}

// newStandard loads the baseline of an audit, if it has one.
func newStandard(a *policy.Audit, read func(policy.Location) ([]byte, error)) (s standard, err error) {
	if a.Baseline == nil {
		return s, nil
	}
	at, err := baselineAt(a)
	if err != nil {
		return s, fmt.Errorf("%s: baseline: %w", a.Baseline.Position, err)
	}
	if s.policy, err = policy.Load(at, read); err != nil {
		return s, err
	}
	if sum := a.Baseline.SHA256; sum != "" && sum != s.policy.SHA256 {
		return s, fmt.Errorf("%s: the SHA-256 of the baseline is %s, and not the one that is named", a.Baseline.Position, s.policy.SHA256)
	}
	s.demand, err = demandOf(s.policy, read)
	return s, err
}

// demandOf returns what the exceptions of a policy have to be signed by; the zero demand is
// none. The file of those who may sign is beside the policy that names it.
func demandOf(p *policy.Policy, read func(policy.Location) ([]byte, error)) (approval.Demand, error) {
	if !slices.Contains(p.Approvals.Accept, policy.SignedBy) {
		return approval.Demand{}, nil
	}
	file, err := p.SignersFile()
	if err != nil {
		return approval.Demand{}, err
	}
	src, err := read(file)
	if err != nil {
		return approval.Demand{}, fmt.Errorf("allowed signers: %w", err)
	}
	signers, err := sshsig.ParseAllowedSigners(file.String(), src)
	return approval.Demand{Policy: p, Signers: signers}, err
}

// beyond returns by what a policy permits more than the baseline, exceptions aside. One
// that extends all texts of the baseline is merged with them, which lets nothing pass that
// one of them stops, but for what they say may be loosened. Who may sign stands in files
// beside them, and is compared in any case.
func (s standard) beyond(p *policy.Policy, demand approval.Demand) []policy.Change {
	var changes []policy.Change
	if s.demand.Policy != nil {
		changes = approval.Diff(s.demand, demand)
	}
	extends := func(s policy.Source) bool {
		return slices.ContainsFunc(p.Sources, func(o policy.Source) bool { return o.SHA256 == s.SHA256 })
	}
	if slices.ContainsFunc(s.policy.Sources, func(s policy.Source) bool { return !extends(s) }) {
		changes = append(changes, policy.Diff(s.policy, p)...)
	}
	return slices.DeleteFunc(changes, func(c policy.Change) bool {
		return c.Direction != policy.Looser || c.Subject == "exception"
	})
}
