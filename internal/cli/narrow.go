package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/internal/scan"
	"github.com/codewarrant/codewarrant/report"
)

// narrowFormats are the ways to write what is proposed.
var narrowFormats = formats[[]check.Narrowing]{
	{"text", func(w io.Writer, list []check.Narrowing, o report.TextOptions) error {
		return report.NarrowText(sanitise.Log(w), list, o)
	}},
	{"json", func(w io.Writer, list []check.Narrowing, _ report.TextOptions) error {
		return report.NarrowJSON(w, list, Version())
	}},
}

func newNarrow(env Env) *cobra.Command {
	var output string
	var format formatFlag[[]check.Narrowing]
	var verbose bool
	var reading reading
	cmd := &cobra.Command{
		Use:   "narrow PATH…",
		Short: "Propose the smallest entitlements that the code supports",
		Long: `narrow looks at what the code of each signed program in the paths does, with the libraries that it
loads from there, and proposes which exceptions to the Hardened Runtime to sign it without, which one
to claim in place of a wider one, and which one it lacks: as a change to the property list that it is
signed with, and how sure each line is.

Nothing is executed. That nothing was found is no proof that nothing is needed: sign with what is
proposed, and try the program. docs/evidence.md says what is looked for.

Exit status: 0 proposed, whatever it is, 2 wrong usage, or output that could not be written, 3
something could not be read, or there was nothing to look at.`,
		Example: `  codewarrant narrow build/Acme.app
  codewarrant narrow --verbose build/Acme.app
  codewarrant narrow --format json build/Acme.app | jq '.programs[].proposals[] | select(.change != "keep")'`,
		Args: paths,
		RunE: func(cmd *cobra.Command, args []string) error {
			found, err := reading.run(cmd.Context(), env, args, scan.Options{Depth: scan.Full, Now: env.Now(), Evidence: true})
			if err != nil {
				return err
			}
			list := check.Narrow(found.Binaries)
			if err := format.emit(env, output, list, report.TextOptions{Verbose: verbose}); err != nil {
				return err
			}
			if len(list) == 0 && len(found.Unread)+len(found.Empty) == 0 {
				fmt.Fprintln(sanitise.Log(env.Stderr), "codewarrant: there is no signed program for a 64-bit Mac in it")
				return status(exitUnreadable)
			}
			return unread(env, found)
		},
	}
	reading.flags(cmd)
	format.flag(cmd, narrowFormats, "`format` to print in")
	cmd.Flags().StringVarP(&output, "output", "o", "", "`file` to write to, instead of standard output")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "tell all that each line rests on")
	return cmd
}
