package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/entitlement"
)

// What a matrix holds at most. More columns can be seen by nobody, and a file that claims
// thousands of entitlements is not to fill the page.
const (
	maxMatrixColumns = 60
	maxMatrixRows    = 1000
)

// matrixRow is an artifact, a source or a repository, with what it claims.
type matrixRow struct {
	part   *shownPart
	name   string
	claims map[string]judgement
	keys   []string // in the order in which they were met
}

// judgement is what became of the claims to one entitlement.
type judgement struct {
	worst check.Verdict
	n     int
}

// verdicts in the order in which one outweighs another.
var verdicts = []check.Verdict{check.NotGranted, check.Allowed, check.Approved, check.Unapproved, check.Denied}

func (m *matrixRow) claim(claims []jsonClaim) {
	for _, c := range claims {
		x, ok := m.claims[c.Entitlement]
		if !ok {
			m.keys = append(m.keys, c.Entitlement)
			x.worst = c.Verdict
		}
		if slices.Index(verdicts, c.Verdict) > slices.Index(verdicts, x.worst) {
			x.worst = c.Verdict
		}
		x.n++
		m.claims[c.Entitlement] = x
	}
}

// matrixRows returns the rows: of one part its artifacts and sources, of several the
// parts.
func (p *page) matrixRows() []*matrixRow {
	var rows []*matrixRow
	byName := map[string]*matrixRow{}
	row := func(s *shownPart, key, name string) *matrixRow {
		if byName[key] == nil {
			byName[key] = &matrixRow{part: s, name: name, claims: map[string]judgement{}}
			rows = append(rows, byName[key])
		}
		return byName[key]
	}
	for _, s := range p.parts {
		for i, b := range s.binaries {
			if p.many {
				row(s, s.anchor, s.Name).claim(b.Claims)
			} else {
				row(s, s.artifacts[i], s.artifacts[i]).claim(b.Claims)
			}
		}
		for _, b := range s.sources {
			if p.many {
				row(s, s.anchor, s.Name).claim(b.Claims)
			} else {
				row(s, b.Path, b.Path).claim(b.Claims)
			}
		}
	}
	return slices.DeleteFunc(rows, func(r *matrixRow) bool { return len(r.claims) == 0 })
}

// matrix tells which repository or artifact claims which entitlement.
func (p *page) matrix() {
	p.open("claims", "Claims")
	rows := p.matrixRows()
	columns := columnsOf(rows)
	if len(columns) == 0 {
		p.add("<p>Nothing claims an entitlement.</p></section>\n")
		return
	}
	p.add(`<p class="legend">`)
	for i := len(verdicts) - 1; i >= 0; i-- {
		p.add(span("mark "+verdictClass(verdicts[i])), plain(strings.ReplaceAll(string(verdicts[i]), "-", " ")), " ")
	}
	p.add("</p>\n")
	var heads []markup
	for _, c := range columns[:min(len(columns), maxMatrixColumns)] {
		heads = append(heads, columnHead(c))
	}
	name := markup("Artifact")
	if p.many {
		name = "Repository"
	}
	p.table("Claims", "matrix", append([]markup{name}, heads...)...)
	names := anchors{}
	for _, r := range rows[:min(len(rows), maxMatrixRows)] {
		p.matrixRow(r, names.of("matrix", r.name), columns[:len(heads)])
	}
	p.endTable()
	for _, left := range []struct {
		n    int
		what string
	}{{len(columns) - maxMatrixColumns, "more entitlement"}, {len(rows) - maxMatrixRows, "more row"}} {
		if left.n > 0 {
			p.add(el("p", ` class="quiet"`, plain(plural(left.n, left.what)), " left out here; the files below have all."), "\n")
		}
	}
	p.add("</section>\n")
}

func (p *page) matrixRow(r *matrixRow, anchor string, columns []string) {
	p.add("<tr", p.row("claims", r.part, r.keys), attribute("id", anchor), ">", el("th", ` scope="row"`, to(anchor, plain(r.name))))
	for _, key := range columns {
		x, ok := r.claims[key]
		if !ok {
			p.add("<td></td>")
			continue
		}
		p.add(el("td", "", span("mark "+verdictClass(x.worst)), spoken(strings.ReplaceAll(string(x.worst), "-", " "))))
	}
	p.add("</tr>\n")
}

// columnsOf returns the entitlements that rows claim, the most dangerous first.
func columnsOf(rows []*matrixRow) []string {
	var keys []string
	for _, r := range rows {
		keys = append(keys, r.keys...)
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	slices.SortStableFunc(keys, func(a, b string) int { return cmp.Compare(danger(b), danger(a)) })
	return keys
}

// danger is higher for what is riskier, and 0 where that is not known.
func danger(key string) int {
	k, ok := entitlement.Lookup(key)
	if !ok {
		return 0
	}
	return slices.Index([]string{"low", "medium", "high", "critical"}, k.Risk.String()) + 1
}

// columnHead names an entitlement above its column, where the words that most names begin
// with are only spoken.
func columnHead(key string) markup {
	shown := spoken("")
	if rest, ok := strings.CutPrefix(key, applePrefix); ok && rest != "" {
		shown, key = spoken(applePrefix), rest
	}
	return span("turned", shown, plain(cut(key, maxHead, "…")))
}

// maxHead bounds the name above a column, in bytes: it is turned on its side.
const maxHead = 60
