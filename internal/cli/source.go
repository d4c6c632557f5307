package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/codewarrant/codewarrant/internal/event"
	"github.com/codewarrant/codewarrant/internal/git"
	"github.com/codewarrant/codewarrant/policy"
)

// source finds the trusted reference of a run.
type source struct {
	ctx      context.Context
	env      Env
	given    string // --base
	root     string // of the checkout
	local    *git.Repository
	remote   *remote
	hasToken bool
}

func newSource(ctx context.Context, env Env, o checkOptions, at place) *source {
	s := &source{ctx: ctx, env: env, given: o.base, root: at.root, remote: newRemote(env), hasToken: token(env) != ""}
	s.local, _ = git.Open(at.root) // without it there is GitHub to ask
	return s
}

// at returns a reference to a commit.
func (s *source) at(name, sha string) reference {
	return reference{name: name, sha: sha, files: commitFiles{s.ctx, sha, s.local, s.remote}}
}

// trusted returns the reference that --base names, or that the event tells; the zero
// reference where there is neither.
func (s *source) trusted() (reference, error) {
	name := s.env.Getenv("GITHUB_EVENT_NAME")
	switch {
	case s.given == here && name == event.PullRequestTarget:
		return reference{}, hinted{
			fmt.Errorf("%s: --base %s: the policy of the workspace does not count in a run with secrets", name, here),
			"leave base away, or name a ref",
		}
	case s.given == here:
		return reference{workspace: true}, nil
	case s.given != "":
		sha, err := s.commit(s.given)
		ref := s.at(s.given, sha)
		ref.named, ref.alone = true, name == event.PullRequestTarget
		if err != nil || !ref.alone {
			return ref, err
		}
		e, err := s.event()
		if err != nil {
			return reference{}, err
		}
		return ref, s.refuse(e, ref)
	case name == "":
		return reference{}, nil
	}
	e, err := s.event()
	if err != nil {
		return reference{}, err
	}
	ref, err := s.told(e)
	if err != nil || !ref.alone {
		return ref, err
	}
	return ref, s.refuse(e, ref)
}

// asks reports whether the run asks for a trusted reference: --base names one, or there is
// an event.
func (s *source) asks() bool {
	return s.given != here && (s.given != "" || s.env.Getenv("GITHUB_EVENT_NAME") != "")
}

// elsewhere says why a policy that stands at no ref cannot judge as it stands: one was asked
// for, or the event has a head that is not to be trusted, and may have brought the file.
func (s *source) elsewhere(policyName string) error {
	isPreset := strings.HasPrefix(policyName, policy.PresetPrefix)
	switch {
	case isPreset && s.given != "" && s.given != here:
		return hinted{fmt.Errorf("--base %s: %s stands at no ref, and is the same everywhere", s.given, policyName), "leave --base or --policy away"}
	case isPreset:
		return nil
	case s.given == here:
		_, err := s.trusted()
		return err
	case s.given != "":
		return hinted{
			fmt.Errorf("--base %s: the policy %s is in no checkout that could have it at a ref", s.given, policyName),
			"run the check in the repository of the policy, or take the policy as it is with --base " + here,
		}
	case !s.asks():
		return nil
	}
	e, err := s.event()
	if err != nil {
		return err
	}
	if t, err := e.Trusted(); err == nil && t.Workspace {
		return nil
	}
	hint := "name a policy in the workspace, or take it as it is with --base " + here
	if e.Name == event.PullRequestTarget {
		hint = "name a policy in the workspace, or a preset"
	}
	return hinted{fmt.Errorf("%s: the policy %s is outside of the workspace, so that nothing tells whether it is merged", e.Name, policyName), hint}
}

// told returns the reference that an event tells.
func (s *source) told(e event.Event) (reference, error) {
	t, err := e.Trusted()
	if err != nil {
		return reference{}, hinted{fmt.Errorf("%s: %w", e.Name, err), "name the trusted ref with --base, or with the input base"}
	}
	if t.Workspace {
		return reference{workspace: true}, nil
	}
	if t.Commit != "" && !git.IsName(t.Commit) {
		return reference{}, fmt.Errorf("%s: the event names no commit that could be trusted", e.Name)
	}
	if t.IfProtected {
		if t.Branch, err = s.protected(t.Branch, e.DefaultBranch); err != nil {
			return reference{}, err
		}
		t.Name = t.Branch
	}
	sha := t.Commit
	if sha == "" {
		if sha, err = s.tip(t.Branch); err != nil {
			return reference{}, err
		}
	}
	ref := s.at(t.Name, sha)
	ref.alone = t.Alone
	return ref, nil
}

