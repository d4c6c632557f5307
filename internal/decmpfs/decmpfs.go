// Package decmpfs reads files that HFS+ and APFS keep compressed. Such a file has a flag
// (UF_COMPRESSED), the extended attribute com.apple.decmpfs, and nothing in its data fork:
// the contents are in the attribute, or in blocks of 64 KiB in the resource fork.
//
// The header is that of bsd/sys/decmpfs.h in xnu; the types and what they are packed by
// are Apple's own matter, and are as public readers have them (7-Zip's HfsHandler.cpp,
// libfsapfs' documentation).
package decmpfs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/lzfse"
)

// Attribute is the name of the extended attribute.
const Attribute = "com.apple.decmpfs"

// MaxAttribute bounds the attribute, in bytes. The kernel takes none longer than
// MAX_DECMPFS_XATTR_SIZE, 3802.
const MaxAttribute = 3802

const (
	// blockSize is what a block in a resource fork holds, in bytes.
	blockSize = 64 << 10

	// maxInline bounds what an attribute holds, in bytes. Files of more than a block are
	// in the resource fork.
	maxInline = 1 << 20

	// maxSize bounds a file, in bytes, far from overflow: the offsets of a resource fork
	// have 32 bits.
	maxSize = 1 << 40
)

// The types of compression.
const (
	stored     = 1
	zlibAttr   = 3
	zlibFork   = 4
	lzvnAttr   = 7
	lzvnFork   = 8
	markedAttr = 9  // as it is behind a first byte
	markedFork = 10 // likewise, with the table of zlib (linux-apfs-rw, compress.c)
	lzfseAttr  = 11
	lzfseFork  = 12
)

// names are those of the types that are known and not read.
var names = map[uint32]string{5: "a generation store", 13: "LZBITMAP", 14: "LZBITMAP"}

const headerSize = 16

// Header is the header of the attribute.
type Header struct {
	Type uint32
	Size int64 // of the file, in bytes
}

// ReadHeader reads the header. The error may be an [archive.UnsupportedError].
func ReadHeader(attribute []byte) (Header, error) {
	const magic = "fpmc" // "cmpf" in the order of little-endian
	if len(attribute) < headerSize || len(attribute) > MaxAttribute || string(attribute[:4]) != magic {
		return Header{}, fmt.Errorf("%d bytes of %s that are no header of it", len(attribute), Attribute)
	}
	h := Header{Type: le32(attribute[4:])}
	size := binary.LittleEndian.Uint64(attribute[8:])
	if size > maxSize {
		return h, fmt.Errorf("a compressed file of %d bytes, where the limit is %d", size, int64(maxSize))
	}
	h.Size = int64(size)
	switch h.Type {
	case stored, zlibAttr, lzvnAttr, markedAttr, lzfseAttr:
		if size > maxInline {
			return h, fmt.Errorf("a file of %d bytes in its attribute, where the limit is %d", size, maxInline)
		}
	case zlibFork, lzvnFork, markedFork, lzfseFork:
	default:
		by := names[h.Type]
		if by == "" {
			by = "what is not known"
		}
		return h, archive.Unsupported("a file compressed by %s (type %d)", by, h.Type)
	}
	return h, nil
}

// InFork reports whether the contents are in the resource fork.
func (h Header) InFork() bool { return h.Type >= zlibFork && h.Type%2 == 0 }

func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

// Allow is asked before so many bytes are unpacked, and its error is why they are not. Nil allows all.
type Allow func(bytes int64) error

// Ask returns why so many bytes are not unpacked, nil when they are.
func (a Allow) Ask(bytes int64) error {
	if a == nil {
		return nil
	}
	return a(bytes)
}

// Open returns the contents of a file: of its attribute and its resource fork, which is
// read when the contents are and may be nil for those that are in the attribute.
func Open(attribute []byte, fork io.ReaderAt, forkSize int64, allow Allow) (io.ReaderAt, int64, error) {
	h, err := ReadHeader(attribute)
	if err != nil {
		return nil, 0, err
	}
	if !h.InFork() {
		if err := allow.Ask(h.Size); err != nil {
			return nil, 0, err
		}
		b := make([]byte, h.Size)
		if err := unpack(b, attribute[headerSize:], h.Type); err != nil {
			return nil, 0, fmt.Errorf("%s: %w", Attribute, err)
		}
		return bytes.NewReader(b), h.Size, nil
	}
	f := &file{Header: h, fork: fork, forkSize: forkSize, allow: allow}
	if err := f.open(); err != nil {
		return nil, 0, fmt.Errorf("compressed resource fork: %w", err)
	}
	return f, h.Size, nil
}

// unpack unpacks a block, or an attribute, into b, which it has to fill. Bytes that
// are not worth it stand as they are behind a first byte that no stream begins with.
func unpack(b, packed []byte, kind uint32) error {
	if kind == stored {
		if len(packed) != len(b) {
			return fmt.Errorf("%d bytes where %d belong", len(packed), len(b))
		}
		copy(b, packed)
		return nil
	}
	if len(packed) == 0 {
		if len(b) == 0 {
			return nil
		}
		return io.ErrUnexpectedEOF
	}
	marked := false
	switch kind {
	case zlibAttr, zlibFork:
		marked = packed[0]&0x0f == 0x0f // the method of zlib is 8
	case lzvnAttr, lzvnFork:
		marked = packed[0] == 0x06 // the end of LZVN
	case markedAttr, markedFork:
		marked = true
	default:
		marked = packed[0] != 'b' // of the magic of LZFSE's blocks
	}
	switch {
	case marked && len(b) == 0:
		return nil
	case marked && len(packed)-1 != len(b):
		return fmt.Errorf("%d bytes as they are, where %d belong", len(packed)-1, len(b))
	case marked:
		copy(b, packed[1:])
		return nil
	}
	switch kind {
	case zlibAttr, zlibFork:
		return unpackZlib(b, packed)
	case lzvnAttr, lzvnFork:
		return lzfse.UnpackLZVN(b, packed)
	default:
		return lzfse.Unpack(b, packed)
	}
}

var zlibs sync.Pool

func unpackZlib(b, packed []byte) error {
	r, ok := zlibs.Get().(io.ReadCloser)
	var err error
	if ok {
		err = r.(zlib.Resetter).Reset(bytes.NewReader(packed), nil)
	} else {
		r, err = zlib.NewReader(bytes.NewReader(packed))
	}
	if err != nil {
		return err
	}
	defer zlibs.Put(r)
	if _, err := io.ReadFull(r, b); err != nil {
		return fmt.Errorf("zlib: %w", err)
	}
	var more [1]byte
	if n, err := io.ReadFull(r, more[:]); n > 0 {
		return fmt.Errorf("zlib: more than the %d bytes that belong there", len(b))
	} else if !errors.Is(err, io.EOF) {
		return fmt.Errorf("zlib: %w", err)
	}
	return nil
}
