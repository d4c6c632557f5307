package archive

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// blockReader reads one block after another.
type blockReader struct {
	r    *bufio.Reader
	buf  []byte
	read int64
}

func newBlockReader(r io.Reader) *blockReader { return &blockReader{r: bufio.NewReaderSize(r, 64<<10)} }

// next returns the next n bytes, which are valid until it is called again.
func (b *blockReader) next(n int) ([]byte, error) {
	if cap(b.buf) < n {
		b.buf = make([]byte, n)
	}
	got, err := io.ReadFull(b.r, b.buf[:n])
	b.read += int64(got)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return b.buf[:got], err
}

// Index returns where what is first in r, in bytes, -1 if it is not there.
func Index(r io.Reader, what []byte) (int64, error) { return index(r, what, make([]byte, 64<<10)) }

func index(r io.Reader, what, b []byte) (int64, error) {
	kept, at := 0, int64(0) // bytes of the read before, and where they are
	for {
		n, err := r.Read(b[kept:])
		n += kept
		if i := bytes.Index(b[:n], what); i >= 0 {
			return at + int64(i), nil
		}
		switch {
		case errors.Is(err, io.EOF):
			return -1, nil
		case err != nil:
			return -1, err
		}
		keep := min(n, len(what)-1)
		copy(b, b[n-keep:n])
		at += int64(n - keep)
		kept = keep
	}
}
