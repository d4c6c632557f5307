package report

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/docs"
	"github.com/codewarrant/codewarrant/internal/inorder"
	"github.com/codewarrant/codewarrant/policy"
)

// HTML writes reports as one page for a browser, which needs nothing beside it: who holds
// which exception and how long, what claims what, the findings, and what each binary is
// signed with. What a file says is shown as text and is never an element, an attribute or
// an address; the page's own policy (https://www.w3.org/TR/CSP3/) permits its one style,
// its one script, and no request. Without scripts all is there but the filters. version
// is that of the program.
func HTML(w io.Writer, version string, parts ...Part) error {
	p, err := newPage(w, parts, nil)
	if err != nil {
		return err
	}
	return p.write(version)
}

// HTML writes all reports as one page, see the function of that name: a part for each repository,
// and one for each report of which that is not known. Memory holds one report at a time,
// and of all of them what the overview is made of.
func (m *Merger) HTML(w io.Writer, version string) error {
	p, err := m.page(w)
	if err != nil {
		return err
	}
	return p.write(version)
}

// page reads all reports once.
func (m *Merger) page(w io.Writer) (*page, error) {
	p, err := newPage(w, m.parts(), m.Conflicts())
	if err != nil {
		return nil, err
	}
	p.missing, p.outcome = m.Missing(), m.Result()
	return p, nil
}

func (p *page) write(version string) error {
	p.head()
	p.overview()
	p.exceptions()
	p.pending()
	p.timeline()
	p.matrix()
	if err := p.findings(); err != nil {
		return err
	}
	if err := p.files(); err != nil {
		return err
	}
	p.add("</main>", el("footer", "", "Written by ", el("a", attribute("href", docs.Home), "codewarrant"), " ", plain(version)), "</body></html>\n")
	return p.w.Flush()
}

// The style and the script of the page. They are in it as they are, and hold nothing
// that would end their element.
var (
	//go:embed html/page.css
	pageStyle string
	//go:embed html/page.js
	pageScript string
)

// page writes a page.
type page struct {
	w         *bufio.Writer // keeps the first error until it is flushed
	parts     []*shownPart
	conflicts []Conflicting
	missing   []Planned
	outcome   check.Result   // of all; empty: the worst of the parts
	many      bool           // parts have names, and there may be several
	names     anchors        // of places that lead to one another
	keys      []string       // all entitlements, ascending
	index     map[string]int // in keys
	today     policy.Date    // the last of the days that were judged
	held      []*held        // all exceptions, the first to end before the others
	rows      []*matrixRow   // of the matrix
}

// newPage reads all reports once.
func newPage(w io.Writer, parts []Part, conflicts []Conflicting) (*page, error) {
	p := &page{w: bufio.NewWriter(w), conflicts: conflicts, names: anchors{}, index: map[string]int{}}
	for _, part := range parts {
		p.many = p.many || part.Name != "" || len(parts) > 1
	}
	for _, part := range parts {
		if err := p.keep(part); err != nil {
			return nil, err
		}
	}
	p.keys = slices.Sorted(maps.Keys(p.index))
	for i, key := range p.keys {
		p.index[key] = i
	}
	for _, s := range p.parts {
		p.held = append(p.held, s.exceptions...)
	}
	inorder.By(p.held, func(a, b *held) int {
		return cmp.Compare(cmp.Or(a.x.Expires, "9999-99-99"), cmp.Or(b.x.Expires, "9999-99-99"))
	})
	return p, nil
}

func (p *page) add(content ...markup) {
	for _, m := range content {
		p.w.WriteString(string(m))
	}
}

