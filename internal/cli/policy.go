package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newPolicy(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Work on a policy",
		Example: `  codewarrant policy lint .github/codewarrant.yml
  codewarrant policy fmt --write .github/codewarrant.yml
  codewarrant policy test --require-tests
  codewarrant policy diff old.yml .github/codewarrant.yml
  codewarrant policy show codewarrant.yml
  codewarrant policy show preset:hardened-runtime > codewarrant.yml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLint(env), newFormat(env), newPolicyShow(env), newPolicyTest(env), newPolicyDiff(env))
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
