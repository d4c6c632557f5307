package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

const (
	// SummaryLimit is how many bytes of summary GitHub takes of one step. It drops
	// a summary that is longer, all of it.
	SummaryLimit = 1 << 20

	// maxCell bounds a text in a cell, in bytes before it is escaped.
	maxCell = 600

	// reserve is kept for what follows a table: the lines that say what was left
	// out, and the frames of what comes next.
	reserve = 4096
)

// Markdown writes the report as the summary of a job in GitHub Flavored Markdown:
// the result, by which policy, the findings, who signed packages, the exceptions with their
// justifications, and the YAML for what is not approved yet. It writes no more
// than limit bytes (0: [SummaryLimit]); what does not fit is left out by whole
// rows, the least first, and the summary says so.
func Markdown(w io.Writer, r *check.Report, limit int) error {
	m := &markdown{limit: cmp.Or(limit, SummaryLimit)}
	m.head(r)
	m.findings(r)
	m.packages(r)
	m.exceptions(r)
	m.pending(r)
	m.suggestions(r)
	_, err := io.WriteString(w, m.b.String())
	return err
}

type markdown struct {
	b     strings.Builder
	limit int
}

// fits reports whether n more bytes leave the given number free.
func (m *markdown) fits(n, free int) bool { return m.b.Len()+n <= m.limit-free }

// add writes s, or nothing when there is no room for all of it.
func (m *markdown) add(s string) {
	if m.fits(len(s), 0) {
		m.b.WriteString(s)
	}
}

func (m *markdown) head(r *check.Report) {
	n := count(r)
	icon := "✅"
	switch {
	case r.Result() != check.Pass:
		icon = "❌"
	case n.errors+n.warnings > 0:
		icon = "⚠️"
	}
	m.add(fmt.Sprintf("## %s codewarrant: %s, %s\n\n", icon, r.Result(), n.findings()))
	code := func(s string) string { return sanitise.Code(cut(s, maxCell, "…")) }
	line := fmt.Sprintf("Policy %s (SHA-256 %s)%s, stage %s, on %s",
		code(r.Policy), sanitise.Code(r.PolicySHA256), extended(r, code), code(r.Stage), r.At)
	line = strings.Join(append([]string{line}, manner(r, code)...), ", ") + ". Looked at " + n.subjects()
	if n.unapproved > 0 {
		line += fmt.Sprintf(", **%s**", plural(n.unapproved, "unapproved claim"))
	}
	m.add(line + ".\n")
}

// table writes a heading and n rows under it, as many as fit, and says how many of
// the things in it are left out.
func (m *markdown) table(heading, columns, things string, n int, row func(int) string) {
	if n == 0 {
		return
	}
	head := "\n### " + heading + "\n\n" + columns + "\n|" + strings.Repeat(" --- |", strings.Count(columns, "|")-1) + "\n"
	if !m.fits(len(head), reserve) {
		m.add(fmt.Sprintf("\n%s of %s left out: there is no room for more.\n", plural(n, things), strings.ToLower(heading)))
		return
	}
	m.add(head)
	for i := range n {
		text := row(i)
		if !m.fits(len(text), reserve) {
			m.add(fmt.Sprintf("\n%s left out: a summary holds no more. The other reports have all of them.\n", plural(n-i, "more "+things)))
			return
		}
		m.add(text)
	}
}

func (m *markdown) findings(r *check.Report) {
	m.table("Findings", "| Level | What | Where |", "finding", len(r.Findings), func(i int) string { return findingRow("", r.Findings[i]) })
}

// findingRow returns a row of findings; of names the repository where there are several.
func findingRow(of string, f check.Finding) string {
	var where []string
	if of != "" {
		where = append(where, sanitise.Markdown(cut(of, maxCell, "…")))
	}
	if len(f.Paths) > 0 && (f.Position.Line == 0 || f.Paths[0] != f.Position.File) {
		where = append(where, sanitise.Code(cut(f.Paths[0], maxCell, "…")))
	}
	if n := len(f.Paths); n > 1 {
		where = append(where, "and "+plural(n-1, "copy"))
	}
	if len(f.Archs) > 0 {
		where = append(where, sanitise.Markdown(cut(strings.Join(f.Archs, ", "), maxCell, "…")))
	}
	if inFile(f.Position) {
		p := f.Position
		p.File = cut(p.File, maxCell, "…")
		where = append(where, sanitise.Code(p.String()))
	}
	what := []string{sanitise.Markdown(cut(f.Message, maxCell, "…"))}
	if f.Evidence != nil {
		what = append(what, "<sub>"+sanitise.Markdown(cut(evidenceBrief(f.Evidence, f.Paths), maxCell, "…"))+"</sub>")
	}
	if f.Hint != "" {
		what = append(what, "<sub>"+sanitise.Markdown(cut(f.Hint, maxCell, "…"))+"</sub>")
	}
	return fmt.Sprintf("| %s<br>%s | %s | %s |\n", levelIcon(f.Level), ruleLink(f.Rule),
		strings.Join(what, "<br>"), strings.Join(where, "<br>"))
}

