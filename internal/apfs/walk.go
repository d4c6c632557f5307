package apfs

import (
	"fmt"
	"iter"
	"path"
)

const (
	// maxDepth bounds folders inside each other. Paths of macOS have 1,024 bytes.
	maxDepth = 512

	// maxFolders bounds the folders of a walk, of which each is remembered.
	maxFolders = 1 << 20
)

// Walk yields everything on the volume with its path, folders before what is in them. What is
// wrong with one folder is yielded with its path, and the walk goes on beside it.
func (v *Volume) Walk() iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		w := walker{v: v, yield: yield, seen: map[uint64]bool{Root: true}}
		w.folder(Root, "", 0)
	}
}

// Found is an entry and its path in the volume, with slashes.
type Found struct {
	Path string
	Entry
}

type walker struct {
	v     *Volume
	yield func(Found, error) bool
	seen  map[uint64]bool
}

// folder reports whether the walk goes on. Folders of which something is wrong are not
// gone into.
func (w *walker) folder(id uint64, name string, depth int) bool {
	if depth > maxDepth {
		return w.yield(Found{Path: name}, fmt.Errorf("more than %d folders inside each other", maxDepth))
	}
	for e, err := range w.v.ReadDir(id) {
		if err != nil {
			return w.yield(Found{Path: name}, err)
		}
		f := Found{path.Join(name, e.Name), e}
		if !w.yield(f, nil) {
			return false
		}
		if !e.Mode.IsDir() || e.Err != nil {
			continue
		}
		switch {
		case w.seen[e.ID]:
			if !w.yield(f, ambiguous("two folders are one, %#x", e.ID)) {
				return false
			}
			continue
		case len(w.seen) >= maxFolders:
			w.yield(f, fmt.Errorf("more than %d folders", maxFolders))
			return false
		}
		w.seen[e.ID] = true
		if !w.folder(e.ID, f.Path, depth+1) {
			return false
		}
	}
	return true
}
