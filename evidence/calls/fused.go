package calls

import (
	"encoding/binary"
	"math/bits"
)

// Without AVX2 all that is looked for in a block is looked for in one pass, in lanes of a
// uint64: one pass for each sieve takes twice as long.
//
// A number is in a range if the top bit of its lane is zero in (number+add)&low + rest, where
// rest is what is missing from the last of the range to the top bit. The first sum may carry 1
// into the next lane, for which the range has room: a few places more than with sieves are
// marked, which does no harm, for each is looked at.
//
// Loops are over parts of an array, for which the compiler leaves out checks of bounds, and call
// what it inlines.

const (
	lanes16 = 0x0001000100010001
	low16   = 0x7fff * lanes16
	top16   = 0x8000 * lanes16
)

// markX86 marks the places that [targets.marksX86] does. The two high bytes of the
// displacements behind even places are in other lanes than those behind odd ones.
func (t *targets) markX86(m *byteMarks, calls, slots highBytes, at uint64, code []byte, n int) {
	const system = 0x050f * lanes16
	call, callRest := calls.lanes()
	slot, slotRest := slots.lanes()
	i := 0
	for ; i+64 <= n && i+64+12 <= len(code); i += 64 {
		b := (*[64 + 12]byte)(code[i:])
		word := func(k int) uint64 { return binary.LittleEndian.Uint64(b[k:]) }
		for k := 0; k < 64; k += 16 {
			even := far16(word(k+3), call, callRest, slot, slotRest) & differ16(word(k), system)
			odd := far16(word(k+4), call, callRest, slot, slotRest) & differ16(word(k+1), system)
			even8 := far16(word(k+11), call, callRest, slot, slotRest) & differ16(word(k+8), system)
			odd8 := far16(word(k+12), call, callRest, slot, slotRest) & differ16(word(k+9), system)
			if even&odd&even8&odd8&top16 == top16 {
				continue
			}
			// Of each byte the top bit for one of the first eight places, and the one below for the others.
			found := ^even&top16>>8 | ^odd&top16 | ^even8&top16>>9 | ^odd8&top16>>1
			for ; found != 0; found &= found - 1 {
				bit := bits.TrailingZeros64(found)
				j := k + bit/8 + 8*(1-bit%2)
				target := at + uint64(i+j+5) + uint64(int64(int32(binary.LittleEndian.Uint32(b[j+1:]))))
				if target-t.callLo <= t.callHi-t.callLo || target-t.slotLo <= t.slotHi-t.slotLo || b[j] == 0x0f && b[j+1] == 0x05 {
					m[i/64] |= 1 << j
				}
			}
		}
	}
	for ; i < n; i++ {
		m[i/64] |= 1 << (i % 64)
	}
}

// far16 leaves the top bits of lanes whose numbers are in none of two ranges.
func far16(x, call, callRest, slot, slotRest uint64) uint64 {
	return ((x+call)&low16 + callRest) & ((x+slot)&low16 + slotRest)
}

// differ16 leaves the top bits of lanes that differ.
func differ16(x, y uint64) uint64 { return (x^y)&low16 + low16 | (x ^ y) }

// lanes returns add and rest of a range.
func (h highBytes) lanes() (add, rest uint64) {
	const low = 1<<15 - 1
	if !h.any {
		return 0, top16
	}
	return uint64(-h.from) & low * lanes16, (low - uint64(min(h.to-h.from+1, low))) * lanes16
}

// markARM64 marks the words that [targets.marksARM64] does.
func markARM64(m *wordMarks, calls, pages distances, code []byte) {
	call, callRest := calls.lanes(imm26)
	page, pageRest := pages.lanes(imm19)
	call += 1 << 32 // for the next word
	i := 0
	for ; i+256 <= len(code); i += 256 {
		b := (*[256]byte)(code[i:])
		word := func(k int) uint64 { return binary.LittleEndian.Uint64(b[k:]) }
		for k := 0; k < 256; k += 16 {
			x := far32(word(k), call, callRest, page, pageRest)
			y := far32(word(k+8), call+2*lanes, callRest, page, pageRest)
			if x&y&topBits != topBits {
				m[i/256] |= (near32(x) | near32(y)<<2) << (k / 4)
			}
			call += 4 * lanes
		}
	}
	for ; i < len(code); i += 4 {
		m[i/256] |= 1 << (i / 4 % 64)
	}
}

// far32 leaves the top bits of words that are not svc and whose distances are in none of two ranges.
func far32(x, call, callRest, page, pageRest uint64) uint64 {
	const low, number = topBits - lanes, svcNumber * lanes
	differ := x ^ svc*lanes
	return ((x+call)&(imm26*lanes) + callRest) & ((x>>5+page)&(imm19*lanes) + pageRest) & (differ&(low&^number) + low | differ)
}

// near32 returns a bit for each of two words whose top bit is zero.
func near32(x uint64) uint64 { return ^x>>31&1 | ^x>>62&2 }

// lanes returns add and rest of a range of numbers under a mask.
func (d distances) lanes(mask uint64) (add, rest uint64) {
	const low = 1<<31 - 1
	if !d.any {
		return 0, topBits
	}
	return d.start & mask * lanes, (low - min(d.width+1, mask)) * lanes
}
