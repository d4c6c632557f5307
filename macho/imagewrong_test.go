package macho

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

// field changes 4 bytes of a load command or a section.
func field(at int, v uint32) func([]byte) {
	return func(b []byte) { binary.LittleEndian.PutUint32(b[at:], v) }
}

func TestReadImageRefuses(t *testing.T) {
	segment := func(k int, edit func([]byte)) []byte {
		return (&image{segments: func(s [][]byte) { edit(s[k]) }}).bytes()
	}
	with := func(n int, cmd uint32, body []byte) []byte {
		m := &image{linkedit: make([]byte, 80*n)}
		for range n {
			m.command(cmd, body)
		}
		return m.bytes()
	}
	for _, row := range []struct {
		name  string
		bytes []byte
		want  string
	}{
		{"32-bit code", machotest.Binary{CPU: machotest.CPUI386, Bits32: true}.Bytes(), "i386 code is not 64-bit"},
		{"PowerPC code of 64 bits", machotest.Binary{CPU: machotest.CPUPPC64, BigEndian: true}.Bytes(), "ppc64 code is big-endian"},
		{"a slice that could not be read", machotest.Binary{NCmds: new(uint32(1 << 31))}.Bytes(), "past the end of the load commands"},
		{"a static library", machotest.Fat{Slices: []machotest.Slice{{Raw: []byte("!<arch>\n")}}}.Bytes(), "archive"},
		{"a segment outside the slice", segment(2, field(52, 1)), `"__DATA" lies outside the slice`},
		{"a segment whose end overflows", segment(2, field(28, 0xffffffff)), `"__DATA" lies at 0xffffffff00004000`},
		{"more of the file than of memory", segment(2, field(32, 0x1000)), "16384 bytes of the file for 4096 of memory"},
		{"a segment without memory of which something is permitted", segment(2, field(32, 0)), "16384 bytes of the file for 0 of memory"},
		{"segments that share addresses", segment(2, field(24, 0x3000)), `"__TEXT" and "__DATA" share addresses`},
		{"segments that share bytes", segment(2, field(40, 0x2000)), `"__TEXT" and "__DATA" share bytes`},
		{"more segments than there may be", with(61, 0x19, make([]byte, 64)), "more than 64 segments"},
		{"more libraries than there may be", with(4097, 0xc, le([4]uint32{24}, "a\x00")), "more than 4096 libraries"},
		{"more run paths than there may be", with(4097, 0x8000001c, le(uint32(12), "a\x00")), "more than 4096"},
		{"a library without its fields", with(1, 0xc, le(uint32(24))), "too short"},
		{"a library whose name is elsewhere", with(1, 0xc, le([4]uint32{1000})), "begins outside"},
		{"a symbol table without its fields", with(1, 0x2, nil), "too short"},
		{"an indirect symbol table without its fields", with(1, 0xb, nil), "too short"},
		{"bind opcodes without their place", with(1, 0x22, nil), "too short"},
		{"chained fixups without their place", with(1, 0x80000034, nil), "too short"},
	} {
		t.Run(row.name, func(t *testing.T) {
			i, err := readImage(t, row.bytes, nil)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, image %v; want an error with %q", err, i, row.want)
			}
		})
	}
	_, err := readImage(t, machotest.Binary{CPU: machotest.CPUI386, Bits32: true}.Bytes(), nil)
	if !errors.Is(err, ErrNot64Bit) {
		t.Errorf("%v is not ErrNot64Bit", err)
	}
	_, err = readImage(t, machotest.Binary{CPU: machotest.CPUPPC64, BigEndian: true}.Bytes(), nil)
	if !errors.Is(err, ErrBigEndian) {
		t.Errorf("%v is not ErrBigEndian", err)
	}
}

