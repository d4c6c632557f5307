package policy

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// scalar passes a scalar.
func (s *sweeper) scalar(n *yaml.Node, indent int) {
	if s.err != nil {
		return
	}
	s.tokenLine, s.dash = s.at.line, place{}
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		s.block(indent)
	case n.Style&yaml.DoubleQuotedStyle != 0:
		s.quoted('"', '\\')
	case n.Style&yaml.SingleQuotedStyle != 0:
		s.quoted('\'', '\'')
	default:
		s.plain(n.Value)
	}
	if s.at.column > 1 {
		s.tokenLine, s.end = s.at.line, s.at
	}
}

// quoted passes text between quotes. The character after an escape does not end it.
func (s *sweeper) quoted(quote, escape rune) {
	s.at.column++
	for ; s.at.line <= len(s.lines); s.at = (place{s.at.line + 1, 1}) {
		line := s.lines[s.at.line-1]
		for s.at.column <= len(line) {
			c := line[s.at.column-1]
			s.at.column++
			switch {
			case c == escape && s.at.column <= len(line) && (escape != quote || line[s.at.column-1] == quote):
				s.at.column++
			case c == quote:
				return
			}
		}
	}
}

// plain passes plain text, which is in the source but for the white space.
func (s *sweeper) plain(text string) {
	for _, word := range strings.FieldsFunc(text, isBlank) {
		for s.at.line <= len(s.lines) {
			line := s.lines[s.at.line-1]
			for s.at.column <= len(line) && isBlank(line[s.at.column-1]) {
				s.at.column++
			}
			if s.at.column <= len(line) {
				break
			}
			s.at = place{s.at.line + 1, 1}
		}
		s.at.column += utf8.RuneCountInString(word)
	}
}

func isBlank(c rune) bool { return c == ' ' || c == '\t' || c == '\n' }

// block passes the text of a block scalar: the lines that are indented as its first
// one is, which is at least by indent, or as the indicator says.
func (s *sweeper) block(indent int) {
	explicit, keep := 0, false
	line := s.lines[s.at.line-1]
	for s.at.column++; s.at.column <= len(line) && strings.ContainsRune("+-0123456789", line[s.at.column-1]); s.at.column++ {
		if c := line[s.at.column-1]; c >= '0' && c <= '9' {
			explicit = int(c - '0')
		} else if c == '+' {
			keep = true
		}
	}
	s.end = s.at
	s.upTo(place{s.at.line + 1, 1})
	least := indent - 1 + explicit
	if explicit == 0 {
		least = indent
		for _, line := range s.lines[min(s.at.line-1, len(s.lines)):] {
			n := indentation(line)
			least = max(least, n)
			if n < len(line) {
				break
			}
		}
	}
	for ; s.at.line <= len(s.lines); s.at.line++ {
		line := s.lines[s.at.line-1]
		if indentation(line) < min(least, len(line)) {
			break
		}
		if keep || len(line) > min(least, indentation(line)) {
			s.end = place{s.at.line, len(line) + 1}
		}
	}
}

func indentation(line []rune) int {
	n := 0
	for n < len(line) && line[n] == ' ' {
		n++
	}
	return n
}
