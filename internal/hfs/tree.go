package hfs

import (
	"errors"
	"fmt"
	"math/bits"
	"sync"

	"github.com/codewarrant/codewarrant/internal/archive"
)

// tree is a B-tree (TN1150, "B-Trees"): nodes of one size, of which those with an index
// lead to those with records, which are chained in the order of their keys.
//
// macOS searches by the index and lists by the chain, and others do it otherwise. So nodes are found by the
// index alone, which has to lead to keys in their order, and the chain has to say the same.
type tree struct {
	name        string
	file        *contents
	nodeSize    int
	nodes       uint32 // in all
	root        uint32
	depth       int
	first, last uint32 // leaves
	compare     byte   // how names are compared, of a catalog
	least       int    // bytes of a key
	fixed       int    // bytes of each key, 0 where they differ
	order       func(a, b []byte) int

	mu   sync.Mutex
	kept map[uint32]*node
	ring [keptNodes]uint32 // their numbers, the oldest at next
	next int
}

// keptNodes is how many nodes of a tree are kept: those on the way down, and some leaves.
const keptNodes = 64

// Memory is about how many bytes a volume takes of it at most: three trees with nodes of 32 KiB.
const Memory = 3 * keptNodes << 15

// Kinds of nodes.
const (
	nodeIndex  = 0
	nodeHeader = 1
	nodeLeaf   = 0xff // -1
)

// maxDepth bounds a tree. With two keys in each node of an index it has more leaves than
// there are numbers.
const maxDepth = 32

const descriptor = 14 // the bytes before the records of a node

// node is a node of a tree.
type node struct {
	number         uint32
	b              []byte
	kind           byte
	height         int
	next, previous uint32 // to the right and the left, 0 for none
	count          int
}

// pair is a record: a key without its length, and the data.
type pair struct {
	key, data []byte
	at        place
}

// place is where a record is in its tree.
type place struct {
	node   uint32
	record uint16
}

// Attributes of a tree (TN1150, "B-tree Header Record"): lengths of keys of two bytes, and keys in an
// index that are as long as they say. macOS takes both for set where keys may be longer than 40 bytes (BTOpenPath in BTree.c).
const (
	bigKeys      = 2
	variableKeys = 4
	longKeys     = 40
)

// openTree opens a tree, of which keys have so many bytes at least.
func (v *Volume) openTree(name string, f fork, id uint32, least int, order func(a, b []byte) int) (*tree, error) {
	wrong := func(err error) (*tree, error) { return nil, fmt.Errorf("%s: %w", name, err) }
	file, err := v.open(f, id, dataFork)
	if err != nil {
		return wrong(err)
	}
	var b [descriptor + 106]byte
	if err := readAt(file, file.size, b[:], 0); err != nil {
		return wrong(err)
	}
	h := b[descriptor:]
	t := &tree{
		name: name, file: file, depth: int(be.Uint16(h)), root: be.Uint32(h[2:]), nodeSize: int(be.Uint16(h[18:])),
		first: be.Uint32(h[10:]), last: be.Uint32(h[14:]), nodes: be.Uint32(h[22:]), compare: h[37], least: least, order: order, kept: map[uint32]*node{},
	}
	longest, attributes := int(be.Uint16(h[20:])), be.Uint32(h[38:])
	if longest > longKeys {
		attributes |= bigKeys | variableKeys
	}
	switch {
	case b[8] != nodeHeader:
		return wrong(fmt.Errorf("the first node is of the kind %d, and no header", b[8]))
	case t.nodeSize < 512 || t.nodeSize > 1<<15 || bits.OnesCount(uint(t.nodeSize)) != 1:
		return wrong(fmt.Errorf("nodes of %d bytes", t.nodeSize))
	case int64(t.nodes)*int64(t.nodeSize) > file.size:
		return wrong(fmt.Errorf("%d nodes of %d bytes in a file of %d", t.nodes, t.nodeSize, file.size))
	case t.depth > maxDepth:
		return wrong(fmt.Errorf("a depth of %d, where the limit is %d", t.depth, maxDepth))
	case (t.root == 0) != (t.depth == 0):
		return wrong(fmt.Errorf("the root %d at the depth %d", t.root, t.depth))
	case attributes&bigKeys == 0 || attributes&variableKeys == 0 && longest != least:
		return wrong(archive.Ambiguous("keys of up to %d bytes with the attributes %#x, which are laid out otherwise", longest, attributes))
	}
	if attributes&variableKeys == 0 {
		t.fixed = least
	}
	return t, nil
}

