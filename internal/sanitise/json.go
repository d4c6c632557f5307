package sanitise

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON returns encoded JSON that means the same and is safe to print: characters
// that do not show (see [Text]) become \u escapes, and no `##[` is left that
// GitHub's runner could obey; a line of JSON never begins with its other mark.
func JSON(b []byte) []byte {
	// Outside of strings, JSON has neither # nor anything beyond ASCII. Control
	// characters of ASCII stand in strings as escapes already, but for DEL.
	b = bytes.ReplaceAll(b, []byte("##["), []byte(`##\u005b`))
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r >= 0x7f && hidden(r) {
			for _, u := range utf16.Encode([]rune{r}) {
				out = fmt.Appendf(out, `\u%04x`, u)
			}
		} else {
			out = append(out, b[:size]...)
		}
		b = b[size:]
	}
	return out
}

// Message returns s as the text of a SARIF message: one line as of [Text], and
// neither a link, `[text](target)`, nor a placeholder, `{0}` (SARIF 2.1.0, 3.11.5
// and 3.11.6). A space breaks both; readers disagree on SARIF's own escapes.
func Message(s string) string {
	s = Text(s)
	var b strings.Builder
	for i := range len(s) {
		if i > 0 && (s[i-1] == ']' && s[i] == '(' || s[i-1] == '{' && isDigit(s[i])) {
			b.WriteByte(' ')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
