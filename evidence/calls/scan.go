package calls

import (
	"cmp"
	"math"
	"slices"
)

// chunk is how much code is read at a time, and lookahead what is read past it.
const (
	chunk     = 256 << 10
	lookahead = 64
)

// A reference is an instruction at at that calls target, loads the pointer at it,
// takes its address, or is a system call.
type reference struct {
	at, target uint64
	taken      bool
}

// references are what a pass over the code found.
type references struct {
	found []reference
	full  bool
}

func (l *references) add(r reference) {
	if len(l.found) >= maxReferences {
		l.full = true
		return
	}
	l.found = append(l.found, r)
}

// sorted returns them by address, each once.
func (f *finder) sorted(l *references) []reference {
	if l.full {
		f.gap("more than %d calls: the others were left out", maxReferences)
	}
	slices.SortFunc(l.found, func(a, b reference) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.target, b.target))
	})
	return slices.Compact(l.found)
}

// targets are imported functions, which a pass over the code looks for.
type targets struct {
	calls    map[uint64]bool // addresses of stubs, that are jumped to or called
	pointers map[uint64]bool // addresses that are loaded from
	syscalls bool

	callLo, callHi uint64
	slotLo, slotHi uint64

	references
}

func (t *targets) prepare() {
	bound := func(m map[uint64]bool) (lo, hi uint64) {
		lo = math.MaxUint64
		for a := range m {
			lo, hi = min(lo, a), max(hi, a)
		}
		if len(m) == 0 {
			return 0, 0
		}
		return lo, hi
	}
	t.callLo, t.callHi = bound(t.calls)
	t.slotLo, t.slotHi = bound(t.pointers)
}

func (t *targets) call(at, target uint64) {
	if t.calls[target] {
		t.add(reference{at: at, target: target})
	}
}

// pointer is an instruction that loads from an address, or makes it to do so.
func (t *targets) pointer(at, addr uint64) {
	if t.pointers[addr] {
		t.add(reference{at: at, target: addr})
	}
}

// eachChunk reads all text once. Of the code that it gives, some past limit is of the next chunk.
func (f *finder) eachChunk(look func(pc uint64, code []byte, limit int)) error {
	if f.buf == nil {
		most := uint64(0)
		for _, s := range f.text {
			most = max(most, s.Size)
		}
		f.buf = make([]byte, min(most, chunk+lookahead))
	}
	for _, s := range f.text {
		for done := uint64(0); done < s.Size; done += chunk {
			if err := f.ctx.Err(); err != nil {
				return err
			}
			b := f.buf[:min(uint64(len(f.buf)), s.Size-done)]
			if f.p.Read(s.Addr+done, b) != nil {
				f.gap("code at %#x could not be read", s.Addr+done)
				break
			}
			look(s.Addr+done, b, min(len(b), chunk))
		}
	}
	return nil
}

// scanImports finds what refers to wanted symbols.
func (f *finder) scanImports() ([]reference, error) {
	t := &targets{calls: map[uint64]bool{}, pointers: map[uint64]bool{}, syscalls: len(f.wanted) > 0}
	for addr, symbol := range f.p.Stubs {
		if f.isWanted(symbol) {
			t.calls[addr] = true
		}
	}
	for addr, symbol := range f.p.Pointers {
		if f.isWanted(symbol) {
			t.pointers[addr] = true
		}
	}
	t.prepare()
	if err := f.eachChunk(func(pc uint64, code []byte, limit int) { f.arch.scan(t, pc, code, limit) }); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(f.sorted(&t.references), func(r reference) bool { return f.inStub(r.at) }), nil
}

// inStub reports whether an instruction belongs to a stub: adrp, ldr or add, br
// on arm64, with braa a word more; one jmp on x86-64.
func (f *finder) inStub(at uint64) bool {
	for back := uint64(0); back < 16; back += uint64(f.arch.align) {
		if _, ok := f.p.Stubs[at-back]; ok {
			return true
		}
		if f.arch.align == 1 {
			break
		}
	}
	return false
}
