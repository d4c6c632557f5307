package calls

import (
	"encoding/binary"
	"math/bits"
)

// scanARM64 looks at each word for a call, an adrp to the page of a pointer, and svc.
func scanARM64(p *pass, pc uint64, code []byte, from, n int) {
	pc, code, n = wholeWords(pc+uint64(from), code[from:], n)
	for i, m := range p.marksARM64(pc, code[:n]) {
		for ; m != 0; m &= m - 1 {
			p.wordARM64(pc, code, 4*(i*64+bits.TrailingZeros64(m)))
		}
	}
	// adr and ldr (literal) reach 1 MiB: linkers write them for adrp where that is enough.
	const reach = 1 << 20
	if len(p.pointers) > 0 && p.slotLo < pc+uint64(n)+reach && p.slotHi+reach > pc {
		p.literalsARM64(pc, code[:n])
	}
}

// wordARM64 looks at the instruction at k.
func (p *pass) wordARM64(pc uint64, code []byte, k int) {
	w := binary.LittleEndian.Uint32(code[k:])
	at := pc + uint64(k)
	switch {
	case w&0x7c000000 == 0x14000000:
		p.call(at, branchTarget(at, w))
	case w&0x9f000000 == 0x90000000:
		p.adrp(at, code[k:])
	case w&^svcNumber == svc && p.syscalls:
		p.add(reference{at: at})
	}
}

// wholeWords leaves out what is before the first instruction, and parts of a last one.
func wholeWords(pc uint64, code []byte, limit int) (uint64, []byte, int) {
	skip := min(int(-pc&3), len(code))
	pc, code = pc+uint64(skip), code[skip:]
	code = code[:len(code)&^3]
	return pc, code, min(max(limit-skip, 0)&^3, len(code))
}

// marksARM64 marks the words of one page of code that may be of interest: those of which
// the distance is not above that of the targets, whatever their opcode.
func (t *targets) marksARM64(at uint64, page []byte) (m wordMarks) {
	calls, pages := t.distances(at)
	if !hasWide {
		markARM64(&m, calls, pages, page)
		return m
	}
	if calls.any {
		wordSieve{start: uint32(calls.start & imm26), step: 1, mask: imm26, width: uint32(min(calls.width, imm26))}.mark(&m, page)
	}
	if pages.any {
		wordSieve{shift: 5, start: uint32(pages.start & imm19), mask: imm19, width: uint32(min(pages.width, imm19))}.mark(&m, page)
	}
	if t.syscalls {
		const mask = 1<<31 - 1
		wordSieve{start: -svc & mask, mask: mask, width: svcNumber}.mark(&m, page)
	}
	return m
}

// distances returns those from the words of a page to calls and, in 16 KiB, to pointers.
func (t *targets) distances(at uint64) (calls, pages distances) {
	calls = distances{(at - t.callLo) >> 2, (t.callHi-t.callLo)>>2 + 1, len(t.calls) > 0}
	// Of the distance in pages an adrp has all but two bits in one place.
	pages = distances{at>>14 - t.slotLo>>14 + 1, t.slotHi>>14 - t.slotLo>>14 + 2, len(t.pointers) > 0}
	return calls, pages
}

// The bits of the distance of a branch, and of the pages of an adrp.
const imm26, imm19 = 1<<26 - 1, 1<<19 - 1

// distances are numbers of which the sum with start is at most width, modulo a power of two.
type distances struct {
	start, width uint64
	any          bool
}

// branchTarget is where b and bl lead.
func branchTarget(at uint64, w uint32) uint64 { return at + uint64(int64(w)<<38>>36) }

// literalsARM64 looks for what reaches a pointer with one instruction.
func (p *pass) literalsARM64(pc uint64, code []byte) {
	for i := 0; i+4 <= len(code); i += 4 {
		w := binary.LittleEndian.Uint32(code[i:])
		at := pc + uint64(i)
		switch {
		case w&0xff000000 == 0x58000000: // ldr
			p.pointer(at, at+uint64(int64(w)<<40>>45<<2))
		case w&0x9f000000 == 0x10000000: // adr
			p.pointer(at, at+uint64(int64(adrImm(w))<<43>>43))
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
func (p *pass) adrp(pc uint64, code []byte) {
	base := adrpBase(pc, binary.LittleEndian.Uint32(code))
	if len(p.pointers) == 0 || base < p.slotLo&^0xfff || base > p.slotHi {
		return
	}
	completions(code, func(i int, load bool, offset uint64) { p.pointer(pc+uint64(i), base+offset) })
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
