package apfs

import (
	"errors"
	"fmt"

	"github.com/codewarrant/codewarrant/internal/archive"
)

// btree_info_t, at the end of the root.
const (
	infoFlags     = 0x0
	infoNodeSize  = 0x4
	infoKeySize   = 0x8
	infoValueSize = 0xc

	treePhysical = 0x10 // "B-Tree Flags"
	treeBare     = 0x100
	treeHashed   = 0x80
)

// tree is a B-tree. Its nodes are read where a search needs them.
type tree struct {
	c       *Container
	layout  *layout
	subtype uint32
	root    uint64     // its object
	objects *objectMap // that finds the nodes, nil for a tree of physical ones
}

// open checks the root.
func (t *tree) open() error {
	root, err := t.load(t.root)
	if err != nil {
		return err
	}
	if root.flags&isRoot == 0 {
		return fmt.Errorf("node %#x: not a root", t.root)
	}
	info := root.b[len(root.b)-infoLength:]
	flags := le32(info[infoFlags:])
	switch size := le32(info[infoNodeSize:]); {
	case flags&(treeBare|treeHashed) != 0:
		return archive.Unsupported("a tree of a sealed volume")
	case flags&treePhysical != 0 != (t.objects == nil):
		return fmt.Errorf("root %#x: the flags %#x, which are of a tree of other nodes", t.root, flags)
	case int64(size) != int64(len(root.b)):
		return fmt.Errorf("root %#x: nodes of %d bytes, where it has %d itself", t.root, size, len(root.b))
	case int(le32(info[infoKeySize:])) != t.layout.keySize || int(le32(info[infoValueSize:])) != t.layout.valueSize:
		return fmt.Errorf("root %#x: keys of %d bytes and values of %d, not %d and %d", t.root, le32(info[infoKeySize:]), le32(info[infoValueSize:]), t.layout.keySize, t.layout.valueSize)
	}
	return nil
}

// load reads a node, by its identifier.
func (t *tree) load(oid uint64) (*node, error) {
	n, err := t.read(oid)
	if err != nil {
		return nil, fmt.Errorf("node %#x: %w", oid, err)
	}
	return n, nil
}

func (t *tree) read(oid uint64) (*node, error) {
	p := place{t, oid}
	if n := t.c.cache.get(p); n != nil {
		return n, nil
	}
	at, storage := location{oid, 1}, uint32(physical)
	if t.objects != nil {
		found, err := t.objects.find(oid)
		if err != nil {
			return nil, err
		}
		at, storage = found, virtual
	}
	b, err := t.c.readObject(at.block, at.blocks)
	if err != nil {
		return nil, err
	}
	n, err := t.parse(p, b, storage)
	if err != nil {
		return nil, fmt.Errorf("block %d: %w", at.block, err)
	}
	t.c.cache.add(n)
	return n, nil
}

// parse checks the header of a node and the node.
func (t *tree) parse(p place, b []byte, storage uint32) (*node, error) {
	if err := checkHeader(b, p.oid, typeNode, typeRoot); err != nil {
		return nil, err
	}
	switch flags := objectFlags(b); {
	case flags&encrypted != 0:
		return nil, archive.Unsupported("an encrypted tree")
	case flags&noHeader != 0 || flags&storageMask != storage:
		return nil, fmt.Errorf("it has the flags %#x", flags)
	case objectSubtype(b) != t.subtype:
		return nil, fmt.Errorf("it is of a tree of the kind %#x, not %#x", objectSubtype(b), t.subtype)
	case objectXID(b) > t.c.xid:
		return nil, fmt.Errorf("it is of the transaction %d, after %d", objectXID(b), t.c.xid)
	}
	n, err := newNode(p, b)
	if err == nil && (n.flags&isRoot != 0) != (objectType(b) == typeRoot) {
		err = fmt.Errorf("a node of the type %#x with the flags %#x", objectType(b), n.flags)
	}
	return n, err
}

// step is a node of a path, and the record of it where the path goes on or ends.
type step struct {
	n *node
	i int
}

// cursor is at a record of a tree, or past its end.
type cursor struct {
	t    *tree
	path []step // from the root to the leaf
}

