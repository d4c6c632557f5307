package macho

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	gomacho "github.com/blacktop/go-macho"
	"github.com/blacktop/go-macho/pkg/fixupchains"
	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

// readImage reads the one slice of a file.
func readImage(t *testing.T, b []byte, wanted func(string) bool) (*Image, error) {
	t.Helper()
	return ReadImage(bytes.NewReader(b), read(t, b).Slices[0], wanted)
}

func mustReadImage(t *testing.T, b []byte) *Image {
	t.Helper()
	i, err := readImage(t, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// lines writes what is in testdata of an image.
func lines(t *testing.T, r io.ReaderAt, i *Image) string {
	t.Helper()
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	for addr, name := range i.Stubs {
		add("stub %x %s", addr, name)
	}
	for addr, name := range i.Pointers {
		add("pointer %x %s", addr, name)
	}
	for _, name := range i.Imports {
		add("import %s", name)
	}
	for _, l := range i.Libraries {
		add("library %s %s %s.0", l.Name, l.Current, l.Compatibility)
	}
	for _, s := range i.Segments {
		add("segment %s %x %x %d %d %d %d", s.Name, s.Addr, s.Size, s.Range.Offset, s.Range.Size, s.Prot, s.MaxProt)
	}
	for _, s := range i.Sections {
		add("section %s %s %x %x %d %x %d %d", s.Segment, s.Name, s.Addr, s.Size, s.Range.Offset, uint32(s.Flags), s.Reserved1, s.Reserved2)
	}
	if err := i.Functions(r, func(addr uint64) bool { add("function %x", addr); return true }); err != nil {
		t.Error(err)
	}
	if err := i.Symbols(r, func(name []byte, addr uint64) bool { add("symbol %x %s", addr, name); return true }); err != nil {
		t.Error(err)
	}
	slices.Sort(list)
	return strings.Join(list, "\n") + "\n"
}

func TestReadImageOfARealProgramAgreesWithLLVM(t *testing.T) {
	r, err := os.Open("../testdata/binaries/pg_ctl")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	info, err := r.Stat()
	if err != nil {
		t.Fatal(err)
	}
	f, err := Read(r, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range f.Slices {
		t.Run(s.Arch, func(t *testing.T) {
			want, err := os.ReadFile("testdata/pg_ctl." + s.Arch + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			i, err := ReadImage(r, s, nil)
			if err != nil || i.Gaps != nil {
				t.Fatalf("%v, gaps %q", err, i.Gaps)
			}
			if diff := cmp.Diff(string(want), lines(t, r, i)); diff != "" {
				t.Errorf("(-llvm +read):\n%s", diff)
			}
			var code []string
			for _, s := range i.Sections {
				if s.HasCode() {
					code = append(code, s.Name)
				}
			}
			if diff := cmp.Diff([]string{"__text", "__stubs"}, code); diff != "" {
				t.Error(diff)
			}
			kill := func(name string) bool { return name == "_kill" }
			if i, err = ReadImage(r, s, kill); err != nil || len(i.Stubs) != 1 || len(i.Pointers) != 1 || len(i.Imports) != 85 {
				t.Errorf("of _kill %v, %d stubs, %d pointers, %d imports", err, len(i.Stubs), len(i.Pointers), len(i.Imports))
			}
		})
	}
}

// indirectImage has two stubs and two pointers: of a symbol that is imported, and of one
// that is defined.
func indirectImage() *image {
	m := &image{slots: 2}
	m.symtab([]symbol{
		{"_own", external, testText},
		{"_mmap", undefined, 0},
		{"source.c", debugging, testText},
		{"_helper", local, testText + 8},
		{"_unused", undefined, 0},
	}, 1, 0, 0x80000000, 1)
	m.functions(0x80, 0x20, 0x08, 0, 0x08)
	return m
}

func TestReadImageReadsTheIndirectSymbolTable(t *testing.T) {
	b := indirectImage().bytes()
	i := mustReadImage(t, b)
	want := Image{
		Stubs:    map[uint64]string{testStub: "_mmap"},
		Pointers: map[uint64]string{testGot + 8: "_mmap"},
		Imports:  []string{"_mmap", "_unused"},
	}
	if diff := cmp.Diff(want, Image{Stubs: i.Stubs, Pointers: i.Pointers, Imports: i.Imports, Gaps: i.Gaps}, cmp.AllowUnexported(Image{}, tables{}, origin{})); diff != "" {
		t.Error(diff)
	}
	got := map[string]uint64{}
	if err := i.Symbols(bytes.NewReader(b), func(name []byte, addr uint64) bool { got[string(name)] = addr; return true }); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(map[string]uint64{"_own": testText, "_helper": testText + 8}, got); diff != "" {
		t.Error(diff)
	}
	var functions []uint64
	if err := i.Functions(bytes.NewReader(b), func(addr uint64) bool { functions = append(functions, addr); return true }); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]uint64{testText, testText + 8}, functions); diff != "" {
		t.Error(diff)
	}
}

// bound are binds of each pointer format: to the import of an ordinal, and that many
// strides from the next.
func bound(format int, ordinal, next uint64) uint64 {
	switch format {
	case 1, 9, 12:
		return 1<<62 | next<<51 | ordinal
	}
	return 1<<63 | next<<51 | ordinal
}

// chainedImage has a bind of _open, a rebase, a bind of _mmap, and one of _mmap that is
// signed where the format can say so.
func chainedImage(importFormat, pointerFormat int) *image {
	m := &image{}
	step, signed := uint64(2), uint64(0) // 8 bytes in strides of 4
	switch pointerFormat {
	case 1, 9, 12:
		m.sub, step, signed = 0x80000002, 1, 1<<63|0xbeef<<32
	}
	m.pointer(0x208, bound(pointerFormat, 1, step))
	m.pointer(0x210, 0x1000|step<<51)
	m.pointer(0x218, bound(pointerFormat, 0, 100*step))
	m.pointer(0x218+800, bound(pointerFormat, 0, 0)|signed)
	m.chained(importFormat, pointerFormat, []string{"_mmap", "_open"}, 0x208, nil)
	return m
}

func TestReadImageWalksChainedFixups(t *testing.T) {
	want := map[uint64]string{testData + 0x208: "_open", testData + 0x218: "_mmap", testData + 0x218 + 800: "_mmap"}
	for _, imports := range []int{1, 2, 3} {
		for _, pointers := range []int{1, 2, 6, 9, 12} {
			t.Run(fmt.Sprintf("imports of format %d and pointers of format %d", imports, pointers), func(t *testing.T) {
				b := chainedImage(imports, pointers).bytes()
				i := mustReadImage(t, b)
				if diff := cmp.Diff(want, i.Pointers); diff != "" || i.Gaps != nil {
					t.Errorf("gaps %q\n%s", i.Gaps, diff)
				}
				if diff := cmp.Diff([]string{"_mmap", "_open"}, i.Imports); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(want, peerBinds(t, b)); diff != "" {
					t.Errorf("go-macho reads it as something else:\n%s", diff)
				}
			})
		}
	}
}

// peerBinds returns the binds of chained fixups as go-macho reads them.
func peerBinds(t *testing.T, b []byte) map[uint64]string {
	t.Helper()
	f, err := gomacho.NewFile(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	fixups, err := f.DyldChainedFixups()
	if err == nil {
		fixups, err = fixups.Parse()
	}
	if err != nil {
		t.Fatal(err)
	}
	found := map[uint64]string{}
	for _, s := range fixups.Starts {
		for _, fixup := range s.Fixups {
			if bind, ok := fixup.(fixupchains.Bind); ok && fixup.IsBind() {
				found[bind.Offset()-0x4000+testData] = bind.Name()
			}
		}
	}
	return found
}

// The segment of the opcodes is __DATA, 2; the offset 0x300 is the ULEB128 80 06.
var (
	bindMmap = "\x11\x40_mmap\x00\x51\x72\x80\x06\x90\x00"
	bindMany = "\x12\x40_open\x00\x51\x72\x80\x06" + // ordinal 2, _open, pointer, at 0x300
		"\x90" + // bind, to 0x308
		"\xa0\x10" + // bind, and on by 0x10, to 0x320
		"\xb2" + // bind, and on by 2*8, to 0x338
		"\x40_mmap\x00\x60\x7f" + // _mmap, addend -1
		"\xc0\x02\x08" + // bind 2, each on by 8, to 0x358
		"\x80\xf0\xff\xff\xff\xff\xff\xff\xff\xff\x01" + // on by -16, to 0x348
		"\x30\x20\x01\x90\x00" + // flat lookup, then ordinal 1, bind
		"\xff" // padding, which is not read
)

func TestReadImageRunsBindOpcodes(t *testing.T) {
	for name, row := range map[string]struct {
		bind, weak, lazy string
		want             map[uint64]string
	}{
		"one bind":   {bind: bindMmap, want: map[uint64]string{testData + 0x300: "_mmap"}},
		"one weakly": {weak: bindMmap, want: map[uint64]string{testData + 0x300: "_mmap"}},
		"every opcode": {bind: bindMany, want: map[uint64]string{
			testData + 0x300: "_open", testData + 0x308: "_open", testData + 0x320: "_open",
			testData + 0x338: "_mmap", testData + 0x348: "_mmap",
		}},
		"two that are bound late, each with its end": {
			lazy: "\x72\x80\x06\x11\x40_mmap\x00\x90\x00\x72\x88\x06\x12\x40_open\x00\x90\x00\x00\x00",
			want: map[uint64]string{testData + 0x300: "_mmap", testData + 0x308: "_open"},
		},
		"a definition that is stronger than others binds nothing": {weak: "\x48_mmap\x00\x00", want: map[uint64]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			m := &image{cpu: machotest.CPUX86_64, sub: machotest.SubX86All}
			m.dyldInfo([]byte(row.bind), []byte(row.weak), []byte(row.lazy))
			i := mustReadImage(t, m.bytes())
			if diff := cmp.Diff(row.want, i.Pointers); diff != "" || i.Gaps != nil {
				t.Errorf("gaps %q\n%s", i.Gaps, diff)
			}
		})
	}
}

// Of a segment that takes no memory nothing is loaded, as of the __DWARF of programs in Go.
func TestReadImagePassesOverWhatIsNotMapped(t *testing.T) {
	m := chainedImage(1, 6)
	m.segments = func(s [][]byte) {
		for at, v := range map[int]uint32{32: 0, 56: 0, 60: 0} { // vmsize, maxprot, initprot
			binary.LittleEndian.PutUint32(s[2][at:], v)
		}
	}
	i := mustReadImage(t, m.bytes())
	if i.Base != testBase || len(i.Segments) != 4 || slices.ContainsFunc(i.Sections, func(s Section) bool { return s.Segment == "__DATA" }) {
		t.Errorf("base %#x, segments %v, sections %v", i.Base, i.Segments, i.Sections)
	}
	if err := i.ReadAt(bytes.NewReader(m.bytes()), make([]byte, 8), testData); err == nil {
		t.Error("it can be read where nothing is")
	}
}

func TestReadImageReadsStringsOfLoadCommands(t *testing.T) {
	m := &image{}
	dylib := func(cmd uint32, name string) { m.command(cmd, le([4]uint32{24, 2, 0x010203, 0x10000}, name+"\x00")) }
	dylib(0xd, "@rpath/libme.dylib")
	dylib(0xc, "/usr/lib/libSystem.B.dylib")
	dylib(0x80000018, "weak")
	dylib(0x8000001f, "reexport")
	dylib(0x80000023, "upward")
	dylib(0x20, "lazy")
	m.command(0xc, le([5]uint32{28, 0x1a741800, 0x10000, 0x10000, 0x8}, "delayed\x00"))
	m.command(0x80000018, le([5]uint32{28, 0x1a741800, 0x10000, 0x10000, 0x1 | 0x4}, "weak and upward\x00"))
	m.command(0xc, le([5]uint32{28, 0x1a741800, 0x10000, 0x10000, 0x2}, "reexported by a flag\x00"))
	m.command(0xc, le([5]uint32{28, 0x1a741800, 0x10000, 0x10000, 0x1}, "weak by a flag\x00"))
	m.command(0xc, le([5]uint32{28, 0x1a741800, 0x10000, 0x10000, 0}, "without flags\x00"))
	m.command(0x8000001c, le(uint32(12), "@loader_path/../lib\x00"))
	m.command(0x8000001c, le(uint32(12), "no end.."))
	m.command(0x27, le(uint32(12), "DYLD_LIBRARY_PATH=/tmp\x00"))
	i := mustReadImage(t, m.bytes())
	want := Image{
		ID: "@rpath/libme.dylib",
		Libraries: []Library{
			{Load, "/usr/lib/libSystem.B.dylib", "1.2.3", "1.0"},
			{Weak, "weak", "1.2.3", "1.0"},
			{Reexport, "reexport", "1.2.3", "1.0"},
			{Upward, "upward", "1.2.3", "1.0"},
			{Lazy, "lazy", "1.2.3", "1.0"},
			{Lazy, "delayed", "1.0", "1.0"},
			{Upward, "weak and upward", "1.0", "1.0"},
			{Reexport, "reexported by a flag", "1.0", "1.0"},
			{Weak, "weak by a flag", "1.0", "1.0"},
			{Load, "without flags", "1.0", "1.0"},
		},
		RPaths:      []string{"@loader_path/../lib", "no end.."},
		Environment: []string{"DYLD_LIBRARY_PATH=/tmp"},
	}
	got := Image{ID: i.ID, Libraries: i.Libraries, RPaths: i.RPaths, Environment: i.Environment, Gaps: i.Gaps}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Image{}, tables{}, origin{})); diff != "" {
		t.Error(diff)
	}
}

