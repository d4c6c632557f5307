package sanitise

import (
	"regexp"
	"strings"
)

// joiner is U+2060, word joiner, so that Markdown's source shows it: it has no
// width, and no line is broken at it.
const joiner = "&#8288;"

// Markdown returns s as GitHub Flavored Markdown for a table cell or the text of
// a paragraph, which renders as the text that [Text] returns and as nothing else:
// no element, no link, no line break.
//
// What GitHub finds in text after rendering cannot be escaped: mentions,
// references to issues and commits, emoji, mathematics, bare addresses. Those are
// broken by a word joiner, which has no width.
func Markdown(s string) string {
	s = Text(s)
	var b strings.Builder
	hex := 0
	for i := range len(s) {
		c := s[i]
		hex = hexRun(hex, c)
		switch {
		case c == ' ' && (i == 0 || i == len(s)-1):
			b.WriteString("&#32;") // would be trimmed, or indent a code block
		case c == '|':
			b.WriteString("&#124;") // divides cells whatever stands before it
		case strings.IndexByte("\\`*_[]<>&~#!$", c) >= 0 || i == 0 && strings.IndexByte("-+=:", c) >= 0:
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
		if breaks(s[:i+1], s[i+1:], hex) {
			b.WriteString(joiner)
		}
	}
	return listNumber.ReplaceAllString(b.String(), `$1\$2`)
}

// listNumber would begin an ordered list.
var listNumber = regexp.MustCompile(`^([0-9]+)([.)])`)

// breaks reports whether a joiner belongs between two parts of a text;
// hex is how many hexadecimal digits end the first.
func breaks(before, after string, hex int) bool {
	if after == "" {
		return false
	}
	next := after[0]
	switch before[len(before)-1] {
	case '@', '$': // @user, a@b.example, $mathematics$
		return true
	case '#': // #123
		return isDigit(next)
	case '-': // GH-123
		return isDigit(next) && endsIn(before, "gh-")
	case ':': // https://, :emoji:
		return next == '/' || next == '+' || next == '-' || next == '_' || isAlphanumeric(next)
	case 'w', 'W': // www.example
		return next == '.' && endsIn(before, "www")
	}
	// A commit is named by seven digits or more.
	return hex > 0 && hex%6 == 0 && hexRun(0, next) > 0
}

func endsIn(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// hexRun returns the length of the run of hexadecimal digits that c ends, when
// the run had length n before it.
func hexRun(n int, c byte) int {
	if isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' {
		return n + 1
	}
	return 0
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlphanumeric(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' }

// Code returns s as a code span, in which GitHub looks for nothing. It is one line
// as of [Text]; a vertical bar is shown as \x7c, because in a table it would have to
// be written differently than elsewhere. So is the mark of a
// runner's command. Of nothing it makes nothing.
func Code(s string) string {
	if s == "" {
		return ""
	}
	// The runner that prints the Markdown would obey the one, a table the other.
	s = strings.NewReplacer("|", `\x7c`, "##[", `##\x5b`).Replace(Text(s))
	fence := Fence(s, 1)
	if s[0] == '`' || s[len(s)-1] == '`' || s[0] == ' ' && s[len(s)-1] == ' ' && strings.Trim(s, " ") != "" {
		s = " " + s + " " // one on each side is taken off again
	}
	return fence + s + fence
}

// Fence returns a run of backticks that is longer than any in s, and of the given
// length at least.
func Fence(s string, atLeast int) string {
	n := 0
	for i := range len(s) {
		if s[i] != '`' {
			n = 0
			continue
		}
		n++
		atLeast = max(atLeast, n+1)
	}
	return strings.Repeat("`", atLeast)
}
