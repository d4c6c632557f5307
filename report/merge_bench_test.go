package report

import (
	"io"
	"testing"
)

// What a page of 200 repositories costs beside the reading of their reports.
func BenchmarkMerge(b *testing.B) {
	reports := texts(b, 200)
	m := merger(b, reports...)
	size := 0
	for _, text := range reports {
		size += len(text)
	}
	for _, c := range []struct {
		name string
		do   func() error
	}{
		{"Add", func() error { merger(b, reports...); return nil }},
		{"HTML", func() error { return m.HTML(io.Discard, "1.0.0") }},
		{"CSV", func() error { return m.CSV(io.Discard) }},
		{"Write", func() error { return m.Write(io.Discard, "1.0.0") }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if err := c.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
