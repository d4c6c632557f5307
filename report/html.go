package report

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/docs"
	"github.com/codewarrant/codewarrant/policy"
)

// Part is a report as a part of a page, by what [JSON] tells of it. The zero value is of
// nothing.
type Part struct {
	Name string // of a repository, say; empty: the page has this part alone
	Err  error  // why there is no report

	head       jsonReport
	findings   []jsonFinding
	packages   []jsonPackage
	binaries   []jsonBinary
	sources    []jsonSource
	exceptions []jsonException
	pending    []jsonPending
	artifacts  []string // of each binary: the outermost bundle around it, or itself
}

// PartOf returns a report as a part of a page.
func PartOf(name string, r *check.Report) Part {
	p := Part{
		Name: name, head: headJSON(r, ""),
		findings: converted(r.Findings, findingJSON), packages: converted(r.Packages, packageJSON),
		binaries: converted(r.Binaries, binaryJSON), sources: converted(r.Sources, sourceJSON),
		exceptions: converted(r.Exceptions, exceptionJSON), pending: converted(r.Pending, pendingJSON),
	}
	for _, b := range r.Binaries {
		p.artifacts = append(p.artifacts, cmp.Or(b.Outer, first(b.Paths)))
	}
	return p
}

func converted[T, J any](list []T, convert func(T) J) []J {
	var out []J
	for _, e := range list {
		out = append(out, convert(e))
	}
	return out
}

// HTML writes reports as one page for a browser, which needs nothing beside it: who holds
// which exception and how long, what claims what, the findings, and what each binary is
// signed with. What a file says is shown as text and is never an element, an attribute or
// an address; the page's own policy (https://www.w3.org/TR/CSP3/) permits its one style,
// its one script, and no request. Without scripts all is there but the filters. version
// is that of the program.
func HTML(w io.Writer, version string, parts ...Part) error {
	p := newPage(w, parts)
	p.head()
	p.overview()
	p.exceptions()
	p.pending()
	p.timeline()
	p.matrix()
	p.findings()
	p.files()
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
	w     *bufio.Writer // keeps the first error until it is flushed
	parts []*shownPart
	many  bool           // parts have names, and there may be several
	keys  []string       // all entitlements, ascending
	index map[string]int // in keys
	today policy.Date    // the last of the days that were judged
}

// shownPart is a part with the places of what is shown of it.
type shownPart struct {
	Part
	index  int
	anchor string
	day    policy.Date // that was judged

	byID      map[string]string // place of an exception
	exception []string          // places, as in the list
	finding   []string
	about     map[string][]int // findings, by the first path
	evidence  map[string]*jsonEvidence
}

func newPage(w io.Writer, parts []Part) *page {
	p := &page{w: bufio.NewWriter(w), index: map[string]int{}}
	names := anchors{}
	for i, part := range parts {
		p.many = p.many || part.Name != "" || len(parts) > 1
		s := newShown(part, i, names)
		if s.day.After(p.today) {
			p.today = s.day
		}
		p.parts = append(p.parts, s)
		for c := range s.claims() {
			p.index[c.Entitlement] = 0
		}
		for _, x := range s.exceptions {
			p.index[x.Entitlement] = 0
		}
		for _, x := range s.pending {
			p.index[x.Entitlement] = 0
		}
		for _, f := range s.findings {
			if f.Entitlement != "" {
				p.index[f.Entitlement] = 0
			}
		}
	}
	for key := range p.index {
		p.keys = append(p.keys, key)
	}
	slices.Sort(p.keys)
	for i, key := range p.keys {
		p.index[key] = i
	}
	return p
}

func newShown(part Part, index int, names anchors) *shownPart {
	s := &shownPart{Part: part, index: index, byID: map[string]string{}, about: map[string][]int{}, evidence: map[string]*jsonEvidence{}}
	s.anchor = names.of("part", part.Name)
	s.day, _ = policy.ParseDate(part.head.Date) // of a report that has one
	for _, x := range part.exceptions {
		anchor := names.of("exception", s.words(x.ID)...)
		s.exception = append(s.exception, anchor)
		s.byID[x.ID] = anchor
	}
	for i, f := range part.findings {
		s.finding = append(s.finding, names.of("finding", s.words(f.Rule, first(f.Paths), f.Entitlement)...))
		s.about[first(f.Paths)] = append(s.about[first(f.Paths)], i)
	}
	for c := range s.claims() {
		if best := s.evidence[c.Exception]; c.Evidence != nil && (best == nil || !best.Strength.AtLeast(c.Evidence.Strength)) {
			s.evidence[c.Exception] = c.Evidence
		}
	}
	return s
}

// words returns what makes the name of a place, with that of the part before it.
func (s *shownPart) words(words ...string) []string {
	list := []string{s.Name}
	list = append(list, words...)
	return slices.DeleteFunc(list, func(w string) bool { return w == "" })
}

// claims yields the claims of binaries and sources.
func (s *shownPart) claims() func(func(jsonClaim) bool) {
	return func(yield func(jsonClaim) bool) {
		for _, b := range s.binaries {
			for _, c := range b.Claims {
				if !yield(c) {
					return
				}
			}
		}
		for _, b := range s.sources {
			for _, c := range b.Claims {
				if !yield(c) {
					return
				}
			}
		}
	}
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
			p.option(s.index, s.Name)
		}
		p.add("</select></label>")
	}
	p.add(`<label>Entitlement <select id="by-key"><option value="">all</option>`)
	for i, key := range p.keys {
		p.option(i, key)
	}
	p.add(`</select></label>`,
		`<label>Findings <select id="by-level"><option value="">all</option><option value="error">errors</option><option value="warning">warnings</option><option value="note">notes</option></select></label>`,
		`<label>Expiry <select id="by-expiry"><option value="">all</option><option value="expired">expired</option><option value="soon">within 30 days</option><option value="later">later</option><option value="never">without an end</option></select></label>`,
		`<button type="reset">Clear</button></form>`, "\n")
}

func (p *page) option(i int, name string) {
	p.add(el("option", attribute("value", fmt.Sprint(i)), plain(cut(name, 100, "…"))))
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
