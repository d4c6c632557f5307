package calls

func stepX86(m *memory, s *state, pc uint64, code []byte) flow {
	in, ok := decodeX86(code)
	if !ok {
		return flow{kind: flowBad, size: 1}
	}
	f := in.control(pc)
	c := &cpu{state: s, insn: in, mem: m, width: 32, next: pc + uint64(in.size)}
	switch {
	case in.rexW:
		c.width = 64
	case in.word:
		c.width = 16
	}
	switch f.kind {
	case flowBranch:
		if in.op >= 0xe0 && in.op <= 0xe2 { // loop
			s.set(rcx, unknown(Computed))
		}
	case flowGo:
		if !f.direct {
			c.width = 64
			f.to = c.read(c.width)
		}
	case flowNext:
		c.step()
	}
	return f
}

// step executes all that is no branch. What it does not know leaves its registers unknown.
func (c *cpu) step() {
	switch {
	case c.vector != 0:
		c.vectors()
	case c.space == oneByte:
		c.one()
	case c.space == space0F:
		c.two()
	default:
		c.three()
	}
}

// one is the one-byte opcodes, by appendix A of the manual.
func (c *cpu) one() {
	imm := constant(uint64(c.imm))
	reg := c.insn.reg
	switch op := c.op; {
	case op < 0x40: // op rm, reg; op reg, rm; op rax, imm
		kind, width := op>>3, c.width8()
		a, b, same := c.read(width), c.get(reg, width), !c.memory && c.rm == reg
		to := func(v Value) { c.write(width, v) }
		r := c.rm
		switch op & 7 {
		case 2, 3:
			a, b, r = b, a, reg
			to = func(v Value) { c.put(reg, width, v) }
		case 4, 5:
			a, b, same, r = c.get(rax, width), constant(uint64(c.imm)&mask(width)), false, rax
			to = func(v Value) { c.put(rax, width, v) }
		}
		c.result(kind, width, a, b, same, r, to)
	case op >= 0x50 && op <= 0x57:
		c.push(c.reg_(c.rm))
	case op >= 0x58 && op <= 0x5f:
		v := c.pop()
		c.set(c.rm&15, v)
	case op == 0x63: // movsxd
		c.put(reg, c.width, c.read(32).each(func(b Bits) Bits { return sext(b, 32) }))
	case op == 0x68, op == 0x6a:
		c.push(imm)
	case op == 0x69, op == 0x6b:
		w := c.width
		r := pairs(c.read(w), imm, func(a, b Bits) Bits { return mul(a, b, w) })
		c.unknownFlags()
		c.put(reg, w, r)
	case op >= 0x6c && op <= 0x6f: // ins, outs
		c.escapeStore(c.reg_(rdi))
		c.clobber(Computed, rsi, rdi, rcx)
	case op >= 0x80 && op <= 0x83:
		w := c.width8()
		c.result(byte(reg&7), w, c.read(w), constant(uint64(c.imm)&mask(w)), false, c.rm, func(v Value) { c.write(w, v) })
	case op == 0x84, op == 0x85, op == 0xa8, op == 0xa9, (op == 0xf6 || op == 0xf7) && reg&7 <= 1:
		c.testOp()
	case op == 0x86, op == 0x87: // xchg
		w := c.width8()
		a, b := c.read(w), c.get(reg, w)
		c.write(w, b)
		c.put(reg, w, a)
	case op == 0x88, op == 0x89:
		w := c.width8()
		c.write(w, c.get(reg, w))
	case op == 0x8a, op == 0x8b:
		w := c.width8()
		c.put(reg, w, c.read(w))
	case op == 0x8c:
		c.write(16, unknown(Computed))
	case op == 0x8d: // lea
		if !c.memory {
			break
		}
		c.segment = false
		v, offset := c.address()
		v = pairs(v, constant(uint64(offset)), add)
		if c.base >= 0 {
			c.lost(c.reg_(c.base), v)
		}
		if c.insn.index >= 0 {
			c.lost(c.reg_(c.insn.index), v)
		}
		c.put(reg, c.width, v)
	case op == 0x8e:
	case op == 0x8f:
		v := c.pop()
		c.write(64, v)
	case op >= 0x90 && op <= 0x97:
		if c.rm != rax && c.rep == 0 {
			a, b := c.get(rax, c.width), c.get(c.rm, c.width)
			c.put(rax, c.width, b)
			c.put(c.rm, c.width, a)
		}
	case op == 0x98: // cbw, cwde, cdqe
		half := c.width / 2
		c.put(rax, c.width, c.get(rax, half).each(func(b Bits) Bits { return sext(b, half) }))
	case op == 0x99: // cwd, cdq, cqo
		w := c.width
		c.put(rdx, w, c.get(rax, w).each(func(b Bits) Bits { return sar(b, w-1, w) }))
	case op >= 0x9b && op <= 0x9f, op == 0xf5, op >= 0xf8 && op <= 0xfd:
		c.unknownFlags()
		if op == 0x9c {
			c.push(unknown(Computed))
		}
		if op == 0x9d {
			c.pop()
		}
		if op == 0x9f {
			c.clobber(Computed, rax)
		}
	case op >= 0xa0 && op <= 0xa3: // mov with an absolute address
		if op >= 0xa2 {
			c.escape(c.reg_(rax))
		} else {
			c.put(rax, c.width8(), unknown(Memory))
		}
	case op >= 0xa4 && op <= 0xaf: // strings
		c.unknownFlags()
		if op <= 0xa5 || op == 0xaa || op == 0xab {
			c.escapeStore(c.reg_(rdi))
		}
		if op == 0xac || op == 0xad {
			c.put(rax, c.width8(), unknown(Memory))
		}
		for _, r := range []int{rsi, rdi, rcx} {
			c.lost(c.reg_(r), nil)
		}
		c.clobber(Computed, rsi, rdi, rcx)
	case op >= 0xb0 && op <= 0xb7:
		c.put(c.rm, 8, constant(uint64(c.imm)&0xff))
	case op >= 0xb8 && op <= 0xbf:
		c.put(c.rm, c.width, constant(uint64(c.imm)))
	case op == 0xc0, op == 0xc1:
		c.shift(c.width8(), imm)
	case op == 0xd0, op == 0xd1:
		c.shift(c.width8(), constant(1))
	case op == 0xd2, op == 0xd3:
		c.shift(c.width8(), c.reg_(rcx))
	case op == 0xc6, op == 0xc7:
		w := c.width8()
		c.write(w, constant(uint64(c.imm)&mask(w)))
	case op == 0xc8: // enter
		c.push(c.reg_(rbp))
		c.clobber(NoCode, rbp, rsp)
	case op == 0xc9: // leave
		c.set(rsp, c.reg_(rbp))
		v := c.pop()
		c.set(rbp, v)
	case op == 0xd7, op >= 0xe4 && op <= 0xe7, op >= 0xec && op <= 0xef: // xlat, in, out
		c.put(rax, 8, unknown(Memory))
	case op >= 0xd8 && op <= 0xdf: // x87
		if c.memory {
			c.storeTo(16, nil)
		} else if op == 0xdf {
			c.clobber(Computed, rax)
		}
		c.unknownFlags()
	case op == 0xcd: // int
		c.clobber(Returned, rax, rcx, rdx)
		c.unknownFlags()
	case op == 0xf6, op == 0xf7:
		c.group3()
	case op == 0xfe, op == 0xff:
		c.group5()
	default:
		c.fallback()
	}
}

