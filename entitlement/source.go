package entitlement

import (
	"bytes"
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
}

// ReadSource reads the contents of an .entitlements file.
func ReadSource(b []byte) Source {
	s := Source{XML: ReadXML(b), Lines: map[string]Place{}}
	for key, offset := range s.Offsets { // at most MaxValues
		s.Lines[key] = placeOf(b, offset)
	}
	for _, n := range s.XML.Notes {
		s.Notes = append(s.Notes, SourceNote{placeOf(b, n.Offset), n.Text})
	}
	if s.Class == Ambiguous {
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
