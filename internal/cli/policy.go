package cli

import "github.com/spf13/cobra"

func newPolicy(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Work on a policy",
		Long: `policy holds the commands that are about a policy alone, and look at no binary.

Exit status: as each command tells; 2 for wrong usage.`,
		Example: `  codewarrant policy lint .github/codewarrant.yml
  codewarrant policy fmt --write .github/codewarrant.yml
  codewarrant policy test --require-tests
  codewarrant policy diff old.yml .github/codewarrant.yml
  codewarrant policy show codewarrant.yml
  codewarrant policy show preset:hardened-runtime > codewarrant.yml`,
		Args: takesCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLint(env), newFormat(env), newPolicyShow(env), newPolicyTest(env), newPolicyDiff(env))
	return cmd
}
