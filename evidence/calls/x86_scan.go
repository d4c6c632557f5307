package calls

import "encoding/binary"

// scanX86 takes the four bytes at each place for a displacement, and looks at what
// is before them only when it leads to where targets are: that is rare, where the
// opcodes of calls are every thirtieth byte, so that a branch on them would mostly
// be guessed wrong.
func scanX86(t *targets, pc uint64, code []byte, limit int) {
	lo, hi := t.callLo, t.callHi
	if len(t.pointers) > 0 {
		lo, hi = min(lo, t.slotLo), max(hi, t.slotHi)
		if len(t.calls) == 0 {
			lo, hi = t.slotLo, t.slotHi
		}
	}
	span := uint32(min(hi-lo, 1<<32-1))
	limit = min(limit, len(code))
	from := uint32(pc) + 4 - uint32(lo) // what leads from a displacement's place to its target, from the first
	i := 0
	for ; i < limit; i += 8 {
		if i = nextX86(code[:min(len(code), limit+8)], i, from, span); i+16 > len(code) || i >= limit {
			break
		}
		for k := i; k < i+8; k++ {
			if binary.LittleEndian.Uint32(code[k:])+from+uint32(k) <= span {
				t.displacement(pc, code, k)
			}
		}
		t.syscallsX86(pc, code, i, min(i+8, limit))
	}
	for ; i < limit; i++ {
		if i+4 <= len(code) {
			t.displacement(pc, code, i)
		}
		t.syscallsX86(pc, code, i, i+1)
	}
}

// nextX86 returns the first of the places i, i+8 and so on of which the eight bytes
// have a displacement to the targets, or 0f 05; or one less than 16 before the end.
func nextX86(code []byte, i int, from, span uint32) int {
	// Pairs of bytes that are 0f 05 are zero in a lane of 16 bits.
	const low, high, syscall = 0x0001000100010001, 0x8000800080008000, 0x050f050f050f050f
	for from += uint32(i); i+16 <= len(code); i, from = i+8, from+8 {
		v, u := binary.LittleEndian.Uint64(code[i:]), binary.LittleEndian.Uint64(code[i+4:])
		if uint32(v)+from <= span || uint32(v>>8)+from+1 <= span ||
			uint32(v>>16)+from+2 <= span || uint32(v>>24)+from+3 <= span ||
			uint32(u)+from+4 <= span || uint32(u>>8)+from+5 <= span ||
			uint32(u>>16)+from+6 <= span || uint32(u>>24)+from+7 <= span {
			return i
		}
		even, odd := v^syscall, (v>>8|u<<24)^syscall
		if ((even-low)&^even|(odd-low)&^odd)&high != 0 {
			return i
		}
	}
	return i
}

// displacement looks at the instruction whose last four bytes are at i.
func (t *targets) displacement(pc uint64, code []byte, i int) {
	at := pc + uint64(i)
	target := at + 4 + uint64(int64(int32(binary.LittleEndian.Uint32(code[i:]))))
	if i < 2 {
		// The opcode is in the chunk before, whose lookahead has this displacement.
		if i == 1 && code[0]&0xfe == 0xe8 {
			t.call(at-1, target)
		}
		return
	}
	op, modrm := code[i-2], code[i-1]
	if modrm&0xfe == 0xe8 { // call, jmp rel32
		t.call(at-1, target)
	}
	if modrm&0xc7 != 0x05 {
		return
	}
	switch {
	case op == 0xff && (modrm == 0x15 || modrm == 0x25): // call, jmp [rip+disp32]
		t.address(at-2, target, true)
	case op == 0x8b: // mov
		t.address(at-2, target, true)
	case op == 0x8d: // lea
		t.address(at-2, target, false)
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