// ruleLink leads to the page of a rule. A report that was read back may name any.
func ruleLink(id string) string {
	if _, known := check.RuleByID(id); !known {
		return sanitise.Markdown(cut(id, maxCell, "…"))
	}
	return fmt.Sprintf("[%s](%s)", id, docURL(id))
}

func levelIcon(l policy.Level) string {
	switch l {
	case policy.Error:
		return "❌ error"
	case policy.Warning:
		return "⚠️ warning"
	}
	return "ℹ️ note"
}

func (m *markdown) packages(r *check.Report) {
	m.table("Packages", "| Package | Signature |", "package", len(r.Packages), func(i int) string {
		p := r.Packages[i]
		return fmt.Sprintf("| %s | %s |\n", sanitise.Code(cut(p.Path, maxCell, "…")), sanitise.Markdown(cut(packageFacts(p), maxCell, "…")))
	})
}

func (m *markdown) exceptions(r *check.Report) {
	m.table("Exceptions", "| Exception | Permits | Why | Answered for |", "exception", len(r.Exceptions), func(i int) string { return exceptionRow(r.Exceptions[i], evidenceFor(r, r.Exceptions[i].Exception)) })
}

func exceptionRow(x check.ExceptionReport, evidence *evidence.Assessment) string {
	e := x.Exception
	permits := sanitise.Code(cut(e.Entitlement, maxCell, "…"))
	if e.Value != nil {
		permits += " " + sanitise.Code(cut(e.Value.Text(), maxCell, "…"))
	}
	why := cell(strings.Join(strings.Fields(e.Justification), " "))
	if e.Category != "" {
		why += "<br><sub>" + cell(string(e.Category)) + "</sub>"
	}
	why += controls(e)
	if evidence != nil {
		why += "<br><sub>" + cell(evidenceBrief(evidence, nil)) + "</sub>"
	}
	var answered []string
	for _, a := range answerable(e, x) {
		answered = append(answered, cell(a))
	}
	return fmt.Sprintf("| **%s**<br>%s | %s | %s | %s |\n", cell(e.ID), useOf(x), permits, why, strings.Join(answered, "<br>"))
}

// controls says what limits the risk of an exception.
func controls(e *policy.Exception) string {
	if len(e.CompensatingControls) == 0 {
		return ""
	}
	text := strings.Join(strings.Fields("compensating controls: "+strings.Join(e.CompensatingControls, " ")), " ")
	return "<br><sub>" + sanitise.Markdown(cut(text, maxCell, "…")) + "</sub>"
}

// pending tells what would count after the merge.
func (m *markdown) pending(r *check.Report) {
	m.table("Pending exceptions", "| Exception | After the merge | Why |", "exception", len(r.Pending), func(i int) string {
		x := r.Pending[i]
		var says []string
		for _, d := range x.Diff {
			says = append(says, cell(d))
		}
		return fmt.Sprintf("| **%s**<br>%s | %s | %s |\n", cell(x.ID), stateOf(x),
			strings.Join(says, "<br>"), cell(strings.Join(strings.Fields(x.Justification), " "))+controls(x.Exception))
	})
}

// suggestions writes the YAML for what is not approved, folded away, as many
// exceptions as fit.
func (m *markdown) suggestions(r *check.Report) {
	all := suggestions(r)
	if len(all) == 0 {
		return
	}
	const frame = 512 // what stands around the YAML, without the fences
	room := m.limit - m.b.Len() - frame
	n := 0
	for n < len(all) {
		// A line may grow by its indentation, and by what its escapes need.
		room -= len(yaml(r, all[n:n+1])) + 1
		if room < 0 {
			break
		}
		n++
	}
	if n == 0 {
		m.add("\nThe YAML to approve what is unapproved is left out: a summary holds no more.\n")
		return
	}
	text := yaml(r, all[:n])
	fence := sanitise.Fence(text, 3)
	left := ""
	if n < len(all) {
		left = fmt.Sprintf("\n%s left out: a summary holds no more.\n", plural(len(all)-n, "more exception"))
	}
	m.add(fmt.Sprintf("\n<details><summary>YAML to approve what is unapproved (%s)</summary>\n\nAdd it to %s. Categories: %s.\n\n%syaml\n%s%s\n%s\n</details>\n",
		plural(n, "exception"), policyToEdit(r), categoryList(), fence, text, fence, left))
}

// yaml returns suggestions as lines of a policy.
func yaml(r *check.Report, list []string) string {
	var b strings.Builder
	for l := range suggestionLines(r, list) {
		b.WriteString(sanitise.Text(l) + "\n")
	}
	return b.String()
}
