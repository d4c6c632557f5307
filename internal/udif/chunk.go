package udif

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
	"github.com/mikelolasagasti/xz"

	"github.com/codewarrant/codewarrant/internal/bzip2"
	"github.com/codewarrant/codewarrant/internal/lzfse"
)

// readChunk fills b from within bytes into chunk n, of which it is a part.
func (i *Image) readChunk(b []byte, n int, within uint64) error {
	switch c := &i.chunks[n]; c.kind {
	case kindZero, kindIgnore:
		clear(b)
		return nil
	case kindRaw:
		return i.read(b, int64(c.offset+within))
	default:
		return i.cache.read(key{i, n}, b, int(within))
	}
}

// unpack fills b with what a chunk of a kind holds.
func unpack(b, packed []byte, k kind) error {
	switch k {
	case kindADC:
		return unpackADC(b, packed)
	case kindLZFSE:
		return lzfse.Unpack(b, packed)
	case kindZlib:
		return zlibs.unpack(b, packed)
	case kindXZ:
		return xzs.unpack(b, packed)
	default:
		d, ok := bzip2s.take()
		if !ok {
			d = &bzip2.Decoder{}
		}
		defer bzip2s.give(d)
		return d.Unpack(b, packed)
	}
}

// fill reads b, which has to be all that r has. That tells of its checksum, too.
func fill(b []byte, r io.Reader) error {
	if n, err := io.ReadFull(r, b); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return fmt.Errorf("it holds %d bytes where %d belong: %w", n, len(b), io.ErrUnexpectedEOF)
		}
		return err
	}
	var more [1]byte
	n, err := io.ReadFull(r, more[:])
	switch {
	case n > 0:
		return fmt.Errorf("it holds more than the %d bytes that belong there", len(b))
	case errors.Is(err, io.EOF):
		return nil
	}
	return err
}

// maxWindow bounds the memory that a stream of xz may ask for, in bytes. Those of hdiutil
// ask for 8 MiB.
const maxWindow = 16 << 20

// spare is what was used and may be again, of which no more is kept than can be in use: it is large, and a
// [sync.Pool] keeps some of it for each core, whether it unpacks or not.
type spare[T any] chan T

func (s spare[T]) take() (v T, ok bool) {
	select {
	case v := <-s:
		return v, true
	default:
		return v, false
	}
}

func (s spare[T]) give(v T) {
	select {
	case s <- v:
	default:
	}
}

// reused unpack one stream after the other.
type reused struct {
	spare[io.Reader]
	open  func(io.Reader) (io.Reader, error)
	reset func(io.Reader, io.Reader) error
}

var (
	bzip2s = make(spare[*bzip2.Decoder], maxCores)

	zlibs = reused{
		spare: make(spare[io.Reader], maxCores),
		open:  func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) },
		reset: func(z, r io.Reader) error { return z.(zlib.Resetter).Reset(r, nil) },
	}
	xzs = reused{
		spare: make(spare[io.Reader], maxCores),
		open:  func(r io.Reader) (io.Reader, error) { return xz.NewReader(r, maxWindow) },
		reset: func(x, r io.Reader) error { return x.(*xz.Reader).Reset(r) },
	}
)

func (p *reused) unpack(b, packed []byte) error {
	r, ok := p.take()
	var err error
	if ok {
		err = p.reset(r, bytes.NewReader(packed))
	} else {
		r, err = p.open(bytes.NewReader(packed))
	}
	if err != nil {
		return err
	}
	defer p.give(r)
	return fill(b, r)
}

// unpackADC unpacks Apple Data Compression, of which there is no description but its
// readers: a byte with the highest bit is followed by as many bytes as its others say,
// plus 1; others repeat what is before, 3 to 18 bytes from up to 1,024 bytes back, or, with
// the second bit, 4 to 67 bytes from up to 65,536 bytes back.
func unpackADC(b, packed []byte) error {
	out := 0
	for in := 0; in < len(packed); {
		op := int(packed[in])
		size := 2
		switch {
		case op >= 0x80:
			size = 2 + op&0x7f
		case op >= 0x40:
			size = 3
		}
		if size > len(packed)-in {
			return fmt.Errorf("ADC: an instruction at offset %d is cut off", in)
		}
		n, back := size-1, 0
		switch {
		case op >= 0x80:
		case op >= 0x40:
			n, back = op&0x3f+4, int(packed[in+1])<<8+int(packed[in+2])+1
		default:
			n, back = op>>2+3, op&3<<8+int(packed[in+1])+1
		}
		switch {
		case n > len(b)-out:
			return fmt.Errorf("ADC: it holds more than the %d bytes that belong there", len(b))
		case back > out:
			return fmt.Errorf("ADC: the instruction at offset %d repeats what is before the beginning", in)
		case back == 0:
			copy(b[out:], packed[in+1:in+size])
		default:
			for i := range n {
				b[out+i] = b[out+i-back]
			}
		}
		in += size
		out += n
	}
	if out < len(b) {
		return fmt.Errorf("ADC: it holds %d bytes where %d belong", out, len(b))
	}
	return nil
}
