package hfs

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/unicode/norm"
)

const (
	// maxEntries bounds the entries of a folder that is listed at once, and maxNames their
	// names, in bytes. Folders of libraries and icons have some thousands.
	maxEntries = 100_000
	maxNames   = 8 << 20

	// maxLinks bounds the links that one name leads through: MAXSYMLINKS of macOS.
	maxLinks = 32

	// keptFolders is how many folders are kept to find names in: those around a file, and
	// those of others that read the volume.
	keptFolders = 16
)

var (
	// ErrNotRegular is why something is not opened.
	ErrNotRegular = errNotRegular
	// ErrOutside is where a link leads out of the volume.
	ErrOutside = errors.New("leads out of the volume")

	errNoFolder = errors.New("not a folder")
	errLinks    = fmt.Errorf("more than %d links to follow", maxLinks)
)

// Paths finds what is on a volume by names. They are relative to its root, with slashes;
// "." is the root itself. Links are followed where they stay in the volume, and names are
// found by their case or not, as the volume is. Of the folders that were used last it
// keeps where each name is, in 16 bytes.
type Paths struct {
	v    *Volume
	seed maphash.Seed

	mu   sync.Mutex
	kept []*folder // the one used last in front
}

// Paths returns the names of the volume.
func (v *Volume) Paths() *Paths { return &Paths{v: v, seed: maphash.MakeSeed()} }

// folder is where the records of a folder are, by the hashes of their names.
type folder struct {
	id    uint32
	slots []slot
}

