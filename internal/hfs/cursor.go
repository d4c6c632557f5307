package hfs

import (
	"fmt"
	"iter"

	"github.com/codewarrant/codewarrant/internal/archive"
)

// step is a node on a path, and the record of it where the path goes on or ends.
type step struct {
	d *node
	i int
}

// cursor is at a record of a tree, or past its end.
type cursor struct {
	t    *tree
	path []step // from the root to the leaf
}

// seek returns a cursor at the first record whose key is not less than the one that is
// looked for: compare returns how a key compares with that.
func (t *tree) seek(compare func(key []byte) int) (*cursor, error) {
	root, err := t.node(t.root, t.depth)
	if err != nil {
		return nil, err
	}
	c := &cursor{t: t, path: []step{{d: root}}}
	for {
		s := &c.path[len(c.path)-1]
		// The first record that is not less.
		low, high, exact := 0, s.d.count, false
		for low < high {
			middle := (low + high) / 2
			if order := compare(t.key(s.d, middle)); order < 0 {
				low = middle + 1
			} else {
				high, exact = middle, order == 0
			}
		}
		s.i = low
		if s.d.height == 1 {
			break
		}
		// What is looked for is below the last key that is not greater.
		if !exact {
			s.i = max(low-1, 0)
		}
		if err := c.descend(); err != nil {
			return nil, err
		}
	}
	if err := c.checkEnds(); err != nil {
		return nil, err
	}
	return c, c.settle()
}

// last returns the last step.
func (c *cursor) last() *step { return &c.path[len(c.path)-1] }

// descend adds the node that the last of the path leads to.
func (c *cursor) descend() error {
	s := c.last()
	d, err := c.t.node(c.t.child(s.d, s.i), s.d.height-1)
	if err != nil {
		return err
	}
	if err := c.fits(d); err != nil {
		return fmt.Errorf("%s: node %d: %w", c.t.name, d.number, err)
	}
	c.path = append(c.path, step{d: d})
	return nil
}

// fits returns why a node does not belong where the path leads: its keys have to be between those around
// it, so that no search misses what another one finds.
func (c *cursor) fits(d *node) error {
	s := c.last()
	if c.t.order(c.t.key(d, 0), c.t.key(s.d, s.i)) < 0 {
		return archive.Ambiguous("it begins before the key that leads to it, so that a search may miss it")
	}
	for up := len(c.path) - 1; up >= 0; up-- {
		if s := c.path[up]; s.i+1 < s.d.count {
			if c.t.order(c.t.key(d, d.count-1), c.t.key(s.d, s.i+1)) >= 0 {
				return archive.Ambiguous("it ends behind the key that leads to the next, so that a search may miss it")
			}
			break
		}
	}
	return nil
}

// settle goes to the next leaf when the last record of one is passed.
func (c *cursor) settle() error {
	if s := c.last(); s.i < s.d.count {
		return nil
	}
	left := c.last().d
	up := len(c.path) - 2
	for ; up >= 0; up-- {
		if s := &c.path[up]; s.i+1 < s.d.count {
			s.i++
			break
		}
	}
	if up < 0 {
		return nil // past the end
	}
	c.path = c.path[:up+1]
	for c.last().d.height > 1 {
		if err := c.descend(); err != nil {
			return err
		}
	}
	if right := c.last().d; left.next != right.number || right.previous != left.number {
		return c.t.chain(left.next, right.number, left.number)
	}
	return c.checkEnds()
}

// checkEnds holds the first and the last leaf of the index against those of the chain.
func (c *cursor) checkEnds() error {
	first, last, leaf := true, true, c.last().d
	for _, s := range c.path[:len(c.path)-1] {
		first, last = first && s.i == 0, last && s.i == s.d.count-1
	}
	switch {
	case first && (leaf.previous != 0 || c.t.first != leaf.number):
		return c.t.chain(c.t.first, leaf.number, 0)
	case last && (leaf.next != 0 || c.t.last != leaf.number):
		return c.t.chain(leaf.next, 0, leaf.number)
	}
	return nil
}

// chain is the error for leaves that are chained in another order than the index has them in.
func (t *tree) chain(by, index, after uint32) error {
	return fmt.Errorf("%s: %w", t.name, archive.Ambiguous("the chain of leaves and the index lead to other nodes: to %d and %d behind %d", by, index, after))
}

// from yields the records from the first one on whose key is not less than the one that is
// looked for. What is yielded is valid until the loop goes on.
func (t *tree) from(compare func(key []byte) int) iter.Seq2[pair, error] {
	return func(yield func(pair, error) bool) {
		if t.depth == 0 {
			return
		}
		c, err := t.seek(compare)
		for ; err == nil; err = c.settle() {
			s := c.last()
			if s.i >= s.d.count {
				return // past the end
			}
			key, data, err := s.d.record(s.i, t.least)
			if err != nil {
				yield(pair{}, err)
				return
			}
			if !yield(pair{key, data, place{s.d.number, uint16(s.i)}}, nil) {
				return
			}
			s.i++
		}
		yield(pair{}, err)
	}
}

// find returns the record with a key. Of two with the same it depends on the search which is found.
func (t *tree) find(compare func(key []byte) int) (found pair, there bool, err error) {
	for p, err := range t.from(compare) {
		switch {
		case err != nil:
			return pair{}, false, err
		case compare(p.key) != 0:
			return found, there, nil
		case there:
			return pair{}, false, fmt.Errorf("%s: node %d: record %d: %w", t.name, p.at.node, p.at.record+1, archive.Ambiguous("it has the key of the one before"))
		}
		found, there = p, true
	}
	return found, there, nil
}
