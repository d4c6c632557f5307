package apfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/decmpfs"
	"github.com/codewarrant/codewarrant/internal/volume"
)

const (
	// Root is the identifier of the root folder, ROOT_DIR_INO_NUM.
	Root = 2

	// maxSame bounds the names of a folder with one hash. Of a million, some ten have one
	// hash by chance.
	maxSame = 64

	drecLength = 18 // j_drec_val_t, which begins with the inode
)

// Entry is a folder, file or link in a folder. It holds no more than where the rest is. Its ID
// is that of the inode.
type Entry struct {
	volume.Entry

	node *inode // nil when it cannot be read
	// wrong is what of Err is not about the contents.
	wrong error
}

// ReadDir yields the entries of a folder in the order of the volume, which is that of the
// hashes of their names, or of the names. After an error nothing more comes.
func (v *Volume) ReadDir(folder uint64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if err := v.list(folder, func(e Entry) bool { return yield(e, nil) }); err != nil {
			yield(Entry{}, fmt.Errorf("folder %#x: %w", folder, err))
		}
	}
}

func (v *Volume) list(folder uint64, yield func(Entry) bool) error {
	if v.Err != nil {
		return v.Err
	}
	n, err := v.inode(folder)
	if err != nil {
		return err
	}
	if !n.mode.IsDir() {
		return volume.ErrNoFolder
	}
	c, err := v.tree.seek(key{id: folder, kind: kindDrec})
	if err != nil {
		return err
	}
	var same names
	read := uint32(0)
	for ; c.at(folder, kindDrec); read++ {
		e := v.entry(c)
		if err := same.add(v, c.key(), &e); err != nil {
			return err
		}
		if !yield(e) {
			return nil
		}
		if err := c.next(); err != nil {
			return err
		}
	}
	if read != n.children {
		return fmt.Errorf("%d entries, where its inode says %d", read, n.children)
	}
	return nil
}

// fail notes what is wrong with an entry, not with its contents.
func (e *Entry) fail(err error) {
	e.wrong = errors.Join(e.wrong, err)
	e.Err = errors.Join(err, e.Err)
}

// entry reads the record that a cursor is at, and its inode, which tells what it is: what
// the record says of that is only a hint.
func (v *Volume) entry(c *cursor) Entry {
	e := Entry{Entry: volume.Entry{Name: v.drecName(c.rawKey()), Mode: fs.ModeIrregular}}
	if err := v.checkName(e.Name, c.key().number>>lengthBits); err != nil {
		e.fail(err)
	}
	b := c.value()
	if len(b) < drecLength {
		e.fail(fmt.Errorf("%.200q: a record of %d bytes, fewer than %d", e.Name, len(b), drecLength))
		return e
	}
	e.ID = le64(b)
	n, err := v.inode(e.ID)
	if err != nil {
		e.fail(fmt.Errorf("%.200q: %w", e.Name, err))
		return e
	}
	e.node, e.Mode = n, n.mode
	e.Hard = !n.mode.IsDir() && n.children > 1
	switch {
	case n.mode.IsDir() && (n.parent != c.key().id || n.id == Root):
		// There are no hard links to folders, which might make a walk endless.
		e.fail(fmt.Errorf("%.200q: the folder %#x, which is in the folder %#x", e.Name, e.ID, n.parent))
	case n.mode.IsRegular():
		if err := v.describe(&e); err != nil {
			e.Err = errors.Join(e.Err, fmt.Errorf("file %#x: %w", n.id, err))
		}
	}
	return e
}

