package apfs

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// maxEntries bounds the entries of a folder, and maxNames their names, in bytes.
	// Folders of libraries and icons have some thousands.
	maxEntries = 100_000
	maxNames   = 16 << 20

	// maxSame bounds the names of a folder with one hash. Of a million, some ten have one
	// hash by chance.
	maxSame = 64

	// maxLinks bounds the links that one name leads through: MAXSYMLINKS of macOS.
	maxLinks = 32

	// maxTarget bounds where a link leads, in bytes: PATH_MAX of macOS.
	maxTarget = 1024

	drecLength = 18 // j_drec_val_t, which begins with the inode
)

var (
	// ErrNotRegular is why something is not opened.
	ErrNotRegular = errors.New("not a regular file")
	// ErrOutside is where a link leads out of the volume.
	ErrOutside = errors.New("leads out of the volume")

	errNoFolder = errors.New("not a folder")
	errNoLink   = errors.New("not a link")
	errLinks    = fmt.Errorf("more than %d links to follow", maxLinks)
)

// entry is one of a folder. It is its own FileInfo.
type entry struct {
	name string
	hash uint64 // with the length of the name, 0 where there is none
	id   uint64
	node *inode
}

func (e *entry) Name() string               { return e.name }
func (e *entry) IsDir() bool                { return e.node.mode.IsDir() }
func (e *entry) Type() fs.FileMode          { return e.node.mode }
func (e *entry) Mode() fs.FileMode          { return e.node.mode }
func (e *entry) Info() (fs.FileInfo, error) { return e, nil }
func (e *entry) Size() int64                { return int64(e.node.size) }
func (e *entry) ModTime() time.Time         { return time.Time{} }
func (e *entry) Sys() any                   { return nil }

// ReadDir returns the entries of a folder, sorted by name, and what is wrong with it. Those
// of which there is no telling what they are are left out, and are the error.
func (v *Volume) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := v.resolve(name, true)
	if err != nil {
		return nil, err
	}
	if !n.mode.IsDir() {
		return nil, errNoFolder
	}
	entries, err := v.list(n)
	slices.SortFunc(entries, func(a, b *entry) int { return cmp.Compare(a.name, b.name) })
	list := make([]fs.DirEntry, len(entries))
	for i, e := range entries {
		list[i] = e
	}
	if err != nil {
		err = fmt.Errorf("folder %#x: %w", n.id, err)
	}
	return list, err
}

// list returns the entries of a folder by their hashes, and the first thing that is wrong
// with it.
func (v *Volume) list(n *inode) ([]*entry, error) {
	c, err := v.tree.seek(key{id: n.id, kind: kindDrec})
	if err != nil {
		return nil, err
	}
	var entries []*entry
	var wrong error
	names, read := 0, 0
	folders := map[uint64]bool{}
	for ; c.at(n.id, kindDrec); read++ {
		e, err := v.entry(c)
		switch {
		case read >= maxEntries:
			return nil, fmt.Errorf("more than %d entries", maxEntries)
		case err == nil && e.node.mode.IsDir():
			err = e.only(n, folders)
		}
		if err != nil {
			wrong = cmp.Or(wrong, err)
		} else {
			entries = append(entries, e)
		}
		if names += len(c.rawKey()); names > maxNames {
			return nil, fmt.Errorf("more than %d bytes of names", maxNames)
		}
		if err := c.next(); err != nil {
			return entries, cmp.Or(wrong, err)
		}
	}
	if wrong == nil && uint32(read) != n.children {
		wrong = fmt.Errorf("%d entries, where its inode says %d", read, n.children)
	}
	return entries, cmp.Or(wrong, v.same(entries))
}

// entry reads the record that a cursor is at, and its inode, which tells what it is: what
// the record says of that is only a hint.
func (v *Volume) entry(c *cursor) (*entry, error) {
	e := &entry{name: v.drecName(c.rawKey()), hash: c.key().number}
	if err := v.checkName(e); err != nil {
		return nil, err
	}
	b := c.value()
	if len(b) < drecLength {
		return nil, fmt.Errorf("%.200q: a record of %d bytes, fewer than %d", e.name, len(b), drecLength)
	}
	e.id = le64(b)
	n, err := v.inode(e.id)
	if err != nil {
		return nil, fmt.Errorf("%.200q: %w", e.name, err)
	}
	e.node = n
	return e, nil
}

// checkName returns why a name cannot be that of an entry. One whose hash is wrong is
// listed by macOS, but not found.
func (v *Volume) checkName(e *entry) error {
	switch {
	case e.name == "" || e.name == "." || e.name == ".." || strings.ContainsAny(e.name, "/\x00") || !utf8.ValidString(e.name):
		return fmt.Errorf("an entry with the name %.200q", e.name)
	case v.hashed() && uint64(hash(v.canonical(e.name))) != e.hash>>lengthBits:
		return fmt.Errorf("%.200q: the hash of the name is %#x, not %#x", e.name, e.hash>>lengthBits, hash(v.canonical(e.name)))
	}
	return nil
}

