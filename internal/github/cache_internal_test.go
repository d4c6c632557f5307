package github

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCacheIsBounded(t *testing.T) {
	for name, tt := range map[string]struct {
		size int // of each answer
		want int // how many of 20,000 are kept
	}{
		"large answers are kept up to 16 MiB":     {1 << 20, 15},
		"answers without a body cost space, too":  {0, 16209},
		"an answer that fills it is not kept":     {maxCache, 0},
		"answers are counted with what they cost": {100, 14781},
	} {
		t.Run(name, func(t *testing.T) {
			var c cache
			body := make([]byte, tt.size)
			a := kept{etag: `"a"`, body: body}
			got, size := 0, 0
			for n := range 20_000 {
				q := question{path: fmt.Sprintf("/%09d", n)}
				c.put(q, a)
				c.put(q, a) // which takes the place of the first
				if c.get(q).etag != "" {
					got++
					size += len(body)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if c.size > maxCache || size > maxCache || len(c.kept) != got {
				t.Errorf("%d bytes in %d entries, counted as %d", size, len(c.kept), c.size)
			}
		})
	}
}