// describe fills in what a file is.
func (v *Volume) describe(e *Entry) error {
	switch compressed := e.node.flags&isCompressed != 0; {
	case compressed && e.node.size != 0:
		return archive.Ambiguous("it is compressed, and has %d bytes that are not", e.node.size)
	case compressed:
		b, err := v.attribute(e.ID, decmpfs.Attribute, decmpfs.MaxAttribute)
		if err != nil {
			return err
		}
		h, err := decmpfs.ReadHeader(b)
		e.Size, e.Compression = h.Size, h.Type
		if n := e.node.unpacked; err == nil && n != nil && *n != uint64(h.Size) {
			err = archive.Ambiguous("it has %d bytes by its inode, and %d as it is compressed", *n, h.Size)
		}
		return err
	}
	s, err := v.openStream(e.node.stream, e.node.size)
	if err == nil {
		e.Size = s.size
	}
	return err
}

// checkName returns why a name cannot be that of an entry. One whose hash is wrong is
// listed by macOS, but not found.
func (v *Volume) checkName(name string, stored uint64) error {
	switch {
	case name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") || !utf8.ValidString(name):
		return fmt.Errorf("an entry with the name %.200q", name)
	case v.hashed() && uint64(hash(v.canonical(name))) != stored:
		return fmt.Errorf("%.200q: the hash of the name is %#x, not %#x", name, stored, hash(v.canonical(name)))
	}
	return nil
}

// names are those of one hash, which follow each other. Where there are no hashes, the
// same names do.
type names struct {
	hash uint64
	all  map[string]string // by what they are on the volume
}

// add tells of an entry that is one with another on the volume, of which macOS finds only one.
func (n *names) add(v *Volume, k key, e *Entry) error {
	if h := k.number >> lengthBits; h != n.hash || n.all == nil || !v.hashed() {
		other := n.all[e.Name]
		n.hash, n.all = h, map[string]string{}
		if !v.hashed() && other != "" {
			n.all[e.Name] = other
		}
	}
	canonical := v.canonical(e.Name)
	if other, there := n.all[canonical]; there {
		e.fail(archive.Ambiguous("%.200q and %.200q are one name on the volume", other, e.Name))
	}
	n.all[canonical] = e.Name
	if len(n.all) > maxSame {
		return errSame
	}
	return nil
}

var errSame = fmt.Errorf("more than %d names with one hash", maxSame)

// Open returns the contents of a file, and their size. They are unpacked as they are read
// where the file is compressed.
func (v *Volume) Open(e Entry) (io.ReaderAt, int64, error) {
	if e.Err != nil {
		return nil, 0, e.Err
	}
	if !e.Mode.IsRegular() || e.node == nil {
		return nil, 0, volume.ErrNotRegular
	}
	r, size, err := v.contents(e.node)
	if err != nil {
		return nil, 0, fmt.Errorf("file %#x: %w", e.ID, err)
	}
	return r, size, nil
}

// OpenResources returns the resource fork of a file, which is an attribute, and its size. That of a file which is
// compressed into it is not one to be read.
func (v *Volume) OpenResources(e Entry) (io.ReaderAt, int64, error) {
	none := strings.NewReader("")
	if e.Err != nil || !e.Mode.IsRegular() || (decmpfs.Header{Type: e.Compression}).InFork() {
		return none, 0, e.Err
	}
	r, err := v.openAttribute(e.ID, resourceFork)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return none, 0, nil
	case err != nil:
		return nil, 0, fmt.Errorf("file %#x: %w", e.ID, err)
	}
	return r, r.Size(), nil
}

// Readlink returns where a symbolic link leads ("Symbolic Links"), of which an attribute
// tells.
func (v *Volume) Readlink(e Entry) (string, error) {
	if e.Err != nil {
		return "", e.Err
	}
	if e.Mode != fs.ModeSymlink || e.node == nil {
		return "", volume.ErrNoLink
	}
	b, err := v.attribute(e.ID, "com.apple.fs.symlink", volume.MaxTarget)
	if err != nil {
		return "", fmt.Errorf("link %#x: %w", e.ID, err)
	}
	target, ended := strings.CutSuffix(string(b), "\x00")
	if !ended || target == "" || strings.Contains(target, "\x00") {
		return "", fmt.Errorf("link %#x: it leads to %.200q, which is no name with an end", e.ID, b)
	}
	return target, nil
}
