package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/policy"
)

// judge is by what is judged.
type judge struct {
	policy  *policy.Policy
	pending []policy.Pending
	looser  []policy.Change
	base    *check.Base       // nil: the policy stands for itself
	signed  []approval.Status // of the policy's exceptions; nil: it accepts no signatures
	head    *policy.Policy    // as the change has it, if it is judged by another one

	reviewed *approval.Reviewed // of the exceptions that head adds or alters; nil: nobody's review counts
}

// stage returns the stage of that name. One that only the change has is none yet: what is
// merged would demand nothing in it.
func (j judge) stage(name string) (*policy.Stage, error) {
	s, err := j.policy.Stage(name)
	if err == nil || j.head == nil {
		return s, err
	}
	if _, added := j.head.Stage(name); added == nil {
		return nil, hinted{
			fmt.Errorf("stage %s is not in %s yet, so that nothing is demanded of it", name, j.base.Ref),
			"merge the stage in a pull request of its own, and then check by it",
		}
	}
	return nil, err
}

// here is the value of --base that makes the policy of the workspace the trusted one. No
// ref is named so (git-check-ref-format).
const here = "."

// patience is how long the trusted policy may take to be read.
const patience = 5 * time.Minute

// loadJudge reads the policy that the options name, and the one at the trusted ref, and
// makes of both the one that judges.
//
// On GitHub it is the trusted policy that says whether it is asked: where it takes for
// approved what the fields of an exception say, the policy of the workspace counts as it
// stands. A base that is named is asked in any case.
func loadJudge(ctx context.Context, env Env, o checkOptions) (judge, error) {
	at, inside, err := placeOf(env, o.policy)
	if err != nil {
		return judge{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s := newSource(ctx, env, o, at)
	if !inside {
		if err := s.elsewhere(o.policy); err != nil {
			return judge{}, err
		}
		return workspaceJudge(ctx, env, o.policy)
	}
	if at.outer != "" && s.asks() {
		return judge{}, hinted{
			fmt.Errorf("policy: %s is in the checkout %s, which is in the checkout %s: of which of them a trusted ref is meant is not known", o.policy, at.root, at.outer),
			"run the check in the repository of the policy",
		}
	}
	ref, err := s.trusted()
	if err != nil {
		return judge{}, err
	}
	switch {
	case ref.workspace:
		return workspaceJudge(ctx, env, o.policy)
	case ref.sha == "":
		return judgeWithoutBase(ctx, env, o.policy)
	}
	reader := newPolicyReader(ctx, env)
	reader.base = ref.files
	base, err := ref.policy(at, reader)
	switch absent := errors.Is(err, fs.ErrNotExist); {
	case absent && ref.alone && at.named:
		return judge{}, fmt.Errorf("policy: %s does not have %s, and that of a pull request does not count in a run with secrets", ref, at.names[0])
	case absent && ref.alone:
		return workspaceJudge(ctx, env, policy.PresetPrefix+policy.DefaultPreset)
	case absent:
		return ref.firstPolicy(ctx, env, o.policy, at)
	case err != nil:
		return judge{}, err
	}
	demand, err := reader.demandOf(base)
	if err != nil {
		return judge{}, err
	}
	if ref.alone {
		return judge{policy: base, base: ref.base(base), signed: demand.Verify(base.Exceptions)}, nil
	}
	if !ref.named && slices.Contains(base.Approvals.Accept, policy.Fields) {
		return workspaceJudge(ctx, env, o.policy)
	}
	return s.changeJudge(ref, base, demand, o.policy, at)
}

// changeJudge makes the judge of a change to the policy: of base, the trusted one, of who may
// sign by it, and of the policy that the workspace has under a name.
func (s *source) changeJudge(ref reference, base *policy.Policy, demand approval.Demand, name string, at place) (judge, error) {
	head, next, err := workspacePolicy(s.ctx, s.env, name) // next is who may sign after the merge
	if err != nil {
		return judge{}, err
	}
	j := judge{base: ref.base(base), head: head}
	j.policy, j.pending = policy.Trusted(head, base, demand.Reached)
	if slices.Contains(base.Approvals.Accept, policy.Review) && len(j.pending) > 0 {
		// Who reviews is asked for by what is merged: the change names nobody.
		j.reviewed = s.reviewed(base, head, at, newPolicyReader(s.ctx, s.env))
		j.reviewed.Brings = map[string]bool{}
		for _, p := range j.pending {
			j.reviewed.Brings[p.ID] = true
		}
		j.policy, j.pending = policy.Trusted(head, base, func(e *policy.Exception) bool {
			return demand.Reached(e) || j.reviewed.Covers(e.ID)
		})
	}
	j.looser = slices.DeleteFunc(diff(base, head, demand, next), func(c policy.Change) bool {
		return c.Direction != policy.Looser || c.Subject == "exception" // which are pending
	})
	j.signed = demand.Verify(j.policy.Exceptions)
	return j, nil
}

// workspacePolicy reads the policy as it stands, and who may sign its exceptions.
func workspacePolicy(ctx context.Context, env Env, name string) (*policy.Policy, approval.Demand, error) {
	p, err := loadPolicy(ctx, env, name)
	if err != nil {
		return nil, approval.Demand{}, err
	}
	demand, err := newPolicyReader(ctx, env).demandOf(p)
	return p, demand, err
}

// workspaceJudge takes the policy as it stands.
func workspaceJudge(ctx context.Context, env Env, name string) (judge, error) {
	p, demand, err := workspacePolicy(ctx, env, name)
	if err != nil {
		return judge{}, err
	}
	return judge{policy: p, signed: demand.Verify(p.Exceptions)}, nil
}

// judgeWithoutBase takes the policy as it stands, but for exceptions that would count as
// they stand in a base.
func judgeWithoutBase(ctx context.Context, env Env, name string) (judge, error) {
	p, demand, err := workspacePolicy(ctx, env, name)
	if err != nil {
		return judge{}, err
	}
	var j judge
	if slices.ContainsFunc(p.Approvals.Accept, func(w policy.Way) bool { return w == policy.Base || w == policy.Review }) {
		j.base = &check.Base{}
		p, j.pending = policy.Trusted(p, nil, demand.Reached)
	}
	j.policy, j.signed = p, demand.Verify(p.Exceptions)
	return j, nil
}

// reference is where the trusted policy stands. The zero reference is none that is known.
type reference struct {
	workspace bool   // it is the one in the workspace
	alone     bool   // no word of the one in the workspace counts
	named     bool   // by --base
	name      string // as people know it, such as main
	sha       string
	files     files
}

// String returns the reference as people know it, and which commit it is.
func (r reference) String() string { return fmt.Sprintf("%s at %.12s", r.name, r.sha) }

func (r reference) base(p *policy.Policy) *check.Base {
	return &check.Base{Ref: r.name, Commit: r.sha, Policy: p.Name, SHA256: p.SHA256, Extends: p.Sources[1:]}
}

// policy reads the policy at the reference. It is fs.ErrNotExist when there is none.
func (r reference) policy(at place, reader policyReader) (*policy.Policy, error) {
	for _, name := range at.names {
		src, err := r.files.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the policy of %s: %w", r, err)
		}
		p, err := reader.read(policy.Location{Base: true, Path: name}, src)
		var invalid invalidPolicy
		if errors.As(err, &invalid) {
			invalid.at = r.String()
			return nil, invalid
		}
		return p, err
	}
	return nil, fs.ErrNotExist
}

// firstPolicy takes the policy as it stands, since the reference has none, and says so
// unless there is none at all.
func (r reference) firstPolicy(ctx context.Context, env Env, name string, at place) (judge, error) {
	j, err := workspaceJudge(ctx, env, name)
	if err != nil || j.policy.Name == policy.PresetPrefix+policy.DefaultPreset {
		return j, err
	}
	if !at.known {
		return judge{}, hinted{
			fmt.Errorf("policy: %s does not have %s, and where the repository begins is not known: there is no .git", r, at.names[0]),
			"check out with git, or take the policy as it is with --base " + here,
		}
	}
	j.base = &check.Base{Ref: r.name, Commit: r.sha}
	return j, nil
}
