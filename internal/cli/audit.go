package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/audit"
	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

func newAudit(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Look at the policies of many repositories on GitHub",
		Long: `audit looks at the policies of many repositories, and at what they have released: run does so, and
plan divides the work among the jobs of a matrix in GitHub Actions.

Exit status: as each command tells; 2 for wrong usage.`,
		Example: `  codewarrant audit run --output audit.json audit.yml
  codewarrant audit plan --shards 8 --output plan.json audit.yml`,
		Args: takesCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newAuditRun(env), newAuditPlan(env))
	return cmd
}

const auditFile = `AUDIT.yml says which repositories, and how:

  version: 1
  repositories: [acme/desktop, acme/engine]  # each has to have a policy
  discover:                                  # more of them, which may have none
    - {org: acme, topic: macos, name: "*-mac", without-policy: warning}
  baseline: macos/base.yml                   # that no policy may go beyond
  release: {assets: ["*.dmg", "*.zip"]}      # of the latest release, judged as check does

GITHUB_TOKEN is the token, and GITHUB_API_URL the address of the API where that is not github.com's.`

// asking is how GitHub is asked.
type asking struct {
	at    string
	state string
	wait  time.Duration
}

func (o *asking) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.at, "at", "", "judge as on this `day`, YYYY-MM-DD (default today, UTC)")
	f.StringVar(&o.state, "state", "", "`folder` in which answers of GitHub are kept, so that it is only asked what has changed")
	f.DurationVar(&o.wait, "wait", time.Hour, "how `long` one question may wait for the rate limit, such as 10m")
	complete(cmd, "at", nil)
	complete(cmd, "wait", nil)
	completeFolders(cmd, "state")
}

// open returns the state, and a client that keeps its answers there. Without --state it is
// a folder of this run alone. Two runs with one folder wait for one another, where there are
// locks ([lock]).
func (o asking) open(env Env) (c *github.Client, s *audit.State, done func(), err error) {
	dir, unlock := o.state, func() {}
	if o.wait < 0 || o.wait > 24*time.Hour {
		return nil, nil, nil, fmt.Errorf("--wait: %s is not from 0s to 24h", o.wait)
	}
	what, hint := "--state", "name a folder that is empty or of an audit, and can be written to and locked"
	if dir == "" {
		what, hint = "a folder for temporary files", "set TMPDIR to one that can be written to"
		if dir, err = os.MkdirTemp("", "codewarrant-*"); err != nil {
			return nil, nil, nil, hinted{fmt.Errorf("%s: %w", what, err), hint}
		}
	}
	if s, err = audit.OpenState(dir); err == nil && o.state != "" {
		unlock, err = lock(dir)
	}
	if err != nil {
		if o.state == "" {
			os.RemoveAll(dir)
		}
		return nil, nil, nil, hinted{fmt.Errorf("%s: %w", what, err), hint}
	}
	c = newClient(env)
	c.Store, c.Patience, s.API = s, max(o.wait, 1), c.BaseURL
	return c, s, func() {
		unlock()
		if o.state == "" {
			os.RemoveAll(dir)
		}
	}, nil
}

// plan reads what is to be audited, and finds the repositories.
func (o asking) plan(ctx context.Context, env Env, c *github.Client, name string, shards int) (*audit.Plan, error) {
	day, err := dayOf(env, o.at)
	if err != nil {
		return nil, err
	}
	src, err := readBounded(name, policy.MaxSize)
	if err != nil {
		return nil, hinted{err, "name the file that says what is audited"}
	}
	a, err := policy.ParseAudit(filepath.ToSlash(name), src)
	if err != nil {
		return nil, withSource(err, src)
	}
	p, err := audit.Make(ctx, c, src, a, day, shards, Version(), func(l policy.Location) ([]byte, error) { return readNamed(l.Path) })
	var e *github.Error
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &e):
		return nil, unreadableInput(env, advised(err))
	case errors.Is(err, audit.ErrNothing):
		return nil, unreadableInput(env, hinted{err, "see the topics and names that are asked for, and that the token may see the repositories"})
	}
	return p, withSource(err, nil)
}

