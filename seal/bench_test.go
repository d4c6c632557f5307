package seal_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/seal"
)

// BenchmarkVerify looks at an app of as many files as those built on Electron have.
func BenchmarkVerify(b *testing.B) {
	m := acme(b, machotest.Sealer{})
	const size, n = 10_000, 5000
	for i := range n {
		put(m.MapFS, fmt.Sprintf("Contents/Resources/app/node_modules/package-%d/lib/file-%d.js", i/20, i), string(make([]byte, size)))
	}
	sealed(b, m.MapFS, resealer())
	b.SetBytes(size * n)
	b.ReportAllocs()
	for b.Loop() {
		if r := seal.Verify(context.Background(), m, "Contents/MacOS/Acme"); r.Files < n || len(r.Problems) > 0 {
			b.Fatal(r.Files, lines(r))
		}
	}
}