func TestReadImageTellsItsGaps(t *testing.T) {
	chained := func(edit func([]byte)) []byte {
		m := &image{}
		m.pointer(0x208, bound(6, 0, 0))
		m.chained(1, 6, []string{"_mmap"}, 0x208, edit)
		return m.bytes()
	}
	pointer := func(v uint64) []byte {
		m := &image{}
		m.pointer(0x208, v)
		m.chained(1, 6, []string{"_mmap"}, 0x208, nil)
		return m.bytes()
	}
	bind := func(opcodes string) []byte {
		m := &image{}
		m.dyldInfo([]byte(opcodes), nil, nil)
		return m.bytes()
	}
	indirect := func(edit func(text, data [][]byte)) []byte {
		m := indirectImage()
		m.sections = edit
		return m.bytes()
	}
	with := func(cmd uint32, body []byte) []byte {
		m := &image{}
		m.command(cmd, body)
		return m.bytes()
	}
	for _, row := range []struct {
		name  string
		bytes []byte
		want  string
	}{
		{"a section outside its segment", indirect(func(text, _ [][]byte) { field(40, 0x4000)(text[0]) }), "the section __TEXT,__text lies outside its segment"},
		{"a section that claims another place", indirect(func(text, _ [][]byte) { field(48, 0x1004)(text[0]) }), "claims to be at 4100 of the slice; its address is that of 4096"},
		{"stubs of no size", indirect(func(text, _ [][]byte) { field(72, 0)(text[1]) }), "its stubs have a size of 0"},
		{"stubs past the indirect symbol table", indirect(func(text, _ [][]byte) { field(68, 3)(text[1]) }), "entries 3 to 5 are past the end of the indirect symbol table at 4"},
		{"stubs without an indirect symbol table", (&image{slots: 1}).bytes(), "there is no indirect symbol table"},
		{"a symbol that is not there", func() []byte {
			m := &image{slots: 1}
			m.symtab([]symbol{{"_mmap", undefined, 0}}, 1, 0x80000000)
			return m.bytes()
		}(), "it names the symbol 1, which there is not"},
		{"a name past the string table", oneName(9, "\x00_mmap\x00"), "undefined symbols: a name at 9 of a table of names of 7 bytes"},
		{"a name without an end", oneName(1, "\x00_mmap"), "undefined symbols: a name at 1 has no end"},
		{"a name longer than the limit", func() []byte {
			m := &image{}
			m.symtab([]symbol{{strings.Repeat("x", maxName), undefined, 0}})
			return m.bytes()
		}(), "a name of 16384 bytes or more"},
		{"a symbol table outside the slice", with(0x2, le(uint32(0x7000), uint32(1<<31), uint32(0), uint32(0))), "the symbol table lies at 28672"},
		{"a symbol table without names", with(0x2, le(uint32(0), uint32(1), uint32(0), uint32(0))), "no string table"},
		{"two symbol tables", func() []byte {
			m := &image{}
			m.symtab([]symbol{{"_mmap", undefined, 0}})
			m.symtab([]symbol{{"_open", undefined, 0}})
			return m.bytes()
		}(), "there are two of the symbol table"},
		{"external relocations", with(0xb, le([15]uint32{}, uint32(3), [2]uint32{})), "3 external relocations are not read"},
		{"encrypted code", with(0x2c, le(uint32(0x1000), uint32(0x100), uint32(1), uint32(0))), "256 bytes of code at 4096 are encrypted"},
		{"an encrypted segment", (&image{segments: func(s [][]byte) { field(68, 8)(s[1]) }}).bytes(), "the segment __TEXT is encrypted"},

		{"fixups of another version", chained(field(0, 1)), "of version 1"},
		{"fixups with compressed names", chained(field(24, 1)), "compressed"},
		{"imports of another format", chained(field(20, 4)), "imports are of format 4"},
		{"imports that do not fit", chained(field(16, 1<<24)), "16777216 imports at 72"},
		{"names of imports that are elsewhere", chained(field(12, 1<<24)), "with names at 16777216"},
		{"a name of an import that is elsewhere", chained(field(72, 100<<9)), "a name at 100"},
		{"starts that are elsewhere", chained(field(4, 1<<24)), "past the end"},
		{"starts of more segments than there are", chained(field(28, 5)), "of 5 segments, of which there are 4"},
		{"starts of a segment that are elsewhere", chained(field(40, 1<<24)), "fixups of the segment __DATA: 22 bytes"},
		{"pointers of another format", chained(field(52, 0x00034000)), "format 3 are not read"},
		{"pages of another size", chained(field(52, 0x00062000)), "pages of 8192 bytes"},
		{"fixups for another segment", chained(field(56, 0x8000)), "a segment at 0x8000 of the image"},
		{"more pages than fit", chained(field(68, 0x0208ffff)), "131070 bytes"},
		{"a page that the file does not have", chained(func(b []byte) {
			field(52, 0x00061000)(b)
			field(68, 0xffff0006)(b)
		}), "page 5 has no chain"},
		{"a chain that begins outside its page", chained(field(68, 0x7fff0001)), "page 0: its chain leads out of it"},
		{"several chains in a page", chained(field(68, 0x80000001)), "page 0 has no chain that can be read"},
		{"a chain that leads out of its page", pointer(bound(6, 0, 0xfff)), "page 0: its chain leads out of it"},
		{"a bind to an import that is not there", pointer(bound(6, 1, 0)), "page 0: import 1 of 1"},

		{"an opcode that is not known", bind("\xd0\x00"), "the opcode 0xd0 is not read"},
		{"opcodes that are cut short", bind("\x40_mmap"), "bind opcodes: unexpected EOF"},
		{"a segment that is not there", bind("\x74\x00"), "segment 4 of 4"},
		{"a bind before there is a place", bind("\x40_mmap\x00\x90"), "outside its segment"},
		{"a bind behind a segment", bind("\x40_mmap\x00\x72\xf9\xff\x01\x90"), "outside its segment"},
		{"a ULEB128 that overflows", bind("\x72\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), "more than 64 bits"},
		{"a SLEB128 that has no end", bind("\x60" + strings.Repeat("\xff", 11)), "more than 64 bits"},
		{"2^63 binds in one place", bind("\x40_mmap\x00\x72\x00\xc0\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\xf8\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "more than 4194304 pointers are bound"},
		{"two symbols in one place", bind("\x40_mmap\x00\x72\x00\x90\x40_open\x00\x72\x00\x90"), "two symbols are bound at 0x100004000"},
		{"a symbol with a name longer than the limit", bind("\x40" + strings.Repeat("x", maxName+1) + "\x00"), "more than 16384 bytes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			i, err := readImage(t, row.bytes, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(strings.Join(i.Gaps, "\n"), row.want) {
				t.Errorf("gaps %q, want one with %q", i.Gaps, row.want)
			}
		})
	}
}

// oneName is an image of one undefined symbol, whose name is at an offset in a string table.
func oneName(offset uint32, names string) []byte {
	m := &image{}
	at, _ := m.put(le(offset, uint8(1), uint8(0), uint16(0), uint64(0)))
	to, size := m.put([]byte(names))
	m.command(0x2, le(at, uint32(1), to, size))
	return m.bytes()
}
