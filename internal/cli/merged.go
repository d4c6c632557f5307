package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/report"
)

// mergedOutput is how many reports are written as one.
type mergedOutput struct {
	format  formatFlag[*report.Merger]
	output  string
	verbose bool
}

func (o *mergedOutput) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "", "`file` to write to, instead of standard output")
	o.format.flag(cmd, mergedFormats, "`format` of what is written")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "list notes, too (text)")
}

// write writes many reports, and tells on standard error which of them contradict one another.
func (o *mergedOutput) write(env Env, m *report.Merger) error {
	if err := o.format.emit(env, o.output, m, report.TextOptions{Verbose: o.verbose}); err != nil {
		return err
	}
	w := sanitise.Log(env.Stderr)
	for _, c := range m.Conflicts() {
		fmt.Fprintf(w, "codewarrant: %s\nhint: %s\n", sanitise.Text(c.String()), c.Hint())
	}
	return nil
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
var mergedFormats = formats[*report.Merger]{
	{"json", func(w io.Writer, m *report.Merger, _ report.TextOptions) error { return m.Write(w, Version()) }},
	{"html", func(w io.Writer, m *report.Merger, _ report.TextOptions) error { return m.HTML(w, Version()) }},
	{"text", func(w io.Writer, m *report.Merger, o report.TextOptions) error { return m.Text(sanitise.Log(w), o) }},
	{"markdown", func(w io.Writer, m *report.Merger, _ report.TextOptions) error { return m.Markdown(w, 0) }},
	{"junit", func(w io.Writer, m *report.Merger, _ report.TextOptions) error { return m.JUnit(sanitise.Log(w)) }},
	{"csv", func(w io.Writer, m *report.Merger, _ report.TextOptions) error { return m.CSV(sanitise.Log(w)) }},
	{"ndjson", func(w io.Writer, m *report.Merger, _ report.TextOptions) error { return m.NDJSON(w) }},
}
