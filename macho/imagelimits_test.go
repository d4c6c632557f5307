package macho

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/blacktop/go-macho/types"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

// repeated adds a symbol table of count undefined symbols, the names of which begin where
// at says in a table of names.
func (m *image) repeated(count int, names []byte, at func(k int) int) {
	table := make([]byte, 0, count*nlistSize)
	for k := range count {
		table = append(table, le(uint32(at(k)), uint8(undefined), uint8(0), uint16(0), uint64(0))...)
	}
	from, _ := m.put(table)
	to, size := m.put(names)
	m.command(0x2, le(from, uint32(count), to, size))
}

// pointers makes a section of count pointers, behind the end of the data, and gives each the first symbol.
func (m *image) pointers(count int) {
	entries, _ := m.put(make([]byte, 4*count))
	m.command(0xb, le([12]uint32{}, entries, uint32(count), [4]uint32{}))
	m.segments = func(list [][]byte) {
		copy(list[3][24:], le(uint64(1<<33))) // __LINKEDIT makes room
		copy(list[2][32:], le(uint64(0x8000+8*count)))
	}
	m.sections = func(_, data [][]byte) {
		copy(data[1][32:], le(uint64(testData+0x8000), uint64(8*count)))
		copy(data[1][64:], le(uint32(types.NonLazySymbolPointers), uint32(0), uint32(0)))
	}
}

func TestReadImageIsBounded(t *testing.T) {
	long := append(bytes.Repeat([]byte("x"), maxName-1), 0)
	for _, row := range []struct {
		name   string
		image  func(m *image)
		slots  int
		names  int
		gap    string
		memory uint64
	}{
		{"a million pointers", func(m *image) {
			m.repeated(1, []byte("\x00_mmap\x00"), func(int) int { return 1 })
			m.pointers(1_000_000)
		}, maxSlots, 1, "more than 131072 stubs or pointers are wanted", 16 << 20},
		{"a million pointers to what is not wanted", func(m *image) {
			m.repeated(1, []byte("\x00_open\x00"), func(int) int { return 1 })
			m.pointers(1_000_000)
		}, 0, 0, "", 1 << 20},
		{"more pointers than are looked at", func(m *image) {
			m.repeated(1, []byte("\x00_open\x00"), func(int) int { return 1 })
			m.pointers(maxEntries + 1)
		}, 0, 0, "more than 4194304 stubs and pointers", 1 << 20},
		{"a million symbols of one name", func(m *image) {
			m.repeated(1_000_000, []byte("\x00_mmap\x00"), func(int) int { return 1 })
		}, 0, 1, "more than 131072 of them are wanted", 16 << 20},
		{"a million names, of which all are wanted", func(m *image) {
			var names []byte
			for k := range 1_000_000 {
				names = fmt.Appendf(names, "%07d\x00", k)
			}
			m.repeated(1_000_000, names, func(k int) int { return 8 * k })
		}, 0, maxImports, "more than 100000 imported symbols", 32 << 20},
		{"names that are the ends of one, and wanted", func(m *image) {
			m.repeated(16<<10-1, long, func(k int) int { return k })
		}, 0, 520, "more than 100000 imported symbols, or 8388608 bytes", 16 << 20},
		{"a long name a hundred thousand times", func(m *image) {
			m.repeated(100_000, append([]byte("x"), long...), func(int) int { return 2 })
		}, 0, 0, "names of imported symbols have more than 67108864 bytes", 4 << 20},
		{"a hundred thousand names without an end", func(m *image) {
			m.repeated(100_000, bytes.Repeat([]byte("x"), 1<<20), func(k int) int { return 10 * k })
		}, 0, 0, "a name of 16384 bytes or more", 4 << 20},
		{"names all over a large table", func(m *image) {
			names := bytes.Repeat([]byte("abcdefg\x00"), 1<<20)
			m.repeated(1_000_000, names, func(k int) int { return k * 7919 % (1 << 20) * 8 })
		}, 0, 0, "", 4 << 20},
		{"more symbols than are looked at", func(m *image) {
			at, _ := m.put(make([]byte, nlistSize*(maxSymbols+1)))
			m.command(0x2, le(at, uint32(maxSymbols+1), at, uint32(8)))
		}, 0, 0, "the limit is 8388608", 1 << 20},
		{"gaps without end", func(m *image) {
			for k := range uint32(1000) {
				m.command(0x2c, le(k, uint32(1), uint32(1), uint32(0)))
			}
			m.linkedit = make([]byte, 1<<20)
		}, 0, 0, "there is more that could not be read", 1 << 20},
	} {
		t.Run(row.name, func(t *testing.T) {
			wanted := func(name []byte) bool { return string(name) == "_mmap" }
			if row.names > 1 {
				wanted = nil
			}
			m := &image{}
			row.image(m)
			b := m.bytes()
			s := read(t, b).Slices[0]
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			i, err := ReadImage(bytes.NewReader(b), s, wanted)
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			gaps := strings.Join(i.Gaps, "\n")
			if len(i.Pointers) != row.slots || len(i.Imports) != row.names || !strings.Contains(gaps, row.gap) || (row.gap == "") != (gaps == "") {
				t.Errorf("%d pointers, %d names, gaps %q; want %d, %d, %q", len(i.Pointers), len(i.Imports), i.Gaps, row.slots, row.names, row.gap)
			}
			n := after.TotalAlloc - before.TotalAlloc
			t.Logf("%.1f MiB", float64(n)/(1<<20))
			if n > row.memory {
				t.Errorf("%d bytes were allocated; the limit is %d", n, row.memory)
			}
		})
	}
}

