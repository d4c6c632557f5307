package hfs

import (
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"sync"
)

// tree is a B-tree (TN1150, "B-Trees"): nodes of one size, of which those with an index
// lead to those with records, which are chained in the order of their keys.
type tree struct {
	name     string
	file     *contents
	nodeSize int
	nodes    uint32 // in all
	root     uint32
	depth    int
	compare  byte // how names are compared, of a catalog

	mu   sync.Mutex
	kept map[uint32]*node
	ring [keptNodes]uint32 // their numbers, the oldest at next
	next int
}

// keptNodes is how many nodes of a tree are kept: those on the way down, and some leaves.
const keptNodes = 64

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
	b      []byte
	kind   byte
	height int
	next   uint32 // to the right, 0 for none
	count  int
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

func (v *Volume) openTree(name string, f fork, id uint32) (*tree, error) {
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
		nodes: be.Uint32(h[22:]), compare: h[37], kept: map[uint32]*node{},
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
	d := &node{b: b, kind: b[8], height: int(b[9]), next: be.Uint32(b), count: int(be.Uint16(b[10:]))}
	if err := d.check(); err != nil {
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

var errKey = errors.New("a key that does not fit its record")

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

// search returns the place of the first record whose key is not less than the one that
// is looked for: compare returns how a key compares with that.
func (t *tree) search(least int, compare func(key []byte) int) (place, error) {
	n := t.root
	for height := t.depth; height > 0; height-- {
		d, err := t.node(n, height)
		if err != nil {
			return place{}, err
		}
		// The first record that is not less.
		low, high := 0, d.count
		exact := false
		for low < high {
			middle := (low + high) / 2
			key, _, err := d.record(middle, least)
			if err != nil {
				return place{}, fmt.Errorf("%s: node %d: record %d: %w", t.name, n, middle+1, err)
			}
			if c := compare(key); c < 0 {
				low = middle + 1
			} else {
				high, exact = middle, c == 0
			}
		}
		if height == 1 {
			return place{n, uint16(low)}, nil
		}
		// What is looked for is below the last key that is not greater.
		if !exact || low == d.count {
			low = max(low-1, 0)
		}
		if d.count == 0 {
			return place{}, fmt.Errorf("%s: node %d: an index of nothing", t.name, n)
		}
		_, data, err := d.record(low, least)
		if err != nil || len(data) < 4 {
			return place{}, fmt.Errorf("%s: node %d: record %d: %w", t.name, n, low+1, errors.Join(err, errKey))
		}
		n = be.Uint32(data)
	}
	return place{}, nil
}

// from yields the records from the first one on whose key is not less than the one that is
// looked for, in the order of the chain. What is yielded is valid until the loop goes on.
func (t *tree) from(least int, compare func(key []byte) int) iter.Seq2[pair, error] {
	return func(yield func(pair, error) bool) {
		if t.depth == 0 {
			return
		}
		at, err := t.search(least, compare)
		for seen := uint32(0); err == nil; seen++ {
			var d *node
			if seen > t.nodes {
				err = fmt.Errorf("%s: the chain of leaves leads in a circle", t.name)
				break
			}
			if d, err = t.node(at.node, 1); err != nil {
				break
			}
			for ; int(at.record) < d.count; at.record++ {
				key, data, err := d.record(int(at.record), least)
				if err != nil {
					yield(pair{}, fmt.Errorf("%s: node %d: record %d: %w", t.name, at.node, at.record+1, err))
					return
				}
				if !yield(pair{key, data, at}, nil) {
					return
				}
			}
			if d.next == 0 {
				return
			}
			at = place{d.next, 0}
		}
		if err != nil {
			yield(pair{}, err)
		}
	}
}

// read returns the record at a place, as it was yielded.
func (t *tree) read(at place, least int) (key, data []byte, err error) {
	d, err := t.node(at.node, 1)
	if err == nil && int(at.record) >= d.count {
		err = errors.New("there is none")
	}
	if err == nil {
		key, data, err = d.record(int(at.record), least)
	}
	if err != nil {
		err = fmt.Errorf("%s: node %d: record %d: %w", t.name, at.node, at.record+1, err)
	}
	return key, data, err
}
