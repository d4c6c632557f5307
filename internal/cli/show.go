package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/internal/scan"
	"github.com/codewarrant/codewarrant/report"
)

// showFormats are the ways to write what binaries are signed with.
var showFormats = formats[scan.Result]{
	{"text", func(w io.Writer, r scan.Result, o report.TextOptions) error {
		return report.ShowText(sanitise.Log(w), r.Packages, r.Binaries, o)
	}},
	{"json", func(w io.Writer, r scan.Result, _ report.TextOptions) error {
		return report.ShowJSON(w, r.Packages, r.Binaries, Version())
	}},
}

func newShow(env Env) *cobra.Command {
	var output string
	var format formatFlag[scan.Result]
	var evidence bool
	var reading reading
	cmd := &cobra.Command{
		Use:   "show PATH…",
		Short: "Show what binaries are signed with",
		Long: `show prints what each architecture slice of each Mach-O file in the paths is signed with:
identifier, team, flags, CodeDirectories, what they bind, and the entitlements; and the provisioning
profile of a bundle, and who signed an installer package. It judges nothing.

Exit status: 0 shown, 2 wrong usage, or output that could not be written, 3 something could not be
read, or there was nothing to show.`,
		Example: `  codewarrant show build/Acme.app
  codewarrant show --evidence build/Acme.app
  codewarrant show --format json build/Acme.app | jq '.binaries[].paths'`,
		Args: paths,
		RunE: func(cmd *cobra.Command, args []string) error {
			found, err := reading.run(cmd.Context(), env, args, scan.Options{Depth: scan.Full, Now: env.Now(), Evidence: evidence})
			if err != nil {
				return err
			}
			if err := format.emit(env, output, found, report.TextOptions{}); err != nil {
				return err
			}
			return unread(env, found)
		},
	}
	reading.flags(cmd)
	cmd.Flags().BoolVar(&evidence, "evidence", false, "show what the code itself says of entitlements that it may need, too")
	format.flag(cmd, showFormats, "`format` to print in")
	cmd.Flags().StringVarP(&output, "output", "o", "", "`file` to write to, instead of standard output")
	return cmd
}

// unread tells what could not be looked at, and ends with the status that says so.
func unread(env Env, found scan.Result) error {
	w := sanitise.Log(env.Stderr)
	for _, u := range found.Unread {
		fmt.Fprintf(w, "codewarrant: %s: %s\n", sanitise.Text(u.Path), sanitise.Text(u.Err.Error()))
	}
	for _, r := range found.Remarks {
		fmt.Fprintf(w, "codewarrant: %s: %s\n", sanitise.Text(r.Path), sanitise.Text(r.Message))
	}
	for _, u := range found.Empty {
		fmt.Fprintf(w, "codewarrant: %s: %s\n", sanitise.Text(u.Path), sanitise.Text(u.Err.Error()))
		if strings.EqualFold(filepath.Ext(u.Path), ".entitlements") {
			fmt.Fprintln(w, "hint: code is signed with it, and it is not code: codewarrant check judges it")
		}
	}
	broken := len(found.Unread)+len(found.Empty) > 0
	for _, b := range found.Binaries {
		for _, s := range b.Slices {
			broken = broken || s.Err != nil || s.SignatureErr != nil
		}
	}
	if broken {
		return status(exitUnreadable)
	}
	return nil
}
