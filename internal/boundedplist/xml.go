package boundedplist

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const space = " \t\r\n"

// maxTag bounds what stands between < and >, attributes included: the XML
// decoder makes 80 bytes of every attribute. The DOCTYPE has 102.
const maxTag = 512

// xmlScanner holds the place in the text and the elements open there.
type xmlScanner struct {
	b      []byte
	pos    int
	open   []element
	total  tally
	limits Limits
	done   bool // the plist element has been closed
}

// element is an open element.
type element struct {
	name     string
	text     int // offset of what follows the start tag
	children int
	keys     map[string]bool // of a dict
	key      bool            // of a dict: the last child was a key
}

// scanXML checks that b is one plist element that holds one value, in the
// grammar of PropertyList-1.0.dtd, within bounds. It leaves to the decoder
// what is inside a value: entities, digits, base64.
func scanXML(b []byte, l Limits) error {
	if !utf8.Valid(b) {
		return errors.New("text is not UTF-8")
	}
	s := &xmlScanner{b: b, limits: l}
	if bytes.HasPrefix(b, byteOrderMark) {
		s.pos = len(byteOrderMark)
	}
	for {
		if err := s.next(); err != nil {
			return fmt.Errorf("at byte %d: %w", s.pos, err)
		}
		if s.pos == len(b) {
			break
		}
	}
	if !s.done {
		return errors.New("ends before </plist>")
	}
	return nil
}

// next takes the text up to the next markup, and that.
func (s *xmlScanner) next() error {
	n := bytes.IndexByte(s.b[s.pos:], '<')
	if n < 0 {
		n = len(s.b) - s.pos
	}
	text := s.b[s.pos : s.pos+n]
	if !s.inLeaf() && len(bytes.Trim(text, space)) > 0 {
		return errors.New("text between elements")
	}
	s.pos += n
	if s.pos == len(s.b) {
		return nil
	}
	rest := s.b[s.pos:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		return s.comment(rest)
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		return s.cdata(rest)
	case bytes.HasPrefix(rest, []byte("<!DOCTYPE")):
		return s.doctype(rest)
	case bytes.HasPrefix(rest, []byte("<?")):
		return s.declaration(rest)
	}
	return s.tag(rest)
}

// inLeaf reports whether the innermost open element is one that holds text.
func (s *xmlScanner) inLeaf() bool {
	if len(s.open) == 0 {
		return false
	}
	return holds(s.open[len(s.open)-1].name) == text
}

// comment skips a comment of the kind that all parsers end at the same place:
// CoreFoundation's skipping is off by a byte or two on <!-->, <!---> and <!---->.
func (s *xmlScanner) comment(rest []byte) error {
	body := rest[len("<!--"):]
	end := bytes.Index(body, []byte("-->"))
	if end < 0 {
		return errors.New("comment does not end")
	}
	if s.inLeaf() {
		return errors.New("comment inside a value")
	}
	if body := string(body[:end]); body == "" || strings.HasPrefix(body, ">") || strings.HasPrefix(body, "->") ||
		strings.Contains(body, "--") || strings.HasSuffix(body, "-") {
		return errors.New("comment that parsers end at different places")
	}
	s.pos += len("<!--") + end + len("-->")
	return nil
}

func (s *xmlScanner) cdata(rest []byte) error {
	end := bytes.Index(rest, []byte("]]>"))
	if end < 0 {
		return errors.New("CDATA section does not end")
	}
	if !s.inLeaf() || s.open[len(s.open)-1].name != "string" {
		return errors.New("CDATA section outside a string")
	}
	s.pos += end + len("]]>")
	return nil
}

func (s *xmlScanner) doctype(rest []byte) error {
	end, err := tagEnd(rest)
	if err != nil {
		return err
	}
	if len(s.open) > 0 || s.done {
		return errors.New("DOCTYPE is not at the beginning")
	}
	if bytes.ContainsAny(rest[1:end], "<>[") {
		return errors.New("DOCTYPE with an internal subset")
	}
	s.pos += end + 1
	return nil
}

func (s *xmlScanner) declaration(rest []byte) error {
	end := bytes.Index(rest[:min(len(rest), maxTag)], []byte("?>"))
	if end < 0 || !bytes.HasPrefix(rest, []byte("<?xml ")) || len(s.open) > 0 || s.done {
		return errors.New("processing instruction")
	}
	text := strings.ToLower(string(rest[:end]))
	if strings.Contains(text, "encoding") && !strings.Contains(text, "utf-8") {
		return errors.New("declared encoding is not UTF-8")
	}
	s.pos += end + len("?>")
	return nil
}

// tag takes a start tag, an end tag or an empty element.
func (s *xmlScanner) tag(rest []byte) error {
	end, err := tagEnd(rest)
	if err != nil {
		return err
	}
	body := string(rest[1:end])
	name, closing := strings.CutPrefix(body, "/")
	name, empty := strings.CutSuffix(name, "/")
	if i := strings.IndexAny(name, space); i >= 0 {
		name = name[:i]
	}
	if closing {
		err = s.end(name)
	} else {
		err = s.start(name, s.pos+end+1)
		if err == nil && empty {
			s.open[len(s.open)-1].text = s.pos // an empty element has no text
			err = s.end(name)
		}
	}
	if err == nil {
		s.pos += end + 1
	}
	return err
}

// tagEnd returns the offset of the > that ends the markup at the beginning of
// b, skipping those in quotes.
func tagEnd(b []byte) (int, error) {
	var quote byte
	for i, c := range b[:min(len(b), maxTag)] {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i, nil
		}
	}
	return 0, errors.New("tag does not end, or is too long")
}
