package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/report"
)

func newMerge(env Env) *cobra.Command {
	var format, output string
	var verbose bool
	cmd := &cobra.Command{
		Use:   "merge REPORT…",
		Short: "Join reports of several checks into one",
		Long: `merge joins reports that check --format json has written, and those that merge has written itself,
into one report. Each report is in it once, however often it is given, and in the same place
whatever the order: merging in parts, and merging the parts, comes to the same.

With --format json, which merge reads again, all of each report is kept. With html it is one page for a
browser: who holds which exception and how long, what which repository claims, and a part for each
repository. csv and ndjson have the findings, junit the claims and findings as cases, and text and
markdown tell what all comes to.

Two reports of the same files, by the same policy and version of the program on the same day, are
equal, or one of them was changed: both are kept, and that is told.

Exit status: that of the worst report, 0 passed, 1 failed, 3 something could not be read; 3 when reports
contradict one another, or one of them could not be read, and then nothing is written; 2 wrong usage,
or output that could not be written.`,
		Example: `  codewarrant merge reports/*.json > all.json
  codewarrant merge --output all.json shard-1.json shard-2.json
  codewarrant merge --format html --output all.html reports/*.json
  codewarrant merge reports/*.json | jq -r '.runs[].report | select(.result != "pass") | .policy.name'`,
		Args: takes(1, -1, "one argument or more, reports in JSON", "reports/*.json"),
		RunE: func(_ *cobra.Command, args []string) error {
			write, err := mergedWriterFor(format)
			if err != nil {
				return err
			}
			var m report.Merger
			for _, name := range args {
				f, err := openInput(name)
				if err == nil {
					err = m.Add(f)
				}
				if err != nil {
					return unreadableInput(env, hinted{fmt.Errorf("%s: %w", relative(name), bareError(err)), "name reports that check --format json or merge has written; nothing is written"})
				}
			}
			if err := emit(env, output, func(w io.Writer, colour bool) error {
				return write(w, &m, report.TextOptions{Color: colour, Verbose: verbose})
			}); err != nil {
				return err
			}
			w := sanitise.Log(env.Stderr)
			for _, c := range m.Conflicts() {
				fmt.Fprintf(w, "codewarrant: %s\nhint: %s\n", sanitise.Text(c.String()), c.Hint())
			}
			switch m.Result() {
			case check.Pass:
				return nil
			case check.Fail:
				return status(exitFindings)
			}
			return status(exitUnreadable)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "`file` to write to, instead of standard output")
	cmd.Flags().StringVar(&format, "format", "json", "`format` of what is written: "+strings.Join(mergedFormatNames(), ", "))
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "list notes, too (text)")
	complete(cmd, "format", mergedFormatNames())
	return cmd
}

// mergedFormats are the ways to write many reports.
var mergedFormats = []struct {
	name  string
	write mergedWriter
}{
	{"json", func(w io.Writer, m *report.Merger, _ report.TextOptions) error { return m.Write(w, Version()) }},
	{"html", func(w io.Writer, m *report.Merger, _ report.TextOptions) error { return m.HTML(w, Version()) }},
	{"text", func(w io.Writer, m *report.Merger, o report.TextOptions) error { return m.Text(sanitise.Log(w), o) }},
	{"markdown", func(w io.Writer, m *report.Merger, _ report.TextOptions) error { return m.Markdown(w, 0) }},
	{"junit", func(w io.Writer, m *report.Merger, _ report.TextOptions) error { return m.JUnit(sanitise.Log(w)) }},
	{"csv", func(w io.Writer, m *report.Merger, _ report.TextOptions) error { return m.CSV(sanitise.Log(w)) }},
	{"ndjson", func(w io.Writer, m *report.Merger, _ report.TextOptions) error { return m.NDJSON(w) }},
}

type mergedWriter func(w io.Writer, m *report.Merger, o report.TextOptions) error

func mergedFormatNames() []string {
	names := make([]string, len(mergedFormats))
	for i, f := range mergedFormats {
		names[i] = f.name
	}
	return names
}

// mergedWriterFor returns the function that writes many reports in the format.
func mergedWriterFor(format string) (mergedWriter, error) {
	for _, f := range mergedFormats {
		if f.name == format {
			return f.write, nil
		}
	}
	return nil, fmt.Errorf("--format: %q is not one of %s", format, strings.Join(mergedFormatNames(), ", "))
}

// bareError returns the reason in an error about a file, which is named already.
func bareError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// input is a file that is open while it is read: there may be more of them than a process
// may have open.
type input struct {
	name string
	size int64
}

func openInput(name string) (*input, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	return &input{name, info.Size()}, nil
}

func (in *input) Size() int64 { return in.size }

func (in *input) ReadAt(p []byte, at int64) (int, error) {
	f, err := os.Open(in.name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.ReadAt(p, at)
}
