package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
)

// maxDepth is how many folders may be inside each other. A path has at most 1024
// bytes on macOS (PATH_MAX), which is 512 components.
const maxDepth = 512

// walker walks one tree.
type walker struct {
	tree   tree
	path   string // of the tree, as in Item.Path
	name   string // of the tree
	inside string // what Item.Inside begins with: the name if the tree is a bundle
	yield  func(*Item, *Problem) bool
}

// place is a folder in the tree, and what is around it.
type place struct {
	rel          string // relative to the tree
	depth        int
	inner, outer *Bundle
}

// walkTree yields what is in t. It returns false when yield did.
func walkTree(t tree, treePath, name string, yield func(*Item, *Problem) bool) bool {
	release := t.Hold()
	defer release()
	w := &walker{tree: t, path: treePath, name: name, yield: yield}
	return w.folder(place{rel: "."})
}

func (w *walker) problem(rel string, kind Kind, err error) bool {
	return w.yield(nil, &Problem{
		Path:   path.Join(w.path, rel),
		Inside: path.Join(w.inside, rel),
		Kind:   kind,
		Err:    bare(err),
	})
}

func (w *walker) folder(p place) bool {
	if p.depth == maxDepth {
		return w.problem(p.rel, Unreadable, fmt.Errorf("more than %d folders inside each other", maxDepth))
	}
	entries, err := w.tree.ReadDir(p.rel)
	if err != nil && !w.problem(p.rel, Unreadable, err) {
		return false
	}
	if b := w.bundle(p, entries); b != nil {
		p.inner = b
		if p.outer == nil {
			p.outer = b
		}
	}
	for _, e := range entries {
		if !w.entry(p, path.Join(p.rel, e.Name()), e.Type()) {
			return false
		}
	}
	return true
}

func (w *walker) entry(p place, rel string, mode fs.FileMode) bool {
	switch {
	case mode.IsDir():
		return w.folder(place{rel: rel, depth: p.depth + 1, inner: p.inner, outer: p.outer})
	case mode.IsRegular():
		return w.file(p, rel)
	case mode&fs.ModeSymlink != 0:
		return w.link(rel)
	}
	return w.problem(rel, NotRegular, errNotRegular)
}

func (w *walker) file(p place, rel string) bool {
	c, size, err := w.tree.Open(rel)
	switch {
	case errors.Is(err, errNotRegular):
		return w.problem(rel, NotRegular, err)
	case err != nil:
		return w.problem(rel, Unreadable, err)
	}
	if is, err := isMachO(c); err != nil || !is {
		c.Close()
		return err == nil || w.problem(rel, Unreadable, err)
	}
	return w.yield(&Item{
		Path:    path.Join(w.path, rel),
		Inside:  path.Join(w.inside, rel),
		Bundle:  p.inner,
		Outer:   p.outer,
		Main:    p.inner != nil && p.inner.main == rel,
		Size:    size,
		content: held{c, w.tree.Hold()},
	}, nil)
}

// held is an open file that keeps the tree around it open as well.
type held struct {
	content
	release func()
}

func (h held) Close() error {
	defer h.release()
	return h.content.Close()
}

// link tells of a link that leads out. One that leads nowhere here may lead
// somewhere on a Mac, whose names know no case, so it is judged by its text; what
// .. behind a name leads to is not known, for the name may be another link.
func (w *walker) link(rel string) bool {
	target, err := w.tree.Readlink(rel)
	switch {
	case err != nil:
		return w.problem(rel, Unreadable, err)
	case path.Base(rel) == "Applications" && target == "/Applications":
		return true
	case path.IsAbs(target) || filepath.IsAbs(target):
		return w.problem(rel, LinkOutside, fmt.Errorf("link to %q %w", target, errOutside))
	}
	switch err := w.tree.Reach(rel); {
	case errors.Is(err, errOutside):
		return w.problem(rel, LinkOutside, fmt.Errorf("link to %q %w", target, errOutside))
	case errors.Is(err, fs.ErrNotExist) && (!filepath.IsLocal(path.Join(path.Dir(rel), target)) || strings.Contains(strings.TrimLeft(target, "./"), "..")):
		return w.problem(rel, LinkOutside, fmt.Errorf("link to %q %w", target, errOutside))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return w.problem(rel, Unreadable, err)
	}
	return true
}
