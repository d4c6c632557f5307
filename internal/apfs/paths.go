package apfs

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/volume"
)

// Paths are the names of a volume.
type Paths = volume.Paths[Entry]

// Paths returns the names of the volume.
func (v *Volume) Paths() *Paths { return volume.NewPaths[Entry](lookups{v}) }

// Walk yields everything on the volume, as [volume.Walk] does.
func (v *Volume) Walk() iter.Seq2[volume.Found[Entry], error] { return volume.Walk[Entry](lookups{v}) }

// lookups find what is in folders.
type lookups struct{ *Volume }

func (l lookups) Root() (Entry, error) {
	return Entry{Entry: volume.Entry{ID: Root, Mode: fs.ModeDir}}, l.Err
}

func (l lookups) List(folder Entry) iter.Seq2[Entry, error] { return l.ReadDir(folder.ID) }

// Judge leaves out that of which there is no telling what it is.
func (l lookups) Judge(folder Entry) func(Entry) (listed bool, wrong error) {
	folders := map[uint64]bool{}
	return func(e Entry) (bool, error) {
		if e.Mode.IsDir() {
			if folders[e.ID] {
				e.fail(archive.Ambiguous("%.200q: the folder %#x, which has another name here", e.Name, e.ID))
			}
			folders[e.ID] = true
		}
		if e.wrong == nil {
			return true, nil
		}
		_, twice := errors.AsType[*archive.AmbiguousError](e.wrong)
		return twice && !e.Mode.IsDir(), fmt.Errorf("folder %#x: %w", folder.ID, e.wrong)
	}
}

// Lookup finds only what there is no doubt about.
func (l lookups) Lookup(folder Entry, name string) (Entry, error) {
	e, err := l.Volume.Lookup(folder.ID, name)
	if err == nil {
		err = e.wrong
	}
	return e, err
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
