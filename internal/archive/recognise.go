package archive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
)

// magics are the formats that begin with bytes of their own, or have them at an
// offset. A format without List and Unpack is named so that it can be told.
var magics = []struct {
	offset int
	magic  string
	format Format
}{
	{0, "PK\x03\x04", Format{Name: "zip", List: listZip}},
	{0, "PK\x05\x06", Format{Name: "zip", List: listZip}},           // one without entries
	{0, "PK\x07\x08PK\x03\x04", Format{Name: "zip", List: listZip}}, // the first part of several (8.5.3)
	{0, "PK00PK\x03\x04", Format{Name: "zip", List: listZip}},       // one that became no more than one part (8.5.4)
	{257, "ustar", Format{Name: "tar", List: listTar}},
	{0, "!<arch>\n", Format{Name: "ar", List: listAr}},
	{0, "xar!", Format{Name: "xar", List: listXar}},
	{0, "\x1f\x8b\x08", Format{Name: "gzip", Unpack: unpackGzip}},
	{0, "\xfd7zXZ\x00", Format{Name: "xz", Unpack: unpackXZ}},
	{0, "\x28\xb5\x2f\xfd", Format{Name: "zstd", Unpack: unpackZstd}},
	{0, "pbzx", Format{Name: "pbzx", Unpack: unpackPbzx}},
	{0, "7z\xbc\xaf\x27\x1c", Format{Name: "7-Zip"}},
	{0, "Rar!\x1a\x07", Format{Name: "RAR"}},
	{0, "MSCF\x00\x00\x00\x00", Format{Name: "Microsoft cabinet"}},
	{0, "MSWIM\x00\x00\x00", Format{Name: "Windows image"}},
	{0, "\x04\x22\x4d\x18", Format{Name: "LZ4"}},
	{0, "\x02\x21\x4c\x18", Format{Name: "LZ4"}}, // as it was before it had frames
	{0, "\x89LZO\x00\x0d\x0a\x1a\x0a", Format{Name: "lzop"}},
	{0, "LZIP\x01", Format{Name: "lzip"}},
	{0, "AA01", Format{Name: "Apple Archive"}},
	{0, "YAA1", Format{Name: "Apple Archive"}},
	{0, "!<thin>\n", Format{Name: "thin ar", List: nil}},
}

// told are the formats that have no magic, or a short one, and are told by all that their
// header says.
var told = []struct {
	is     func(r io.ReaderAt, size int64, head []byte) bool
	format Format
}{
	{byHead(isBzip2), Format{Name: "bzip2", Unpack: unpackBzip2}},
	{isCpio, Format{Name: "cpio", List: listCpio}},
	{byHead(isOldCpio), Format{Name: "binary cpio"}},
	{byHead(isSkippable), Format{Name: "zstd", Unpack: unpackZstd}},
	{byHead(isLZMA), Format{Name: "LZMA"}},
	{byHead(isCompress), Format{Name: "compress"}},
	{isAsar, Format{Name: "asar", List: listAsar}},
	{byHead(isUuencode), Format{Name: "uuencode"}},
	{isAppleDouble, Format{Name: "AppleDouble with a program as its resource fork"}},
	{byHead(isOldTar), Format{Name: "tar", List: listTar}},
}

// byHead tells a format by its first bytes alone.
func byHead(is func(head []byte) bool) func(io.ReaderAt, int64, []byte) bool {
	return func(_ io.ReaderAt, _ int64, head []byte) bool { return is(head) }
}

// headSize is how much of the beginning of a file tells its format.
const headSize = 512

// Recognise returns the format of a file of that size, nil for one that packs nothing.
// A file that is read as one format by those that know that, and as another one by others,
// is an AmbiguousError beside the first of them. What the file was found to be before is
// first, nil for nothing.
//
// The end of a file tells a zip and a disk image, which may begin with anything. It is
// looked at if end says so, and else only where the beginning suggests it.
func Recognise(r io.ReaderAt, size int64, first *Format, end bool) (*Format, error) {
	head := make([]byte, min(headSize, size))
	if err := readAt(r, size, head, 0); err != nil {
		return nil, err
	}
	all := begins(r, size, head)
	if first != nil {
		all = append([]*Format{first}, all...)
	}
	if end || len(all) > 0 || MayFollow(head) {
		var err error
		if all, err = ends(r, size, all); err != nil {
			return nil, err
		}
	}
	switch len(all) {
	case 0:
		return nil, nil
	case 1:
		return all[0], nil
	}
	return all[0], ambiguous("some readers take it for the format %s, others for %s", all[0].Name, all[1].Name)
}

