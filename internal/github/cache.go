package github

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
)

// Store keeps answers for longer than a client. What it returns has to be what it was
// given: an answer that GitHub says is still the same is taken from it. It is safe for
// concurrent use.
type Store interface {
	Load(key string) []byte // nil: there is none
	Save(key string, answer []byte)
}

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
	more bool // there is a page after this one
}

// stored is an answer in a Store.
type stored struct {
	ETag string `json:"etag"`
	Body []byte `json:"body"`
	More bool   `json:"more"`
}

// old returns the answer that there was to a question; the zero one is none.
func (c *Client) old(q question) kept {
	k := c.cache.get(q)
	if k.etag != "" || c.Store == nil {
		return k
	}
	var s stored
	if b := c.Store.Load(c.BaseURL + " " + q.key()); json.Unmarshal(b, &s) != nil || s.ETag == "" || len(s.ETag) > maxETag || int64(len(s.Body)) > q.limit {
		return kept{}
	}
	return kept{s.ETag, s.Body, s.More}
}

// keep keeps an answer.
func (c *Client) keep(q question, k kept) {
	c.cache.put(q, k)
	if c.Store == nil || k.etag == "" || len(k.etag) > maxETag {
		return
	}
	b, err := json.Marshal(stored{k.etag, k.body, k.more})
	if err == nil { // of text and bytes
		c.Store.Save(c.BaseURL+" "+q.key(), b)
	}
}

// hasNext reports whether the header Link tells of a next page (RFC 8288). Its address is
// not followed: it says that there is one, and pages are numbered.
func hasNext(h http.Header) bool {
	for _, link := range strings.Split(h.Get("Link"), ",") {
		for _, parameter := range strings.Split(link, ";")[1:] {
			name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
			if strings.EqualFold(name, "rel") && strings.EqualFold(strings.Trim(value, `"`), "next") {
				return true
			}
		}
	}
	return false
}

// key tells questions apart: the same address has a body for each media type.
func (q question) key() string { return q.accept + " " + q.path }

func (c *cache) get(q question) kept {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept[q.key()]
}

// put keeps an answer in the place of an older one.
func (c *cache) put(q question, k kept) {
	if k.etag == "" || len(k.etag) > maxETag {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	const overhead = 1 << 10 // of an entry
	size := c.size - len(c.kept[q.key()].body) + len(k.body)
	if _, ok := c.kept[q.key()]; !ok {
		size += overhead + len(q.key())
	}
	if size > maxCache {
		return
	}
	if c.kept == nil {
		c.kept = map[string]kept{}
	}
	c.size, c.kept[q.key()] = size, k
}
