package calls

import (
	"encoding/binary"
	"math/bits"
)

func stepARM64(m *memory, s *state, pc uint64, code []byte) flow {
	f := controlARM64(pc, code)
	if f.kind == flowGo && !f.direct {
		f.to = s.x(int(binary.LittleEndian.Uint32(code) >> 5 & 31))
	}
	if f.kind != flowNext {
		return f
	}
	w := binary.LittleEndian.Uint32(code)
	switch w >> 25 & 15 {
	case 8, 9:
		s.immediateARM64(pc, w)
	case 5, 13:
		s.registerARM64(w)
	case 4, 6, 12, 14:
		s.memoryARM64(m, pc, w)
	case 10, 11:
		if w&0xffe00000 == 0xd5200000 { // sysl, mrs
			s.setX(int(w&31), 64, unknown(Computed))
		}
	case 7, 15:
		// Vectors and floats; what they move to general registers is not followed:
		// fmov, fcvtzs and the like, umov, smov.
		if w&0x5f20fc00 == 0x1e200000 || w&0x5f200000 == 0x1e000000 || w&0x9fe08400 == 0x0e000400 {
			s.setX(int(w&31), 64, unknown(Computed))
		}
	default:
		// Scalable vectors write general registers in some forms (cntd, lastb).
		s.escapeStore(s.reg[w>>5&31])
		s.setX(int(w&31), 64, unknown(NoCode))
	}
	return f
}

// x returns register r, 31 being zero.
func (s *state) x(r int) Value {
	if r == 31 {
		return constant(0)
	}
	return s.reg[r]
}

func (s *state) wx(r, width int) Value {
	if width == 64 {
		return s.x(r)
	}
	return s.x(r).each(func(b Bits) Bits { return trunc(b, 32) })
}

// setX writes register r, of which the 32-bit form zeroes the top; 31 is nothing.
func (s *state) setX(r, width int, v Value) {
	if r != 31 {
		s.setSP(r, width, v)
	}
}

// setSP is setX where 31 is the stack pointer.
func (s *state) setSP(r, width int, v Value) {
	if width == 32 {
		v = v.each(func(b Bits) Bits { return trunc(b, 32) })
	}
	s.set(r, v)
}

// immediateARM64 is C4.1.93, "Data processing -- immediate".
func (s *state) immediateARM64(pc uint64, w uint32) {
	rd, rn := int(w&31), int(w>>5&31)
	width := 32 << (w >> 31)
	flags := w>>29&1 != 0
	switch w >> 23 & 7 {
	case 0, 1: // adr, adrp
		if w>>31 == 0 {
			s.setX(rd, 64, constant(pc+uint64(int64(adrImm(w))<<43>>43)))
		} else {
			s.setX(rd, 64, constant(pc&^0xfff+uint64(int64(adrImm(w))<<43>>31)))
		}
	case 2: // add, sub
		imm := uint64(w>>10&0xfff) << (w >> 22 & 1 * 12)
		a := s.reg[rn]
		if flags {
			s.compare(rn, width, imm, w>>30&1 == 0)
		}
		if w>>30&1 != 0 {
			imm = -imm
		}
		k := exact(imm)
		r := a.each(func(b Bits) Bits { return add(b, k) })
		s.lost(a, r)
		if flags {
			s.setX(rd, width, r)
		} else {
			s.setSP(rd, width, r)
		}
	case 4: // and, orr, eor, ands
		imm, ok := bitmask(w, width)
		a := s.wx(rn, width)
		if !ok {
			s.setX(rd, 64, unknown(NoCode))
			return
		}
		k := exact(imm)
		r := a.each(func(b Bits) Bits { return logical(w>>29&3, b, k) })
		s.lost(a, r)
		if w>>29&3 == 3 {
			s.flags = test{ok: rn != 31, reg: rn, mask: imm}
			s.setX(rd, width, r)
		} else {
			s.setSP(rd, width, r)
		}
	case 5: // movn, movz, movk
		shift := int(w >> 21 & 3 * 16)
		imm := uint64(w>>5&0xffff) << shift
		switch w >> 29 & 3 {
		case 0:
			s.setX(rd, width, constant(^imm))
		case 2:
			s.setX(rd, width, constant(imm))
		case 3:
			k := exact(imm >> shift)
			s.setX(rd, width, s.x(rd).each(func(b Bits) Bits { return insert(b, k, shift, 16) }))
		default:
			s.setX(rd, 64, unknown(NoCode))
		}
	case 6: // sbfm, bfm, ubfm
		r, imms := int(w>>16&63), int(w>>10&63)
		if r >= width || imms >= width {
			s.setX(rd, 64, unknown(NoCode))
			return
		}
		a := s.wx(rn, width)
		s.setX(rd, width, bitfield(w>>29&3, a, s.wx(rd, width), r, imms, width))
		s.lost(a, nil)
	case 7: // extr; ror is extr of one register with itself
		rm, n := int(w>>16&31), int(w>>10&63)
		if n >= width {
			s.setX(rd, 64, unknown(NoCode))
			return
		}
		if rn == rm {
			s.setX(rd, width, s.wx(rn, width).each(func(b Bits) Bits { return ror(b, n, width) }))
			return
		}
		s.setX(rd, width, pairs(s.wx(rn, width), s.wx(rm, width), func(hi, lo Bits) Bits {
			return or(trunc(shl(hi, width-n), width), shr(lo, n))
		}))
	default: // add and subtract with tags
		s.setX(rd, 64, unknown(Computed))
	}
}

