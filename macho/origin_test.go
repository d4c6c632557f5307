package macho

import (
	"fmt"
	"testing"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

// The first three libraries of each image are macOS's, the app's own, and one by a path that
// only begins as those of macOS do.
var originLibraries = []string{"/usr/lib/libSystem.B.dylib", "@rpath/libgrid.dylib", "/usr/lib/../local/lib/libz.dylib"}

func withLibraries(m *image, more ...string) *image {
	for _, name := range originLibraries {
		m.command(0xc, le([4]uint32{24, 2, 0, 0}, name+"\x00"))
	}
	for _, name := range more {
		m.command(0x8000001f, le([4]uint32{24, 2, 0, 0}, name+"\x00")) // LC_REEXPORT_DYLIB
	}
	return m
}

func TestOriginOfABindIsTheLibraryOfItsOrdinal(t *testing.T) {
	const at, name = "\x72\x80\x06", "\x40_mmap\x00\x51"
	for _, row := range []struct {
		name       string
		bind, weak string
		reexports  []string
		want       string // and whether there is one
		own        bool
	}{
		{name: "a library of macOS", bind: at + "\x11" + name + "\x90"},
		{name: "one of the app's own", bind: at + "\x12" + name + "\x90", want: "@rpath/libgrid.dylib", own: true},
		{name: "one by a path that leads out of macOS's folders", bind: at + "\x13" + name + "\x90", want: originLibraries[2], own: true},
		{name: "the same with a long ordinal", bind: at + "\x20\x02" + name + "\x90", want: "@rpath/libgrid.dylib", own: true},
		{name: "the image itself", bind: at + "\x10" + name + "\x90", own: true},
		{name: "the image itself, which exports what others do", bind: at + "\x10" + name + "\x90", reexports: originLibraries[:1]},
		{name: "the main executable", bind: at + "\x3f" + name + "\x90"},
		{name: "any, by a flat look-up", bind: at + "\x3e" + name + "\x90"},
		{name: "any, by a weak look-up", bind: at + "\x3d" + name + "\x90"},
		{name: "a library that there is not", bind: at + "\x1f" + name + "\x90"},
		{name: "a number that no library has", bind: at + "\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" + name + "\x90"},
		{name: "none that is said", bind: at + name + "\x90"},
		{name: "whatever weak definitions there are", weak: at + name + "\x90"},
		{name: "two, of which one is macOS's", bind: at + "\x12" + name + "\x90\x11\x90"},
		{name: "two, of which none is", bind: at + "\x12" + name + "\x90\x13\x90", want: "@rpath/libgrid.dylib", own: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := withLibraries(&image{cpu: machotest.CPUX86_64, sub: machotest.SubX86All}, row.reexports...)
			m.dyldInfo([]byte(row.bind), []byte(row.weak), nil)
			i := mustReadImage(t, m.bytes())
			if got, own := i.Origin("_mmap"); i.Gaps != nil || own != row.own || own && got != row.want {
				t.Errorf("it comes from %q, %v; want %q, %v; gaps %q", got, own, row.want, row.own, i.Gaps)
			}
		})
	}
}

func TestOriginOfAChainedFixupIsTheLibraryOfItsOrdinal(t *testing.T) {
	const table = 72 // of the imports, the first of which is _mmap
	for _, format := range []int{1, 2, 3} {
		for ordinal, want := range map[int]string{1: "", 2: "@rpath/libgrid.dylib", -2: "", -3: "", 9: ""} {
			t.Run(fmt.Sprintf("imports of format %d, ordinal %d", format, ordinal), func(t *testing.T) {
				m := withLibraries(&image{})
				m.pointer(0x208, bound(6, 0, 0))
				m.chained(format, 6, []string{"_mmap"}, 0x208, func(b []byte) {
					b[table] = byte(ordinal)
					if format == 3 {
						b[table+1] = byte(ordinal >> 8)
					}
				})
				i := mustReadImage(t, m.bytes())
				if got, own := i.Origin("_mmap"); i.Gaps != nil || got != want && own || own != (want != "") {
					t.Errorf("it comes from %q, %v; gaps %q", got, own, i.Gaps)
				}
			})
		}
	}
}
