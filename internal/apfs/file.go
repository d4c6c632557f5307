package apfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/decmpfs"
)

const (
	// maxHoles bounds what a file may have more than its container, in bytes: parts that
	// are not stored, which are zero.
	maxHoles = 32 << 30

	// j_file_extent_val_t, by offsets: the length below the flags, and the first block.
	extentLength = 24
	extentBlock  = 0x8
	extentCrypto = 0x10
	lengthMask   = 1<<56 - 1 // J_FILE_EXTENT_LEN_MASK

	resourceFork = "com.apple.ResourceFork"

	// j_xattr_val_t ("File-System Objects", j_xattr_flags).
	xattrHeader   = 4
	xattrStream   = 0x1 // XATTR_DATA_STREAM
	xattrEmbedded = 0x2 // XATTR_DATA_EMBEDDED
)

func (v *Volume) contents(n *inode) (io.ReaderAt, int64, error) {
	if n.flags&isCompressed != 0 {
		return v.compressed(n)
	}
	s, err := v.openStream(n.stream, n.size)
	if err != nil {
		return nil, 0, err
	}
	return s, s.size, nil
}

// compressed opens a file that is in attributes: the flag tells, as in decmpfs.c of XNU.
func (v *Volume) compressed(n *inode) (io.ReaderAt, int64, error) {
	b, err := v.attribute(n.id, decmpfs.Attribute, decmpfs.MaxAttribute)
	if err != nil {
		return nil, 0, err
	}
	var fork io.ReaderAt
	var size int64
	switch s, err := v.openAttribute(n.id, resourceFork); {
	case err == nil:
		fork, size = s, s.Size()
	case !errors.Is(err, fs.ErrNotExist):
		return nil, 0, err
	}
	f, unpacked, err := decmpfs.Open(b, fork, size, v.Allow)
	if err == nil && unpacked > v.c.size+maxHoles {
		err = fmt.Errorf("it has %d bytes compressed, in a container of %d", unpacked, v.c.size)
	}
	return f, unpacked, err
}

// sized is something of a size.
type sized interface {
	io.ReaderAt
	Size() int64
}

// attribute reads a whole extended attribute of at most so many bytes.
func (v *Volume) attribute(id uint64, name string, most int64) ([]byte, error) {
	r, err := v.openAttribute(id, name)
	if err != nil {
		return nil, err
	}
	if r.Size() > most {
		return nil, fmt.Errorf("attribute %s: %d bytes, more than %d", name, r.Size(), most)
	}
	b := make([]byte, r.Size())
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, r.Size()), b); err != nil && len(b) > 0 {
		return nil, fmt.Errorf("attribute %s: %w", name, err)
	}
	return b, nil
}

// openAttribute opens an extended attribute, which is in its record, or is a stream.
func (v *Volume) openAttribute(id uint64, name string) (sized, error) {
	r, err := v.findAttribute(id, name)
	if err != nil {
		return nil, fmt.Errorf("attribute %s: %w", name, err)
	}
	return r, nil
}

func (v *Volume) findAttribute(id uint64, name string) (sized, error) {
	c, err := v.tree.seek(key{id: id, kind: kindXattr, name: name})
	if err != nil {
		return nil, err
	}
	if !c.at(id, kindXattr) || c.key().name != name {
		return nil, fs.ErrNotExist
	}
	b := c.value()
	if len(b) < xattrHeader {
		return nil, fmt.Errorf("a record of %d bytes", len(b))
	}
	flags, length, data := le16(b), int(le16(b[2:])), b[xattrHeader:]
	switch kind := flags & (xattrStream | xattrEmbedded); {
	case length > len(data):
		return nil, fmt.Errorf("%d bytes in a record of %d", length, len(b))
	case kind == xattrEmbedded:
		return bytes.NewReader(data[:length]), nil
	case kind != xattrStream:
		return nil, fmt.Errorf("the flags %#x", flags)
	case length != 8+streamLength: // j_xattr_dstream_t: the stream's identifier before it
		return nil, fmt.Errorf("a stream whose record has %d bytes", length)
	}
	return v.openStream(le64(data), le64(data[8:]))
}

// stream is the contents of a file or an attribute, which its extents hold.
type stream struct {
	v    *Volume
	id   uint64
	size int64

	mu   sync.Mutex
	last extent // the one that was read last
}

