package archive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
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

// headSize is how much of the beginning of a file tells its format.
const headSize = 512

// Recognise returns the format of a file of that size, nil for one that packs nothing.
func Recognise(r io.ReaderAt, size int64) (*Format, error) {
	head := make([]byte, min(headSize, size))
	if err := readAt(r, size, head, 0); err != nil {
		return nil, err
	}
	for _, m := range magics {
		if len(head) >= m.offset && bytes.HasPrefix(head[m.offset:], []byte(m.magic)) {
			return &m.format, nil
		}
	}
	switch {
	case isBzip2(head):
		return recogniseBzip2(r, size)
	case isCpio(r, size, head):
		return &Format{Name: "cpio", List: listCpio}, nil
	case isOldCpio(head):
		return &Format{Name: "binary cpio"}, nil
	case isSkippable(head):
		return &Format{Name: "zstd", Unpack: unpackZstd}, nil
	case isLZMA(head):
		return &Format{Name: "LZMA"}, nil
	case isCompress(head):
		return &Format{Name: "compress"}, nil
	case isAsar(r, size):
		return &Format{Name: "asar", List: listAsar}, nil
	case isUuencode(head):
		return &Format{Name: "uuencode"}, nil
	case isAppleDouble(r, size, head):
		return &Format{Name: "AppleDouble with a program as its resource fork"}, nil
	case isOldTar(head):
		return &Format{Name: "tar", List: listTar}, nil
	case MayFollow(head):
		return recogniseTail(r, size)
	}
	return nil, nil
}

// recogniseBzip2 tells a file that bzip2 has packed from a disk image whose first
// block it has packed.
func recogniseBzip2(r io.ReaderAt, size int64) (*Format, error) {
	if f, err := DiskImage(r, size); f != nil || err != nil {
		return f, err
	}
	return &Format{Name: "bzip2", Unpack: unpackBzip2}, nil
}

// DiskImage looks for the trailer of UDIF, the last 512 bytes of an image, which may begin
// with anything. It returns nil when there is none.
func DiskImage(r io.ReaderAt, size int64) (*Format, error) {
	var magic [4]byte
	if size < 512 {
		return nil, nil
	}
	if err := readAt(r, size, magic[:], size-512); err != nil {
		return nil, fmt.Errorf("look for a disk image: %w", err)
	}
	if string(magic[:]) != "koly" {
		return nil, nil
	}
	return &Format{Name: "disk image"}, nil
}

// MayFollow reports whether a file that begins so is a script or program behind which
// there may be a zip, as those that unpack themselves have it.
func MayFollow(head []byte) bool {
	return bytes.HasPrefix(head, []byte("#!")) || bytes.HasPrefix(head, []byte("MZ"))
}

// recogniseTail looks for a zip behind a program or script that unpacks it.
func recogniseTail(r io.ReaderAt, size int64) (*Format, error) {
	end, err := findZipEnd(r, size)
	if err != nil {
		return nil, err
	}
	if end == nil {
		return recogniseScript(r, size)
	}
	return &Format{Name: "zip", List: listZip}, nil
}

// recogniseScript looks for a stream at the beginning of a line of a script that unpacks
// it, as makeself writes them.
func recogniseScript(r io.ReaderAt, size int64) (*Format, error) {
	b := make([]byte, min(maxScript, size))
	if err := readAt(r, size, b, 0); err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(b, []byte("#!")) {
		return nil, nil
	}
	for _, magic := range []string{"\x1f\x8b\x08", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd"} {
		if bytes.Contains(b, []byte("\n"+magic)) {
			return &Format{Name: "a script with an archive behind it"}, nil
		}
	}
	for rest := b; ; {
		_, after, found := bytes.Cut(rest, []byte("\nBZh"))
		if !found {
			return nil, nil
		}
		if isBzip2(append([]byte("BZh"), after[:min(len(after), 7)]...)) {
			return &Format{Name: "a script with an archive behind it"}, nil
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
