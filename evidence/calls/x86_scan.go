package calls

import (
	"encoding/binary"
	"math/bits"
)

// scanX86 looks at each place that may hold the last byte of an opcode before a
// displacement that may lead to a target, and at system calls, whether an instruction begins
// there or not. Jumps of 8 bits are not looked for: linkers bind calls between functions by
// 32 bits.
func scanX86(p *pass, pc uint64, code []byte, from, n int) {
	n = min(n+1, len(code)-from) // and an opcode of two bytes that ends in the next block
	for i, m := range p.marksX86(pc+uint64(from), code[from:], n) {
		for ; m != 0; m &= m - 1 {
			k := from + i*64 + bits.TrailingZeros64(m)
			p.displacement(pc, code, k+1)
			p.syscallX86(pc, code, k)
		}
	}
}

// marksX86 marks those of the first n places of code that may be of interest: the byte
// before a displacement to the targets, as far as its two high bytes tell, or 0f 05. The
// opcodes of calls and jumps, e8, e9 and 8x, have the top bit; ModRM of [rip+disp32] has
// not, and ends in 101.
func (t *targets) marksX86(at uint64, code []byte, n int) (m byteMarks) {
	calls := highX86(len(t.calls) > 0, t.callLo-at, t.callHi-at, n)
	slots := highX86(len(t.pointers) > 0, t.slotLo-at, t.slotHi-at, n)
	if !hasWide {
		t.markX86(&m, calls, slots, at, code, n)
		return m
	}
	calls.mark(&m, 0x80, 0x80, code, n)
	slots.mark(&m, 0x47, 0x05, code, n)
	if t.syscalls {
		byteSieve{second: 1, third: 1, mask: [3]byte{0xff, 0xff}, value: [3]byte{0x0f, 0x05}}.mark(&m, code, n)
	}
	return m
}

// A highBytes has the two high bytes of displacements, from one up to another.
type highBytes struct {
	from, to int64
	any      bool
}

// highX86 returns those that lead from n places to targets from lo up to hi behind the first.
func highX86(any bool, lo, hi uint64, n int) highBytes {
	// What is added to the end of an instruction that is 4 bytes or a little more behind the place.
	from, to := int64(lo-uint64(n)-8), int64(hi-4)
	return highBytes{
		from: max(from, -1<<31) >> 16, to: min(to, 1<<31-1) >> 16,
		any: any && to >= -1<<31 && from < 1<<31,
	}
}

// mark marks the places before such a displacement whose byte has a value under a mask.
func (r highBytes) mark(m *byteMarks, mask, value byte, code []byte, n int) {
	if !r.any {
		return
	}
	eachHigh(r.from, r.to, func(v, fixed uint16) {
		byteSieve{
			second: 3, third: 4,
			mask: [3]byte{mask, byte(fixed), byte(fixed >> 8)}, value: [3]byte{value, byte(v), byte(v >> 8)},
		}.mark(m, code, n)
	})
}

// eachHigh gives the numbers from a to b, each with all bits fixed, or of more than three the
// bits that they share.
func eachHigh(a, b int64, yield func(v, fixed uint16)) {
	if b-a > 2 {
		shared := uint16(0xffff)
		for ; uint16(a^b)&shared != 0; shared <<= 1 {
		}
		yield(uint16(a)&shared, shared)
		return
	}
	for ; a <= b; a++ {
		yield(uint16(a), 0xffff)
	}
}

// displacement looks at the instruction whose last four bytes are at i.
func (p *pass) displacement(pc uint64, code []byte, i int) {
	if i+4 > len(code) {
		return
	}
	at := pc + uint64(i)
	target := at + 4 + uint64(int64(int32(binary.LittleEndian.Uint32(code[i:]))))
	if target-p.callLo > p.callHi-p.callLo && target-p.slotLo > p.slotHi-p.slotLo || i < 1 {
		return
	}
	modrm := code[i-1]
	if modrm&0xfe == 0xe8 { // call, jmp rel32
		p.call(at-1, target)
	}
	if i < 2 {
		// The opcode is in the chunk before, whose lookahead has this displacement.
		return
	}
	op := code[i-2]
	if op == 0x0f && modrm&0xf0 == 0x80 { // jcc rel32
		p.call(at-2, target)
	}
	if modrm&0xc7 != 0x05 {
		return
	}
	switch {
	case op == 0xff && (modrm == 0x15 || modrm == 0x25), // call, jmp [rip+disp32]
		op == 0x8b, op == 0x8d: // mov, lea
		p.pointer(at-2, target)
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
