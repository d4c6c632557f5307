package lzfse

import (
	"errors"
	"fmt"
)

var (
	errDistance = errors.New("a match that begins before the data")
	errLong     = errors.New("it holds more than it says")
)

// UnpackLZVN unpacks the LZVN stream src into dst, which it has to fill exactly. What
// follows the stream in src is left alone.
//
// Each instruction begins with a byte that tells how many literal bytes follow it (L),
// and how many (M) are then repeated from which distance (D): opc_tbl and what it jumps to
// in lzvn_decode_base.c.
func UnpackLZVN(dst, src []byte) error {
	out, distance := 0, 0
	for in := 0; ; {
		if in >= len(src) {
			return errShort
		}
		op := src[in]
		kind := kinds[op]
		if len(src)-in < kind.size() {
			return errShort
		}
		literals, match := 0, 0
		switch kind {
		case end:
			if out < len(dst) {
				return fmt.Errorf("LZVN stream of %d bytes where %d belong", out, len(dst))
			}
			return nil
		case nothing:
		case smallDistance: // LLMMMDDD DDDDDDDD
			literals, match = int(op>>6), int(op>>3&7)+3
			distance = int(op&7)<<8 | int(src[in+1])
		case mediumDistance: // 101LLMMM DDDDDDMM DDDDDDDD
			two := int(src[in+1]) | int(src[in+2])<<8
			literals, match = int(op>>3&3), int(op&7)<<2|two&3
			match += 3
			distance = two >> 2
		case largeDistance: // LLMMM111 DDDDDDDD DDDDDDDD
			literals, match = int(op>>6), int(op>>3&7)+3
			distance = int(src[in+1]) | int(src[in+2])<<8
		case sameDistance: // LLMMM110
			literals, match = int(op>>6), int(op>>3&7)+3
		case smallMatch: // 1111MMMM
			match = int(op & 15)
		case largeMatch: // 11110000 MMMMMMMM
			match = int(src[in+1]) + 16
		case smallLiteral: // 1110LLLL
			literals = int(op & 15)
		case largeLiteral: // 11100000 LLLLLLLL
			literals = int(src[in+1]) + 16
		default:
			return fmt.Errorf("the instruction %#02x at offset %d, which means nothing", op, in)
		}
		in += kind.size()
		switch {
		case literals > len(src)-in:
			return errShort
		case literals+match > len(dst)-out:
			return errLong
		case match > 0 && (distance == 0 || distance > out+literals):
			return errDistance
		}
		out += copy(dst[out:], src[in:in+literals])
		in += literals
		if match > 0 {
			out = repeat(dst, out, distance, match)
		}
	}
}

// kind is what an instruction does.
type kind uint8

const (
	undefined kind = iota
	end
	nothing
	smallDistance
	mediumDistance
	largeDistance
	sameDistance
	smallMatch
	largeMatch
	smallLiteral
	largeLiteral
)

// size returns the bytes of an instruction, without literals.
func (k kind) size() int {
	switch k {
	case end:
		return 8
	case mediumDistance, largeDistance:
		return 3
	case smallDistance, largeMatch, largeLiteral:
		return 2
	default:
		return 1
	}
}

// kinds are the instructions by their first byte.
var kinds = func() (list [256]kind) {
	for i := range list {
		op := byte(i)
		list[op] = kindOf(op)
	}
	return list
}()

func kindOf(op byte) kind {
	switch {
	case op == 0x06:
		return end
	case op == 0x0e || op == 0x16:
		return nothing
	case op>>4 == 0x7 || op>>4 == 0xd:
		return undefined
	case op>>5 == 5: // 101LLMMM
		return mediumDistance
	case op == 0xe0:
		return largeLiteral
	case op>>4 == 0xe:
		return smallLiteral
	case op == 0xf0:
		return largeMatch
	case op>>4 == 0xf:
		return smallMatch
	case op&7 == 7:
		return largeDistance
	case op&7 == 6 && op < 0x40:
		return undefined // no literals and the same distance: smallMatch says it
	case op&7 == 6:
		return sameDistance
	}
	return smallDistance
}
