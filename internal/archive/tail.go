package archive

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"sync"
)

// tail is the end of a file, as far back as the end of central directory record of a
// zip may be: 65,535 bytes of a comment are behind it.
type tail struct {
	b    []byte
	size int64 // of the file
	buf  *[maxTail]byte
}

const maxTail = zipEndSize + math.MaxUint16

var tails = sync.Pool{New: func() any { return new([maxTail]byte) }}

func readTail(r io.ReaderAt, size int64) (tail, error) {
	t := tail{size: size, buf: tails.Get().(*[maxTail]byte)}
	t.b = t.buf[:min(size, maxTail)]
	if err := readAt(r, size, t.b, size-int64(len(t.b))); err != nil {
		t.release()
		return tail{}, err
	}
	return t, nil
}

func (t tail) release() { tails.Put(t.buf) }

// hasTrailer reports whether the last 512 bytes begin as the trailer of UDIF does.
func (t tail) hasTrailer() bool { return len(t.b) >= 512 && string(t.b[len(t.b)-512:][:4]) == "koly" }

// isImage reports whether they are a trailer, of the version and size that there is.
func (t tail) isImage() bool {
	const version, size = 4, 512
	be := binary.BigEndian
	return t.hasTrailer() && be.Uint32(t.b[len(t.b)-508:]) == version && be.Uint32(t.b[len(t.b)-504:]) == size
}

// hasDirectory reports whether there is an end of central directory record and, where it
// says, a directory with an entry: the four bytes of the magic number alone are in every program that
// reads zips. If it is to be exact, the comment of the record ends the file; there are
// readers that do not ask for that.
// What has the magic number very often is taken for one with a directory, and looked at as a zip.
func (t tail) hasDirectory(r io.ReaderAt, size int64, exact bool) bool {
	const most = 1000
	le := binary.LittleEndian
	for from, n := 0, 0; n < most; n++ {
		i := bytes.Index(t.b[from:], []byte(zipEnd))
		if i < 0 || from+i+zipEndSize > len(t.b) {
			return false
		}
		b := t.b[from+i:]
		at := size - int64(len(b))
		from += i + 1
		if exact && zipEndSize+int(le.Uint16(b[20:])) != len(b) {
			continue
		}
		length, offset := int64(le.Uint32(b[12:])), int64(le.Uint32(b[16:]))
		if hasMagic(r, at, at-length, zipCentral) || hasMagic(r, at, offset, zipCentral) || hasMagic(r, at, at-locatorSize, zip64Locator) {
			return true
		}
	}
	return true
}

// hasMagic reports whether what ends at end has a magic number at an offset.
func hasMagic(r io.ReaderAt, end, offset int64, magic string) bool {
	b := make([]byte, len(magic))
	return readAt(r, end, b, offset) == nil && string(b) == magic
}
