package policy

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// MaxSize bounds a policy, in bytes: two thousand exceptions with room to spare.
// The YAML library takes about a second for the worst mebibyte there is.
const MaxSize = 1 << 20

var byteOrderMark = []byte("\uFEFF")

// document returns the root of the one YAML document in src, or nil after errors.
func (r *reader) document(src []byte) *yaml.Node {
	src = bytes.TrimPrefix(src, byteOrderMark)
	if r.scan(src); len(r.errs) > 0 {
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(src))
	if err != nil {
		r.syntax(err)
		return nil
	}
	var first, second yaml.Node
	if err := loader.Load(&first); err != nil && !errors.Is(err, io.EOF) {
		r.syntax(err)
		return nil
	}
	if len(first.Content) == 0 || isNull(first.Content[0]) {
		r.add(Position{Line: 1, Column: 1}, "begin with: version: 1", "the %s is empty", r.kind())
		return nil
	}
	switch err := loader.Load(&second); {
	case err == nil:
		r.fail(&second, "a "+r.kind()+" is one document; remove the --- or what follows it", "a second document begins here")
	case !errors.Is(err, io.EOF):
		r.syntax(err)
	}
	return first.Content[0]
}

// kind names what is read.
func (r *reader) kind() string { return cmp.Or(r.what, "policy") }

// scan refuses what YAML would let pass but a reader of the file could not see or
// would see differently: bytes that are not UTF-8, control characters, characters
// that YAML takes for the end of a line and editors do not, marks that reorder
// text. It refuses tabs as indentation, which YAML explains badly, and directives,
// for which the library needs time that grows with their square.
func (r *reader) scan(src []byte) {
	if len(src) > MaxSize {
		hint := "divide it among several files"
		if r.what == "" {
			hint += ", and name them under extends"
		}
		r.add(Position{Line: 1, Column: 1}, hint, "the %s is larger than %d KiB", r.kind(), MaxSize>>10)
		return
	}
	if name := utf16Name(src); name != "" {
		r.add(Position{Line: 1, Column: 1}, "save the file as UTF-8", "the %s is in %s", r.kind(), name)
		return
	}
	line := 0
	for text := range bytes.Lines(src) {
		line++
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
		r.scanLine(Position{Line: line, Column: 1}, text)
	}
}

// utf16Name names the encoding of a text of which each line would be wrong as UTF-8, by its
// byte order mark or, as the first character of a policy is in ASCII, the zero beside
// it; it is empty for others.
func utf16Name(src []byte) string {
	switch {
	case bytes.HasPrefix(src, []byte("\xff\xfe")), len(src) > 1 && src[0] != 0 && src[1] == 0:
		return "UTF-16 (little-endian)"
	case bytes.HasPrefix(src, []byte("\xfe\xff")), len(src) > 1 && src[0] == 0 && src[1] != 0:
		return "UTF-16 (big-endian)"
	}
	return ""
}

// scanLine reports the first thing that is wrong with the characters of one line.
func (r *reader) scanLine(at Position, text []byte) {
	if bytes.HasPrefix(text, []byte("%")) {
		r.add(at, "remove the line", "YAML directives are not supported")
		return
	}
	indent := true
	for len(text) > 0 {
		c, size := utf8.DecodeRune(text)
		switch {
		case c == utf8.RuneError && size == 1:
			r.add(at, "save the file as UTF-8", "byte 0x%02x is not valid UTF-8", text[0])
			return
		case c == '\t' && indent && len(bytes.TrimSpace(text)) > 0:
			r.add(at, "use spaces", "a tab in the indentation")
			return
		case unicode.IsControl(c) && c != '\t':
			r.add(at, "remove it", "control character U+%04X", c)
			return
		case isHidden(c):
			r.add(at, "remove it", "character U+%04X makes text look different from what it is", c)
			return
		}
		indent = indent && (c == ' ' || c == '\t')
		text = text[size:]
		at.Column++
	}
}

// isHidden reports whether c makes text look different from what it is, wherever it stands:
// a control character other than tab and line feed, a line or paragraph separator, or what
// is drawn as nothing, such as a zero width space or a mark that overrides the direction of
// text. Joiners have a use, see [isJoiner].
func isHidden(c rune) bool {
	const (
		braille = '\u2800'     // the pattern without dots
		music   = '\U0001D159' // the null notehead
		khitan  = '\U00016FE4' // the filler
	)
	return c == music || c == khitan || unicode.IsControl(c) && c != '\t' && c != '\n' || c == '\u2028' || c == '\u2029' || c == braille ||
		unicode.Is(unicode.Cf, c) && !isJoiner(c) && !unicode.Is(unicode.Prepended_Concatenation_Mark, c) || // of which the latter show
		unicode.Is(unicode.Other_Default_Ignorable_Code_Point, c)
}

// isJoiner reports whether c is drawn as nothing and changes how what is beside it is drawn,
// as languages such as Persian and Hindi, and emoji, need it. It may stand in what is for
// people alone.
func isJoiner(c rune) bool {
	const nonJoiner, joiner = '\u200C', '\u200D'
	return c == nonJoiner || c == joiner || unicode.Is(unicode.Variation_Selector, c)
}

// forPeople are the fields whose text is compared with nothing.
var forPeople = []string{"justification", "owner", "approved-by", "compensating-controls"}

// IsShown reports whether a policy takes the character in all of its text: whoever reads
// the file sees it.
func IsShown(c rune) bool { return !isHidden(c) && !isJoiner(c) }

// syntaxHints say what is usually meant where the YAML library gives up. Where
// atStart is set, the place to look at is where the unfinished thing begins.
var syntaxHints = []struct {
	message, hint string
	atStart       bool
}{
	{"cannot start any token", "quote text that begins with @, ` or %", false},
	{"mapping values are not allowed", "check the indentation here and above, put a space after each key's colon, and quote text with a colon in it", false},
	{"expected alphabetic or numeric character", "quote text that begins with * or &", false},
	{"unknown anchor", "quote text that begins with *, such as a glob; aliases are not supported", false},
	{"unexpected end of stream", "the quote that opens here is not closed", true},
	{"expected ',' or ']'", "the list that opens here is not closed with ]", true},
	{"expected ',' or '}'", "the mapping that opens here is not closed with }", true},
	{"expected comment or line break", "quote text that begins with > or |", false},
	{"expected key", "check the indentation", false},
	{"expected '-' indicator", "check the indentation", false},
	{"could not find expected ':'", "a key is followed by a colon and a space; a block of text is indented more than what it belongs to", true},
	{"unknown escape character", "use single quotes, in which a backslash is a backslash", false},
}

// syntax adds the error of the YAML library, which stops at the first.
func (r *reader) syntax(err error) {
	e := &yaml.LoadError{Message: err.Error()}
	errors.As(err, &e)
	mark, hint := e.Mark, ""
	for _, h := range syntaxHints {
		if strings.Contains(e.Message, h.message) {
			if hint = h.hint; h.atStart && e.ContextMark.Line > 0 {
				mark = e.ContextMark
			}
			break
		}
	}
	message := "not valid YAML: " + e.Message
	if e.ContextMsg != "" {
		message += fmt.Sprintf(" (%s)", e.ContextMsg)
	}
	r.add(Position{Line: max(mark.Line, 1), Column: max(mark.Column, 1)}, hint, "%s", message)
}