// compare notes a comparison with a constant. Those by addition (cmn) are not followed.
func (s *state) compare(rn, width int, imm uint64, addition bool) {
	s.flags = test{ok: !addition && rn != 31, reg: rn, mask: mask(width), want: imm}
}

func logical(op uint32, a, b Bits) Bits {
	switch op {
	case 1:
		return or(a, b)
	case 2:
		return xor(a, b)
	}
	return and(a, b)
}

// bitmask is DecodeBitMasks of DDI 0487, for the immediate of logical instructions.
func bitmask(w uint32, width int) (uint64, bool) {
	n, immr, imms := w>>22&1, int(w>>16&63), int(w>>10&63)
	length := bits.Len32(n<<6|uint32(^imms)&63) - 1
	if length < 1 || width == 32 && n != 0 {
		return 0, false
	}
	size := 1 << length
	levels := size - 1
	ones, turn := imms&levels, immr&levels
	if ones == levels {
		return 0, false
	}
	v := mask(ones + 1)
	v = (v>>turn | v<<(size-turn)) & mask(size)
	for ; size < 64; size *= 2 {
		v |= v << size
	}
	return v & mask(width), true
}

// bitfield is sbfm (0), bfm (1) and ubfm (2): shifts, extensions and fields.
func bitfield(op uint32, a, old Value, r, s, width int) Value {
	if s >= r { // bits r to s of a, at the bottom
		n := s - r + 1
		field := a.each(func(b Bits) Bits { return trunc(shr(b, r), n) })
		switch op {
		case 0:
			return field.each(func(b Bits) Bits { return sext(b, n) })
		case 1:
			return pairs(old, field, func(o, b Bits) Bits { return insert(o, b, 0, n) })
		}
		return field
	}
	n, at := s+1, width-r // bits 0 to s of a, at bit width-r
	field := a.each(func(b Bits) Bits { return trunc(b, n) })
	switch op {
	case 0:
		return field.each(func(b Bits) Bits { return shl(sext(b, n), at) })
	case 1:
		return pairs(old, field, func(o, b Bits) Bits { return insert(o, b, at, n) })
	}
	return field.each(func(b Bits) Bits { return shl(b, at) })
}

