package policy

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// comment notes a comment. After something on the same line it is about that; on a
// line of its own it is about what follows, or ends what came before.
func (s *sweeper) comment(text string) {
	s.comments = append(s.comments, text)
	p := pending{comment{text: text, at: s.at, blank: s.isBlank(s.at.line - 1)}, s.at.column}
	if s.tokenLine == s.at.line {
		p.blank, p.column = false, 0
		before := s.lines[s.at.line-1][:s.at.column-1]
		p.gap = len(before) - len([]rune(strings.TrimRightFunc(string(before), isBlank)))
		p.aligned = p.gap > 2 || s.isBeside(s.at.line-1) || s.isBeside(s.at.line+1)
		if s.last != nil && s.dash == (place{}) {
			s.last.beside = append(s.last.beside, p.comment)
			return
		}
	}
	s.pending = append(s.pending, p)
}

// isBeside reports whether a comment stands in the column on another line too, behind
// something.
func (s *sweeper) isBeside(number int) bool {
	if number < 1 || number > len(s.lines) {
		return false
	}
	line, i := s.lines[number-1], s.at.column-1
	return i > 0 && i < len(line) && line[i] == '#' && isBlank(line[i-1]) && indentation(line) < i
}

// isBlank reports whether there is nothing on a line.
func (s *sweeper) isBlank(line int) bool {
	return line >= 1 && line <= len(s.lines) && indentation(s.lines[line-1]) == len(s.lines[line-1])
}

// begin begins an entry at a node, its key or its value.
func (s *sweeper) begin(e *entry, n *yaml.Node) {
	at := placeOf(n)
	if e.key == nil && s.dash != (place{}) {
		at = s.dash
	}
	e.from, e.blank = at, s.isBlank(at.line-1)
	switch {
	case s.last == nil:
		s.header(e)
	case len(s.open) > 0:
		s.about(e)
	default:
		s.divide(s.last.parent, e)
	}
	e.parent.kids = append(e.parent.kids, e)
	s.last, s.dash = e, place{}
}

// header gives the comments before the first entry to the document, down to the last
// empty line, and the others to the entry.
func (s *sweeper) header(e *entry) {
	n := 0
	for i, p := range s.pending {
		if p.blank {
			n = i
		}
	}
	if e.blank {
		n = len(s.pending)
	}
	rest := s.pending[n:]
	s.pending = s.pending[:n]
	s.about(s.document)
	s.pending = rest
	s.about(e)
}

// about gives the comments that are pending to an entry that follows.
func (s *sweeper) about(e *entry) {
	for _, p := range s.pending {
		e.above = append(e.above, p.comment)
	}
	s.pending = nil
}

// divide gives each pending comment to the mapping or list that it ends, going
// outwards from the one that had an entry last, or else to the next entry. A comment
// ends what it is indented as much as, if that is more than the next entry is.
func (s *sweeper) divide(inner *entry, next *entry) {
	if next.parent == s.last {
		inner = next.parent // nothing has ended
	}
	for i, p := range s.pending {
		for inner != next.parent && inner.kids[0].from.column > p.column {
			inner = inner.parent
		}
		if inner == next.parent || p.column <= next.from.column {
			s.pending = s.pending[i:]
			s.about(next)
			return
		}
		inner.below = append(inner.below, p.comment)
	}
	s.pending = nil
}

// finish gives the comments after the last entry to what they end, at last to the
// document.
func (s *sweeper) finish() {
	if s.last == nil {
		s.about(s.document)
		return
	}
	inner := s.last.parent
	if s.last == s.document { // in brackets
		inner = s.document
	}
	s.document.below = append(s.document.below, s.document.beside...)
	for _, p := range s.pending {
		for inner != s.document && inner.kids[0].from.column > p.column {
			inner = inner.parent
		}
		inner.below = append(inner.below, p.comment)
	}
}