// extent is a row of blocks that hold a part of a stream.
type extent struct {
	from, length uint64 // in the stream, in bytes
	block        uint64 // 0 for a hole
}

func (v *Volume) openStream(id, size uint64) (*stream, error) {
	if size > uint64(v.c.size)+maxHoles {
		return nil, fmt.Errorf("stream %#x: it has %d bytes, in a container of %d", id, size, v.c.size)
	}
	return &stream{v: v, id: id, size: int64(size)}, nil
}

func (s *stream) Size() int64 { return s.size }

func (s *stream) ReadAt(b []byte, offset int64) (int, error) {
	switch {
	case offset < 0:
		return 0, fmt.Errorf("the offset %d is before the beginning", offset)
	case offset >= s.size:
		return 0, io.EOF
	}
	var end error
	if int64(len(b)) > s.size-offset {
		b, end = b[:s.size-offset], io.EOF
	}
	read := 0
	for read < len(b) {
		n, err := s.readSome(b[read:], uint64(offset)+uint64(read))
		if read += n; err != nil {
			return read, fmt.Errorf("stream %#x at offset %d: %w", s.id, offset+int64(read), err)
		}
	}
	return read, end
}

// readSome reads what one extent has.
func (s *stream) readSome(b []byte, offset uint64) (int, error) {
	e, err := s.extent(offset)
	if err != nil {
		return 0, err
	}
	within := offset - e.from
	b = b[:min(uint64(len(b)), e.length-within)]
	if e.block == 0 {
		if err := s.v.Allow.Ask(int64(len(b))); err != nil {
			return 0, err
		}
		clear(b)
		return len(b), nil
	}
	if err := s.v.c.readAt(b, int64(e.block)*s.v.c.blockSize+int64(within)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// extent returns the one that holds an offset.
func (s *stream) extent(offset uint64) (extent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.last; offset >= e.from && offset-e.from < e.length {
		return e, nil
	}
	e, err := s.v.findExtent(s.id, offset)
	if err == nil {
		s.last = e
	}
	return e, err
}

// findExtent finds the extent of a stream that holds an offset. The extents follow each
// other, and holes are extents too (apfsck, extents.c).
func (v *Volume) findExtent(id, offset uint64) (extent, error) {
	c, err := v.tree.seek(key{id: id, kind: kindExtent, number: offset + 1})
	if err != nil {
		return extent{}, err
	}
	next := uint64(1<<64 - 1)
	if c.at(id, kindExtent) {
		next = c.key().number
	}
	there, err := c.previous()
	if err != nil {
		return extent{}, err
	}
	if !there || !c.at(id, kindExtent) {
		return extent{}, errors.New("no extent holds it")
	}
	e, err := v.parseExtent(c)
	switch {
	case err != nil:
		return extent{}, fmt.Errorf("extent at %d: %w", c.key().number, err)
	case offset-e.from >= e.length:
		return extent{}, fmt.Errorf("no extent holds it: the one before has %d bytes at %d", e.length, e.from)
	case e.length > next-e.from:
		return extent{}, fmt.Errorf("the extent of %d bytes at %d and the one at %d both hold it", e.length, e.from, next)
	}
	return e, nil
}

func (v *Volume) parseExtent(c *cursor) (extent, error) {
	b := c.value()
	if len(b) != extentLength {
		return extent{}, fmt.Errorf("a record of %d bytes, not %d", len(b), extentLength)
	}
	e := extent{from: c.key().number, length: le64(b) & lengthMask, block: le64(b[extentBlock:])}
	size := uint64(v.c.blockSize)
	switch flags := le64(b) >> 56; {
	case flags != 0:
		return extent{}, archive.Unsupported("an extent with the flags %#x", flags)
	case le64(b[extentCrypto:]) != 0:
		return extent{}, archive.Unsupported("an encrypted extent")
	case e.length == 0 || e.length%size != 0 || e.from%size != 0:
		return extent{}, fmt.Errorf("%d bytes, in blocks of %d", e.length, size)
	case e.block >= v.c.blocks || e.block != 0 && e.length/size > v.c.blocks-e.block:
		return extent{}, fmt.Errorf("the %d blocks from %d are past the end at %d", e.length/size, e.block, v.c.blocks)
	}
	return e, nil
}
