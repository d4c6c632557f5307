package report

import (
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/policy"
)

// findings tells what is wrong, worst first. Reports are read once for each level that they
// have findings of.
func (p *page) findings() error {
	p.open("findings", "Findings")
	n := 0
	for _, s := range p.parts {
		for _, r := range s.reports {
			n += len(r.finding)
		}
	}
	if n == 0 {
		p.add("<p>There are none.</p></section>\n")
		return nil
	}
	p.table("Findings", "findings", "Level", "What, and what to do", "Where")
	for worst := range len(levels) {
		for _, s := range p.parts {
			for _, r := range s.reports {
				if err := p.findingsOf(r, worst); err != nil {
					return err
				}
			}
		}
	}
	p.endTable()
	p.add("</section>\n")
	return nil
}

// findingsOf tells of the findings of a report that have a level of that rank.
func (p *page) findingsOf(r *shownReport, of int) error {
	if r.levels[of] == 0 {
		return nil
	}
	d, err := r.open()
	if err != nil {
		return err
	}
	for i, f := range d.Findings {
		if levelRank(f.Level) == of {
			p.finding(r, f, r.finding[i])
		}
	}
	return nil
}

func (p *page) finding(r *shownReport, f jsonFinding, anchor string) {
	s := r.part
	var keys []string
	if f.Entitlement != "" {
		keys = []string{f.Entitlement}
	}
	p.add("<tr", p.row("finding", s, keys, attribute("data-levels", string(f.Level))), attribute("id", anchor), ">",
		el("th", ` scope="row"`, to(anchor, level(f.Level))),
		el("td", "", el("div", "", plain(f.Message)), quiet(plain(f.Hint)), quiet(r.about(f)), yamlOf(f)),
		el("td", "", p.of(s), where(f)), "</tr>\n")
}

// level returns a level as the style shows it.
func level(l policy.Level) markup {
	class := markup("note")
	switch l {
	case policy.Error:
		class = "error"
	case policy.Warning:
		class = "warning"
	}
	return span("level "+class, plain(string(l)))
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
