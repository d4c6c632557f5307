package source

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// parseXML reads an XML property list, as far as projects need one. The entitlements
// themselves are for the strict reader of package entitlement.
func parseXML(b []byte) (*node, error) {
	p := &xmlList{dec: xml.NewDecoder(bytes.NewReader(b)), scanner: scanner{b: b}}
	start, err := p.next()
	if err != nil {
		return nil, err
	}
	if start == nil || start.Name.Local != "plist" {
		return nil, p.fail("XML that is no property list")
	}
	if start, err = p.next(); err != nil {
		return nil, err
	}
	if start == nil {
		return nil, p.fail("a property list without a value")
	}
	n, err := p.value(start, 0)
	if err == nil && n.kind != dictionary {
		err = p.fail("the property list is not a dictionary")
	}
	return n, err
}

type xmlList struct {
	scanner
	dec *xml.Decoder
}

// token returns the next token that says something, and remembers where it begins.
func (p *xmlList) token() (xml.Token, error) {
	for {
		p.pos = int(min(p.dec.InputOffset(), int64(len(p.b))))
		t, err := p.dec.Token()
		if errors.Is(err, io.EOF) {
			return nil, p.fail("the end, before the property list has one")
		}
		if err != nil {
			return nil, p.fail("%v", err)
		}
		switch t := t.(type) {
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return t, nil
			}
		case xml.StartElement, xml.EndElement:
			return t, nil
		case xml.Directive:
			if bytes.ContainsAny(t, "[<") {
				return nil, p.fail("a document type with declarations of its own")
			}
		}
	}
}

// next returns the next start tag, nil where an element ends.
func (p *xmlList) next() (*xml.StartElement, error) {
	t, err := p.token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case xml.StartElement:
		return &t, nil
	case xml.EndElement:
		return nil, nil
	}
	return nil, p.fail("text between elements")
}

func (p *xmlList) value(start *xml.StartElement, depth int) (*node, error) {
	n, err := p.new(scalar, depth)
	if err != nil {
		return nil, err
	}
	switch start.Name.Local {
	case "dict":
		n.kind = dictionary
		return n, p.dictionary(n, depth)
	case "array":
		n.kind = sequence
		for {
			item, err := p.next()
			if err != nil || item == nil {
				return n, err
			}
			v, err := p.value(item, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, v)
		}
	case "true", "false":
		n.text = map[string]string{"true": "YES", "false": "NO"}[start.Name.Local]
		_, err := p.text()
		return n, err
	}
	n.text, err = p.text()
	return n, err
}

func (p *xmlList) dictionary(n *node, depth int) error {
	seen := map[string]bool{}
	for {
		start, err := p.next()
		if err != nil || start == nil {
			return err
		}
		at := p.pos
		if start.Name.Local != "key" {
			return p.fail("something other than <key> where a dictionary's key belongs")
		}
		key, err := p.text()
		if err != nil {
			return err
		}
		if seen[key] {
			return &syntaxError{at, "the key " + key + " twice in one dictionary"}
		}
		seen[key] = true
		if start, err = p.next(); err != nil {
			return err
		}
		if start == nil {
			return p.fail("a key without a value")
		}
		value, err := p.value(start, depth+1)
		if err != nil {
			return err
		}
		n.pairs = append(n.pairs, pair{key, at, value})
	}
}

// text reads up to the end of an element that holds nothing else.
func (p *xmlList) text() (string, error) {
	var out strings.Builder
	for {
		p.pos = int(min(p.dec.InputOffset(), int64(len(p.b))))
		t, err := p.dec.Token()
		if err != nil {
			return "", p.fail("%v", err)
		}
		switch t := t.(type) {
		case xml.CharData:
			out.Write(t)
		case xml.EndElement:
			return out.String(), nil
		case xml.StartElement:
			return "", p.fail("an element inside of text")
		}
	}
}
