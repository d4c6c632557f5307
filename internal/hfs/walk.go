package hfs

import (
	"fmt"
	"iter"
	"path"
)

const (
	// maxDepthOfFolders bounds folders inside each other. Paths of macOS have 1,024 bytes.
	maxDepthOfFolders = 512

	// maxFolders bounds the folders of a walk, of which each is remembered.
	maxFolders = 1 << 20
)

// Walk yields everything on the volume with its path, folders before what is in them. What is
// wrong with one folder is yielded with its path, and the walk goes on beside it.
func (v *Volume) Walk() iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		w := walker{v: v, yield: yield, seen: map[uint32]bool{Root: true}}
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
	seen  map[uint32]bool
}

// folder reports whether the walk goes on.
func (w *walker) folder(id uint32, name string, depth int) bool {
	if depth > maxDepthOfFolders {
		return w.yield(Found{Path: name}, fmt.Errorf("more than %d folders inside each other", maxDepthOfFolders))
	}
	for e, err := range w.v.ReadDir(id) {
		if err != nil {
			return w.yield(Found{Path: name}, err)
		}
		f := Found{path.Join(name, e.Name), e}
		if !w.yield(f, nil) {
			return false
		}
		if !e.Mode.IsDir() {
			continue
		}
		switch {
		case w.seen[e.ID]:
			if !w.yield(f, ambiguous("two folders are one, of the number %d", e.ID)) {
				return false
			}
			continue
		case len(w.seen) >= maxFolders:
			return w.yield(f, fmt.Errorf("more than %d folders", maxFolders)) && false
		}
		w.seen[e.ID] = true
		if !w.folder(e.ID, f.Path, depth+1) {
			return false
		}
	}
	return true
}
