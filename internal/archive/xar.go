package archive

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zlib"
)

// A xar is a header, a table of contents that is XML packed by zlib, and a heap to which
// the table points (xar's own documentation, "Xar File Format"; xar.h.in and
// archive.c of Apple's xar). Installer packages are made of it. What is signed is the
// checksum of the table as it is packed, which has the checksum of each file.
const (
	xarHeader = 28

	// maxTOC bounds the table, in bytes. That of a package has some kilobytes.
	maxTOC = 16 << 20

	// A table of more than maxTOCRatio times the bytes in which it is packed is made to
	// take memory, but for the first freeTOC. One file after the other, without
	// checksums, is packed to a thirtieth.
	maxTOCRatio = 100
	freeTOC     = 1 << 20

	// maxHardLinks bounds the files of which there may be hard links, which are kept.
	maxHardLinks = 1 << 14
)

// Xar is what a xar says of itself as a whole.
type Xar struct {
	// Algorithm is that of the checksum of the table: sha1, sha256 or sha512; empty for none.
	Algorithm string
	// Sum is the checksum of the table, in bytes, as it was computed here: what is signed.
	Sum []byte
	// Signatures are what signs it, in the order of the table.
	Signatures []XarSignature
	// End is where what the table points to ends, and Behind how many bytes follow there,
	// but for a notarization ticket.
	End, Behind int64
}

// XarSignature is one signature of a xar.
type XarSignature struct {
	Style        string // RSA, or CMS
	Bytes        []byte
	Certificates [][]byte // in DER, the signer's first
}

// ReadXar reads the table of a xar and holds it against its checksum, and calls file for
// each file until it returns false.
func ReadXar(r io.ReaderAt, size int64, file func(Entry) bool) (*Xar, error) {
	x, err := openXar(r, size)
	if err != nil {
		return nil, err
	}
	x.file = file
	if err := x.toc(); err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	if err := x.signed(); err != nil {
		return &x.Xar, err
	}
	return &x.Xar, x.behind()
}

func listXar(r io.ReaderAt, size int64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		more := true
		_, err := ReadXar(r, size, func(e Entry) bool {
			more = yield(e, nil)
			return more
		})
		if err != nil && more {
			yield(Entry{}, fmt.Errorf("xar: %w", err))
		}
	}
}

// xarReader reads a table of contents.
type xarReader struct {
	Xar
	*xmlReader
	r       io.ReaderAt
	size    int64
	heap    int64 // where it begins
	file    func(Entry) bool
	links   map[string]Entry // by their ids, what hard links lead to, without names
	sum     xarData          // where the checksum of the table is in the heap
	pending []xarPlaced
}

// xarPlaced is a signature whose bytes are in the heap.
type xarPlaced struct {
	style string
	data  xarData
	certs [][]byte
}

// xarData is where bytes are in the heap.
type xarData struct {
	offset, length, size int64
	encoding             string
	raw, plain           Sum
	there                bool
}

func openXar(r io.ReaderAt, size int64) (*xarReader, error) {
	b := make([]byte, xarHeader)
	if err := readAt(r, size, b, 0); err != nil {
		return nil, err
	}
	be := binary.BigEndian
	header, version, packed, plain := int64(be.Uint16(b[4:])), be.Uint16(b[6:]), be.Uint64(b[8:]), be.Uint64(b[16:])
	switch {
	case header < xarHeader || version > 1:
		return nil, fmt.Errorf("a header of %d bytes and version %d, which is not read", header, version)
	case packed > maxTOC || plain > maxTOC:
		return nil, fmt.Errorf("a table of contents of %d bytes, packed in %d, of which %d are read", plain, packed, maxTOC)
	case plain > freeTOC && plain/maxTOCRatio > packed:
		return nil, fmt.Errorf("a table of contents of %d bytes, packed in %d, which is more than %d times as much", plain, packed, maxTOCRatio)
	}
	toc := make([]byte, min(packed, uint64(size)))
	if err := readAt(r, size, toc, header); err != nil || uint64(len(toc)) < packed {
		return nil, errors.Join(errors.New("the table of contents reaches past the end"), err)
	}
	x := &xarReader{r: r, size: size, heap: header + int64(packed), links: map[string]Entry{}}
	x.End = x.heap
	if err := x.checksum(be.Uint32(b[24:]), header); err != nil {
		return nil, err
	}
	if x.Algorithm != "" {
		h, err := Sum(x.Algorithm).hash()
		if err != nil {
			return nil, err
		}
		h.Write(toc)
		x.Sum = h.Sum(nil)
	}
	z, err := zlib.NewReader(bytes.NewReader(toc))
	if err != nil {
		return nil, fmt.Errorf("the table of contents: %w", err)
	}
	table, err := newChecked(z, "", int64(plain), "the table of contents")
	if err != nil {
		return nil, err
	}
	x.xmlReader = newXML(table, maxPart)
	return x, nil
}

