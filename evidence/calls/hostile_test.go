package calls

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindIsBounded(t *testing.T) {
	word := func(w ...uint32) []byte {
		var b []byte
		for _, x := range w {
			b = binary.LittleEndian.AppendUint32(b, x)
		}
		return b
	}
	random := make([]byte, 1<<20)
	rand.New(rand.NewSource(3)).Read(random)
	many := func(n int) []uint64 {
		list := make([]uint64, n)
		for i := range list {
			list[i] = uint64(i*7919) % 0xffff // not sorted
		}
		return list
	}
	stubs := map[uint64]string{}
	for i := range 1 << 20 {
		stubs[base+uint64(i)*4] = "_mmap"
	}
	branches := func(n int) []byte {
		var b []byte
		for i := range n {
			b = append(b, word(0x54000000|uint32(-i&0x7ffff)<<5|uint32(i%14))...) // b.cond to the start
		}
		return b
	}
	calls := func(n int) []byte {
		var b []byte
		for i := range n {
			// bl to 8 MiB after the start, by functions of two words.
			b = append(b, word(0x94000000|uint32((8<<20-i*8)/4), 0xd65f03c0)...)
		}
		return b
	}
	tests := []struct {
		name string
		p    Program
		gap  string // one there has to be
	}{
		{name: "random bytes as arm64", p: Program{Text: []Section{{base, 1 << 20}}}},
		{name: "random bytes as x86-64", p: Program{Arch: X8664, Text: []Section{{base, 1 << 20}}}},
		{name: "random bytes with a million stubs among them", p: Program{Text: []Section{{base, 1 << 20}}, Stubs: stubs}},
		{name: "random bytes with a million stubs as x86-64", p: Program{Arch: X8664, Text: []Section{{base, 1 << 20}}, Stubs: stubs}},
		{
			name: "functions that start everywhere, in no order",
			p:    Program{Arch: X8664, Text: []Section{{0, 1 << 16}}, Starts: many(1 << 16), Stubs: map[uint64]string{0x5000: "_mmap"}},
		},
		{
			name: "a section without end", p: Program{Text: []Section{{base, math.MaxUint64}}},
			gap: "a section of code ends past the address space",
		},
		{
			name: "a section that reaches over all addresses", p: Program{Text: []Section{{0, math.MaxUint64}}},
			gap: "code past 2147483648 bytes was not read",
		},
		{name: "the same section a thousand times", p: Program{Text: slices.Repeat([]Section{{base, 1 << 12}}, 1000), Stubs: stubs}},
		{
			name: "more calls than are told",
			p:    Program{Text: []Section{{base, 1 << 19}}, Stubs: map[uint64]string{base + 8<<20: "_mmap"}},
			gap:  "more than 4096 calls: the others were left out",
		},
		{
			name: "branches to the start from everywhere",
			p:    Program{Text: []Section{{base, 1 << 16}}, Starts: []uint64{base}, Pointers: map[uint64]string{base: "_mmap"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := random
			switch {
			case strings.HasPrefix(tt.name, "more calls"):
				data = calls(1 << 16)
			case strings.HasPrefix(tt.name, "branches"):
				data = append(branches(1<<14-1), word(0x58000000|uint32(-(1<<14-1)&0x7ffff)<<5)...)
			}
			tt.p.Read = func(addr uint64, b []byte) error {
				at := addr
				if addr >= base {
					at -= base
				}
				if at >= uint64(len(data)) || uint64(len(b)) > uint64(len(data))-at {
					return errors.New("nothing there")
				}
				copy(b, data[at:])
				return nil
			}
			got, err := Find(context.Background(), tt.p, wanted)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Sites) > maxSites {
				t.Errorf("%d sites", len(got.Sites))
			}
			if tt.gap != "" && !slices.Contains(got.Gaps, tt.gap) {
				t.Errorf("gaps are %q", got.Gaps)
			}
		})
	}
}

func TestFindStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	code := make([]byte, 64)
	if _, err := Find(ctx, program(ARM64, code, nil), wanted); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestFindRefusesWhatCannotBe(t *testing.T) {
	read := func(uint64, []byte) error { return nil }
	tests := []struct {
		name   string
		p      Program
		wanted Wanted
		want   string
	}{
		{"no Read", Program{}, nil, "the program has no Read"},
		{"another instruction set", Program{Arch: 7, Read: read}, nil, "instruction set 7 is none of ARM64, X8664"},
		{"an argument that is none", Program{Read: read}, Wanted{"_mmap": {16}}, "_mmap: argument 16 is not from 0 to 15"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Find(context.Background(), tt.p, tt.wanted)
			if diff := cmp.Diff(tt.want, fmt.Sprint(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCString(t *testing.T) {
	long := strings.Repeat("a", 100)
	p := Program{Read: reader(map[uint64][]byte{0x100: []byte("mmap\x00rest"), 0x200: []byte(long + "\x00"), 0x300: []byte("open")})}
	tests := []struct {
		name string
		addr uint64
		max  int
		want string
		ok   bool
	}{
		{"a string near the end of what can be read", 0x100, 256, "mmap", true},
		{"a string over more than one read", 0x200, 256, long, true},
		{"a string longer than asked for", 0x200, 100, "", false},
		{"a string without an end", 0x300, 256, "", false},
		{"nothing there", 0x400, 256, "", false},
		{"no bytes asked for", 0x100, 0, "", false},
		{"the end of the address space", math.MaxUint64, 256, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := p.CString(tt.addr, tt.max)
			if got != tt.want || ok != tt.ok {
				t.Errorf("%q, %v", got, ok)
			}
		})
	}
}

// FuzzFind gives random code, with targets inside it, to both instruction sets:
// the same comes out twice, within the limits.
func FuzzFind(f *testing.F) {
	for _, s := range shapes {
		f.Add(s.arch == X8664, bytesOf(f, s.code), uint64(0x1000), len(s.starts) > 0)
	}
	if len(shapes) == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, x86 bool, code []byte, stub uint64, starts bool) {
		arch := ARM64
		if x86 {
			arch = X8664
		}
		p := program(arch, code, nil)
		p.Const = []Section{{base + 0x5000, 5}}
		p.Stubs[base+stub%0x2000] = "_mmap"
		if starts {
			for i := 0; i < len(code); i += 64 {
				p.Starts = append(p.Starts, base+uint64(i))
			}
		}
		got, err := Find(context.Background(), p, wanted)
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewScan(p, wanted)
		if err != nil {
			t.Fatal(err)
		}
		s.Look(base, code) // as it goes by
		again, err := s.Find(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, again); diff != "" {
			t.Error(diff)
		}
		for _, s := range got.Sites {
			if s.Address < base || s.Address >= base+uint64(len(code)) || len(s.Through) > maxDepth {
				t.Errorf("site %+v", s)
			}
			for n, v := range s.Args {
				if len(v) > maxAlternatives {
					t.Errorf("argument %d has %d alternatives", n, len(v))
				}
				for _, b := range v {
					if b.Zero&b.One != 0 {
						t.Errorf("argument %d is %+v", n, b)
					}
				}
			}
		}
	})
}

// What no steps are left for is told, and costs nothing more: it is not even decoded.
func TestWithoutStepsCallsAreTold(t *testing.T) {
	code := slices.Repeat([]byte{0xff, 0xff, 0xff, 0x97}, 1000) // bl, of which none is a target
	binary.LittleEndian.PutUint32(code[8:], 0x94000000|(0x1000-8)/4)
	s, err := NewScan(program(ARM64, code, []uint64{base}), wanted)
	if err != nil {
		t.Fatal(err)
	}
	s.f.steps = 0
	r, err := s.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"0x8 _mmap stub limit, limit (partial)"}, lines(r)); diff != "" {
		t.Error(diff)
	}
	if s.f.steps != 0 || len(r.Gaps) != 1 {
		t.Errorf("%d steps were taken, gaps %q", -s.f.steps, r.Gaps)
	}
}

