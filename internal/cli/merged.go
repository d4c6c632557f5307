package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/report"
)

// mergedOutput is how many reports are written as one.
type mergedOutput struct {
	format, output string
	verbose        bool
}

func (o *mergedOutput) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "", "`file` to write to, instead of standard output")
	f.StringVar(&o.format, "format", "json", "`format` of what is written: "+strings.Join(mergedFormatNames(), ", "))
	f.BoolVarP(&o.verbose, "verbose", "v", false, "list notes, too (text)")
	complete(cmd, "format", mergedFormatNames())
}

// writer returns the function that writes many reports, and tells on standard error which of them
// contradict one another. The error is that of the format.
func (o *mergedOutput) writer() (func(env Env, m *report.Merger) error, error) {
	write, err := mergedWriterFor(o.format)
	return func(env Env, m *report.Merger) error {
		if err := emit(env, o.output, func(w io.Writer, colour bool) error {
			return write(w, m, report.TextOptions{Color: colour, Verbose: o.verbose})
		}); err != nil {
			return err
		}
		w := sanitise.Log(env.Stderr)
		for _, c := range m.Conflicts() {
			fmt.Fprintf(w, "codewarrant: %s\nhint: %s\n", sanitise.Text(c.String()), c.Hint())
		}
		return nil
	}, err
}

// tellMissing tells on standard error which shards are missing.
func tellMissing(env Env, m *report.Merger) {
	w := sanitise.Log(env.Stderr)
	for _, p := range m.Missing() {
		fmt.Fprintf(w, "codewarrant: %s\nhint: %s\n", p, p.Hint())
	}
}

// mergedStatus is what many reports come to as an exit status.
func mergedStatus(r check.Result) error {
	switch r {
	case check.Pass:
		return nil
	case check.Fail:
		return status(exitFindings)
	}
	return status(exitUnreadable)
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