// head writes what stands before the sections, and the form that filters them.
func (p *page) head() {
	p.add("<!doctype html>\n", `<html lang="en"><head><meta charset="utf-8">`,
		`<meta http-equiv="Content-Security-Policy"`, attribute("content", contentPolicy()), ">",
		`<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">`,
		`<meta name="color-scheme" content="light dark">`,
		"<title>Entitlements: ", plain(p.result()), "</title>\n",
		"<style>", markup(pageStyle), "</style>\n<script>", markup(pageScript), "</script>\n</head>\n<body>",
		`<a class="skip" href="#main">To the report</a>`,
		`<header class="bar"><nav aria-label="Sections">`)
	for _, s := range sections {
		if s.anchor == "expiries" && !p.ends() {
			continue
		}
		p.add(to(string(s.anchor), s.title), " ")
	}
	p.add(`</nav><output id="shown" form="filter" aria-live="polite"></output><label class="theme needs-script">`, "Colours ",
		`<select id="theme"><option value="">of the system</option><option value="light">light</option><option value="dark">dark</option></select></label>`, "\n")
	p.filter()
	p.add("</header>\n", `<main id="main" tabindex="-1">`)
}

// section is a part of the page that the bar leads to.
type section struct{ anchor, title markup }

var sections = []section{{"overview", "Overview"}, {"exceptions", "Exceptions"}, {"expiries", "Expiries"}, {"claims", "Claims"}, {"findings", "Findings"}, {"files", "Files"}}

// open begins a section.
func (p *page) open(anchor, title markup) {
	p.add("\n", `<section id="`, anchor, `" aria-labelledby="`, anchor, `-title"><h2 id="`, anchor, `-title">`, title, "</h2>\n")
}

// none is told where a filter leaves nothing.
const none = `<p class="none" hidden>Nothing here passes the filter.</p>`

// filter writes the form that filters all that follows.
func (p *page) filter() {
	p.add(`<form class="filter needs-script" id="filter" role="search" aria-label="Filter the report">`,
		`<label class="find">Search <input type="search" id="search" autocomplete="off" spellcheck="false"></label>`)
	if p.many {
		p.add(`<label>Repository <select id="by-part"><option value="">all</option>`)
		for _, s := range p.parts {
			p.option(fmt.Sprint(s.index), s.name)
		}
		p.add("</select></label>")
	}
	p.add(`<label>Entitlement <select id="by-key"><option value="">all</option>`)
	for i, key := range p.keys {
		p.option(fmt.Sprint(i), key)
	}
	p.add(`</select></label>`,
		`<label>Claims <select id="by-verdict"><option value="">all</option><option value="denied">denied</option><option value="unapproved">unapproved</option><option value="approved">approved</option><option value="allowed">allowed</option><option value="not-granted">not granted</option></select></label>`,
		`<label>Findings <select id="by-level"><option value="">all</option><option value="error">errors</option><option value="warning">warnings</option><option value="note">notes</option></select></label>`,
		`<label>Exceptions <select id="by-state"><option value="">all</option>`,
		`<optgroup label="Expiry"><option value="expired">expired</option><option value="soon">within 30 days</option><option value="later">later</option><option value="never">without an end</option></optgroup>`,
		`<optgroup label="Use"><option value="used">used</option><option value="not-needed">not needed</option><option value="unused">unused</option><option value="not-looked-at">not looked at</option></optgroup></select></label>`,
		`<button type="reset">Clear</button></form>`, "\n")
}

func (p *page) option(value, name string) {
	p.add(el("option", attribute("value", value), plain(cut(name, 100, "…"))))
}

// row returns the attributes by which a row is found and filtered.
func (p *page) row(kind markup, s *shownPart, keys []string, more ...markup) markup {
	attributes := ` data-row="` + kind + `" data-part="` + number(s.index) + `"`
	if len(keys) > 0 {
		attributes += ` data-keys="` + p.numbers(keys) + `"`
	}
	return attributes + concat(more, "")
}

// numbers returns the indices of entitlements, each once.
func (p *page) numbers(keys []string) markup {
	seen := map[string]bool{}
	var list []markup
	for _, k := range keys {
		if !seen[k] {
			list = append(list, number(p.index[k]))
		}
		seen[k] = true
	}
	return concat(list, " ")
}

// contentPolicy permits the page's own style and script and nothing else.
func contentPolicy() string {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return strings.Join([]string{
		"default-src 'none'", "style-src " + hash(pageStyle), "script-src " + hash(pageScript), "base-uri 'none'", "form-action 'none'",
	}, "; ")
}
