package source

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parsePlist reads a property list: an old-style one, as Xcode writes projects, or an XML
// or JSON one, which other tools write.
func parsePlist(b []byte) (*node, error) {
	trimmed := bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case bytes.HasPrefix(b, []byte("bplist")):
		return nil, &syntaxError{0, "a binary property list, which is not read as a project; convert it with plutil -convert xml1"}
	case bytes.HasPrefix(trimmed, []byte("<?xml")), bytes.HasPrefix(trimmed, []byte("<plist")), bytes.HasPrefix(trimmed, []byte("<!DOCTYPE")):
		return parseXML(b)
	case bytes.HasPrefix(trimmed, []byte("{")) && isJSON(trimmed):
		return parseJSON(b)
	}
	return parseOpenStep(b)
}

// isJSON reports whether what begins with { is JSON: there a colon follows the first key.
func isJSON(b []byte) bool {
	rest := bytes.TrimLeft(b[1:], " \t\r\n")
	if !bytes.HasPrefix(rest, []byte(`"`)) {
		return false
	}
	end := bytes.IndexByte(rest[1:], '"')
	return end >= 0 && bytes.HasPrefix(bytes.TrimLeft(rest[end+2:], " \t\r\n"), []byte(":"))
}

// parseOpenStep reads an old-style property list (CFOldStylePList.c in CoreFoundation).
func parseOpenStep(b []byte) (*node, error) {
	if !utf8.Valid(b) {
		return nil, &syntaxError{0, "the text is not UTF-8"}
	}
	p := &openStep{scanner{b: b}}
	n, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if n.kind != dictionary {
		return nil, p.fail("the property list is not a dictionary")
	}
	if err := p.space(); err != nil {
		return nil, err
	}
	if p.pos < len(b) {
		return nil, p.fail("text after the property list")
	}
	return n, nil
}

type openStep struct{ scanner }

func (p *openStep) value(depth int) (*node, error) {
	if err := p.space(); err != nil {
		return nil, err
	}
	n, err := p.new(scalar, depth)
	if err != nil {
		return nil, err
	}
	switch c := p.peek(); {
	case c == '{':
		return n, p.dictionary(n, depth)
	case c == '(':
		return n, p.list(n, depth)
	case c == '<':
		end := bytes.IndexByte(p.b[p.pos:], '>')
		if end < 0 {
			return nil, p.fail("data without an end")
		}
		n.text = string(p.b[p.pos : p.pos+end+1])
		p.pos += end + 1
		return n, nil
	}
	n.text, err = p.text()
	return n, err
}

func (p *openStep) dictionary(n *node, depth int) error {
	n.kind = dictionary
	p.pos++
	seen := map[string]bool{}
	for {
		if err := p.space(); err != nil {
			return err
		}
		if p.peek() == '}' {
			p.pos++
			return nil
		}
		at := p.pos
		key, err := p.text()
		if err != nil {
			return err
		}
		if seen[key] {
			return &syntaxError{at, "the key " + strconv.Quote(key) + " twice in one dictionary"}
		}
		seen[key] = true
		if err := p.sign('=', "="); err != nil {
			return err
		}
		value, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		n.pairs = append(n.pairs, pair{key, at, value})
		if err := p.sign(';', ";"); err != nil {
			return err
		}
	}
}

func (p *openStep) sign(c byte, name string) error {
	if err := p.space(); err != nil {
		return err
	}
	if p.peek() != c {
		return p.fail("something other than %s", name)
	}
	p.pos++
	return nil
}

func (p *openStep) list(n *node, depth int) error {
	n.kind = sequence
	return p.items(')', func() error {
		item, err := p.value(depth + 1)
		n.items = append(n.items, item)
		return err
	})
}

// text reads a string, in quotes or of the characters that need none.
func (p *openStep) text() (string, error) {
	if c := p.peek(); c == '"' || c == '\'' {
		return p.quoted(c)
	}
	start := p.pos
	for p.pos < len(p.b) && isPlain(p.b[p.pos]) {
		p.pos++
	}
	if p.pos == start {
		return "", p.fail("something other than a string")
	}
	return string(p.b[start:p.pos]), nil
}

func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_$/:.-", c) >= 0
}

func (p *openStep) quoted(quote byte) (string, error) {
	p.pos++
	var out strings.Builder
	for p.pos < len(p.b) {
		c := p.b[p.pos]
		p.pos++
		switch {
		case c == quote:
			return out.String(), nil
		case c != '\\':
			out.WriteByte(c)
		default:
			if err := p.escape(&out); err != nil {
				return "", err
			}
		}
	}
	return "", p.fail("a string without an end")
}

// escape reads what follows a backslash.
func (p *openStep) escape(out *strings.Builder) error {
	c := p.peek()
	p.pos++
	switch {
	case c == 'U':
		if p.pos+4 > len(p.b) {
			return p.fail("an escape that is cut short")
		}
		r, err := strconv.ParseUint(string(p.b[p.pos:p.pos+4]), 16, 16)
		if err != nil {
			return p.fail("an escape that is no number")
		}
		p.pos += 4
		out.WriteRune(rune(r))
	case '0' <= c && c <= '7':
		// Octal escapes are in the encoding of NeXTSTEP; only the part that is ASCII
		// is read.
		v := int(c - '0')
		for range 2 {
			if d := p.peek(); '0' <= d && d <= '7' {
				v = v*8 + int(d-'0')
				p.pos++
			}
		}
		if v == 0 || v > 127 {
			return p.fail("an octal escape of no ASCII character")
		}
		out.WriteByte(byte(v))
	default:
		if i := strings.IndexByte("abfnrtv", c); i >= 0 {
			c = "\a\b\f\n\r\t\v"[i]
		}
		out.WriteByte(c)
	}
	return nil
}
