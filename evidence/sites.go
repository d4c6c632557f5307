package evidence

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/blacktop/go-macho/types"

	"github.com/codewarrant/codewarrant/evidence/calls"
	"github.com/codewarrant/codewarrant/macho"
)

// wanted are the functions whose calls are looked at, and of which arguments.
var wanted = calls.Wanted{
	"_mmap":            {2, 3},    // prot, flags
	"_mprotect":        {0, 2},    // addr, prot
	"_vm_protect":      {1, 3, 4}, // address, set_maximum, new_protection
	"_mach_vm_protect": {1, 3, 4},
	"_ptrace":          {0},    // request
	"_dlopen":          {0, 1}, // path, mode
	"_dlsym":           {1},    // symbol
	"_setenv":          {0},
	"_putenv":          {0},
}

// protecting are those of which it matters most what they are given, and which programs
// have functions of their own around.
var protecting = []string{"_mmap", "_mprotect", "_vm_protect", "_mach_vm_protect"}

func isWanted(symbol string) bool {
	_, ok := wanted[symbol]
	return ok
}

// <sys/mman.h> and <mach/vm_prot.h>, in which the first three have the same values.
const (
	protRead  = 0x1
	protWrite = 0x2
	protExec  = 0x4
	protCopy  = 0x10 // VM_PROT_COPY

	mapJIT = 0x800
)

// <sys/ptrace.h>
const (
	ptAttach    = 10
	ptAttachExc = 14
)

// sites looks at the calls that were found.
func (i *image) sites(p calls.Program, sites []calls.Site) {
	for _, s := range sites {
		switch s.Symbol {
		case "_mmap":
			i.mmap(s)
		case "_mprotect":
			i.protect(s, s.Args[0], s.Args[2])
		case "_vm_protect", "_mach_vm_protect":
			i.protect(s, s.Args[1], s.Args[4])
		case "_ptrace":
			i.ptrace(s)
		case "_dlopen":
			i.dlopen(p, s)
		case "_dlsym":
			i.dlsym(p, s)
		case "_setenv", "_putenv":
			i.setenv(p, s)
		}
	}
	i.tables()
	for _, what := range slices.Sorted(maps.Keys(i.unknown)) {
		at := i.unknown[what]
		slices.Sort(at)
		at = slices.Compact(at)
		more := ""
		if len(at) > 1 {
			more = fmt.Sprintf(", and at %d more places", len(at)-1)
		}
		i.gap(memory, "%s at %#x%s", what, at[0], more)
	}
}

// tables tells of functions whose address is in data of the program's own: they may be
// called through it, with anything.
func (i *image) tables() {
	for addr, symbol := range i.Pointers {
		if !slices.Contains(protecting, symbol) || i.isLinkage(addr) {
			continue
		}
		what := strings.TrimLeft(symbol, "_") + " may be called through a pointer in data"
		i.unknown[what] = append(i.unknown[what], addr)
	}
}

// isLinkage reports whether an address is in one of the tables through which the linker
// has imported functions called.
func (i *image) isLinkage(addr uint64) bool {
	return slices.ContainsFunc(i.Sections, func(s macho.Section) bool {
		linkage := s.Type() == types.NonLazySymbolPointers || s.Type() == types.LazySymbolPointers
		return (linkage || strings.HasSuffix(s.Name, "got")) && addr >= s.Addr && addr-s.Addr < s.Size
	})
}

// at notes an item that rests on a call.
func (i *image) at(s calls.Site, need Need, strength Strength, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	switch {
	case s.Via == calls.ViaLookup:
		text += " (looked up with dlsym)"
	case s.Via == calls.ViaSyscall:
		text += " (a system call of its own)"
	}
	i.add(Item{Need: need, Strength: strength, Symbol: s.Symbol, Address: s.Address, Text: text})
}

// unclear notes that what a call is given is not known.
func (i *image) unclear(s calls.Site, what string) {
	what = strings.TrimLeft(s.Symbol, "_") + " is called with " + what
	i.unknown[what] = append(i.unknown[what], s.Address)
}

// mmap looks at a call of mmap: at the arguments as they come together on each way.
func (i *image) mmap(s calls.Site) {
	flags := s.Args[3]
	switch {
	case flags.Every(mapJIT):
		i.at(s, MapJIT, Proves, "calls mmap with MAP_JIT")
	case flags.Some(mapJIT):
		i.at(s, MapJIT, Proves, "calls mmap with MAP_JIT on some path")
	case mayHave(flags, mapJIT) && mayHave(s.Args[2], protWrite):
		i.unclear(s, "flags that are not known")
	case s.Partial && mayHave(s.Args[2], protWrite):
		i.unclear(s, "flags that may be others where the code around could not be followed")
	}
	const both = protWrite | protExec
	for _, way := range s.Ways {
		prot, flags := way[2], way[3]
		if !prot.Some(both) || flags.Every(mapJIT) {
			continue
		}
		switch {
		case flags.Some(mapJIT):
			i.at(s, UnsignedMemory, Consistent, "calls mmap for memory that is writable and executable, with MAP_JIT on some path only")
		case mayHave(flags, mapJIT):
			i.at(s, UnsignedMemory, Consistent, "calls mmap for memory that is writable and executable, with flags that are not known")
		default:
			i.at(s, UnsignedMemory, sure(s.Args[2], both), "calls mmap for memory that is writable and executable, without MAP_JIT")
		}
	}
}

