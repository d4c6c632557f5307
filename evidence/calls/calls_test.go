package calls

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var wanted = Wanted{"_mmap": {2, 3}, "_mach_vm_protect": {4}}

// program lays out code as shapes says.
func program(arch Arch, code []byte, starts []uint64) Program {
	return Program{
		Arch:     arch,
		Text:     []Section{{base, uint64(len(code))}},
		Starts:   starts,
		Stubs:    map[uint64]string{base + 0x1000: "_mmap", base + 0x1010: "_dlsym", base + 0x1020: "_abort"},
		Pointers: map[uint64]string{base + 0x4010: "_mmap"},
		Read:     reader(map[uint64][]byte{base: code, base + 0x5000: []byte("mmap\x00")}),
	}
}

func reader(parts map[uint64][]byte) func(addr uint64, b []byte) error {
	return func(addr uint64, b []byte) error {
		for at, part := range parts {
			if addr >= at && addr-at <= uint64(len(part)) && uint64(len(b)) <= uint64(len(part))-(addr-at) {
				copy(b, part[addr-at:])
				return nil
			}
		}
		return errors.New("nothing there")
	}
}

// line is a site in one line, with addresses from base.
func line(s Site, args []int) string {
	list := make([]string, len(args))
	for i, n := range args {
		list[i] = s.Args[n].String()
	}
	t := fmt.Sprintf("%#x %s %s %s", s.Address-base, s.Symbol, s.Via, strings.Join(list, ", "))
	for _, c := range s.Through {
		t += fmt.Sprintf(" <- %#x", c.Address-base)
	}
	if s.Partial {
		t += " (partial)"
	}
	return t
}

func lines(r Result) []string {
	list := []string{}
	for _, s := range r.Sites {
		list = append(list, line(s, wanted[s.Symbol]))
	}
	return list
}

func TestFindInShapes(t *testing.T) {
	for _, tt := range shapes {
		arch := map[Arch]string{ARM64: "arm64", X8664: "x86-64"}[tt.arch]
		t.Run(arch+": "+tt.name, func(t *testing.T) {
			got, err := Find(context.Background(), program(tt.arch, bytesOf(t, tt.code), tt.starts), wanted)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, lines(got)); diff != "" {
				t.Errorf("%s\n%s", tt.asm, diff)
			}
		})
	}
}

func TestWaysSayWhatComesTogether(t *testing.T) {
	const name = "JavaScriptCore chooses protection and flags by the same condition"
	i := slices.IndexFunc(shapes, func(s shape) bool { return s.name == name })
	if i < 0 {
		t.Fatalf("no shape is named %q", name)
	}
	r, err := Find(context.Background(), program(ARM64, bytesOf(t, shapes[i].code), shapes[i].starts), wanted)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, s := range r.Sites {
		for _, w := range s.Ways {
			got = append(got, fmt.Sprintf("%v with %v", w[2], w[3]))
		}
	}
	slices.Sort(got)
	want := []string{"0x1 with 0x1002", "0x3 with 0x1002", "0x5 with 0x1802", "0x7 with 0x1802"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A branch of arm64 does not reach all of a large program: the linker has it go to a thunk, which makes
// the address of the stub (see branchReach).
func TestCallsAreFoundThroughThunks(t *testing.T) {
	code := bytesOf(t, "100000b0 10020091 00021fd6"+ // adrp x16, stub; add x16, x16, #0; br x16
		"e2008052 43008352 fbffff97 c0035fd6"+ // mov w2, #7; mov w3, #0x1802; bl thunk; ret
		"62008052 43008252 f7ffff17") // mov w2, #3; mov w3, #0x1002; b thunk
	p := program(ARM64, code, []uint64{base, base + 12, base + 28})
	p.Text = append(p.Text, Section{base + 2*branchReach, 4})
	r, err := Find(t.Context(), p, wanted)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"0x8 _mmap stub parameter 2, parameter 3",
		"0x8 _mmap stub 0x7, 0x1802 <- 0x14",
		"0x8 _mmap stub 0x3, 0x1002 <- 0x24",
	}
	if diff := cmp.Diff(want, lines(r)); diff != "" {
		t.Error(diff)
	}
}

// Calls are found wherever the code is cut for reading.
func TestCallsAreFoundAtTheEdgesOfChunks(t *testing.T) {
	for _, tt := range []struct {
		name string
		arch Arch
		code string // calls the stub
	}{
		{"call", X8664, "e8"},
		{"conditional jump", X8664, "0f84"},
		{"bl", ARM64, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			size := 0
			for at := chunk - 16; at <= chunk+16; at++ {
				code := make([]byte, chunk+4096)
				stub := uint64(base + 2*chunk)
				switch {
				case tt.arch == X8664:
					op := bytesOf(t, tt.code)
					size = len(op) + 4
					copy(code[at:], op)
					binary.LittleEndian.PutUint32(code[at+len(op):], uint32(stub-base-uint64(at+size)))
				case at%4 != 0:
					continue
				default:
					binary.LittleEndian.PutUint32(code[at:], 0x94000000|uint32(stub-base-uint64(at))/4)
				}
				p := program(tt.arch, code, nil)
				p.Stubs = map[uint64]string{stub: "_mmap"}
				s, err := NewScan(p, wanted)
				if err != nil {
					t.Fatal(err)
				}
				s.Look(base, code[:chunk]) // which does not see the end of what begins in it
				s.f.ctx = t.Context()
				refs, err := s.imports(t.Context())
				want := []reference{{at: base + uint64(at), target: stub}}
				if err != nil || !slices.Equal(refs, want) {
					t.Errorf("at %#x: %v, %v", at, refs, err)
				}
				refs, err = s.callers([]uint64{stub})
				if err != nil || !slices.Equal(refs, want) {
					t.Errorf("at %#x: callers %v, %v", at, refs, err)
				}
			}
		})
	}
}
