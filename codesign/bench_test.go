package codesign_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/macho"
)

// largeBinary writes a signed program of the size of a node runtime, or takes the
// file that $BENCH_BINARY names. Beside others it is measured by internal/bench.
func largeBinary(b *testing.B) string {
	b.Helper()
	if name := os.Getenv("BENCH_BINARY"); name != "" {
		return name
	}
	name := filepath.Join(b.TempDir(), "large")
	if err := os.WriteFile(name, machotest.Large(), 0o644); err != nil {
		b.Fatal(err)
	}
	return name
}

// openSlice opens a file and reads its load commands.
func openSlice(b *testing.B, name string) (*os.File, macho.Slice) {
	b.Helper()
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
	return f, m.Slices[0]
}

// BenchmarkEntitlements opens a large program and reads its entitlements, with the
// file in the page cache. The metric signature-B says how large the signature is,
// which is all that has to be read and allocated.
func BenchmarkEntitlements(b *testing.B) {
	name := largeBinary(b)
	b.ReportAllocs()
	var size uint64
	for b.Loop() {
		f, slice := openSlice(b, name)
		sig, err := Read(f, slice)
		if err != nil || len(sig.Claims.Set) == 0 {
			b.Fatal(err, sig)
		}
		size = slice.Signature.Size
		f.Close()
	}
	b.ReportMetric(float64(size), "signature-B")
}

// BenchmarkVerify verifies a large program in full: every page, the CMS, the chain.
func BenchmarkVerify(b *testing.B) {
	name := largeBinary(b)
	b.ReportAllocs()
	v := NewVerifier(AppleAnchors(), time.Now())
	for b.Loop() {
		f, slice := openSlice(b, name)
		sig, err := v.Read(context.Background(), f, slice)
		if err != nil || len(sig.Problems) > 0 {
			b.Fatal(err, sig)
		}
		b.SetBytes(int64(sig.Directory().CodeLimit))
		f.Close()
	}
}