// node returns a node that is of a kind and at a height.
func (t *tree) node(n uint32, height int) (*node, error) {
	d, err := t.load(n)
	switch {
	case err != nil:
	case d.height != height:
		err = fmt.Errorf("it is at the height %d, where %d belongs", d.height, height)
	case height == 1 && d.kind != nodeLeaf || height > 1 && d.kind != nodeIndex:
		err = fmt.Errorf("it is of the kind %d, at the height %d", d.kind, height)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: node %d: %w", t.name, n, err)
	}
	return d, nil
}

func (t *tree) load(n uint32) (*node, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if d := t.kept[n]; d != nil {
		return d, nil
	}
	if n >= t.nodes {
		return nil, fmt.Errorf("there are %d", t.nodes)
	}
	b := make([]byte, t.nodeSize)
	if err := readAt(t.file, t.file.size, b, int64(n)*int64(t.nodeSize)); err != nil {
		return nil, err
	}
	d := &node{number: n, b: b, kind: b[8], height: int(b[9]), next: be.Uint32(b), previous: be.Uint32(b[4:]), count: int(be.Uint16(b[10:]))}
	if err := d.check(); err != nil {
		return nil, err
	}
	if err := t.checkKeys(d); err != nil {
		return nil, err
	}
	delete(t.kept, t.ring[t.next])
	t.ring[t.next] = n
	t.next = (t.next + 1) % keptNodes
	t.kept[n] = d
	return d, nil
}

// offset returns where record i begins, and for the number of records where what is free
// does. The offsets are at the end of the node, the first one last.
func (d *node) offset(i int) int { return int(be.Uint16(d.b[len(d.b)-2*(i+1):])) }

func (d *node) check() error {
	table := len(d.b) - 2*(d.count+1)
	if table < descriptor {
		return fmt.Errorf("%d records, more than fit", d.count)
	}
	last := descriptor
	for i := range d.count + 1 {
		at := d.offset(i)
		if at < last || at > table || i == 0 && at != descriptor {
			return fmt.Errorf("the record %d of %d is at %d, between %d and %d", i+1, d.count, at, last, table)
		}
		last = at
	}
	return nil
}

var (
	errKey   = errors.New("a key that does not fit its record")
	errChild = errors.New("no number of a node")
)

// checkKeys holds the records of a node against what belongs there, and their keys against their order. A
// node without any is none that a search leads to: so no walk along the index meets one twice.
func (t *tree) checkKeys(d *node) error {
	if d.kind != nodeIndex && d.kind != nodeLeaf {
		return nil
	}
	if d.count == 0 {
		return errors.New("it has no records")
	}
	var last []byte
	for i := range d.count {
		key, data, err := d.record(i, t.least)
		switch {
		case err != nil:
		case t.fixed != 0 && len(key) != t.fixed:
			err = errKey
		case d.kind == nodeIndex && len(data) < 4:
			err = errChild
		case i > 0:
			// Names that are one on the volume are told where it is listed.
			if c := t.order(last, key); c > 0 || c == 0 && d.kind == nodeIndex {
				err = archive.Ambiguous("the key is not after the one before, so that a search may miss it")
			}
		}
		if err != nil {
			return fmt.Errorf("record %d: %w", i+1, err)
		}
		last = key
	}
	return nil
}

// record returns record i, whose key has at least so many bytes.
func (d *node) record(i, least int) (key, data []byte, err error) {
	b := d.b[d.offset(i):d.offset(i+1)]
	if len(b) < 2 {
		return nil, nil, errKey
	}
	length := int(be.Uint16(b))
	if length < least || 2+length > len(b) {
		return nil, nil, errKey
	}
	rest := 2 + length
	rest += rest & 1 // data is at an even offset
	return b[2 : 2+length], b[min(rest, len(b)):], nil
}

// key and child return those of a record of a node that was checked.
func (t *tree) key(d *node, i int) []byte {
	key, _, _ := d.record(i, t.least)
	return key
}

func (t *tree) child(d *node, i int) uint32 {
	_, data, _ := d.record(i, t.least)
	return be.Uint32(data)
}

// read returns the record at a place, as it was yielded.
func (t *tree) read(at place) (pair, error) {
	d, err := t.node(at.node, 1)
	if err == nil && int(at.record) >= d.count {
		err = fmt.Errorf("%s: node %d: record %d: there is none", t.name, at.node, at.record+1)
	}
	if err != nil {
		return pair{}, err
	}
	key, data, err := d.record(int(at.record), t.least)
	return pair{key, data, at}, err
}
