package report

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
)

// Markdown writes what all reports come to as the summary of a job, as the function of that name
// does for one: which shards are missing, which reports contradict one another, the repositories, the exceptions, the first to
// end before the others, and the findings, worst first. It writes no more than limit bytes
// (0: [SummaryLimit]). Memory holds what [Merger.HTML] keeps.
func (m *Merger) Markdown(w io.Writer, limit int) error {
	p, err := m.page(io.Discard)
	if err != nil {
		return err
	}
	b := &markdown{limit: cmp.Or(limit, SummaryLimit)}
	n, result, _ := p.total()
	icon := "✅"
	switch {
	case result != check.Pass:
		icon = "❌"
	case n.Errors+n.Warnings > 0:
		icon = "⚠️"
	}
	b.add(fmt.Sprintf("## %s codewarrant: %s, %s\n\n%s. Looked at %s.\n", icon, result, tallyOf(n).findings(), m.extent(p), tallyOf(n).subjects()))
	b.table("Shards that are missing", "| Which | SHA-256 of the plan |", "plan", len(p.missing), func(i int) string {
		return fmt.Sprintf("| %s | %s |\n", p.missing[i].String(), p.missing[i].SHA256)
	})
	b.table("Reports that contradict one another", "| Which | SHA-256 |", "contradiction", len(p.conflicts), func(i int) string {
		c := p.conflicts[i]
		return fmt.Sprintf("| %s | %s |\n", cell(c.String()), strings.Join(c.Runs, "<br>"))
	})
	b.table("Repositories", "| Repository | Result | Findings | Unapproved | Exceptions | Files |", "row", len(p.parts), func(i int) string {
		s := p.parts[i]
		return fmt.Sprintf("| %s | %s | %s | %d | %d | %d |\n", cell(s.name), s.result, levelCounts(s.counts), s.counts.Unapproved, len(s.exceptions), s.files())
	})
	b.table("Exceptions", "| Expires | Repository | Exception | Permits | Why | Answered for |", "exception", len(p.held), func(i int) string { return heldRow(p.held[i]) })
	next, stop := iter.Pull2(p.told())
	defer stop()
	b.table("Findings", "| Level | What | Where |", "finding", p.countFindings(), func(int) string {
		t, failed, ok := next()
		if !ok || failed != nil {
			err = cmp.Or(err, failed)
			return ""
		}
		return findingRow(t.report.part.name, t.f.finding())
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, b.b.String())
	return err
}

// cell returns a text of any origin for a cell of a table.
func cell(s string) string { return sanitise.Markdown(cut(s, maxCell, "…")) }

func heldRow(h *held) string {
	x := h.x
	permits := sanitise.Code(cut(x.Entitlement, maxCell, "…"))
	if x.Value != nil {
		permits += " " + sanitise.Code(cut(x.Value.Text(), maxCell, "…"))
	}
	return fmt.Sprintf("| %s | %s | **%s**<br>%s | %s | %s | %s<br>approved by %s |\n", cell(expiresText(h)), cell(h.part.name), cell(x.ID), used(x),
		permits, cell(strings.Join(strings.Fields(x.Justification), " ")), cell(x.Owner), cell(nobody(x.ApprovedBy)))
}