type slot struct {
	hash uint64
	at   place
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

// fold returns one name for all that are one on the volume, as far as Unicode tells: Apple's
// table of what differs in case alone is an older one.
func (v *Volume) fold(name string) string {
	name = norm.NFD.String(name)
	if v.CaseSensitive {
		return name
	}
	return strings.ToLower(strings.ToUpper(name))
}

// ReadDir returns the entries of a folder, sorted by name, and the first thing that is
// wrong with it. Those that cannot be told apart, or not named, are left out.
func (p *Paths) ReadDir(name string) ([]fs.DirEntry, error) {
	e, err := p.resolve(name, true)
	if err != nil {
		return nil, err
	}
	if !e.Mode.IsDir() {
		return nil, errNoFolder
	}
	var list []fs.DirEntry
	wrong, names := error(nil), 0
	seen := map[string]string{}
	for rec, err := range p.v.list(e.ID) {
		if err != nil {
			wrong = cmp.Or(wrong, err)
			break
		}
		c := p.v.entry(rec)
		if names += len(c.Name); len(list) == maxEntries || names > maxNames {
			return nil, fmt.Errorf("more than %d entries, or %d bytes of names", maxEntries, maxNames)
		}
		err = p.v.named(e.ID, c)
		folded := p.v.fold(c.Name)
		other, there := seen[folded]
		if err == nil && (!there || other != c.Name) {
			list = append(list, dirEntry{c.Name, c.Mode, c.Size})
		}
		if there {
			err = cmp.Or(err, ambiguous("%.200q and %.200q are one name on the volume", other, c.Name))
		}
		seen[folded] = c.Name
		wrong = cmp.Or(wrong, err)
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return list, wrong
}

// named returns why an entry of a folder is not one that a path leads to.
func (v *Volume) named(parent uint32, e Entry) error {
	switch {
	case e.Name == "" || e.Name == "." || e.Name == ".." || strings.ContainsAny(e.Name, "/\x00"):
		return cmp.Or(e.Err, fmt.Errorf("an entry with the name %.200q", e.Name))
	case e.Err != nil && (e.Mode == fs.ModeIrregular || e.Mode.IsDir()):
		return fmt.Errorf("%.200q: %w", e.Name, e.Err)
	case e.Mode.IsDir():
		return v.checkParent(parent, e)
	}
	return nil
}

// checkParent tells of a folder that is said to be in another one by the record that leads
// from it to that (TN1150, "Catalog Tree Records"). There would be no end of some.
func (v *Volume) checkParent(parent uint32, e Entry) error {
	const parentAt = 4
	compare := func(key []byte) int {
		return cmp.Or(cmp.Compare(be.Uint32(key), e.ID), cmp.Compare(be.Uint16(key[4:]), 0))
	}
	for p, err := range v.catalog.from(catalogKey, compare) {
		switch {
		case err != nil:
			return err
		case compare(p.key) != 0 || len(p.data) < parentAt+4 || be.Uint16(p.data) != recordFolderThread:
			return fmt.Errorf("%.200q: the folder %d has no thread", e.Name, e.ID)
		case be.Uint32(p.data[parentAt:]) != parent:
			return ambiguous("%.200q: the folder %d, which is in the folder %d as well", e.Name, e.ID, be.Uint32(p.data[parentAt:]))
		}
		return nil
	}
	return fmt.Errorf("%.200q: the folder %d has no thread", e.Name, e.ID)
}

// folder returns where the names of a folder are.
func (p *Paths) folder(id uint32) (*folder, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.IndexFunc(p.kept, func(f *folder) bool { return f.id == id }); i >= 0 {
		f := p.kept[i]
		copy(p.kept[1:i+1], p.kept[:i])
		p.kept[0] = f
		return f, nil
	}
	f := &folder{id: id}
	for rec, err := range p.v.list(id) {
		if err != nil {
			break // of which the listing tells
		}
		if len(f.slots) == maxEntries {
			return nil, fmt.Errorf("more than %d entries", maxEntries)
		}
		name, _ := nameOf(rec.name)
		f.slots = append(f.slots, slot{maphash.String(p.seed, p.v.fold(name)), rec.at})
	}
	slices.SortFunc(f.slots, func(a, b slot) int { return cmp.Compare(a.hash, b.hash) })
	p.kept = append([]*folder{f}, p.kept[:min(len(p.kept), keptFolders-1)]...)
	return f, nil
}

// lookup finds an entry of a folder: that of the name itself, or else one whose name is
// the same on the volume.
func (p *Paths) lookup(id uint32, name string) (Entry, error) {
	f, err := p.folder(id)
	if err != nil {
		return Entry{}, err
	}
	folded := p.v.fold(name)
	hash := maphash.String(p.seed, folded)
	i, _ := slices.BinarySearchFunc(f.slots, hash, func(s slot, hash uint64) int { return cmp.Compare(s.hash, hash) })
	var found Entry
	for ; i < len(f.slots) && f.slots[i].hash == hash; i++ {
		key, data, err := p.v.catalog.read(f.slots[i].at, catalogKey)
		if err != nil {
			return Entry{}, err
		}
		rec, err := newRecord(pair{key, data, f.slots[i].at})
		if err != nil {
			return Entry{}, err
		}
		switch got, _ := nameOf(rec.name); {
		case got == name:
			return p.v.entry(rec), nil
		case found.Name == "" && p.v.fold(got) == folded:
			found = p.v.entry(rec)
		}
	}
	if found.Name == "" {
		return Entry{}, fs.ErrNotExist
	}
	return found, nil
}

// resolve returns what a name leads to, and follows links, the last one only if it is to.
func (p *Paths) resolve(name string, last bool) (Entry, error) {
	at := []Entry{{ID: Root, Mode: fs.ModeDir}}
	rest, links := strings.Split(name, "/"), 0
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		n := at[len(at)-1]
		switch {
		case !n.Mode.IsDir():
			return Entry{}, errNoFolder
		case part == "" || part == ".":
			continue
		case part == ".." && len(at) == 1:
			return Entry{}, ErrOutside
		case part == "..":
			at = at[:len(at)-1]
			continue
		}
		e, err := p.lookup(n.ID, part)
		switch {
		case err != nil:
			return Entry{}, err
		case len(at) > maxDepthOfFolders:
			return Entry{}, fmt.Errorf("more than %d folders inside each other", maxDepthOfFolders)
		case e.Mode&fs.ModeSymlink == 0 || len(rest) == 0 && !last:
			at = append(at, e)
			continue
		}
		if links++; links > maxLinks {
			return Entry{}, errLinks
		}
		target, err := p.v.Readlink(e)
		switch {
		case err != nil:
			return Entry{}, err
		case path.IsAbs(target):
			return Entry{}, ErrOutside
		}
		rest = slices.Concat(strings.Split(target, "/"), rest)
	}
	return at[len(at)-1], nil
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
