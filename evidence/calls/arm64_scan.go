package calls

import "encoding/binary"

// A sieveARM64 lists where branches lead, and marks adrp and svc. The key of a place is its address
// in words, modulo 1<<26: that of a branch, the number of the word and start. Of an adrp that is marked
// the distance in 16 KiB, with page added, is no more than pages, modulo 1<<19. The keys of targets are
// from first on up to calls more.
type sieveARM64 struct{ start, page, pages, first, calls uint32 }

// The bits of the distance of a branch, and those of the pages of an adrp that are in one place.
const imm26, imm19 = 1<<26 - 1, 1<<19 - 1

// sieveARM64 returns the sieve for a block of code.
func (t *targets) sieveARM64(at uint64) sieveARM64 {
	return sieveARM64{
		start: keyARM64(at),
		page:  uint32(at>>14-t.pages.lo>>14+1) & imm19, pages: uint32(min(t.pages.hi>>14-t.pages.lo>>14+2, imm19)),
		first: keyARM64(t.calls.lo), calls: uint32(min((t.calls.hi-t.calls.lo)>>2+1, imm26)),
	}
}

func keyARM64(addr uint64) uint32 { return uint32(addr>>2) & imm26 }

// sift looks at a block of whole words.
func (s sieveARM64) sift(to *sifted, code []byte) {
	done := 0
	if hasWide {
		done = s.wide(to, code)
	} else {
		done = s.lanes(to, code)
	}
	s.narrow(to, code, done)
}

// lanes looks at two words at a time, each in a lane of 32 bits, and returns how far it came. Like
// [sieveX86.lanes], it leaves out jumps that lead to no target.
func (s *sieveARM64) lanes(to *sifted, code []byte) (done int) {
	const low = 1<<31 - 1
	call, page := uint64((s.start-s.first)&imm26)*lanes32+1<<32, uint64(s.page)*lanes32
	callRest, pageRest := (low-uint64(min(s.calls+1, imm26)))*lanes32, (low-uint64(min(s.pages+1, imm19)))*lanes32
	i := 0
	for ; i+256 <= len(code); i += 256 {
		to.partial = true
		b := (*[256]byte)(code[i:])
		word := func(k int) uint64 { return binary.LittleEndian.Uint64(b[k:]) }
		for k := 0; k < 256; k += 16 {
			x := far32(word(k), call, callRest, page, pageRest)
			y := far32(word(k+8), call+2*lanes32, callRest, page, pageRest)
			if x&y&top32 != top32 {
				s.narrow(to, code[:i+k+16], i+k)
			}
			call += 4 * lanes32
		}
	}
	return i
}

const (
	lanes32 = 1<<32 | 1
	top32   = 1 << 31 * lanes32
)

// far32 leaves the top bits of words that are not svc and whose distances are in none of two ranges.
func far32(x, call, callRest, page, pageRest uint64) uint64 {
	const low, number = top32 - lanes32, svcNumber * lanes32
	differ := x ^ svc*lanes32
	return ((x+call)&(imm26*lanes32) + callRest) & ((x>>5+page)&(imm19*lanes32) + pageRest) & (differ&(low&^number) + low | differ)
}

// narrow looks at what is from an offset on. Every tenth word is a branch, so that a condition
// for it would mostly be guessed wrong: the key of each word is written, and kept if it is one.
func (s *sieveARM64) narrow(to *sifted, code []byte, from int) {
	n, key := to.n, s.start+uint32(from/4)
	for i := from; i+4 <= len(code); i += 4 {
		w := binary.LittleEndian.Uint32(code[i:])
		to.jumps[n] = (w + key) & imm26
		n += int((w&0x7c000000 ^ 0x14000000 - 1) >> 31) // b, bl
		key++
		if w&0x9f000000 == 0x90000000 && (w>>5+s.page)&imm19 <= s.pages || w&^svcNumber == svc {
			to.others.add(i / 4)
		}
	}
	to.n = n
}

// scanARM64 looks at branches to targets, an adrp to the page of a pointer, and svc.
func scanARM64(p *pass, pc uint64, code []byte, from, n int) {
	pc, code, n = wholeWords(pc+uint64(from), code[from:], n)
	before := p.n
	p.sieveARM64(pc).sift(&p.sifted, code[:n])
	if p.jumpsToTarget(before) {
		for k := 0; k < n; k += 4 {
			if w := binary.LittleEndian.Uint32(code[k:]); w&0x7c000000 == 0x14000000 {
				p.call(pc+uint64(k), branchTarget(pc+uint64(k), w))
			}
		}
	}
	p.others.each(func(i int) {
		k := 4 * i
		if binary.LittleEndian.Uint32(code[k:])&^svcNumber != svc {
			p.adrp(pc+uint64(k), code[k:])
		} else if p.syscalls {
			p.add(reference{at: pc + uint64(k)})
		}
	})
	// adr and ldr (literal) reach 1 MiB: linkers write them for adrp where that is enough.
	const reach = 1 << 20
	if len(p.pointers.all) > 0 && p.pointers.lo < pc+uint64(n)+reach && p.pointers.hi+reach > pc {
		p.literalsARM64(pc, code[:n])
	}
}

// wholeWords leaves out what is before the first instruction, and parts of a last one.
func wholeWords(pc uint64, code []byte, limit int) (uint64, []byte, int) {
	skip := min(int(-pc&3), len(code))
	pc, code = pc+uint64(skip), code[skip:]
	code = code[:len(code)&^3]
	return pc, code, min(max(limit-skip, 0)&^3, len(code))
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
	if !p.pages.has(base) {
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
