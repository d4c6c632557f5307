package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/policy"
)

func newPolicy(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Work on a policy",
		Example: `  codewarrant policy lint .github/codewarrant.yml
  codewarrant policy fmt --write .github/codewarrant.yml
  codewarrant policy test --require-tests
  codewarrant policy diff old.yml .github/codewarrant.yml
  codewarrant policy show preset:hardened-runtime > codewarrant.yml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLint(env), newFormat(env), newPolicyShow(env), newPolicyTest(env), newPolicyDiff(env))
	return cmd
}

func newPolicyShow(env Env) *cobra.Command {
	return &cobra.Command{
		Use:   "show preset:NAME",
		Short: "Print a built-in policy",
		Long: `show prints the source of a preset: what applies where there is no policy, and where to start from
to write one. Presets: ` + strings.Join(policy.PresetNames(), ", ") + `.`,
		Example: `  codewarrant policy show preset:hardened-runtime > codewarrant.yml`,
		Args:    one("the name of a preset", "preset:"+policy.DefaultPreset),
		RunE: func(_ *cobra.Command, args []string) error {
			src, err := policy.PresetSource(strings.TrimPrefix(args[0], policy.PresetPrefix))
			if err != nil {
				return err
			}
			return emit(env, "", func(w io.Writer, _ bool) error {
				_, err := w.Write(src)
				return err
			})
		},
		ValidArgs: presets(),
	}
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
