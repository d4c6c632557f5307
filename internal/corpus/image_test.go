//go:build corpus

package main

import (
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"testing"

	gomacho "github.com/blacktop/go-macho"
	"github.com/blacktop/go-macho/pkg/fixupchains"
	"github.com/blacktop/go-macho/types"
	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/macho"
)

func TestEveryImageAgreesWithGoMacho(t *testing.T) {
	var images, stubs, pointers, imports, functions, symbols, gaps int
	open(t).each(t, func(t *testing.T, pkg, path string, r *os.File, f *macho.File) {
		for _, s := range f.Slices {
			i, err := macho.ReadImage(r, s, nil)
			if errors.Is(err, macho.ErrNot64Bit) || errors.Is(err, macho.ErrBigEndian) {
				continue
			}
			if err != nil {
				t.Errorf("%s: %s (%s): %v", pkg, path, s.Arch, err)
				continue
			}
			for _, gap := range i.Gaps {
				t.Logf("%s: %s (%s): gap: %s", pkg, path, s.Arch, gap)
				gaps++
			}
			peer, err := gomacho.NewFile(io.NewSectionReader(r, int64(s.Range.Offset), int64(s.Range.Size)))
			if err != nil {
				t.Errorf("%s: %s (%s): go-macho: %v", pkg, path, s.Arch, err)
				continue
			}
			want := peerImage(t, peer)
			got := imageFacts{Pointers: i.Pointers, Stubs: i.Stubs, Imports: i.Imports, RPaths: i.RPaths}
			for _, l := range i.Libraries {
				got.Libraries = append(got.Libraries, l.Name)
			}
			if err := i.Functions(r, func(addr uint64) bool { got.Functions = append(got.Functions, addr); return true }); err != nil {
				t.Error(err)
			}
			if err := i.Symbols(r, nil, func(name []byte, addr uint64) bool {
				got.Symbols = append(got.Symbols, symbol{string(name), addr})
				return true
			}); err != nil {
				t.Error(err)
			}
			for _, s := range i.Sections {
				if s.Type() == types.SymbolStubs && s.Size > 0 && !s.IsStubs() {
					t.Errorf("%s: %s: not all of %s,%s is stubs", pkg, path, s.Segment, s.Name)
				}
			}
			// Symbols of the image's own that may be bound to others have no entry that is undefined.
			maps.DeleteFunc(got.Stubs, func(addr uint64, name string) bool {
				_, named := want.Stubs[addr]
				_, bound := slices.BinarySearch(want.Imports, name)
				return !named && bound
			})
			got.sort()
			want.sort()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s (%s) (-go-macho +read):\n%.2000s", pkg, path, s.Arch, diff)
			}
			images++
			stubs += len(i.Stubs)
			pointers += len(i.Pointers)
			imports += len(i.Imports)
			functions += len(got.Functions)
			symbols += len(got.Symbols)
		}
	})
	t.Logf("%d images: %d stubs, %d pointers, %d imports, %d functions, %d symbols; %d gaps", images, stubs, pointers, imports, functions, symbols, gaps)
}

type symbol struct {
	Name string
	Addr uint64
}

// imageFacts are what is compared of an image.
type imageFacts struct {
	Stubs, Pointers   map[uint64]string
	Imports           []string
	Libraries, RPaths []string
	Functions         []uint64
	Symbols           []symbol
}

func (f *imageFacts) sort() {
	slices.SortFunc(f.Symbols, func(a, b symbol) int {
		if a.Addr != b.Addr {
			return int(int64(a.Addr - b.Addr))
		}
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
}

// peerImage puts together what go-macho reads of an image.
func peerImage(t *testing.T, f *gomacho.File) imageFacts {
	t.Helper()
	want := imageFacts{Stubs: map[uint64]string{}, Pointers: map[uint64]string{}}
	imports := map[string]bool{}
	if f.HasDyldChainedFixups() {
		fixups, err := f.DyldChainedFixups()
		if err == nil {
			fixups, err = fixups.Parse()
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range fixups.Imports {
			imports[i.Name] = true
		}
		for _, s := range fixups.Starts {
			for _, fixup := range s.Fixups {
				if b, ok := fixup.(fixupchains.Bind); ok && fixup.IsBind() {
					addr, err := f.GetVMAddress(b.Offset())
					if err != nil {
						t.Fatal(err)
					}
					want.Pointers[addr] = b.Name()
				}
			}
		}
	}
	if f.DyldInfo() != nil || f.DyldInfoOnly() != nil {
		binds, err := f.GetBindInfo()
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range binds {
			imports[b.Name] = true
			want.Pointers[b.Start+b.SegOffset] = b.Name
		}
	}
	undefined := func(s gomacho.Symbol) bool {
		return s.Type&types.N_STAB == 0 && s.Type&types.N_EXT != 0 && s.Type&types.N_TYPE == types.N_UNDF
	}
	fixups := len(imports) > 0 // other symbols are imports where they have a stub or a pointer
	if f.Symtab != nil {
		for _, s := range f.Symtab.Syms {
			if undefined(s) && !fixups {
				imports[s.Name] = true
			}
			if s.Type&types.N_STAB == 0 && s.Type&types.N_TYPE == types.N_SECT {
				want.Symbols = append(want.Symbols, symbol{s.Name, s.Value})
			}
		}
	}
	for _, s := range f.Sections {
		size, into := uint64(8), want.Pointers
		switch s.Flags & types.SectionType {
		case types.SymbolStubs:
			size, into = uint64(s.Reserved2), want.Stubs
			if size == 6 && f.CPU == types.CPUArm64 { // Go's linker writes what x86-64 has
				size = 12
			}
		case types.NonLazySymbolPointers, types.LazySymbolPointers, types.LazyDylibSymbolPointers:
		default:
			continue
		}
		for k := range s.Size / size {
			n := f.Dysymtab.IndirectSyms[uint64(s.Reserved1)+k]
			if n&0xc0000000 == 0 && undefined(f.Symtab.Syms[n]) {
				imports[f.Symtab.Syms[n].Name] = true
				if _, ok := into[s.Addr+k*size]; !ok {
					into[s.Addr+k*size] = f.Symtab.Syms[n].Name
				}
			}
		}
	}
	want.Imports = slices.Sorted(maps.Keys(imports))
	want.Libraries = f.ImportedLibraries()
	for _, l := range f.Loads {
		if p, ok := l.(*gomacho.Rpath); ok {
			want.RPaths = append(want.RPaths, p.Path)
		}
	}
	if f.FunctionStarts() != nil {
		for _, fn := range f.GetFunctions() {
			want.Functions = append(want.Functions, fn.StartAddr)
		}
	}
	return want
}
