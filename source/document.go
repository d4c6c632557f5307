package source

import (
	"bytes"
	"fmt"
	"sort"
	"unicode/utf8"

	"github.com/codewarrant/codewarrant/entitlement"
)

const (
	// maxNodes bounds the values of one file. A project of 10 MB has some 400,000.
	maxNodes = 1 << 20

	// maxNesting bounds the values inside of one another.
	maxNesting = 64
)

// node is a value of a property list, of JSON or of YAML.
type node struct {
	kind   nodeKind
	plain  bool   // a scalar that is not in quotes, so that it may be no string
	offset int    // of the value in the file
	text   string // of a scalar
	items  []*node
	pairs  []pair
}

type nodeKind uint8

const (
	scalar nodeKind = iota
	sequence
	dictionary
)

// pair is a key of a dictionary and its value.
type pair struct {
	key    string
	offset int // of the key
	value  *node
}

// get returns what is at the end of the keys; nil if that is nowhere. The last of a key
// counts that is there several times.
func (n *node) get(keys ...string) *node {
	for _, key := range keys {
		p := n.pair(key)
		if p == nil {
			return nil
		}
		n = p.value
	}
	return n
}

func (n *node) pair(key string) *pair {
	if n == nil {
		return nil
	}
	for i := len(n.pairs) - 1; i >= 0; i-- {
		if n.pairs[i].key == key {
			return &n.pairs[i]
		}
	}
	return nil
}

// string returns the text of a scalar, empty for anything else and for null.
func (n *node) string() string {
	if n == nil || n.kind != scalar || n.isNull() {
		return ""
	}
	return n.text
}

func (n *node) isNull() bool {
	return n != nil && n.kind == scalar && n.plain && (n.text == "null" || n.text == "~" || n.text == "")
}

// is reports whether the node is that word of JSON or YAML, and no string.
func (n *node) is(word string) bool {
	return n != nil && n.kind == scalar && n.plain && n.text == word
}

// document is a file of nodes.
type document struct {
	path  string
	text  []byte
	lines []int // offsets at which they begin
	root  *node
}

func newDocument(path string, b []byte) *document {
	d := &document{path: path, text: b, lines: []int{0}}
	for rest := b; ; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			return d
		}
		rest = rest[i+1:]
		d.lines = append(d.lines, len(b)-len(rest))
	}
}

// at returns the place of an offset.
func (d *document) at(offset int) Place {
	offset = min(max(offset, 0), len(d.text))
	line := sort.SearchInts(d.lines, offset+1)
	start := d.lines[line-1]
	column := offset - start
	if column < 1<<12 { // further right nobody counts characters
		column = utf8.RuneCount(d.text[start:offset])
	}
	return Place{d.path, entitlement.Place{Line: line, Column: column + 1}}
}

// syntaxError is something that a format does not have.
type syntaxError struct {
	offset int
	text   string
}

func (e *syntaxError) Error() string { return e.text }

// scanner is the place in a text, and what may still be made of it.
type scanner struct {
	b     []byte
	pos   int
	nodes int
}

func (s *scanner) fail(format string, args ...any) error {
	return &syntaxError{s.pos, fmt.Sprintf(format, args...)}
}

// peek returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.b) {
		return s.b[s.pos]
	}
	return 0
}

func (s *scanner) has(prefix string) bool { return bytes.HasPrefix(s.b[s.pos:], []byte(prefix)) }

// new returns a node that begins here.
func (s *scanner) new(kind nodeKind, depth int) (*node, error) {
	if s.nodes++; s.nodes > maxNodes {
		return nil, s.fail("more than %d values", maxNodes)
	}
	if depth > maxNesting {
		return nil, s.fail("values nest deeper than %d", maxNesting)
	}
	return &node{kind: kind, offset: s.pos}, nil
}

// lineEnds are what ends a line, and with it a comment: so it is for old-style property lists
// (advanceToNonSpace in CFOldStylePList.c), for .xcconfig files (isAtEndOfLine in swift-build's
// MacroConfigFileParser.swift), and for JSON5 (LineTerminator in its specification). \r\n
// counts once.
var lineEnds = []string{"\r\n", "\n", "\r", "\u2028", "\u2029"}

// atEnd reports whether the line ends here.
func (s *scanner) atEnd() bool {
	switch s.peek() {
	case '\n', '\r':
		return true
	case "\u2028"[0]:
		return s.has("\u2028") || s.has("\u2029")
	}
	return s.pos >= len(s.b)
}

// newline consumes the end of the line, if it is here.
func (s *scanner) newline() bool {
	for _, end := range lineEnds {
		if s.has(end) {
			s.pos += len(end)
			return true
		}
	}
	return false
}

// rest consumes what is left of the line, but for its end.
func (s *scanner) rest() {
	for !s.atEnd() {
		s.pos++
	}
}

// items reads what is between brackets, which commas divide, up to the closing one.
func (s *scanner) items(end byte, item func() error) error {
	s.pos++
	for {
		if err := s.space(); err != nil {
			return err
		}
		if s.peek() == end {
			s.pos++
			return nil
		}
		if err := item(); err != nil {
			return err
		}
		if err := s.space(); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.pos++
		case end:
		default:
			return s.fail("something other than , or %c", end)
		}
	}
}

// space consumes white space and comments: // and /* */.
func (s *scanner) space() error {
	for s.pos < len(s.b) {
		switch c := s.b[s.pos]; {
		case c == ' ' || c == '\t' || c == '\v' || c == '\f':
			s.pos++
		case s.atEnd():
			s.newline()
		case s.has("//"):
			s.rest()
		case s.has("/*"):
			i := bytes.Index(s.b[s.pos+2:], []byte("*/"))
			if i < 0 {
				return s.fail("a comment without an end")
			}
			s.pos += i + 4
		case s.has("\xef\xbb\xbf") && s.pos == 0:
			s.pos += 3
		default:
			return nil
		}
	}
	return nil
}
