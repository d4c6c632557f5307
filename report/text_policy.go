package report

import (
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
)

// exceptions lists what the run made of each exception.
func (t *text) exceptions(r *check.Report) {
	if len(r.Exceptions) == 0 {
		return
	}
	t.line("")
	t.line("%s", t.bold("Exceptions"))
	var rows [][]string
	for _, x := range r.Exceptions {
		e := x.Exception
		until := ""
		if !e.Expires.IsZero() {
			until = "until " + e.Expires.String()
		}
		rows = append(rows, []string{sanitise.Text(e.ID), sanitise.Text(e.Entitlement), useOf(x), until})
	}
	t.table(rows)
}

// pending lists the exceptions that do not count yet, with what they would change.
func (t *text) pending(r *check.Report) {
	if len(r.Pending) == 0 {
		return
	}
	t.line("")
	heading := "Pending exceptions, which count after the merge"
	if r.Base == nil || r.Base.Ref == "" {
		heading = "Pending exceptions, which count as they stand in a base"
	}
	t.line("%s", t.bold(heading))
	for _, x := range r.Pending {
		t.line("  %s  %s  %s", sanitise.Text(x.ID), sanitise.Text(x.Entitlement), stateOf(x))
		for _, d := range x.Diff {
			t.prose("    ", "      ", sanitise.Text(d))
		}
	}
}

// table writes rows of cells in columns.
func (t *text) table(rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString("  " + cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		t.line("%s", b.String())
	}
}

// suggestions writes the YAML for what is not approved, ready to be copied.
func (t *text) suggestions(r *check.Report) {
	list := suggestions(r)
	if len(list) == 0 {
		return
	}
	t.line("")
	t.line("%s", t.bold("To approve, fill this in and add it to "+policyToEdit(r)+":"))
	t.prose("", "", "Categories: "+categoryList()+".")
	t.line("")
	for l := range suggestionLines(r, list) {
		t.line("%s", sanitise.Text(l))
	}
}

// suggestionLines are the lines of the exceptions to add to a policy. The key above
// them is left out when the policy has it.
func suggestionLines(r *check.Report, list []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if len(r.Exceptions)+len(r.Pending) == 0 && !r.NoExceptions && !yield("exceptions:") {
			return
		}
		for _, s := range list {
			for l := range strings.SplitSeq(s, "\n") {
				if !yield("  " + l) {
					return
				}
			}
		}
	}
}
