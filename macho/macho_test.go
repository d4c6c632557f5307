package macho

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

func read(t *testing.T, b []byte) *File {
	t.Helper()
	f, err := Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// summary is what most tests compare of a slice.
type summary struct {
	Arch, Type string
	Builds     []Build
	Signed     bool
	Plist      bool
}

func summaries(f *File) (list []summary) {
	for i := range f.Slices {
		s := &f.Slices[i]
		list = append(list, summary{s.Arch, s.TypeName(), s.Builds, s.Signature != nil, s.InfoPlist != nil})
	}
	return list
}

func TestReadThin(t *testing.T) {
	macos := []Build{{"macos", "13.0", "14.0"}}
	for name, row := range map[string]struct {
		binary machotest.Binary
		want   summary
	}{
		"an unsigned arm64 executable":    {machotest.Binary{}, summary{"arm64", "execute", macos, false, false}},
		"a signed arm64 executable":       {machotest.Binary{Signature: &machotest.Signature{}}, summary{"arm64", "execute", macos, true, false}},
		"an arm64e library":               {machotest.Binary{SubCPU: machotest.SubArm64e | 0x80000000, FileType: machotest.MHDylib}, summary{"arm64e", "dylib", macos, false, false}},
		"an x86_64 bundle":                {machotest.Binary{CPU: machotest.CPUX86_64, SubCPU: machotest.SubX86All, FileType: machotest.MHBundle}, summary{"x86_64", "bundle", macos, false, false}},
		"a 32-bit i386 object":            {machotest.Binary{CPU: machotest.CPUI386, SubCPU: machotest.SubX86All, Bits32: true, FileType: machotest.MHObject}, summary{"i386", "object", macos, false, false}},
		"a big-endian 32-bit ppc program": {machotest.Binary{CPU: machotest.CPUPPC, BigEndian: true, Bits32: true}, summary{"ppc", "execute", macos, false, false}},
		"a big-endian 64-bit ppc program": {machotest.Binary{CPU: machotest.CPUPPC64, BigEndian: true}, summary{"ppc64", "execute", macos, false, false}},
		"LC_VERSION_MIN_MACOSX":           {machotest.Binary{VersionMin: true, MinOS: 0x000a0f04}, summary{"arm64", "execute", []Build{{"macos", "10.15.4", "14.0"}}, false, false}},
		"LC_VERSION_MIN_IPHONEOS on Intel is the simulator's": {
			machotest.Binary{CPU: machotest.CPUX86_64, SubCPU: machotest.SubX86All, VersionMin: true, Platform: machotest.PlatformIOS},
			summary{"x86_64", "execute", []Build{{"ios-simulator", "13.0", "14.0"}}, false, false},
		},
		"a program with an Info.plist in it": {machotest.Binary{InfoPlist: []byte("<plist/>")}, summary{"arm64", "execute", macos, false, true}},
		"a program that names no platform":   {machotest.Binary{NoBuildVersion: true}, summary{"arm64", "execute", nil, false, false}},
		"more load commands than one read takes": {
			machotest.Binary{Dylibs: dylibs(2000), Signature: &machotest.Signature{}},
			summary{"arm64", "execute", macos, true, false},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := read(t, row.binary.Bytes())
			if diff := cmp.Diff([]summary{row.want}, summaries(f)); diff != "" {
				t.Error(diff)
			}
			if f.Fat || f.Slices[0].Err != nil || len(f.Slices[0].Anomalies) > 0 {
				t.Errorf("fat %v, error %v, anomalies %v", f.Fat, f.Slices[0].Err, f.Slices[0].Anomalies)
			}
		})
	}
}

func dylibs(n int) (list []string) {
	for range n {
		list = append(list, "/usr/lib/libSystem.B.dylib")
	}
	return list
}

func arm64() machotest.Slice { return machotest.Slice{Binary: machotest.Binary{}} }
func intel() machotest.Slice {
	return machotest.Slice{Binary: machotest.Binary{CPU: machotest.CPUX86_64, SubCPU: machotest.SubX86All, Signature: &machotest.Signature{}}}
}

