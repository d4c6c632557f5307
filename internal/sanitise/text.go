// Package sanitise makes text that came out of a file fit to be printed. A name
// in an archive, a bundle identifier or an entitlement is chosen by whoever made
// the file, and may hold terminal escapes, commands of GitHub's runner, HTML, or
// characters that reorder what a person reads.
//
// There is one function per sink, and each may be relied on alone: [Text] for
// terminals and logs, [Log] for the streams that GitHub's runner reads,
// [Markdown] and [Code] for job summaries, [JSON] for encoded JSON, [Cell] for tables, [HTML]
// for pages, [Message] for the messages of SARIF.
package sanitise

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns s on one line in which everything shows: control characters, line
// separators, characters without a shape of their own, such as those that change
// the direction of text, spaces other than U+0020 and bytes that are not UTF-8
// become the escapes of Go and YAML (\n, \x1b, \u202e, \U000e0001). A byte that is
// not UTF-8 is two digits after \x, as are control characters of ASCII.
//
// A backslash stays what it is, so the result is for reading and not for parsing.
// Long text stays long.
func Text(s string) string {
	if !strings.ContainsFunc(s, hidden) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case hidden(r):
			b.WriteString(escape(r))
		default:
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}

func escape(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, r)
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// hidden reports whether a person would not see r for what it is. To what Go
// takes for not printable it adds letters and marks that are drawn as nothing
// (Default_Ignorable_Code_Point) or as a blank.
func hidden(r rune) bool {
	const braille = '\u2800' // the pattern without dots
	return !unicode.IsPrint(r) || r == braille ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
