package archive_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/codewarrant/codewarrant/internal/archive"
	at "github.com/codewarrant/codewarrant/internal/archivetest"
)

var files = at.Files{
	"dir/tool": "\xcf\xfa\xed\xfe, and more", "dir/link": "-> tool", "dir/empty": "", "ünï": "text",
}

// seeds are one of each format.
func seeds() map[string][]byte {
	list := map[string][]byte{"ar": at.Ar(at.Files{"a.o": "\xcf\xfa\xed\xfe", "a name of over sixteen bytes": "text"})}
	for _, f := range at.Formats {
		list[f.Name] = f.Pack(files)
	}
	for _, s := range at.Streams {
		list[s.Name] = s.Pack([]byte("\xcf\xfa\xed\xfe, and more"))
	}
	return list
}

// FuzzArchive recognises and reads anything. What is told of an entry must hold: its
// bytes lie in the archive, and no more is read of it than it says.
func FuzzArchive(f *testing.F) {
	for _, b := range seeds() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		format, _ := archive.Recognise(r, int64(len(b)), nil, true)
		switch {
		case format == nil:
		case format.Unpack != nil:
			s, err := format.Unpack(r)
			if err != nil {
				return
			}
			defer s.Close()
			io.CopyN(io.Discard, s, 1<<20)
		case format.List != nil:
			for e, err := range format.List(r, int64(len(b))) {
				if err == nil {
					read(t, e, r, int64(len(b)))
				}
			}
		}
	})
}

func read(t *testing.T, e archive.Entry, r io.ReaderAt, size int64) {
	if e.Err != nil {
		return
	}
	if e.Offset < 0 || e.Packed < 0 || e.Size < 0 || e.Offset > size || e.Packed > size-e.Offset {
		t.Fatalf("%q: %d bytes at %d of %d, which hold %d", e.Name, e.Packed, e.Offset, size, e.Size)
	}
	c, err := e.Open(r)
	if err != nil {
		return
	}
	defer c.Close()
	n, err := io.Copy(io.Discard, io.LimitReader(c, 1<<20))
	if n > e.Size || err == nil && n < e.Size && n < 1<<20 {
		t.Fatalf("%q: read %d bytes of %d: %v", e.Name, n, e.Size, err)
	}
}
