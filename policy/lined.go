package policy

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// lined is a text that is edited in place, and where its lines begin.
type lined struct {
	src   []byte
	lines []int // where each line begins, and the end of the text
}

func newLined(src []byte) lined {
	l := lined{src, []int{0}}
	for line := range bytes.Lines(src) {
		l.lines = append(l.lines, l.lines[len(l.lines)-1]+len(line))
	}
	return l
}

// line returns the text of a line, counted from 1, without its end.
func (l lined) line(n int) string {
	return strings.TrimRight(string(l.src[l.lines[n-1]:l.lines[n]]), "\r\n")
}

// offset returns where a node begins. Its column counts characters.
func (l lined) offset(n *yaml.Node) int {
	at := l.lines[min(n.Line, len(l.lines))-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(l.src[at:])
		at += size
	}
	return at
}

// endOfQuotes returns the offset after the quote that closes the one at from, and
// more than there is without one.
func endOfQuotes(src []byte, from int) int {
	if from >= len(src) || src[from] != '"' && src[from] != '\'' {
		return len(src) + 1
	}
	quote := src[from]
	for i := from + 1; i < len(src); i++ {
		switch {
		case src[i] == '\\' && quote == '"':
			i++
		case src[i] == quote && quote == '\'' && i+1 < len(src) && src[i+1] == quote:
			i++
		case src[i] == quote:
			return i + 1
		}
	}
	return len(src) + 1
}

// inQuotes writes a text in double quotes. YAML takes what JSON does.
func inQuotes(text string) string { return new(canonical).text(text) }
