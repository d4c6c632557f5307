package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// parts returns the reports as parts of a page: those of one repository are one part. A report
// of which the repository is not known is a part by itself, which has the name of the first
// file or of the policy.
func (m *Merger) parts() []Part {
	var parts []Part
	for i, r := range m.sorted() {
		report := pageReport{open: r.document, sha256: fmt.Sprintf("%x", r.digest), contradicted: m.contradicted(r)}
		if last := len(parts) - 1; i > 0 && r.repository != "" && parts[last].Name == r.repository && !parts[last].unknown {
			parts[last].reports = append(parts[last].reports, report)
			continue
		}
		part := Part{Name: r.repository, reports: []pageReport{report}}
		if part.Name == "" {
			part.Name, part.unknown = cmp.Or(r.path, r.policy, "nothing"), true
		}
		parts = append(parts, part)
	}
	return parts
}

// shards tells which parts of an audit are missing.
func (p *page) shards() {
	if len(p.missing) == 0 {
		return
	}
	p.add(`<div class="contradictions"><h3 id="shards">Shards that are missing</h3>`, "\n")
	for _, s := range p.missing {
		p.add(el("p", "", plain(s.String()), ": ", plain(s.Hint())), "\n")
	}
	p.add("</div>\n")
}

// contradictions tells which reports cannot both be true.
func (p *page) contradictions() {
	if len(p.conflicts) == 0 {
		return
	}
	places := map[string]*shownReport{}
	for _, s := range p.parts {
		for _, r := range s.reports {
			places[r.sha256] = r
		}
	}
	p.add(`<div class="contradictions"><h3 id="contradictions">Reports that contradict one another</h3>`,
		`<p>They are of the same files, by the same policy and version of the program on the same day, and are not equal: one of them was changed after it was written.</p>`, "\n")
	p.table("Reports that contradict one another", "wide", "Repository", "First file", "Day", "SHA-256 of the reports")
	for _, c := range p.conflicts {
		var hashes []markup
		var of *shownPart
		for _, sum := range c.Runs {
			r := places[sum]
			of = r.part
			hash := code(sum)
			if of.files() > 0 {
				hash = to(r.anchor, hash)
			}
			hashes = append(hashes, el("div", "", hash))
		}
		anchor := p.names.of("conflict", c.Runs...)
		p.add("<tr", p.row("conflict", of, nil), attribute("id", anchor), ">",
			el("th", ` scope="row"`, to(anchor, plain(cmp.Or(c.Repository, "not known")))), el("td", "", code(c.Path)),
			el("td", ` class="day"`, plain(c.Date)), el("td", "", concat(hashes, "")), "</tr>\n")
	}
	p.endTable()
	p.add("</div>\n")
}

// repositories tells of each part in a row.
func (p *page) repositories() {
	p.table("Repositories", "wide repositories", "Repository", "Result", "Findings", "Unapproved", "Exceptions", "Files", "Policy", "Stage", "Day")
	for _, s := range p.parts {
		p.add("<tr", p.row("repository", s, s.keys.list, s.states()), attribute("id", s.anchor), ">",
			el("th", ` scope="row"`, to(s.anchor, plain(s.name)), s.unknownNote()))
		if s.err != nil {
			p.add(el("td", "", span("result error", "no report")), el("td", ` colspan="7"`, plain(s.err.Error())), "</tr>\n")
			continue
		}
		files := number(s.files())
		if s.files() > 0 {
			files = to(s.group, files)
		}
		p.add(el("td", "", span("result "+resultClass(s.result), plain(string(s.result)))),
			el("td", "", plain(levelCounts(s.counts))),
			el("td", ` class="number"`, number(s.counts.Unapproved)), el("td", ` class="number"`, number(len(s.exceptions))), el("td", ` class="number"`, files),
			s.judged(), "</tr>\n")
	}
	p.endTable()
}

func (s *shownPart) unknownNote() markup {
	if s.unknown {
		return quiet("repository not known")
	}
	return ""
}

// states returns the attributes by which the row of a part is filtered.
func (s *shownPart) states() markup {
	if s.err != nil {
		return ""
	}
	var met, states set[string]
	for _, r := range s.reports {
		for i, n := range r.levels {
			if n > 0 {
				met.add(string(levels[i]))
			}
		}
	}
	for _, h := range s.exceptions {
		states.add(string(h.expiry()))
		states.add(string(h.x.Use))
	}
	return attribute("data-levels", strings.Join(met.list, " ")) + verdictsOf(s.verdicts.list) + attribute("data-states", strings.Join(states.list, " "))
}

// maxJudged is how many policies, stages and days of a part are named in its row.
const maxJudged = 3

// judged returns by which policies the reports of a part judged, in which stages and on
// which days, in three cells.
func (s *shownPart) judged() markup {
	var policies, stages, days set[markup]
	for _, r := range s.reports {
		h := r.head
		policies.add(code(h.Policy.Name) + quiet(plain(cut(h.Policy.SHA256, shortSHA, "…"))))
		stages.add(el("div", "", plain(h.Stage)))
		days.add(el("div", "", plain(h.Date)))
	}
	return el("td", "", few(policies.list)) + el("td", "", few(stages.list)) + el("td", ` class="day"`, few(days.list))
}

func few(list []markup) markup {
	if n := len(list) - maxJudged; n > 0 {
		list = append(slices.Clone(list[:maxJudged]), quiet(plain(fmt.Sprintf("and %d more", n))))
	}
	return concat(list, "")
}

// table begins a table, which scrolls by itself where it is wider than the page. A reader
// who uses the keyboard gets to it as to a link.
func (p *page) table(caption, class markup, columns ...markup) {
	p.add(`<div class="scroll" tabindex="0" role="group" aria-label="`, caption, `"><table class="`, class, `"><caption class="spoken">`, caption, "</caption><thead><tr>")
	for _, c := range columns {
		p.add(el("th", ` scope="col"`, c))
	}
	p.add("</tr></thead><tbody>\n")
}

func (p *page) endTable() { p.add("</tbody></table></div>\n", none, "\n") }
