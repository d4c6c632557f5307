package apfs

import (
	"cmp"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/codewarrant/codewarrant/internal/archive"
)

// btree_node_phys_t, by offsets, and what follows it: a table of where the keys and the
// values are, the keys from there on, and the values from the end back, where in a root
// btree_info_t is ("B-Trees").
const (
	nodeFlags  = 0x20
	nodeLevel  = 0x22
	nodeCount  = 0x24
	nodeTable  = 0x28 // btn_table_space, an nloc_t: an offset from nodeData, and a length
	nodeData   = 0x38
	infoLength = 40

	isRoot   = 0x1 // "B-Tree Node Flags"
	isLeaf   = 0x2
	isFixed  = 0x4
	isHashed = 0x8
	isBare   = 0x10 // BTNODE_NOHEADER

	noOffset = 0xffff // BTOFF_INVALID

	// maxLevel bounds the levels of a tree. Ten of the smallest nodes hold more than 2⁶⁴ keys.
	maxLevel = 15
)

// layout is what the keys of a tree are.
type layout struct {
	keySize, valueSize int    // of trees whose sizes are fixed, 0 of others
	id                 uint64 // which bits of the first eight bytes of a key are its id
	// parse reads a key, of which the order is known.
	parse func(b []byte) (key, error)
}

// key is what keys are ordered by, of all trees. Kind is that of a record of a file
// system. Keys of a kind whose order is not known are equal.
type key struct {
	id     uint64
	kind   byte
	number uint64
	name   string // for those that have none, empty
}

func compare(a, b key) int {
	return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.kind, b.kind), cmp.Compare(a.number, b.number), cmp.Compare(a.name, b.name))
}

// node is one of a B-tree. What it says of itself is checked.
type node struct {
	place
	b      []byte
	flags  uint16
	level  uint16
	count  int
	keys   int // where they begin
	values int // where they end
	// above is the record that led to the node and was found to fit. It names its node, which
	// need not be in memory any more.
	above atomic.Pointer[slot]
}

// slot is a record of a node of the same tree.
type slot struct {
	oid uint64
	i   int
}

// newNode checks everything about a node but what it is part of.
func newNode(p place, b []byte) (*node, error) {
	n := &node{place: p, b: b, flags: le16(b[nodeFlags:]), level: le16(b[nodeLevel:])}
	n.values = len(b)
	if n.flags&isRoot != 0 {
		n.values -= infoLength
	}
	switch {
	case n.flags&(isHashed|isBare) != 0:
		return nil, archive.Unsupported("a tree of a sealed volume")
	case n.level > maxLevel:
		return nil, fmt.Errorf("a node of the level %d, more than %d", n.level, maxLevel)
	case n.flags&isLeaf != 0 != (n.level == 0):
		return nil, fmt.Errorf("a node of the level %d with the flags %#x", n.level, n.flags)
	case n.flags&isFixed != 0 != (p.tree.layout.keySize != 0):
		return nil, fmt.Errorf("a node with the flags %#x in a tree of another layout", n.flags)
	}
	table, length := int(le16(b[nodeTable:])), int(le16(b[nodeTable+2:]))
	n.keys = nodeData + table + length
	if n.keys > n.values {
		return nil, fmt.Errorf("a table of %d bytes at %d, past the end at %d", length, nodeData+table, n.values)
	}
	if count := le32(b[nodeCount:]); uint64(count)*uint64(n.record()) > uint64(length) {
		return nil, fmt.Errorf("%d records in a table of %d bytes", count, length)
	}
	n.count = int(le32(b[nodeCount:]))
	if n.count == 0 && (n.level > 0 || n.flags&isRoot == 0) {
		return nil, errors.New("a node without records")
	}
	return n, n.check()
}

// record returns the size of a record of the table: two offsets (kvoff_t), or both with
// their lengths (kvloc_t).
func (n *node) record() int {
	if n.tree.layout.keySize != 0 {
		return 4
	}
	return 8
}

// check holds every record against the bounds of the node, and the keys against their order. An
// index leads to no node twice, and not for the same name: else some nodes would be a walk without end. Names of one
// hash fill no leaf.
func (n *node) check() error {
	var last key
	var child uint64
	for i := range n.count {
		k, v, err := n.locate(i)
		if err != nil {
			return fmt.Errorf("record %d: %w", i, err)
		}
		if n.level > 0 && v.end-v.start != 8 {
			return fmt.Errorf("record %d: a child of %d bytes", i, v.end-v.start)
		}
		got, err := n.tree.layout.parse(n.b[k.start:k.end])
		if err != nil {
			return fmt.Errorf("record %d: key: %w", i, err)
		}
		if i > 0 && (!inOrder(last, got) || n.level > 0 && got.kind == kindDrec && compare(last, got) == 0) {
			return fmt.Errorf("record %d: the key is not after the one before", i)
		}
		if n.level > 0 {
			next := le64(n.b[v.start:])
			if i > 0 && next == child {
				return fmt.Errorf("record %d: the child %#x is that of the one before", i, child)
			}
			child = next
		}
		last = got
	}
	return nil
}

// inOrder reports whether b may follow a.
func inOrder(a, b key) bool {
	c := compare(a, b)
	return c < 0 || c == 0 && maySame(a.kind)
}

// span is a part of a node.
type span struct{ start, end int }

// locate returns where a key and its value are.
func (n *node) locate(i int) (k, v span, err error) {
	r := n.b[n.keys-n.tableLength():][i*n.record():]
	var keyLength, valueOffset, valueLength int
	if n.tree.layout.keySize != 0 {
		keyLength, valueOffset, valueLength = n.tree.layout.keySize, int(le16(r[2:])), n.tree.layout.valueSize
		if n.level > 0 {
			valueLength = 8
		}
	} else {
		keyLength, valueOffset, valueLength = int(le16(r[2:])), int(le16(r[4:])), int(le16(r[6:]))
	}
	if valueOffset == noOffset {
		return k, v, errors.New("no value")
	}
	k.start = n.keys + int(le16(r))
	k.end = k.start + keyLength
	v.start = n.values - valueOffset
	v.end = v.start + valueLength
	if k.end > n.values || v.start < n.keys || v.end > n.values {
		return k, v, fmt.Errorf("a key of %d bytes at %d and a value of %d at %d, which are not between %d and %d", keyLength, k.start, valueLength, v.start, n.keys, n.values)
	}
	return k, v, nil
}

func (n *node) tableLength() int { return int(le16(n.b[nodeTable+2:])) }

// key and value return those of a record of a node that was checked.
func (n *node) key(i int) key {
	k, _, _ := n.locate(i)
	got, _ := n.tree.layout.parse(n.b[k.start:k.end])
	return got
}

func (n *node) value(i int) []byte {
	_, v, _ := n.locate(i)
	return n.b[v.start:v.end:v.end]
}

func (n *node) rawKey(i int) []byte {
	k, _, _ := n.locate(i)
	return n.b[k.start:k.end:k.end]
}

// search returns the first record whose key is not before k, and count for none.
func (n *node) search(k key) int {
	low, high := 0, n.count
	for low < high {
		middle := int(uint(low+high) / 2)
		id := le64(n.rawKey(middle)) & n.tree.layout.id
		if id < k.id || id == k.id && compare(n.key(middle), k) < 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}
