package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

// Text writes what all reports come to for people to read: which shards are missing and which reports contradict one another; of each
// repository the result, by which policies, and the findings, with notes if it is verbose;
// and all exceptions, the first to end before the others. Memory holds what
// [Merger.HTML] keeps.
func (m *Merger) Text(w io.Writer, o TextOptions) error {
	p, err := m.page(io.Discard)
	if err != nil {
		return err
	}
	t := newText(w, o)
	t.verbose = o.Verbose
	t.line("codewarrant: %s", m.extent(p))
	for _, s := range p.missing {
		t.line("")
		t.prose(t.red("error: "), "  ", s.String())
		t.prose("  hint: ", "        ", s.Hint())
	}
	for _, c := range p.conflicts {
		t.line("")
		t.prose(t.red("error: "), "  ", sanitise.Text(c.String()))
		t.prose("  hint: ", "        ", c.Hint())
	}
	for _, s := range p.parts {
		if err := t.part(s); err != nil {
			return err
		}
	}
	t.held(p)
	n, result, _ := p.total()
	t.line("")
	t.line("%s: %s", t.result(result), tallyOf(n).result())
	return t.w.Flush()
}

// extent says how many reports there are, of how many repositories.
func (m *Merger) extent(p *page) string {
	known, unknown := 0, 0
	for _, s := range p.parts {
		if s.unknown {
			unknown++
		} else {
			known++
		}
	}
	line := plural(len(m.runs), "report")
	if known > 0 {
		line += " of " + plural(known, "repository")
	}
	if unknown > 0 {
		line += fmt.Sprintf(", %d of which the repository is not known", unknown)
	}
	return line
}

func (t *text) result(r check.Result) string {
	if r == check.Pass {
		return t.green(string(r))
	}
	return t.red(string(r))
}

// tallyOf returns counts as they are told.
func tallyOf(n jsonCounts) tally {
	return tally{
		errors: n.Errors, warnings: n.Warnings, notes: n.Notes, unapproved: n.Unapproved,
		packages: n.Packages, binaries: n.Binaries, slices: n.Slices, sources: n.Sources, source: "source",
	}
}

// result says how many findings and unapproved claims there are in how many files.
func (t tally) result() string {
	line := t.findings()
	if t.unapproved > 0 {
		line += "; " + plural(t.unapproved, "unapproved claim")
	}
	return line + " in " + t.subjects()
}

// part tells of a repository.
func (t *text) part(s *shownPart) error {
	t.line("")
	t.line("%s", t.bold(sanitise.Text(s.name)))
	t.line("  %s: %s", t.result(s.result), tallyOf(s.counts).result())
	judged := ""
	for _, r := range s.reports {
		h := r.head
		if by := fmt.Sprintf("policy %s, stage %s, on %s", cut(h.Policy.Name, maxValue, "…"), cut(h.Stage, maxValue, "…"), h.Date); by != judged {
			judged = by
			t.prose("  ", "    ", sanitise.Text(by))
		}
		if len(r.finding) == 0 {
			continue
		}
		d, err := r.open()
		if err != nil {
			return err
		}
		path := ""
		for _, f := range d.Findings {
			if levelRank(f.Level) > levelRank(policy.Warning) && !t.verbose {
				continue
			}
			if of := cmp.Or(first(f.Paths), h.Policy.Name); of != path {
				path = of
				t.line("  %s", t.bold(sanitise.Text(path)))
			}
			t.finding(f.finding(), "    ", f.Archs)
		}
	}
	return nil
}

// held tells of all exceptions.
func (t *text) held(p *page) {
	if len(p.held) == 0 {
		return
	}
	t.line("")
	t.line("%s", t.bold("Exceptions"))
	for _, h := range p.held {
		x := h.x
		words := []string{h.part.name, x.ID, "for " + x.Entitlement, "held by " + x.Owner, "approved by " + nobody(x.ApprovedBy)}
		t.prose("  "+expiresText(h)+"  ", "    ", sanitise.Text(cut(strings.Join(words, ", "), maxValue, "…")))
	}
}

// expiresText says until when an exception holds.
func expiresText(h *held) string {
	if !ending(h) {
		return "no end"
	}
	return h.x.Expires + ", " + remaining(h.x.Expires, h.day)
}

func nobody(who []string) string {
	if len(who) == 0 {
		return "nobody"
	}
	return strings.Join(who, ", ")
}
