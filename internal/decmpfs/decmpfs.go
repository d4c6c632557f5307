// Package decmpfs reads the files that HFS+ and APFS keep compressed: as an extended
// attribute, com.apple.decmpfs, and in what is large as the resource fork.
//
// The header is decmpfs_disk_header of XNU (bsd/sys/decmpfs.h). What follows it is of
// AppleFSCompression, which Apple documents nowhere; it is here as public readers have it
// (apfs-fuse: Decmpfs.cpp, linux-apfs-rw: compress.c, The Sleuth Kit: decmpfs.h, 7-Zip:
// HfsHandler.cpp), and names the kinds as Apple's copyfile.c does. Where no sum of the format
// tells, a changed file is not told from the one that was written: of these kinds only
// zlib has one.
package decmpfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

const (
	// Attribute and Fork are the names of the extended attributes on APFS. On HFS+ the
	// resource fork is a fork.
	Attribute = "com.apple.decmpfs"
	Fork      = "com.apple.ResourceFork"

	magic  = "fpmc" // DECMPFS_MAGIC, 'cmpf', as it is stored
	header = 16     // the magic, a kind, and the size of the file, in 4, 4 and 8 bytes, little-endian

	// chunk is how much of a file is compressed by itself.
	chunk = 64 << 10

	// MaxAttribute bounds the attribute, in bytes. Volumes keep up to 3802 in place; what
	// is larger is in the resource fork.
	MaxAttribute = 64 << 10

	// maxInline bounds the file that an attribute holds, in bytes. What is larger than a
	// chunk goes to the resource fork.
	maxInline = 1 << 20
)

// UnsupportedError is a kind of compression that is not read.
type UnsupportedError struct{ What string }

func (e *UnsupportedError) Error() string { return e.What + ", which is not read" }

// File is a compressed file. It may be read by several at a time.
type File struct {
	size   int64
	unpack func(dst, src []byte) error
	locate func(n int64) (offset, packed int64, err error) // nil for one that is inline

	fork     io.ReaderAt
	forkSize int64

	mu     sync.Mutex
	at     int64 // which chunk was unpacked last, -1 for none
	chunk  []byte
	packed []byte
}

// Kind is how a file is compressed, and where what is compressed is.
type kind struct {
	unpack func(dst, src []byte) error
	locate func(f *File, n int64) (offset, packed int64, err error)
	open   func(f *File) error
}

var kinds = map[uint32]kind{
	1:  {unpack: copied},
	3:  {unpack: unzip},
	4:  {unpack: unzip, open: (*File).openResource, locate: (*File).inResource},
	7:  {unpack: lzvn},
	8:  {unpack: lzvn, open: (*File).openRow, locate: (*File).inRow},
	9:  {unpack: stored},
	10: {unpack: stored, open: (*File).openResource, locate: (*File).inResource},
	11: {unpack: unpackLZFSE},
	12: {unpack: unpackLZFSE, open: (*File).openRow, locate: (*File).inRow},
}

var unsupported = map[uint32]string{
	5:          "a file whose contents are kept in the store of document versions (decmpfs kind 5)",
	13:         "a file compressed by LZBitmap (decmpfs kind 13)",
	14:         "a file compressed by LZBitmap (decmpfs kind 14)",
	0x80000001: "a file whose contents are elsewhere (decmpfs kind 0x80000001, dataless)",
	0x80000002: "a package whose contents are elsewhere (decmpfs kind 0x80000002, dataless)",
}

// Open reads the attribute of a compressed file. The fork is only read where the kind keeps
// the contents there, and may be nil when there is none. The error may be, or wrap, an
// [UnsupportedError].
func Open(attribute []byte, fork io.ReaderAt, forkSize int64) (*File, error) {
	f, err := open(attribute, fork, forkSize)
	if err != nil {
		return nil, fmt.Errorf("decmpfs: %w", err)
	}
	return f, nil
}

