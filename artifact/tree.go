package artifact

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/codewarrant/codewarrant/internal/inorder"
	"golang.org/x/text/unicode/norm"
)

// tree is what is walked: a folder, or something that is laid out like one. Names
// are relative to it, with slashes; "." is the tree itself. Links are followed
// where they stay inside, except by Readlink.
type tree interface {
	// ReadDir returns the entries sorted by name, those read before an error too.
	ReadDir(name string) ([]fs.DirEntry, error)
	Readlink(name string) (string, error)
	// Reach returns errOutside when a link in name leads out of the tree.
	Reach(name string) error
	// Open opens a regular file, and returns errNotRegular for any other.
	Open(name string) (c content, size int64, err error)
	// Hold keeps the tree open until release is called.
	Hold() (release func())
}

var (
	errNotRegular = errors.New("not a regular file")
	errOutside    = errors.New("leads out of the artifact")
	errListing    = fmt.Errorf("more than %d files, folders and links in a folder and those around it", maxListing)
)

// folder is a tree on disk. The os.Root sees to it that a link swapped in while
// the walk is under way cannot lead out either.
type folder struct {
	holder
	root *os.Root
}

// newFolder returns the folder at root, which is closed when nobody holds the
// tree any more.
func newFolder(root *os.Root) folder { return folder{newHolder(root.Close), root} }

// holder closes something when nobody holds it any more.
type holder struct {
	users *atomic.Int32
	close func() error
}

func newHolder(close func() error) holder { return holder{new(atomic.Int32), close} }

func (h holder) Hold() (release func()) {
	h.users.Add(1)
	return sync.OnceFunc(func() {
		if h.users.Add(-1) == 0 {
			h.close()
		}
	})
}

func (f folder) ReadDir(name string) ([]fs.DirEntry, error) {
	dir, err := f.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	entries, err := listing(dir)
	inorder.By(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, err
}

// listing reads a folder in portions. Of one with more entries than there may be it
// returns none: which of them come first is the file system's to choose.
func listing(dir lister) ([]fs.DirEntry, error) {
	const portion = 4096
	var entries []fs.DirEntry
	for {
		some, err := dir.ReadDir(portion)
		entries = append(entries, some...)
		switch {
		case len(entries) > maxListing:
			return nil, errListing
		case err == io.EOF:
			return entries, nil
		case err != nil:
			return entries, err
		}
	}
}

// lister is a folder that lists the next n entries, or those left, as [os.File] does.
type lister interface {
	ReadDir(n int) ([]fs.DirEntry, error)
}

func (f folder) Readlink(name string) (string, error) { return f.root.Readlink(name) }

func (f folder) Reach(name string) error {
	_, err := f.root.Stat(name)
	if err == nil {
		return nil
	}
	// Package os does not export its error for leaving the root. All others of
	// Stat come from the system.
	if _, ok := errors.AsType[syscall.Errno](err); !ok {
		return errOutside
	}
	return err
}

func (f folder) Open(name string) (content, int64, error) {
	return openRegular(f.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0))
}

// openRegular looks at what was opened, for it may not be what was listed a
// moment ago. Opening with O_NONBLOCK does not wait for the writer of a FIFO.
func openRegular(f *os.File, err error) (content, int64, error) {
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// find returns the entry of that name, or else the first whose name differs only
// in case or in how accents are composed, as on the volumes that macOS makes by default; nil for none.
func find(entries []fs.DirEntry, name string) fs.DirEntry {
	var folded fs.DirEntry
	for _, e := range entries {
		if e.Name() == name {
			return e
		}
		if folded == nil && strings.EqualFold(norm.NFD.String(e.Name()), norm.NFD.String(name)) {
			folded = e
		}
	}
	return folded
}
