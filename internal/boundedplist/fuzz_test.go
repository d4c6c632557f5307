package boundedplist

import (
	"fmt"
	"testing"

	"howett.net/plist"
)

// FuzzUnmarshal asserts that every input gives an error or a value within
// bounds, and that a value is the one that the decoder finds without the scan.
func FuzzUnmarshal(f *testing.F) {
	seeds := [][]byte{
		marshal(f, everything(), plist.XMLFormat),
		marshal(f, everything(), plist.BinaryFormat),
		[]byte(open + "<!-- a --><string>a<![CDATA[<b>]]>&amp;</string>" + shut),
		build("\xa2\x01\x01", "\x09"),
		shared(4, 3),
	}
	for _, seed := range seeds {
		var v any
		if err := Unmarshal(seed, &v); err != nil {
			f.Fatalf("seed %q: %v", seed, err)
		}
		f.Add(seed)
	}
	f.Add([]byte("<plist><array><array>"))
	f.Add(shared(60, 2))

	f.Fuzz(func(t *testing.T, b []byte) {
		var got any
		if err := Unmarshal(b, &got); err != nil {
			return
		}
		if n, depth := measure(got); n > maxObjects || depth > maxDepth {
			t.Errorf("%d objects, %d deep", n, depth)
		}
		var want any
		if _, err := plist.Unmarshal(b, &want); err != nil {
			t.Fatalf("accepted, but not by the decoder: %v", err)
		}
		// Not cmp.Equal: its cost doubles with every level. %#v tells NaN from NaN alike.
		if want, got := fmt.Sprintf("%#v", want), fmt.Sprintf("%#v", got); want != got {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func measure(v any) (n, depth int) {
	add := func(child any) {
		m, d := measure(child)
		n += m
		depth = max(depth, d)
	}
	switch v := v.(type) {
	case []any:
		for _, child := range v {
			add(child)
		}
	case map[string]any:
		for _, child := range v {
			n++ // the key
			add(child)
		}
	}
	return n + 1, depth + 1
}
