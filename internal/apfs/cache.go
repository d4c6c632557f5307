package apfs

import (
	"container/list"
	"sync"
)

// maxCache bounds the nodes that are kept, in bytes. The tree of a volume with 100,000
// files has some 40 MB, of which a walk needs few at a time.
const maxCache = 8 << 20

// Memory is how many bytes a volume takes of it at most, but for a few.
const Memory = maxCache

// cache keeps the nodes that were used last.
type cache struct {
	mu     sync.Mutex
	used   int
	nodes  map[place]*list.Element // of *node
	recent list.List               // the one used last in front
}

// place is what a node was read as.
type place struct {
	tree *tree
	oid  uint64
}

func (c *cache) get(p place) *node {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.nodes[p]
	if !ok {
		return nil
	}
	c.recent.MoveToFront(e)
	return e.Value.(*node)
}

func (c *cache) add(n *node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.nodes[n.place]; ok {
		return
	}
	if c.nodes == nil {
		c.nodes = map[place]*list.Element{}
	}
	c.nodes[n.place] = c.recent.PushFront(n)
	c.used += len(n.b)
	for c.used > maxCache {
		oldest := c.recent.Remove(c.recent.Back()).(*node)
		delete(c.nodes, oldest.place)
		c.used -= len(oldest.b)
	}
}
