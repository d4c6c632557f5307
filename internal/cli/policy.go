package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

func newPolicy(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Work on a policy",
		Example: `  codewarrant policy lint .github/codewarrant.yml
  codewarrant policy show codewarrant.yml
  codewarrant policy show preset:hardened-runtime > codewarrant.yml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLint(env), newPolicyShow(env))
	return cmd
}

// one demands one argument that is not empty.
func one(what, example string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return hinted{fmt.Errorf("%s takes one argument, %s", cmd.CommandPath(), what), "for example: " + cmd.CommandPath() + " " + example}
		}
		return nil
	}
}

func newLint(env Env) *cobra.Command {
	var at, failOn string
	cmd := &cobra.Command{
		Use:   "lint FILE",
		Short: "Tell everything that is wrong with a policy",
		Long: `lint parses a policy and tells all errors at once, and then which exceptions approve nothing, have
run out or will soon, or have no effect. It looks at no binary.

Exit status: 0 nothing to object, 1 remarks at or above --fail-on, 2 a policy that is not valid.`,
		Example: `  codewarrant policy lint .github/codewarrant.yml
  codewarrant policy lint --at 2027-05-01 --fail-on warning codewarrant.yml`,
		Args: one("a policy", "codewarrant.yml"),
		RunE: func(_ *cobra.Command, args []string) error {
			day := policy.DateOf(env.Now())
			if at != "" {
				var err error
				if day, err = policy.ParseDate(at); err != nil {
					return fmt.Errorf("--at: %w", err)
				}
			}
			levels, ok := map[string][]policy.Level{
				"error": {policy.Error}, "warning": {policy.Error, policy.Warning}, "never": nil,
			}[failOn]
			if !ok {
				return fmt.Errorf("--fail-on: %q is not one of error, warning, never", failOn)
			}
			return lint(env, args[0], day, levels)
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "judge as on this day, YYYY-MM-DD (default today, UTC)")
	cmd.Flags().StringVar(&failOn, "fail-on", "error", "lowest level that fails: error, warning, never")
	complete(cmd, "fail-on", []string{"error", "warning", "never"})
	return cmd
}

func lint(env Env, name string, day policy.Date, failing []policy.Level) error {
	p, err := loadPolicy(env, name)
	if err != nil {
		return err
	}
	count := map[policy.Level]int{}
	err = emit(env, "", func(out io.Writer, _ bool) error {
		w := sanitise.Log(out)
		for _, r := range policy.Lint(p, day) {
			count[r.Level]++
			fmt.Fprintf(w, "%s: %s: %s\n", r.Position, r.Level, sanitise.Text(r.Message))
		}
		_, err := fmt.Fprintf(w, "%s: exceptions %d, errors %d, warnings %d, notes %d\n",
			sanitise.Text(p.Name), len(p.Exceptions), count[policy.Error], count[policy.Warning], count[policy.Note])
		return err
	})
	if err != nil {
		return err
	}
	for _, level := range failing {
		if count[level] > 0 {
			return status(exitFindings)
		}
	}
	return nil
}
