// Package calls finds where machine code calls given imported functions, and
// says what values the arguments can have. Nothing is executed: the functions
// around the calls are interpreted over sets of known bits.
//
// What it says of a value is about the ways through the code it can see. A way
// that no program takes may be among them (conditions are mostly not
// evaluated), so an alternative is "the code has it", not "it happens". Where
// further ways may exist the site is Partial, or depends on parameters.
//
// Sources: Arm Architecture Reference Manual (DDI 0487), part C4 and C6; Intel
// 64 and IA-32 Architectures Software Developer's Manual, volume 2; AAPCS64 with
// Apple's "Writing ARM64 code for Apple platforms"; System V AMD64 psABI; XNU
// bsd/kern/syscalls.master and osfmk/kern/syscall_sw.c for system calls.
package calls

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

// Arch is an instruction set.
type Arch int

// The instruction sets that Macs have.
const (
	ARM64 Arch = iota // arm64 and arm64e
	X8664             // x86_64 and x86_64h
)

// Section is a range of virtual addresses.
type Section struct{ Addr, Size uint64 }

func (s Section) has(addr, size uint64) bool {
	return addr >= s.Addr && addr-s.Addr < s.Size && size <= s.Size-(addr-s.Addr)
}

// A Program is what there is to know about one slice of a Mach-O file. Only
// Text and Read have to be there.
type Program struct {
	Arch     Arch
	Text     []Section         // executable sections
	Const    []Section         // sections that never change: loads from there have known values
	Starts   []uint64          // where functions start (LC_FUNCTION_STARTS); without, they are guessed
	Stubs    map[uint64]string // address of a stub → symbol it jumps to, as _mmap
	Pointers map[uint64]string // address of a pointer (GOT, auth GOT, lazy) → symbol, as _mmap

	// Follow reports whether it may matter what the callers of the function around a
	// site pass to it, on which arguments of the site depend; nil: always.
	Follow func(Site) bool

	// Plain are symbols of which it does not matter what callers of a function pass to their
	// calls, as Follow says: where no others are called, it is not noted who calls whom.
	Plain []string

	// Read fills b with the bytes at a virtual address.
	Read func(addr uint64, b []byte) error
}

// Wanted says which symbols are looked for, and which of their integer arguments
// are of interest, counted from 0. Those that are passed on the stack (from the
// seventh on x86-64, from the ninth on arm64) are mostly not known.
type Wanted map[string][]int

// Via is how a call reaches the imported function.
type Via string

// The ways of a call.
const (
	ViaStub    Via = "stub"    // a branch to the code that the linker made for the import
	ViaPointer Via = "pointer" // a pointer that the loader sets
	ViaSyscall Via = "syscall" // the system call that the function makes
	ViaLookup  Via = "lookup"  // the pointer that dlsym returned
)

// A Call is the address of an instruction that calls, and of its function.
type Call struct{ Address, Function uint64 }

// A Site is a place that calls a wanted function.
type Site struct {
	Symbol string
	Call
	Via  Via
	Args map[int]Value // one for each index in Wanted: all that it can be

	// Ways are the arguments as they come together, on each way through the code
	// that was told apart: where Args have protection 7 or 3 and flags 0x1802 or
	// 0x1002, whether there is 7 with 0x1002. What one way has may be joined of more.
	Ways []map[int]Value

	// Through are the calls that lead here, innermost first: of the function
	// around the site, of the function around that call, and so on. Args are
	// those with what the outermost call passes. The callers that were found have
	// sites of their own, and there may be others, such as through pointers.
	Through []Call

	// Partial is set where code of the function could not be followed (a jump
	// through a register, a limit, bytes that are no instructions): further
	// values are possible.
	Partial bool
}

// A Result is what Find found, sites by address and Through.
type Result struct {
	Sites []Site
	Gaps  []string // which limits were hit, and what was left out for it; sorted
}

// Limits, so that no input costs more than a few seconds and some 100 MiB. Real
// programs of 100 MB have tens of wanted calls, and functions of a few KiB.
const (
	maxSites      = 4096
	maxText       = 2 << 30  // bytes scanned
	maxReferences = 1 << 16  // calls the scan remembers
	maxFunction   = 64 << 10 // bytes of a function that are decoded
	maxSteps      = 1 << 22  // instructions interpreted, together
	maxFlow       = 1 << 18  // instructions interpreted in one function, once
	maxApart      = 1 << 15  // the same when ways are told apart
	maxDepth      = 3        // wrappers around wrappers
	maxCallers    = 256      // calls of one wrapper
	maxWrappers   = 64       // wrappers at one depth
	maxTold       = 16       // ways of one site
	maxGaps       = 256
	maxArgs       = 16
	maxGuess      = 4 << 10 // bytes to go back for the start of a function when Starts is empty
)

// Find finds the calls of wanted functions. The error is ctx's, or says that
// the program or wanted cannot be; damaged code gives gaps.
func Find(ctx context.Context, p Program, wanted Wanted) (Result, error) {
	s, err := NewScan(p, wanted)
	if err != nil {
		return Result{}, err
	}
	return s.Find(ctx)
}

