package entitlement

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Source is what was read from an .entitlements file, before signing. codesign
// passes such a file on more or less as it is, so what its parsers disagree on
// either makes signing fail or signs something else than the file seems to say.
type Source struct {
	XML
	Lines map[string]Place // where each key of the root stands
	Notes []SourceNote     // as XML.Notes, with places
}

// Place is a line and a column of a text, both counted from 1; the column counts
// characters.
type Place struct{ Line, Column int }

// SourceNote is one remark on a source.
type SourceNote struct {
	Place
	Text string
	Fix  string // what to do about it; empty where nothing has to be done
}

// ReadSource reads the contents of an .entitlements file.
func ReadSource(b []byte) Source {
	s := Source{XML: ReadXML(b), Lines: map[string]Place{}}
	for key, offset := range s.Offsets { // at most MaxValues
		s.Lines[key] = placeOf(b, offset)
	}
	for _, n := range s.XML.Notes {
		s.Notes = append(s.Notes, SourceNote{placeOf(b, n.Offset), n.Text, ""})
	}
	if s.Class == Ambiguous {
		for i, n := range s.XML.Notes {
			s.Notes[i].Fix = fix(b, n)
		}
		for key := range s.Set {
			s.Lines[key] = placeOf(b, max(bytes.Index(b, []byte(key)), 0))
		}
	}
	return s
}

// placeOf turns an offset into a line and a column.
func placeOf(b []byte, offset int) Place {
	before := b[:min(offset, len(b))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return Place{bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1}
}

// fix says what to do about a remark that makes a source ambiguous. What follows from it is
// in docs/sources.md.
func fix(b []byte, n Note) string {
	at := b[min(max(n.Offset, 0), len(b)):]
	switch text := bytes.TrimLeft(b, " \t\r\n"); {
	case len(text) == 0:
		return "write what it is to claim, or an empty dictionary; plutil -create xml1 FILE makes one"
	case bytes.HasPrefix(b, []byte("bplist")), bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		return "convert it to XML in UTF-8: plutil -convert xml1 FILE"
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return "save it as UTF-8 without a byte order mark"
	case text[0] != '<':
		return "convert it to XML: plutil -convert xml1 FILE"
	case bytes.HasPrefix(at, []byte("--")):
		return "take the -- out of the comment, or the comment out of the file: signing fails with AMFIUnserializeXML: syntax error, or signs without entitlements"
	case bytes.HasPrefix(at, []byte("<!DOCTYPE")):
		return "write the document type as Apple does, without declarations of its own"
	case bytes.HasPrefix(at, []byte("<key>")) && strings.Contains(n.Text, " twice "):
		return "keep one of the two: tools do not agree on which one counts"
	}
	return "write it as plutil -convert xml1 does: signing would fail on it, or sign something else than it seems to say"
}
