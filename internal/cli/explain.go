package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/docs"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/report"
)

func newExplain(env Env) *cobra.Command {
	return &cobra.Command{
		Use:   "explain RULE|ENTITLEMENT",
		Short: "Explain a rule of the report, or what an entitlement permits",
		Long: `explain prints the page of a rule, or what is known of an entitlement: what it permits, how great
the risk is, and what to do instead. Without an argument it lists the rules.`,
		Example: `  codewarrant explain unapproved-entitlement
  codewarrant explain com.apple.security.cs.allow-jit
  codewarrant explain`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return emit(env, "", func(w io.Writer, _ bool) error { return explain(sanitise.Log(w), args) })
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return subjects(), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// subjects are all names that can be explained.
func subjects() []string {
	var names []string
	for _, r := range check.Rules() {
		names = append(names, r.ID+"\t"+r.Title)
	}
	for _, k := range entitlement.AllKnown() {
		names = append(names, k.Key+"\t"+k.Title)
	}
	return names
}

func explain(w io.Writer, args []string) error {
	if len(args) == 0 {
		for _, r := range check.Rules() {
			fmt.Fprintf(w, "%-26s %-8s %s\n", r.ID, r.Level, r.Title)
		}
		return nil
	}
	name := args[0]
	if _, ok := check.RuleByID(name); ok {
		_, err := io.WriteString(w, docs.Rule(name))
		return err
	}
	if k, ok := entitlement.Lookup(name); ok {
		if k.Key != name {
			fmt.Fprintf(w, "%s is one of these:\n\n", sanitise.Text(name))
		}
		return explainEntitlement(w, k)
	}
	if say, ok := entitlement.Suggest(name); ok {
		return hinted{fmt.Errorf("%s is neither a rule nor a documented entitlement", name), say}
	}
	return hinted{errors.New(name + " is neither a rule nor a documented entitlement"), "codewarrant explain lists the rules"}
}

// width is where the lines of prose are broken.
const width = 90

func explainEntitlement(w io.Writer, k entitlement.Known) error {
	fmt.Fprintf(w, "%s\n\n%s (%s, %s", k.Key, k.Title, k.Value, k.Family)
	if k.Since != "" {
		fmt.Fprintf(w, ", %s", k.Since)
	}
	fmt.Fprintf(w, ")\nRisk: %s\n\nPermits: %s\n", k.Risk, report.Wrap(k.Permits, width))
	if k.Advice != "" {
		fmt.Fprintf(w, "\nAdvice: %s\n", report.Wrap(k.Advice, width))
	}
	_, err := fmt.Fprintf(w, "\nSee %s\n", k.Source)
	return err
}
