package archive

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// toc reads the XML. What follows the table of contents is in it for Apple's xar, which reads
// elements to the end of the document (archive.c, xar_unserialize).
func (x *xarReader) toc() error {
	found := false
	err := x.children(func(root xml.StartElement) error {
		if root.Name.Local != "xar" {
			return fmt.Errorf("the table of contents is of <%.20s>", root.Name.Local)
		}
		return x.children(func(e xml.StartElement) error {
			switch {
			case found:
				return Ambiguous("<%.20s> follows the table of contents, which some readers take for a part of it", e.Name.Local)
			case e.Name.Local != "toc":
				return x.skip(e)
			}
			found = true
			return x.children(x.top)
		})
	})
	if err == nil && !found {
		err = errors.New("no table of contents is there")
	}
	return err
}

func (x *xarReader) top(e xml.StartElement) error {
	switch e.Name.Local {
	case "checksum":
		if x.sum.there {
			return Ambiguous("the table of contents has two checksums")
		}
		style := attribute(e, "style")
		if !strings.EqualFold(style, x.Algorithm) {
			return Ambiguous("the checksum of the table of contents is of %.20q in the table and of %.20q in the header", style, x.Algorithm)
		}
		return x.data(&x.sum)
	case "signature", "x-signature":
		p := xarPlaced{style: attribute(e, "style")}
		err := x.signature(&p)
		x.pending = append(x.pending, p)
		return err
	case "file":
		return x.entry(e, "", 0)
	}
	return x.skip(e)
}

func (x *xarReader) signature(p *xarPlaced) error {
	const maxSignatures, maxCertificates = 4, 16
	if len(x.pending) >= maxSignatures {
		return fmt.Errorf("more than %d signatures", maxSignatures)
	}
	var once onceEach
	return x.children(func(e xml.StartElement) error {
		if err := once.of(e.Name.Local, "offset", "size"); err != nil {
			return err
		}
		switch e.Name.Local {
		case "offset":
			p.data.there = true
			return x.number(&p.data.offset)
		case "size":
			return x.number(&p.data.size)
		case "KeyInfo", "X509Data":
			return x.children(func(e xml.StartElement) error { return x.certificates(e, p, maxCertificates) })
		}
		return x.skip(e)
	})
}

func (x *xarReader) certificates(e xml.StartElement, p *xarPlaced, limit int) error {
	switch e.Name.Local {
	case "X509Data":
		return x.children(func(e xml.StartElement) error {
			if e.Name.Local == "X509Data" {
				return x.skip(e)
			}
			return x.certificates(e, p, limit)
		})
	case "X509Certificate":
		text, err := x.text()
		if err != nil {
			return err
		}
		der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil || len(p.certs) >= limit {
			return errors.Join(errors.New("a certificate that is not base64, or too many of them"), err)
		}
		p.certs = append(p.certs, der)
		return nil
	}
	return x.skip(e)
}

// skip reads an element to its end, in which there are no files: some readers look for them
// everywhere (XarHandler.cpp of 7-Zip, AddItem).
func (x *xarReader) skip(e xml.StartElement) error {
	for depth := x.depth; ; {
		if e.Name.Local == "file" || e.Name.Local == "toc" {
			return Ambiguous("the table of contents has <%s> where only some readers look for it", e.Name.Local)
		}
		e = xml.StartElement{}
		for e.Name.Local == "" {
			t, err := x.token()
			if err != nil {
				return err
			}
			if x.depth < depth {
				return nil
			}
			e, _ = t.(xml.StartElement)
		}
	}
}

// onceEach are the elements that were in another one.
type onceEach []string

// of tells of an element that is there twice and is one of those of which some readers take the
// first, and others the last.
func (o *onceEach) of(name string, names ...string) error {
	switch {
	case !slices.Contains(names, name):
		return nil
	case slices.Contains(*o, name):
		return Ambiguous("<%s> is there twice in one element of the table of contents", name)
	}
	*o = append(*o, name)
	return nil
}

// number reads one as it is written by all: others read a leading zero or x as octal or
// hexadecimal (xar_io_get_file_offset of Apple's xar).
func (x *xarReader) number(n *int64) error {
	text, err := x.text()
	if err != nil {
		return err
	}
	if *n, err = strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(*n, 10) != text {
		err = Ambiguous("the number %.20q, which readers take differently", text)
	}
	return err
}

// text reads the text of an element that has nothing else in it.
func (x *xarReader) text() (string, error) {
	var b strings.Builder
	for {
		t, err := x.token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.CharData:
			if b.Len()+len(t) > maxPart {
				return "", errPart
			}
			b.Write(t)
		case xml.EndElement:
			return strings.TrimSpace(b.String()), nil
		case xml.StartElement:
			return "", fmt.Errorf("<%.20s> in an element of text", t.Name.Local)
		case xml.Comment, xml.ProcInst:
			return "", Ambiguous("a comment in the middle of a name or number of the table of contents")
		}
	}
}

// children calls child for each element in the current one, which it has to read to its
// end.
func (x *xarReader) children(child func(xml.StartElement) error) error {
	for {
		t, err := x.token()
		if errors.Is(err, io.EOF) {
			return nil // Token finds it wrong where an element is open
		}
		if err != nil {
			return fmt.Errorf("the table of contents: %w", err)
		}
		switch t := t.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := child(t); err != nil {
				return err
			}
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