// checksum reads what the checksum of the table is. A name of it follows where the
// number is 3.
func (x *xarReader) checksum(number uint32, header int64) error {
	switch number {
	case 0:
	case 1:
		x.Algorithm = "sha1"
	case 2:
		x.Algorithm = "md5"
	case 3:
		if header <= xarHeader || header > 4096 {
			return errors.New("a checksum without a name")
		}
		name := make([]byte, header-xarHeader)
		if err := readAt(x.r, x.size, name, xarHeader); err != nil {
			return err
		}
		x.Algorithm = strings.TrimRight(string(name), "\x00")
	default:
		return fmt.Errorf("a checksum of the unknown kind %d", number)
	}
	return nil
}

// signed reads what signs the table, and holds the checksum in the heap against the one
// that was computed.
func (x *xarReader) signed() error {
	if x.Algorithm != "" {
		there, err := x.bytes(x.sum)
		if err != nil {
			return fmt.Errorf("the checksum of the table of contents: %w", err)
		}
		if !bytes.Equal(there, x.Sum) {
			return errors.New("the table of contents does not have the checksum that the archive says")
		}
	}
	for _, p := range x.pending {
		b, err := x.bytes(p.data)
		if err != nil {
			return fmt.Errorf("the signature of style %.20q: %w", p.style, err)
		}
		x.Signatures = append(x.Signatures, XarSignature{p.style, b, p.certs})
	}
	return nil
}

// behind counts the bytes behind what the table points to. stapler puts a notarization
// ticket there: a mark of where the archive ends, the ticket, and a mark of how long it is
// (stapling.rs in apple-codesign). The ticket is signed by Apple, which is not looked at
// here, as it is not for bundles.
func (x *xarReader) behind() error {
	const mark, maxTicket = 16, 1 << 20
	x.Behind = x.size - x.End
	if x.Behind < 2*mark {
		return nil
	}
	var first, last [mark]byte
	if err := errors.Join(readAt(x.r, x.size, first[:], x.End), readAt(x.r, x.size, last[:], x.size-mark)); err != nil {
		return err
	}
	const archiveEnds, ticket = "t8lr\x01\x00\x01\x00\x00\x00\x00\x00", "t8lr\x01\x00\x02\x00"
	length := int64(binary.LittleEndian.Uint32(last[8:]))
	if strings.HasPrefix(string(first[:]), archiveEnds) && strings.HasPrefix(string(last[:]), ticket) &&
		length == x.Behind-2*mark && length <= maxTicket {
		x.Behind = 0
	}
	return nil
}

// maxSignature bounds a signature, in bytes: one with a chain of certificates and a
// timestamp has some 10,000.
const maxSignature = 1 << 20

func (x *xarReader) bytes(d xarData) ([]byte, error) {
	if !d.there || d.size < 0 || d.size > maxSignature {
		return nil, fmt.Errorf("%d bytes", d.size)
	}
	if d.offset < 0 || d.offset > x.size-x.heap {
		return nil, fmt.Errorf("it is at offset %d, past the end", d.offset)
	}
	b := make([]byte, d.size)
	if err := readAt(x.r, x.size, b, x.heap+d.offset); err != nil {
		return nil, err
	}
	x.End = max(x.End, x.heap+d.offset+d.size)
	return b, nil
}

