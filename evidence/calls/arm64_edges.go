package calls

import (
	"encoding/binary"
	"slices"
)

// edgesARM64 gathers where words are that may be of interest before it looks at them:
// of the words of real code a tenth are calls, so that a branch on it would mostly be
// guessed wrong.
func edgesARM64(e *edges, pc uint64, code []byte, limit int) {
	if pc&3 != 0 {
		skip := int(4 - pc&3)
		if len(code) <= skip {
			return
		}
		pc, code, limit = pc+uint64(skip), code[skip:], limit-skip
	}
	code = code[:len(code)&^3]
	limit = min(max(limit, 0)&^3, len(code))
	const block = 4 << 10
	var branches [block / 4]uint32
	for from := 0; from < limit; from += block {
		part := code[from:min(from+block, limit)]
		n, i := uint(0), 0
		for ; i+8 <= len(part); i += 8 { // two words, each in a lane of 32 bits
			// The top bit of a lane is left clear by one that is zero.
			other := binary.LittleEndian.Uint64(part[i:])&(0x7c000000*lanes) ^ 0x14000000*lanes
			other += 0x7fffffff * lanes
			branches[n&(block/4-1)] = uint32(i)
			n += uint(^other >> 31 & 1)
			branches[n&(block/4-1)] = uint32(i + 4)
			n += uint(^other >> 63)
		}
		if i < len(part) {
			branches[n&(block/4-1)] = uint32(i)
			n += isBranch(binary.LittleEndian.Uint32(part[i:]))
		}
		for _, i := range branches[:n] {
			w := binary.LittleEndian.Uint32(part[i:])
			at := pc + uint64(from) + uint64(i)
			e.add(at, at+uint64(int64(w)<<38>>36), 0)
		}
	}
	for i := 0; i < limit && e.closed; i += 4 {
		if binary.LittleEndian.Uint32(code[i:])&0x1f000000 == 0x10000000 {
			e.addressARM64(pc+uint64(i), code[i:])
		}
	}
}

// isBranch is 1 for b and bl, and 0 for all else.
func isBranch(w uint32) uint {
	if w&0x7c000000 == 0x14000000 {
		return 1
	}
	return 0
}

// addressARM64 is an adr or adrp at the start of code.
func (e *edges) addressARM64(at uint64, code []byte) {
	w := binary.LittleEndian.Uint32(code)
	if w>>31 == 0 {
		e.add(at, at+uint64(int64(adrImm(w))<<43>>43), taken)
		return
	}
	base := adrpBase(at, w)
	if !e.near(base) {
		return
	}
	completions(code, func(i int, load bool, offset uint64) {
		if !load {
			e.add(at+uint64(i), base+offset, taken)
		}
	})
}

// near reports whether there may be code in a page.
func (e *edges) near(page uint64) bool {
	return slices.ContainsFunc(e.text, func(s Section) bool { return page+0xfff-s.Addr < s.Size+0xfff })
}
