package calls

import (
	"bytes"
	"context"
	"crypto/sha256"
	"strings"
	"testing"
)

// BenchmarkScan is the pass over all code, beside SHA-256 of the same bytes.
func BenchmarkScan(b *testing.B) {
	for _, arch := range []Arch{ARM64, X8664} {
		var code []byte
		for _, s := range shapes {
			if s.arch == arch && !strings.Contains(s.name, "system call") && !strings.Contains(s.name, "trap") {
				code = append(code, bytesOf(b, s.code)...)
			}
		}
		code = bytes.Repeat(code, 32<<20/len(code))
		p := program(arch, code, nil)
		p.Stubs = map[uint64]string{base + 64<<20: "_mmap"}
		p.Pointers = map[uint64]string{base + 72<<20: "_mmap"}
		name := map[Arch]string{ARM64: "arm64", X8664: "x86-64"}[arch]
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(code)))
			for b.Loop() {
				f := &finder{ctx: context.Background(), p: p, arch: archOf(arch), wanted: wanted, text: p.Text, gaps: map[string]bool{}}
				if refs, err := f.scanImports(); err != nil || len(refs) != 0 {
					b.Fatal(refs, err)
				}
			}
		})
		b.Run(name+"/sha256", func(b *testing.B) {
			b.SetBytes(int64(len(code)))
			for b.Loop() {
				sha256.Sum256(code)
			}
		})
	}
}
