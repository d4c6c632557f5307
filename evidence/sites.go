package evidence

import (
	"cmp"
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
	"_mmap":            {2, 3},       // prot, flags
	"_mprotect":        {0, 2},       // addr, prot
	"_vm_protect":      {0, 1, 3, 4}, // target_task, address, set_maximum, new_protection
	"_mach_vm_protect": {0, 1, 3, 4},
	"_vm_map":          {0, 8}, // target_task, cur_protection
	"_mach_vm_map":     {0, 8},
	"_syscall":         {0},    // number
	"_ptrace":          {0},    // request
	"_dlopen":          {0, 1}, // path, mode
	"_dlsym":           {1},    // symbol
	"_setenv":          {0},
	"_putenv":          {0},
}

// protecting are those of which it matters most what they are given, and which programs
// have functions of their own around.
var protecting = []string{"_mmap", "_mprotect", "_vm_protect", "_mach_vm_protect", "_vm_map", "_mach_vm_map"}

// taskSelf is the variable that mach_task_self() reads (<mach/mach_init.h>).
const taskSelf = "_mach_task_self_"

// loading are those of which no call proves anything.
var loading = []string{"_dlopen", "_dlsym", "_setenv", "_putenv"}

// mayTell reports whether anything could come of what the callers of a function pass to
// the call of one of protecting that it has.
func mayTell(s calls.Site) bool {
	depends := func(arg int) bool { return s.Args[arg].Depends() }
	changes := func(addr, prot int) bool {
		// The address tells only with a protection to write with, and if it is code of
		// the program: what callers of callers reckon out is not.
		passed := slices.ContainsFunc(s.Args[addr], func(b calls.Bits) bool { return b.From == calls.Parameter })
		return depends(prot) || depends(addr) && s.Args[prot].Some(protWrite) && (passed || len(s.Through) == 0)
	}
	switch s.Symbol {
	case "_mmap":
		prot, flags := s.Args[2], s.Args[3]
		if prot.Known(32) && !slices.ContainsFunc(prot, func(b calls.Bits) bool { return b.One != protRead }) {
			return false // a file, to read it: the way by which most libraries call mmap
		}
		return depends(3) && mayHave(flags, mapJIT) || depends(2) && mayHave(prot, protWrite|protExec) && !flags.Every(mapJIT)
	case "_mprotect":
		return changes(0, 2)
	case "_vm_protect", "_mach_vm_protect":
		return changes(1, 4) || (depends(0) || depends(3)) && mayHave(s.Args[4], protExec)
	case "_vm_map", "_mach_vm_map":
		return depends(8) || depends(0) && mayHave(s.Args[8], protExec)
	}
	return false
}

// followed are the symbols that matter to what calls in the code are given, and asked those and all of which it matters
// whether they are imported.
var followed, asked = map[string]bool{taskSelf: true}, map[string]bool{ownPath: true}

func init() {
	for _, symbol := range slices.AppendSeq(calls.Known(), maps.Keys(wanted)) {
		followed[symbol] = true
	}
	maps.Copy(asked, followed)
	for _, fact := range importFacts {
		asked[fact.symbol] = true
	}
	for _, symbol := range slices.Concat(lookups, controls) {
		asked[symbol] = true
	}
}

func isAsked(symbol []byte) bool { return asked[string(symbol)] }

