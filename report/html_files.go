package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/policy"
)

// openFiles is how many files a page may have whose parts are open from the start.
const openFiles = 8

// files tells of each package, binary and source what it is signed with, what it claims,
// and what is wrong with it.
func (p *page) files() {
	p.open("files", "Files")
	n := 0
	for _, s := range p.parts {
		n += len(s.packages) + len(s.binaries) + len(s.sources)
	}
	if n == 0 {
		p.add("<p>There are none.</p></section>\n")
		return
	}
	p.add(`<p class="needs-script"><button type="button" id="open">Open all</button> <button type="button" id="close">Close all</button></p>`, "\n")
	f := &filePage{page: p, names: anchors{}, open: n <= openFiles}
	for _, s := range p.parts {
		if p.many && len(s.packages)+len(s.binaries)+len(s.sources) > 0 {
			p.add(`<div class="group">`, el("h3", "", plain(s.Name)), "\n")
		} else {
			p.add(`<div class="group">`)
		}
		for _, b := range s.packages {
			f.pkg(s, b)
		}
		for _, b := range s.binaries {
			f.binary(s, b)
		}
		for _, b := range s.sources {
			f.source(s, b)
		}
		p.add("</div>\n")
	}
	p.add(none, "</section>\n")
}

// filePage writes the parts of files.
type filePage struct {
	*page
	names anchors
	open  bool
}

// begin begins the part of a file with one line that is always there.
func (f *filePage) begin(s *shownPart, path string, size int64, claims []jsonClaim, facts string) {
	var keys []string
	for _, c := range claims {
		keys = append(keys, c.Entitlement)
	}
	var n tally
	for _, i := range s.about[path] {
		switch s.Part.findings[i].Level {
		case policy.Error:
			n.errors++
		case policy.Warning:
			n.warnings++
		default:
			n.notes++
		}
	}
	var worst, found markup
	for _, l := range []struct {
		n     int
		level policy.Level
		name  markup
	}{{n.errors, policy.Error, "error"}, {n.warnings, policy.Warning, "warning"}, {n.notes, policy.Note, "note"}} {
		if l.n > 0 {
			found += " " + span("level "+l.name, plain(plural(l.n, string(l.level))))
			worst += " " + l.name
		}
	}
	anchor := f.names.of("file", s.words(path)...)
	open := markup("")
	if f.open {
		open = " open"
	}
	folder, name := path[:strings.LastIndexByte(path, '/')+1], path[strings.LastIndexByte(path, '/')+1:]
	f.add("<details", f.row("file", s, keys, attribute("data-levels", strings.TrimSpace(string(worst)))), attribute("id", anchor), open, `><summary>`,
		span("path", span("prefix", plain(folder)), plain(name)), " ", span("quiet", plain(facts)), found, `</summary>`, `<div class="file" tabindex="0" role="group"`, attribute("aria-label", path), ">",
		el("p", ` class="quiet"`, to(anchor, "Link to this file"), sizeOf(size)))
}

// end tells of the findings about the file.
func (f *filePage) end(s *shownPart, path string) {
	if list := s.about[path]; len(list) > 0 {
		f.add(`<ul class="found">`)
		for _, i := range list {
			found := s.Part.findings[i]
			f.add(el("li", "", level(found.Level), " ", to(s.finding[i], plain(found.Message))))
		}
		f.add("</ul>")
	}
	f.add("</div></details>\n")
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
func (f *filePage) pkg(s *shownPart, b jsonPackage) {
	f.begin(s, b.Path, b.Size, nil, "installer package")
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
	f.end(s, b.Path)
}

// source tells of a source.
func (f *filePage) source(s *shownPart, b jsonSource) {
	f.begin(s, b.Path, 0, b.Claims, "source")
	f.facts(fact{"Read as", plain(b.Class)}, fact{"Signed with by", plain(strings.Join(b.UsedBy, ", "))})
	f.claims(s, b.Claims, nil)
	f.end(s, b.Path)
}
