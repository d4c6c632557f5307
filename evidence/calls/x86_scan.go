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
	slots, code highBytes
	end         uint32 // the key of where a call at the first place ends
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
		slots: between(t.pointers.lo, t.pointers.hi), code: between(lo, hi),
		end: keyX86(at + 5),
	}
}

func keyX86(addr uint64) uint32 { return uint32(addr) }

// sift looks at the first n places of code. Bytes before it and behind its end have no value.
func (s sieveX86) sift(to *sifted, code []byte, n int) {
	i := s.narrow(to, code, 0, min(n, 32)) // before the first there is no byte to be read
	s.narrow(to, code, s.wide(to, code, i, n), n)
}

// narrow looks at the places from one up to another, eight at a time as far as it goes.
func (s *sieveX86) narrow(to *sifted, code []byte, i, n int) (done int) {
	for ; i+8 <= n && i+8+longX86 <= len(code) && i > 0; i += 8 {
		x, y := binary.LittleEndian.Uint64(code[i:]), binary.LittleEndian.Uint64(code[i-1:])
		found := zeros(x&(0xfe*bytesOf1)^0xe8*bytesOf1) | zeros(x&(0xc7*bytesOf1)^0x05*bytesOf1) |
			zeros(y^0x0f*bytesOf1)&zeros(x&(0xf0*bytesOf1)^0x80*bytesOf1)
		for ; found != 0; found &= found - 1 {
			s.place(to, code, i+bits.TrailingZeros64(found)/8)
		}
	}
	for ; i < n; i++ {
		s.place(to, code, i)
	}
	return i
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

const bytesOf1 = 0x0101010101010101

// zeros returns the top bit of each byte that is zero.
func zeros(x uint64) uint64 {
	const low = 0x7f * bytesOf1
	return ^(x&low + low | x | low)
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
