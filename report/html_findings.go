package report

import (
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/policy"
)

// told is a finding of a part.
type told struct {
	part   *shownPart
	f      jsonFinding
	anchor string
}

// findings tells what is wrong, worst first.
func (p *page) findings() {
	p.open("findings", "Findings")
	var list []told
	for _, s := range p.parts {
		for i, f := range s.Part.findings {
			list = append(list, told{s, f, s.finding[i]})
		}
	}
	if len(list) == 0 {
		p.add("<p>There are none.</p></section>\n")
		return
	}
	slices.SortStableFunc(list, func(a, b told) int { return slices.Index(levels, a.f.Level) - slices.Index(levels, b.f.Level) })
	p.table("Findings", "findings", "Level", "What, and what to do", "Where")
	for _, t := range list {
		p.finding(t)
	}
	p.endTable()
	p.add("</section>\n")
}

func (p *page) finding(t told) {
	f, s := t.f, t.part
	var keys []string
	if f.Entitlement != "" {
		keys = []string{f.Entitlement}
	}
	p.add("<tr", p.row("finding", s, keys, attribute("data-levels", string(f.Level))), attribute("id", t.anchor), ">",
		el("th", ` scope="row"`, to(t.anchor, level(f.Level))),
		el("td", "", el("div", "", plain(f.Message)), quiet(plain(f.Hint)), quiet(p.about(s, f)), yamlOf(f)),
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
func (p *page) about(s *shownPart, f jsonFinding) markup {
	list := []markup{plain(f.Rule)}
	if _, known := check.RuleByID(f.Rule); known {
		list[0] = el("a", attribute("href", docURL(f.Rule)), list[0])
	}
	if f.Risk != "" {
		list = append(list, plain(f.Risk)+" risk")
	}
	if f.Exception != "" {
		list = append(list, s.exceptionLink(f.Exception))
	}
	return concat(list, " · ")
}

// exceptionLink names an exception, and leads to it where it is one of the part's.
func (s *shownPart) exceptionLink(id string) markup {
	if anchor, ok := s.byID[id]; ok {
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
