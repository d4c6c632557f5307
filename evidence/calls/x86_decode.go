package calls

import "encoding/binary"

// An insn is an instruction of x86-64 in 64-bit mode, taken apart.
type insn struct {
	size  int
	space opcodeSpace
	op    byte

	rexW, hasRex bool
	word         bool // 66: operands of 16 bits
	rep          byte // f2 or f3
	segment      bool // of fs or gs: not an address like others
	vector       int  // bytes of the vector by VEX.L or EVEX.L'L, 0 for others
	vvvv         int

	modrm        bool
	mod, reg, rm int // reg and rm with the bits of REX
	memory       bool
	rip          bool
	base, index  int // -1: none
	scale        int // shift
	disp         int64
	imm          int64
}

type opcodeSpace byte

const (
	oneByte opcodeSpace = iota
	space0F
	space0F38
	space0F3A
	spaceOther // of EVEX, 5 and 6: vectors of half floats
)

// What follows the opcodes of the one-byte space, as in the opcode maps of
// appendix A: m ModRM, b 1 byte, w 2 bytes, z 4 bytes or 2 with 66, Z as z but 8
// with REX.W, a an address, e 3 bytes, - nothing, x no instruction. Prefixes and
// escapes are x, for they are gone by then.
const (
	following = "mmmmbzxxmmmmbzxx" + "mmmmbzxxmmmmbzxx" + "mmmmbzxxmmmmbzxx" + "mmmmbzxxmmmmbzxx" +
		"xxxxxxxxxxxxxxxx" + "----------------" + "xxxmxxxxzMbB----" + "bbbbbbbbbbbbbbbb" +
		"BMxBmmmmmmmmmmmm" + "----------x-----" + "aaaa----bz------" + "bbbbbbbbZZZZZZZZ" +
		"BBw-xxBMe-w--bx-" + "mmmmxxx-mmmmmmmm" + "bbbbbbbbzzxb----" + "x-xx--mm------mm"
	// The same after 0f; M and B are ModRM and z or b.
	following0F = "mmmmx-----x-xm-B" + "mmmmmmmmmmmmmmmm" + "mmmmxxxxmmmmmmmm" + "------x-xxxxxxxx" +
		"mmmmmmmmmmmmmmmm" + "mmmmmmmmmmmmmmmm" + "mmmmmmmmmmmmmmmm" + "BBBBmmm-mmxxmmmm" +
		"zzzzzzzzzzzzzzzz" + "mmmmmmmmmmmmmmmm" + "---mBmxx---mBmmm" + "mmmmmmmmmmBmmmmm" +
		"mmBmBBBm--------" + "mmmmmmmmmmmmmmmm" + "mmmmmmmmmmmmmmmm" + "mmmmmmmmmmmmmmmm"
)

// decodeX86 reads the instruction at the start of code; false if it is none.
func decodeX86(code []byte) (in insn, ok bool) {
	if len(code) > 15 {
		code = code[:15]
	}
	in.base, in.index = -1, -1
	i := 0
	var rex byte
	short := false // 67: addresses of 32 bits
prefixes:
	for ; i < len(code); i++ {
		switch b := code[i]; {
		case b == 0x66:
			in.word = true
		case b == 0x67:
			short = true
		case b == 0xf2, b == 0xf3:
			in.rep = b
		case b == 0x64, b == 0x65:
			in.segment = true
		case b == 0x26, b == 0x2e, b == 0x36, b == 0x3e, b == 0xf0:
		default:
			break prefixes
		}
	}
	if i < len(code) && code[i]&0xf0 == 0x40 {
		rex, in.hasRex = code[i], true
		i++
	}
	rest := len(code) - i
	if rest < 1 {
		return in, false
	}
	follows := byte('m')
	switch b := code[i]; {
	case b == 0xc5 && rest >= 3: // VEX of two bytes
		p := code[i+1]
		rex = ^p >> 7 << 2
		in.space, in.op = space0F, code[i+2]
		in.prefix(p)
		in.vvvv, in.vector = int(^p>>3&15), 16<<(p>>2&1)
		i += 3
	case b == 0xc4 && rest >= 4: // VEX of three bytes
		p, q := code[i+1], code[i+2]
		rex = ^p>>5&7 | q>>7<<3
		in.space, in.op = vexSpace(p&31), code[i+3]
		in.prefix(q)
		in.vvvv, in.vector = int(^q>>3&15), 16<<(q>>2&1)
		i += 4
	case b == 0x62 && rest >= 5: // EVEX
		p, q := code[i+1], code[i+2]
		rex = ^p>>5&7 | q>>7<<3
		in.space, in.op = vexSpace(p&7), code[i+4]
		in.prefix(q)
		in.vvvv, in.vector = int(^q>>3&15), 64
		i += 5
	case b == 0x0f && rest >= 3 && code[i+1] == 0x38:
		in.space, in.op = space0F38, code[i+2]
		i += 3
	case b == 0x0f && rest >= 3 && code[i+1] == 0x3a:
		in.space, in.op = space0F3A, code[i+2]
		i += 3
	case b == 0x0f && rest >= 2:
		in.space, in.op = space0F, code[i+1]
		i += 2
	default:
		in.op = b
		i++
	}
	in.rexW = rex&8 != 0
	switch in.space {
	case oneByte:
		follows = following[in.op]
	case space0F:
		follows = following0F[in.op]
		if in.vector != 0 && in.op == 0x77 { // vzeroupper
			follows = '-'
		}
	case space0F3A:
		follows = 'B'
	case opcodeSpace(255):
		return in, false
	}
	if follows == 'x' && in.vector != 0 {
		follows = 'm'
	}
	if follows == 'x' {
		return in, false
	}
	if follows == 'm' || follows == 'M' || follows == 'B' {
		n, ok := in.operand(code[i:], rex)
		if !ok {
			return in, false
		}
		i += n
	} else {
		in.rm = int(in.op&7) | int(rex&1)<<3 // push, pop, xchg, mov, bswap
	}
	n := in.immediate(follows, short)
	if i+n > len(code) {
		return in, false
	}
	switch n {
	case 1:
		in.imm = int64(int8(code[i]))
	case 2:
		in.imm = int64(int16(binary.LittleEndian.Uint16(code[i:])))
	case 4:
		in.imm = int64(int32(binary.LittleEndian.Uint32(code[i:])))
	case 8:
		in.imm = int64(binary.LittleEndian.Uint64(code[i:]))
	}
	if short && in.memory {
		in.segment = true // the address is cut to 32 bits
	}
	in.size = i + n
	return in, true
}