func TestSymbolsAreBounded(t *testing.T) {
	defined := func(count int, names []byte, at func(k int) int) []byte {
		m := &image{}
		m.repeated(count, names, at)
		for k := range count {
			m.linkedit[k*nlistSize+4] = external
		}
		return m.bytes()
	}
	long := bytes.Repeat([]byte("x"), 1<<20)
	long[1<<20-1] = 0
	for _, row := range []struct {
		name  string
		bytes []byte
		count int // that are given
		want  string
	}{
		{"long names are cut, and end when there are too many", defined(100_000, long, func(k int) int { return k * 10 }), maxNameBytes / maxName, "more than 268435456 bytes"},
		{"a name outside of the table", defined(1, []byte("x\x00"), func(int) int { return 2 }), 0, "a name at 2 of a table of names of 2 bytes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			i := mustReadImage(t, row.bytes)
			n := 0
			err := i.Symbols(bytes.NewReader(row.bytes), nil, func([]byte, uint64) bool { n++; return true })
			if n != row.count || err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%d symbols, error %v; want %d, %q", n, err, row.count, row.want)
			}
			n = 0
			stop := func([]byte, uint64) bool { n++; return false }
			if err := i.Symbols(bytes.NewReader(row.bytes), nil, stop); row.count > 0 && (err != nil || n != 1) {
				t.Errorf("stopped after %d symbols with %v", n, err)
			}
		})
	}
}

func TestFunctionsTellsWhatIsWrong(t *testing.T) {
	for _, row := range []struct {
		name  string
		bytes []byte
		want  []uint64
		err   string
	}{
		{"no end", []byte{0x80, 0x20, 4}, []uint64{testText, testText + 4}, ""},
		{"bytes behind the end", []byte{0x80, 0x20, 0, 4}, []uint64{testText}, ""},
		{"a number that is cut short", []byte{0x80, 0x20, 0x80}, []uint64{testText}, "unexpected EOF"},
		{"an address that overflows", []byte{0x80, 0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, []uint64{testText}, "overflows"},
		{"an address outside the image", []byte{0x80, 0x80, 0x80, 0x01}, nil, "no segment has the address 0x100200000"},
		{"a number of more than 64 bits", []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, nil, "more than 64 bits"},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := &image{}
			m.functions(row.bytes...)
			b := m.bytes()
			var got []uint64
			err := mustReadImage(t, b).Functions(bytes.NewReader(b), func(addr uint64) bool { got = append(got, addr); return true })
			if diff := gocmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
			if (err == nil) != (row.err == "") || err != nil && !strings.Contains(err.Error(), row.err) {
				t.Errorf("error %v, want %q", err, row.err)
			}
		})
	}
}

