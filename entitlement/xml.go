package entitlement

import (
	"bytes"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Class says how far parsers agree on an XML entitlements blob.
type Class uint8

const (
	// Canonical is the form that codesign writes: every parser reads it alike.
	Canonical Class = iota

	// Sloppy departs from it in a way that every known parser either reads alike
	// or refuses, such as white space before the XML declaration.
	Sloppy

	// Ambiguous is anything else. Some parser might find claims in it that
	// another does not, so the set holds each claim that can be found, with unknown
	// values; see Salvage.
	Ambiguous
)

// String returns the class in lower case.
func (c Class) String() string {
	return [...]string{"canonical", "sloppy", "ambiguous"}[min(c, Ambiguous)]
}

// XML is what was read from an XML entitlements blob.
type XML struct {
	Set     Set
	Class   Class
	Notes   []Note         // why Class is not Canonical, in the order of offsets
	Offsets map[string]int // where each key of the root stands, unless Ambiguous
}

// Note is one remark on an encoding.
type Note struct {
	Offset int // bytes from the start of the blob
	Text   string
}

// maxNotes bounds the remarks on one blob; the first are what helps.
const maxNotes = 8

// ReadXML reads an XML entitlements blob, without the blob's own header.
//
// The grammar is the part of XML property lists to which Apple's readers, the
// kernel's OSUnserializeXML (libkern/c++/OSUnserializeXML.y in xnu) and
// CoreFoundation's CFPropertyList.c, give the same meaning; where the kernel's
// refuses what CoreFoundation takes (carriage returns, &quot; and &apos;, reals and
// dates, single quotes) the class is Sloppy. Siguza's
// "Psychic Paper" (https://blog.siguza.net/psychicpaper/) shows what happens
// beyond it.
func ReadXML(b []byte) XML {
	p := &xmlParser{b: b, offsets: map[string]int{}}
	set, err := p.document()
	if err == nil {
		class := Canonical
		if len(p.notes) > 0 {
			class = Sloppy
		}
		return XML{Set: set, Class: class, Notes: p.notes, Offsets: p.offsets}
	}
	return XML{Set: Salvage(b), Class: Ambiguous, Notes: []Note{*err}}
}

// xmlParser reads one blob from front to back. Its methods return a *Note, the
// remark that makes the blob ambiguous, instead of an error, since there is one
// and it always has an offset.
type xmlParser struct {
	b       []byte
	pos     int
	notes   []Note
	values  int
	offsets map[string]int
}

func (p *xmlParser) fail(format string, args ...any) *Note {
	return &Note{p.pos, fmt.Sprintf(format, args...)}
}

func (p *xmlParser) sloppy(at int, text string) {
	if len(p.notes) < maxNotes {
		p.notes = append(p.notes, Note{at, text})
	}
}

// take consumes lit if it is next.
func (p *xmlParser) take(lit string) bool {
	if bytes.HasPrefix(p.b[p.pos:], []byte(lit)) {
		p.pos += len(lit)
		return true
	}
	return false
}

// space consumes white space: space, tab, line feed and carriage return.
func (p *xmlParser) space() bool {
	start := p.pos
	for p.pos < len(p.b) && isSpace(p.b[p.pos]) {
		if p.b[p.pos] == '\r' {
			p.refused(p.pos, "a carriage return")
		}
		p.pos++
	}
	return p.pos > start
}

// refused remarks once on each thing that the kernel's parser does not take.
func (p *xmlParser) refused(at int, what string) {
	text := what + ", which the kernel's parser refuses"
	if !slices.ContainsFunc(p.notes, func(n Note) bool { return n.Text == text }) {
		p.sloppy(at, text)
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// document = [declaration] [DOCTYPE] <plist version="1.0"> dict </plist>
func (p *xmlParser) document() (Set, *Note) {
	if err := p.encoding(); err != nil {
		return nil, err
	}
	if err := p.prolog(); err != nil {
		return nil, err
	}
	root, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if root.Kind != Dictionary {
		return nil, p.fail("the root is not a dictionary")
	}
	if err := p.misc(); err != nil {
		return nil, err
	}
	if !p.take("</plist>") {
		return nil, p.fail("something other than </plist> follows the root dictionary")
	}
	return root.Dict, p.trailer()
}

// encoding refuses what is not UTF-8 text with XML in it, before anything is
// read: other property-list formats, which some readers detect and others do
// not, and bytes that a reader may replace or stop at.
func (p *xmlParser) encoding() *Note {
	switch {
	case len(p.b) > MaxSize:
		return p.fail("%v", errTooLarge)
	case len(bytes.TrimSpace(p.b)) == 0:
		return p.fail("the blob is empty, which is not a property list")
	case bytes.HasPrefix(p.b, []byte("bplist")):
		return p.fail("a binary property list; code signing reads XML")
	case bytes.HasPrefix(p.b, []byte("\xef\xbb\xbf")):
		return p.fail("a byte order mark before the XML")
	case !bytes.HasPrefix(bytes.TrimLeft(p.b, " \t\r\n"), []byte("<")):
		return p.fail("not XML; an old-style (OpenStep) property list or other text")
	}
	for i := 0; i < len(p.b); {
		r, n := utf8.DecodeRune(p.b[i:])
		if r == utf8.RuneError && n == 1 || r < ' ' && !isSpace(byte(r)) || r == 0xfffe || r == 0xffff {
			return &Note{i, fmt.Sprintf("byte 0x%02x is not valid in UTF-8 XML", p.b[i])}
		}
		i += n
	}
	return nil
}

// trailer judges what follows </plist>. Text there is read by no known parser;
// markup might be.
func (p *xmlParser) trailer() *Note {
	start := p.pos
	if p.space(); p.pos == len(p.b) {
		return nil
	}
	if bytes.IndexByte(p.b[p.pos:], '<') >= 0 {
		return p.fail("markup after </plist>")
	}
	p.sloppy(start, "bytes after </plist>")
	return nil
}

// misc consumes white space and comments between elements.
func (p *xmlParser) misc() *Note {
	for {
		p.space()
		start := p.pos
		if !p.take("<!--") {
			return nil
		}
		// CoreFoundation's comment skipping is off by one or two bytes for
		// <!---->, <!--> and <!--->; "--" inside a comment ends it for some.
		rest := p.b[p.pos:]
		end, dashes := bytes.Index(rest, []byte("-->")), bytes.Index(rest, []byte("--"))
		switch {
		case end < 0:
			return p.fail("a comment without an end")
		case end == 0 || rest[0] == '>' || bytes.HasPrefix(rest, []byte("->")):
			return p.fail("a comment that is empty or begins with > or ->: parsers disagree on where it ends")
		case dashes < end:
			p.pos += dashes
			return p.fail("-- inside a comment: parsers disagree on where it ends, and signing fails on it")
		}
		p.pos += end + len("-->")
		p.sloppy(start, "a comment")
	}
}