func TestReadAtReadsWhatWillBeInMemory(t *testing.T) {
	m := &image{}
	m.data[0x3fff] = 7
	b := m.bytes()
	i := mustReadImage(t, b)
	for _, row := range []struct {
		name string
		addr uint64
		want []byte // nil: an error
	}{
		{"code", testText + 2, []byte{2, 3, 4, 5}},
		{"the end of a segment and the beginning of the next", testData - 2, []byte{0, 0, 0, 0}},
		{"the last byte of the file and zeros behind it", testData + 0x3fff, []byte{7, 0, 0, 0}},
		{"what the file does not hold", testData + 0x5000, []byte{0, 0, 0, 0}},
		{"the page that nothing is in", 0x1000, []byte{0, 0, 0, 0}},
		{"beyond the image", testEnd + 0x10000, nil},
		{"out of the image", 1<<64 - 2, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := []byte{1, 1, 1, 1}
			if err := i.ReadAt(bytes.NewReader(b), got, row.addr); (err != nil) != (row.want == nil) {
				t.Fatal(err)
			}
			if row.want != nil && !bytes.Equal(got, row.want) {
				t.Errorf("% x, want % x", got, row.want)
			}
		})
	}
}

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
			m.symtab([]symbol{{"_mmap", undefined, 0}}, 1, 0)
			return m.bytes()
		}(), "it names the symbol 1, which there is not"},
		{"a name past the string table", func() []byte {
			m := &image{}
			at, _ := m.put(le(uint32(9), uint8(1), uint8(0), uint16(0), uint64(0)))
			to, size := m.put([]byte("\x00_mmap\x00"))
			m.command(0x2, le(at, uint32(1), to, size))
			return m.bytes()
		}(), "undefined symbols: a name at 9 of a table of names of 7 bytes"},
		{"a name without an end", func() []byte {
			m := &image{}
			at, _ := m.put(le(uint32(1), uint8(1), uint8(0), uint16(0), uint64(0)))
			to, size := m.put([]byte("\x00_mmap"))
			m.command(0x2, le(at, uint32(1), to, size))
			return m.bytes()
		}(), "undefined symbols: a name at 1 has no end"},
		{"a name longer than the limit", func() []byte {
			m := &image{}
			m.symtab([]symbol{{strings.Repeat("x", maxName), undefined, 0}})
			return m.bytes()
		}(), "a name of 16384 bytes or more"},
		{"a pointer with two symbols", func() []byte {
			m := indirectImage()
			m.dyldInfo([]byte("\x40_open\x00\x72\x08\x90"), nil, nil)
			return m.bytes()
		}(), "the pointer at 0x100004008 is bound to another symbol"},
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
