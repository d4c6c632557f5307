package artifact

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// argument is one file or folder given by name.
type argument struct {
	given   string
	path    string // cleaned, with slashes
	name    string // last component, also of "." or ".."
	real    string // the absolute path without links
	info    fs.FileInfo
	err     error
	covered bool // a wider argument, or an earlier equal one, has it
}

func resolve(names []string) []argument {
	args := make([]argument, len(names))
	for i, name := range names {
		args[i] = newArgument(name)
	}
	first := map[string]int{} // the argument of each real path that comes first
	for i, a := range args {
		if _, ok := first[a.real]; !ok && a.err == nil {
			first[a.real] = i
		}
	}
	for i, a := range args {
		if a.err != nil {
			continue
		}
		args[i].covered = first[a.real] != i
		for dir := a.real; dir != filepath.Dir(dir); {
			dir = filepath.Dir(dir)
			if j, ok := first[dir]; ok && args[j].info.IsDir() {
				args[i].covered = true
			}
		}
	}
	return args
}

func newArgument(given string) argument {
	a := argument{given: given, path: filepath.ToSlash(filepath.Clean(given))}
	if given == "" { // which Clean takes for the current folder
		a.path, a.err = `""`, fs.ErrNotExist
		return a
	}
	a.info, a.err = os.Stat(given)
	abs, err := filepath.Abs(given)
	if err != nil {
		abs = filepath.Clean(given)
	}
	if a.real, err = filepath.EvalSymlinks(abs); err != nil {
		a.real = abs
	}
	a.name = filepath.Base(abs)
	// A link named "latest" to Acme.app is Acme.app.
	if real := filepath.Base(a.real); bundleKind(a.name) == "" && bundleKind(real) != "" {
		a.name = real
	}
	return a
}

func (a argument) walk(left *limits, yield func(*Item, *Problem) bool) bool {
	problem := func(kind Kind, err error) bool {
		return yield(nil, &Problem{Path: a.path, Inside: a.name, Kind: kind, Err: bare(err)})
	}
	switch {
	case errors.Is(a.err, fs.ErrNotExist):
		return problem(Missing, a.err)
	case a.err != nil:
		return problem(Unreadable, a.err)
	case a.info.IsDir() && a.covered:
		return true
	case a.info.IsDir():
		root, err := os.OpenRoot(a.given)
		if err != nil {
			return problem(Unreadable, err)
		}
		return a.found(problem, yield, func(yield func(*Item, *Problem) bool) bool {
			return walkTree(newFolder(root), a.tree(), left, yield)
		})
	case !a.info.Mode().IsRegular():
		return problem(NotRegular, errNotRegular)
	}
	return a.file(left, problem, yield)
}

// tree returns what the items below a have in common.
func (a argument) tree() treeName {
	return treeName{path: a.path, name: a.name, part: isPart(filepath.ToSlash(a.real))}
}

// isPart reports whether a folder in the path is one that only bundles have.
func isPart(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(name string) bool {
		return strings.EqualFold(name, "Contents") || strings.EqualFold(name, "Versions")
	})
}

// file yields a single file. One that a folder covers is opened here all the
// same, to say what it is when it is no Mach-O: the folder would not.
func (a argument) file(left *limits, problem func(Kind, error) bool, yield func(*Item, *Problem) bool) bool {
	c, size, err := openRegular(os.OpenFile(a.given, os.O_RDONLY|syscall.O_NONBLOCK, 0))
	switch {
	case errors.Is(err, errNotRegular):
		return problem(NotRegular, err)
	case err != nil:
		return problem(Unreadable, err)
	}
	is, format, err := recognise(c, size, a.name)
	if err != nil && !(a.covered && (is || format != nil)) && !problem(kindOf(err), err) {
		c.Close()
		return false
	}
	switch {
	case !is && format == nil && err != nil:
		c.Close()
		return true
	case !is && format == nil:
		c.Close()
		return problem(NotMachO, errors.New("not a Mach-O file"))
	case a.covered:
		c.Close()
		return true
	case is:
		return yield(&Item{Path: a.path, Inside: a.name, Given: true, Size: size, content: c}, nil)
	}
	return a.found(problem, yield, func(yield func(*Item, *Problem) bool) bool {
		return walkPacked(format, c, size, treeName{path: a.path, name: a.name}, left, yield)
	})
}

// found tells of a folder or archive in which walk meets nothing.
func (a argument) found(problem func(Kind, error) bool, yield func(*Item, *Problem) bool, walk func(func(*Item, *Problem) bool) bool) bool {
	found := false
	more := walk(func(item *Item, p *Problem) bool {
		found = found || item != nil && item.Image == nil || p != nil && p.Kind != LinkOutside && p.Kind != NoCode && p.Kind != Opaque && p.Kind != Script
		return yield(item, p)
	})
	return more && (found || problem(Nothing, errors.New("no Mach-O file was found here")))
}