func TestReadFat(t *testing.T) {
	want := []summary{
		{"x86_64", "execute", []Build{{"macos", "13.0", "14.0"}}, true, false},
		{"arm64", "execute", []Build{{"macos", "13.0", "14.0"}}, false, false},
	}
	for name, fat := range map[string]machotest.Fat{
		"a 32-bit fat header": {Slices: []machotest.Slice{intel(), arm64()}},
		"a 64-bit fat header": {Slices: []machotest.Slice{intel(), arm64()}, Wide: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := read(t, fat.Bytes())
			if diff := cmp.Diff(want, summaries(f)); diff != "" || !f.Fat || (len(f.Anomalies) > 0) != fat.Wide {
				t.Error(diff, f.Fat, f.Anomalies)
			}
		})
	}
}

func TestReadTellsAnomaliesApart(t *testing.T) {
	two := []machotest.Slice{intel(), arm64()}
	for name, row := range map[string]struct {
		bytes  []byte
		want   AnomalyKind
		slices int
	}{
		"slices that share bytes": {machotest.Fat{Slices: two, Arch: func(a []machotest.FatArch) []machotest.FatArch {
			a[0].Size = a[1].Offset - a[0].Offset + 1
			return a
		}}.Bytes(), OverlappingSlices, 2},
		"a slice over the fat header": {machotest.Fat{Slices: []machotest.Slice{arm64()}, Arch: func(a []machotest.FatArch) []machotest.FatArch {
			a[0].Size += a[0].Offset
			a[0].Offset = 0
			return a
		}}.Bytes(), OverlappingSlices, 1},
		"two slices of one architecture": {machotest.Fat{Slices: []machotest.Slice{arm64(), arm64()}}.Bytes(), DuplicateArch, 2},
		"an arm64 slice past the count":  {machotest.Fat{Slices: two, NFat: new(uint32(1))}.Bytes(), HiddenSlice, 2},
		"a header of another architecture": {machotest.Fat{Slices: two, Arch: func(a []machotest.FatArch) []machotest.FatArch {
			a[0].CPU, a[0].SubCPU = machotest.CPUI386, machotest.SubX86All
			return a
		}}.Bytes(), HeaderMismatch, 2},
		"a 64-bit fat header":        {machotest.Fat{Slices: two, Wide: true}.Bytes(), WideFatHeader, 2},
		"a little-endian fat header": {machotest.Fat{Slices: two, Little: true}.Bytes(), SwappedFatHeader, 2},
		"bytes between the slices":   {machotest.Fat{Slices: two, Patch: func(b []byte) []byte { b[100] = 1; return b }}.Bytes(), StrayBytes, 2},
		"zeros that no alignment needs": {machotest.Fat{Slices: two, Arch: func(a []machotest.FatArch) []machotest.FatArch {
			a[1].Align = 2
			return a
		}}.Bytes(), StrayBytes, 2},
		"bytes behind the slices":    {machotest.Fat{Slices: two, TrailingBytes: []byte("code")}.Bytes(), StrayBytes, 2},
		"a slice that is not listed": {machotest.Fat{Slices: []machotest.Slice{intel(), intel()}, NFat: new(uint32(1))}.Bytes(), StrayBytes, 1},
		"a __LINKEDIT that ends before the signature": {machotest.Binary{Signature: &machotest.Signature{}, Commands: func(c []machotest.Command) []machotest.Command {
			c[2].Body[40]-- // filesize of segment_command_64
			return c
		}}.Bytes(), LooseLinkedit, 1},
		"a __LINKEDIT of 32 bits that ends before it": {machotest.Binary{Bits32: true, Signature: &machotest.Signature{}, Commands: func(c []machotest.Command) []machotest.Command {
			c[2].Body[28]-- // filesize of segment_command
			return c
		}}.Bytes(), LooseLinkedit, 1},
		"two signatures in one slice": {machotest.Binary{Signature: &machotest.Signature{}, ExtraSignature: &machotest.Signature{}}.Bytes(), DuplicateSignature, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := read(t, row.bytes)
			var kinds []AnomalyKind
			for _, a := range f.Anomalies {
				kinds = append(kinds, a.Kind)
			}
			for _, s := range f.Slices {
				for _, a := range s.Anomalies {
					kinds = append(kinds, a.Kind)
				}
			}
			if len(kinds) == 0 || kinds[0] != row.want || len(f.Slices) != row.slices {
				t.Errorf("anomalies %v in %d slices, want %v in %d", kinds, len(f.Slices), row.want, row.slices)
			}
		})
	}
}

