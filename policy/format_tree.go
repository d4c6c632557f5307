package policy

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// entry is a key with its value or an item of a list, with the comments around it.
type entry struct {
	key    *yaml.Node // nil for an item
	value  *yaml.Node
	kids   []*entry // of a value that is a mapping or a list
	parent *entry   // whose kid it is; nil for the document
	from   place    // where it begins, at the dash of an item
	to     place    // where it ends, with the comments in it

	above  []comment
	beside []comment // on its line
	below  []comment // after the last of the kids
	blank  bool      // there is an empty line before it
	gap    bool      // and between it and the comments above
}

// comment is one line of comment. Text begins with #.
type comment struct {
	text    string
	at      place
	blank   bool // there is an empty line before it
	gap     int  // how many blanks are between what it is beside and it
	aligned bool // its column is meant
}

// arrange returns the document as entries with their comments, and all comments. The
// YAML library keeps comments too, but not all of them: those inside of lists in
// brackets, or before a --- are lost. So they are looked for in the text: a # outside
// of the scalars is one.
func arrange(root *yaml.Node, src []byte) (*entry, []string, error) {
	src = bytes.TrimPrefix(src, byteOrderMark)
	s := &sweeper{document: &entry{value: root}, at: place{1, 1}}
	for line := range strings.Lines(string(src)) {
		s.lines = append(s.lines, []rune(strings.TrimRight(line, "\r\n")))
	}
	s.visit(s.document, 0)
	s.upTo(place{len(s.lines) + 1, 1})
	s.finish()
	s.document.settle()
	return s.document, s.comments, s.err
}

// settle moves the end of an entry behind all that is in it.
func (e *entry) settle() {
	for _, kid := range e.kids {
		kid.settle()
		if e.to.before(kid.to) {
			e.to = kid.to
		}
	}
	if n := len(e.below); n > 0 && e.to.before(e.below[n-1].at) {
		e.to = e.below[n-1].at
	}
}

// place is a place in the text, as in [Position].
type place struct{ line, column int }

func (p place) before(q place) bool {
	return p.line < q.line || p.line == q.line && p.column < q.column
}

// sweeper goes once through the text and the nodes beside each other.
type sweeper struct {
	lines    [][]rune
	document *entry
	at       place // how far it is
	err      error

	last      *entry   // that began or whose brackets were closed
	open      []*entry // whose brackets are open
	dash      place    // of an item that has not begun; zero for none
	tokenLine int      // of the last that is no comment
	end       place    // behind it
	pending   []pending
	comments  []string
}

// pending is a comment on a line of its own, of which it is not known yet what it is
// about.
type pending struct {
	comment
	column int // 0: it is about what follows, wherever it stands
}

// visit goes through the value of an entry. Indent is the column, from 1, of the
// mapping or list that it is in.
func (s *sweeper) visit(e *entry, indent int) {
	n := e.value
	switch n.Kind {
	case yaml.MappingNode:
		s.brackets(e)
		for i := 0; i+1 < len(n.Content); i += 2 {
			kid := &entry{key: n.Content[i], value: n.Content[i+1], parent: e}
			s.upTo(placeOf(kid.key))
			s.begin(kid, kid.key)
			s.scalar(kid.key, n.Column)
			s.visit(kid, n.Column)
			kid.to = s.end
		}
	case yaml.SequenceNode:
		s.brackets(e)
		for _, item := range n.Content {
			kid := &entry{value: item, parent: e}
			s.upTo(placeOf(item))
			s.begin(kid, item)
			s.visit(kid, n.Column)
			kid.to = s.end
		}
	case yaml.ScalarNode:
		if isPlain(n) && n.Value == "" {
			s.colon() // and nothing behind it
			return
		}
		s.upTo(placeOf(n))
		s.about(e)
		s.scalar(n, indent)
	}
}

// brackets goes up to the bracket that opens a mapping or a list, if there is one.
func (s *sweeper) brackets(e *entry) {
	if e.value.Style&yaml.FlowStyle == 0 {
		return
	}
	s.upTo(placeOf(e.value))
	s.about(e)
	s.open = append(s.open, e)
	s.token()
}

func placeOf(n *yaml.Node) place { return place{n.Line, n.Column} }

// token passes one character.
func (s *sweeper) token() {
	s.tokenLine = s.at.line
	s.at.column++
	s.end = s.at
}

// colon passes the colon behind a key, if it is on its line.
func (s *sweeper) colon() {
	line := s.lines[min(s.at.line, len(s.lines))-1]
	for i := s.at.column - 1; i < len(line); i++ {
		if line[i] == ':' {
			s.at.column = i + 1
			s.dash = place{}
			s.token()
		}
		if !isBlank(line[i]) {
			return
		}
	}
}

// upTo goes through what stands between scalars.
func (s *sweeper) upTo(end place) {
	for s.err == nil && s.at.before(end) && s.at.line <= len(s.lines) {
		line := s.lines[s.at.line-1]
		if s.at.column > len(line) {
			s.at = place{s.at.line + 1, 1}
			continue
		}
		rest := line[s.at.column-1:]
		switch c := rest[0]; {
		case c == ' ' || c == '\t':
			s.at.column++
		case c == '#':
			s.comment(strings.TrimRight(string(rest), " \t"))
			s.at = place{s.at.line + 1, 1}
		case s.at.column == 1 && (strings.HasPrefix(string(rest), "---") || strings.HasPrefix(string(rest), "...")):
			s.token()
			s.at.column += 2
		case c == '-' || c == '?':
			s.dash = s.at
			s.token()
		case c == ']' || c == '}':
			s.close()
		case c == ':' || c == ',':
			s.dash = place{}
			s.token()
		default:
			s.err = fmt.Errorf("%d:%d: cannot be formatted here", s.at.line, s.at.column)
		}
	}
}

// close passes the bracket that closes what was opened last.
func (s *sweeper) close() {
	s.token()
	if len(s.open) == 0 {
		s.err = fmt.Errorf("%d:%d: cannot be formatted here", s.at.line, s.at.column)
		return
	}
	e := s.open[len(s.open)-1]
	s.open = s.open[:len(s.open)-1]
	for _, p := range s.pending {
		if len(e.kids) > 0 {
			e.below = append(e.below, p.comment)
		} else {
			e.above = append(e.above, p.comment)
		}
	}
	s.pending, s.last, e.to = nil, e, s.end
}
