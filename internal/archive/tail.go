package archive

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
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
	case len(t.b) >= size && bytes.HasPrefix(t.b[len(t.b)-size:], []byte(begin)), bytes.HasSuffix(t.b, []byte("cdsaencr")):
		return &Format{Name: "disk image", Image: true}
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
// One that has both is two: Go's archive/zip, for one, takes that where it says (readDirectoryEnd).
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
		before, says := at-length, []int64{offset}
		switch {
		case hasMagic(r, at, at-locatorSize, zip64Locator):
			d.begin, d.base = at-locatorSize, 0
			all = append(all, d)
			record := d.begin - zip64EndSize
			before -= at - record
			if where := number(r, at, d.begin+8); where != record && hasMagic(r, at, where, zip64End) {
				all = append(all, directory{begin: where, at: at, end: d.end, apart: true})
			}
			if hasMagic(r, at, record, zip64End) {
				before = record - number(r, at, record+40)
				if o := number(r, at, record+48); o != offset {
					says = append(says, o)
				}
			}
		case hasMagic(r, at, before, zipCentral):
			all = append(all, d)
		}
		for _, offset := range says {
			if offset != before && hasMagic(r, at, offset, zipCentral) {
				all = append(all, directory{begin: offset, at: at, end: d.end, apart: true})
			}
		}
	}
}

// number returns the number of eight bytes at an offset of what ends at end, -1 where there is none.
func number(r io.ReaderAt, end, offset int64) int64 {
	var b [8]byte
	if readAt(r, end, b[:], offset) != nil {
		return -1
	}
	return int64(binary.LittleEndian.Uint64(b[:]))
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
