package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zlib"
)

const (
	xarHeader = 28

	// maxTOC bounds the table, in bytes. That of a package has some kilobytes.
	maxTOC = 16 << 20

	// A table of more than maxTOCRatio times the bytes in which it is packed is made to
	// take memory, but for the first freeTOC. One file after the other, without
	// checksums, is packed to a thirtieth.
	maxTOCRatio = 100
	freeTOC     = 1 << 20
)

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
	x := &xarReader{r: r, size: size, packed: toc, heap: header + int64(packed), links: map[string]Entry{}}
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

// checksum reads what the checksum of the table is. Apple's xar and 7-Zip number them to 4, for
// SHA-512 (xar.h.in, XarHandler.cpp). For others 3 means that its name follows, so it has to be
// the one that is 3 for all.
func (x *xarReader) checksum(number uint32, header int64) error {
	const maxHeader = 4096
	if names := []string{"", "sha1", "md5", "sha256", "sha512"}; number < uint32(len(names)) {
		x.Algorithm = names[number]
	} else {
		return fmt.Errorf("a checksum of the unknown kind %d", number)
	}
	if number != 3 || header == xarHeader {
		return nil
	}
	name := make([]byte, min(header, maxHeader)-xarHeader)
	if err := readAt(x.r, x.size, name, xarHeader); err != nil {
		return err
	}
	if got := strings.TrimRight(string(name), "\x00"); got != x.Algorithm {
		return Ambiguous("the checksum of the table of contents is named %.20q in the header, and has the number of %s", got, x.Algorithm)
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

// behind counts the bytes behind what the table points to, but for those that are known.
// stapler puts a notarization
// ticket there: a mark of where the archive ends, the ticket, and a mark of how long it is
// (stapling.rs in apple-codesign). The ticket is signed by Apple, which is not looked at
// here, as it is not for bundles. bsdtar puts as many bytes of the packed table there as the
// checksum of that has (archive_write_set_format_xar.c, xar_close copies so much too much).
func (x *xarReader) behind() error {
	const mark, maxTicket = 16, 1 << 20
	x.Behind = x.size - x.End
	again := make([]byte, min(len(x.Sum), len(x.packed)))
	if x.Behind == int64(len(again)) {
		if err := readAt(x.r, x.size, again, x.End); err != nil {
			return err
		}
		if bytes.HasPrefix(x.packed, again) {
			x.Behind = 0
		}
	}
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
