package engines_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/codewarrant/codewarrant/evidence/engines"
)

// BenchmarkStrings looks at 10 MB of sections as large programs have them: short
// strings, tables of small numbers, and text of Rust, which has no zeros.
func BenchmarkStrings(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	const size = 10_000_000
	for _, bm := range []struct {
		name  string
		piece func() string
	}{
		{"strings", func() string { return fmt.Sprintf("cannot %x the %x\x00", r.Uint32(), r.Uint64()) }},
		{"versions", func() string { return fmt.Sprintf("%d.%d.%d.%d\x00", r.IntN(30), r.IntN(9), r.IntN(999), r.IntN(99)) }},
		{"numbers", func() string { return string([]byte{byte(r.Uint32()), 0, 0, 0}) }},
		{"text", func() string {
			return fmt.Sprintf("called `Option::unwrap()` on a value of acme-%d.%d.0/src/crate.rs", r.IntN(9), r.Uint64())
		}},
		{"begun clues", func() string { return "LuaJIT 2.\x00" }},
	} {
		b.Run(bm.name, func(b *testing.B) {
			var buf bytes.Buffer
			for buf.Len() < size {
				buf.WriteString(bm.piece())
			}
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				var m engines.Matcher
				m.Strings(buf.Bytes()[:size])
				m.End()
				m.Engines()
			}
		})
	}
}

// BenchmarkSymbols looks at the names of 300,000 symbols, 10 MB.
func BenchmarkSymbols(b *testing.B) {
	names := make([][]byte, 300_000)
	size := 0
	for i := range names {
		names[i] = fmt.Appendf(nil, "__ZN4acme%d5%xEv", i%90, i*7919)
		size += len(names[i])
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		var m engines.Matcher
		for _, n := range names {
			m.Symbol(n)
		}
	}
}
