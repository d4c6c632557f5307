package artifact

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/inorder"
)

// pack is a tree in an archive.
type pack struct {
	holder
	root *node
	from content
	u    *unpacker
}

// node is a folder, file or link in an archive.
type node struct {
	name     string
	entry    archive.Entry
	children map[string]*node // of a folder
}

func (n *node) Name() string               { return n.name }
func (n *node) IsDir() bool                { return n.entry.Mode.IsDir() }
func (n *node) Type() fs.FileMode          { return n.entry.Mode }
func (n *node) Info() (fs.FileInfo, error) { return n, nil }
func (n *node) Size() int64                { return n.entry.Size }
func (n *node) Mode() fs.FileMode          { return n.entry.Mode }
func (n *node) ModTime() time.Time         { return time.Time{} }
func (n *node) Sys() any                   { return nil }

func newNode(name string, e archive.Entry) *node {
	name = strings.Clone(name) // and not the whole path around it
	n := &node{name: name, entry: e}
	n.entry.Name = ""
	if n.IsDir() {
		n.children = map[string]*node{}
	}
	return n
}

// ofNode is what a node takes in memory, in bytes, beside its names.
const ofNode = 320

// newPack lists an archive, and closes it when nobody holds the tree any more. What is
// wrong with the archive goes to tell; the listing ends when that returns false.
func newPack(f *archive.Format, from content, size int64, left *limits, tell func(error) bool) *pack {
	p := &pack{root: newNode(".", archive.Entry{Mode: fs.ModeDir}), from: from, u: left.unpacker}
	p.holder = newHolder(from.Close)
	tell = few(tell)
	for e, err := range f.List(from, size) {
		if err == nil {
			err = p.add(e, left)
		}
		switch {
		case left.passed() != nil:
			return p // of which the walk tells
		case err != nil && !tell(err):
			return p
		}
	}
	p.collisions(nil, p.root, tell)
	return p
}

// maxAmbiguous bounds what is told of one archive that readers take differently: made ones
// are so at every entry, and real ones at a few.
const maxAmbiguous = 100

// few tells of the first places that are ambiguous, of everything else, and that there
// are more.
func few(tell func(error) bool) func(error) bool {
	told := 0
	return func(err error) bool {
		if kindOf(err) != Ambiguous {
			return tell(err)
		}
		switch told++; {
		case told <= maxAmbiguous:
			return tell(err)
		case told == maxAmbiguous+1:
			return tell(archive.Ambiguous("there are more places like these; the first %d are told", maxAmbiguous))
		}
		return true
	}
}

// add puts an entry into its place. Its error says why readers may put it elsewhere.
func (p *pack) add(e archive.Entry, left *limits) error {
	left.index -= ofNode + int64(len(e.Name)+len(e.Link))
	if err := tooLong(e.Name); err != nil {
		return err
	}
	if len(e.Link) > maxPath {
		e.Err, e.Link = fmt.Errorf("a link to a path of %d bytes", len(e.Link)), ""
	}
	name, err := placeOf(e.Name)
	if name == "." {
		if !e.Mode.IsDir() {
			return archive.Ambiguous("an entry without a name of its own: %.200q", e.Name)
		}
		return err
	}
	dir, base := p.root, name
	for more := true; more; {
		var part string
		part, base, more = strings.Cut(base, "/")
		if !more {
			base = part
			break
		}
		next := dir.children[part]
		switch {
		case next == nil:
			left.index -= ofNode
			next = newNode(part, archive.Entry{Mode: fs.ModeDir})
			dir.children[next.name] = next
		case !next.IsDir():
			return archive.Ambiguous("%.200q is an entry below %.200q, which is no folder", e.Name, part)
		}
		dir = next
	}
	if e.Hard != "" {
		if e, err = p.linked(e); err != nil {
			return err
		}
	}
	switch there := dir.children[base]; {
	case there == nil:
		n := newNode(base, e)
		dir.children[n.name] = n
	case !there.IsDir() || !e.Mode.IsDir():
		return archive.Ambiguous("two entries are named %.200q", name)
	}
	return err
}

// tooLong returns why a name is refused before folders are made of it.
func tooLong(name string) error {
	switch parts := strings.Count(name, "/") + 1; {
	case len(name) > maxPath:
		return fmt.Errorf("an entry whose name has %d bytes, of which %d are read, so it was not looked at: %.80q", len(name), maxPath, name)
	case parts > maxParts:
		return fmt.Errorf("an entry in %d folders inside each other, of which %d are read, so it was not looked at: %.80q", parts-1, maxParts-1, name)
	}
	return nil
}

