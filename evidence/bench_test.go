//go:build unix

package evidence_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/macho"
)

// programs are what is measured: pg_ctl, or what BENCH_BINARY lists.
func programs() []string {
	if list := filepath.SplitList(os.Getenv("BENCH_BINARY")); len(list) > 0 {
		return list
	}
	return []string{"../testdata/binaries/pg_ctl"}
}

// eachSlice runs a benchmark for each slice of each program.
func eachSlice(b *testing.B, run func(b *testing.B, f io.ReaderAt, s macho.Slice)) {
	for _, name := range programs() {
		f, err := os.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			b.Fatal(err)
		}
		m, err := macho.Read(f, info.Size())
		if err != nil {
			b.Fatal(err)
		}
		for _, s := range m.Slices {
			b.Run(strings.TrimPrefix(name, os.Getenv("CORPUS"))+"/"+s.Arch, func(b *testing.B) { run(b, f, s) })
		}
	}
}

// processor is the time that all cores have worked for this process.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// compare measures two things in turn and reports the processor time of the first as a
// part of that of the second: the ratios change little with what else the machine does.
func compare(b *testing.B, one, other func()) {
	var first, second time.Duration
	for b.Loop() {
		start := processor()
		one()
		middle := processor()
		other()
		first, second = first+middle-start, second+processor()-middle
	}
	b.ReportMetric(first.Seconds()/second.Seconds(), "ratio")
	b.ReportMetric(first.Seconds()*1000/float64(b.N), "ms-cpu")
	b.ReportMetric(second.Seconds()*1000/float64(b.N), "ms-cpu-of-other")
}

// BenchmarkRead looks at a slice in memory, beside SHA-256 of its bytes.
func BenchmarkRead(b *testing.B) {
	eachSlice(b, func(b *testing.B, f io.ReaderAt, s macho.Slice) {
		data := make([]byte, s.Range.Size)
		if _, err := f.ReadAt(data, int64(s.Range.Offset)); err != nil {
			b.Fatal(err)
		}
		s.Range.Offset = 0
		compare(b, func() { evidence.Read(b.Context(), bytes.NewReader(data), s) }, func() { sha256.Sum256(data) })
	})
}

// BenchmarkVerification is a full verification with evidence, beside one without: of the
// signature and the hash of each page, of a file in the page cache.
func BenchmarkVerification(b *testing.B) {
	v := codesign.NewVerifier(codesign.AppleAnchors(), time.Now())
	eachSlice(b, func(b *testing.B, f io.ReaderAt, s macho.Slice) {
		if s.Signature == nil {
			b.Skip("not signed")
		}
		verify := func(r io.ReaderAt) {
			if _, err := v.Read(b.Context(), r, s); err != nil {
				b.Fatal(err)
			}
		}
		compare(b, func() {
			r := evidence.NewReader(f, s)
			verify(r)
			r.Code(b.Context())
		}, func() { verify(f) })
	})
}