func newAuditRun(env Env) *cobra.Command {
	var o asking
	var out mergedOutput
	var planFile, shard string
	var jobs jobs
	var quiet bool
	cmd := &cobra.Command{
		Use:   "run {AUDIT.yml | --plan FILE --shard K/N}",
		Short: "Look at the policies of many repositories, and at their releases",
		Long: `run reads the policy on the default branch of each repository, with what it extends, and tells which
exceptions have run out, will soon or approve nothing, what lint remarks, and by what it permits more
than the baseline. Where the audit says so, the assets of the latest release are fetched and judged.
Each repository comes to a report such as check writes, and all of them to one such as merge does.

A repository that cannot be read has a report that says why, and the exit status tells.

` + auditFile + `

With --state a run that was interrupted goes on where it stopped when it is started again on the same
day. --plan and --shard take one part of a plan that audit plan has written; merge joins the parts, and
writes them in other formats than json.

Exit status: that of the worst repository, 0 passed, 1 findings at or above fail-on, 3 something could
not be read; 2 wrong usage, an audit that is not valid, or output that could not be written.`,
		Example: `  codewarrant audit run --output audit.json audit.yml
  codewarrant audit run --state ~/.cache/codewarrant-audit audit.yml | jq -r '.runs[].report | .repository + " " + .result'
  codewarrant audit run --format html --output audit.html audit.yml
  codewarrant audit run --plan plan.json --shard 3/8 --output audit-3.json`,
		Args: takes(0, 1, "one argument, the file that says what is audited", "audit.yml"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case (len(args) == 0) == (planFile == ""):
				return hinted{errors.New("give one of a file that says what is audited, and --plan"), "for example: codewarrant audit run audit.yml"}
			case planFile == "" && shard != "":
				return hinted{errors.New("--shard goes with --plan"), "make a plan with codewarrant audit plan"}
			case planFile != "" && o.at != "":
				return hinted{errors.New("--at goes with no --plan, which says the day"), "leave --at away"}
			case shard != "" && out.format.String() != "json":
				return hinted{fmt.Errorf("--format: %q is not for a part of a plan", out.format.String()), "leave --format away, and give it to codewarrant merge, which joins the parts"}
			}
			c, s, done, err := o.open(env)
			if err != nil {
				return err
			}
			defer done()
			if rel, err := filepath.Rel(o.state, out.output); o.state != "" && out.output != "" && err == nil && filepath.IsLocal(rel) {
				return hinted{fmt.Errorf("--output: %s is in the folder of --state, which the audit clears", relative(out.output)), "name a file elsewhere"}
			}
			var p *audit.Plan
			part := 0
			if planFile != "" {
				p, part, err = readPlan(planFile, shard)
				if today := policy.DateOf(env.Now()); err == nil && p.Day() != today {
					tell(env, hinted{fmt.Errorf("--plan: %s: the plan is of %s, and today is %s: what is read today is judged as on the day of the plan", relative(planFile), p.Day(), today), "plan again to judge as of today"})
				}
			} else {
				p, err = o.plan(cmd.Context(), env, c, args[0], 1)
			}
			if err != nil {
				return err
			}
			if err := s.Begin(p, part); err != nil {
				return err
			}
			progress := startProgress(env, quiet)
			progress.repositories(len(p.Part(part)))
			files, limited, err := audit.Run(cmd.Context(), p, audit.Options{
				Client: c, Version: Version(), State: s, Shard: part, Jobs: cmp.Or(int(jobs), 4),
				Begun: func(name string) { progress.begun(name, 0) },
			})
			progress.stop()
			if err != nil {
				return err
			}
			var m report.Merger
			if err := o.join(&m, p, part, files); err != nil {
				return err
			}
			if err := out.write(env, &m); err != nil {
				return err
			}
			return o.finish(env, s, &m, part, limited)
		},
		ValidArgsFunction: upTo(1, policyFileArgs),
	}
	o.flags(cmd)
	out.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&planFile, "plan", "", "`file` that audit plan has written, in the place of AUDIT.yml")
	f.StringVar(&shard, "shard", "", "`part` of the plan, K/N (default all of it)")
	f.Var(&jobs, "jobs", "`number` of repositories that are looked at at the same time (default 4)")
	f.BoolVarP(&quiet, "quiet", "q", false, "show no progress on a terminal")
	complete(cmd, "shard", nil)
	complete(cmd, "jobs", nil)
	return cmd
}

// readPlan reads a plan, and which part of it is meant; 0 is all of it.
func readPlan(name, shard string) (*audit.Plan, int, error) {
	b, err := readBounded(name, audit.MaxPlan)
	if err != nil {
		return nil, 0, hinted{fmt.Errorf("--plan: %w", err), "name a file that audit plan has written"}
	}
	p, err := audit.Read(b, Version())
	if err != nil {
		return nil, 0, hinted{fmt.Errorf("--plan: %s: %w", relative(name), err), "name a file that audit plan of this version has written, or plan again"}
	}
	if shard == "" {
		return p, 0, nil
	}
	k, n, _ := strings.Cut(shard, "/")
	part, err := strconv.Atoi(k)
	if err != nil || k != strconv.Itoa(part) || n != strconv.Itoa(p.Shards) || part < 1 || part > p.Shards {
		return nil, 0, hinted{fmt.Errorf("--shard: %q is no part of the plan", shard), fmt.Sprintf("its parts are 1/%d to %d/%d", p.Shards, p.Shards, p.Shards)}
	}
	if p.Shards == 1 {
		part = 0
	}
	return p, part, nil
}

// join joins the reports of a part of a plan; 0 is all of it.
func (o asking) join(m *report.Merger, p *audit.Plan, part int, files []string) error {
	for _, name := range files {
		in, err := openInput(name)
		if err == nil {
			err = m.Add(in)
		}
		if err != nil {
			return hinted{fmt.Errorf("--state: %w", err), "remove the folder, and run the audit again"}
		}
	}
	plan, err := p.SHA256()
	if err != nil {
		return err
	}
	if part == 0 {
		return m.Shard(plan, 1, 1)
	}
	return m.Shard(plan, part, p.Shards)
}

// finish ends a run whose reports are written, and returns the status that they come to. Of a part
// of a plan it is that of what is there.
func (o asking) finish(env Env, s *audit.State, m *report.Merger, part int, limited bool) error {
	if limited && o.state != "" {
		tell(env, hinted{errors.New("the rate limit of GitHub's API was reached before all repositories were looked at"), "run the same command again today: what is complete is kept"})
	} else if err := s.End(); err != nil {
		return err
	}
	switch {
	case m.Len() > 0:
		return mergedStatus(m.Worst())
	case part > 0:
		return nil // there may be something in the other parts, which merge tells
	}
	return unreadableInput(env, hinted{errors.New("none of the repositories that were found has a policy, so that nothing was looked at"), "see the path of the policy, and without-policy, in the audit"})
}
