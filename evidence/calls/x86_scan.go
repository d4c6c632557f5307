package calls

import (
	"encoding/binary"
	"math/bits"
)

// scanX86 looks at eight places at a time for the last byte of an opcode before a
// displacement that may lead to a target: that is rare, where the opcodes of calls are
// every thirtieth byte, so that a branch on them would mostly be guessed wrong. Jumps of
// 8 bits are not looked for: linkers bind calls between functions by 32 bits.
func scanX86(t *targets, pc uint64, code []byte, limit int) {
	limit = min(limit+1, len(code)) // and an opcode of two bytes that ends in the next chunk
	const block = 4 << 10           // in which distances to the targets have most of their high bits in common
	for at := 0; at < limit; at += block {
		end := min(at+block, limit)
		s := t.sieveX86(pc+uint64(at), uint64(end-at))
		part := code[:min(len(code), end+8)]
		i, places := at, uint64(0)
		for ; ; i += 8 {
			if i, places = s.next(part, i); i+16 > len(part) {
				break
			}
			for ; places != 0; places &= places - 1 {
				k := i + bits.TrailingZeros64(places)/8
				t.displacement(pc, code, k+1)
				t.syscallsX86(pc, code, k, k+1)
			}
		}
		for ; i < end; i++ {
			t.displacement(pc, code, i+1)
			t.syscallsX86(pc, code, i, i+1)
		}
	}
}

// A sieveX86 lets through the places of a block of code that may hold an opcode before a
// displacement to the targets: what the two high bytes of those have in common is
// compared, without the top bits, and the byte before.
type sieveX86 struct {
	low, lowMask, high, highMask         uint64 // of calls
	slotLow, slotLowMask, slotHigh, slot uint64 // of pointers
}

const (
	bytesOf1 = 0x0101010101010101
	bytesTop = 0x80 * bytesOf1
)

func (t *targets) sieveX86(at, size uint64) (s sieveX86) {
	s.low, s.lowMask, s.high, s.highMask = shared(t.callLo-at-size-8, t.callHi-at-4, len(t.calls) > 0)
	s.slotLow, s.slotLowMask, s.slotHigh, s.slot = shared(t.slotLo-at-size-8, t.slotHi-at-4, len(t.pointers) > 0)
	return s
}

// shared returns the bits of the third and fourth byte that all displacements from lo to hi share.
func shared(lo, hi uint64, any bool) (low, lowMask, high, highMask uint64) {
	a, b := int64(lo), int64(hi)
	if !any || b < -1<<31 || a >= 1<<31 {
		return bytesOf1, 0, 0, 0 // never zero
	}
	a, b = max(a, -1<<31)>>16, min(b, 1<<31-1)>>16
	m := uint64(0xffff)
	for ; (uint64(a)^uint64(b))&m != 0; m = m << 1 & 0xffff {
	}
	m &= 0x7f7f
	v := uint64(a) & m
	return v & 0xff * bytesOf1, m & 0xff * bytesOf1, v >> 8 * bytesOf1, m >> 8 * bytesOf1
}

// next returns the first of the places i, i+8 and so on of which the eight bytes may have
// such an opcode, or 0f 05, and top bits for which of them; or one less than 16 before the
// end. Subtracting 1 sets the top bit of a byte that is zero. The opcodes of calls and
// jumps, e8, e9 and 8x, have that bit themselves; ModRM of [rip+disp32] has not, and ends
// in 101.
func (s sieveX86) next(code []byte, i int) (at int, places uint64) {
	for ; i+16 <= len(code); i += 8 {
		b := code[i : i+16]
		op, after := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[1:])
		third, fourth := binary.LittleEndian.Uint64(b[3:]), binary.LittleEndian.Uint64(b[4:])
		call := third&s.lowMask ^ s.low | fourth&s.highMask ^ s.high
		slot := third&s.slotLowMask ^ s.slotLow | fourth&s.slot ^ s.slotHigh
		pointer := op&(0x47*bytesOf1) ^ 0x05*bytesOf1 | slot
		system := op ^ 0x0f*bytesOf1 | after ^ 0x05*bytesOf1
		found := (call-bytesOf1)&op | (pointer-bytesOf1)&^op | (system-bytesOf1)&^system
		if found &= bytesTop; found != 0 {
			return i, found
		}
	}
	return i, 0
}

// displacement looks at the instruction whose last four bytes are at i.
func (t *targets) displacement(pc uint64, code []byte, i int) {
	if i+4 > len(code) {
		return
	}
	at := pc + uint64(i)
	target := at + 4 + uint64(int64(int32(binary.LittleEndian.Uint32(code[i:]))))
	if target-t.callLo > t.callHi-t.callLo && target-t.slotLo > t.slotHi-t.slotLo || i < 1 {
		return
	}
	modrm := code[i-1]
	if modrm&0xfe == 0xe8 { // call, jmp rel32
		t.call(at-1, target)
	}
	if i < 2 {
		// The opcode is in the chunk before, whose lookahead has this displacement.
		return
	}
	op := code[i-2]
	if op == 0x0f && modrm&0xf0 == 0x80 { // jcc rel32
		t.call(at-2, target)
	}
	if modrm&0xc7 != 0x05 {
		return
	}
	switch {
	case op == 0xff && (modrm == 0x15 || modrm == 0x25), // call, jmp [rip+disp32]
		op == 0x8b, op == 0x8d: // mov, lea
		t.pointer(at-2, target)
	}
}

// syscallReach is how far before a system call its number is looked for.
const syscallReach = 256

// syscallsX86 looks for 0f 05 with the number of a system call not far before:
// the two bytes alone are in every other function.
func (t *targets) syscallsX86(pc uint64, code []byte, from, to int) {
	for i := from; i < to && i+2 <= len(code) && t.syscalls; i++ {
		if code[i] != 0x0f || code[i+1] != 0x05 {
			continue
		}
		for j := i - 4; j >= max(i-syscallReach, -4); j-- {
			if j < 0 { // it may be in the chunk before
				t.add(reference{at: pc + uint64(i)})
				break
			}
			if _, ok := systemCallX86(binary.LittleEndian.Uint32(code[j:])); ok {
				t.add(reference{at: pc + uint64(i)})
				break
			}
		}
	}
}