// prefix sets what the last two bits of a VEX byte stand for.
func (in *insn) prefix(p byte) {
	switch p & 3 {
	case 1:
		in.word = true
	case 2:
		in.rep = 0xf3
	case 3:
		in.rep = 0xf2
	}
}

func vexSpace(m byte) opcodeSpace {
	switch m {
	case 1:
		return space0F
	case 2:
		return space0F38
	case 3:
		return space0F3A
	case 5, 6:
		return spaceOther
	}
	return 255
}

// operand reads ModRM, SIB and displacement.
func (in *insn) operand(b []byte, rex byte) (n int, ok bool) {
	if len(b) < 1 {
		return 0, false
	}
	in.modrm = true
	in.mod, in.reg, in.rm = int(b[0]>>6), int(b[0]>>3&7), int(b[0]&7)
	n = 1
	in.reg |= int(rex & 4 << 1)
	if in.mod == 3 {
		in.rm |= int(rex & 1 << 3)
		return n, true
	}
	in.memory = true
	size := []int{0, 1, 4}[in.mod]
	switch {
	case in.rm == 4:
		if len(b) < 2 {
			return 0, false
		}
		sib := b[1]
		n++
		in.scale = int(sib >> 6)
		if in.index = int(sib>>3&7) | int(rex&2<<2); in.index == 4 {
			in.index = -1
		}
		if in.base = int(sib&7) | int(rex&1<<3); in.mod == 0 && sib&7 == 5 {
			in.base, size = -1, 4
		}
	case in.mod == 0 && in.rm == 5:
		in.rip, size = true, 4
	default:
		in.base = in.rm | int(rex&1<<3)
	}
	if len(b) < n+size {
		return 0, false
	}
	switch size {
	case 1:
		in.disp = int64(int8(b[n]))
	case 4:
		in.disp = int64(int32(binary.LittleEndian.Uint32(b[n:])))
	}
	return n + size, true
}

// immediate returns how many bytes come last.
func (in *insn) immediate(follows byte, short bool) int {
	z := 4
	if in.word && !in.rexW {
		z = 2
	}
	switch follows {
	case 'b', 'B':
		return 1
	case 'w':
		return 2
	case 'e':
		return 3
	case 'z':
		if in.branch32() {
			return 4
		}
		return z
	case 'M':
		return z
	case 'Z':
		if in.rexW {
			return 8
		}
		return z
	case 'a':
		if short {
			return 4
		}
		return 8
	}
	if in.space == oneByte && in.reg&7 <= 1 { // test
		switch in.op {
		case 0xf6:
			return 1
		case 0xf7:
			return z
		}
	}
	return 0
}

// branch32 reports a relative jump or call, which has 32 bits even with 66.
func (in *insn) branch32() bool {
	return in.space == space0F || in.op == 0xe8 || in.op == 0xe9
}