// toc reads the XML.
func (x *xarReader) toc() error {
	found := 0
	err := x.children(func(root xml.StartElement) error {
		if root.Name.Local != "xar" {
			return fmt.Errorf("the table of contents is of <%.20s>", root.Name.Local)
		}
		return x.children(func(e xml.StartElement) error {
			if e.Name.Local != "toc" {
				return x.skip()
			}
			found++
			return x.children(x.top)
		})
	})
	if err == nil && found != 1 {
		err = ambiguous("%d tables of contents in one", found)
	}
	return err
}

func (x *xarReader) top(e xml.StartElement) error {
	switch e.Name.Local {
	case "checksum":
		if x.sum.there {
			return ambiguous("the table of contents has two checksums")
		}
		style := attribute(e, "style")
		if !strings.EqualFold(style, x.Algorithm) {
			return ambiguous("the checksum of the table of contents is of %.20q in the table and of %.20q in the header", style, x.Algorithm)
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
	return x.skip()
}

func (x *xarReader) signature(p *xarPlaced) error {
	const maxSignatures, maxCertificates = 4, 16
	if len(x.pending) >= maxSignatures {
		return fmt.Errorf("more than %d signatures", maxSignatures)
	}
	return x.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "offset":
			p.data.there = true
			return x.number(&p.data.offset)
		case "size":
			return x.number(&p.data.size)
		case "KeyInfo", "X509Data":
			return x.children(func(e xml.StartElement) error { return x.certificates(e, p, maxCertificates) })
		}
		return x.skip()
	})
}

