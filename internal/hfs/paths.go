package hfs

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"iter"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/volume"
)

// Paths are the names of a volume.
type Paths = volume.Paths[Entry]

// Paths returns the names of the volume.
func (v *Volume) Paths() *Paths { return volume.NewPaths(v.names()) }

// Walk yields everything on the volume, as [volume.Walk] does.
func (v *Volume) Walk() iter.Seq2[volume.Found[Entry], error] { return volume.Walk(v.names()) }

func (v *Volume) names() volume.System[Entry] { return names{v} }

// names finds what is in folders.
type names struct{ *Volume }

func (n names) Root() (Entry, error) {
	return Entry{Entry: volume.Entry{ID: Root, Mode: fs.ModeDir}}, nil
}

// List yields the entries of a folder in the order of the volume, which is that of
// their names but for case and composition. What the system keeps hard links in is left out.
func (n names) List(folder Entry) iter.Seq2[Entry, error] {
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
func (n names) Judge(folder Entry) func(Entry) (listed bool, wrong error) {
	seen := map[string]string{}
	return func(e Entry) (bool, error) {
		err := n.named(folder.node(), e)
		folded := n.fold(e.Name)
		other, there := seen[folded]
		listed := err == nil && (!there || other != e.Name)
		if there {
			err = cmp.Or(err, archive.Ambiguous("%.200q and %.200q are one name on the volume", other, e.Name))
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
		return archive.Ambiguous("%.200q: the folder %d, which is in the folder %d as well", e.Name, e.ID, be.Uint32(p.data[parentAt:]))
	}
	return nil
}

// Lookup finds an entry of a folder as macOS does, by its key: that of the name itself, or else one
// whose name is the same on the volume. What the system keeps hard links in leads out of what is listed.
func (n names) Lookup(in Entry, name string) (Entry, error) {
	stored := storedName(name)
	for _, stored := range []string{stored, norm.NFD.String(stored)} {
		want := nameKey(in.node(), stored)
		compare := func(key []byte) int { return n.catalog.order(key, want) }
		var first *Entry
		for p, err := range n.catalog.from(compare) {
			if err != nil {
				return Entry{}, err
			}
			if compare(p.key) != 0 {
				break
			}
			rec, err := newRecord(p)
			switch {
			case err != nil:
				return Entry{}, err
			case n.isPrivate(rec):
				return Entry{}, volume.ErrOutside
			case bytes.Equal(p.key, want):
				return n.entry(rec), nil
			case first == nil:
				e := n.entry(rec)
				first = &e
			}
		}
		if first != nil {
			return *first, nil
		}
	}
	return Entry{}, fs.ErrNotExist
}
