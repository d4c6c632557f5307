package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/inorder"
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
	met    set[check.Verdict]
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
		m.met.add(c.Verdict)
		m.claims[c.Entitlement] = x
	}
}

// matrixRows are the rows of a part: of one part its artifacts and sources, of several the
// parts.
type matrixRows struct {
	*page
	part   *shownPart
	byName map[string]*matrixRow
}

func (p *page) matrixOf(s *shownPart) *matrixRows { return &matrixRows{p, s, map[string]*matrixRow{}} }

// add adds what a report has.
func (m *matrixRows) add(r pageReport, d *Document) {
	for i, b := range d.Binaries {
		name := first(b.Paths)
		if i < len(r.artifacts) {
			name = r.artifacts[i]
		}
		m.claim(name, b.Claims)
	}
	for _, b := range d.Sources {
		m.claim(b.Path, b.Claims)
	}
}

func (m *matrixRows) claim(name string, claims []jsonClaim) {
	if len(claims) == 0 {
		return
	}
	if m.many {
		name = m.part.name
	}
	row := m.byName[name]
	if row == nil {
		row = &matrixRow{part: m.part, name: name, claims: map[string]judgement{}}
		m.byName[name] = row
		m.rows = append(m.rows, row)
	}
	row.claim(claims)
}

// matrix tells which repository or artifact claims which entitlement.
func (p *page) matrix() {
	p.open("claims", "Claims")
	columns := columnsOf(p.rows)
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
	for _, r := range p.rows[:min(len(p.rows), maxMatrixRows)] {
		p.matrixRow(r, names.of("matrix", r.name), columns[:len(heads)])
	}
	p.endTable()
	for _, left := range []struct {
		n    int
		what string
	}{{len(columns) - maxMatrixColumns, "more entitlement"}, {len(p.rows) - maxMatrixRows, "more row"}} {
		if left.n > 0 {
			p.add(el("p", ` class="quiet"`, plain(plural(left.n, left.what)), " left out here; the files below have all."), "\n")
		}
	}
	p.add("</section>\n")
}

func (p *page) matrixRow(r *matrixRow, anchor string, columns []string) {
	p.add("<tr", p.row("claims", r.part, r.keys, verdictsOf(r.met.list)), attribute("id", anchor), ">", el("th", ` scope="row"`, to(anchor, plain(r.name))))
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
	inorder.By(keys, func(a, b string) int { return cmp.Compare(danger(b), danger(a)) })
	return keys
}

// danger is how risky an entitlement is, as far as that is known.
func danger(key string) entitlement.Risk {
	k, _ := entitlement.Lookup(key)
	return k.Risk
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