// Each call looks at the code of its block; a block full of calls is looked at once.
func TestPlainCallsCostWhatTheirBlocksDo(t *testing.T) {
	const n = 8000
	code := make([]byte, 0, 8*n)
	for at := 0; at < 8*n; at += 8 {
		code = binary.LittleEndian.AppendUint32(code, 0x52800000) // mov w0, #0
		code = binary.LittleEndian.AppendUint32(code, 0x94000000|uint32(8*n+64-at-4)/4)
	}
	p := program(ARM64, code, []uint64{base})
	p.Stubs, p.Plain = map[uint64]string{base + 8*n + 64: "_dlopen"}, []string{"_dlopen"}
	s, err := NewScan(p, Wanted{"_dlopen": {0}})
	if err != nil {
		t.Fatal(err)
	}
	f := s.f
	f.ctx = t.Context()
	refs, err := s.imports(t.Context())
	if err != nil || len(refs) != n {
		t.Fatalf("%d calls, %v", len(refs), err)
	}
	if err := f.evaluate(refs); err != nil {
		t.Fatal(err)
	}
	if used := maxSteps - f.steps; used > 6*n || len(f.sites) != min(n, maxSites) {
		t.Errorf("%d steps for %d instructions, %d sites", used, 2*n, len(f.sites))
	}
}

// Whether code is looked at as it goes by, in any order, or read, changes nothing.
func TestWhatGoesByIsFoundAsWhatIsRead(t *testing.T) {
	random := make([]byte, 1<<20+999)
	rand.New(rand.NewSource(5)).Read(random)
	stubs := map[uint64]string{}
	for i := range 1 << 18 {
		stubs[base+1<<20+uint64(i)*4] = "_mmap"
	}
	for _, arch := range []Arch{ARM64, X8664} {
		for i := 0; arch == ARM64 && i+4 <= len(random); i += 16 { // enough of them that some are left out
			binary.LittleEndian.PutUint32(random[i:], 0x94000000|uint32((2<<20-i)/4))
		}
		p := program(arch, random, nil)
		p.Text = []Section{{base + 4, 700_000}, {base + 700_100, uint64(len(random)) - 700_100}}
		p.Stubs = stubs
		scan := func(look func(*Scan)) []reference {
			s, err := NewScan(p, wanted)
			if err != nil {
				t.Fatal(err)
			}
			look(s)
			refs, err := s.imports(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return refs
		}
		want := scan(func(*Scan) {})
		got := scan(func(s *Scan) {
			for _, k := range rand.New(rand.NewSource(7)).Perm(len(random)/chunk + 1) {
				s.Look(base+uint64(k*chunk), random[k*chunk:min((k+1)*chunk, len(random))])
				s.Look(base, random[:chunk])
			}
		})
		if len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("arch %d: %d references of what went by, %d of what was read", arch, len(got), len(want))
		}
	}
}

// What an interpretation takes of code that went by is there without reading it again: at the seams of chunks and
// around calls.
func TestWhatIsNeededAgainIsKept(t *testing.T) {
	const stub = base + 2*chunk
	for _, tt := range []struct {
		name  string
		apart uint64   // functions begin
		calls []uint64 // where mmap is called
		reads bool
	}{
		{"a function in the middle of a chunk", 0x100, []uint64{0x8000}, false},
		{"two functions, one behind the other", 0x100, []uint64{0x8000, 0x8100}, false},
		{"the last function of a chunk, and the first", 0x100, []uint64{chunk - 0x20, chunk + 0x20}, false},
		{"a short function that begins in the chunk before", 0x100, []uint64{chunk + 0x20}, false},
		{"a long function that begins in the chunk before", 0x1000, []uint64{chunk + 0x20}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code := bytes.Repeat([]byte{0x1f, 0x20, 0x03, 0xd5}, 2*chunk/4) // nop
			starts := []uint64{}
			for at := uint64(0x40); at < uint64(len(code)); at += tt.apart {
				starts = append(starts, base+at)
			}
			for _, at := range tt.calls {
				binary.LittleEndian.PutUint32(code[at-4:], 0x52800000|2050<<5|3) // mov w3, #2050
				binary.LittleEndian.PutUint32(code[at:], 0x94000000|uint32(stub-base-at)/4)
				binary.LittleEndian.PutUint32(code[at+4:], 0xd65f03c0) // ret
			}
			p := program(ARM64, code, starts)
			p.Stubs, p.Pointers = map[uint64]string{stub: "_mmap"}, nil
			read := p.Read
			reads := 0
			p.Read = func(addr uint64, b []byte) error {
				reads++
				return read(addr, b)
			}
			s, err := NewScan(p, wanted)
			if err != nil {
				t.Fatal(err)
			}
			for at := 0; at < len(code); at += chunk {
				s.Look(base+uint64(at), code[at:at+chunk])
			}
			found, err := s.Find(t.Context())
			if err != nil || len(found.Sites) != len(tt.calls) {
				t.Fatalf("%d sites, %v", len(found.Sites), err)
			}
			for _, site := range found.Sites {
				if !site.Args[3].Every(2050) {
					t.Errorf("flags at %#x: %v", site.Address, site.Args[3])
				}
			}
			if (reads > 0) != tt.reads {
				t.Errorf("%d reads", reads)
			}
		})
	}
}

