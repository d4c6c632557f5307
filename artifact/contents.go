package artifact

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
)

// ReadDir returns the entries of a folder sorted by name, those read before an
// error too.
//
// It, ReadLink and Open take names relative to the bundle, with slashes; "." is
// the bundle itself. None leads out of it, but a link in it may, to elsewhere in
// the artifact. They work while the walk that found the bundle goes on, and after
// that for as long as an [Item] of the same argument is open.
func (b *Bundle) ReadDir(name string) ([]fs.DirEntry, error) { return b.tree.ReadDir(b.in(name)) }

// ReadLink returns where a symbolic link leads to.
func (b *Bundle) ReadLink(name string) (string, error) { return b.tree.Readlink(b.in(name)) }

// Open opens a regular file, and returns its size in bytes: no more than that is
// read. Anything but a regular file is an error.
func (b *Bundle) Open(name string) (io.ReadCloser, int64, error) {
	c, size, err := b.tree.Open(b.in(name))
	if err != nil {
		return nil, 0, err
	}
	var r io.Reader = io.NewSectionReader(c, 0, size)
	closers := closers{c}
	if s, ok := c.(streamer); ok {
		stream, err := s.stream()
		if err != nil {
			c.Close()
			return nil, 0, err
		}
		r, closers = stream, append(closers, stream)
	}
	return struct {
		io.Reader
		io.Closer
	}{r, closers}, size, nil
}

type closers []io.Closer

func (list closers) Close() error {
	var errs []error
	for _, c := range list {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// Main returns the name of the main executable in the bundle, empty when it is
// not there.
func (b *Bundle) Main() string {
	if b.rel == "." {
		return b.main
	}
	return strings.TrimPrefix(b.main, b.rel+"/")
}

func (b *Bundle) in(name string) string { return path.Join(b.rel, path.Join("/", name)) }