// placeOf returns where an entry of that name is put, and why others may put it
// elsewhere.
func placeOf(name string) (string, error) {
	clean := strings.TrimPrefix(path.Clean("/"+name), "/")
	switch {
	case path.IsAbs(name):
		return cmp.Or(clean, "."), archive.Ambiguous("the name of the entry %.200q is absolute", name)
	case slices.Contains(strings.Split(name, "/"), ".."):
		return cmp.Or(clean, "."), archive.Ambiguous("the name of the entry %.200q leads up", name)
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		return cmp.Or(clean, "."), archive.Ambiguous("the name of the entry %.200q is not UTF-8", name)
	}
	return cmp.Or(clean, "."), nil
}

// linked returns the entry of which e is another name.
func (p *pack) linked(e archive.Entry) (archive.Entry, error) {
	if err := tooLong(e.Hard); err != nil {
		return e, err
	}
	name, err := placeOf(e.Hard)
	if err != nil {
		return e, err
	}
	n := p.root
	for part := range strings.SplitSeq(name, "/") {
		if n = n.children[part]; n == nil {
			return e, archive.Ambiguous("%.200q is a hard link to %.200q, which is no entry before it", e.Name, e.Hard)
		}
	}
	if !n.entry.Mode.IsRegular() {
		return e, archive.Ambiguous("%.200q is a hard link to %.200q, which is no file", e.Name, e.Hard)
	}
	return n.entry, nil
}

// collisions tells of names that are one on the volumes that macOS makes by default.
func (p *pack) collisions(dir []string, n *node, tell func(error) bool) bool {
	names := map[string]string{}
	for _, c := range n.list() {
		other, there := names[fold(c.name)]
		if there && !tell(archive.Ambiguous("%.200q and %.200q in %q are one name where case and the composition of accents do not count", other, c.name, cmp.Or(strings.Join(dir, "/"), "."))) {
			return false
		}
		names[fold(c.name)] = c.name
	}
	for _, c := range n.list() {
		if c.IsDir() && !p.collisions(append(dir, c.name), c, tell) {
			return false
		}
	}
	return true
}

// fold returns one name for all that differ in case or in how accents are composed.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, norm.NFD.String(name))
}

func (n *node) list() []*node {
	list := make([]*node, 0, len(n.children))
	for _, c := range n.children {
		list = append(list, c)
	}
	inorder.By(list, func(a, b *node) int { return cmp.Compare(a.name, b.name) })
	return list
}

var (
	errNoFolder = errors.New("not a folder")
	errLinks    = fmt.Errorf("more than %d links to follow", maxLinks)
)

// resolve returns what name leads to, and follows links, the last one only if it is to.
func (p *pack) resolve(name string, last bool) (*node, error) {
	at := []*node{p.root} // what is above, and the node itself
	rest, links := strings.Split(name, "/"), 0
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		n := at[len(at)-1]
		switch {
		case !n.IsDir():
			return nil, errNoFolder
		case part == "" || part == ".":
			continue
		case part == ".." && len(at) == 1:
			return nil, errOutside
		case part == "..":
			at = at[:len(at)-1]
			continue
		}
		next := n.children[part]
		switch {
		case next == nil:
			return nil, fs.ErrNotExist
		case next.entry.Mode&fs.ModeSymlink == 0 || len(rest) == 0 && !last:
			at = append(at, next)
			continue
		}
		if links++; links > maxLinks {
			return nil, errLinks
		}
		if next.entry.Err != nil {
			return nil, next.entry.Err
		}
		if path.IsAbs(next.entry.Link) {
			return nil, errOutside
		}
		rest = append(strings.Split(next.entry.Link, "/"), rest...)
	}
	return at[len(at)-1], nil
}

func (p *pack) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := p.resolve(name, true)
	switch {
	case err != nil:
		return nil, err
	case !n.IsDir():
		return nil, errNoFolder
	case len(n.children) > maxListing:
		return nil, errListing
	}
	var entries []fs.DirEntry
	for _, c := range n.list() {
		entries = append(entries, c)
	}
	return entries, nil
}

func (p *pack) Readlink(name string) (string, error) {
	n, err := p.resolve(name, false)
	if err == nil && n.entry.Mode&fs.ModeSymlink == 0 {
		err = errors.New("not a link")
	}
	if err != nil {
		return "", err
	}
	return n.entry.Link, n.entry.Err
}

func (p *pack) Reach(name string) error {
	_, err := p.resolve(name, true)
	return err
}

func (p *pack) Open(name string) (content, int64, error) {
	n, err := p.resolve(name, true)
	switch {
	case err != nil:
		return nil, 0, err
	case n.entry.Err != nil:
		return nil, 0, n.entry.Err
	case !n.entry.Mode.IsRegular():
		return nil, 0, errNotRegular
	}
	return p.u.open(n.entry, p.from)
}
