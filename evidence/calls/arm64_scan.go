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
	calls := uint32((t.callHi - t.callLo) >> 2)
	pages := uint32(t.slotHi>>12 - t.slotLo>>12)
	if len(t.pointers) == 0 && !t.taken {
		pages = 0
	}
	// adr and ldr (literal) reach 1 MiB.
	const reach = 1 << 20
	slots := len(t.pointers) > 0 || t.taken
	near := slots && t.slotLo < pc+uint64(len(code))+reach && t.slotHi+reach > pc
	b := code[:max(limit, 0)]
	wpc, lo, page := uint32(pc>>2), uint32(t.callLo>>2), uint32(t.slotLo>>12)
	for i := 0; len(b) >= 4; i, b = i+4, b[4:] {
		w := binary.LittleEndian.Uint32(b)
		if (w+wpc+uint32(i>>2)-lo)&0x3ffffff <= calls && w&0x7c000000 == 0x14000000 {
			at := pc + uint64(i)
			t.call(at, at+uint64(int64(w)<<38>>36))
		}
		if (adrImm(w)+uint32((pc+uint64(i))>>12)-page)&0x1fffff <= pages && w&0x9f000000 == 0x90000000 && slots {
			t.adrp(pc+uint64(i), code[i:])
		}
		if w == svc80 && t.syscalls {
			t.add(reference{at: pc + uint64(i)})
		}
		if near {
			at := pc + uint64(i)
			switch {
			case w&0xff000000 == 0x58000000:
				t.address(at, at+uint64(int64(w)<<40>>45<<2), true)
			case w&0x9f000000 == 0x10000000:
				t.address(at, at+uint64(int64(adrImm(w))<<43>>43), false)
			}
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
