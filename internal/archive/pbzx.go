package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A pbzx is what pkgbuild makes of large payloads: the magic, how many bytes each chunk
// holds, and chunks of a length each, which are xz or, where that would be no shorter,
// as they are. Apple documents none of it; libarchive's test files and the public
// readers of it (pbzx.c of NiklasRosenstein, xar of mackyle) agree on this, but for which
// chunks are not packed: for some those that begin with no magic number of xz, for others those
// of 16 MiB.
const (
	pbzxHeader = 12
	pbzxChunk  = 16

	// maxPbzxChunk bounds a chunk, in bytes. Those of Apple's packages hold 16 MiB.
	maxPbzxChunk = 256 << 20
)

func unpackPbzx(r io.Reader) (io.ReadCloser, error) {
	var b [pbzxHeader]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return nil, fmt.Errorf("its header: %w", err)
	}
	return &pbzxReader{r: r, capacity: binary.BigEndian.Uint64(b[4:])}, nil
}

// pbzxReader reads one chunk after another.
type pbzxReader struct {
	r        io.Reader
	capacity uint64        // what a chunk holds at most
	packed   io.Reader     // what is left of the chunk as it is packed
	chunk    io.ReadCloser // the chunk unpacked, nil between chunks
	left     uint64        // bytes that it still holds
	short    bool          // a chunk held less than it may, as the last one does
}

func (p *pbzxReader) Close() error {
	if p.chunk == nil {
		return nil
	}
	return p.chunk.Close()
}

func (p *pbzxReader) Read(b []byte) (int, error) {
	for p.chunk == nil {
		if err := p.next(); err != nil {
			return 0, err
		}
	}
	n, err := p.chunk.Read(b)
	if uint64(n) > p.left {
		return 0, errors.New("a chunk holds more than it says")
	}
	p.left -= uint64(n)
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	if p.left > 0 {
		return n, fmt.Errorf("a chunk ends %d bytes before it says", p.left)
	}
	p.Close()
	p.chunk = nil
	rest, err := io.Copy(io.Discard, p.packed)
	if err == nil && rest > 0 {
		err = fmt.Errorf("a chunk has %d bytes behind its end", rest)
	}
	return n, err
}

// next begins the next chunk. Before each stand its bytes when it is unpacked, and as it
// is packed.
func (p *pbzxReader) next() error {
	var b [pbzxChunk]byte
	if _, err := io.ReadFull(p.r, b[:]); err != nil {
		return err // io.EOF: that was the last
	}
	holds, length := binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])
	if holds > p.capacity || holds > maxPbzxChunk || length > holds {
		return fmt.Errorf("a chunk of %d bytes that holds %d, where %d fit", length, holds, min(p.capacity, maxPbzxChunk))
	}
	if p.short {
		return Ambiguous("a chunk follows one that holds less than %d bytes, which for some readers is the last", p.capacity)
	}
	p.short = holds < p.capacity
	p.packed, p.left = &exactly{p.r, length}, holds
	if length == holds {
		return p.stored(length)
	}
	x, err := unpackXZ(p.packed)
	if err != nil {
		return err
	}
	p.chunk = x
	return nil
}

// stored begins a chunk that is not packed.
func (p *pbzxReader) stored(length uint64) error {
	begin := make([]byte, min(length, uint64(len(xzMagic))))
	if _, err := io.ReadFull(p.packed, begin); err != nil {
		return err
	}
	if string(begin) == xzMagic {
		return Ambiguous("a chunk is as long as what it holds, and begins as xz does, which some readers unpack")
	}
	p.chunk = io.NopCloser(io.MultiReader(bytes.NewReader(begin), p.packed))
	return nil
}

// exactly reads n bytes, and finds it wrong when there are fewer.
type exactly struct {
	r io.Reader
	n uint64
}

func (e *exactly) Read(b []byte) (int, error) {
	if e.n == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(b[:min(uint64(len(b)), e.n)])
	if e.n -= uint64(n); errors.Is(err, io.EOF) && e.n > 0 {
		err = io.ErrUnexpectedEOF
	} else if e.n > 0 || errors.Is(err, io.EOF) {
		return n, nil
	}
	return n, err
}
