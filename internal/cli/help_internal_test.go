package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A stranger reads what each command is for, what it ends with and how it is called, and
// what each flag takes.
func TestTheHelpOfEveryCommandIsWhole(t *testing.T) {
	root := newRoot(Env{})
	root.InitDefaultHelpCmd()
	for _, cmd := range append(commandsBelow(root), root) {
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			if !strings.HasPrefix(cmd.Long, cmd.Name()+" ") || !strings.Contains(cmd.Long, "Exit status: ") {
				t.Errorf("%q does not begin with the name of the command, or tells no exit status", cmd.Long)
			}
			for line := range strings.Lines(cmd.Long) {
				if n := len([]rune(line)); n > 110 {
					t.Errorf("a line of %d columns: %s", n, line)
				}
			}
			for line := range strings.Lines(cmd.Example) {
				if !strings.HasPrefix(line, "  ") {
					t.Errorf("the example %q is not indented", line)
				}
			}
			if !strings.Contains(cmd.Example, cmd.CommandPath()) {
				t.Errorf("no example of %s: %s", cmd.CommandPath(), cmd.Example)
			}
			cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { flagIsWhole(t, cmd, f) })
		})
	}
}

func flagIsWhole(t *testing.T, cmd *cobra.Command, f *pflag.Flag) {
	t.Helper()
	value, usage := pflag.UnquoteUsage(f)
	if f.Value.Type() == "bool" {
		return
	}
	if value == f.Value.Type() {
		t.Errorf("--%s does not name its value: %s", f.Name, usage)
	}
	if _, ok := cmd.GetFlagCompletionFunc(f.Name); !ok && value != "file" {
		t.Errorf("--%s: nothing is said of what completes it", f.Name)
	}
}
