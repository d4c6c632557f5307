package codesign_test

import (
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	gomacho "github.com/blacktop/go-macho"

	. "github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/macho"
)

// largeBinary writes a signed program of 113 MiB, the size of a node runtime, or
// takes the file that $BENCH_BINARY names.
func largeBinary(b *testing.B) string {
	b.Helper()
	if name := os.Getenv("BENCH_BINARY"); name != "" {
		return name
	}
	claims := []any{"com.apple.security.cs.allow-jit", true}
	data := machotest.Binary{TextSize: 113 << 20, Signature: &machotest.Signature{
		Flags: machotest.FlagRuntime, Entitlements: machotest.XML(claims...), EntitlementsDER: machotest.DER(claims...),
	}}.Bytes()
	name := filepath.Join(b.TempDir(), "large")
	if err := os.WriteFile(name, data, 0o644); err != nil {
		b.Fatal(err)
	}
	return name
}

// BenchmarkEntitlements opens a large program and reads its entitlements, with the
// file in the page cache. Beside it, in the same run, go-macho reads the same file
// as its documentation shows. The metric signature-B says how large the signature
// is, which is all that has to be read and allocated.
func BenchmarkEntitlements(b *testing.B) {
	name := largeBinary(b)
	b.Run("codewarrant", func(b *testing.B) {
		b.ReportAllocs()
		var size uint64
		for b.Loop() {
			f, err := os.Open(name)
			if err != nil {
				b.Fatal(err)
			}
			info, err := f.Stat()
			if err != nil {
				b.Fatal(err)
			}
			m, err := macho.Read(f, info.Size())
			if err != nil {
				b.Fatal(err)
			}
			sig, err := Read(f, m.Slices[0])
			if err != nil || len(sig.Claims.Set) == 0 {
				b.Fatal(err, sig)
			}
			size = m.Slices[0].Signature.Size
			f.Close()
		}
		b.ReportMetric(float64(size), "signature-B")
	})
	b.Run("go-macho", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f, err := os.Open(name)
			if err != nil {
				b.Fatal(err)
			}
			m, err := gomacho.NewFile(f)
			if err != nil {
				b.Fatal(err)
			}
			if sig := m.CodeSignature(); sig == nil || sig.Entitlements == "" {
				b.Fatal("no entitlements")
			}
			m.Close()
			f.Close()
		}
	})
}

// BenchmarkVerify verifies a large program in full: every page, the CMS, the chain.
// Beside it, in the same run, all cores hash the same pages of the same file, from
// memory and with nothing around it: the rate that cannot be passed.
func BenchmarkVerify(b *testing.B) {
	name := largeBinary(b)
	data, err := os.ReadFile(name)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("codewarrant", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		v := NewVerifier(AppleAnchors(), time.Now())
		for b.Loop() {
			f, err := os.Open(name)
			if err != nil {
				b.Fatal(err)
			}
			m, err := macho.Read(f, int64(len(data)))
			if err != nil {
				b.Fatal(err)
			}
			sig, err := v.Read(context.Background(), f, m.Slices[0])
			if err != nil || len(sig.Problems) > 0 {
				b.Fatal(err, sig.Problems)
			}
			f.Close()
		}
	})
	b.Run("sha256-alone", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		const page = 4096
		cores := runtime.GOMAXPROCS(0)
		for b.Loop() {
			var wg sync.WaitGroup
			share := len(data) / cores
			for c := range cores {
				wg.Go(func() {
					for part := data[c*share : (c+1)*share]; len(part) > page; part = part[page:] {
						sha256.Sum256(part[:page])
					}
				})
			}
			wg.Wait()
		}
	})
}
