package calls

import (
	"encoding/binary"
	"math/bits"
)

// edgesX86 gathers, of eight places at a time, those that may be of interest before it
// looks at them: of real code every other eight bytes have a call or jump, so that a
// branch on it would mostly be guessed wrong. Jumps of 8 bits are not looked for: linkers
// bind calls between functions by 32 bits.
func edgesX86(e *edges, pc uint64, code []byte, limit int) {
	limit = min(limit, len(code))
	const block = 4 << 10
	var found [block / 8]struct{ at, places uint64 }
	i := 0
	for i < limit && i+16 <= len(code) {
		n := uint(0)
		for end := min(i+block, limit); i < end && i+16 <= len(code); i += 8 {
			b, next := binary.LittleEndian.Uint64(code[i:]), binary.LittleEndian.Uint64(code[i+1:])
			places := zeros(b&(0xfe*bytesOf1)^0xe8*bytesOf1) | // call, jmp
				zeros(b^0x0f*bytesOf1|next&(0xf0*bytesOf1)^0x80*bytesOf1) // jcc
			if e.closed {
				places |= zeros(b ^ 0x8d*bytesOf1 | next&(0xc7*bytesOf1) ^ 0x05*bytesOf1) // lea
			}
			f := &found[n&(block/8-1)]
			f.at, f.places = uint64(i), places
			n += uint((places | -places) >> 63)
		}
		for _, f := range found[:n] {
			for places := f.places; places != 0; places &= places - 1 {
				e.opcodeX86(pc, code, int(f.at)+bits.TrailingZeros64(places)/8)
			}
		}
	}
	for ; i < limit; i++ {
		e.opcodeX86(pc, code, i)
	}
}

// zeros returns the top bit of each byte that is zero.
func zeros(x uint64) uint64 {
	const low = 0x7f * bytesOf1
	return ^(x&low + low | x | low)
}

// opcodeX86 looks at the instruction that may have its opcode at i.
func (e *edges) opcodeX86(pc uint64, code []byte, i int) {
	size, flag := 2, uint32(0) // of the opcode, with ModRM
	switch op := code[i]; {
	case op&0xfe == 0xe8: // call, jmp
		size = 1
	case i+1 >= len(code):
		return
	case op == 0x0f && code[i+1]&0xf0 == 0x80: // jcc
	case op == 0x8d && code[i+1]&0xc7 == 0x05 && e.closed: // lea
		flag = taken
	default:
		return
	}
	if i+size+4 > len(code) {
		return
	}
	at := pc + uint64(i)
	target := at + uint64(size) + 4 + uint64(int64(int32(binary.LittleEndian.Uint32(code[i+size:]))))
	e.add(at, target, flag)
}
