package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:                   "help [COMMAND…]",
		DisableFlagsInUseLine: true,
		Short:                 "Print the help of a command",
		Long: `help prints what a command is for, its flags, and examples, as COMMAND --help does.

Exit status: 0 printed, 2 there is no such command.`,
		Example: `  codewarrant help check
  codewarrant help policy lint`,
		RunE: func(cmd *cobra.Command, args []string) error {
			about := cmd.Root()
			for _, name := range args {
				i := slices.IndexFunc(about.Commands(), func(c *cobra.Command) bool { return c.Name() == name })
				if i < 0 && !about.HasAvailableSubCommands() {
					return hinted{fmt.Errorf("%s has no commands, and so no %q", about.CommandPath(), name), "see " + about.CommandPath() + " --help"}
				}
				if i < 0 {
					return takesCommand(about, []string{name})
				}
				about = about.Commands()[i]
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, c := range offered(about) {
				names = append(names, c.Name()+"\t"+c.Short)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// shells are those for which there is a script, by name.
var shells = []struct {
	name  string
	write func(*cobra.Command, io.Writer) error
}{
	{"bash", func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) }},
	{"fish", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
	{"powershell", (*cobra.Command).GenPowerShellCompletionWithDesc},
	{"zsh", (*cobra.Command).GenZshCompletion},
}

func newCompletion(env Env) *cobra.Command {
	var names []string
	for _, s := range shells {
		names = append(names, s.name)
	}
	list := strings.Join(names, ", ")
	return &cobra.Command{
		Use:                   "completion SHELL",
		DisableFlagsInUseLine: true,
		Short:                 "Print the script that lets a shell complete command lines",
		Long: `completion prints a script with which a shell completes commands, flags and their values: rules,
entitlements, presets, and the stages and exceptions of the policy. Shells: ` + list + `.

bash needs the package bash-completion. With CODEWARRANT_COMPLETION_DESCRIPTIONS=0 in the environment
nothing is said of what is offered.

Exit status: 0 printed, 2 wrong usage.`,
		Example: `  source <(codewarrant completion bash)
  codewarrant completion bash > /etc/bash_completion.d/codewarrant
  codewarrant completion zsh > "${fpath[1]}/_codewarrant"
  codewarrant completion fish > ~/.config/fish/completions/codewarrant.fish
  codewarrant completion powershell | Out-String | Invoke-Expression`,
		Args: takes(1, 1, "one argument, a shell: "+list, "bash"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, s := range shells {
				if s.name == args[0] {
					return emit(env, "", func(w io.Writer, _ bool) error { return s.write(cmd.Root(), w) })
				}
			}
			return hinted{fmt.Errorf("there is no script for the shell %q", args[0]), "there is one for " + list}
		},
		ValidArgsFunction: upTo(1, cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)),
	}
}
