package report

import (
	"iter"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/policy"
)

// findings tells what is wrong, worst first.
func (p *page) findings() error {
	p.open("findings", "Findings")
	n := p.countFindings()
	if n == 0 {
		p.add("<p>There are none.</p></section>\n")
		return nil
	}
	p.table("Findings", "findings", "Level", "What, and what to do", "Where")
	for t, err := range p.told() {
		if err != nil {
			return err
		}
		p.finding(t)
	}
	p.endTable()
	p.add("</section>\n")
	return nil
}

func (p *page) countFindings() int {
	n := 0
	for _, s := range p.parts {
		for _, r := range s.reports {
			n += len(r.finding)
		}
	}
	return n
}

// told is a finding of a report.
type told struct {
	report *shownReport
	f      jsonFinding
	anchor string
}

// told yields all findings, worst first. Reports are read once for each level that they have
// findings of; an error is the last.
func (p *page) told() iter.Seq2[told, error] {
	return func(yield func(told, error) bool) {
		for worst := range len(levels) {
			for _, s := range p.parts {
				for _, r := range s.reports {
					if !r.told(worst, yield) {
						return
					}
				}
			}
		}
	}
}

// told yields the findings that have a level of that rank, and reports whether to go on.
func (r *shownReport) told(worst int, yield func(told, error) bool) bool {
	if r.levels[worst] == 0 {
		return true
	}
	d, err := r.open()
	if err != nil {
		yield(told{}, err)
		return false
	}
	for i, f := range d.Findings {
		if levelRank(f.Level) == worst && !yield(told{r, f, r.finding[i]}, nil) {
			return false
		}
	}
	return true
}

func (p *page) finding(t told) {
	r, f, s := t.report, t.f, t.report.part
	var keys []string
	if f.Entitlement != "" {
		keys = []string{f.Entitlement}
	}
	p.add("<tr", p.row("finding", s, keys, attribute("data-levels", string(f.Level))), attribute("id", t.anchor), ">",
		el("th", ` scope="row"`, to(t.anchor, level(f.Level))),
		el("td", "", el("div", "", plain(f.Message)), quiet(plain(f.Hint)), quiet(r.about(f)), yamlOf(f)),
		el("td", "", p.of(s), where(f)), "</tr>\n")
}

// level returns a level as the style shows it.
func level(l policy.Level) markup {
	return span("level "+markup(levels[levelRank(l)]), plain(string(l)))
}

// about says by which rule a finding is, how risky the claim is, and which exception is
// involved.
func (r *shownReport) about(f jsonFinding) markup {
	list := []markup{plain(f.Rule)}
	if _, known := check.RuleByID(f.Rule); known {
		list[0] = el("a", attribute("href", docURL(f.Rule)), list[0])
	}
	if f.Risk != "" {
		list = append(list, plain(f.Risk)+" risk")
	}
	if f.Exception != "" {
		list = append(list, r.exceptionLink(f.Exception))
	}
	return concat(list, " · ")
}

// exceptionLink names an exception, and leads to it where it is one of the report's.
func (r *shownReport) exceptionLink(id string) markup {
	if anchor, ok := r.byID[id]; ok {
		return to(anchor, plain(id))
	}
	return plain(id)
}

// yamlOf returns what would approve a claim, folded away.
func yamlOf(f jsonFinding) markup {
	if f.Suggestion == "" {
		return ""
	}
	var b strings.Builder
	for l := range strings.Lines(strings.TrimRight(f.Suggestion, "\n")) {
		b.WriteString(string(plain(strings.TrimRight(l, "\n"))) + "\n")
	}
	return el("details", ` class="yaml"`, el("summary", "", "YAML to approve it"), el("pre", ` tabindex="0"`, markup(b.String())))
}

// where says what a finding is about, and where in the policy or a source.
func where(f jsonFinding) markup {
	var list []markup
	for i, path := range f.Paths {
		if i == maxPaths {
			list = append(list, quiet("and ", plain(plural(len(f.Paths)-i, "more copy"))))
			break
		}
		list = append(list, el("div", "", code(path)))
	}
	if len(f.Archs) > 0 {
		list = append(list, quiet(plain(strings.Join(f.Archs, ", "))))
	}
	if at := f.Position; at != nil {
		place := policy.Position{File: at.File, Line: at.Line, Column: at.Column}
		list = append(list, quiet(code(place.String())))
	}
	return concat(list, "")
}

// maxPaths is how many copies of a file are named.
const maxPaths = 5
