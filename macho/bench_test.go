package macho

import (
	"os"
	"testing"
)

// BenchmarkReadImage reads what a program tells its loader, with the file in the page
// cache, and keeps some symbols. The program is that which $BENCH_BINARY names.
func BenchmarkReadImage(b *testing.B) {
	name := os.Getenv("BENCH_BINARY")
	if name == "" {
		name = "../testdata/binaries/pg_ctl"
	}
	r, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	info, err := r.Stat()
	if err != nil {
		b.Fatal(err)
	}
	f, err := Read(r, info.Size())
	if err != nil {
		b.Fatal(err)
	}
	few := map[string]bool{"_mmap": true, "_mprotect": true, "_dlopen": true, "_dlsym": true}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadImage(r, f.Slices[0], func(symbol []byte) bool { return few[string(symbol)] }); err != nil {
			b.Fatal(err)
		}
	}
}