// Begins returns the first format that a file with that head may be of, nil for none.
func Begins(head []byte) *Format {
	if all := begins(bytes.NewReader(head), int64(len(head)), head); len(all) > 0 {
		return all[0]
	}
	return nil
}

// begins returns the formats that head is the beginning of.
func begins(r io.ReaderAt, size int64, head []byte) []*Format {
	var all []*Format
	add := func(f *Format) {
		if !slices.ContainsFunc(all, func(other *Format) bool { return other.Name == f.Name }) {
			all = append(all, f)
		}
	}
	for i, m := range magics {
		if len(head) >= m.offset && bytes.HasPrefix(head[m.offset:], []byte(m.magic)) {
			add(&magics[i].format)
		}
	}
	for i := range told {
		if told[i].is(r, size, head) {
			add(&told[i].format)
		}
	}
	return all
}

// ends adds the formats that the end of a file tells to those that its beginning does.
func ends(r io.ReaderAt, size int64, all []*Format) ([]*Format, error) {
	tail, err := readTail(r, size)
	if err != nil {
		return nil, err
	}
	defer tail.release()
	image := &Format{Name: "disk image"}
	switch {
	case len(all) == 0 && tail.hasTrailer():
		return []*Format{image}, nil
	case len(all) == 0 && tail.hasDirectory(r, size, false):
		return []*Format{{Name: "zip", List: listZip}}, nil
	case len(all) == 0:
		return behindScript(r, size)
	case tail.isImage() && all[0].Unpack != nil: // which has packed the first block of an image
		image.Unpack, image.Opaque = all[0].Unpack, true
		all = append([]*Format{image}, all[1:]...)
	case tail.isImage():
		all = append(all, image)
	}
	if all[0].Name == "zip" || !tail.hasDirectory(r, size, true) {
		return all, nil
	}
	f := *all[0]
	switch {
	case f.List != nil:
		f.List = withoutZip(f.List)
	case f.Unpack != nil:
		f.Unpack, f.Whole = endingAs(f.Unpack, bytes.Clone(tail.b[len(tail.b)-zipEndSize:])), true
	default:
		return append(all, &Format{Name: "zip", List: listZip}), nil
	}
	all[0] = &f
	return all, nil
}

// endingAs unpacks a stream that ends as a zip does, which is no other reading of it where
// what it packs has the same end, as it is: zstd and pbzx keep what they cannot make smaller.
func endingAs(unpack func(io.Reader) (io.ReadCloser, error), end []byte) func(io.Reader) (io.ReadCloser, error) {
	return func(r io.Reader) (io.ReadCloser, error) {
		c, err := unpack(r)
		if err != nil {
			return nil, err
		}
		return &ending{ReadCloser: c, want: end}, nil
	}
}

// ending is a stream of which the last bytes are known.
type ending struct {
	io.ReadCloser
	want, last []byte
}

func (e *ending) Read(b []byte) (int, error) {
	n, err := e.ReadCloser.Read(b)
	e.last = append(e.last, b[max(0, n-len(e.want)):n]...)
	e.last = e.last[max(0, len(e.last)-len(e.want)):]
	if err == io.EOF && !bytes.Equal(e.last, e.want) {
		err = errZipBehind
	}
	return n, err
}

var errZipBehind = ambiguous("behind it there is the end of a zip, as which some readers take it")

// withoutZip lists an archive that ends as a zip does, which is no other reading of it
// where the zip is an entry that is stored.
func withoutZip(list func(io.ReaderAt, int64) iter.Seq2[Entry, error]) func(io.ReaderAt, int64) iter.Seq2[Entry, error] {
	return func(r io.ReaderAt, size int64) iter.Seq2[Entry, error] {
		return func(yield func(Entry, error) bool) {
			last, within := size-zipEndSize, false
			for e, err := range list(r, size) {
				within = within || e.Method == Stored && e.Offset <= last && e.Packed >= size-e.Offset
				if !yield(e, err) {
					return
				}
			}
			if !within {
				yield(Entry{}, errZipBehind)
			}
		}
	}
}

// MayFollow reports whether a file that begins so is a script or program behind which
// there may be a zip, as those that unpack themselves have it.
func MayFollow(head []byte) bool {
	return bytes.HasPrefix(head, []byte("#!")) || bytes.HasPrefix(head, []byte("MZ"))
}

