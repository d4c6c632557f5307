package calls

import "encoding/binary"

// scanARM64 looks at each word for a call, an adrp to the page of a pointer,
// and svc #0x80. Distances are compared before opcodes: of the words of real
// code a tenth are calls, so that a branch on it would mostly be guessed wrong.
func scanARM64(t *targets, pc uint64, code []byte, limit int) {
	if pc&3 != 0 {
		skip := int(4 - pc&3)
		if len(code) <= skip {
			return
		}
		pc, code, limit = pc+uint64(skip), code[skip:], limit-skip
	}
	code = code[:len(code)&^3]
	limit = min(max(limit, 0)&^3, len(code))
	slots := len(t.pointers) > 0 || t.taken
	calls, lo := uint32((t.callHi-t.callLo)>>2), uint32(t.callLo>>2)
	// Of the distance in pages an adrp has all but two bits in one place.
	pages := uint32(t.slotHi>>14-t.slotLo>>14) + 1
	for i := 0; i < limit; {
		at := pc + uint64(i)
		n := min(limit-i, int(4096-at&4095))
		toCall := uint32(at>>2) - lo
		toPage := uint32(at>>14) - uint32(t.slotLo>>14) + 1
		for j, b := 0, code[i:i+n]; len(b) >= 4; j, b = j+4, b[4:] {
			w := binary.LittleEndian.Uint32(b)
			if (w+toCall)&0x3ffffff <= calls && w&0x7c000000 == 0x14000000 {
				t.call(at+uint64(j), at+uint64(j)+uint64(int64(w)<<38>>36))
			}
			toCall++
			if (w>>5+toPage)&0x7ffff <= pages && w&0x9f000000 == 0x90000000 && slots {
				t.adrp(at+uint64(j), code[i+j:])
			}
			if w == svc80 && t.syscalls {
				t.add(reference{at: at + uint64(j)})
			}
		}
		i += n
	}
	// adr and ldr (literal) reach 1 MiB: linkers write them for adrp where that is enough.
	const reach = 1 << 20
	if slots && t.slotLo < pc+uint64(limit)+reach && t.slotHi+reach > pc {
		t.literals(pc, code[:limit])
	}
}

// literals looks for what reaches a pointer or address with one instruction.
func (t *targets) literals(pc uint64, code []byte) {
	for i := 0; i+4 <= len(code); i += 4 {
		w := binary.LittleEndian.Uint32(code[i:])
		at := pc + uint64(i)
		switch {
		case w&0xff000000 == 0x58000000:
			t.address(at, at+uint64(int64(w)<<40>>45<<2), true)
		case w&0x9f000000 == 0x10000000:
			t.address(at, at+uint64(int64(adrImm(w))<<43>>43), false)
		}
	}
}

// svc80 is the instruction that enters XNU.
const svc80 = 0xd4001001

// adrImm returns the 21 bits of adr and adrp.
func adrImm(w uint32) uint32 { return w>>3&0x1ffffc | w>>29&3 }

// adrpReach is how many instructions may be between an adrp and the one that adds the rest.
const adrpReach = lookahead/4 - 1

// adrp looks for the instruction that completes the address of an adrp.
func (t *targets) adrp(pc uint64, code []byte) {
	w := binary.LittleEndian.Uint32(code)
	rd := w & 31
	base := pc&^0xfff + uint64(int64(adrImm(w))<<43>>31)
	for i := 4; i+4 <= len(code) && i <= 4*adrpReach; i += 4 {
		w := binary.LittleEndian.Uint32(code[i:])
		if w>>5&31 == rd {
			switch {
			case w&0xffc00000 == 0xf9400000: // ldr xt, [xn, #imm]
				t.address(pc+uint64(i), base+uint64(w>>10&0xfff)<<3, true)
			case w&0xffc00000 == 0x91000000: // add xd, xn, #imm
				t.address(pc+uint64(i), base+uint64(w>>10&0xfff), false)
			}
		}
	}
}
