package udif

import (
	"container/list"
	"runtime"
	"sync"
)

// Cache keeps chunks that were unpacked, those that were used last. It may be shared by
// any number of images and readers, and keeps to its size with all of them.
type Cache struct {
	mu      sync.Mutex
	max     int64
	used    int64
	entries map[key]*list.Element // of *entry
	recent  list.List             // the one used last in front
	slots   chan struct{}         // one for each chunk that is being unpacked
}

// key is a chunk of an image.
type key struct {
	image *Image
	chunk int
}

// entry is a chunk that is unpacked, or will be when ready is closed.
type entry struct {
	key   key
	size  int64
	ready chan struct{}
	b     []byte
	err   error
}

// DefaultCache is enough, in bytes, for the chunks that a walk through a file system goes
// back to.
const DefaultCache = 32 << 20

// NewCache returns a cache of at most so many bytes. As many chunks as there are
// cores are unpacked at a time, beside that.
func NewCache(size int64) *Cache {
	return &Cache{max: size, entries: map[key]*list.Element{}, slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// read fills b from within bytes into a chunk of the given size, which load unpacks. Readers
// of one chunk wait for the first of them.
func (c *Cache) read(k key, size int64, b []byte, within int, load func() ([]byte, error)) error {
	c.mu.Lock()
	element, ok := c.entries[k]
	if ok {
		c.recent.MoveToFront(element)
	} else {
		element = c.recent.PushFront(&entry{key: k, size: size, ready: make(chan struct{})})
		c.entries[k] = element
		c.used += size
		c.evict()
	}
	c.mu.Unlock()
	e := element.Value.(*entry)
	if ok {
		<-e.ready
	} else {
		c.slots <- struct{}{}
		e.b, e.err = load()
		<-c.slots
		close(e.ready)
	}
	if e.err != nil {
		return e.err
	}
	copy(b, e.b[within:])
	return nil
}

// evict forgets what was used the longest ago, but never what is in front.
func (c *Cache) evict() {
	for c.used > c.max && c.recent.Len() > 1 {
		oldest := c.recent.Back()
		e := c.recent.Remove(oldest).(*entry)
		delete(c.entries, e.key)
		c.used -= e.size
	}
}

// Forget drops what the cache has of an image that is not read any more.
func (c *Cache) Forget(i *Image) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n := c.recent.Front(); n != nil; {
		next := n.Next()
		if e := n.Value.(*entry); e.key.image == i {
			c.recent.Remove(n)
			delete(c.entries, e.key)
			c.used -= e.size
		}
		n = next
	}
}
