package policy

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// lined is a text, and where its lines begin.
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

// offset returns where a place is. Its column counts characters.
func (l lined) offset(p place) int {
	at := l.lines[p.line-1]
	for range p.column - 1 {
		_, size := utf8.DecodeRune(l.src[at:])
		at += size
	}
	return at
}

// endOf returns where a line ends, before the characters that end it.
func (l lined) endOf(number int) int {
	line := l.src[l.lines[number-1]:l.lines[number]]
	return l.lines[number-1] + len(bytes.TrimRight(line, "\r\n"))
}

// lineAt returns the line of an offset, the last one for the end of the text.
func (l lined) lineAt(offset int) int {
	i, ok := slices.BinarySearch(l.lines, offset)
	if ok {
		i++
	}
	return min(i, len(l.lines)-1)
}