// result does the arithmetic and notes the flags.
func (c *cpu) result(kind byte, width int, a, b Value, same bool, r int, to func(Value)) {
	if kind == 7 { // cmp
		if r != c.rm || !c.memory {
			memory := c.memory
			c.memory = false
			c.tested(r, width, b)
			c.memory = memory
		} else {
			c.unknownFlags()
		}
		return
	}
	c.arithmetic(kind, width, a, b, same, func(v Value) {
		to(v)
		c.unknownFlags()
		if kind != 2 && kind != 3 {
			c.tested(r, width, constant(0))
		}
	})
}

// testOp is test: the flags of and.
func (c *cpu) testOp() {
	w := c.width8()
	c.unknownFlags()
	switch {
	case c.op == 0xa8 || c.op == 0xa9:
		c.flags = test{ok: true, reg: rax, mask: uint64(c.imm) & mask(w)}
	case c.memory || w == 8 && !c.hasRex && c.rm >= 4:
	case c.op >= 0xf6:
		c.flags = test{ok: true, reg: c.rm & 15, mask: uint64(c.imm) & mask(w)}
	case c.rm == c.insn.reg:
		c.flags = test{ok: true, reg: c.rm & 15, mask: mask(w)}
	}
}

// group3 is not, neg, mul, imul, div, idiv.
func (c *cpu) group3() {
	w := c.width8()
	a := c.read(w)
	switch c.insn.reg & 7 {
	case 2:
		c.lost(a, nil)
		c.write(w, a.each(func(b Bits) Bits { return trunc(not(b), w) }))
	case 3:
		c.lost(a, nil)
		c.write(w, a.each(func(b Bits) Bits { return trunc(sub(exact(0), b), w) }))
		c.unknownFlags()
	default:
		n := a.params() | c.reg_(rax).params()
		c.set(rax, Value{{From: Computed, N: n}})
		c.set(rdx, Value{{From: Computed, N: n}})
		c.unknownFlags()
	}
}

