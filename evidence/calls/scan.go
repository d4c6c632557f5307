package calls

import (
	"cmp"
	"math"
	"slices"
)

// chunk is how much code is read at a time, and lookahead what is read past it.
const (
	chunk     = 1 << 20
	lookahead = 64
)

// A reference is an instruction at at that calls target, loads the pointer at it,
// takes its address, or is a system call.
type reference struct {
	at, target uint64
	taken      bool
}

// targets are what a pass over the code looks for.
type targets struct {
	calls    map[uint64]bool // addresses that are jumped to or called
	pointers map[uint64]bool // addresses that are loaded from
	taken    bool            // also where the address of one of calls is taken
	syscalls bool

	callLo, callHi uint64
	slotLo, slotHi uint64
	filter         [1024]uint64 // bit for each of calls, by its low bits, before the map is asked

	found []reference
	full  bool
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
	slots := t.pointers
	if t.taken {
		slots = t.calls
	}
	t.slotLo, t.slotHi = bound(slots)
	for a := range t.calls {
		t.filter[a>>6&1023] |= 1 << (a & 63)
	}
}

func (t *targets) isCall(addr uint64) bool {
	return t.filter[addr>>6&1023]>>(addr&63)&1 != 0 && t.calls[addr]
}

func (t *targets) add(r reference) {
	if len(t.found) >= maxReferences {
		t.full = true
		return
	}
	t.found = append(t.found, r)
}

func (t *targets) call(at, target uint64) {
	if t.isCall(target) {
		t.add(reference{at: at, target: target})
	}
}

// address is an instruction that loads from or makes an address.
func (t *targets) address(at, addr uint64, load bool) {
	if t.pointers[addr] {
		t.add(reference{at: at, target: addr})
	} else if t.taken && !load && t.isCall(addr) {
		t.add(reference{at: at, target: addr, taken: true})
	}
}

// scan reads all text once and returns what refers to the targets, by address.
func (f *finder) scan(t *targets) ([]reference, error) {
	t.prepare()
	buf := make([]byte, chunk+lookahead)
	for _, s := range f.text {
		for done := uint64(0); done < s.Size; done += chunk {
			if err := f.ctx.Err(); err != nil {
				return nil, err
			}
			b := buf[:min(uint64(len(buf)), s.Size-done)]
			if f.p.Read(s.Addr+done, b) != nil {
				f.gap("code at %#x could not be read", s.Addr+done)
				break
			}
			f.arch.scan(t, s.Addr+done, b, min(len(b), chunk))
		}
	}
	if t.full {
		f.gap("more than %d calls: the others were left out", maxReferences)
	}
	slices.SortFunc(t.found, func(a, b reference) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.target, b.target))
	})
	return slices.Compact(t.found), nil
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
	found, err := f.scan(t)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(r reference) bool { return f.inStub(r.at) }), nil
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
