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
	i := 0
	// A displacement at i leads to pc+i+4 and its value.
	for from := uint32(pc) + 4 - uint32(lo); i+16 <= len(code) && i < limit; i, from = i+8, from+8 {
		b := code[i : i+16 : i+16]
		v, u := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[4:])
		if uint32(v)+from <= span {
			t.displacement(pc, code, i)
		}
		if uint32(v>>8)+from+1 <= span {
			t.displacement(pc, code, i+1)
		}
		if uint32(v>>16)+from+2 <= span {
			t.displacement(pc, code, i+2)
		}
		if uint32(v>>24)+from+3 <= span {
			t.displacement(pc, code, i+3)
		}
		if uint32(u)+from+4 <= span {
			t.displacement(pc, code, i+4)
		}
		if uint32(u>>8)+from+5 <= span {
			t.displacement(pc, code, i+5)
		}
		if uint32(u>>16)+from+6 <= span {
			t.displacement(pc, code, i+6)
		}
		if uint32(u>>24)+from+7 <= span {
			t.displacement(pc, code, i+7)
		}
		// Pairs of bytes that are 0f 05: zero in one of the lanes of 16 bits.
		const low, high, call = 0x0001000100010001, 0x8000800080008000, 0x050f050f050f050f
		even, odd := v^call, binary.LittleEndian.Uint64(b[1:])^call
		if ((even-low)&^even|(odd-low)&^odd)&high != 0 {
			t.syscallsX86(pc, code, i, min(i+8, limit))
		}
	}
	for ; i < limit; i++ {
		if i+4 <= len(code) {
			t.displacement(pc, code, i)
		}
		t.syscallsX86(pc, code, i, i+1)
	}
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

func (t *targets) syscallsX86(pc uint64, code []byte, from, to int) {
	for i := from; i < to && i+2 <= len(code) && t.syscalls; i++ {
		if code[i] == 0x0f && code[i+1] == 0x05 {
			t.add(reference{at: pc + uint64(i)})
		}
	}
}
