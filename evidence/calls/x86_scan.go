package calls

import "encoding/binary"

// scanX86 takes the four bytes at each place for a displacement, and looks at what
// is before them only when it leads to where targets are: that is rare, where the
// opcodes of calls are every thirtieth byte, so that a branch on them would mostly
// be guessed wrong.
func scanX86(t *targets, pc uint64, code []byte, limit int) {
	// What leads from a displacement's place to the first target, and how far it is to the last.
	calls, callSpan := uint32(pc)+4-uint32(t.callLo), uint32(min(t.callHi-t.callLo, 1<<32-1))
	slots, slotSpan := uint32(pc)+4-uint32(t.slotLo), uint32(min(t.slotHi-t.slotLo, 1<<32-1))
	limit = min(limit, len(code))
	i := 0
	for ; i < limit; i += 8 {
		if i = nextX86(code[:min(len(code), limit+8)], i, calls, callSpan, slots, slotSpan); i+16 > len(code) || i >= limit {
			break
		}
		for k := i; k < i+8; k++ {
			if d := binary.LittleEndian.Uint32(code[k:]) + uint32(k); d+calls <= callSpan || d+slots <= slotSpan {
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
func nextX86(code []byte, i int, calls, callSpan, slots, slotSpan uint32) int {
	// Pairs of bytes that are 0f 05 are zero in a lane of 16 bits.
	const low, high, syscall = 0x0001000100010001, 0x8000800080008000, 0x050f050f050f050f
	calls, slots = calls+uint32(i), slots+uint32(i)
	for ; i+16 <= len(code); i += 8 {
		v, u := binary.LittleEndian.Uint64(code[i:]), binary.LittleEndian.Uint64(code[i+4:])
		if uint32(v)+calls <= callSpan || uint32(v)+slots <= slotSpan ||
			uint32(v>>8)+calls+1 <= callSpan || uint32(v>>8)+slots+1 <= slotSpan ||
			uint32(v>>16)+calls+2 <= callSpan || uint32(v>>16)+slots+2 <= slotSpan ||
			uint32(v>>24)+calls+3 <= callSpan || uint32(v>>24)+slots+3 <= slotSpan ||
			uint32(u)+calls+4 <= callSpan || uint32(u)+slots+4 <= slotSpan ||
			uint32(u>>8)+calls+5 <= callSpan || uint32(u>>8)+slots+5 <= slotSpan ||
			uint32(u>>16)+calls+6 <= callSpan || uint32(u>>16)+slots+6 <= slotSpan ||
			uint32(u>>24)+calls+7 <= callSpan || uint32(u>>24)+slots+7 <= slotSpan {
			return i
		}
		even, odd := v^syscall, (v>>8|u<<24)^syscall
		if ((even-low)&^even|(odd-low)&^odd)&high != 0 {
			return i
		}
		calls, slots = calls+8, slots+8
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
	if op == 0x0f && modrm&0xf0 == 0x80 { // jcc rel32
		t.call(at-2, target)
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
