package source

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// parseJSON reads JSON, and what JSON5 (https://spec.json5.org) adds to it: comments, commas
// before an end, names and strings in other forms.
func parseJSON(b []byte) (*node, error) {
	if !utf8.Valid(b) {
		return nil, &syntaxError{0, "the text is not UTF-8"}
	}
	p := &json5{scanner{b: b}}
	n, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if err := p.space(); err != nil {
		return nil, err
	}
	if p.pos < len(b) {
		return nil, p.fail("text after the value")
	}
	return n, nil
}

type json5 struct{ scanner }

func (p *json5) value(depth int) (*node, error) {
	if err := p.space(); err != nil {
		return nil, err
	}
	n, err := p.new(scalar, depth)
	if err != nil {
		return nil, err
	}
	switch c := p.peek(); c {
	case '{':
		n.kind = dictionary
		return n, p.items('}', func() error { return p.member(n, depth) })
	case '[':
		n.kind = sequence
		return n, p.items(']', func() error { return p.element(n, depth) })
	case '"', '\'':
		n.text, err = p.quoted(c)
		return n, err
	}
	n.plain = true
	n.text, err = p.word()
	return n, err
}

func (p *json5) member(n *node, depth int) error {
	at := p.pos
	key, err := p.key()
	if err != nil {
		return err
	}
	if err := p.space(); err != nil {
		return err
	}
	if p.peek() != ':' {
		return p.fail("something other than : after a name")
	}
	p.pos++
	value, err := p.value(depth + 1)
	n.pairs = append(n.pairs, pair{key, at, value})
	return err
}

func (p *json5) key() (string, error) {
	if c := p.peek(); c == '"' || c == '\'' {
		return p.quoted(c)
	}
	return p.word()
}

func (p *json5) element(n *node, depth int) error {
	value, err := p.value(depth + 1)
	n.items = append(n.items, value)
	return err
}

// word reads a name, a number, true, false or null.
func (p *json5) word() (string, error) {
	start := p.pos
	for p.pos < len(p.b) {
		c := p.b[p.pos]
		if !isPlain(c) && c != '+' && c < utf8.RuneSelf || c == ':' || c == '/' {
			break
		}
		p.pos++
	}
	if p.pos == start {
		return "", p.fail("something other than a value")
	}
	return string(p.b[start:p.pos]), nil
}

func (p *json5) quoted(quote byte) (string, error) {
	p.pos++
	var out strings.Builder
	for p.pos < len(p.b) {
		c := p.b[p.pos]
		switch {
		case c == quote:
			p.pos++
			return out.String(), nil
		case c == '\n':
			return "", p.fail("a string without an end")
		case c != '\\':
			out.WriteByte(c)
			p.pos++
		default:
			p.pos++
			if err := p.escape(&out); err != nil {
				return "", err
			}
		}
	}
	return "", p.fail("a string without an end")
}

func (p *json5) escape(out *strings.Builder) error {
	if p.newline() { // a line that goes on
		return nil
	}
	c := p.peek()
	p.pos++
	switch c {
	case 'u':
		r, err := p.hex(4)
		if err != nil {
			return err
		}
		if utf16.IsSurrogate(r) && p.has(`\u`) {
			p.pos += 2
			low, err := p.hex(4)
			if err != nil {
				return err
			}
			r = utf16.DecodeRune(r, low)
		}
		out.WriteRune(r)
	case 'x':
		r, err := p.hex(2)
		if err != nil {
			return err
		}
		out.WriteRune(r)
	case 0:
		return p.fail("an escape that is cut short")
	default:
		if i := strings.IndexByte("bfnrtv", c); i >= 0 {
			c = "\b\f\n\r\t\v"[i]
		}
		out.WriteByte(c)
	}
	return nil
}

func (p *json5) hex(n int) (rune, error) {
	if p.pos+n > len(p.b) {
		return 0, p.fail("an escape that is cut short")
	}
	v, err := strconv.ParseUint(string(p.b[p.pos:p.pos+n]), 16, 32)
	if err != nil {
		return 0, p.fail("an escape that is no number")
	}
	p.pos += n
	return rune(v), nil
}
