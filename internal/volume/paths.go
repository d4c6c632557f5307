package volume

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync/atomic"
)

// Paths finds what is on a volume by names. They are relative to its root, with slashes;
// "." is the root itself. Links are followed where they stay in the volume, and names are found
// as macOS finds them: by their case or not, as the volume is. It may be used by several at a
// time, and keeps no listing.
type Paths[N Node] struct {
	system System[N]
	found  atomic.Pointer[folder[N]]
}

// NewPaths returns the names of a volume.
func NewPaths[N Node](s System[N]) *Paths[N] { return &Paths[N]{system: s} }

// chain is an entry with the folders above it, from the root.
type chain[N Node] []N

// folder is a folder that was found, each part of whose name is one of the chain. A walk
// asks for what is in it and around it next.
type folder[N Node] struct {
	parts []string
	at    chain[N]
}

// resolve returns what a name leads to, and follows links, the last one only if it is to.
func (p *Paths[N]) resolve(name string, last bool) (N, error) {
	var none N
	root, err := p.system.Root()
	if err != nil {
		return none, err
	}
	links := 0
	base, at := name, chain[N]{root}
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		base = name[i+1:]
		if at, err = p.find(at, name[:i], &links); err != nil {
			return none, err
		}
	}
	if at, err = p.follow(at, []string{base}, last, &links); err != nil {
		return none, err
	}
	return at[len(at)-1], nil
}

// find returns a folder, from what it has in common with the one that was found last.
func (p *Paths[N]) find(at chain[N], name string, links *int) (chain[N], error) {
	parts, same := strings.Split(name, "/"), 0
	if f := p.found.Load(); f != nil {
		for same < min(len(parts), len(f.parts)) && parts[same] == f.parts[same] {
			same++
		}
		at = f.at[:same+1]
	}
	at, err := p.follow(at, parts[same:], true, links)
	if err == nil && *links == 0 && len(at) == len(parts)+1 {
		p.found.Store(&folder[N]{parts, at})
	}
	return at, err
}

// follow goes from a folder along a name.
func (p *Paths[N]) follow(at chain[N], rest []string, last bool, links *int) (chain[N], error) {
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		n := at[len(at)-1]
		switch {
		case !n.Shared().Mode.IsDir():
			return nil, ErrNoFolder
		case part == "" || part == ".":
			continue
		case part == ".." && len(at) == 1:
			return nil, ErrOutside
		case part == "..":
			at = at[:len(at)-1]
			continue
		}
		e, err := p.system.Lookup(n, part)
		switch {
		case err != nil:
			return nil, err
		case len(at) > maxDepth:
			return nil, errDepth
		case e.Shared().Mode&fs.ModeSymlink == 0 || len(rest) == 0 && !last:
			at = append(slices.Clip(at), e)
			continue
		}
		if *links++; *links > maxLinks {
			return nil, errLinks
		}
		target, err := p.system.Readlink(e)
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
func (p *Paths[N]) Reach(name string) error {
	_, err := p.resolve(name, true)
	return err
}

// Readlink returns where a link leads.
func (p *Paths[N]) Readlink(name string) (string, error) {
	n, err := p.resolve(name, false)
	if err != nil {
		return "", err
	}
	return p.system.Readlink(n)
}

// Open opens a regular file, and returns [ErrNotRegular] for any other.
func (p *Paths[N]) Open(name string) (io.ReaderAt, int64, error) {
	n, err := p.resolve(name, true)
	if err != nil {
		return nil, 0, err
	}
	return p.system.Open(n)
}

// Resources opens the resource fork of a regular file, which a path leads to as well, with
// /..namedfork/rsrc behind that of the file. Without one its size is 0.
func (p *Paths[N]) Resources(name string) (io.ReaderAt, int64, error) {
	n, err := p.resolve(name, true)
	if err != nil {
		return nil, 0, err
	}
	return p.system.OpenResources(n)
}
