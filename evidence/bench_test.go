package evidence_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"testing"

	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/macho"
)

// BenchmarkRead looks at a program, beside the hash of its bytes in the same run. With
// BENCH_BINARY it is that one.
func BenchmarkRead(b *testing.B) {
	name := "../testdata/binaries/pg_ctl"
	if s := os.Getenv("BENCH_BINARY"); s != "" {
		name = s
	}
	data, err := os.ReadFile(name)
	if err != nil {
		b.Fatal(err)
	}
	f, err := macho.Read(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		b.Fatal(err)
	}
	s := f.Slices[0]
	b.Run("evidence", func(b *testing.B) {
		b.SetBytes(int64(s.Range.Size))
		for b.Loop() {
			evidence.Read(b.Context(), bytes.NewReader(data), s)
		}
	})
	b.Run("sha256", func(b *testing.B) {
		b.SetBytes(int64(s.Range.Size))
		for b.Loop() {
			sha256.Sum256(data[s.Range.Offset:][:s.Range.Size])
		}
	})
}