// registerARM64 is C4.1.95, "Data processing -- register".
func (s *state) registerARM64(w uint32) {
	rd, rn, rm := int(w&31), int(w>>5&31), int(w>>16&31)
	width := 32 << (w >> 31)
	flags := w>>29&1 != 0
	amount := int(w >> 10 & 63)
	shift := func(v Value) Value { return shiftARM64(v, w>>22&3, amount, width) }
	switch {
	case w&0x1f000000 == 0x0a000000: // and, orr, eor, ands; with bit 21 of the inverse
		if amount >= width {
			break
		}
		a, b := s.wx(rn, width), shift(s.wx(rm, width))
		if w>>21&1 != 0 {
			b = b.each(func(b Bits) Bits { return trunc(not(b), width) })
		}
		var r Value
		if op := w >> 29 & 3; op == 2 && rn == rm && amount == 0 && w>>21&1 == 0 {
			r = constant(0)
		} else if op == 1 && rn == 31 && w>>21&1 == 0 && amount == 0 {
			r = s.x(rm) // mov
		} else {
			r = pairs(a, b, func(a, b Bits) Bits { return logical(op, a, b) })
		}
		s.lost(s.x(rn), r)
		s.lost(s.x(rm), r)
		if w>>29&3 == 3 {
			s.flags = test{ok: rn == rm && rn != 31 && amount == 0 && w>>21&1 == 0, reg: rn, mask: mask(width)}
		}
		s.setX(rd, width, r)
		return
	case w&0x1f200000 == 0x0b000000: // add, sub of a shifted register
		if amount >= width || w>>22&3 == 3 {
			break
		}
		s.addARM64(w, s.wx(rn, width), shift(s.wx(rm, width)), s.setX)
		return
	case w&0x1fe00000 == 0x0b200000: // add, sub of an extended register
		b := s.x(rm).each(func(b Bits) Bits { return extendARM64(b, w>>13&7, int(w>>10&7)) })
		set := s.setSP
		if flags {
			set = s.setX
		}
		s.addARM64(w, s.reg[rn], b, set)
		return
	case w&0x1fe00000 == 0x1a400000: // ccmp, ccmn
		s.flags = test{}
		return
	case w&0x3fe00800 == 0x1a800000: // csel, csinc, csinv, csneg
		b := s.wx(rm, width)
		switch w>>29&2 | w>>10&1 {
		case 1:
			b = b.each(func(b Bits) Bits { return add(b, exact(1)) })
		case 2:
			b = b.each(not)
		case 3:
			b = b.each(func(b Bits) Bits { return sub(exact(0), b) })
		}
		yes, no := s.decide(int(w>>12&15), equalARM64)
		var v Value
		if yes {
			v = s.wx(rn, width)
		}
		if no {
			v = join(v, b.each(func(b Bits) Bits { return trunc(b, width) }))
		}
		s.setX(rd, width, v)
		return
	case w&0x5fe00000 == 0x1ac00000 && w>>10&63 >= 8 && w>>10&63 <= 11: // lslv, lsrv, asrv, rorv
		n, ok := amountOf(s.x(rm), width)
		if !ok {
			break
		}
		a := s.wx(rn, width)
		v := shiftARM64(a, w>>10&3, n, width)
		s.lost(a, v)
		s.setX(rd, width, v)
		return
	case w&0xffff0000 == 0xdac10000: // pac*, aut*, xpac: the address stays
		return
	case w&0x1f000000 == 0x1b000000: // madd, msub; the others are not followed
		if w>>21&7 != 0 {
			break
		}
		a, b, c := s.wx(rn, width), s.wx(rm, width), s.wx(int(w>>10&31), width)
		r := pairs(c, pairs(a, b, func(a, b Bits) Bits { return mul(a, b, width) }), func(c, p Bits) Bits {
			if w>>15&1 != 0 {
				return sub(c, p)
			}
			return add(c, p)
		})
		s.lost(c, r)
		s.setX(rd, width, r)
		return
	}
	if flags {
		s.flags = test{}
	}
	s.lost(s.x(rn), nil)
	s.lost(s.x(rm), nil)
	s.setX(rd, width, Value{{From: Computed, N: s.x(rn).params() | s.x(rm).params()}})
}