// FuzzReadImage asserts that what is read of a hostile image is bounded, lies in the image,
// is the same each time, and that a filter only leaves out.
func FuzzReadImage(f *testing.F) {
	program, err := os.ReadFile("../testdata/binaries/pg_ctl")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(program)
	f.Add(machotest.Binary{Dylibs: []string{"/usr/lib/libSystem.B.dylib"}, Signature: &machotest.Signature{}}.Bytes())
	f.Add(indirectImage().bytes())
	for _, format := range []int{1, 2, 6, 9, 12} {
		f.Add(chainedImage(1+format%3, format).bytes())
	}
	m := &image{}
	m.dyldInfo([]byte(bindMany), []byte(bindMmap), []byte(bindMmap))
	f.Add(m.bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		file, err := Read(r, int64(len(b)))
		if err != nil {
			return
		}
		for _, s := range file.Slices {
			i, err := ReadImage(r, s, nil)
			if err != nil {
				continue
			}
			again, err := ReadImage(r, s, nil)
			if diff := gocmp.Diff(i, again, gocmp.AllowUnexported(Image{}, Section{}, tables{}, origin{})); diff != "" || err != nil {
				t.Fatalf("%v, not the same again:\n%s", err, diff)
			}
			checkImage(t, r, i)
			few, err := ReadImage(r, s, func(name []byte) bool { return bytes.HasPrefix(name, []byte("_m")) })
			if err != nil {
				t.Fatal(err)
			}
			if len(i.Gaps) == 0 && !subset(few, i) {
				t.Fatalf("what is wanted is more than all")
			}
		}
	})
}

func checkImage(t *testing.T, r *bytes.Reader, i *Image) {
	t.Helper()
	if len(i.Stubs) > maxSlots || len(i.Pointers) > maxSlots || len(i.Imports) > maxImports || len(i.Gaps) > maxGaps+1 {
		t.Fatalf("%d stubs, %d pointers, %d imports, %d gaps", len(i.Stubs), len(i.Pointers), len(i.Imports), len(i.Gaps))
	}
	if !slices.IsSortedFunc(i.Imports, func(a, b string) int { return cmp.Or(cmp.Compare(a, b), 1) }) {
		t.Fatal("imports are not sorted, each once")
	}
	for _, m := range []map[uint64]string{i.Stubs, i.Pointers} {
		for addr, name := range m {
			if i.segmentAt(addr) == nil || !slices.Contains(i.Imports, name) {
				t.Fatalf("%s at %#x", name, addr)
			}
		}
	}
	for _, s := range i.Sections {
		if s.Range.Offset > i.slice.Size || s.Range.Size > i.slice.Size-s.Range.Offset || s.Range.Size > s.Size {
			t.Fatalf("the section lies outside: %+v", s)
		}
		got, want := make([]byte, min(s.Range.Size, 64)), make([]byte, min(s.Range.Size, 64))
		if err := i.ReadAt(r, got, s.Addr); err != nil {
			t.Fatal(err)
		}
		if _, err := i.part(r, s.Range).ReadAt(want, 0); err != nil && len(want) > 0 || !bytes.Equal(got, want) {
			t.Fatalf("the section %s reads as % x, at its address % x: %v", s.Name, want, got, err)
		}
	}
	last := uint64(0)
	_ = i.Functions(r, func(addr uint64) bool {
		if i.segmentAt(addr) == nil || addr < last {
			t.Fatalf("the function %#x after %#x", addr, last)
		}
		last = addr
		return true
	})
	_ = i.Symbols(r, nil, func(name []byte, _ uint64) bool {
		if len(name) > maxName || bytes.IndexByte(name, 0) >= 0 {
			t.Fatalf("the name %q", name)
		}
		return true
	})
}

// subset reports whether a has no stub, pointer or import that b has not.
func subset(a, b *Image) bool {
	in := func(a, b map[uint64]string) bool {
		for k, v := range a {
			if b[k] != v {
				return false
			}
		}
		return true
	}
	return in(a.Stubs, b.Stubs) && in(a.Pointers, b.Pointers) &&
		!slices.ContainsFunc(a.Imports, func(name string) bool { return !slices.Contains(b.Imports, name) })
}
