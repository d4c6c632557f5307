//go:build unix

package calls

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/codewarrant/codewarrant/macho"
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
				s, err := NewScan(p, wanted)
				if err != nil {
					b.Fatal(err)
				}
				if refs, err := s.imports(b.Context()); err != nil || len(refs) != 0 {
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

// BenchmarkText is the pass over the section __text of each program that BENCH_BINARY
// lists, beside SHA-256 of the same section, by the time of the processor.
func BenchmarkText(b *testing.B) {
	for _, name := range filepath.SplitList(os.Getenv("BENCH_BINARY")) {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		m, err := macho.Read(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			b.Fatal(err)
		}
		for _, s := range m.Slices {
			b.Run(strings.TrimPrefix(name, os.Getenv("CORPUS"))+"/"+s.Arch, func(b *testing.B) {
				benchmarkText(b, bytes.NewReader(data), s)
			})
		}
	}
}

func benchmarkText(b *testing.B, r *bytes.Reader, s macho.Slice) {
	wanted := Wanted{"_mmap": nil, "_mprotect": nil, "_dlopen": nil, "_dlsym": nil}
	img, err := macho.ReadImage(r, s, func(symbol []byte) bool { _, ok := wanted[string(symbol)]; return ok })
	if err != nil {
		b.Fatal(err)
	}
	p := Program{
		Arch: ARM64, Stubs: img.Stubs, Pointers: img.Pointers,
		Read: func(addr uint64, b []byte) error { return img.ReadAt(r, b, addr) },
	}
	if strings.HasPrefix(s.Arch, "x86_64") {
		p.Arch = X8664
	}
	var code []byte
	for _, t := range img.Sections {
		if t.Segment == "__TEXT" && t.Name == "__text" {
			p.Text = append(p.Text, Section{t.Addr, t.Range.Size})
			code = make([]byte, t.Range.Size)
			if err := p.Read(t.Addr, code); err != nil {
				b.Fatal(err)
			}
		}
	}
	var first, second time.Duration
	b.SetBytes(int64(len(code)))
	for b.Loop() {
		start := processor()
		s, err := NewScan(p, wanted)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.imports(b.Context()); err != nil {
			b.Fatal(err)
		}
		middle := processor()
		sha256.Sum256(code)
		first, second = first+middle-start, second+processor()-middle
	}
	b.ReportMetric(first.Seconds()/second.Seconds(), "ratio")
	b.ReportMetric(float64(len(code))*float64(b.N)/first.Seconds()/1e6, "MB/s-scan")
}

// processor is the time that all cores have worked for this process.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
