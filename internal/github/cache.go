package github

import "sync"

// maxCache limits what is kept of answers, in bytes: enough for some large policies
// and many of the usual size. What does not fit is transferred again.
const maxCache = 16 << 20

// maxETag is far above the 70 bytes that GitHub's have.
const maxETag = 256

// cache keeps answers by what was asked, to ask GitHub only whether they changed.
type cache struct {
	mu   sync.Mutex
	size int
	kept map[string]kept
}

type kept struct {
	etag string
	body []byte
}

// key tells questions apart: the same address has a body for each media type.
func (q question) key() string { return q.accept + " " + q.path }

func (c *cache) get(q question) kept {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept[q.key()]
}

// put keeps an answer in the place of an older one.
func (c *cache) put(q question, a answer) {
	etag := a.header.Get("ETag")
	if etag == "" || len(etag) > maxETag {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	const overhead = 1 << 10 // of an entry
	size := c.size - len(c.kept[q.key()].body) + len(a.body)
	if _, ok := c.kept[q.key()]; !ok {
		size += overhead + len(q.key())
	}
	if size > maxCache {
		return
	}
	if c.kept == nil {
		c.kept = map[string]kept{}
	}
	c.size, c.kept[q.key()] = size, kept{etag, a.body}
}