// only returns why a folder is not in another one as the only one: there are no hard
// links to folders, which may make a walk endless.
func (e *entry) only(parent *inode, folders map[uint64]bool) error {
	switch {
	case e.node.parent != parent.id || e.id == rootFolder:
		return fmt.Errorf("%.200q: the folder %#x, which is in the folder %#x", e.name, e.id, e.node.parent)
	case folders[e.id]:
		return fmt.Errorf("%.200q: the folder %#x, which has another name here", e.name, e.id)
	}
	folders[e.id] = true
	return nil
}

// same tells of entries that are one on the volume, of which macOS finds only the first.
func (v *Volume) same(entries []*entry) error {
	names := map[string]string{}
	for _, e := range entries {
		name := v.canonical(e.name)
		if other, there := names[name]; there {
			return ambiguous("%.200q and %.200q are one name on the volume", other, e.name)
		}
		names[name] = e.name
	}
	return nil
}

// lookup finds an entry: that of the name itself, or else one whose name is the same on
// the volume.
func (v *Volume) lookup(dir uint64, name string) (*entry, error) {
	canonical := v.canonical(name)
	from := key{id: dir, kind: kindDrec}
	if v.hashed() {
		from.number = uint64(hash(canonical)) << lengthBits
	} else {
		from.name = name
	}
	c, err := v.tree.seek(from)
	if err != nil {
		return nil, err
	}
	var found *cursor
	for n := 0; c.at(dir, kindDrec) && c.key().number>>lengthBits == from.number>>lengthBits; n++ {
		got := v.drecName(c.rawKey())
		switch {
		case n == maxSame:
			return nil, fmt.Errorf("folder %#x: more than %d names with one hash", dir, maxSame)
		case got == name:
			return v.entry(c)
		case !v.hashed():
			return nil, fs.ErrNotExist
		case found == nil && v.canonical(got) == canonical:
			at := *c
			at.path = slices.Clone(c.path)
			found = &at
		}
		if err := c.next(); err != nil {
			return nil, err
		}
	}
	if found == nil {
		return nil, fs.ErrNotExist
	}
	return v.entry(found)
}

// chain is a node with the folders above it, from the root.
type chain []*inode

// folder is a folder that was found, each part of whose name is one of the chain. A walk
// asks for what is in it and around it next.
type folder struct {
	parts []string
	at    chain
}

// resolve returns what a name leads to, and follows links, the last one only if it is to.
func (v *Volume) resolve(name string, last bool) (*inode, error) {
	if v.Err != nil {
		return nil, v.Err
	}
	links := 0
	base := name
	at := chain{v.root}
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		base = name[i+1:]
		var err error
		if at, err = v.find(name[:i], &links); err != nil {
			return nil, err
		}
	}
	at, err := v.follow(at, []string{base}, last, &links)
	if err != nil {
		return nil, err
	}
	return at[len(at)-1], nil
}

// find returns a folder, from what it has in common with the one that was found last.
func (v *Volume) find(name string, links *int) (chain, error) {
	parts := strings.Split(name, "/")
	at, same := chain{v.root}, 0
	if f := v.found.Load(); f != nil {
		for same < min(len(parts), len(f.parts)) && parts[same] == f.parts[same] {
			same++
		}
		at = f.at[:same+1]
	}
	at, err := v.follow(at, parts[same:], true, links)
	if err == nil && *links == 0 && len(at) == len(parts)+1 {
		v.found.Store(&folder{parts, at})
	}
	return at, err
}

// follow goes from a folder along a name.
func (v *Volume) follow(at chain, rest []string, last bool, links *int) (chain, error) {
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		n := at[len(at)-1]
		switch {
		case !n.mode.IsDir():
			return nil, errNoFolder
		case part == "" || part == ".":
			continue
		case part == ".." && len(at) == 1:
			return nil, ErrOutside
		case part == "..":
			at = at[:len(at)-1]
			continue
		}
		e, err := v.lookup(n.id, part)
		switch {
		case err != nil:
			return nil, err
		case e.node.mode&fs.ModeSymlink == 0 || len(rest) == 0 && !last:
			at = append(slices.Clip(at), e.node)
			continue
		}
		if *links++; *links > maxLinks {
			return nil, errLinks
		}
		target, err := v.target(e.node)
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
func (v *Volume) Reach(name string) error {
	_, err := v.resolve(name, true)
	return err
}

// Readlink returns where a link leads.
func (v *Volume) Readlink(name string) (string, error) {
	n, err := v.resolve(name, false)
	if err != nil {
		return "", err
	}
	return v.target(n)
}

// target reads where a link leads ("Symbolic Links"), of which an attribute tells.
func (v *Volume) target(n *inode) (string, error) {
	if n.mode&fs.ModeSymlink == 0 {
		return "", errNoLink
	}
	b, err := v.attribute(n.id, "com.apple.fs.symlink", maxTarget)
	if err != nil {
		return "", fmt.Errorf("link %#x: %w", n.id, err)
	}
	target, ended := strings.CutSuffix(string(b), "\x00")
	if !ended || target == "" || strings.Contains(target, "\x00") {
		return "", fmt.Errorf("link %#x: it leads to %.200q, which is no name with an end", n.id, b)
	}
	return target, nil
}
