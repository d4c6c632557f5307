package archive

import (
	"bytes"
	"encoding/binary"
	"io"
	"iter"
	"slices"
	"strconv"
	"sync"
)

// tail is the end of a file, as far back as readers look for the end of central directory
// record of a zip. No comment has more than 65,535 bytes, but unzip takes a record with
// more behind it: it searches 66,000 bytes in whole blocks of 8,192 (process.c of Info-ZIP's
// UnZip, find_ecrec), and 7-Zip 128 KiB (ZipIn.cpp, kBufSizeMax).
type tail struct {
	b    []byte
	size int64 // of the file
	buf  *[maxTail]byte
}

const maxTail = 128 << 10

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

// image returns the disk image that ends so, nil for none: the last 512 bytes begin as the
// trailer of UDIF does, or the last 8 are the magic number of an encrypted image of the first
// version. If it is to be sure the trailer is of the version and size that there is
// (DmgHandler.cpp of 7-Zip).
func (t tail) image(sure bool) *Format {
	const size, magic = 512, "koly\x00\x00\x00\x04\x00\x00\x02\x00"
	begin := magic[:4]
	if sure {
		begin = magic
	}
	switch {
	case len(t.b) >= size && bytes.HasPrefix(t.b[len(t.b)-size:], []byte(begin)):
		return &Format{Name: "disk image", Opaque: true}
	case bytes.HasSuffix(t.b, []byte("cdsaencr")):
		return &Format{Name: "disk image, encrypted", Opaque: true}
	}
	return nil
}

// directory is the central directory of a zip that readers find by the record behind it.
type directory struct {
	begin, at int64 // of it, and of the record
	end       int64 // of the comment of that
	base      int64 // from which its offsets count
	apart     bool  // it is not before the record, but where that says
}

// directories returns what end of central directory records there are with a directory, with
// an entry, where they say or before them: the four bytes of the magic number alone are in
// every program that reads zips.
// What has the magic number very often is taken for one with a directory anywhere.
func (t tail) directories(r io.ReaderAt) []directory {
	const most, mostFound = 1000, 32
	var all []directory
	le := binary.LittleEndian
	for from, n := 0, 0; ; n++ {
		i := bytes.Index(t.b[from:], []byte(zipEnd))
		if i < 0 || from+i+zipEndSize > len(t.b) {
			return all
		}
		b := t.b[from+i:]
		at := t.size - int64(len(b))
		from += i + 1
		if n > most || len(all) > mostFound {
			return append(all, directory{at: at, end: t.size, apart: true})
		}
		length, offset := int64(le.Uint32(b[12:])), int64(le.Uint32(b[16:]))
		d := directory{begin: at - length, at: at, base: max(0, at-length-offset)}
		d.end = min(at+zipEndSize+int64(le.Uint16(b[20:])), t.size)
		switch {
		case hasMagic(r, at, at-locatorSize, zip64Locator):
			d.begin, d.base = at-locatorSize, 0
		case hasMagic(r, at, at-length, zipCentral):
		case hasMagic(r, at, offset, zipCentral):
			d.begin, d.base, d.apart = offset, 0, true
		default:
			continue
		}
		all = append(all, d)
	}
}

// isExact reports whether the comment of a record ends the file.
func (t tail) isExact(zips []directory) bool {
	return slices.ContainsFunc(zips, func(d directory) bool {
		return d.at+zipEndSize+int64(binary.LittleEndian.Uint16(t.b[int64(len(t.b))-t.size+d.at+20:])) == t.size
	})
}

// hasMagic reports whether what ends at end has a magic number at an offset.
func hasMagic(r io.ReaderAt, end, offset int64, magic string) bool {
	b := make([]byte, len(magic))
	return readAt(r, end, b, offset) == nil && string(b) == magic
}

var errZipBehind = ambiguous("behind it there is the end of a zip, as which some readers take it")

// withoutZip lists an archive in which readers find zips by its end. They are no other
// reading of it where each lies in an entry that is stored, in which it is found as well.
func withoutZip(list lister, zips []directory) lister {
	return func(r io.ReaderAt, size int64) iter.Seq2[Entry, error] {
		return func(yield func(Entry, error) bool) {
			zips := slices.Clone(zips)
			for e, err := range list(r, size) {
				if err == nil && e.Err == nil && e.Mode.IsRegular() && e.Method == Stored {
					zips = slices.DeleteFunc(zips, func(d directory) bool {
						return !d.apart && e.Offset <= d.begin && e.Packed >= d.at+zipEndSize-e.Offset
					})
				}
				if !yield(e, err) {
					return
				}
			}
			if len(zips) > 0 {
				yield(Entry{}, errZipBehind)
			}
		}
	}
}

// listZips lists the zips that readers find by the end of a file whose own format is not
// read: some take it for the one, others for the other. With several, each is a folder.
func listZips(zips []directory) lister {
	return func(r io.ReaderAt, size int64) iter.Seq2[Entry, error] {
		return func(yield func(Entry, error) bool) {
			for _, d := range zips {
				for e, err := range listZip(io.NewSectionReader(r, d.base, d.end-d.base), d.end-d.base) {
					e.Offset += d.base
					if len(zips) > 1 && err == nil {
						e.Name = "zip at " + strconv.FormatInt(d.base, 10) + "/" + e.Name
					}
					if !yield(e, err) {
						return
					}
				}
			}
		}
	}
}

// withZip unpacks a stream in which readers find zips by its end. They are no other reading
// of it where what it packs has them at its end, as they are: deflate, zstd and pbzx keep what
// they cannot make smaller.
func withZip(unpack unpacker, r io.ReaderAt, size int64, zips []directory) unpacker {
	const most = 1 << 20 // bytes of all directories
	var want [][]byte
	left := int64(most)
	for _, d := range zips {
		n := d.at + zipEndSize - d.begin
		if left -= n; left < 0 || d.apart {
			want = nil
			break
		}
		b := make([]byte, n)
		if readAt(r, size, b, d.begin) != nil {
			want = nil
			break
		}
		want = append(want, b)
	}
	return func(r io.Reader) (io.ReadCloser, error) {
		c, err := unpack(r)
		if err != nil {
			return nil, err
		}
		e := &ending{ReadCloser: c, want: want}
		for _, b := range want {
			e.keep = max(e.keep, maxTail+len(b))
		}
		return e, nil
	}
}

// ending is a stream whose end has to have all that is wanted, if that is anything.
type ending struct {
	io.ReadCloser
	want [][]byte
	keep int // bytes of the end
	last []byte
}

func (e *ending) Read(b []byte) (int, error) {
	n, err := e.ReadCloser.Read(b)
	e.last = append(e.last, b[max(0, n-e.keep):n]...)
	if len(e.last) > 2*e.keep {
		e.last = slices.Delete(e.last, 0, len(e.last)-e.keep)
	}
	if err == io.EOF && !e.has() {
		err = errZipBehind
	}
	return n, err
}

func (e *ending) has() bool {
	for _, b := range e.want {
		i := bytes.LastIndex(e.last, b)
		if i < 0 || len(e.last)-i-len(b)+zipEndSize > maxTail {
			return false
		}
	}
	return len(e.want) > 0
}
