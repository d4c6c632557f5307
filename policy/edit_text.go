package policy

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v4"
)

// The YAML library tells where a node begins, and not where it ends. What follows
// looks for the ends in the text, as far as people write it; [exceptionEditor.verified] finds
// out where that was wrong.

// splice returns the source with text in the place of what is between two offsets.
func (e *exceptionEditor) splice(from, to int, text string) []byte {
	return append(append(append([]byte{}, e.src[:from]...), text...), e.src[to:]...)
}

// insertLines returns the source with whole lines after the line. They end with a line
// ending even where the source does not: a block of text would lose its last one.
func (e *exceptionEditor) insertLines(line int, text string) []byte {
	at := e.lines[line]
	if !bytes.HasSuffix(e.src[:at], []byte("\n")) {
		text = e.lineEnding() + text
	}
	return e.splice(at, at, text+e.lineEnding())
}

// lineEnding returns how the exception's first line ends.
func (e *exceptionEditor) lineEnding() string {
	if bytes.HasSuffix(e.src[:e.lines[e.exception.Line]], []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// add writes a new key at the end of the exception.
func (e *exceptionEditor) add(key, value string) []byte {
	indent := e.exception.Column - 1
	last := e.lastLine(e.exception.Line, func(column int, _ string) bool { return column > indent })
	return e.insertLines(last, strings.Repeat(" ", indent)+key+":"+value)
}

// fill puts text in the place of an empty value.
func (e *exceptionEditor) fill(n *yaml.Node, text string) []byte {
	from, to := e.offset(n), e.endOfEmpty(n)
	if from == to { // there is nothing, not even a space
		text = " " + text
	}
	return e.splice(from, to, text)
}

// endOfEmpty returns the end of an empty value: of a null that is written or not, or
// of quotes.
func (e *exceptionEditor) endOfEmpty(n *yaml.Node) int {
	size := len(n.Value)
	if !isPlain(n) {
		size = len(`""`)
	}
	return min(e.offset(n)+size, len(e.src))
}

// below puts whole lines in the place of a value, below the line that it ends on.
func (e *exceptionEditor) below(from, to int, text string) []byte {
	rest, after, _ := bytes.Cut(e.src[to:], []byte("\n"))
	line := string(bytes.TrimRight(e.src[:from], " ")) + string(bytes.TrimRight(rest, " \r"))
	return append([]byte(line+e.lineEnding()+text+e.lineEnding()), after...)
}

// item writes an item of a block list, without the end of its last line.
func (e *exceptionEditor) item(indent int, text string) string {
	margin := strings.Repeat(" ", indent)
	lines, multiple := strings.CutSuffix(text, "\n")
	if !multiple {
		return margin + "- " + inQuotes(text)
	}
	next := e.lineEnding() + margin + "  "
	return margin + "- |" + next + strings.ReplaceAll(lines, "\n", next)
}

// endOfList returns the last line of a block list.
func (e *exceptionEditor) endOfList(n *yaml.Node) int {
	return e.lastLine(n.Line, func(column int, text string) bool {
		return column > n.Column || column == n.Column && strings.HasPrefix(text, "-")
	})
}

// lastLine returns the last line of a block that begins on a line. Blank lines and
// comments are of it as far as there is something of it below them.
func (e *exceptionEditor) lastLine(first int, inside func(column int, text string) bool) int {
	last := first
	for i := first + 1; i < len(e.lines); i++ {
		text := strings.TrimLeft(e.line(i), " ")
		switch {
		case strings.TrimSpace(text) == "":
		case inside(len(e.line(i))-len(text)+1, text):
			last = i
		case text[0] != '#':
			return last
		}
	}
	return last
}

// endOfScalar returns the end of a value of one line.
func endOfScalar(src []byte, from int, n *yaml.Node) (int, bool) {
	switch {
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		to := endOfQuotes(src, from)
		return to, to <= len(src) && !bytes.Contains(src[from:to], []byte("\n"))
	case isPlain(n) && bytes.HasPrefix(src[from:], []byte(n.Value)):
		return from + len(n.Value), true
	}
	return 0, false
}

// closing returns where the list in brackets that begins at from is closed.
func closing(src []byte, from int) (int, bool) {
	depth, plain := 0, false // plain: in text without quotes
	for i := from; i < len(src); i++ {
		switch c := src[i]; {
		case !plain && (c == '"' || c == '\''):
			i = endOfQuotes(src, i) - 1
		case c == '#' && strings.ContainsRune(" \t\n", rune(src[i-1])):
			for i+1 < len(src) && src[i+1] != '\n' {
				i++
			}
		case c == '[' || c == '{':
			depth, plain = depth+1, false
		case c == ']' || c == '}':
			if depth, plain = depth-1, false; depth == 0 {
				return i, true
			}
		case c == ',':
			plain = false
		case c != ' ' && c != '\t' && c != '\r' && c != '\n':
			plain = true
		}
	}
	return 0, false
}

// separator returns what has to stand between the inside of brackets and a further
// item.
func separator(inside []byte) string {
	switch text := strings.TrimSpace(string(inside)); {
	case text == "":
		return ""
	case strings.HasSuffix(text, ","):
		return " "
	}
	return ", "
}
