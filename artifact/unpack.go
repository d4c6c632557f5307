package artifact

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/udif"
	"github.com/codewarrant/codewarrant/macho"
)

// unpacker unpacks what one walk meets, into memory or, if it is large, a temporary
// file that has no name any more, and bounds what that takes.
type unpacker struct {
	ctx  context.Context // it ends with the walk
	left atomic.Int64    // bytes that may still be unpacked

	chunks *udif.Cache // of all disk images
}

func newUnpacker(ctx context.Context) *unpacker {
	u := &unpacker{ctx: ctx}
	u.left.Store(maxUnpacked)
	u.chunks = udif.NewCache(udif.DefaultCache)
	return u
}

// allow returns why no more is unpacked, or else counts n bytes that are.
func (u *unpacker) allow(n int64) error {
	if u.ctx.Err() != nil {
		return fmt.Errorf("the time is over: %w", context.Cause(u.ctx))
	}
	if u.left.Add(-n) < 0 {
		return fmt.Errorf("more than %d GiB would have to be unpacked; check the artifact in parts", maxUnpacked>>30)
	}
	return nil
}

// bounded reads what is unpacked from packed bytes, and stops what takes too much.
func (u *unpacker) bounded(r io.Reader, packed int64) io.Reader {
	return &boundedReader{r, u, packed, 0}
}

type boundedReader struct {
	r      io.Reader
	u      *unpacker
	packed int64
	read   int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if err := b.u.allow(0); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	b.read += int64(n)
	if err := b.u.allow(int64(n)); err != nil {
		return 0, err
	}
	switch {
	case b.read > maxFile:
		return 0, fmt.Errorf("a file of more than %d GiB is packed there", maxFile>>30)
	case b.read > freeRatio && b.read/maxRatio > b.packed:
		return 0, fmt.Errorf("%d packed bytes hold more than %d times as much, as those of a decompression bomb do", b.packed, maxRatio)
	}
	return n, err
}

// spool reads r to its end and returns what was in it.
func (u *unpacker) spool(r io.Reader) (content, int64, error) {
	var head bytes.Buffer
	if n, err := io.CopyN(&head, r, maxMemory); errors.Is(err, io.EOF) {
		return inMemory{bytes.NewReader(head.Bytes())}, n, nil
	} else if err != nil {
		return nil, 0, err
	}
	f, err := newTemporary()
	if err != nil {
		return nil, 0, err
	}
	size, err := copyApart(f, io.MultiReader(&head, r))
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, size, nil
}

// copyApart copies r to w, and writes while the next part is read: unpacking takes a core
// of its own.
func copyApart(w io.Writer, r io.Reader) (int64, error) {
	const parts, size = 4, 256 << 10
	free, full := make(chan []byte, parts), make(chan []byte, parts)
	for range parts {
		free <- make([]byte, size)
	}
	written := make(chan error, 1)
	go func() {
		var err error
		for b := range full {
			if err == nil {
				_, err = w.Write(b)
			}
			free <- b[:size]
		}
		written <- err
	}()
	var total int64
	var err error
	for err == nil {
		b, n := <-free, 0
		for n < len(b) && err == nil {
			var more int
			more, err = r.Read(b[n:])
			n += more
		}
		total += int64(n)
		full <- b[:n]
	}
	close(full)
	if err == io.EOF {
		err = nil
	}
	return total, errors.Join(err, <-written)
}

type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

// temporary is a file that goes when it is closed, or with the process: its name is
// taken away at once where the system lets it.
type temporary struct {
	*os.File
	named bool
}

func newTemporary() (*temporary, error) {
	f, err := os.CreateTemp("", "codewarrant-")
	if err != nil {
		return nil, noPlace(err)
	}
	return &temporary{f, os.Remove(f.Name()) != nil}, nil
}

// ErrNoPlace is in an error of a file that could not be unpacked for what is wrong with the
// folder for temporary files, [os.TempDir].
var ErrNoPlace = errors.New("there is no place to unpack it")

func noPlace(err error) error { return fmt.Errorf("%w in %s: %w", ErrNoPlace, os.TempDir(), bare(err)) }

func (t *temporary) Write(b []byte) (int, error) {
	n, err := t.File.Write(b)
	if err != nil {
		err = noPlace(err)
	}
	return n, err
}

func (t *temporary) Close() error {
	err := t.File.Close()
	if t.named {
		err = errors.Join(err, os.Remove(t.Name()))
	}
	return err
}