// javaLike is a fat file of 45 entries that lead nowhere, and one behind them.
func javaLike() []byte {
	fat := machotest.Fat{NFat: new(uint32(45)), Arch: func(a []machotest.FatArch) []machotest.FatArch {
		for i := range a[:45] {
			a[i].Offset, a[i].Size = 4, 4
		}
		return a
	}}
	for range 46 {
		fat.Slices = append(fat.Slices, arm64())
	}
	return fat.Bytes()
}

func manySlices(n int) []byte {
	var fat machotest.Fat
	for range n {
		fat.Slices = append(fat.Slices, arm64())
	}
	return fat.Bytes()
}

func TestReadRefusesWhatIsNoMachO(t *testing.T) {
	java := append([]byte{0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 65}, bytes.Repeat([]byte{1}, 4000)...)
	for name, b := range map[string][]byte{
		"nothing":              nil,
		"three bytes":          {0xcf, 0xfa, 0xed},
		"a shell script":       []byte("#!/bin/sh\n"),
		"an ELF file":          []byte("\x7fELF\x02\x01\x01"),
		"a Java class":         java,
		"a short Java class":   java[:8],
		"a Java preview class": append([]byte{0xca, 0xfe, 0xba, 0xbe, 0xff, 0xff, 0, 66}, make([]byte, 100)...),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Read(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrNotMachO) {
				t.Errorf("error %v, want ErrNotMachO", err)
			}
		})
	}
}

func TestReadTellsWhatCannotBeRead(t *testing.T) {
	whole := machotest.Binary{Signature: &machotest.Signature{}}.Bytes()
	for _, row := range []struct {
		name  string
		bytes []byte
		want  string
	}{
		{"a fat header cut short", []byte{0xca, 0xfe, 0xba, 0xbe, 0, 0}, "fat header"},
		{"a fat header without slices", machotest.Fat{}.Bytes(), "claims 0 slices"},
		{"a fat header that claims 2^32-1 slices", []byte{0xca, 0xfe, 0xba, 0xbe, 0xff, 0xff, 0xff, 0xff, 0, 0}, "claims 4294967295"},
		{"a 64-bit fat header that claims a class file's count", append([]byte{0xca, 0xfe, 0xba, 0xbf, 0, 0, 1, 0}, make([]byte, 64)...), "claims 256"},
		{"more slices than Java has versions", manySlices(60), "claims 60 slices"},
		{"an arm64 slice behind more entries than Java has versions", javaLike(), "claims 45 slices"},
		{"more platforms than there are", machotest.Binary{Commands: func(c []machotest.Command) []machotest.Command {
			for range 20 {
				c = append(c, machotest.Command{Cmd: machotest.LCBuildVersion, Size: 24, Body: make([]byte, 16)})
			}
			return c
		}}.Bytes(), "more than 16 platforms"},
		{"a fat table cut short", []byte{0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2, 0, 0, 0, 0}, "slice 1 of 2"},
		{"a slice past the end", machotest.Fat{Slices: []machotest.Slice{arm64()}, Arch: func(a []machotest.FatArch) []machotest.FatArch {
			a[0].Size++
			return a
		}}.Bytes(), "of a file of"},
		{"a slice whose end overflows", machotest.Fat{Wide: true, Slices: []machotest.Slice{arm64()}, Arch: func(a []machotest.FatArch) []machotest.FatArch {
			a[0].Size = 1<<64 - 1
			return a
		}}.Bytes(), "of a file of"},
		{"a slice that is no Mach-O image", machotest.Fat{Slices: []machotest.Slice{{Raw: []byte("hello, world")}}}.Bytes(), "no Mach-O magic"},
		{"an empty slice", machotest.Fat{Slices: []machotest.Slice{arm64()}, Arch: func(a []machotest.FatArch) []machotest.FatArch {
			a[0].Size = 0
			return a
		}}.Bytes(), "shorter than a magic"},
		{"a header cut short", whole[:20], "inside its header"},
		{"load commands cut short", whole[:64], "load commands of"},
		{"load commands over the limit", machotest.Binary{SizeOfCmds: new(uint32(2 << 20)), TextSize: 4 << 20}.Bytes(), "the limit is"},
		{"more commands than there is room for", machotest.Binary{NCmds: new(uint32(1 << 31))}.Bytes(), "past the end of the load commands"},
		{"a command of size 0", command(func(c *machotest.Command) { c.Size = 0 }), "has size 0"},
		{"a command larger than the rest", command(func(c *machotest.Command) { c.Size = 1 << 30 }), "has size 1073741824"},
		{"a signature past the end", machotest.Binary{Signature: &machotest.Signature{}, SignatureSize: new(uint32(1 << 30))}.Bytes(), "LC_CODE_SIGNATURE"},
		{"a signature command cut short", machotest.Binary{Commands: func(c []machotest.Command) []machotest.Command {
			return append(c, machotest.Command{Cmd: machotest.LCCodeSignature, Size: 8})
		}}.Bytes(), "8 bytes instead of 16"},
		{"a signature command of more than its struct", machotest.Binary{Commands: func(c []machotest.Command) []machotest.Command {
			return append(c, machotest.Command{Cmd: machotest.LCCodeSignature, Size: 24, Body: make([]byte, 16)})
		}}.Bytes(), "24 bytes instead of 16"},
		{"a segment with more sections than it holds", machotest.Binary{Commands: func(c []machotest.Command) []machotest.Command {
			binary.LittleEndian.PutUint32(c[0].Body[56:], 1<<30)
			return c
		}}.Bytes(), "sections do not fit"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f, err := Read(bytes.NewReader(row.bytes), int64(len(row.bytes)))
			if err == nil && len(f.Slices) > 0 {
				err = f.Slices[0].Err
			}
			if err == nil || errors.Is(err, ErrNotMachO) || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want one with %q", err, row.want)
			}
		})
	}
}