// addARM64 is add, adds, sub and subs.
func (s *state) addARM64(w uint32, a, b Value, set func(r, width int, v Value)) {
	rd, rn := int(w&31), int(w>>5&31)
	width := 32 << (w >> 31)
	op := add
	if w>>30&1 != 0 {
		op = sub
	}
	r := pairs(a, b, op)
	s.lost(a, r)
	s.lost(b, r)
	if w>>29&1 != 0 {
		s.flags = test{}
		if len(b) == 1 && rn != 31 {
			if v, ok := b[0].Exact(width); ok {
				s.compare(rn, width, v, w>>30&1 == 0)
			}
		}
	}
	set(rd, width, r)
}

// amountOf returns the one shift a register says, modulo the width.
func amountOf(v Value, width int) (int, bool) {
	if len(v) != 1 {
		return 0, false
	}
	n, ok := v[0].Exact(6)
	return int(n) & (width - 1), ok
}

func shiftARM64(v Value, kind uint32, n, width int) Value {
	if n == 0 {
		return v
	}
	return v.each(func(b Bits) Bits {
		switch kind {
		case 0:
			return trunc(shl(b, n), width)
		case 1:
			return shr(trunc(b, width), n)
		case 2:
			return sar(b, n, width)
		}
		return ror(b, n, width)
	})
}

// extendARM64 is ExtendReg: uxtb, uxth, uxtw, uxtx, sxtb, sxth, sxtw, sxtx, then a shift.
func extendARM64(b Bits, option uint32, n int) Bits {
	width := 8 << (option & 3)
	if option&4 != 0 {
		return shl(sext(b, width), n)
	}
	return shl(trunc(b, width), n)
}