// group5 is inc, dec, push.
func (c *cpu) group5() {
	w := c.width8()
	switch c.insn.reg & 7 {
	case 0:
		c.arithmetic(0, w, c.read(w), constant(1), false, func(v Value) { c.write(w, v) })
		c.unknownFlags()
	case 1:
		c.arithmetic(5, w, c.read(w), constant(1), false, func(v Value) { c.write(w, v) })
		c.unknownFlags()
	case 6:
		c.push(c.read(64))
	}
}

// two is what comes after 0f.
func (c *cpu) two() {
	reg := c.insn.reg
	switch op := c.op; {
	case op == 0x01: // xgetbv, rdtscp and the like
		c.clobber(Computed, rax, rcx, rdx)
	case op == 0x31, op == 0x32, op == 0x33:
		c.clobber(Computed, rax, rdx)
	case op == 0xa2: // cpuid
		c.clobber(Computed, rax, rbx, rcx, rdx)
	case op == 0x0d, op >= 0x18 && op <= 0x1f: // prefetch, nop, endbr64
		if op == 0x1e && c.rep != 0 && !c.memory {
			c.clobber(Computed, c.rm) // rdssp
		}
	case op >= 0x40 && op <= 0x4f: // cmov
		w := c.width
		yes, no := c.decideX86(op)
		var v Value
		if yes {
			v = c.read(w)
		}
		if no {
			v = join(v, c.get(reg, w))
		}
		c.put(reg, w, v)
	case op >= 0x90 && op <= 0x9f: // setcc
		yes, no := c.decideX86(op)
		var v Value
		if no {
			v = append(v, exact(0))
		}
		if yes {
			v = append(v, exact(1))
		}
		c.write(8, v)
	case op == 0xb6, op == 0xb7: // movzx
		c.put(reg, c.width, c.read(8<<(op&1)))
	case op == 0xbe, op == 0xbf: // movsx
		w := 8 << (op & 1)
		c.put(reg, c.width, c.read(w).each(func(b Bits) Bits { return sext(b, w) }))
	case op == 0xaf: // imul
		w := c.width
		r := pairs(c.get(reg, w), c.read(w), func(a, b Bits) Bits { return mul(a, b, w) })
		c.unknownFlags()
		c.put(reg, w, r)
	case op == 0xa3: // bt
		c.unknownFlags()
	case op == 0xba:
		c.unknownFlags()
		bit := exact(1 << (uint64(c.imm) & uint64(c.width-1)))
		switch w := c.width; reg & 7 {
		case 5: // bts
			c.write(w, c.read(w).each(func(b Bits) Bits { return or(b, bit) }))
		case 6: // btr
			c.write(w, c.read(w).each(func(b Bits) Bits { return and(b, not(bit)) }))
		case 7: // btc
			c.write(w, c.read(w).each(func(b Bits) Bits { return xor(b, bit) }))
		}
	case op == 0xa4, op == 0xa5, op == 0xac, op == 0xad, op == 0xab, op == 0xb3, op == 0xbb: // shld, shrd, bts, btr, btc
		c.unknownFlags()
		c.write(c.width, Value{{From: Computed, N: c.read(c.width).params() | c.reg_(reg).params()}})
	case op == 0xb8, op == 0xbc, op == 0xbd: // popcnt, bsf, bsr
		c.unknownFlags()
		c.put(reg, c.width, unknown(Computed))
	case op == 0xb0, op == 0xb1: // cmpxchg
		c.escape(c.reg_(reg))
		c.write(c.width8(), unknown(Memory))
		c.clobber(Memory, rax)
		c.unknownFlags()
	case op == 0xc0, op == 0xc1: // xadd
		c.escape(c.reg_(reg))
		c.write(c.width8(), unknown(Memory))
		c.put(reg, c.width8(), unknown(Memory))
		c.unknownFlags()
	case op == 0xc3: // movnti
		c.write(c.width, c.get(reg, c.width))
	case op == 0xc7: // cmpxchg8b, rdrand
		if c.memory {
			c.storeTo(16, nil)
			c.clobber(Memory, rax, rdx)
		} else {
			c.clobber(Computed, c.rm)
		}
		c.unknownFlags()
	case op >= 0xc8 && op <= 0xcf: // bswap
		c.clobber(Computed, c.rm)
	case op == 0xa0, op == 0xa8:
		c.push(unknown(Computed))
	case op == 0xa1, op == 0xa9:
		c.pop()
	case op == 0xae: // fxsave, fences, rdfsbase
		if c.memory {
			c.storeTo(512, nil)
		} else if c.rep != 0 {
			c.clobber(Computed, c.rm)
		}
	case op >= 0x10 && op <= 0x17, op >= 0x28 && op <= 0x2f, op >= 0x50 && op <= 0x7f, op >= 0xc2 && op <= 0xc6, op >= 0xd0:
		c.vectors()
	default:
		c.fallback()
	}
}

