package entitlement

import (
	"bytes"
	"regexp"
)

var (
	// declaration accepts UTF-8 only: a reader that honours another encoding
	// would see another text.
	declaration = regexp.MustCompile(`^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')` +
		`(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"(?i:utf-8)"|'(?i:utf-8)'))?` +
		`(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>`)

	// appleDoctype is the document type that Apple's tools write.
	appleDoctype = regexp.MustCompile(`^<!DOCTYPE[ \t\r\n]+plist[ \t\r\n]+PUBLIC[ \t\r\n]+` +
		`"-//Apple(?: Computer)?//DTD PLIST 1\.0//EN"[ \t\r\n]+` +
		`"https?://www\.apple\.com/DTDs/PropertyList-1\.0\.dtd"[ \t\r\n]*>`)

	// plainDoctype has no internal subset, no nested markup and no > in quotes,
	// so that every reader finds the same end.
	plainDoctype = regexp.MustCompile(`^<!DOCTYPE[ \t\r\n]+plist(?:[ \t\r\n]+[A-Za-z]+(?:[ \t\r\n]+"[^"<>\[\]&]*")*)?[ \t\r\n]*>`)

	plistTag = regexp.MustCompile(`^<plist(?:[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"([^"<>&]*)"|'([^'<>&]*)'))?[ \t\r\n]*>`)
)

// maxProlog bounds what the expressions above look at; a real prolog is 200 bytes.
const maxProlog = 1024

// prolog reads everything up to and including <plist version="1.0">.
func (p *xmlParser) prolog() *Note {
	if p.space() {
		p.sloppy(0, "white space before the XML declaration") // node 10 to 18
	}
	start := p.pos
	switch {
	case p.match(declaration):
		if bytes.IndexByte(p.b[start:p.pos], '\'') >= 0 {
			p.refused(start, "single quotes around an attribute")
		}
	default:
		if p.at("<?") {
			return p.fail("an XML declaration other than version 1.0 in UTF-8, or a processing instruction")
		}
		p.sloppy(p.pos, "no XML declaration")
	}
	if err := p.misc(); err != nil {
		return err
	}
	if start := p.pos; !p.match(appleDoctype) && p.at("<!DOCTYPE") {
		if !p.match(plainDoctype) {
			return p.fail("a document type with an internal subset or of an unknown form")
		}
		p.sloppy(start, "a document type other than Apple's")
	}
	if err := p.misc(); err != nil {
		return err
	}
	tag := plistTag.FindSubmatch(p.window())
	if tag == nil {
		return p.fail("no <plist version=\"1.0\"> where the root belongs")
	}
	if version := string(tag[1]) + string(tag[2]); version != "1.0" {
		p.sloppy(p.pos, "the plist element is not of version 1.0")
	}
	p.pos += len(tag[0])
	return p.misc()
}

func (p *xmlParser) at(lit string) bool { return bytes.HasPrefix(p.b[p.pos:], []byte(lit)) }

func (p *xmlParser) window() []byte { return p.b[p.pos:min(len(p.b), p.pos+maxProlog)] }

func (p *xmlParser) match(re *regexp.Regexp) bool {
	loc := re.FindIndex(p.window())
	if loc == nil {
		return false
	}
	p.pos += loc[1]
	return true
}