// refuse says why a run with secrets does not go on: what is checked out may be what a
// pull request wrote.
func (s *source) refuse(e event.Event, ref reference) error {
	head := git.Head(s.root)
	if head == "" || head == ref.sha || e.MayBeCheckedOut(head) {
		return nil
	}
	return hinted{
		fmt.Errorf("%s: the workspace is a checkout of %.12s, which is not of %s: it may be the pull request's, and is not judged where secrets are at hand", e.Name, head, ref.name),
		"run on pull_request, which has no secrets, or leave the checkout of the pull request out",
	}
}

// event reads what started the workflow. The default branch is asked for where it matters
// and the event does not tell.
func (s *source) event() (event.Event, error) {
	name := s.env.Getenv("GITHUB_EVENT_NAME")
	src, err := readBounded(s.env.Getenv("GITHUB_EVENT_PATH"), event.MaxSize)
	if err != nil {
		return event.Event{}, hinted{fmt.Errorf("%s: GITHUB_EVENT_PATH: %w", name, err), "name the trusted ref with --base, or with the input base"}
	}
	e, err := event.Parse(name, s.env.Getenv("GITHUB_REF"), s.env.Getenv("GITHUB_SHA"), src)
	if err != nil {
		return e, fmt.Errorf("%s: GITHUB_EVENT_PATH: %w", name, err)
	}
	if _, err := e.Trusted(); errors.Is(err, event.ErrNoDefaultBranch) && s.remote != nil {
		if e.DefaultBranch, err = s.remote.client.DefaultBranch(s.ctx, s.remote.owner, s.remote.repo); err != nil {
			return e, fmt.Errorf("the default branch: %w", advised(err))
		}
	}
	return e, nil
}

// protected returns the branch if it is protected, else the default branch: who may push
// to a branch that is not could approve there what goes on into another.
func (s *source) protected(branch, byDefault string) (string, error) {
	if s.remote == nil && byDefault != "" {
		return byDefault, nil
	}
	if s.remote == nil {
		return "", hinted{fmt.Errorf("whether %s is protected is not known", branch), "name the trusted ref with --base, or with the input base"}
	}
	b, err := s.remote.client.Branch(s.ctx, s.remote.owner, s.remote.repo, branch)
	if err != nil {
		return "", fmt.Errorf("whether %s is protected: %w", branch, advised(err))
	}
	if b.Protected {
		return branch, nil
	}
	if byDefault == "" {
		if byDefault, err = s.remote.client.DefaultBranch(s.ctx, s.remote.owner, s.remote.repo); err != nil {
			return "", fmt.Errorf("the default branch: %w", advised(err))
		}
	}
	return byDefault, nil
}

// tip returns the commit that a branch is at. GitHub knows better than a checkout, which
// may be an old one, but without a token it may not say.
func (s *source) tip(branch string) (string, error) {
	if s.local != nil && !(s.hasToken && s.remote != nil) {
		if sha, err := s.local.Resolve(s.ctx, "refs/remotes/origin/"+branch); err == nil {
			return sha, nil
		}
	}
	if s.remote == nil {
		return "", hinted{fmt.Errorf("the tip of %s is not known", branch), "fetch it: git fetch origin " + branch}
	}
	b, err := s.remote.client.Branch(s.ctx, s.remote.owner, s.remote.repo, branch)
	if err != nil {
		return "", fmt.Errorf("the tip of %s: %w", branch, advised(err))
	}
	return b.SHA, nil
}

// commit returns the commit of a ref that was named.
func (s *source) commit(ref string) (string, error) {
	switch {
	case git.IsName(ref):
		return ref, nil
	case s.local != nil && !(s.hasToken && s.remote != nil):
		sha, err := s.local.Resolve(s.ctx, ref)
		if err == nil || s.remote == nil {
			return sha, wrongBase(err)
		}
	case s.remote == nil:
		return "", hinted{fmt.Errorf("--base %s: there is neither a checkout with git to read it, nor GITHUB_REPOSITORY to ask for", ref), "run the check in a checkout, with git installed"}
	}
	sha, err := s.remote.commit(s.ctx, ref)
	return sha, wrongBase(advised(err))
}

// wrongBase says of an error that it is about --base.
func wrongBase(err error) error {
	var h hinted
	switch {
	case err == nil:
		return nil
	case errors.As(err, &h):
		return fmt.Errorf("--base: %w", err)
	}
	return hinted{fmt.Errorf("--base: %w", err), "name a branch, a tag or a commit that is there, such as origin/main"}
}