func (c *cpu) decideX86(op byte) (yes, no bool) { return c.decide(int(op&15), equalX86) }

// vectors are instructions on vectors, of which a few write general registers or flags.
func (c *cpu) vectors() {
	size := max(c.vector, 16)
	switch c.space {
	case space0F:
		switch c.op {
		case 0x2e, 0x2f: // ucomis, comis
			c.unknownFlags()
			return
		case 0x2c, 0x2d, 0x50, 0xc5, 0xd7, 0x93: // cvt, movmsk, pextrw, pmovmskb, kmov
			c.clobber(Computed, c.insn.reg)
			return
		case 0x7e:
			if !c.memory && c.rep == 0 {
				c.clobber(Computed, c.rm) // movd, movq
				return
			}
		case 0x98, 0x99: // kortest, ktest
			c.unknownFlags()
			return
		case 0xf7: // maskmov
			c.escapeStore(c.reg_(rdi))
			return
		case 0x11, 0x13, 0x17, 0x29, 0x2b, 0x7f, 0xd6, 0xe7, 0x91:
		default:
			return
		}
		if c.memory {
			c.storeTo(size, nil)
		}
		return
	case space0F3A:
		if c.op >= 0x14 && c.op <= 0x17 && !c.memory { // pextr, extractps
			c.clobber(Computed, c.rm)
			return
		}
		if c.op == 0xf0 { // rorx
			c.clobber(Computed, c.insn.reg)
			return
		}
		c.unknownFlags() // pcmpstr, which may write rcx
		if c.op >= 0x60 && c.op <= 0x63 {
			c.clobber(Computed, rcx)
		}
	case space0F38:
		if c.op >= 0xf0 { // andn, bzhi, pext, mulx, shlx, blsr
			c.clobber(Computed, c.insn.reg, c.vvvv)
			c.unknownFlags()
			return
		}
		c.unknownFlags() // ptest
		if c.op == 0x7a || c.op == 0x7b || c.op == 0x7c {
			return
		}
	case spaceOther:
		c.unknownFlags()
		if c.op == 0x2c || c.op == 0x2d || c.op == 0x78 || c.op == 0x79 || c.op == 0x7e {
			c.clobber(Computed, c.insn.reg, c.rm)
		}
	}
	if c.memory {
		c.storeTo(64, nil)
	}
}

// three is what comes after 0f 38 and 0f 3a without VEX.
func (c *cpu) three() {
	if c.space == space0F38 && c.op >= 0xf0 {
		if c.op == 0xf1 && c.memory && c.rep != 0xf2 { // movbe to memory
			c.storeTo(8, nil)
			return
		}
		c.unknownFlags()
		c.clobber(Computed, c.insn.reg) // crc32, movbe, adcx
		return
	}
	c.vectors()
}

// fallback is an instruction that is not known: it may write its operands, rax and rdx.
func (c *cpu) fallback() {
	c.unknownFlags()
	if c.modrm {
		c.lost(c.reg_(c.insn.reg), nil)
		c.clobber(NoCode, c.insn.reg)
		if c.memory {
			c.storeTo(512, nil)
		} else {
			c.clobber(NoCode, c.rm)
		}
	}
	c.clobber(NoCode, rax, rdx)
}
