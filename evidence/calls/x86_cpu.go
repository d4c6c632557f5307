package calls

// A cpu is an instruction about to be executed.
type cpu struct {
	*state
	insn
	mem   *memory
	width int
	next  uint64
}

// address is the address of the memory operand, as a value and what is added to it.
func (c *cpu) address() (v Value, offset int64) {
	switch {
	case c.rip:
		return constant(c.next + uint64(c.disp)), 0
	case c.insn.index < 0 && c.base < 0:
		return constant(uint64(c.disp)), 0
	case c.insn.index < 0:
		return c.reg_(c.base), c.disp
	}
	v = c.reg_(c.insn.index).each(func(b Bits) Bits { return shl(b, c.scale) })
	if c.base >= 0 {
		v = pairs(c.reg_(c.base), v, add)
	}
	return v, c.disp
}

func (c *cpu) reg_(r int) Value { return c.state.reg[r&15] }

// get reads the low width bits of a register.
func (c *cpu) get(r, width int) Value {
	if width == 8 && !c.hasRex && r >= 4 { // ah, ch, dh, bh
		return c.reg_(r - 4).each(func(b Bits) Bits { return trunc(shr(b, 8), 8) })
	}
	return c.reg_(r).each(func(b Bits) Bits { return trunc(b, width) })
}

// put writes a register: 32 bits zero those above, fewer leave them.
func (c *cpu) put(r, width int, v Value) {
	r &= 15
	switch {
	case width == 64:
		c.set(r, v)
	case width == 32:
		c.set(r, v.each(func(b Bits) Bits { return trunc(b, 32) }))
	case width == 8 && !c.hasRex && r >= 4:
		c.set(r-4, pairs(c.reg_(r-4), v, func(o, b Bits) Bits { return insert(o, b, 8, 8) }))
	default:
		c.set(r, pairs(c.reg_(r), v, func(o, b Bits) Bits { return insert(o, b, 0, width) }))
	}
}

// read is the operand that ModRM says.
func (c *cpu) read(width int) Value {
	if !c.memory {
		return c.get(c.rm, width)
	}
	if c.segment {
		return unknown(Memory)
	}
	v, offset := c.address()
	return c.mem.read(c.state, v, offset, width/8)
}

// write writes the operand that ModRM says.
func (c *cpu) write(width int, v Value) {
	if !c.memory {
		c.put(c.rm, width, v)
		return
	}
	c.storeTo(width/8, v.each(func(b Bits) Bits { return trunc(b, width) }))
}

func (c *cpu) storeTo(size int, v Value) {
	if c.segment {
		c.escape(v)
		c.escapeStore(nil)
		return
	}
	a, offset := c.address()
	if _, ok := stackAt(a); !ok && c.base >= 0 {
		c.escapeStore(c.reg_(c.base))
	}
	c.store(a, offset, size, v)
}

func (c *cpu) unknownFlags() { c.flags = test{} }

// tested notes what the flags say of a register compared with a constant.
func (c *cpu) tested(r, width int, against Value) {
	c.unknownFlags()
	if len(against) != 1 || c.memory || width == 8 && !c.hasRex && r >= 4 {
		return
	}
	if v, ok := against[0].Exact(width); ok {
		c.flags = test{ok: true, reg: r & 15, mask: mask(width), want: v}
	}
}

// width8 is the width of opcodes of which the even are for bytes.
func (c *cpu) width8() int {
	if c.op&1 == 0 {
		return 8
	}
	return c.width
}

// arithmetic is add, or, adc, sbb, and, sub, xor, cmp, in this order.
func (c *cpu) arithmetic(op byte, width int, a, b Value, same bool, to func(Value)) {
	cut := func(f func(a, b Bits) Bits) Value {
		return pairs(a, b, func(a, b Bits) Bits {
			if r := f(a, b); width < 64 {
				return trunc(r, width)
			} else {
				return r
			}
		})
	}
	var r Value
	switch op {
	case 0:
		r = cut(add)
	case 1:
		r = cut(or)
	case 4:
		r = cut(and)
	case 5, 6:
		if same {
			r = constant(0)
		} else if op == 5 {
			r = cut(sub)
		} else {
			r = cut(xor)
		}
	case 3:
		if same { // 0 or -1, by the carry
			r = Value{exact(0), exact(mask(width))}
			break
		}
		fallthrough
	default:
		r = pairs(a, b, func(a, b Bits) Bits { return mixed(^mask(width), 0, a, b) })
	}
	c.lost(a, r)
	c.lost(b, r)
	to(r)
}

// shift is rol, ror, rcl, rcr, shl, shr, sal, sar, in this order.
func (c *cpu) shift(width int, by Value) {
	a := c.read(width)
	limit := 32
	if width == 64 {
		limit = 64
	}
	c.unknownFlags()
	n, ok := 0, false
	if len(by) == 1 {
		var v uint64
		v, ok = by[0].Exact(8)
		n = int(v) & (limit - 1)
	}
	if !ok || c.insn.reg&7 == 2 || c.insn.reg&7 == 3 || n >= width {
		c.lost(a, nil)
		c.write(width, Value{{From: Computed, N: a.params() | by.params()}})
		return
	}
	r := a.each(func(b Bits) Bits {
		switch c.insn.reg & 7 {
		case 0:
			return ror(b, width-n, width)
		case 1:
			return ror(b, n, width)
		case 5:
			return shr(trunc(b, width), n)
		case 7:
			return sar(b, n, width)
		}
		return trunc(shl(b, n), width)
	})
	c.lost(a, r)
	c.write(width, r)
}

func (c *cpu) push(v Value) {
	sp := c.reg_(rsp).each(func(b Bits) Bits { return add(b, exact(^uint64(7))) })
	c.set(rsp, sp)
	c.store(sp, 0, 8, v)
}

func (c *cpu) pop() Value {
	sp := c.reg_(rsp)
	v := c.mem.read(c.state, sp, 0, 8)
	c.set(rsp, sp.each(func(b Bits) Bits { return add(b, exact(8)) }))
	return v
}

// clobber makes registers unknown.
func (c *cpu) clobber(from Origin, regs ...int) {
	for _, r := range regs {
		c.set(r&15, unknown(from))
	}
}