func (x *xarReader) certificates(e xml.StartElement, p *xarPlaced, limit int) error {
	switch e.Name.Local {
	case "X509Data":
		return x.children(func(e xml.StartElement) error {
			if e.Name.Local == "X509Data" {
				return x.skip()
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
	return x.skip()
}

// entry reads a file and those in it.
func (x *xarReader) entry(file xml.StartElement, dir string, depth int) error {
	if depth > maxNested {
		return fmt.Errorf("more than %d folders in each other", maxNested)
	}
	var name, kind, link, original string
	var d xarData
	told := false
	tell := func() error {
		if told {
			return nil
		}
		told = true
		switch {
		case name == "":
			return errors.New("a file without a name before what is in it")
		case strings.Contains(name, "/"):
			return ambiguous("a file is named %.200q", name)
		case len(dir)+len(name) > maxName:
			return fmt.Errorf("a name of more than %d bytes", maxName)
		}
		e := x.typed(dir+name, kind, link, d)
		if kind == "hardlink" {
			e = x.hardlink(e, attribute(file, "id"), original, d.there)
		}
		if !x.file(e) {
			return errEnough
		}
		return nil
	}
	err := x.children(func(e xml.StartElement) (err error) {
		switch e.Name.Local {
		case "name":
			if attribute(e, "enctype") == "base64" {
				return errors.New("a name in base64, which is not read")
			}
			return x.once(&name)
		case "type":
			original = attribute(e, "link")
			return x.once(&kind)
		case "link":
			return x.once(&link)
		case "data":
			if d.there {
				return ambiguous("a file has its contents twice")
			}
			return x.data(&d)
		case "ea":
			return x.data(&xarData{})
		case "file":
			if err := tell(); err != nil {
				return err
			}
			return x.entry(e, dir+name+"/", depth+1)
		}
		return x.skip()
	})
	if err != nil {
		return err
	}
	return tell()
}

func (x *xarReader) once(s *string) error {
	if *s != "" {
		return ambiguous("a file has its name, type or link twice")
	}
	var err error
	*s, err = x.text()
	return err
}

// xarMethods are the encodings that are read. What is called gzip is zlib.
var xarMethods = map[string]Method{
	"": Stored, "application/octet-stream": Stored, "application/x-gzip": Zlib, "application/zlib": Zlib,
	"application/x-bzip2": Bzip2, "application/x-xz": XZ,
}

func (x *xarReader) typed(name, kind, link string, d xarData) Entry {
	e := Entry{Name: name}
	switch kind {
	case "directory":
		e.Mode = fs.ModeDir
		return e
	case "symlink":
		e.Mode, e.Link = fs.ModeSymlink, link
		return e
	case "file", "hardlink", "":
	default:
		e.Mode = fs.ModeDevice
		return e
	}
	method, known := xarMethods[d.encoding]
	switch {
	case kind == "":
		e.Err = fmt.Errorf("a file of the type %.20q, which is not read", kind)
	case !d.there:
	case !known:
		e.Err = fmt.Errorf("packed by the encoding %.40q, which is not read", d.encoding)
	case d.offset < 0 || d.length < 0 || d.size < 0 || d.offset > x.size-x.heap || d.length > x.size-x.heap-d.offset:
		e.Err = fmt.Errorf("its %d bytes at offset %d of the heap reach past the end", d.length, d.offset)
	default:
		e.Offset, e.Packed, e.Size, e.Method, e.Raw, e.Sum = x.heap+d.offset, d.length, d.size, method, d.raw, d.plain
	}
	return e
}

// hardlink returns an entry that is one of several names of a file. The first has the
// contents, and is the original; the others name its id (xar's stat.c; bsdtar writes
// them too).
func (x *xarReader) hardlink(e Entry, id, original string, contents bool) Entry {
	const maxID = 32
	there, known := x.links[id]
	switch {
	case original != "original":
		name := e.Name
		if there, known = x.links[original]; !known {
			return Entry{Name: name, Err: ambiguous("a hard link to the file %.32q, which is none before it", original)}
		}
		if e, e.Name = there, name; contents {
			e.Err = ambiguous("a hard link to the file %.32q that has contents of its own", original)
		}
	case id == "" || len(id) > maxID || len(x.links) >= maxHardLinks:
		e.Err = fmt.Errorf("a file with hard links and the id %.32q, or more than %d of them", id, maxHardLinks)
	case known:
		e.Err = ambiguous("two files with hard links have the id %q", id)
	default:
		there = e
		there.Name = ""
		x.links[id] = there
	}
	return e
}

// data reads where bytes are.
func (x *xarReader) data(d *xarData) error {
	d.there = true
	defer func() {
		if d.offset >= 0 && d.length > 0 && d.offset <= x.size-x.heap && d.length <= x.size-x.heap-d.offset {
			x.End = max(x.End, x.heap+d.offset+d.length)
		}
	}()
	return x.children(func(e xml.StartElement) (err error) {
		switch e.Name.Local {
		case "offset":
			return x.number(&d.offset)
		case "size":
			return x.number(&d.size)
		case "length":
			return x.number(&d.length)
		case "encoding":
			d.encoding = attribute(e, "style")
			return x.skip()
		case "archived-checksum":
			d.raw, err = x.checksumOf(e)
			return err
		case "extracted-checksum", "unarchived-checksum":
			d.plain, err = x.checksumOf(e)
			return err
		}
		return x.skip()
	})
}

func (x *xarReader) checksumOf(e xml.StartElement) (Sum, error) {
	text, err := x.text()
	if sum, hexErr := hex.DecodeString(text); (hexErr != nil || len(sum) > sha512.Size) && err == nil {
		err = fmt.Errorf("a checksum that is not hexadecimal: %.80q", text)
	}
	return Sum(strings.ToLower(attribute(e, "style")) + ":" + text), err
}

func (x *xarReader) number(n *int64) error {
	text, err := x.text()
	if err == nil {
		*n, err = strconv.ParseInt(text, 10, 64)
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
			return "", ambiguous("a comment in the middle of a name or number of the table of contents")
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
