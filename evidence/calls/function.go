package calls

import "slices"

// A function is code that is interpreted as a whole.
type function struct {
	start  uint64
	code   []byte
	params []Value // what is passed to it; nil: the parameters stay symbols
	window bool    // start is not the start of a function, but a place before a call
	part   bool    // there is more of the function

	want     map[uint64]bool // addresses at which what arguments can be is to be known
	indirect bool            // and at what calls or jumps through a register
}

// containing returns the function around an address, as the code to interpret.
func (f *finder) containing(addr uint64) (function, bool) {
	i := slices.IndexFunc(f.text, func(s Section) bool { return s.has(addr, 1) })
	if i < 0 {
		return function{}, false
	}
	section := f.text[i]
	fn := function{start: section.Addr}
	end := section.Addr + section.Size // may be 0, the end of the address space
	n, found := slices.BinarySearch(f.starts, addr)
	if !found {
		n--
	}
	known := n >= 0 && f.starts[n] >= section.Addr
	if known {
		fn.start = f.starts[n]
		for n++; n < len(f.starts) && f.starts[n] == fn.start; n++ {
		}
		if n < len(f.starts) && f.starts[n]-section.Addr < section.Size {
			end = f.starts[n]
		}
	} else {
		fn.start, end, fn.window = f.guess(section, addr)
		fn.part = fn.window
	}
	if size := end - fn.start; size > maxFunction {
		fn.part = true
		if addr-fn.start >= maxFunction-maxGuess {
			fn.start, fn.window = f.resync(fn.start, addr), true
		}
		end = fn.start + min(end-fn.start, maxFunction)
	}
	fn.code = make([]byte, end-fn.start)
	if f.read(fn.start, fn.code) != nil {
		return function{}, false
	}
	return fn, true
}

// guess looks for what seems to be the start of the function around addr, and of the next.
func (f *finder) guess(s Section, addr uint64) (start, end uint64, window bool) {
	first := addr - min(maxGuess, addr-s.Addr)
	first += (addr - first) % uint64(f.arch.align)
	size := addr - first + min(maxGuess, s.Size-(addr-s.Addr))
	code := make([]byte, size)
	if f.read(first, code) != nil {
		return addr, addr, true
	}
	at := int(addr - first)
	start, end, window = f.resync(first, addr), first+size, true
	for i := at; i >= 0; i -= f.arch.align {
		if f.arch.prologue(code, i) {
			start, window = first+uint64(i), false
			break
		}
	}
	for i := at + f.arch.align; i < len(code); i += f.arch.align {
		if f.arch.prologue(code, i) {
			end = first + uint64(i)
			break
		}
	}
	return start, end, window
}

// resync returns an address before addr at which an instruction begins, at most
// half of maxFunction away.
func (f *finder) resync(from, addr uint64) uint64 {
	const half = maxFunction / 2
	if addr-from > half {
		from = addr - half
	}
	return from + (addr-from)%uint64(f.arch.align)
}
