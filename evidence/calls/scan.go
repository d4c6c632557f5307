package calls

import (
	"cmp"
	"context"
	"slices"
	"sync"
)

// chunk is how much code is read at a time, lookahead what is read past it, and lookbehind
// what is read before the last bytes of one. Chunks begin at addresses that chunk divides.
const (
	chunk      = 256 << 10
	lookahead  = 64
	lookbehind = syscallReach
	seam       = lookahead + 3 // at the end of a chunk, with the rest of a word of arm64
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

// branchReach is a little less than the 128 MiB that b and bl of arm64 reach. Linkers have
// longer code call a thunk on the way, which makes the address of the stub and jumps there
// (lld/MachO/ConcatOutputSection.cpp).
const branchReach = 120 << 20

// targets are what the pass over the code looks for.
type targets struct {
	calls    addresses // of functions or stubs, that are jumped to or called
	keys     addresses // of these ([arch.key])
	pointers addresses // that are loaded from
	pages    addresses // of 4 KiB in which these are
	syscalls bool

	codeLo, codeHi uint64 // the first and the last address of all code
}

func (f *finder) targets() *targets {
	t := &targets{}
	if n := len(f.text); n > 0 {
		t.codeLo, t.codeHi = f.text[0].Addr, f.text[n-1].Addr+f.text[n-1].Size-1
	}
	return t
}

// imported are the targets that are stubs and pointers of wanted functions.
func (f *finder) imported() *targets {
	t := f.targets()
	t.syscalls = len(f.wanted) > 0
	far := f.arch == arm64 && t.codeHi-t.codeLo > branchReach
	for addr, symbol := range f.p.Stubs {
		if f.isWanted(symbol) {
			t.call(f.arch, addr)
			if far { // The linker has made its address where a branch does not reach.
				t.pointer(addr)
			}
		}
	}
	for addr, symbol := range f.p.Pointers {
		if f.isWanted(symbol) {
			t.pointer(addr)
		}
	}
	return t
}

func (t *targets) call(a *arch, addr uint64) {
	t.calls.add(addr)
	t.keys.add(uint64(a.key(addr)))
}

func (t *targets) pointer(addr uint64) {
	t.pointers.add(addr)
	t.pages.add(addr &^ 0xfff)
}

// A pass is what one goroutine found in some code.
type pass struct {
	*targets
	references
	sifted
}

// jumpsToTarget reports whether one of the jumps that are listed from a place on may be to a target.
func (p *pass) jumpsToTarget(from int) bool {
	for _, key := range p.jumps[from:p.n] {
		if p.keys.has(uint64(key)) {
			return true
		}
	}
	return false
}

// call is an instruction that calls or jumps to what may be one of calls.
func (p *pass) call(at, target uint64) {
	if p.calls.has(target) {
		p.add(reference{at: at, target: target})
	}
}

// pointer is an instruction that loads from an address, or makes it to do so.
func (p *pass) pointer(at, addr uint64) {
	if p.pointers.has(addr) {
		p.add(reference{at: at, target: addr, taken: p.calls.has(addr)})
	}
}

// A Scan looks at the code of a program for what refers to wanted symbols, in whatever order
// the code comes.
type Scan struct {
	f       *finder
	targets *targets

	mu   sync.Mutex
	seen [][]bool // chunks of each section of f.text that were looked at, but for their last bytes
	references

	jumps [][]jumps // of the chunks of each section, nil where none are listed
}

// Look looks at code at an address that was read for another purpose, so that Find need
// not read it. Of use is what has all that a section has between two addresses that 256 KiB
// divide. It may be called by several goroutines at a time, but not after Find.
func (s *Scan) Look(addr uint64, code []byte) {
	for n := range s.f.text {
		s.f.eachChunk(n, func(k int, at, size uint64) error {
			if at < addr || at-addr > uint64(len(code)) || size > uint64(len(code))-(at-addr) || !s.claim(n, k) {
				return nil
			}
			part := code[at-addr:][:size]
			found := s.look(s.targets, s.listOf(n, k), at, part, 0, max(len(part)-lookahead, 0))
			if !s.note(found) {
				return nil
			}
			pieces := s.f.neededAgain(found.found, at, part)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.f.kept.add(pieces)
			return nil
		})
	}
}

// claim reports whether nobody has looked at a chunk, and that somebody does.
func (s *Scan) claim(section, k int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	claimed := !s.seen[section][k]
	s.seen[section][k] = true
	return claimed
}

// passes are kept for the next goroutine, since they are large.
var passes = sync.Pool{New: func() any { return new(pass) }}

// look looks for targets in code, which begins at pc, from an offset up to limit, block by
// block, and lists where it jumps, if there is a list.
func (s *Scan) look(t *targets, list *jumps, pc uint64, code []byte, from, limit int) references {
	p := passes.Get().(*pass)
	defer passes.Put(p)
	p.targets, p.references, p.n, p.partial = t, references{}, 0, false
	for at := from; at < limit; {
		n := min(limit-at, int(sieveBlock-(pc+uint64(at))%sieveBlock))
		p.others = marks{}
		s.f.arch.scan(p, pc, code, at, n)
		p.n = list.ended(pc+uint64(at), p.n, p.partial)
		at += n
	}
	list.add(p.jumps[:p.n])
	return p.references
}

func (s *Scan) merge(l references) {
	for _, r := range l.found {
		s.add(r)
	}
	s.full = s.full || l.full
}

// note notes what was found in a chunk, and reports whether code is kept: not where there is no room, and not where all
// code is read anew (see imports).
func (s *Scan) note(found references) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.merge(found)
	return !s.full && !s.f.kept.full
}

// eachChunk gives the number, the address and the size of each chunk of a section.
func (f *finder) eachChunk(section int, yield func(k int, at, size uint64) error) error {
	t := f.text[section]
	for k, done := 0, uint64(0); done < t.Size; k++ {
		at := t.Addr + done
		size := min(chunk-at%chunk, t.Size-done)
		if err := yield(k, at, size); err != nil {
			return err
		}
		done += size
	}
	return nil
}

// imports looks at the code that was not looked at, and returns what refers to wanted symbols.
func (s *Scan) imports(ctx context.Context) ([]reference, error) {
	if s.full { // Which were left out depends on the order in which code came.
		s.references = references{}
		for n, list := range s.seen {
			clear(list)
			clear(s.jumps[n])
		}
	}
	var buf []byte
	for n, t := range s.f.text {
		if err := s.f.eachChunk(n, func(k int, at, size uint64) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			from := uint64(0)
			if s.seen[n][k] {
				from = size - min(size, seam)
			}
			start := from - min(from, lookbehind)
			b := slices.Grow(buf, int(size-start+lookahead))[:min(size-start+lookahead, t.Size-(at+start-t.Addr))]
			buf = b[:0]
			if s.f.read(at+start, b) != nil {
				s.f.gap("code at %#x could not be read", at)
				return errUnread
			}
			s.merge(s.look(s.targets, s.listOf(n, k), at+start, b, int(from-start), int(size-start)))
			return nil
		}); err != nil && err != errUnread {
			return nil, err
		}
	}
	return slices.DeleteFunc(s.f.sorted(&s.references), func(r reference) bool { return s.f.inStub(r.at) }), nil
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
