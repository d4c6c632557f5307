package artifact

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/codewarrant/codewarrant/internal/udif"
)

// ReadAgain makes ready for an item to be read more than once. One on a disk image that is too
// large for the chunks of it to stay unpacked is unpacked here, by all cores, into a
// temporary file. Where that does not work, or ctx ends, the item stays as it is, and
// reading tells of what is wrong. It is called before anything else is read of the item.
func (i *Item) ReadAgain(ctx context.Context) {
	h, ok := i.content.(held)
	if !ok {
		return
	}
	file, ok := h.content.(ofVolume)
	if !ok || !file.isWorthAFile(i.Size) {
		return
	}
	if whole, err := unpackAll(ctx, file, i.Size); err == nil {
		file.Close()
		i.content = held{whole, h.release}
	}
}

// isWorthAFile reports whether reading a file of the given size twice takes unpacking it
// twice. What would be a decompression bomb in an archive is read without a copy.
func (f ofVolume) isWorthAFile(size int64) bool {
	const each = udif.DefaultCache / 2 // the rest is what the walk goes back to
	switch {
	case f.packed == 0 || size <= each/int64(runtime.GOMAXPROCS(0)+1):
		return false
	case size > freeRatio && size/maxRatio > f.packed:
		return false
	}
	return true
}

// unpackAll copies what r has into a temporary file, on all cores. Where it is zero the file has a hole.
func unpackAll(ctx context.Context, r io.ReaderAt, size int64) (content, error) {
	f, err := newTemporary()
	if err != nil {
		return nil, err
	}
	if err := copyAll(ctx, f.File, r, size); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func copyAll(ctx context.Context, f *os.File, r io.ReaderAt, size int64) error {
	if err := f.Truncate(size); err != nil {
		return err
	}
	const portion = 1 << 20
	var next atomic.Int64
	faults := make([]error, udif.Cores())
	var wg sync.WaitGroup
	for n := range faults {
		wg.Go(func() {
			b := make([]byte, min(portion, size))
			for faults[n] == nil {
				at := next.Add(portion) - portion
				if at >= size {
					return
				}
				if faults[n] = copyPart(ctx, f, r, at, b[:min(portion, size-at)]); faults[n] != nil {
					next.Store(size) // for the others
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(faults...)
}

func copyPart(ctx context.Context, f *os.File, r io.ReaderAt, at int64, b []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if n, err := r.ReadAt(b, at); n < len(b) {
		return errors.Join(io.ErrUnexpectedEOF, err)
	}
	if isZero(b) {
		return nil
	}
	_, err := f.WriteAt(b, at)
	return err
}

// zeros are compared with.
var zeros [4096]byte

func isZero(b []byte) bool {
	for len(b) > len(zeros) {
		if !bytes.Equal(b[:len(zeros)], zeros[:]) {
			return false
		}
		b = b[len(zeros):]
	}
	return bytes.Equal(b, zeros[:len(b)])
}