// memoryARM64 is C4.1.96, "Loads and stores".
func (s *state) memoryARM64(m *memory, pc uint64, w uint32) {
	rt, rn, rt2 := int(w&31), int(w>>5&31), int(w>>10&31)
	vector := w>>26&1 != 0
	switch {
	case w&0x3b000000 == 0x18000000: // ldr (literal)
		if vector || w>>30 == 3 {
			return
		}
		size := 4 << (w >> 30 & 1)
		v := m.load(constant(pc), int64(w)<<40>>45<<2, size)
		if w>>30 == 2 { // ldrsw
			v = v.each(func(b Bits) Bits { return sext(b, 32) })
			size = 8
		}
		s.setX(rt, 8*size, v)
	case w&0x3a000000 == 0x28000000: // ldp, stp
		size := 4 << (w >> 31)
		if vector {
			size = 4 << (w >> 30)
		}
		offset := int64(w) << 42 >> 57 * int64(size)
		if !vector && w>>30 == 1 {
			size, offset = 4, int64(w)<<42>>57*4 // ldpsw
		}
		base := s.reg[rn]
		at, back := s.index(base, w>>23&3, offset)
		if w>>22&1 == 0 {
			for i, r := range []int{rt, rt2} {
				var v Value
				if !vector && w>>30 != 1 {
					v = s.wx(r, size*8)
				}
				s.store(base, at+int64(i*size), size, v)
			}
		} else if !vector {
			first, second := m.read(s, base, at, size), m.read(s, base, at+int64(size), size)
			if w>>30 == 1 {
				signed := func(b Bits) Bits { return sext(b, 32) }
				first, second = first.each(signed), second.each(signed)
			}
			s.setX(rt, 64, first)
			s.setX(rt2, 64, second)
		}
		s.writeback(rn, w>>23&3&1 != 0, back)
	case w&0x3b000000 == 0x39000000: // ldr, str with an unsigned offset
		size := 1 << (w >> 30)
		if vector {
			size = 1 << (w>>30 | w>>21&4)
		}
		s.access(m, w, s.reg[rn], int64(w>>10&0xfff)*int64(size))
	case w&0x3b200000 == 0x38000000: // ldur, stur, and those with pre- and post-index
		imm := int64(w) << 43 >> 55
		mode := w >> 10 & 3
		at, back := s.index(s.reg[rn], []uint32{2, 1, 2, 3}[mode], imm)
		s.access(m, w, s.reg[rn], at)
		s.writeback(rn, mode&1 != 0, back)
	case w&0x3b200c00 == 0x38200800: // with a register as offset
		size := 1 << (w >> 30)
		shift := 0
		if w>>12&1 != 0 {
			shift = int(w >> 30)
			if vector {
				shift = int(w>>30 | w>>21&4)
			}
		}
		offset := s.x(int(w >> 16 & 31)).each(func(b Bits) Bits { return extendARM64(b, w>>13&7, shift) })
		base := pairs(s.reg[rn], offset, add)
		if vector && size > 16 {
			base = unknown(NoCode)
		}
		if _, ok := stackAt(base); !ok && w>>22&3 == 0 {
			s.escapeStore(s.reg[rn])
		}
		s.access(m, w, base, 0)
	default:
		// Exclusive, atomic, authenticated loads, structures of vectors, and what
		// is newer: they may write the registers at all their places, and memory.
		s.escape(s.reg[rn])
		s.escapeStore(s.reg[rn])
		if vector { // w&0xbf000000 is 0x0c000000 or 0x0d000000
			s.writeback(rn, w>>23&1 != 0, Value{{From: Computed}})
			return
		}
		if w&0x3b200400 == 0x38200400 { // ldraa, ldrab
			at, back := s.index(s.reg[rn], 2+w>>11&1, (int64(w)<<43>>55|int64(w>>22&1)<<9)<<54>>51)
			s.setX(rt, 64, m.read(s, s.reg[rn], at, 8))
			s.writeback(rn, w>>11&1 != 0, back)
			return
		}
		v := unknown(Memory)
		s.setX(rt, 64, v)
		s.setX(rt2, 64, v)
		s.setX(int(w>>16&31), 64, v)
		s.setX(int(w>>16&31|1), 64, v)      // casp has a pair there
		if w>>24&0x3f == 0x19 && rn != 31 { // tags, copies of memory: with writeback
			s.setX(rn, 64, v)
		}
	}
}

// index returns the offset an access has to its base, and the base afterwards, by
// the mode of ldp: 1 post-index, 3 pre-index, else an offset.
func (s *state) index(base Value, mode uint32, offset int64) (at int64, back Value) {
	k := exact(uint64(offset))
	back = base.each(func(b Bits) Bits { return add(b, k) })
	if mode == 1 {
		return 0, back
	}
	return offset, back
}

func (s *state) writeback(rn int, yes bool, v Value) {
	if yes {
		s.lost(s.reg[rn], v)
		s.set(rn, v)
	}
}

// access is one load or store, by size, V and opc of the instruction.
func (s *state) access(m *memory, w uint32, base Value, at int64) {
	rt, size, opc := int(w&31), 1<<(w>>30), w>>22&3
	switch {
	case w>>26&1 != 0: // vectors: size 16 has opc 2 and 3
		if opc&1 == 0 {
			s.store(base, at, size<<(opc>>1*4), nil)
		}
	case opc == 0:
		s.store(base, at, size, s.wx(rt, max(32, size*8)).each(func(b Bits) Bits { return trunc(b, size*8) }))
	case opc == 1:
		s.setX(rt, 64, m.read(s, base, at, size))
	case size == 8: // prefetch
	default: // with sign
		v := m.read(s, base, at, size).each(func(b Bits) Bits { return sext(b, size*8) })
		s.setX(rt, 128-32*int(opc), v)
	}
}