// unpackStream unpacks a file that is packed alone and has that name then, nil when its beginning shows that
// there is nothing in it that is looked at. What is small is looked at to its end.
func (u *unpacker) unpackStream(f *archive.Format, c io.ReaderAt, size int64, name string) (content, int64, error) {
	s, err := f.Unpack(bufio.NewReaderSize(io.NewSectionReader(c, 0, size), 64<<10))
	if err != nil {
		return nil, 0, err
	}
	defer s.Close()
	r := bufio.NewReaderSize(u.bounded(s, size), maxHead)
	head, err := r.Peek(maxHead)
	if err != nil && !errors.Is(err, io.EOF) && (!f.Opaque || len(head) == 0) {
		return nil, 0, err
	}
	switch {
	case f.Whole || len(head) >= 4 && macho.IsMagic([4]byte(head)) || archive.MayPack(head) || endsAs(name):
		return u.spool(r)
	case f.Opaque: // of an image no more than the first block is packed so
		return nil, 0, nil
	}
	var small bytes.Buffer
	n, err := io.CopyN(&small, r, maxMemory)
	if errors.Is(err, io.EOF) {
		return inMemory{bytes.NewReader(small.Bytes())}, n, nil
	}
	return nil, 0, err
}

// packed is an entry of an archive of which no more is unpacked than is asked for:
// its beginning, or all of it. It may be read from several goroutines.
type packed struct {
	entry archive.Entry
	from  io.ReaderAt
	u     *unpacker
	head  []byte
	rest  io.ReadCloser // what is behind head, nil when it was read

	once  sync.Once
	whole content
	err   error
}

// open opens an entry of the archive from, and unpacks its beginning.
func (u *unpacker) open(e archive.Entry, from io.ReaderAt) (content, int64, error) {
	if e.IsStored() {
		return section{io.NewSectionReader(from, e.Offset, e.Size)}, e.Size, nil
	}
	p := &packed{entry: e, from: from, u: u, head: make([]byte, min(e.Size, maxHead))}
	var err error
	if p.rest, err = p.stream(); err != nil {
		return nil, 0, err
	}
	if _, err = io.ReadFull(p.rest, p.head); err == nil {
		switch {
		case int64(len(p.head)) == e.Size: // its checksum is at the end
			_, err = io.Copy(io.Discard, p.rest)
			p.release()
		case e.Whole:
			err = p.fill(true)
		}
	}
	if err != nil {
		p.Close()
		return nil, 0, err
	}
	return p, e.Size, nil
}

// release closes what is behind head.
func (p *packed) release() {
	if p.rest != nil {
		p.rest.Close()
		p.rest = nil
	}
}

// section is an entry that lies in the archive as it is.
type section struct{ *io.SectionReader }

func (section) Close() error { return nil }

// unpacking returns what is unpacked to be read at any place.
func unpacking(r io.ReaderAt) (*packed, bool) {
	if h, ok := r.(held); ok {
		r = h.content
	}
	p, ok := r.(*packed)
	return p, ok
}

// peek returns p to look at, without its checksum where that saves unpacking it.
func (p *packed) peek() io.ReaderAt {
	if p.entry.Method == archive.Stored && p.entry.Packed == p.entry.Size {
		return io.NewSectionReader(p.from, p.entry.Offset, p.entry.Size)
	}
	return p
}

// streamer is content that is unpacked as it is read.
type streamer interface{ stream() (io.ReadCloser, error) }

// stream reads all of it from the beginning, without keeping it.
func (p *packed) stream() (io.ReadCloser, error) {
	c, err := p.entry.Open(p.from)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{p.u.bounded(c, p.entry.Packed), c}, nil
}

func (p *packed) ReadAt(b []byte, off int64) (int, error) {
	if off >= 0 && off+int64(len(b)) <= int64(len(p.head)) {
		return copy(b, p.head[off:]), nil
	}
	if int64(len(p.head)) == p.entry.Size {
		return bytes.NewReader(p.head).ReadAt(b, off)
	}
	p.once.Do(p.unpack)
	if p.err != nil {
		return 0, p.err
	}
	return p.whole.ReadAt(b, off)
}

// fill unpacks all of it if that is asked for and was not done by opening it.
func (p *packed) fill(all bool) error {
	if !all || int64(len(p.head)) == p.entry.Size {
		return nil
	}
	p.once.Do(p.unpack)
	return p.err
}

func (p *packed) unpack() {
	defer p.release()
	if p.entry.Method == archive.Stored { // it can be read where it is, once it is known to be what was packed
		_, p.err = io.Copy(io.Discard, p.rest)
		p.whole = section{io.NewSectionReader(p.from, p.entry.Offset, p.entry.Size)}
		return
	}
	p.whole, _, p.err = p.u.spool(io.MultiReader(bytes.NewReader(p.head), p.rest))
}

func (p *packed) Close() error {
	p.once.Do(func() {
		p.release()
		p.err = os.ErrClosed
	})
	if p.whole == nil {
		return nil
	}
	return p.whole.Close()
}
