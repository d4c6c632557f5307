package udif

import (
	"cmp"
	"container/list"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

// Cache keeps chunks that were unpacked, those that were used last. It may be shared by
// any number of images and readers, and keeps to its size with all of them. Where chunks
// are read one after the other it unpacks ahead, on all cores.
type Cache struct {
	// Allow, unless nil, is asked before so many bytes are unpacked. Its error is that of the
	// reader.
	Allow func(bytes int64) error

	mu      sync.Mutex
	max     int64
	used    int64
	entries map[key]*list.Element // of *entry
	recent  list.List             // the one used last in front
	free    [][]byte              // what was forgotten, to be filled again
	slots   chan struct{}         // one for each chunk that is being unpacked
}

// key is a chunk of an image.
type key struct {
	image *Image
	chunk int
}

// entry is a chunk that is unpacked, or will be when ready is closed.
type entry struct {
	key     key
	size    int64
	ready   chan struct{}
	b       []byte
	err     error
	readers int  // those that copy from b, or will
	used    bool // not only read ahead
	gone    bool // out of the cache
}

// DefaultCache is enough, in bytes, for the chunks that a walk through a file system goes
// back to.
const DefaultCache = 16 << 20

// maxCores bounds the cores that unpack: each has a chunk at hand, packed and unpacked.
const maxCores = 4

// Cores returns how many cores unpack at a time.
func Cores() int { return min(runtime.GOMAXPROCS(0), maxCores) }

// NewCache returns a cache of at most so many bytes. As many chunks as there are
// [Cores] are unpacked at a time, beside that.
func NewCache(size int64) *Cache {
	return &Cache{max: size, entries: map[key]*list.Element{}, slots: make(chan struct{}, Cores())}
}

// read fills b from within bytes into a chunk, which is unpacked if it is not there.
// Readers of one chunk wait for the first of them.
func (c *Cache) read(k key, b []byte, within int) error {
	c.mu.Lock()
	element, ok := c.entries[k]
	if ok {
		c.recent.MoveToFront(element)
	} else {
		element = c.add(k)
	}
	e := element.Value.(*entry)
	e.readers++
	if !e.used {
		e.used = true
		c.ahead(k)
	}
	c.mu.Unlock()
	if ok {
		<-e.ready
	} else {
		e.b, e.err = c.load(k)
		close(e.ready)
	}
	if e.err == nil {
		copy(b, e.b[within:])
	}
	c.release(e)
	return e.err
}

func (c *Cache) release(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.readers--
	c.recycle(e)
}

// add makes room for a chunk that is to be unpacked.
func (c *Cache) add(k key) *list.Element {
	e := &entry{key: k, size: int64(k.image.chunks[k.chunk].bytes()), ready: make(chan struct{})}
	element := c.recent.PushFront(e)
	c.entries[k] = element
	c.used += e.size
	c.evict()
	return element
}

// ahead begins to unpack the chunks behind one that is used for the first time, as many as
// there are cores, where the one before it was used, too: they are read in their order.
func (c *Cache) ahead(k key) {
	before, ok := c.entries[key{k.image, k.chunk - 1}]
	if !ok || !before.Value.(*entry).used {
		return
	}
	for n := k.chunk + 1; n <= k.chunk+cap(c.slots) && n < len(k.image.chunks); n++ {
		next, chunk := key{k.image, n}, &k.image.chunks[n]
		room := c.max / int64(2*cap(c.slots)+2)
		if _, there := c.entries[next]; there || !chunk.packed() || int64(chunk.bytes()) > room {
			continue
		}
		e := c.add(next).Value.(*entry)
		e.readers++
		go func() {
			e.b, e.err = c.load(next)
			close(e.ready)
			c.release(e)
		}()
	}
}

// refused is what Allow said.
type refused struct{ error }

func (r refused) Unwrap() error { return r.error }

// load unpacks a chunk. What is packed is read before it is one of those that are being
// unpacked: it may be in another image, of which a chunk has to be unpacked first.
func (c *Cache) load(k key) ([]byte, error) {
	i, chunk := k.image, &k.image.chunks[k.chunk]
	allow := i.Allow
	if allow == nil {
		allow = c.Allow
	}
	if allow != nil {
		if err := allow(int64(chunk.bytes())); err != nil {
			return nil, refused{err}
		}
	}
	packed := c.take(chunk.length)
	defer c.give(packed)
	if err := i.read(packed, int64(chunk.offset)); err != nil {
		return nil, err
	}
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	b := c.take(chunk.bytes())
	if err := unpack(b, packed, chunk.kind); err != nil {
		return b, err
	}
	i.sums[k.chunk].set(b)
	return b, nil
}

// sum returns the checksum of a chunk, and unpacks it if it was not yet. It is not kept then.
func (c *Cache) sum(k key) (uint32, error) {
	if sum, known := k.image.sums[k.chunk].get(); known {
		return sum, nil
	}
	c.mu.Lock()
	element, ok := c.entries[k]
	c.mu.Unlock()
	if ok {
		<-element.Value.(*entry).ready
	}
	if _, known := k.image.sums[k.chunk].get(); !known {
		b, err := c.load(k)
		if b != nil {
			c.give(b)
		}
		if _, ok := errors.AsType[refused](err); ok {
			return 0, fmt.Errorf("%w: %w", ErrUnverified, err)
		}
		if err != nil {
			return 0, err
		}
	}
	sum, _ := k.image.sums[k.chunk].get()
	return sum, nil
}

// evict forgets what was used the longest ago, but never what is in front.
func (c *Cache) evict() {
	for c.used > c.max && c.recent.Len() > 1 {
		c.remove(c.recent.Back())
	}
}

func (c *Cache) remove(element *list.Element) {
	e := c.recent.Remove(element).(*entry)
	delete(c.entries, e.key)
	c.used -= e.size
	e.gone = true
	c.recycle(e)
}

// recycle keeps the memory of a chunk that nobody reads any more.
func (c *Cache) recycle(e *entry) {
	if e.gone && e.readers == 0 && e.b != nil {
		c.keep(e.b)
		e.b = nil
	}
}

// keep keeps some memory to be taken again: the largest parts.
func (c *Cache) keep(b []byte) {
	c.free = append(c.free, b)
	inorder.By(c.free, func(a, b []byte) int { return cmp.Compare(cap(b), cap(a)) })
	c.free = c.free[:min(len(c.free), 2*cap(c.slots))]
}

func (c *Cache) give(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(b)
}

// take returns n bytes that may have anything in them: of the parts that are kept the
// smallest that is large enough.
func (c *Cache) take(n uint64) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, b := range slices.Backward(c.free) {
		if uint64(cap(b)) >= n {
			c.free = slices.Delete(c.free, i, i+1)
			return b[:n]
		}
	}
	return make([]byte, n)
}

// Forget drops what the cache has of an image that is not read any more.
func (c *Cache) Forget(i *Image) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for element := c.recent.Front(); element != nil; {
		next := element.Next()
		if element.Value.(*entry).key.image == i {
			c.remove(element)
		}
		element = next
	}
}
