package archive

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// zipStraddle is how much of a magic number may be on the other side of a boundary, in bytes.
const zipStraddle = 3

// mayHide reports whether readers that go from one local header to the next may find one
// in the contents of an entry, did these end before the directory says; its beginning may be
// all of it that is there. It searches no byte twice: of entries that come in another order
// it says so.
func (z *zipReader) mayHide(e Entry) bool {
	if e.Packed == 0 {
		return false
	}
	if e.Offset < z.searched {
		return true
	}
	z.searched = e.Offset + e.Packed
	if z.buf == nil {
		z.buf = make([]byte, 64<<10)
	}
	for _, magic := range []string{zipLocal, zipDescriptor} {
		i, err := index(io.NewSectionReader(z.r, e.Offset, min(e.Packed+zipStraddle, z.size-e.Offset)), []byte(magic), z.buf)
		if i >= 0 || err != nil {
			return true
		}
	}
	return false
}

// endsEarly reports whether in stored contents there is what follows them, with the size of what
// is before it: readers from a pipe go by that, whatever the local header says
// (archive_read_support_format_zip.c of libarchive, zip_read_data_none). A zip that is stored
// in another one has the sizes of its own entries.
func (z *zipReader) endsEarly(e Entry) bool {
	const length, sizes = 24, 8 // of what follows, and where the packed size is in it (4.3.9)
	r := bufio.NewReaderSize(io.NewSectionReader(z.r, e.Offset, min(e.Packed+length, z.size-e.Offset)), 64<<10)
	le := binary.LittleEndian
	for at := int64(0); at < e.Packed; {
		b, err := r.Peek(max(r.Buffered(), length))
		if err != nil && !errors.Is(err, io.EOF) {
			return true
		}
		skip := bytes.Index(b, []byte(zipDescriptor))
		switch {
		case skip == 0:
			var d [length]byte
			copy(d[:], b)
			if int64(le.Uint32(d[sizes:])) == at || le.Uint64(d[sizes:]) == uint64(at) {
				return true
			}
			skip = len(zipDescriptor)
		case skip < 0 && err != nil:
			return false
		case skip < 0:
			skip = len(b) - len(zipDescriptor) + 1
		}
		n, _ := r.Discard(skip)
		at += int64(n)
	}
	return false
}
