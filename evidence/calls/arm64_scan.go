package calls

import "encoding/binary"

// scanARM64 looks at each word for a call, an adrp to the page of a pointer,
// and svc. Distances are compared before opcodes: of the words of real
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
	slots := len(t.pointers) > 0
	for i := 0; i < limit; {
		at := pc + uint64(i)
		page := code[i:min(limit, i+int(4096-at&4095))]
		s := t.sieve(at)
		for j := 0; ; j += 16 {
			if j = s.next(page, j); j >= len(page) {
				break
			}
			for k := j; k < min(j+16, len(page)); k += 4 {
				w := binary.LittleEndian.Uint32(page[k:])
				at := at + uint64(k)
				switch {
				case w&0x7c000000 == 0x14000000:
					t.call(at, at+uint64(int64(w)<<38>>36))
				case w&0x9f000000 == 0x90000000 && slots:
					t.adrp(at, code[i+k:])
				case w&^svcNumber == svc && t.syscalls:
					t.add(reference{at: at})
				}
			}
		}
		i += len(page)
	}
	// adr and ldr (literal) reach 1 MiB: linkers write them for adrp where that is enough.
	const reach = 1 << 20
	if slots && t.slotLo < pc+uint64(limit)+reach && t.slotHi+reach > pc {
		t.literalsARM64(pc, code[:limit])
	}
}

// A sieve lets through the words of one page of code that may be of interest. It
// works on two words at a time, each in a lane of 32 bits: where call and page are
// the distances from the page to the first target, and calls and pages how far
// apart the targets are.
type sieve struct{ call, calls, page, pages uint64 }

const (
	lanes   = 1<<32 | 1
	topBits = 1 << 31 * lanes
	imm26   = 0x3ffffff * lanes
	imm19   = 0x7ffff * lanes
)

func (t *targets) sieve(at uint64) sieve {
	return sieve{
		call:  (at - t.callLo) >> 2 & 0x3ffffff * lanes,
		calls: min((t.callHi-t.callLo)>>2+1, 0x3ffffff)*lanes | topBits,
		// Of the distance in pages an adrp has all but two bits in one place.
		page:  (at>>14 - t.slotLo>>14 + 1) & 0x7ffff * lanes,
		pages: min(t.slotHi>>14-t.slotLo>>14+2, 0x7ffff)*lanes | topBits,
	}
}

// next returns the offset of the next four words, from i on, of which one may be of
// interest: a top bit is left where a distance is not above that of the targets. What
// the additions carry from the low lane into the high one is 1, for which there is room.
func (s sieve) next(page []byte, i int) int {
	call := s.call + uint64(i>>2)*lanes + 1<<32
	for ; i+16 <= len(page); i += 16 {
		b := page[i : i+16]
		v := binary.LittleEndian.Uint64(b)
		w := binary.LittleEndian.Uint64(b[8:])
		near := s.calls - (v+call)&imm26
		near |= s.pages - (v>>5+s.page)&imm19
		near |= s.calls - (w+call+2*lanes)&imm26
		near |= s.pages - (w>>5+s.page)&imm19
		x, y := v&^(svcNumber*lanes)^svc*lanes, w&^(svcNumber*lanes)^svc*lanes
		if (near|(x-lanes)&^x|(y-lanes)&^y)&topBits != 0 {
			return i
		}
		call += 4 * lanes
	}
	return i // of the last words, or the end
}

// literalsARM64 looks for what reaches a pointer with one instruction.
func (t *targets) literalsARM64(pc uint64, code []byte) {
	for i := 0; i+4 <= len(code); i += 4 {
		w := binary.LittleEndian.Uint32(code[i:])
		at := pc + uint64(i)
		switch {
		case w&0xff000000 == 0x58000000: // ldr
			t.pointer(at, at+uint64(int64(w)<<40>>45<<2))
		case w&0x9f000000 == 0x10000000: // adr
			t.pointer(at, at+uint64(int64(adrImm(w))<<43>>43))
		}
	}
}

// svc is the instruction that enters XNU, in which svcNumber are the bits of a number.
const svc, svcNumber = 0xd4000001, 0xffff << 5

// adrImm returns the 21 bits of adr and adrp.
func adrImm(w uint32) uint32 { return w>>3&0x1ffffc | w>>29&3 }

// adrpReach is how many instructions may be between an adrp and the one that adds the rest.
const adrpReach = lookahead/4 - 1

// adrp looks for the instruction that completes the address of an adrp.
func (t *targets) adrp(pc uint64, code []byte) {
	base := adrpBase(pc, binary.LittleEndian.Uint32(code))
	if base < t.slotLo&^0xfff || base > t.slotHi {
		return
	}
	completions(code, func(i int, load bool, offset uint64) { t.pointer(pc+uint64(i), base+offset) })
}

// adrpBase is the address that an adrp makes.
func adrpBase(pc uint64, w uint32) uint64 {
	return pc&^0xfff + uint64(int64(adrImm(w))<<43>>31)
}

// completions gives the instructions that add an offset to what the first of code makes,
// to load from there or for the address.
func completions(code []byte, yield func(i int, load bool, offset uint64)) {
	rd := binary.LittleEndian.Uint32(code) & 31
	for i := 4; i+4 <= len(code) && i <= 4*adrpReach; i += 4 {
		w := binary.LittleEndian.Uint32(code[i:])
		if w>>5&31 == rd {
			switch {
			case w&0xffc00000 == 0xf9400000: // ldr xt, [xn, #imm]
				yield(i, true, uint64(w>>10&0xfff)<<3)
			case w&0xffc00000 == 0x91000000: // add xd, xn, #imm
				yield(i, false, uint64(w>>10&0xfff))
			}
		}
	}
}
