package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/codesign"
)

// binary tells of a binary.
func (f *filePage) binary(b jsonBinary) {
	path := first(b.Paths)
	f.begin(path, b.Size, b.Claims, brief(b))
	f.facts(
		fact{"Bundle", bundle(b)}, fact{"Ticket", ticketText(b.Ticket)}, fact{"Profile", profileText(b.Profile)},
		fact{"Copies", copies(b.Paths)},
	)
	f.inner("Signatures", "slices", "Slices", "Signed by", "Identifier", "Team", "Flags", "Kind", "CDHash")
	for _, g := range alike(b.Slices) {
		f.add("<tr>", el("th", ` scope="row"`, plain(strings.Join(g.archs, ", "))), g.cells)
		if len(g.hashes) > 0 {
			f.add(el("td", ` class="code hash"`, concat(g.hashes, "<br>")))
		}
		f.add("</tr>")
	}
	f.add("</tbody></table>")
	f.claims(b.Claims, b.Slices)
	f.end(path)
}

// inner begins a table in the part of a file.
func (f *filePage) inner(name, class markup, columns ...markup) {
	f.add(`<table class="`, class, `" aria-label="`, name, `"><thead><tr>`)
	for _, c := range columns {
		f.add(el("th", ` scope="col"`, c))
	}
	f.add("</tr></thead><tbody>")
}

// slicesOf are slices of which all but the CDHash is the same.
type slicesOf struct {
	archs  []string
	cells  markup // after the first one
	hashes []markup
}

// alike groups slices, in order.
func alike(list []jsonSlice) []slicesOf {
	var groups []slicesOf
	for _, x := range list {
		cells := cellsOf(x)
		i := slices.IndexFunc(groups, func(g slicesOf) bool { return g.cells == cells })
		if i < 0 {
			i = len(groups)
			groups = append(groups, slicesOf{cells: cells})
		}
		groups[i].archs = append(groups[i].archs, x.Arch)
		if x.Signature != nil {
			groups[i].hashes = append(groups[i].hashes, plain(x.Signature.CDHash))
		}
	}
	return groups
}

// brief says what a binary is in a few words.
func brief(b jsonBinary) string {
	var archs, by []string
	for _, x := range b.Slices {
		archs = append(archs, x.Arch)
		if w := signerWord(x); len(by) == 0 || by[len(by)-1] != w {
			by = append(by, w)
		}
	}
	n := len(b.Claims)
	claims := ""
	if n > 0 {
		claims = plural(n, "claim")
	}
	return dotted(strings.Join(archs, ", "), strings.Join(by, ", "), claims)
}

// signerWord says in a word who signed.
func signerWord(x jsonSlice) string {
	if s := x.Signature; s != nil && s.Authenticated && s.Authentication != nil {
		return string(s.Authentication.Kind)
	}
	return x.Signing
}

func bundle(b jsonBinary) markup {
	if b.Bundle == nil {
		return ""
	}
	version := b.Bundle.ShortVersion
	if b.Bundle.Version != "" {
		version += " (" + b.Bundle.Version + ")"
	}
	m := code(b.Bundle.Path) + quiet(plain(dotted(b.Bundle.Kind, b.Bundle.Identifier, version)))
	if b.Main {
		m += quiet("this is its main executable")
	}
	return m
}

func ticketText(stapled *bool) markup {
	switch {
	case stapled == nil:
		return ""
	case *stapled:
		return "stapled"
	}
	return "none"
}

func profileText(p *jsonProfile) markup {
	switch {
	case p == nil:
		return ""
	case p.Error != "":
		return "not readable: " + plain(p.Error)
	}
	m := plain(cmp.Or(p.Name, p.UUID, "without a name")) + quiet("team ", plain(strings.Join(p.TeamIDs, ", ")), ", until ", plain(cut(p.Expires, len("2006-01-02"), "")))
	if !p.Verified {
		m += quiet("not proven to be Apple’s: ", plain(p.Problem))
	}
	return m
}

func copies(paths []string) markup {
	var list []markup
	for i, path := range paths[min(1, len(paths)):] {
		if i == maxPaths {
			list = append(list, quiet("and ", plain(plural(len(paths)-1-i, "more copy"))))
			break
		}
		list = append(list, el("div", "", code(path)))
	}
	return concat(list, "")
}

// cellsOf tells what a slice is signed with.
func cellsOf(x jsonSlice) markup {
	s := x.Signature
	if s == nil {
		return el("td", ` colspan="6"`, plain(cmp.Or(x.Error, x.SignatureError, x.Signing)), anomalies(x))
	}
	kind := []markup{plain(x.Type)}
	for _, b := range x.Builds {
		kind = append(kind, plain(fmt.Sprintf("%s %s, SDK %s", b.Platform, b.MinOS, b.SDK)))
	}
	return el("td", "", signer(x), problems(s.Problems), anomalies(x)) + el("td", ` class="code"`, plain(s.Identifier)) + el("td", ` class="code"`, plain(s.TeamID)) +
		el("td", "", flags(s)) + el("td", "", concat(kind, "<br>"))
}

// signer says who signed, as far as that is proven.
func signer(x jsonSlice) markup {
	s := x.Signature
	a := s.Authentication
	switch {
	case a == nil && x.Signing == "cms":
		return "CMS, not looked into"
	case a == nil:
		return plain(x.Signing)
	case !s.Authenticated:
		return plain(cmp.Or(a.Signer, x.Signing)) + quiet("not authenticated") + problems(a.Problems)
	}
	return plain(a.Signer) + quiet(plain(string(a.Kind)), day(a.Timestamp)) + problems(a.Problems)
}

// day returns the day of a secure timestamp.
func day(timestamp string) markup {
	if timestamp == "" {
		return ", without a secure timestamp"
	}
	return ", " + plain(cut(timestamp, len("2006-01-02"), ""))
}

func problems(list []jsonProblem) markup {
	var m markup
	for _, p := range list {
		m += quiet(plain(string(p.Kind)), ": ", plain(p.Detail))
	}
	return m
}

func anomalies(x jsonSlice) markup {
	var m markup
	for _, a := range x.Anomalies {
		m += quiet(plain(string(a.Kind)), ": ", plain(a.Detail))
	}
	return m
}

func flags(s *jsonSignature) markup {
	var list []string
	for _, name := range s.Flags.Names {
		if codesign.Flags(s.Flags.Value)&codesign.FlagRuntime != 0 && name == "runtime" {
			name = strings.TrimRight("hardened runtime "+s.RuntimeVersion, " ")
		}
		list = append(list, name)
	}
	return plain(cmp.Or(strings.Join(list, ", "), "none"))
}