// protect looks at a call that changes what may be done with memory.
func (i *image) protect(s calls.Site, addr, prot calls.Value) {
	name := strings.TrimLeft(s.Symbol, "_")
	const both = protWrite | protExec
	own := slices.ContainsFunc(addr, func(b calls.Bits) bool {
		v, ok := b.Exact(64)
		return ok && i.isCode(v)
	})
	switch {
	case own && prot.Some(protWrite):
		i.at(s, PageProtection, Proves, "calls %s to write into its own code", name)
	case prot.Some(protWrite | protCopy):
		i.at(s, PageProtection, Consistent, "calls %s with VM_PROT_COPY, to write into pages of files", name)
	}
	switch {
	case prot.Some(both):
		i.at(s, UnsignedMemory, sure(prot, both), "calls %s for memory that is writable and executable", name)
	case slices.ContainsFunc(prot, func(b calls.Bits) bool { return b.One&protExec != 0 && b.Zero&protWrite != 0 }):
		strength := Consistent
		if sure(prot, protExec) == Proves { // who wrote to the memory before is not known
			strength = Suggests
		}
		i.at(s, UnsignedMemory, strength, "calls %s to make memory executable", name)
	case mayHave(prot, protExec):
		i.unclear(s, "a protection that is not known")
	}
}

// sure is how far a call with several possible arguments goes: where all have the bits,
// or one of two, somebody wrote that down; one of many is what any function has that
// translates one set of flags into another.
func sure(v calls.Value, bits uint64) Strength {
	if v.Every(bits) || len(v) == 2 {
		return Proves
	}
	return Consistent
}

// mayHave reports whether some alternative may have the bits, or nothing is known.
func mayHave(v calls.Value, bits uint64) bool {
	return len(v) == 0 || slices.ContainsFunc(v, func(b calls.Bits) bool { return b.Zero&bits == 0 })
}

func (i *image) ptrace(s calls.Site) {
	for _, b := range s.Args[0] {
		switch v, ok := b.Exact(32); {
		case ok && (v == ptAttach || v == ptAttachExc):
			i.at(s, Debugger, Proves, "calls ptrace to attach to a process")
		case !ok:
			i.at(s, Debugger, Consistent, "calls ptrace with a request that is not known")
		}
	}
}

// text returns what an argument points to, as far as it is known.
func text(p calls.Program, v calls.Value) (list []string, known bool) {
	known = len(v) > 0
	for _, b := range v {
		addr, ok := b.Exact(64)
		s := ""
		if ok && addr != 0 {
			s, ok = p.CString(addr, maxString)
		}
		if !ok {
			known = false
			continue
		}
		list = append(list, s)
	}
	return list, known
}

// maxString bounds the strings that calls are given, in bytes: paths and names.
const maxString = 1024

func (i *image) dlopen(p calls.Program, s calls.Site) {
	const noLoad = 0x10 // RTLD_NOLOAD of <dlfcn.h>: it asks whether the library is loaded
	if s.Args[1].Every(noLoad) {
		return
	}
	paths, known := text(p, s.Args[0])
	for _, path := range paths {
		switch {
		case path == "": // the program itself
		case strings.HasPrefix(path, "/usr/lib/"), strings.HasPrefix(path, "/System/"):
		case !strings.Contains(path, "/") && (strings.HasPrefix(path, "libSystem") || strings.HasPrefix(path, "libc.")):
		default:
			i.at(s, ForeignCode, Consistent, "calls dlopen for %s", printable(path))
		}
	}
	if !known {
		i.at(s, ForeignCode, Consistent, "calls dlopen for a path that is known only when it runs")
	}
}

// dlsym looks at which functions are looked up. Those that are called where they are
// looked up have sites of their own.
func (i *image) dlsym(p calls.Program, s calls.Site) {
	names, known := text(p, s.Args[1])
	for _, name := range names {
		if t := slices.IndexFunc(importFacts, func(f importFact) bool { return f.symbol == "_"+name }); t >= 0 {
			i.at(s, importFacts[t].need, Consistent, "looks up %s", printable(name))
			continue
		}
		switch name {
		case "mmap":
			i.at(s, MapJIT, Consistent, "looks up mmap")
			i.at(s, UnsignedMemory, Consistent, "looks up mmap")
		case "mprotect", "vm_protect", "mach_vm_protect":
			i.at(s, UnsignedMemory, Consistent, "looks up %s", name)
		}
	}
	if !known {
		i.gap([]Need{MapJIT, UnsignedMemory, PageProtection, Debugger}, "functions are looked up with dlsym by names that are known only when it runs")
	}
}

func (i *image) setenv(p calls.Program, s calls.Site) {
	names, _ := text(p, s.Args[0])
	for _, name := range names {
		if variable, _, _ := strings.Cut(name, "="); strings.HasPrefix(variable, "DYLD_") {
			i.at(s, DyldEnvironment, Suggests, "sets %s", printable(variable))
		}
	}
}