func command(edit func(*machotest.Command)) []byte {
	return machotest.Binary{Commands: func(c []machotest.Command) []machotest.Command {
		edit(&c[len(c)-1])
		return c
	}}.Bytes()
}

func TestReadTakesAStaticArchiveForObjects(t *testing.T) {
	f := read(t, machotest.Fat{Slices: []machotest.Slice{{Raw: []byte("!<arch>\n")}}}.Bytes())
	if s := f.Slices[0]; s.Err != nil || s.TypeName() != "object" {
		t.Errorf("%v, %v", s.TypeName(), s.Err)
	}
}

// shrinking is a file that became shorter after its size was taken.
type shrinking struct{ io.ReaderAt }

func (s shrinking) ReadAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > 100 {
		return 0, io.EOF
	}
	return s.ReaderAt.ReadAt(b, off)
}

func TestReadSurvivesAFileThatShrinks(t *testing.T) {
	b := machotest.Binary{}.Bytes()
	f, err := Read(shrinking{bytes.NewReader(b)}, int64(len(b)))
	if err != nil || !errors.Is(f.Slices[0].Err, io.ErrUnexpectedEOF) {
		t.Errorf("%v, %+v", err, f)
	}
}

// FuzzRead asserts that hostile files neither panic nor make Read claim anything
// outside of the file.
func FuzzRead(f *testing.F) {
	f.Add(machotest.Binary{Signature: &machotest.Signature{}, InfoPlist: []byte("x")}.Bytes())
	f.Add(machotest.Binary{CPU: machotest.CPUPPC, BigEndian: true, Bits32: true}.Bytes())
	f.Add(machotest.Fat{Slices: []machotest.Slice{intel(), arm64()}}.Bytes())
	f.Add(machotest.Fat{Slices: []machotest.Slice{intel(), arm64()}, Wide: true, NFat: new(uint32(1))}.Bytes())
	head, err := os.ReadFile("../testdata/binaries/pg_ctl")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(head[:32<<10])
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		inside := func(r *Range, size uint64) bool { return r == nil || r.Offset <= size && r.Size <= size-r.Offset }
		for i := range file.Slices {
			s := &file.Slices[i]
			if s.Err != nil {
				continue
			}
			if !inside(&s.Range, uint64(len(b))) || !inside(s.Signature, s.Range.Size) || !inside(s.InfoPlist, s.Range.Size) {
				t.Fatalf("slice %d lies outside: %+v", i, s)
			}
		}
	})
}
