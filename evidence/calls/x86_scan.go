package calls

import (
	"encoding/binary"
	"math/bits"
)

// A sieveX86 lists where what may be calls and jumps of 32 bits leads that leads to code, and marks the
// byte before a displacement to slots that may be relative to rip (ModRM, whose opcode comes before
// it) and the second of 0f 05, whether an instruction begins there or not. Jumps of 8 bits are
// not looked for: linkers bind calls between functions by 32 bits. The key of a place is the low half
// of its address.
type sieveX86 struct {
	calls, slots, code highBytes
	end                uint32 // the key of where a call at the first place ends
}

// longX86 is what is behind a place, and the place itself: an opcode and a displacement, and one more.
const longX86 = 6

// highBytes are the two high bytes of displacements: of the top one what it is no more than
// tops above top, modulo 256, and the same of the next.
type highBytes struct{ top, tops, next, nexts uint8 }

// highX86 returns those of the displacements from one up to another, and perhaps of some more.
func highX86(from, to int64) highBytes {
	from, to = max(from, -1<<31)>>16, min(to, 1<<31-1)>>16
	h := highBytes{top: uint8(from >> 8), nexts: 0xff}
	switch {
	case from > to: // there are none
		h.nexts = 0
	case from>>8 == to>>8:
		h.next, h.nexts = uint8(from), uint8(to-from)
	default:
		h.tops = uint8(to>>8 - from>>8)
	}
	return h
}

// has reports whether a displacement is one of them, as far as its two high bytes tell.
func (h highBytes) has(displacement uint32) bool {
	return h.hasTop(displacement) && uint8(displacement>>16)-h.next <= h.nexts
}

func (h highBytes) hasTop(displacement uint32) bool {
	return uint8(displacement>>24)-h.top <= h.tops
}

// sieveX86 returns the sieve for n places of code.
func (t *targets) sieveX86(at uint64, n int) sieveX86 {
	between := func(lo, hi uint64) highBytes { return highX86(int64(lo-at)-int64(n+longX86), int64(hi-at)) }
	lo, hi := t.codeLo, t.codeHi
	if len(t.calls.all) > 0 {
		lo, hi = min(lo, t.calls.lo), max(hi, t.calls.hi)
	}
	return sieveX86{
		calls: between(t.calls.lo, t.calls.hi), slots: between(t.pointers.lo, t.pointers.hi), code: between(lo, hi),
		end: keyX86(at + 5),
	}
}

func keyX86(addr uint64) uint32 { return uint32(addr) }

// sift looks at the first n places of code. Bytes before it and behind its end have no value.
func (s sieveX86) sift(to *sifted, code []byte, n int) {
	i := s.narrow(to, code, 0, min(n, 32)) // before the first there is no byte to be read
	if hasWide {
		i = s.wide(to, code, i, n)
	} else {
		i = s.lanes(to, code, i, n)
	}
	s.narrow(to, code, i, n)
}

// narrow looks at the places from one up to another.
func (s *sieveX86) narrow(to *sifted, code []byte, i, n int) (done int) {
	for ; i < n; i++ {
		s.place(to, code, i)
	}
	return i
}

// lanes looks at the places from i up to n in lanes of 16 bits, which hold the two high bytes of
// displacements, and returns how far it came. It leaves out jumps that lead to no target:
// to look at each takes longer than to read the code once more.
//
// A number is in a range if the top bit of its lane is zero in (number+add)&low + rest, where
// rest is what is missing from the last of the range to the top bit. The first sum may carry 1
// into the next lane, for which the range has room. Loops are over parts of an array, for which
// the compiler leaves out checks of bounds, and call what it inlines.
func (s *sieveX86) lanes(to *sifted, code []byte, i, n int) (done int) {
	call, callRest := s.calls.lanes()
	slot, slotRest := s.slots.lanes()
	const system = 0x050f * lanes16
	for ; i+64 <= n && i+64+13 <= len(code); i += 64 {
		to.partial = true
		b := (*[1 + 64 + 13]byte)(code[i-1:])
		word := func(k int) uint64 { return binary.LittleEndian.Uint64(b[k:]) }
		for k := 0; k < 64; k += 16 {
			// Of every other place the displacement is in these lanes, from the first and from the second on.
			even := far16(word(k+4), call, callRest, slot, slotRest) & differ16(word(k), system)
			odd := far16(word(k+5), call, callRest, slot, slotRest) & differ16(word(k+1), system)
			even8 := far16(word(k+12), call, callRest, slot, slotRest) & differ16(word(k+8), system)
			odd8 := far16(word(k+13), call, callRest, slot, slotRest) & differ16(word(k+9), system)
			if even&odd&even8&odd8&top16 == top16 {
				continue
			}
			// Of each byte the top bit for one of the first eight places, and the one below for the others.
			found := ^even&top16>>8 | ^odd&top16 | ^even8&top16>>9 | ^odd8&top16>>1
			for ; found != 0; found &= found - 1 {
				bit := bits.TrailingZeros64(found)
				s.place(to, code, i+k+bit/8+8*(1-bit%2))
			}
		}
	}
	return i
}

