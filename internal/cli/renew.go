package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

// renewOptions are the flags of renew.
type renewOptions struct {
	expiring, expires, life, at string
	dryRun                      bool
}

func newRenew(env Env) *cobra.Command {
	var o renewOptions
	cmd := &cobra.Command{
		Use:   "renew FILE",
		Short: "List exceptions that run out, and prepare them to be approved anew",
		Long: `renew lists the exceptions of a policy that run out within the time, or have. With --expires or
--for it rewrites them in place: each gets the new last day, its approval is moved to its renewals,
and approved-by, approved-on and signatures are emptied, so that it approves nothing until it is
approved anew. Where the policy accepts signatures, the approval that is kept is of those who signed.
What is written is in the form of policy fmt; all else in the file, comments too, stays as it is.
Exceptions of policies that this one extends are listed with their files, and not rewritten. The file
is replaced, so that another hard link to it keeps the old text.

Exit status: 0 listed or rewritten, 2 wrong usage, a policy that is not valid, or one that cannot
be edited in place.`,
		Example: `  codewarrant renew --expiring 30d .github/codewarrant.yml
  codewarrant renew --expiring 30d --for 180d --dry-run .github/codewarrant.yml
  codewarrant renew --expiring 0d --expires 2027-04-30 .github/codewarrant.yml`,
		Args: takes(1, 1, "one argument, a policy", "--expiring 30d codewarrant.yml"),
		PreRunE: func(cmd *cobra.Command, args []string) error {
			if o.dryRun && o.expires == "" && o.life == "" {
				return hinted{errors.New("--dry-run says nothing without --expires or --for"), "without them nothing is rewritten"}
			}
			return oneOf(0, "expires", "for")(cmd, args)
		},
		RunE:              func(cmd *cobra.Command, args []string) error { return renew(cmd.Context(), env, o, args[0]) },
		ValidArgsFunction: upTo(1, policyFileArgs),
	}
	f := cmd.Flags()
	f.StringVar(&o.expiring, "expiring", "30d", "which exceptions: those that run out within as many `days`, or have")
	f.StringVar(&o.expires, "expires", "", "their new last `day`, YYYY-MM-DD")
	f.StringVar(&o.life, "for", "", "their new last day, as many `days` from today, such as 180d")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would be rewritten, and write nothing")
	f.StringVar(&o.at, "at", "", "take this `day` for today, YYYY-MM-DD (default today, UTC)")
	complete(cmd, "expiring", []string{"30d", "60d", "90d"})
	complete(cmd, "at", nil)
	complete(cmd, "expires", nil)
	complete(cmd, "for", []string{"90d", "180d", "365d"})
	return cmd
}

// parseDays reads a number of days, such as 30d.
func parseDays(flag, text string) (int, error) {
	const most = 10_000 // beyond the longest life of an exception, and within all dates
	digits, ok := strings.CutSuffix(text, "d")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || strconv.Itoa(n) != digits || n < 0 || n > most {
		return 0, hinted{fmt.Errorf("--%s: %q is not a number of days from 0d to %dd", flag, text, most), "write it as 30d"}
	}
	return n, nil
}

// until returns the new last day, and whether one is asked for.
func (o *renewOptions) until(at policy.Date) (day policy.Date, ok bool, err error) {
	switch {
	case o.expires != "":
		if day, err = policy.ParseDate(o.expires); err != nil {
			return day, false, fmt.Errorf("--expires: %w", err)
		}
	case o.life != "":
		days, err := parseDays("for", o.life)
		if err != nil {
			return day, false, err
		}
		day = at.AddDays(days)
	default:
		return day, false, nil
	}
	if !day.After(at) {
		return day, false, fmt.Errorf("%s is not after %s: an exception would run out at once", day, at)
	}
	return day, true, nil
}

func renew(ctx context.Context, env Env, o renewOptions, name string) error {
	at, err := dayOf(env, o.at)
	if err != nil {
		return err
	}
	within, err := parseDays("expiring", o.expiring)
	if err != nil {
		return err
	}
	until, rewrite, err := o.until(at)
	if err != nil {
		return err
	}
	if strings.HasPrefix(name, policy.PresetPrefix) {
		return errors.New("a preset has no exceptions to renew")
	}
	p, err := loadPolicy(ctx, env, name)
	if err != nil {
		return err
	}
	r := &report.Renewal{Policy: p, At: at, Within: within, DryRun: o.dryRun}
	r.Exceptions, r.Inherited = p.Expiring(at, within)
	if rewrite && len(r.Exceptions) > 0 {
		r.Until = until
		by, err := approvers(ctx, env, p)
		if err != nil {
			return err
		}
		if err := rewritePolicy(name, r, by); err != nil {
			return err
		}
	}
	return emit(env, "", func(w io.Writer, colour bool) error {
		return report.RenewalText(sanitise.Log(w), r, report.TextOptions{Color: colour})
	})
}

// approvers returns, by the ids of the exceptions of a policy, who approved each: those
// whose signatures do, where the policy accepts signatures, or else those who are named,
// unless nothing but signatures counts.
func approvers(ctx context.Context, env Env, p *policy.Policy) (map[string][]string, error) {
	demand, err := newPolicyReader(ctx, env).demandOf(p)
	if err != nil {
		return nil, err
	}
	statuses := demand.Verify(p.Exceptions)
	by := map[string][]string{}
	for i := range p.Exceptions {
		switch e := &p.Exceptions[i]; {
		case statuses != nil && statuses[i].Reached():
			by[e.ID] = statuses[i].Signers
		case statuses == nil || len(p.Approvals.Accept) > 1:
			by[e.ID] = e.ApprovedBy
		}
	}
	return by, nil
}

// rewritePolicy renews the exceptions in their file, or shows how with a dry run.
func rewritePolicy(name string, r *report.Renewal, by map[string][]string) error {
	renewed := map[string][]string{}
	for _, e := range r.Exceptions {
		days := r.Until.DaysSince(r.At)
		if longest := r.Policy.LongestLife(e.Entitlement); days > longest {
			return hinted{
				fmt.Errorf("%s would hold for %d days, and max-lifetime is %d days", e.ID, days, longest),
				fmt.Sprintf("give --for %dd or less", longest),
			}
		}
		if !r.Until.After(e.Expires) {
			return hinted{fmt.Errorf("%s holds until %s already", e.ID, e.Expires), "give a later day, or a shorter time with --expiring"}
		}
		renewed[e.ID] = by[e.ID]
	}
	src, err := readBounded(name, policy.MaxSize)
	if err != nil {
		return err
	}
	out, hunks, err := policy.Renew(filepath.ToSlash(name), src, renewed, r.Until)
	if err != nil {
		return withSource(err, src)
	}
	if r.Hunks = hunks; r.DryRun {
		return nil
	}
	return rewriteFile(name, src, out)
}
