package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/compare"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/internal/scan"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

// diffFormats are the ways to write what differs between two builds.
var diffFormats = formats[*report.Changes]{
	{"text", func(w io.Writer, c *report.Changes, o report.TextOptions) error {
		return report.ChangesText(sanitise.Log(w), c, o)
	}},
	{"json", func(w io.Writer, c *report.Changes, _ report.TextOptions) error {
		return report.ChangesJSON(w, c, Version())
	}},
	{"markdown", func(w io.Writer, c *report.Changes, _ report.TextOptions) error {
		return report.ChangesMarkdown(w, c, 0)
	}},
}

func newDiff(env Env) *cobra.Command {
	var output string
	var format formatFlag[*report.Changes]
	var exitCode bool
	var reading reading
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Tell what a new build may do that an old one may not",
		Long: `diff compares two builds: first it tells by what the new one may do more, then by what it may do
less. It compares the entitlements of each binary and architecture, identity and team, flags, the
hardened runtime, who signed it as far as that is proven, the designated requirement, and what the
code shows of the need for what it claims; and it tells which files are new and which are gone.

Each of the two is a binary, a folder, an archive, a package, an .entitlements file, or a report that
check --format json has written. A file is compared with the one of the same path inside the artifact,
numbers of versions aside, else with the one of the same identifier.

It judges nothing by a policy. docs/diff.md says what counts as more.

Exit status: 0 all of both could be compared, 1 with --exit-code when the new one may do more, 2 wrong
usage, or output that could not be written, 3 something of either could not be read.`,
		Example: `  codewarrant diff Acme-1.2.zip Acme-1.3.zip
  codewarrant diff --exit-code released/Acme.app build/Acme.app
  codewarrant diff --format markdown --output changes.md released.json build/Acme.app
  codewarrant diff --format json old.json new.json | jq '.changes[] | select(.direction == "looser")'`,
		Args: takes(2, 2, "two arguments, the old build and the new one", "released/Acme.app build/Acme.app"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var sides [2]compare.Side
			for i, arg := range args {
				d, err := documentAt(cmd.Context(), env, reading, arg)
				var wrong wrongReport
				if errors.As(err, &wrong) {
					return unreadableInput(env, wrong.error)
				}
				if err != nil {
					return err
				}
				sides[i] = d.Side()
			}
			c := &report.Changes{From: relative(args[0]), To: relative(args[1]), Result: compare.Sides(sides[0], sides[1])}
			if err := format.emit(env, output, c, report.TextOptions{}); err != nil {
				return err
			}
			switch {
			case !c.Whole():
				return status(exitUnreadable)
			case exitCode && c.Count(policy.Looser) > 0:
				return status(exitFindings)
			}
			return nil
		},
		ValidArgsFunction: upTo(2, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		}),
	}
	reading.flags(cmd)
	format.flag(cmd, diffFormats, "`format` to print in")
	cmd.Flags().StringVarP(&output, "output", "o", "", "`file` to write to, instead of standard output")
	cmd.Flags().BoolVar(&exitCode, "exit-code", false, "end with 1 when the new build may do more")
	return cmd
}

// wrongReport is why a report cannot be read.
type wrongReport struct{ error }

func (w wrongReport) Unwrap() error { return w.error }

// documentAt returns what a report says, or what is found in an artifact. What the policy
// says of it does not matter: the one that demands nothing judges it.
func documentAt(ctx context.Context, env Env, reading reading, name string) (*report.Document, error) {
	is, err := isReport(name)
	if err != nil {
		return nil, wrongReport{err}
	}
	if is {
		d, err := readReport(name)
		if err != nil {
			return nil, wrongReport{err}
		}
		return d, nil
	}
	p, err := policy.Load(policy.Location{Preset: "report-only"}, nil)
	if err != nil {
		return nil, err
	}
	stage, _ := p.Stage(policy.DefaultStage)
	in := check.Input{Policy: p, Stage: stage, At: policy.DateOf(env.Now()), Merged: true}
	if strings.EqualFold(filepath.Ext(name), ".entitlements") {
		addSources(&in, []string{name})
		return report.DocumentOf(check.Evaluate(in), Version()), nil
	}
	found, err := reading.run(ctx, env, []string{name}, scan.Options{Depth: scan.Full, Now: env.Now(), Evidence: true})
	if err != nil {
		return nil, err
	}
	in.Binaries, in.Packages, in.Remarks, in.Unread, in.Empty = found.Binaries, found.Packages, found.Remarks, found.Unread, found.Empty
	return report.DocumentOf(check.Evaluate(in), Version()), context.Cause(ctx)
}

// unreadableInput tells why an input could not be read, and ends with the status for that.
func unreadableInput(env Env, err error) error {
	tell(env, err)
	return status(exitUnreadable)
}

// isReport reports whether a file is JSON, with which no artifact begins.
func isReport(name string) (bool, error) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false, nil // what is wrong with it the walk tells
	}
	if strings.EqualFold(filepath.Ext(name), ".json") {
		return true, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 512))
	return bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{")), err
}

// readReport reads a report of that name.
func readReport(name string) (*report.Document, error) {
	b, err := readBounded(name, report.MaxDocument)
	if err != nil {
		return nil, err
	}
	d, err := report.ReadDocument(b)
	if err != nil {
		return nil, hinted{fmt.Errorf("%s: %w", relative(name), err), "name a report that check --format json has written"}
	}
	return d, nil
}