// Where each instruction refers to something few pieces are kept, and none when there are more references than are remembered.
func TestWhatIsKeptIsFewPieces(t *testing.T) {
	const stub = base + 3*chunk
	code := make([]byte, 3*chunk)
	for at := range uint64(len(code) / 4) {
		binary.LittleEndian.PutUint32(code[4*at:], 0x94000000|uint32(stub-base-4*at)/4)
	}
	for _, tt := range []struct {
		name   string
		starts []uint64
	}{
		{"where functions begin is not known", nil},
		{"all is one function", []uint64{base}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := program(ARM64, code, tt.starts)
			p.Stubs, p.Pointers = map[uint64]string{stub: "_mmap"}, nil
			s, err := NewScan(p, wanted)
			if err != nil {
				t.Fatal(err)
			}
			for at := 0; at < len(code); at += chunk {
				s.Look(base+uint64(at), code[at:at+chunk])
			}
			if len(s.f.kept.list) != 1 || s.f.kept.size != chunk || !s.full {
				t.Errorf("%d pieces of %d bytes, there are too many references: %t", len(s.f.kept.list), s.f.kept.size, s.full)
			}
		})
	}
}

// More than is kept is read again, and found as well.
func TestWhatIsKeptIsBounded(t *testing.T) {
	k := pieces{}
	for n := range uint64(100) {
		k.add([]piece{{n << 20, make([]byte, 1<<20)}})
	}
	if k.size != maxPieces || len(k.list) != maxPieces>>20 || k.at(maxPieces-1) == nil || k.at(maxPieces) != nil {
		t.Errorf("%d pieces of %d bytes", len(k.list), k.size)
	}
}

// An instruction is found wherever a section, or what goes by of it, ends.
func TestNoBorderHidesAnInstruction(t *testing.T) {
	const size = 8192
	for _, tt := range []struct {
		name string
		text []Section
		at   int
	}{
		{"a section ends within a word, and the last words were left for later", []Section{{base, 4098}}, (4098 - lookahead) &^ 3},
		{"a section ends within the word, and the next goes on", []Section{{base, 6150}, {base + 6150, size - 6150}}, 6148},
		{"a byte of the word is in no section", []Section{{base, 6150}, {base + 6151, size - 6151}}, 6148},
		{"a section begins within a word before", []Section{{base + 2, size - 2}}, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code := make([]byte, size)
			binary.LittleEndian.PutUint32(code[tt.at:], svc)
			p := program(ARM64, code, nil)
			p.Text = tt.text
			for _, look := range []bool{false, true} {
				s, err := NewScan(p, wanted)
				if err != nil {
					t.Fatal(err)
				}
				if look {
					s.Look(base, code)
				}
				refs, err := s.imports(t.Context())
				if want := []reference{{at: base + uint64(tt.at)}}; err != nil || !slices.Equal(refs, want) {
					t.Errorf("looked at before: %t: %v, %v", look, refs, err)
				}
			}
		})
	}
}
