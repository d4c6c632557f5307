package volume

import (
	"fmt"
	"iter"
	"path"

	"github.com/codewarrant/codewarrant/internal/archive"
)

// Found is an entry and its path in the volume, with slashes.
type Found[N Node] struct {
	Path string
	Node N
}

// Walk yields everything on a volume with its path, folders before what is in them. What is
// wrong with one folder is yielded with its path, and the walk goes on beside it. A folder
// is gone into once, and not where something is wrong with it.
func Walk[N Node](s System[N]) iter.Seq2[Found[N], error] {
	return func(yield func(Found[N], error) bool) {
		root, err := s.Root()
		if err != nil {
			yield(Found[N]{}, err)
			return
		}
		w := walker[N]{system: s, yield: yield, seen: map[uint64]bool{root.Shared().ID: true}}
		w.folder(root, "", 0)
	}
}

type walker[N Node] struct {
	system System[N]
	yield  func(Found[N], error) bool
	seen   map[uint64]bool
}

// folder reports whether the walk goes on.
func (w *walker[N]) folder(folder N, name string, depth int) bool {
	if depth > maxDepth {
		return w.yield(Found[N]{Path: name}, errDepth)
	}
	for n, err := range w.system.List(folder) {
		if err != nil {
			return w.yield(Found[N]{Path: name}, err)
		}
		e := n.Shared()
		f := Found[N]{path.Join(name, e.Name), n}
		if !w.yield(f, nil) {
			return false
		}
		if !e.Mode.IsDir() || e.Err != nil {
			continue
		}
		switch {
		case w.seen[e.ID]:
			if !w.yield(f, archive.Ambiguous("two folders are one, of the number %d", e.ID)) {
				return false
			}
			continue
		case len(w.seen) >= maxFolders:
			w.yield(f, fmt.Errorf("more than %d folders", maxFolders))
			return false
		}
		w.seen[e.ID] = true
		if !w.folder(n, f.Path, depth+1) {
			return false
		}
	}
	return true
}