var errEnd = errors.New("past the end of the tree")

// seek returns a cursor at the first record whose key is not before k.
func (t *tree) seek(k key) (*cursor, error) {
	root, err := t.load(t.root)
	if err != nil {
		return nil, err
	}
	c := &cursor{t: t, path: []step{{n: root}}}
	for {
		s := &c.path[len(c.path)-1]
		s.i = s.n.search(k)
		if s.n.level == 0 {
			break
		}
		// The records before the first of the next child may be in this one.
		s.i = max(s.i-1, 0)
		if err := c.descend(); err != nil {
			return nil, err
		}
	}
	return c, c.settle()
}

// descend adds the node that the last of the path leads to.
func (c *cursor) descend() error {
	s := c.path[len(c.path)-1]
	oid := le64(s.n.value(s.i))
	child, err := c.t.load(oid)
	if err != nil {
		return err
	}
	if above, here := child.above.Load(), (slot{s.n.oid, s.i}); above == nil || *above != here {
		if err := c.fits(child); err != nil {
			return fmt.Errorf("node %#x: %w", oid, err)
		}
		child.above.Store(&here)
	}
	c.path = append(c.path, step{n: child})
	return nil
}

// fits returns why a node does not belong where the path leads. It has to be of the level
// below, and between the keys around it: so nothing is read twice, and no search misses
// what another one finds.
func (c *cursor) fits(child *node) error {
	s := c.path[len(c.path)-1]
	if child.flags&isRoot != 0 || child.level != s.n.level-1 {
		return fmt.Errorf("a node of the level %d with the flags %#x below one of the level %d", child.level, child.flags, s.n.level)
	}
	if compare(child.key(0), s.n.key(s.i)) < 0 {
		return errors.New("it begins before the key that leads to it")
	}
	for up := len(c.path) - 1; up >= 0; up-- {
		if s := c.path[up]; s.i+1 < s.n.count {
			if !inOrder(child.key(child.count-1), s.n.key(s.i+1)) {
				return errors.New("it ends after the key that leads to the next")
			}
			break
		}
	}
	return nil
}

// settle goes to the next leaf when the last record of one is passed.
func (c *cursor) settle() error {
	if s := &c.path[len(c.path)-1]; s.i < s.n.count {
		return nil
	}
	up := len(c.path) - 1
	for ; up >= 0; up-- {
		if s := &c.path[up]; s.i+1 < s.n.count {
			s.i++
			break
		}
	}
	if up < 0 {
		return nil // past the end
	}
	c.path = c.path[:up+1]
	for c.path[len(c.path)-1].n.level > 0 {
		if err := c.descend(); err != nil {
			return err
		}
	}
	return nil
}

// next goes to the record after this one.
func (c *cursor) next() error {
	if c.ended() {
		return errEnd
	}
	c.path[len(c.path)-1].i++
	return c.settle()
}

// previous goes to the record before this one, and reports whether there is one.
func (c *cursor) previous() (bool, error) {
	up := len(c.path) - 1
	for ; up >= 0 && c.path[up].i == 0; up-- {
	}
	if up < 0 {
		return false, nil
	}
	c.path = c.path[:up+1]
	c.path[up].i--
	for c.path[len(c.path)-1].n.level > 0 {
		if err := c.descend(); err != nil {
			return false, err
		}
		s := &c.path[len(c.path)-1]
		s.i = s.n.count - 1
	}
	return true, nil
}

func (c *cursor) ended() bool { s := &c.path[len(c.path)-1]; return s.i >= s.n.count }

// at reports whether the cursor is at a record of an object and a kind.
func (c *cursor) at(id uint64, kind byte) bool {
	if c.ended() {
		return false
	}
	k := c.key()
	return k.id == id && k.kind == kind
}

func (c *cursor) key() key       { s := &c.path[len(c.path)-1]; return s.n.key(s.i) }
func (c *cursor) rawKey() []byte { s := &c.path[len(c.path)-1]; return s.n.rawKey(s.i) }
func (c *cursor) value() []byte  { s := &c.path[len(c.path)-1]; return s.n.value(s.i) }
