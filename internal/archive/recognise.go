package archive

import (
	"bytes"
	"fmt"
	"io"
)

// magics are the formats that begin with bytes of their own, or have them at an
// offset. A format without List and Unpack is named so that it can be told.
var magics = []struct {
	offset int
	magic  string
	format Format
}{
	{0, "PK\x03\x04", Format{Name: "zip", List: listZip}},
	{0, "PK\x05\x06", Format{Name: "zip", List: listZip}}, // one without entries
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
	{0, "\x04\x22\x4d\x18", Format{Name: "LZ4"}},
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
	case isCpio(head):
		return &Format{Name: "cpio", List: listCpio}, nil
	case isAsar(head):
		return &Format{Name: "asar", List: listAsar}, nil
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
	if is, err := isDiskImage(r, size); is || err != nil {
		return &Format{Name: "disk image"}, err
	}
	return &Format{Name: "bzip2", Unpack: unpackBzip2}, nil
}

// isDiskImage looks for the trailer of UDIF, the last 512 bytes of an image.
func isDiskImage(r io.ReaderAt, size int64) (bool, error) {
	var magic [4]byte
	if size < 512 {
		return false, nil
	}
	if err := readAt(r, size, magic[:], size-512); err != nil {
		return false, fmt.Errorf("look for a disk image: %w", err)
	}
	return string(magic[:]) == "koly", nil
}

// MayFollow reports whether a file that begins so is a script or program behind which
// there may be a zip, as those that unpack themselves have it.
func MayFollow(head []byte) bool {
	return bytes.HasPrefix(head, []byte("#!")) || bytes.HasPrefix(head, []byte("MZ"))
}

// recogniseTail looks for a zip behind a program or script that unpacks it.
func recogniseTail(r io.ReaderAt, size int64) (*Format, error) {
	end, err := findZipEnd(r, size)
	if err != nil || end == nil {
		return nil, err
	}
	return &Format{Name: "zip", List: listZip}, nil
}
