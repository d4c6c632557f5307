package apfs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/codewarrant/codewarrant/internal/archive"
)

const (
	// maxEntries bounds the entries of a folder that is listed at once, and maxNames their
	// names, in bytes. Folders of libraries and icons have some thousands.
	maxEntries = 100_000
	maxNames   = 8 << 20

	// maxLinks bounds the links that one name leads through: MAXSYMLINKS of macOS.
	maxLinks = 32
)

var (
	// ErrNotRegular is why something is not opened.
	ErrNotRegular = errNotRegular
	// ErrOutside is where a link leads out of the volume.
	ErrOutside = errors.New("leads out of the volume")

	errLinks = fmt.Errorf("more than %d links to follow", maxLinks)
)

// Paths finds what is on a volume by names. They are relative to its root, with slashes;
// "." is the root itself. Links are followed where they stay in the volume, and names are found
// as macOS finds them: by their case or not, as the volume is. It keeps no listing.
type Paths struct {
	v     *Volume
	found atomic.Pointer[folder]
}

// Paths returns the names of the volume.
func (v *Volume) Paths() *Paths { return &Paths{v: v} }

// dirEntry is its own FileInfo.
type dirEntry struct{ e Entry }

func (d dirEntry) Name() string               { return d.e.Name }
func (d dirEntry) IsDir() bool                { return d.e.Mode.IsDir() }
func (d dirEntry) Type() fs.FileMode          { return d.e.Mode }
func (d dirEntry) Mode() fs.FileMode          { return d.e.Mode }
func (d dirEntry) Info() (fs.FileInfo, error) { return d, nil }
func (d dirEntry) Size() int64                { return d.e.Size }
func (d dirEntry) ModTime() time.Time         { return time.Time{} }
func (d dirEntry) Sys() any                   { return nil }

// ReadDir returns the entries of a folder, sorted by name, and the first thing that is
// wrong with it. Those of which there is no telling what they are are left out.
func (p *Paths) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := p.resolve(name, true)
	if err != nil {
		return nil, err
	}
	var list []fs.DirEntry
	var wrong error
	read, names := 0, 0
	folders := map[uint64]bool{}
	for e, err := range p.v.ReadDir(n.ID) {
		if err != nil {
			wrong = cmp.Or(wrong, err)
			break
		}
		if read++; read > maxEntries {
			return nil, fmt.Errorf("more than %d entries", maxEntries)
		}
		if names += len(e.Name); names > maxNames {
			return nil, fmt.Errorf("more than %d bytes of names", maxNames)
		}
		if e.Mode.IsDir() {
			if folders[e.ID] {
				e.fail(ambiguous("%.200q: the folder %#x, which has another name here", e.Name, e.ID))
			}
			folders[e.ID] = true
		}
		if e.wrong != nil {
			wrong = cmp.Or(wrong, fmt.Errorf("folder %#x: %w", n.ID, e.wrong))
		}
		if _, ambiguous := errors.AsType[*archive.AmbiguousError](e.wrong); e.wrong == nil || ambiguous && !e.Mode.IsDir() {
			list = append(list, dirEntry{e})
		}
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return list, wrong
}

// Lookup finds an entry of a folder: that of the name itself, or else one whose name is the same on
// the volume.
func (v *Volume) Lookup(folder uint64, name string) (Entry, error) {
	if v.Err != nil {
		return Entry{}, v.Err
	}
	canonical := v.canonical(name)
	from := key{id: folder, kind: kindDrec}
	if v.hashed() {
		from.number = uint64(hash(canonical)) << lengthBits
	} else {
		from.name = name
	}
	c, err := v.tree.seek(from)
	if err != nil {
		return Entry{}, err
	}
	var found Entry
	for n := 0; c.at(folder, kindDrec) && c.key().number>>lengthBits == from.number>>lengthBits; n++ {
		got := v.drecName(c.rawKey())
		switch {
		case n == maxSame:
			return Entry{}, fmt.Errorf("folder %#x: %w", folder, errSame)
		case got == name:
			return v.entry(c), nil
		case !v.hashed():
			return Entry{}, fs.ErrNotExist
		case found.Name == "" && v.canonical(got) == canonical:
			found = v.entry(c)
		}
		if err := c.next(); err != nil {
			return Entry{}, err
		}
	}
	if found.Name == "" {
		return Entry{}, fs.ErrNotExist
	}
	return found, nil
}

// chain is an entry with the folders above it, from the root.
type chain []Entry

// folder is a folder that was found, each part of whose name is one of the chain. A walk
// asks for what is in it and around it next.
type folder struct {
	parts []string
	at    chain
}

func (p *Paths) root() chain { return chain{{ID: Root, Mode: fs.ModeDir}} }

// resolve returns what a name leads to, and follows links, the last one only if it is to.
func (p *Paths) resolve(name string, last bool) (Entry, error) {
	if p.v.Err != nil {
		return Entry{}, p.v.Err
	}
	links := 0
	base, at := name, p.root()
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		base = name[i+1:]
		var err error
		if at, err = p.find(name[:i], &links); err != nil {
			return Entry{}, err
		}
	}
	at, err := p.follow(at, []string{base}, last, &links)
	if err != nil {
		return Entry{}, err
	}
	return at[len(at)-1], nil
}

// find returns a folder, from what it has in common with the one that was found last.
func (p *Paths) find(name string, links *int) (chain, error) {
	parts := strings.Split(name, "/")
	at, same := p.root(), 0
	if f := p.found.Load(); f != nil {
		for same < min(len(parts), len(f.parts)) && parts[same] == f.parts[same] {
			same++
		}
		at = f.at[:same+1]
	}
	at, err := p.follow(at, parts[same:], true, links)
	if err == nil && *links == 0 && len(at) == len(parts)+1 {
		p.found.Store(&folder{parts, at})
	}
	return at, err
}

// follow goes from a folder along a name.
func (p *Paths) follow(at chain, rest []string, last bool, links *int) (chain, error) {
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		n := at[len(at)-1]
		switch {
		case !n.Mode.IsDir():
			return nil, errNoFolder
		case part == "" || part == ".":
			continue
		case part == ".." && len(at) == 1:
			return nil, ErrOutside
		case part == "..":
			at = at[:len(at)-1]
			continue
		}
		e, err := p.v.Lookup(n.ID, part)
		switch {
		case err != nil:
			return nil, err
		case e.wrong != nil:
			return nil, e.wrong
		case e.Mode&fs.ModeSymlink == 0 || len(rest) == 0 && !last:
			at = append(slices.Clip(at), e)
			continue
		}
		if *links++; *links > maxLinks {
			return nil, errLinks
		}
		target, err := p.v.Readlink(e)
		switch {
		case err != nil:
			return nil, err
		case path.IsAbs(target):
			return nil, ErrOutside
		}
		rest = slices.Concat(strings.Split(target, "/"), rest)
	}
	return at, nil
}

// Reach returns [ErrOutside] when a link in name leads out of the volume.
func (p *Paths) Reach(name string) error {
	_, err := p.resolve(name, true)
	return err
}

// Readlink returns where a link leads.
func (p *Paths) Readlink(name string) (string, error) {
	e, err := p.resolve(name, false)
	if err != nil {
		return "", err
	}
	return p.v.Readlink(e)
}

// Open opens a regular file, and returns [ErrNotRegular] for any other.
func (p *Paths) Open(name string) (io.ReaderAt, int64, error) {
	e, err := p.resolve(name, true)
	if err != nil {
		return nil, 0, err
	}
	return p.v.Open(e)
}
