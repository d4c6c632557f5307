package macho

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

// What a stub calls is what is bound to the pointer through which it jumps, whatever the indirect symbol table has.
func TestStubsAreNamedByThePointersThatTheyJumpThrough(t *testing.T) {
	symbols := []symbol{{"_own", external, testText}, {"_mmap", undefined, 0}, {"_free", undefined, 0}}
	bind := func(m *image) *image { // the second pointer
		m.pointer(8, bound(6, 0, 0))
		m.chained(1, 6, []string{"_mmap"}, 8, nil)
		return m
	}
	const first, second = testStub, testStub + 12
	for _, tt := range []struct {
		name  string
		image func() *image
		want  map[uint64]string
		stubs bool
	}{
		{"no fixups", func() *image {
			m := &image{slots: 2}
			m.symtab(symbols, 1, 2, 0, 0)
			return m
		}, map[uint64]string{first: "_mmap", second: "_free"}, true},
		{"no fixups, and the pointer says something else", func() *image {
			m := &image{slots: 2}
			m.symtab(symbols, 2, 1, 1, 2)
			return m
		}, map[uint64]string{first: "_mmap", second: "_free"}, true},
		{"fixups, and the table says something else", func() *image {
			m := bind(&image{slots: 2})
			m.symtab(symbols, 1, 2, 0, 0)
			return m
		}, map[uint64]string{second: "_mmap"}, true},
		{"fixups, and no table", func() *image { return bind(&image{slots: 2}) }, map[uint64]string{second: "_mmap"}, true},
		{"a size that is not theirs, as Go's linker writes it", func() *image {
			m := bind(&image{slots: 2})
			m.symtab(symbols, 0, 0, 1, 1, 0, 0)
			m.sections = func(text, _ [][]byte) { copy(text[1][72:], le(uint32(6))) }
			return m
		}, map[uint64]string{second: "_mmap"}, true},
		{"no fixups, and a size that is not theirs", func() *image {
			m := &image{slots: 2}
			m.symtab(symbols, 1, 1, 1, 1, 0, 0)
			m.sections = func(text, data [][]byte) {
				copy(text[1][72:], le(uint32(6)))
				copy(data[0][68:], le(uint32(4)))
			}
			return m
		}, map[uint64]string{}, true},
		{"more than stubs", func() *image {
			m := bind(&image{slots: 2})
			m.sections = func(text, _ [][]byte) { copy(text[1][40:], le(uint64(28))) }
			return m
		}, map[uint64]string{second: "_mmap"}, false},
		{"other code", func() *image {
			m := bind(&image{slots: 2})
			m.symtab(symbols, 1, 2, 0, 0)
			m.sections = func(text, _ [][]byte) { copy(text[1][32:], le(uint64(testText), uint64(24), uint32(0x1000))) }
			return m
		}, map[uint64]string{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := mustReadImage(t, tt.image().bytes())
			if diff := cmp.Diff(tt.want, i.Stubs); diff != "" {
				t.Errorf("gaps %q\n%s", i.Gaps, diff)
			}
			for _, s := range i.Sections {
				if s.Name == "__stubs" && s.IsStubs() != tt.stubs {
					t.Errorf("it is taken for stubs: %t", s.IsStubs())
				}
			}
		})
	}
}

func TestStubsOfEachLinker(t *testing.T) {
	const pc = 0x1_0000_1000
	for _, tt := range []struct {
		name, code string
		x86        bool
		pointer    uint64
		size       int
	}{
		{"x86-64: jmp *0x10(%rip)", "ff2510000000", true, pc + 6 + 0x10, 6},
		{"x86-64: before itself", "ff25f0ffffff", true, pc + 6 - 0x10, 6},
		{"x86-64: a call", "ff1510000000", true, 0, 0},
		{"x86-64: cut off", "ff25100000", true, 0, 0},
		{"adrp, ldr, br", "300000d0 100640f9 00021fd6", false, pc + 0x6000 + 8, 12},
		{"adrp of what is before", "f0fffff0 100640f9 00021fd6", false, pc - 0x1000 + 8, 12},
		{"adrp, add, ldr, braa, of arm64e", "31000090 31420091 300240f9 110a1fd7", false, pc + 0x4000 + 16, 16},
		{"nop, ldr of what is near, br", "1f2003d5 90000058 00021fd6", false, pc + 4 + 16, 12},
		{"adr, nop, ldr, br", "90000010 1f2003d5 100240f9 00021fd6", false, pc + 16, 16},
		{"it jumps through another register", "300000d0 100640f9 20021fd6", false, 0, 0},
		{"it calls", "300000d0 100640f9 00023fd6", false, 0, 0},
		{"it does something else, too", "300000d0 200080d2 100640f9 00021fd6", false, 0, 0},
		{"it loads from another register", "300000d0 300640f9 00021fd6", false, 0, 0},
		{"cut off", "300000d0 100640f9", false, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var code []byte
			if _, err := fmt.Sscanf(strings.ReplaceAll(tt.code, " ", ""), "%x", &code); err != nil {
				t.Fatal(err)
			}
			i := &Image{cpu: machotest.CPUArm64}
			if tt.x86 {
				i.cpu = machotest.CPUX86_64
			}
			pointer, size := i.throughPointer(code, pc)
			if size != tt.size || size > 0 && pointer != tt.pointer {
				t.Errorf("%#x, %d bytes; want %#x, %d", pointer, size, tt.pointer, tt.size)
			}
		})
	}
}