func open(attribute []byte, fork io.ReaderAt, forkSize int64) (*File, error) {
	switch {
	case len(attribute) < header:
		return nil, fmt.Errorf("the header has %d bytes, not %d", len(attribute), header)
	case len(attribute) > MaxAttribute:
		return nil, fmt.Errorf("the attribute has %d bytes, more than %d", len(attribute), MaxAttribute)
	case string(attribute[:4]) != magic:
		return nil, fmt.Errorf("the magic is %q, not %q", attribute[:4], magic)
	}
	number, size := binary.LittleEndian.Uint32(attribute[4:]), binary.LittleEndian.Uint64(attribute[8:])
	k, known := kinds[number]
	switch {
	case unsupported[number] != "":
		return nil, &UnsupportedError{unsupported[number]}
	case !known:
		return nil, &UnsupportedError{fmt.Sprintf("a file of the decmpfs kind %#x", number)}
	case size > 1<<62:
		return nil, fmt.Errorf("the size %d is too large", size)
	}
	f := &File{size: int64(size), unpack: k.unpack, fork: fork, forkSize: forkSize, at: -1}
	if k.locate == nil {
		return f, f.inline(attribute[header:])
	}
	if fork == nil {
		return nil, errors.New("the resource fork is missing")
	}
	if err := k.open(f); err != nil {
		return nil, fmt.Errorf("resource fork: %w", err)
	}
	f.locate = func(n int64) (int64, int64, error) { return k.locate(f, n) }
	return f, nil
}

// inline unpacks what is in the attribute.
func (f *File) inline(packed []byte) error {
	if f.size > maxInline {
		return fmt.Errorf("%d bytes in the attribute, more than %d", f.size, maxInline)
	}
	f.chunk = make([]byte, f.size)
	if f.size == 0 && len(packed) == 0 {
		return nil
	}
	return f.unpack(f.chunk, packed)
}

// Size returns that of the file, in bytes.
func (f *File) Size() int64 { return f.size }

// ReadAt unpacks the chunks that hold the bytes. The last one is kept.
func (f *File) ReadAt(b []byte, offset int64) (int, error) {
	switch {
	case offset < 0:
		return 0, fmt.Errorf("the offset %d is before the beginning", offset)
	case offset >= f.size:
		return 0, io.EOF
	}
	var end error
	if int64(len(b)) > f.size-offset {
		b, end = b[:f.size-offset], io.EOF
	}
	if f.locate == nil {
		return copy(b, f.chunk[offset:]), end
	}
	read := 0
	for read < len(b) {
		n, err := f.readChunk(b[read:], offset+int64(read))
		if read += n; err != nil {
			return read, fmt.Errorf("decmpfs: %w", err)
		}
	}
	return read, end
}

func (f *File) readChunk(b []byte, offset int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := offset / chunk; n != f.at {
		if err := f.load(n); err != nil {
			return 0, fmt.Errorf("chunk %d: %w", n, err)
		}
	}
	return copy(b, f.chunk[offset%chunk:]), nil
}

func (f *File) load(n int64) error {
	offset, packed, err := f.locate(n)
	if err != nil {
		return err
	}
	if packed < 1 || packed > chunk+1 {
		return fmt.Errorf("it has %d bytes, which is not between 1 and %d", packed, chunk+1)
	}
	if f.packed == nil {
		f.packed, f.chunk = make([]byte, chunk+1), make([]byte, chunk)
	}
	f.at = -1
	if err := f.read(f.packed[:packed], offset); err != nil {
		return err
	}
	f.chunk = f.chunk[:min(chunk, f.size-n*chunk)]
	if err := f.unpack(f.chunk, f.packed[:packed]); err != nil {
		return fmt.Errorf("%d bytes at offset %d of the resource fork: %w", packed, offset, err)
	}
	f.at = n
	return nil
}

// chunks returns how many there are.
func (f *File) chunks() int64 { return (f.size + chunk - 1) / chunk }

// read fills b from an offset of the resource fork.
func (f *File) read(b []byte, offset int64) error {
	if offset < 0 || offset > f.forkSize || int64(len(b)) > f.forkSize-offset {
		return fmt.Errorf("%d bytes at offset %d are past the end at %d", len(b), offset, f.forkSize)
	}
	n, err := f.fork.ReadAt(b, offset)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes at offset %d: %w", len(b), offset, err)
}
