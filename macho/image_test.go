package macho

import (
	"bytes"
	"encoding/binary"
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
func readImage(t *testing.T, b []byte, wanted func([]byte) bool) (*Image, error) {
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
	if err := i.Symbols(r, nil, func(name []byte, addr uint64) bool { add("symbol %x %s", addr, name); return true }); err != nil {
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
			kill := func(name []byte) bool { return string(name) == "_kill" }
			if i, err = ReadImage(r, s, kill); err != nil || len(i.Stubs) != 1 || len(i.Pointers) != 1 || len(i.Imports) != 1 {
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
	}, 1, 0, 1, 0x80000000)
	m.functions(0x80, 0x20, 0x08, 0, 0x08)
	return m
}

func TestReadImageReadsTheIndirectSymbolTable(t *testing.T) {
	b := indirectImage().bytes()
	i := mustReadImage(t, b)
	want := Image{
		Stubs:    map[uint64]string{testStub: "_mmap"},
		Pointers: map[uint64]string{testGot: "_mmap"},
		Imports:  []string{"_mmap", "_unused"},
	}
	if diff := cmp.Diff(want, Image{Stubs: i.Stubs, Pointers: i.Pointers, Imports: i.Imports, Gaps: i.Gaps}, cmp.AllowUnexported(Image{}, tables{}, origin{})); diff != "" {
		t.Error(diff)
	}
	got := map[string]uint64{}
	if err := i.Symbols(bytes.NewReader(b), nil, func(name []byte, addr uint64) bool { got[string(name)] = addr; return true }); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(map[string]uint64{"_own": testText, "_helper": testText + 8}, got); diff != "" {
		t.Error(diff)
	}
	names := []string{}
	isHelper := func(begin []byte) bool { return string(begin) == "_helper\x00" }
	if err := i.Symbols(bytes.NewReader(b), isHelper, func(name []byte, _ uint64) bool { names = append(names, string(name)); return true }); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"_helper"}, names); diff != "" {
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

// Where fixups tell what dyld binds it looks at no symbols, and a symbol that nothing binds is none that it looks up.
func TestReadImageTakesForImportsWhatIsBound(t *testing.T) {
	for _, tt := range []struct {
		name  string
		image func() *image
		want  []string
	}{
		{"no fixups, and a symbol without a stub", indirectImage, []string{"_mmap", "_unused"}},
		{"fixups, and symbols that these do not bind", func() *image {
			m := indirectImage()
			m.pointer(0x208, bound(6, 0, 0))
			m.chained(1, 6, []string{"_open"}, 0x208, nil)
			return m
		}, []string{"_open"}},
		{"fixups that cannot be read", func() *image {
			m := indirectImage()
			m.pointer(0x208, bound(6, 0, 0))
			m.chained(7, 6, []string{"_open"}, 0x208, nil)
			return m
		}, []string{"_mmap", "_unused"}},
		{"fixups that cannot be read, as much else, of which no more is told", func() *image {
			m := indirectImage()
			for n := range uint32(maxGaps + 1) {
				m.command(0x2c, le(n, n+1, uint32(1), uint32(0))) // LC_ENCRYPTION_INFO_64
			}
			m.chained(7, 6, []string{"_open"}, 0x208, nil)
			return m
		}, []string{"_mmap", "_unused"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := mustReadImage(t, tt.image().bytes())
			if diff := cmp.Diff(tt.want, i.Imports); diff != "" {
				t.Errorf("gaps %q\n%s", i.Gaps, diff)
			}
		})
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
