package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/docs"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/report"
)

func newExplain(env Env) *cobra.Command {
	var o checkOptions
	var key string
	cmd := &cobra.Command{
		Use:   "explain RULE|ENTITLEMENT|PATH…",
		Short: "Explain a rule of the report, an entitlement, or a verdict",
		Long: `explain prints the page of a rule, or what is known of an entitlement: what it permits, how great
the risk is, and what to do instead. Without an argument it lists the rules.

With --entitlement the arguments are paths, and it tells why the claims to that entitlement in
them are judged as they are: every rule and exception that was considered, in order, which one
decided and why the others did not, and what would change the verdict. What judges is found as
check does, --base too.

Exit status: 0 explained, 2 wrong usage or an invalid policy, 3 something could not be read.`,
		Example: `  codewarrant explain unapproved-entitlement
  codewarrant explain com.apple.security.cs.allow-jit
  codewarrant explain build/Acme.app --entitlement com.apple.security.cs.allow-jit
  codewarrant explain build/Acme.app --entitlement get-task-allow --stage development
  codewarrant explain`,
		Args: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("entitlement") {
				return paths(cmd, args)
			}
			return filled(args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("entitlement") {
				return explainVerdict(cmd.Context(), env, o, key, args)
			}
			for _, name := range []string{"policy", "stage", "at", "base"} {
				if cmd.Flags().Changed(name) {
					return hinted{fmt.Errorf("--%s says nothing without --entitlement", name), "explain a verdict with PATH --entitlement KEY"}
				}
			}
			return emit(env, "", func(w io.Writer, _ bool) error { return explain(sanitise.Log(w), args) })
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			switch {
			case cmd.Flags().Changed("entitlement"):
				return nil, cobra.ShellCompDirectiveDefault
			case len(args) > 0:
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return subjects(), cobra.ShellCompDirectiveDefault
		},
	}
	o.policyFlags(cmd)
	cmd.Flags().StringVar(&key, "entitlement", "", "explain the verdict on claims to this entitlement, by its `key`")
	completeFrom(cmd, "entitlement", entitlements)
	return cmd
}

// explainVerdict tells how the verdicts on one entitlement came about.
func explainVerdict(ctx context.Context, env Env, o checkOptions, key string, args []string) error {
	o.trace = []string{key}
	r, err := runCheck(ctx, env, o, args)
	if err != nil {
		return err
	}
	if err := emit(env, "", func(w io.Writer, colour bool) error {
		return report.Explain(sanitise.Log(w), r, report.TextOptions{Color: colour})
	}); err != nil {
		return err
	}
	if say, ok := entitlement.SuggestName(key); ok && !slices.ContainsFunc(r.Traces, func(t check.Trace) bool { return t.Claim != nil }) {
		fmt.Fprintf(sanitise.Log(env.Stderr), "hint: %s\n", sanitise.Text(say))
	}
	if r.Result() == check.Unreadable {
		tellUnreadable(env, r)
		return status(exitUnreadable)
	}
	return nil
}

func explain(w io.Writer, args []string) error {
	if len(args) == 0 {
		for _, r := range check.Rules() {
			fmt.Fprintf(w, "%-26s %-8s %s\n", r.ID, r.Level, r.Title)
		}
		return nil
	}
	name := args[0]
	if len(args) > 1 {
		return notExplained(fmt.Errorf("explain takes one rule or entitlement; given: %d", len(args)), args)
	}
	if _, ok := check.RuleByID(name); ok {
		_, err := io.WriteString(w, docs.Printed(name))
		return err
	}
	if k, ok := entitlement.Lookup(name); ok {
		if k.Key != name {
			fmt.Fprintf(w, "%s is one of these:\n\n", sanitise.Text(name))
		}
		return explainEntitlement(w, k)
	}
	if _, err := os.Stat(name); err == nil {
		return notExplained(fmt.Errorf("%s is a path, and neither a rule nor a documented entitlement", name), args)
	}
	hint := "codewarrant explain lists the rules"
	if say, ok := entitlement.SuggestName(name); ok {
		hint = say
	} else if like := nearRules(name); like != nil {
		hint = didYouMean(like)
	}
	return hinted{errors.New(name + " is neither a rule nor a documented entitlement"), hint}
}

// nearRules returns the ids of the rules that a name may stand for.
func nearRules(name string) []string {
	var ids []string
	for _, r := range nearest(strings.ToLower(name), func(r check.Rule) string { return r.ID }, check.Rules()) {
		ids = append(ids, r.ID)
	}
	return ids
}

// notExplained says how verdicts on files are explained.
func notExplained(err error, args []string) error {
	files := slices.DeleteFunc(slices.Clone(args), func(name string) bool { _, err := os.Stat(name); return err != nil })
	if len(files) == 0 {
		files = []string{"build/Acme.app"}
	}
	return hinted{err, "to explain the verdicts on files name one entitlement: codewarrant explain " + strings.Join(files, " ") +
		" --entitlement com.apple.security.cs.allow-jit; codewarrant check tells all of them"}
}

// width is where the lines of prose are broken.
const width = 90

func explainEntitlement(w io.Writer, k entitlement.Known) error {
	fmt.Fprintf(w, "%s\n\n%s (%s, %s", k.Key, k.Title, k.Value, k.Family)
	if k.Since != "" {
		fmt.Fprintf(w, ", %s", k.Since)
	}
	fmt.Fprintf(w, ")\nRisk: %s\n\nPermits: %s\n", k.Risk, report.Wrap(k.Permits, width))
	if entitlement.Restricted(strings.TrimSuffix(k.Key, "*")) {
		fmt.Fprintf(w, "\nRestricted: a provisioning profile has to authorize it\n")
	}
	if k.Advice != "" {
		fmt.Fprintf(w, "\nAdvice: %s\n", report.Wrap(k.Advice, width))
	}
	_, err := fmt.Fprintf(w, "\nSee %s\n", k.Source)
	return err
}
