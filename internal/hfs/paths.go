package hfs

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/unicode/norm"

	"github.com/codewarrant/codewarrant/internal/volume"
)

// keptFolders is how many folders are kept to find names in: those around a file, and
// those of others that read the volume.
const keptFolders = 16

// Paths are the names of a volume.
type Paths = volume.Paths[Entry]

// Paths returns the names of the volume. Of the folders that were used last they keep where each name is, in
// 16 bytes.
func (v *Volume) Paths() *Paths { return volume.NewPaths(v.names()) }

// Walk yields everything on the volume, as [volume.Walk] does.
func (v *Volume) Walk() iter.Seq2[volume.Found[Entry], error] { return volume.Walk(v.names()) }

func (v *Volume) names() volume.System[Entry] { return &names{Volume: v, seed: maphash.MakeSeed()} }

// names finds what is in folders.
type names struct {
	*Volume
	seed maphash.Seed

	mu   sync.Mutex
	kept []*folder // the one used last in front
}

// folder is where the records of a folder are, by the hashes of their names.
type folder struct {
	id    uint32
	slots []slot
}

type slot struct {
	hash uint64
	at   place
}

func (n *names) Root() (Entry, error) {
	return Entry{Entry: volume.Entry{ID: Root, Mode: fs.ModeDir}}, nil
}

// List yields the entries of a folder in the order of the volume, which is that of
// their names but for case and composition. What the system keeps hard links in is left out.
func (n *names) List(folder Entry) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for rec, err := range n.list(folder.node()) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			if !yield(n.entry(rec), nil) {
				return
			}
		}
	}
}

// Judge leaves out what cannot be told apart, or not named.
func (n *names) Judge(folder Entry) func(Entry) (listed bool, wrong error) {
	seen := map[string]string{}
	return func(e Entry) (bool, error) {
		err := n.named(folder.node(), e)
		folded := n.fold(e.Name)
		other, there := seen[folded]
		listed := err == nil && (!there || other != e.Name)
		if there {
			err = cmp.Or(err, ambiguous("%.200q and %.200q are one name on the volume", other, e.Name))
		}
		seen[folded] = e.Name
		return listed, err
	}
}

// fold returns one name for all that are one on the volume, and for those that differ in
// case as far as Unicode tells: Apple's table is an older one.
func (v *Volume) fold(name string) string {
	name = norm.NFD.String(name)
	if v.CaseSensitive {
		return name
	}
	name = strings.Map(func(r rune) rune {
		if r > 0xffff {
			return r
		}
		if r = rune(foldUnit(uint16(r))); r == 0 {
			return -1 // it is passed over
		}
		return r
	}, name)
	return strings.ToLower(strings.ToUpper(name))
}

// isPrivate reports whether a path leads from the root folder to one that the system keeps hard links in. A
// zero of a name is U+2400 in a path (HFSPLUSMETADATAFOLDER in hfs_format.h).
func (v *Volume) isPrivate(name string) bool {
	name = v.fold(strings.ReplaceAll(name, "\u2400", "\x00"))
	return v.private.id != 0 && name == v.fold(privateName) || v.privateFolders.id != 0 && name == v.fold(privateFoldersName)
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
	want := nameKey(e.node(), "")
	p, found, err := v.catalog.find(func(key []byte) int { return v.catalog.order(key, want) })
	switch {
	case err != nil:
		return err
	case !found || len(p.data) < parentAt+4 || be.Uint16(p.data) != recordFolderThread:
		return fmt.Errorf("%.200q: the folder %d has no thread", e.Name, e.ID)
	case be.Uint32(p.data[parentAt:]) != parent:
		return ambiguous("%.200q: the folder %d, which is in the folder %d as well", e.Name, e.ID, be.Uint32(p.data[parentAt:]))
	}
	return nil
}

// folder returns where the names of a folder are.
func (n *names) folder(id uint32) (*folder, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if i := slices.IndexFunc(n.kept, func(f *folder) bool { return f.id == id }); i >= 0 {
		f := n.kept[i]
		copy(n.kept[1:i+1], n.kept[:i])
		n.kept[0] = f
		return f, nil
	}
	f := &folder{id: id}
	for rec, err := range n.list(id) {
		if err != nil {
			break // of which the listing tells
		}
		if len(f.slots) == volume.MaxEntries {
			return nil, fmt.Errorf("more than %d entries", volume.MaxEntries)
		}
		name, _ := nameOf(rec.name)
		f.slots = append(f.slots, slot{maphash.String(n.seed, n.fold(name)), rec.at})
	}
	slices.SortFunc(f.slots, func(a, b slot) int { return cmp.Compare(a.hash, b.hash) })
	n.kept = append([]*folder{f}, n.kept[:min(len(n.kept), keptFolders-1)]...)
	return f, nil
}

// Lookup finds an entry of a folder: that of the name itself, or else one whose name is
// the same on the volume.
func (n *names) Lookup(in Entry, name string) (Entry, error) {
	f, err := n.folder(in.node())
	if err != nil {
		return Entry{}, err
	}
	folded := n.fold(name)
	hash := maphash.String(n.seed, folded)
	i, _ := slices.BinarySearchFunc(f.slots, hash, func(s slot, hash uint64) int { return cmp.Compare(s.hash, hash) })
	var found Entry
	for ; i < len(f.slots) && f.slots[i].hash == hash; i++ {
		stored, err := n.catalog.read(f.slots[i].at)
		if err != nil {
			return Entry{}, err
		}
		rec, err := newRecord(stored)
		if err != nil {
			return Entry{}, err
		}
		switch got, _ := nameOf(rec.name); {
		case got == name:
			return n.entry(rec), nil
		case found.Name == "" && n.fold(got) == folded:
			found = n.entry(rec)
		}
	}
	switch {
	case found.Name != "":
		return found, nil
	case in.node() == Root && n.isPrivate(name):
		return Entry{}, volume.ErrOutside // of what is listed
	}
	return Entry{}, fs.ErrNotExist
}