// <sys/mman.h> and <mach/vm_prot.h>, in which the first three have the same values.
const (
	protRead  = 0x1
	protWrite = 0x2
	protExec  = 0x4
	protCopy  = 0x10 // VM_PROT_COPY
	both      = protWrite | protExec

	mapShared = 0x1
	mapAnon   = 0x1000
	mapJIT    = 0x800
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
			i.vmProtect(s)
		case "_vm_map", "_mach_vm_map":
			i.vmMap(s)
		case "_syscall":
			i.syscall(s)
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
			more = fmt.Sprintf(", and at %d more", len(at)-1)
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

// at notes an item that rests on a call. What a function does that has the name of one of
// macOS's and comes from another library is not known.
func (i *image) at(s calls.Site, need Need, strength Strength, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	it := Item{Need: need, Strength: strength, Symbol: s.Symbol, Address: s.Address}
	if library, ok := i.Origin(s.Symbol); ok && s.Via != calls.ViaLookup && s.Via != calls.ViaSyscall {
		it.Strength, it.Of, it.PassedOn = Consistent, library, strength
		text += " (that of " + printable(cmp.Or(library, "its own file")) + ")"
	}
	switch {
	case s.Via == calls.ViaLookup:
		text += " (looked up with dlsym)"
	case s.Via == calls.ViaSyscall:
		text += " (a system call of its own)"
	}
	it.Text = text
	i.add(it)
}

// unclear notes that what a call is given is not known.
func (i *image) unclear(s calls.Site, what string) {
	what = strings.TrimLeft(s.Symbol, "_") + " is called with " + what
	i.unknown[what] = append(i.unknown[what], s.Address)
}

const (
	otherFlags      = "flags that may be others where the code around could not be followed"
	otherProtection = "a protection that may be another where the code around could not be followed"
)

// mmap looks at a call of mmap: at the arguments as they come together on each way.
func (i *image) mmap(s calls.Site) {
	prot, flags := s.Args[2], s.Args[3]
	switch {
	case flags.Every(mapJIT):
		i.at(s, MapJIT, Proves, "calls mmap with MAP_JIT")
		if s.Partial && mayHave(prot, protWrite) {
			i.unclear(s, otherFlags)
		}
		return
	case flags.Some(mapJIT):
		i.at(s, MapJIT, Proves, "calls mmap with MAP_JIT on some path")
	case mayHave(flags, mapJIT) && mayHave(prot, protWrite):
		i.unclear(s, "flags that are not known")
	case s.Partial && mayHave(prot, protWrite):
		i.unclear(s, otherFlags)
	case mayHave(prot, both) && !prot.Some(both):
		i.unclear(s, "a protection that is not known")
	}
	for _, way := range s.Ways {
		prot, flags := way[2], way[3]
		switch {
		case flags.Every(mapJIT), !prot.Some(protExec):
		case !prot.Some(both):
			switch {
			case flags.Every(mapAnon) && !mayHave(flags, mapJIT):
				i.at(s, UnsignedMemory, Suggests, "calls mmap for memory that is executable and no file's, without MAP_JIT")
			case flags.Some(mapShared) && !mayHave(flags, mapJIT): // what is written through another mapping is not signed
				i.at(s, UnsignedMemory, Consistent, "calls mmap for executable memory that is shared, and may be written elsewhere")
			}
		case s.Args[3].Some(mapJIT):
			// A condition may see to it that both come together, however they were chosen.
			i.at(s, UnsignedMemory, Consistent, "calls mmap for memory that is writable and executable, with MAP_JIT on some path only")
		case mayHave(flags, mapJIT):
			i.at(s, UnsignedMemory, Consistent, "calls mmap for memory that is writable and executable, with flags that are not known")
			i.at(s, MapJIT, Consistent, "calls mmap for memory that is writable and executable, with flags that are not known")
		default:
			i.at(s, UnsignedMemory, sure(s.Args[2], both), "calls mmap for memory that is writable and executable, without MAP_JIT")
		}
	}
}

// vmProtect looks at a call of vm_protect. What it does to another process it needs no
// exception on memory for, and what it only sets the maximum of stays as it is.
func (i *image) vmProtect(s calls.Site) {
	addr, prot := s.Args[1], s.Args[4]
	if surely(s.Args[3], func(n uint64) bool { return n != 0 }) {
		return
	}
	if !isSelf(s.Args[0]) {
		switch {
		case prot.Some(protExec), prot.Some(protWrite | protCopy):
			i.at(s, UnsignedMemory, Consistent, "calls %s for memory of a process that is not known", name(s))
			i.at(s, PageProtection, Consistent, "calls %s for memory of a process that is not known", name(s))
			i.at(s, Debugger, Consistent, "calls %s for memory of a process that is not known", name(s))
		case mayHave(prot, protExec):
			i.unclear(s, "a protection that is not known")
		case s.Partial:
			i.unclear(s, otherProtection)
		}
		return
	}
	i.protect(s, addr, prot)
}

// surely reports whether an argument is known, and is so whatever it is.
func surely(v calls.Value, is func(uint64) bool) bool {
	return len(v) > 0 && !slices.ContainsFunc(v, func(b calls.Bits) bool {
		n, known := b.Exact(32)
		return !known || !is(n)
	})
}

// isSelf reports whether a task is surely the program's own.
func isSelf(task calls.Value) bool {
	return len(task) > 0 && !slices.ContainsFunc(task, func(b calls.Bits) bool { return b.From != calls.Memory || b.Name != taskSelf })
}

// vmMap looks at a call of vm_map, whose protection is its ninth argument.
func (i *image) vmMap(s calls.Site) {
	prot := s.Args[8]
	switch {
	case prot.Some(both) && isSelf(s.Args[0]):
		i.at(s, UnsignedMemory, sure(prot, both), "calls %s for memory that is writable and executable", name(s))
	case prot.Some(both):
		i.at(s, UnsignedMemory, Consistent, "calls %s for memory of a process that is not known", name(s))
	case mayHave(prot, both):
		i.unclear(s, "a protection that is not known")
	case s.Partial:
		i.unclear(s, otherProtection)
	}
}

// syscall looks at a call of syscall(2), whose other arguments depend on the number.
func (i *image) syscall(s calls.Site) {
	const mmap, mprotect = 197, 74 // bsd/kern/syscalls.master
	if len(s.Args[0]) == 0 || slices.ContainsFunc(s.Args[0], func(b calls.Bits) bool {
		n, known := b.Exact(32)
		return !known || n == mmap || n == mprotect
	}) {
		i.unclear(s, "a number that is that of mmap or mprotect, or is not known")
	}
}

func name(s calls.Site) string { return strings.TrimLeft(s.Symbol, "_") }

// protect looks at a call that changes what may be done with the program's own memory.
func (i *image) protect(s calls.Site, addr, prot calls.Value) {
	switch {
	case i.isOwnCode(addr) && prot.Some(protWrite):
		i.at(s, PageProtection, Proves, "calls %s to write into its own code", name(s))
	case prot.Some(protWrite | protCopy):
		i.at(s, PageProtection, Consistent, "calls %s with VM_PROT_COPY, to write into pages of files", name(s))
	}
	strength := sure(prot, both)
	if s.Symbol != "_mprotect" && strength == Proves && !surely(s.Args[3], func(n uint64) bool { return n == 0 }) {
		strength = Suggests // it may set the maximum alone
	}
	switch {
	case prot.Some(both):
		i.at(s, UnsignedMemory, strength, "calls %s for memory that is writable and executable", name(s))
	case slices.ContainsFunc(prot, func(b calls.Bits) bool { return b.One&protExec != 0 && b.Zero&protWrite != 0 }):
		strength := Consistent
		if sure(prot, protExec) == Proves { // who wrote to the memory before is not known
			strength = Suggests
		}
		i.at(s, UnsignedMemory, strength, "calls %s to make memory executable", name(s))
	case mayHave(prot, protExec):
		i.unclear(s, "a protection that is not known")
	case s.Partial:
		i.unclear(s, otherProtection)
	}
}

// isOwnCode reports whether an address is surely in code that comes from the file. In a
// library code begins at zero, which is also what no address is.
func (i *image) isOwnCode(addr calls.Value) bool {
	return len(addr) > 0 && !slices.ContainsFunc(addr, func(b calls.Bits) bool {
		v, ok := b.Exact(64)
		return !ok || v == 0 || !i.isCode(v)
	})
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
		case macho.IsSystem(path):
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
		case "mprotect", "vm_protect", "mach_vm_protect", "vm_map", "mach_vm_map", "syscall":
			i.at(s, UnsignedMemory, Consistent, "looks up %s", name)
		case "ptrace":
			i.at(s, Debugger, Consistent, "looks up ptrace")
		}
	}
	if !known {
		i.gap([]Need{MapJIT, UnsignedMemory, PageProtection, Debugger}, "functions are looked up with dlsym by names that are known only when it runs")
	}
}

// ownPath is the function that tells a program where it is (<mach-o/dyld.h>).
const ownPath = "__NSGetExecutablePath"

func (i *image) setenv(p calls.Program, s calls.Site) {
	names, _ := text(p, s.Args[0])
	for _, name := range names {
		// It is for what is started next, which may be another program.
		if variable, _, _ := strings.Cut(name, "="); strings.HasPrefix(variable, "DYLD_") {
			strength, text := Consistent, "sets %s for what it starts"
			if _, ok := slices.BinarySearch(i.Imports, ownPath); ok {
				strength, text = Suggests, "sets %s for what it starts, and asks for its own path, as programs do that start themselves again"
			}
			i.at(s, DyldEnvironment, strength, text, printable(variable))
		}
	}
}
