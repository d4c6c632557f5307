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

	"github.com/codewarrant/codewarrant/internal/github"
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

// baseline loads the baseline of an audit; nil: it has none.
func baseline(a *policy.Audit, read func(policy.Location) ([]byte, error)) (*policy.Policy, error) {
	if a.Baseline == nil {
		return nil, nil
	}
	at, err := baselineAt(a)
	if err != nil {
		return nil, fmt.Errorf("%s: baseline: %w", a.Baseline.Position, err)
	}
	p, err := policy.Load(at, read)
	if err == nil && a.Baseline.SHA256 != "" && a.Baseline.SHA256 != p.SHA256 {
		return nil, fmt.Errorf("%s: the SHA-256 of the baseline is %s, and not the one that is named", a.Baseline.Position, p.SHA256)
	}
	return p, err
}

// beyond returns by what a policy permits more than the baseline, exceptions aside. One
// that extends all texts of the baseline is merged with them, which lets nothing pass that
// one of them stops, but for what they say may be loosened.
func beyond(baseline, p *policy.Policy) []policy.Change {
	extends := func(s policy.Source) bool {
		return slices.ContainsFunc(p.Sources, func(o policy.Source) bool { return o.SHA256 == s.SHA256 })
	}
	if !slices.ContainsFunc(baseline.Sources, func(s policy.Source) bool { return !extends(s) }) {
		return nil
	}
	return slices.DeleteFunc(policy.Diff(baseline, p), func(c policy.Change) bool {
		return c.Direction != policy.Looser || c.Subject == "exception"
	})
}