const (
	lanes16 = 0x0001000100010001
	low16   = 0x7fff * lanes16
	top16   = 0x8000 * lanes16
)

// far16 leaves the top bits of lanes whose numbers are in none of two ranges.
func far16(x, call, callRest, slot, slotRest uint64) uint64 {
	return ((x+call)&low16 + callRest) & ((x+slot)&low16 + slotRest)
}

// differ16 leaves the top bits of lanes that differ.
func differ16(x, y uint64) uint64 { return (x^y)&low16 + low16 | (x ^ y) }

// lanes returns add and rest of a range.
func (h highBytes) lanes() (add, rest uint64) {
	const low = 1<<15 - 1
	from, width := uint64(h.top)<<8|uint64(h.next), uint64(h.tops)<<8|uint64(h.nexts)
	return -from & low * lanes16, (low - min(width+1, low)) * lanes16
}

// place looks at the place i.
func (s *sieveX86) place(to *sifted, code []byte, i int) {
	b := code[i]
	escaped := i > 0 && code[i-1] == 0x0f
	if escaped && b == 0x05 {
		to.others.add(i)
	}
	if i+5 > len(code) {
		return
	}
	displacement := binary.LittleEndian.Uint32(code[i+1:])
	if b&0xc7 == 0x05 && s.slots.has(displacement) {
		to.others.add(i)
	}
	if b&0xfe != 0xe8 && (!escaped || b&0xf0 != 0x80) {
		return
	}
	if s.code.hasTop(displacement) {
		to.jump(s.end + uint32(i) + displacement)
	}
}

// scanX86 looks at calls of targets, instructions that are relative to rip, and syscall.
func scanX86(p *pass, pc uint64, code []byte, from, n int) {
	n = min(n+1, len(code)-from) // and an opcode of which only the last byte is in the next block
	before := p.n
	p.sieveX86(pc+uint64(from), n).sift(&p.sifted, code[from:], n)
	if p.jumpsToTarget(before) {
		for i := from; i < from+n && i+5 <= len(code); i++ {
			target := pc + uint64(i+5) + uint64(int64(int32(binary.LittleEndian.Uint32(code[i+1:]))))
			switch {
			case code[i]&0xfe == 0xe8: // call, jmp
				p.call(pc+uint64(i), target)
			case code[i]&0xf0 == 0x80 && i > 0 && code[i-1] == 0x0f: // jcc
				p.call(pc+uint64(i-1), target)
			}
		}
	}
	p.others.each(func(i int) {
		// Without the byte before, it is one of the chunk before, whose lookahead has all of it.
		if i += from; i > 0 {
			p.relativeX86(pc, code, i)
			p.syscallX86(pc, code, i-1)
		}
	})
}

// relativeX86 looks at the instruction whose ModRM at i may be that of [rip+disp32].
func (p *pass) relativeX86(pc uint64, code []byte, i int) {
	if i+5 > len(code) || code[i]&0xc7 != 0x05 {
		return
	}
	target := pc + uint64(i+5) + uint64(int64(int32(binary.LittleEndian.Uint32(code[i+1:]))))
	switch op, modrm := code[i-1], code[i]; {
	case op == 0xff && (modrm == 0x15 || modrm == 0x25), // call, jmp [rip+disp32]
		op == 0x8b, op == 0x8d: // mov, lea
		p.pointer(pc+uint64(i-1), target)
	}
}

// syscallReach is how far before a system call its number is looked for.
const syscallReach = 256

// syscallX86 looks at 0f 05 with the number of a system call not far before: the two bytes
// alone are in every other function.
func (p *pass) syscallX86(pc uint64, code []byte, i int) {
	if i+2 > len(code) || code[i] != 0x0f || code[i+1] != 0x05 || !p.syscalls {
		return
	}
	for j := i - 4; j >= max(i-syscallReach, -4); j-- {
		if j < 0 { // it may be in the chunk before
			p.add(reference{at: pc + uint64(i)})
			break
		}
		if _, ok := systemCallX86(binary.LittleEndian.Uint32(code[j:])); ok {
			p.add(reference{at: pc + uint64(i)})
			break
		}
	}
}
