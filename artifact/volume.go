package artifact

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"

	"github.com/codewarrant/codewarrant/internal/volume"
	"github.com/codewarrant/codewarrant/macho"
)

// paths finds what is on a volume by names, as a [tree] does.
type paths interface {
	ReadDir(name string) ([]fs.DirEntry, error)
	Readlink(name string) (string, error)
	Reach(name string) error
	Open(name string) (io.ReaderAt, int64, error)
	Resources(name string) (io.ReaderAt, int64, error)
}

// onVolume is a tree on a disk.
type onVolume struct {
	holder
	paths
}

// spent tells once that no more is read of an image around what is walked.
func (w *walker) spent(rel string) bool {
	for _, allow := range w.left.images {
		if err := allow(0); err != nil {
			w.problem(rel, Unreadable, fmt.Errorf("%w; it and what is behind it were not looked at", err))
			return true
		}
	}
	return false
}

func (v onVolume) Reach(name string) error { return ours(v.paths.Reach(name)) }

func (v onVolume) Open(name string) (content, int64, error) {
	r, size, err := v.paths.Open(name)
	switch {
	case err != nil:
		return nil, 0, ours(err)
	case size > maxFile:
		return nil, 0, fmt.Errorf("a file of more than %d GiB", maxFile>>30)
	}
	return ofVolume{r}, size, nil
}

// resources tells of a program in the resource fork of a file, which macOS runs by the path of
// the file and /..namedfork/rsrc (_PATH_RSRCFORKSPEC in sys/paths.h of XNU).
func (w *walker) resources(rel string) bool {
	v, is := w.tree.(onVolume)
	if !is {
		return true
	}
	switch code, err := beginsAsCode(v.Resources(rel)); {
	case err != nil:
		return w.problem(rel, kindOf(err), fmt.Errorf("resource fork: %w", err))
	case code:
		return w.problem(rel, Opaque, errors.New("a program as its resource fork, which is not read here"))
	}
	return true
}

// beginsAsCode reports whether a fork, of so many bytes, begins as a Mach-O file does, or why that is not known. It takes what
// opens one.
func beginsAsCode(r io.ReaderAt, size int64, err error) (bool, error) {
	var magic [4]byte
	if err != nil || size < int64(len(magic)) {
		return false, err
	}
	if _, err = r.ReadAt(magic[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return macho.IsMagic(magic), nil
}

// inTimePaths finds names as long as there is time: what is found in memory is not read, so nothing else
// would end it.
type inTimePaths struct {
	paths
	u *unpacker
}

func (p inTimePaths) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := p.u.allow(0); err != nil {
		return nil, err
	}
	return p.paths.ReadDir(name)
}

func (p inTimePaths) Reach(name string) error {
	if err := p.u.allow(0); err != nil {
		return err
	}
	return p.paths.Reach(name)
}

func (p inTimePaths) Open(name string) (io.ReaderAt, int64, error) {
	if err := p.u.allow(0); err != nil {
		return nil, 0, err
	}
	return p.paths.Open(name)
}

// ours returns the error of a tree for that of a volume.
func ours(err error) error {
	switch {
	case errors.Is(err, volume.ErrNotRegular):
		return errNotRegular
	case errors.Is(err, volume.ErrOutside):
		return errOutside
	}
	return err
}

// ofVolume is a file on a volume.
type ofVolume struct{ io.ReaderAt }

func (ofVolume) Close() error { return nil }

// inTime reads as long as allow lets it, which is asked for the bytes of each read: as long as there is time, and as much as is
// left for the image.
type inTime struct {
	io.ReaderAt
	allow func(int64) error
}

func (r inTime) ReadAt(b []byte, offset int64) (int, error) {
	if err := r.allow(int64(len(b))); err != nil {
		return 0, err
	}
	return r.ReaderAt.ReadAt(b, offset)
}

// ofImage returns what is asked before bytes of a disk are read or unpacked: beside what a run may unpack, a disk in an image
// of so many bytes is read for each of them maxRead times, after the first freeRead bytes. Files may share their blocks and
// have many names, and chunks that are read in turn be unpacked each time.
func (u *unpacker) ofImage(size int64) func(int64) error {
	var left atomic.Int64
	left.Store(freeRead + maxRead*min(size, maxUnpacked/maxRead))
	return func(n int64) error {
		if err := u.allow(n); err != nil {
			return err
		}
		if left.Add(-n) < 0 {
			return fmt.Errorf("more than %d times as much would have to be read as the image has, as of a decompression bomb", maxRead)
		}
		return nil
	}
}
