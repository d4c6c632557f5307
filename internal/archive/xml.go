package archive

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// The decoder of encoding/xml keeps the elements that are open, their namespaces, and the
// tag or text that it reads, whatever they take. These bound them. A table of contents
// of a xar is some ten elements deep, and that of deep folders deeper; the longest text in
// one is a certificate, with 2 KB.
const (
	maxElements   = 256      // in each other
	maxAttributes = 32       // of one element
	maxPart       = 64 << 10 // bytes of one tag, text or comment of a table of contents

	// maxDocumentPart bounds one part of an XML file: licenses may be in it as they are.
	maxDocumentPart = 1 << 20
)

// MaxDocument bounds an XML file that [Elements] reads, in bytes.
const MaxDocument = 16 << 20

// xmlReader reads XML in bounded memory.
type xmlReader struct {
	d     *xml.Decoder
	in    *partReader
	part  int // bytes of one part
	depth int
}

func newXML(r io.Reader, part int) *xmlReader {
	in := &partReader{Reader: bufio.NewReader(r)}
	x := &xmlReader{d: xml.NewDecoder(in), in: in, part: part}
	x.d.CharsetReader = func(name string, in io.Reader) (io.Reader, error) {
		if bytes.EqualFold([]byte(name), []byte("us-ascii")) {
			return in, nil
		}
		return nil, fmt.Errorf("XML in the encoding %.20q, which is not read", name)
	}
	return x
}

// partReader ends when one part was longer than it may be. The decoder reads from it byte
// by byte, as it has ReadByte.
type partReader struct {
	*bufio.Reader
	left int
}

var errPart = errors.New("XML with a tag, text or comment that is longer than any known")

func (p *partReader) ReadByte() (byte, error) {
	if p.left <= 0 {
		return 0, errPart
	}
	p.left--
	return p.Reader.ReadByte()
}

func (x *xmlReader) token() (xml.Token, error) {
	x.in.left = x.part
	t, err := x.d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case xml.StartElement:
		x.depth++
		switch {
		case x.depth > maxElements:
			return nil, fmt.Errorf("XML with more than %d elements in each other", maxElements)
		case len(t.Attr) > maxAttributes:
			return nil, fmt.Errorf("XML with more than %d attributes of one element", maxAttributes)
		}
	case xml.EndElement:
		x.depth--
	case xml.Directive:
		if bytes.ContainsRune(t, '[') {
			return nil, Ambiguous("XML that declares entities or attributes of its own")
		}
	}
	return t, nil
}

// Elements calls start for each element of an XML file, those inside others too, and text for
// each text with the element that it is in, once for each part of it.
func Elements(r io.Reader, start func(xml.StartElement), text func(in, part string)) error {
	limited := &io.LimitedReader{R: r, N: MaxDocument + 1}
	x := newXML(limited, maxDocumentPart)
	var open []string
	for found := false; ; {
		t, err := x.token()
		switch {
		case limited.N == 0:
			return fmt.Errorf("XML of more than %d bytes", MaxDocument)
		case errors.Is(err, io.EOF) && !found:
			return errors.New("XML without an element")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			found = true
			open = append(open, t.Name.Local)
			start(t)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				text(open[len(open)-1], string(t))
			}
		}
	}
}
