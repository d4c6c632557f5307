package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/check"
)

const (
	// openFiles is how many files a page may have whose parts are open from the start.
	openFiles = 8

	// laidOutFiles is how many files a page may have whose parts are elements from the start. With
	// more of them they are most of the page, and a browser takes longest for them. Then each is
	// in a noscript element: a browser that runs scripts takes what is in it for text
	// (https://html.spec.whatwg.org/multipage/scripting.html#the-noscript-element), which the
	// script makes elements of when the part is opened; for another one it is as if it
	// were not there.
	laidOutFiles = 500
)

// files tells of each package, binary and source what it is signed with, what it claims,
// and what is wrong with it.
func (p *page) files() error {
	p.open("files", "Files")
	n := 0
	for _, s := range p.parts {
		n += s.files()
	}
	if n == 0 {
		p.add("<p>There are none.</p></section>\n")
		return nil
	}
	p.add(`<p class="needs-script"><button type="button" id="open">Open all</button> <button type="button" id="close">Close all</button></p>`, "\n")
	f := &filePage{page: p, open: n <= openFiles, packed: n > laidOutFiles}
	for _, s := range p.parts {
		if s.files() == 0 {
			continue
		}
		if p.many {
			p.add(`<div class="group"`, attribute("id", s.group), ">", el("h3", "", plain(s.name)), "\n")
		} else {
			p.add(`<div class="group">`)
		}
		for _, r := range s.reports {
			if err := f.files(r); err != nil {
				return err
			}
		}
		p.add("</div>\n")
	}
	p.add(none, "</section>\n")
	return nil
}

// files returns how many files the part has.
func (s *shownPart) files() int { return s.counts.Packages + s.counts.Binaries + s.counts.Sources }

// filePage writes the parts of files.
type filePage struct {
	*page
	open   bool
	packed bool // see laidOutFiles
	report *shownReport
	found  []jsonFinding
	about  map[string][]int // findings, by the first path
}

// files tells of the files of a report, and of which report where there are several.
func (f *filePage) files(r *shownReport) error {
	d, err := r.open()
	if err != nil {
		return err
	}
	f.report, f.found, f.about = r, d.Findings, map[string][]int{}
	for i, found := range d.Findings {
		f.about[first(found.Paths)] = append(f.about[first(found.Paths)], i)
	}
	if len(r.part.reports) > 1 || r.contradicted {
		f.add(`<div class="report"`, attribute("id", r.anchor), ">", el("p", ` class="quiet"`, r.title()), "\n")
	} else {
		f.add(`<div class="report">`)
	}
	for _, b := range d.Packages {
		f.pkg(b)
	}
	for _, b := range d.Binaries {
		f.binary(b)
	}
	for _, b := range d.Sources {
		f.source(b)
	}
	f.add("</div>")
	return nil
}

// title says which report of a part it is.
func (r *shownReport) title() markup {
	h := r.head
	m := "Report of " + plain(h.Date) + ", stage " + plain(h.Stage) + ", policy " + code(h.Policy.Name)
	if r.sha256 != "" {
		m += ", SHA-256 " + code(r.sha256)
	}
	if r.contradicted {
		m += ". " + span("level error", "contradicted by another one")
	}
	return m
}

// begin begins the part of a file with one line that is always there.
func (f *filePage) begin(path string, size int64, claims []jsonClaim, facts string) {
	s := f.report.part
	var keys []string
	var verdicts set[check.Verdict]
	for _, c := range claims {
		keys = append(keys, c.Entitlement)
		verdicts.add(c.Verdict)
	}
	n := make([]int, len(levels))
	for _, i := range f.about[path] {
		n[levelRank(f.found[i].Level)]++
	}
	var worst []string
	var found markup
	for i, l := range levels {
		if n[i] > 0 {
			worst = append(worst, string(l))
			found += " " + span("level "+markup(l), plain(plural(n[i], string(l))))
		}
	}
	anchor := f.names.of("file", s.words(path)...)
	open := markup("")
	if f.open {
		open = " open"
	}
	folder, name := path[:strings.LastIndexByte(path, '/')+1], path[strings.LastIndexByte(path, '/')+1:]
	f.add("<details", f.row("file", s, keys, attribute("data-levels", strings.Join(worst, " ")), verdictsOf(verdicts.list)), attribute("id", anchor), open, `><summary>`,
		span("path", span("prefix", plain(folder)), plain(name)), " ", span("quiet", plain(facts)), found, `</summary>`, f.pack("<noscript>"), `<div class="file" tabindex="0" role="group"`, attribute("aria-label", path), ">",
		el("p", ` class="quiet"`, to(anchor, "Link to this file"), sizeOf(size)))
}

// end tells of the findings about the file.
func (f *filePage) end(path string) {
	if list := f.about[path]; len(list) > 0 {
		f.add(`<ul class="found">`)
		for _, i := range list {
			found := f.found[i]
			f.add(el("li", "", level(found.Level), " ", to(f.report.finding[i], plain(found.Message))))
		}
		f.add("</ul>")
	}
	f.add("</div>", f.pack("</noscript>"), "</details>\n")
}

// pack returns a tag where the parts of files are packed.
func (f *filePage) pack(tag markup) markup {
	if f.packed {
		return tag
	}
	return ""
}

// facts writes what is known of a file, without what is empty.
func (f *filePage) facts(list ...fact) {
	list = slices.DeleteFunc(list, func(x fact) bool { return x.value == "" })
	if len(list) == 0 {
		return
	}
	f.add(`<dl class="facts">`)
	for _, x := range list {
		f.add("<div>", el("dt", "", x.name), el("dd", "", x.value), "</div>")
	}
	f.add("</dl>")
}

// sizeOf returns the size of a file, nothing where it is not known.
func sizeOf(n int64) markup {
	if n == 0 {
		return ""
	}
	return plain(fmt.Sprintf(" · %d bytes", n))
}

type fact struct{ name, value markup }

// pkg tells of an installer package.
func (f *filePage) pkg(b jsonPackage) {
	f.begin(b.Path, b.Size, nil, "installer package")
	a := b.Authentication
	var who markup
	switch {
	case !b.Signed:
		who = "nobody"
	case a == nil:
		who = "not looked into"
	case !b.Authenticated:
		who = plain(a.Signer) + quiet("not authenticated") + problems(a.Problems)
	default:
		who = plain(a.Signer) + quiet(plain(string(a.Kind)), day(a.Timestamp)) + problems(a.Problems)
	}
	list := []fact{{"Signed by", who}, {"Checksum", plain(b.Checksum)}}
	if a != nil {
		list = append(list, fact{"Team", code(a.TeamID)})
	}
	f.facts(list...)
	f.end(b.Path)
}

// source tells of a source.
func (f *filePage) source(b jsonSource) {
	f.begin(b.Path, 0, b.Claims, "source")
	f.facts(fact{"Read as", plain(b.Class)}, fact{"Signed with by", plain(strings.Join(b.UsedBy, ", "))})
	f.claims(b.Claims, nil)
	f.end(b.Path)
}
