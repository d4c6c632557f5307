package decmpfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// maxPacked bounds a block as it is packed, in bytes: one that would be longer than it holds
// stands there as it is.
const maxPacked = blockSize + blockSize/2

// file reads a compressed file from the blocks in its resource fork. It keeps none of
// their table, and of the blocks the last one that was read in part.
type file struct {
	Header
	fork     io.ReaderAt
	forkSize int64
	base     int64 // of zlib: where the offsets are counted from
	allow    Allow

	mu   sync.Mutex
	last int64 // the block in kept, -1 for none
	kept []byte
}

// inResource reports whether the blocks are in a resource.
func (h Header) inResource() bool { return h.Type == zlibFork || h.Type == markedFork }

// open reads the beginning of the fork. With zlib that is a resource fork: where the data
// is, and there, after its length, the number of blocks, and of each the offset from
// behind that length and the packed bytes. With the others it is a table of offsets from the
// beginning of the fork: of each block, and of the end.
func (f *file) open() error {
	f.last = -1
	if !f.inResource() {
		var b [4]byte
		if err := f.read(b[:], 0); err != nil {
			return err
		}
		if want := 4 * (f.blocks() + 1); int64(le32(b[:])) != want {
			return fmt.Errorf("a table of %d bytes, where %d belong", le32(b[:]), want)
		}
		return nil
	}
	const beforeTable = 8
	var b [16]byte
	if err := f.read(b[:], 0); err != nil {
		return err
	}
	at := int64(binary.BigEndian.Uint32(b[:]))
	if err := f.read(b[:beforeTable], at); err != nil {
		return err
	}
	if n := int64(le32(b[4:])); n != f.blocks() {
		return fmt.Errorf("%d blocks, where %d belong", n, f.blocks())
	}
	f.base = at + 4
	return nil
}

// blocks returns how many there are.
func (f *file) blocks() int64 { return (f.Size + blockSize - 1) / blockSize }

func (f *file) read(b []byte, offset int64) error {
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

// place returns where block n is in the fork. Blocks are behind the table and behind each
// other: those that share bytes would make much of little.
func (f *file) place(n int64) (offset, length int64, err error) {
	var b [16]byte
	if f.inResource() {
		const record = 8
		least, end := f.base+4+record*f.blocks(), 2*record
		if n+1 == f.blocks() {
			end = record
		}
		err = f.read(b[:end], f.base+4+record*n)
		offset, length = f.base+int64(le32(b[:])), int64(le32(b[4:]))
		next := f.base + int64(le32(b[record:]))
		if err == nil && (offset < least || end > record && next < offset+length) {
			err = fmt.Errorf("%d bytes at offset %d are in the table before %d or the next block", length, offset, least)
		}
	} else {
		err = f.read(b[:8], 4*n)
		offset = int64(le32(b[:]))
		length = int64(le32(b[4:])) - offset
		if least := 4 * (f.blocks() + 1); err == nil && offset < least {
			err = fmt.Errorf("%d bytes at offset %d are in the table before %d", length, offset, least)
		}
	}
	if err == nil && (length <= 0 || length > maxPacked) {
		err = fmt.Errorf("%d bytes, where the limit is %d", length, maxPacked)
	}
	return offset, length, err
}

// unpackBlock fills b with block n.
func (f *file) unpackBlock(b []byte, n int64) error {
	if err := f.allow.Ask(int64(len(b))); err != nil {
		return err
	}
	offset, length, err := f.place(n)
	if err == nil {
		packed := make([]byte, length)
		if err = f.read(packed, offset); err == nil {
			err = unpack(b, packed, f.Type)
		}
	}
	if err != nil {
		return fmt.Errorf("compressed resource fork: block %d of %d: %w", n+1, f.blocks(), err)
	}
	return nil
}

func (f *file) ReadAt(b []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, fmt.Errorf("the offset %d is before the beginning", offset)
	}
	read := 0
	for read < len(b) {
		at := offset + int64(read)
		if at >= f.Size {
			return read, io.EOF
		}
		n, within := at/blockSize, int(at%blockSize)
		size := int(min(blockSize, f.Size-n*blockSize))
		part := b[read:min(len(b), read+size-within)]
		if err := f.readBlock(part, n, within, size); err != nil {
			return read, err
		}
		read += len(part)
	}
	return read, nil
}

// readBlock fills b from within bytes into block n of the given size.
func (f *file) readBlock(b []byte, n int64, within, size int) error {
	if len(b) == size {
		return f.unpackBlock(b, n)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last != n {
		if f.kept == nil {
			f.kept = make([]byte, min(blockSize, f.Size))
		}
		f.last = -1
		if err := f.unpackBlock(f.kept[:size], n); err != nil {
			return err
		}
		f.last = n
	}
	copy(b, f.kept[within:])
	return nil
}
