package archive

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
)

// maxWindow bounds the memory that a stream may ask for to be unpacked, in bytes: what
// xz -9 takes. Larger windows are rare, and are told.
const maxWindow = 64 << 20

// reusable is what unpacks, and can be made to unpack something else. Its window is the
// larger part of what an archive of small files takes.
type reusable interface {
	io.Reader
	Reset(r io.Reader) error
}

// pool keeps what unpacks for the next stream.
type pool struct {
	sync.Pool
	create func(r io.Reader) (reusable, error)
}

var (
	xzPool = pool{create: func(r io.Reader) (reusable, error) { return xz.NewReader(r, maxWindow) }}

	zstdPool = pool{create: func(r io.Reader) (reusable, error) {
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
	}}

	flatePool = pool{create: func(r io.Reader) (reusable, error) { return flateReader{flate.NewReader(r)}, nil }}
)

type flateReader struct{ io.ReadCloser }

func (f flateReader) Reset(r io.Reader) error { return f.ReadCloser.(flate.Resetter).Reset(r, nil) }

func (p *pool) unpack(r io.Reader) (io.ReadCloser, error) {
	u, ok := p.Get().(reusable)
	if !ok {
		u, err := p.create(r)
		if err != nil {
			return nil, err
		}
		return &pooled{u, p}, nil
	}
	if err := u.Reset(r); err != nil {
		return nil, err
	}
	return &pooled{u, p}, nil
}

// pooled goes back to its pool when it is closed.
type pooled struct {
	reusable
	pool *pool
}

func (p *pooled) Read(b []byte) (int, error) {
	if p.pool == nil {
		return 0, io.ErrClosedPipe
	}
	return p.reusable.Read(b)
}

func (p *pooled) Close() error {
	if p.pool != nil {
		p.pool.Put(p.reusable)
		p.pool = nil
	}
	return nil
}

func unpackXZ(r io.Reader) (io.ReadCloser, error) { return xzPool.unpack(r) }

func unpackZstd(r io.Reader) (io.ReadCloser, error) { return zstdPool.unpack(r) }

func unpackDeflate(r io.Reader) (io.ReadCloser, error) { return flatePool.unpack(r) }

// gzipReader unpacks the members of a gzip. Zeros may follow them, which fill a block.
type gzipReader struct {
	member *gzip.Reader
	packed *bufio.Reader
}

func unpackGzip(r io.Reader) (io.ReadCloser, error) {
	packed := bufio.NewReader(r)
	member, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	member.Multistream(false)
	return &gzipReader{member, packed}, nil
}

func (g *gzipReader) Read(b []byte) (int, error) {
	for {
		n, err := g.member.Read(b)
		if n > 0 && errors.Is(err, io.EOF) {
			err = nil
		}
		if n > 0 || !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return n, err
		}
		if err := g.next(); err != nil {
			return 0, err
		}
	}
}

func (g *gzipReader) Close() error { return g.member.Close() }

// next goes to the next member, io.EOF if there is none.
func (g *gzipReader) next() error {
	switch head, err := g.packed.Peek(1); {
	case err != nil:
		return err
	case head[0] != 0:
		if err := g.member.Reset(g.packed); err != nil {
			return err
		}
		g.member.Multistream(false)
		return nil
	}
	for {
		switch c, err := g.packed.ReadByte(); {
		case err != nil:
			return err
		case c != 0:
			return gzip.ErrHeader
		}
	}
}

func unpackBzip2(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(bzip2.NewReader(r)), nil }
