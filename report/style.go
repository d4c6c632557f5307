package report

import (
	"strings"
	"unicode/utf8"

	"github.com/codewarrant/codewarrant/policy"
)

// style paints text with the SGR sequences of ECMA-48, or not at all.
type style struct{ on bool }

func (s style) paint(code, text string) string {
	if !s.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) bold(text string) string   { return s.paint("1", text) }
func (s style) dim(text string) string    { return s.paint("2", text) }
func (s style) red(text string) string    { return s.paint("1;31", text) }
func (s style) green(text string) string  { return s.paint("32", text) }
func (s style) yellow(text string) string { return s.paint("33", text) }
func (s style) cyan(text string) string   { return s.paint("36", text) }

// level returns the paint of a level.
func (s style) level(l policy.Level) func(string) string {
	switch l {
	case policy.Error:
		return s.red
	case policy.Warning:
		return s.yellow
	}
	return s.cyan
}

// marked writes text after a margin and a mark, which is one character wide whatever its colour,
// broken into lines of which the others begin under the text, and two further to the right.
func (t *text) marked(margin, mark, s string) {
	for i, l := range wrap(s, t.width-len(margin)-2, t.width-len(margin)-4) {
		if i == 0 {
			t.line("%s%s %s", margin, mark, l)
		} else {
			t.line("%s    %s", margin, l)
		}
	}
}

// prose writes text broken into lines, the first after one indent and the others
// after another.
func (t *text) prose(first, indent, s string) {
	for i, l := range wrap(s, t.width-utf8.RuneCountInString(first), t.width-utf8.RuneCountInString(indent)) {
		if i == 0 {
			t.line("%s%s", first, l)
		} else {
			t.line("%s%s", indent, l)
		}
	}
}

// Wrap breaks text at spaces into lines of at most width characters.
func Wrap(s string, width int) string { return strings.Join(wrap(s, width, width), "\n") }

// wrap breaks text at spaces into lines of at most first characters, and then of
// at most rest. What has no space stays whole, so that it can be copied.
func wrap(s string, first, rest int) []string {
	var lines []string
	line, limit := "", first
	for word := range strings.SplitSeq(s, " ") {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > limit {
			lines, line, limit = append(lines, line), "", rest
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