// NewScan begins a scan. The error says that the program or wanted cannot be.
func NewScan(p Program, wanted Wanted) (*Scan, error) {
	if p.Read == nil {
		return nil, errors.New("the program has no Read")
	}
	a := archOf(p.Arch)
	if a == nil {
		return nil, fmt.Errorf("instruction set %d is none of ARM64, X8664", p.Arch)
	}
	for symbol, args := range wanted {
		for _, n := range args {
			if n < 0 || n >= maxArgs {
				return nil, fmt.Errorf("%s: argument %d is not from 0 to %d", symbol, n, maxArgs-1)
			}
		}
	}
	f := &finder{p: p, arch: a, wanted: wanted, steps: maxSteps, gaps: map[string]bool{}}
	f.text = f.sections(p.Text)
	f.starts = p.Starts
	if !slices.IsSorted(f.starts) {
		f.starts = slices.Clone(f.starts)
		slices.Sort(f.starts)
	}
	s := &Scan{f: f, targets: f.imported(), seen: make([][]bool, len(f.text)), jumps: f.listed()}
	for n, t := range f.text {
		s.seen[n] = make([]bool, t.Size/chunk+2)
	}
	f.callers = s.callers
	return s, nil
}

// Find finds the calls of wanted functions, as the function [Find] does.
func (s *Scan) Find(ctx context.Context) (Result, error) {
	f := s.f
	f.ctx = ctx
	refs, err := s.imports(ctx)
	if err != nil {
		return Result{}, err
	}
	if err := f.evaluate(refs); err != nil {
		return Result{}, err
	}
	inorder.By(f.sites, compareSites)
	return Result{Sites: f.sites, Gaps: slices.Sorted(maps.Keys(f.gaps))}, nil
}

// errUnread ends the reading of a section, of which a gap was told.
var errUnread = errors.New("unread")

func compareSites(a, b Site) int {
	return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Symbol, b.Symbol),
		slices.CompareFunc(a.Through, b.Through, func(x, y Call) int { return cmp.Compare(x.Address, y.Address) }))
}

// CString returns the bytes at addr up to a zero byte, if there is one before max bytes.
func (p Program) CString(addr uint64, max int) (string, bool) {
	var s []byte
	var b [64]byte
	for len(s) < max {
		part := b[:min(len(b), max-len(s))]
		// A string may end just before the end of what can be read.
		for p.Read(addr+uint64(len(s)), part) != nil {
			if part = part[:len(part)/2]; len(part) == 0 {
				return "", false
			}
		}
		if i := bytes.IndexByte(part, 0); i >= 0 {
			return string(append(s, part[:i]...)), true
		}
		s = append(s, part...)
	}
	return "", false
}

// A finder is one run of Find.
type finder struct {
	ctx    context.Context
	p      Program
	arch   *arch
	wanted Wanted
	text   []Section
	starts []uint64
	steps  int // instructions that may still be interpreted
	sites  []Site
	gaps   map[string]bool

	kept     pieces
	callers  func(functions []uint64) ([]reference, error)
	wrappers map[uint64][]int   // functions of which callers are looked for, and which parameters matter
	outcomes map[string]outcome // of functions with given parameters
	ways     []way              // room for those of a function
	straight map[uint64][]byte  // code of functions that do not keep registers, nil of others
}

// gap notes what was left out; of many gaps the first.
//
//go:noinline // it is called in many places, and copied into none: it is never hot
func (f *finder) gap(format string, args ...any) {
	if len(f.gaps) < maxGaps {
		f.gaps[fmt.Sprintf(format, args...)] = true
	}
}

// sections returns text by address, without what lies past the end of the address space or past maxText.
func (f *finder) sections(text []Section) []Section {
	var list []Section
	left := uint64(maxText)
	for _, s := range text {
		if s.Size > -s.Addr && s.Addr != 0 {
			f.gap("a section of code ends past the address space")
			s.Size = -s.Addr
		}
		if s.Size > left {
			f.gap("code past %d bytes was not read", maxText)
			s.Size = left
		}
		if left -= s.Size; s.Size > 0 {
			list = append(list, s)
		}
	}
	return merged(list)
}

// merged returns sections by address, those that overlap as one: however often a file claims the
// same code, it is read once. Those between which no instruction of arm64 and no stub has room are
// one, too: an instruction may begin in one and end in the next, of which neither XNU nor the processor
// knows.
func merged(list []Section) []Section {
	inorder.By(list, func(a, b Section) int { return cmp.Compare(a.Addr, b.Addr) })
	var apart []Section
	for _, s := range list {
		if n := len(apart) - 1; n >= 0 && s.Addr-apart[n].Addr < apart[n].Size+4 {
			apart[n].Size = max(apart[n].Size, s.Addr-apart[n].Addr+s.Size)
			continue
		}
		apart = append(apart, s)
	}
	return apart
}

// isWanted includes dlsym, for the functions it returns.
func (f *finder) isWanted(symbol string) bool {
	_, ok := f.wanted[symbol]
	return ok || symbol == "_dlsym"
}