// behindScript looks for a stream at the beginning of a line of a script that unpacks it,
// as makeself writes them.
func behindScript(r io.ReaderAt, size int64) ([]*Format, error) {
	script := []*Format{{Name: "a script with an archive behind it"}}
	b := make([]byte, min(maxScript, size))
	if err := readAt(r, size, b, 0); err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(b, []byte("#!")) {
		return nil, nil
	}
	for _, magic := range []string{"\x1f\x8b\x08", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd"} {
		if bytes.Contains(b, []byte("\n"+magic)) {
			return script, nil
		}
	}
	for rest := b; ; {
		_, after, found := bytes.Cut(rest, []byte("\nBZh"))
		if !found {
			return nil, nil
		}
		if isBzip2(append([]byte("BZh"), after[:min(len(after), 7)]...)) {
			return script, nil
		}
		rest = after
	}
}

// maxScript is how much of a script is looked at, in bytes. That of makeself has some 20 KB.
const maxScript = 64 << 10

// isUuencode reports whether head has the line that uuencode begins with (POSIX.1), and
// behind it one as long as it says by its first character, or of base64.
func isUuencode(head []byte) bool {
	line, rest, _ := bytes.Cut(head, []byte("\n"))
	next, _, found := bytes.Cut(rest, []byte("\n"))
	next = bytes.TrimSuffix(next, []byte("\r"))
	var kind, name string
	var mode uint
	if n, _ := fmt.Sscanf(string(line), "%s %o %s", &kind, &mode, &name); n < 3 || !found || len(next) == 0 {
		return false
	}
	switch kind {
	case "begin":
		length := 1 + (int(next[0]-' ')&63+2)/3*4
		return (len(next) == length || len(next) == length+1) && bytes.IndexFunc(next, func(c rune) bool { return c < ' ' || c > '`' }) < 0
	case "begin-base64":
		return len(next)%4 == 0
	}
	return false
}

// isAppleDouble reports whether head is that of a file beside another, which has its
// resource fork, and in that a program (RFC 1740, appendix B).
func isAppleDouble(r io.ReaderAt, size int64, head []byte) bool {
	const header, entry, fork = 26, 12, 2
	if len(head) < header || string(head[:4]) != "\x00\x05\x16\x07" {
		return false
	}
	be := binary.BigEndian
	for i := range int(be.Uint16(head[24:])) {
		at := header + i*entry
		if at+entry > len(head) {
			return false
		}
		var magic [4]byte
		if be.Uint32(head[at:]) == fork && readAt(r, size, magic[:], int64(be.Uint32(head[at+4:]))) == nil {
			return isProgram(magic)
		}
	}
	return false
}

// isProgram reports whether a file begins so that is a program for macOS (<mach-o/loader.h>,
// <mach-o/fat.h>).
func isProgram(magic [4]byte) bool {
	switch binary.BigEndian.Uint32(magic[:]) {
	case 0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe, 0xcafebabe, 0xcafebabf, 0xbebafeca, 0xbfbafeca:
		return true
	}
	return false
}

// isSkippable reports whether head begins with a frame that is skipped, as what pzstd
// writes does (zstd_compression_format.md, "Skippable Frames").
func isSkippable(head []byte) bool {
	return len(head) >= 4 && head[0]>>4 == 5 && string(head[1:4]) == "\x2a\x4d\x18"
}

// isLZMA reports whether head is that of the format before xz, which has no magic: the
// properties that all writers take, a power of two or that and its half for the dictionary,
// a size that is not known or not huge, and a zero (xz, doc/lzma-file-format.txt).
func isLZMA(head []byte) bool {
	if len(head) < 14 || head[0] != 0x5d || head[13] != 0 {
		return false
	}
	dict, size := binary.LittleEndian.Uint32(head[1:]), binary.LittleEndian.Uint64(head[5:])
	low := dict & -dict
	return dict >= 4<<10 && (dict == low || dict == 3*low) && (size == math.MaxUint64 || size < 1<<38)
}

// isCompress reports whether head begins as what compress writes: a magic of two bytes, and
// one that says how many bits a code has at most (ncompress, compress42.c).
func isCompress(head []byte) bool {
	if len(head) < 3 || string(head[:2]) != "\x1f\x9d" {
		return false
	}
	codes := head[2] & 0x1f
	return head[2]&0x60 == 0 && 9 <= codes && codes <= 16
}

// isOldCpio reports whether head begins with a header of numbers in binary, in either
// byte order, which is what GNU's cpio writes unless it is told otherwise (cpio(5) of
// FreeBSD): a type of file, and a name that ends in a zero.
func isOldCpio(head []byte) bool {
	const header, magic = 26, 0o070707
	if len(head) < header {
		return false
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		kind, name := order.Uint16(head[6:])>>12, int(order.Uint16(head[20:]))
		if order.Uint16(head) == magic && kind != 0 && 0 < name && name <= maxName {
			return header+name > len(head) || head[header+name-1] == 0
		}
	}
	return false
}
