// Package volume finds what is on a file system by names: what HFS+ and APFS have in common,
// which is paths, links, and bounds. A file system brings what its folders hold.
package volume

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"time"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

const (
	// maxEntries bounds the entries of a folder that is listed at once, and maxNames their
	// names, in bytes. Folders of libraries and icons have some thousands.
	maxEntries = 100_000
	maxNames   = 8 << 20

	// maxLinks bounds the links that one name leads through: MAXSYMLINKS of macOS.
	maxLinks = 32

	// maxDepth bounds folders inside each other. Paths of macOS have 1,024 bytes.
	maxDepth = 512

	// maxFolders bounds the folders of a walk, of which each is remembered.
	maxFolders = 1 << 20

	// MaxTarget bounds the path that a symbolic link leads to, in bytes: PATH_MAX of macOS.
	MaxTarget = 1024
)

var (
	// ErrNotRegular is why something is not opened.
	ErrNotRegular = errors.New("not a regular file")
	// ErrOutside is where a link leads out of the volume.
	ErrOutside = errors.New("leads out of the volume")
	// ErrNoFolder is why nothing is listed.
	ErrNoFolder = errors.New("not a folder")
	// ErrNoLink is why something leads nowhere.
	ErrNoLink = errors.New("not a symbolic link")

	// ErrListing is why a folder is not listed.
	ErrListing = fmt.Errorf("more than %d entries, or more than %d bytes of names", maxEntries, maxNames)

	errLinks = fmt.Errorf("more than %d links to follow", maxLinks)
	errDepth = fmt.Errorf("more than %d folders inside each other", maxDepth)
)

// Entry is what every file system tells of a folder, file or link in a folder.
type Entry struct {
	// Name is that of the last part of a path, as it is stored.
	Name string
	// ID is that of what the name leads to: the same for all names of a file.
	ID uint64
	// Mode is the type; permissions are left out.
	Mode fs.FileMode
	// Size is that of the contents as they are read, in bytes.
	Size int64
	// Hard is set for one of several names of a file.
	Hard bool
	// Compression is the type of decmpfs, 0 for none.
	Compression uint32
	// Err is why it cannot be read, nil when it can. An archive.AmbiguousError is why
	// others may read something else.
	Err error
}

// Shared returns what is an entry of any file system.
func (e Entry) Shared() Entry { return e }

// Node is an entry of one file system, which has an [Entry] in it.
type Node interface{ Shared() Entry }

// System is what a file system has of its own.
type System[N Node] interface {
	// Root returns the folder that all others are in, or why the volume is not read.
	Root() (N, error)
	// List yields what is in a folder. After an error nothing more comes.
	List(folder N) iter.Seq2[N, error]
	// Judge returns what is to be asked of each entry of a folder in turn: whether it is
	// listed, and what is wrong with it.
	Judge(folder N) func(N) (listed bool, wrong error)
	// Lookup finds an entry of a folder: that of the name itself, or else one whose name is
	// the same on the volume. The error is [fs.ErrNotExist] where there is none.
	Lookup(folder N, name string) (N, error)
	// Readlink returns where a symbolic link leads to.
	Readlink(link N) (string, error)
	// Open returns the contents of a file, and their size in bytes.
	Open(file N) (io.ReaderAt, int64, error)
	// OpenResources returns the resource fork of a file, and its size in bytes, 0 where there is none.
	OpenResources(file N) (io.ReaderAt, int64, error)
}

// dirEntry is its own FileInfo.
type dirEntry struct {
	name string
	mode fs.FileMode
	size int64
}

func (d dirEntry) Name() string               { return d.name }
func (d dirEntry) IsDir() bool                { return d.mode.IsDir() }
func (d dirEntry) Type() fs.FileMode          { return d.mode }
func (d dirEntry) Mode() fs.FileMode          { return d.mode }
func (d dirEntry) Info() (fs.FileInfo, error) { return d, nil }
func (d dirEntry) Size() int64                { return d.size }
func (d dirEntry) ModTime() time.Time         { return time.Time{} }
func (d dirEntry) Sys() any                   { return nil }

// ReadDir returns the entries of a folder, sorted by name, and the first thing that is
// wrong with it. Those of which there is no telling what they are are left out.
func (p *Paths[N]) ReadDir(name string) ([]fs.DirEntry, error) {
	folder, err := p.resolve(name, true)
	if err != nil {
		return nil, err
	}
	if !folder.Shared().Mode.IsDir() {
		return nil, ErrNoFolder
	}
	var list []fs.DirEntry
	var wrong error
	read, names := 0, 0
	judge := p.system.Judge(folder)
	for n, err := range p.system.List(folder) {
		if err != nil {
			wrong = cmp.Or(wrong, err)
			break
		}
		e := n.Shared()
		read++
		if names += len(e.Name); read > maxEntries || names > maxNames {
			return nil, ErrListing
		}
		listed, err := judge(n)
		wrong = cmp.Or(wrong, err)
		if listed {
			list = append(list, dirEntry{e.Name, e.Mode, e.Size})
		}
	}
	inorder.By(list, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return list, wrong
}
