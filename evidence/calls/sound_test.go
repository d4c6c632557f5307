package calls

import (
	"encoding/binary"
	"math/bits"
	"math/rand"
	"testing"
)

// covers reports whether a value may be v, when the parameters are params.
func covers(a Value, v uint64, params []uint64) bool {
	for _, b := range a {
		known := b.Zero | b.One
		if v&b.Zero == 0 && v&b.One == b.One && (b.From != Parameter || (v^params[b.N])&^known == 0) {
			return true
		}
	}
	return len(a) == 0
}

// interesting are values that make carries, signs and flags.
func interesting(r *rand.Rand) uint64 {
	switch r.Intn(5) {
	case 0:
		return []uint64{0, 1, 7, 0x1002, 0x1802, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 63, ^uint64(0)}[r.Intn(10)]
	case 1:
		return uint64(r.Intn(256))
	case 2:
		return -uint64(r.Intn(256))
	case 3:
		return uint64(r.Uint32())
	}
	return r.Uint64()
}

// partly returns a value that covers v: all, some or none of its bits known, or beside another.
func partly(r *rand.Rand, v uint64, n int) Value {
	known := r.Uint64()
	switch r.Intn(4) {
	case 0:
		return constant(v)
	case 1:
		return Value{{From: Parameter, N: int64(n)}}
	case 2:
		return Value{{Zero: known &^ v, One: known & v, From: Parameter, N: int64(n)}}
	}
	return Value{exact(r.Uint64()), {Zero: known &^ v, One: known & v, From: Memory}}
}

func TestArithmeticCoversWhatItComesTo(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	ops := []struct {
		name     string
		abstract func(a, b Bits, n, w int) Bits
		concrete func(a, b uint64, n, w int) uint64
	}{
		{"and", func(a, b Bits, n, w int) Bits { return and(a, b) }, func(a, b uint64, n, w int) uint64 { return a & b }},
		{"or", func(a, b Bits, n, w int) Bits { return or(a, b) }, func(a, b uint64, n, w int) uint64 { return a | b }},
		{"xor", func(a, b Bits, n, w int) Bits { return xor(a, b) }, func(a, b uint64, n, w int) uint64 { return a ^ b }},
		{"not", func(a, b Bits, n, w int) Bits { return not(a) }, func(a, b uint64, n, w int) uint64 { return ^a }},
		{"add", func(a, b Bits, n, w int) Bits { return add(a, b) }, func(a, b uint64, n, w int) uint64 { return a + b }},
		{"sub", func(a, b Bits, n, w int) Bits { return sub(a, b) }, func(a, b uint64, n, w int) uint64 { return a - b }},
		{"shl", func(a, b Bits, n, w int) Bits { return shl(a, n) }, func(a, b uint64, n, w int) uint64 { return a << n }},
		{"shr", func(a, b Bits, n, w int) Bits { return shr(a, n) }, func(a, b uint64, n, w int) uint64 { return a >> n }},
		{"sar", func(a, b Bits, n, w int) Bits { return sar(a, n%w, w) }, func(a, b uint64, n, w int) uint64 {
			return uint64(signed(a, w)>>(n%w)) & mask(w)
		}},
		{"ror", func(a, b Bits, n, w int) Bits { return ror(a, n, w) }, func(a, b uint64, n, w int) uint64 {
			if w == 64 {
				return bits.RotateLeft64(a, -n)
			}
			return uint64(bits.RotateLeft32(uint32(a), -n))
		}},
		{"trunc", func(a, b Bits, n, w int) Bits { return trunc(a, w) }, func(a, b uint64, n, w int) uint64 { return a & mask(w) }},
		{"sext", func(a, b Bits, n, w int) Bits { return sext(a, w) }, func(a, b uint64, n, w int) uint64 { return uint64(signed(a, w)) }},
		{"insert", func(a, b Bits, n, w int) Bits { return insert(a, b, n%(65-w), w) }, func(a, b uint64, n, w int) uint64 {
			at := n % (65 - w)
			return a&^(mask(w)<<at) | b&mask(w)<<at
		}},
		{"mul", func(a, b Bits, n, w int) Bits { return mul(a, b, w) }, func(a, b uint64, n, w int) uint64 { return a * b & mask(w) }},
	}
	for _, op := range ops {
		t.Run(op.name, func(t *testing.T) {
			for range 20000 {
				params := []uint64{interesting(r), interesting(r)}
				a, b := partly(r, params[0], 0), partly(r, params[1], 1)
				n, w := r.Intn(64), 32<<r.Intn(2)
				got := pairs(a, b, func(a, b Bits) Bits { return op.abstract(a, b, n, w) })
				if want := op.concrete(params[0], params[1], n, w); !covers(got, want, params) {
					t.Fatalf("%v, %v (n %d, width %d): %#x is not in %v; parameters %#x", a, b, n, w, want, got, params)
				}
			}
		})
	}
}

func signed(v uint64, w int) int64 { return int64(v<<(64-w)) >> (64 - w) }

// A sample is an instruction with what it does to concrete registers.
type sample struct {
	code []byte
	do   func(reg []uint64)
}

// TestCodeCoversWhatItComesTo executes random code twice: over known bits, and
// with one choice of the parameters.
func TestCodeCoversWhatItComesTo(t *testing.T) {
	tests := []struct {
		name   string
		arch   *arch
		sample func(r *rand.Rand) sample
	}{
		{"arm64", arm64, sampleARM64},
		{"x86-64", x8664, sampleX86},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := rand.New(rand.NewSource(2))
			for range 20000 {
				params := make([]uint64, 8)
				values := make([]Value, 8)
				for i := range params {
					params[i] = interesting(r)
					values[i] = partly(r, params[i], i)
				}
				s := tt.arch.entry(nil)
				reg := make([]uint64, 32)
				for i, n := range tt.arch.args {
					s.reg[n], reg[n] = values[i], params[i]
				}
				m := &memory{}
				var code []byte
				for range 1 + r.Intn(12) {
					x := tt.sample(r)
					if f := tt.arch.step(m, s, base, x.code); f.kind != flowNext || f.size != len(x.code) {
						t.Fatalf("% x is taken for %+v", x.code, f)
					}
					x.do(reg)
					code = append(code, x.code...)
					for _, n := range tt.arch.args {
						if !covers(s.reg[n], reg[n], params) {
							t.Fatalf("% x: register %d: %#x is not in %v; parameters %#x", code, n, reg[n], s.reg[n], params)
						}
					}
				}
			}
		})
	}
}

// sampleARM64 makes an instruction on x0 to x7.
func sampleARM64(r *rand.Rand) sample {
	d, n, m := uint32(r.Intn(8)), uint32(r.Intn(8)), uint32(r.Intn(8))
	sf, width := uint32(1), 64
	if r.Intn(2) == 0 {
		sf, width = 0, 32
	}
	amount := uint32(r.Intn(width))
	var w uint32
	var f func(d, n, m uint64) uint64
	shift := func(kind uint32, v uint64) uint64 {
		v &= mask(width)
		switch kind {
		case 0:
			return v << amount
		case 1:
			return v >> amount
		case 2:
			return uint64(signed(v, width) >> amount)
		}
		if width == 32 {
			return uint64(bits.RotateLeft32(uint32(v), -int(amount)))
		}
		return bits.RotateLeft64(v, -int(amount))
	}
	switch r.Intn(7) {
	case 0: // and, orr, eor, with inverses and shifts
		op, inverse, kind := uint32(r.Intn(3)), uint32(r.Intn(2)), uint32(r.Intn(4))
		w = 0x0a000000 | op<<29 | kind<<22 | inverse<<21 | amount<<10
		f = func(d, n, m uint64) uint64 {
			m = shift(kind, m)
			if inverse == 1 {
				m = ^m
			}
			return []uint64{n & m, n | m, n ^ m}[op]
		}
	case 1: // add, sub
		op, kind := uint32(r.Intn(2)), uint32(r.Intn(3))
		w = 0x0b000000 | op<<30 | kind<<22 | amount<<10
		f = func(d, n, m uint64) uint64 {
			if op == 1 {
				return n - shift(kind, m)
			}
			return n + shift(kind, m)
		}
	case 2: // add, sub of an immediate
		op, high, imm := uint32(r.Intn(2)), uint32(r.Intn(2)), uint32(r.Intn(4096))
		w = 0x11000000 | op<<30 | high<<22 | imm<<10
		m = 0
		f = func(d, n, m uint64) uint64 {
			v := uint64(imm) << (12 * high)
			if op == 1 {
				v = -v
			}
			return n + v
		}
		return armSample(w|sf<<31|n<<5|d, d, n, m, width, f)
	case 3: // movz, movn, movk
		op, high, imm := []uint32{0, 2, 3}[r.Intn(3)], uint32(r.Intn(width/16)), uint32(r.Intn(65536))
		w = 0x12800000 | op<<29 | high<<21 | imm<<5
		f = func(d, n, m uint64) uint64 {
			v := uint64(imm) << (16 * high)
			return []uint64{^v, 0, v, d&^(0xffff<<(16*high)) | v}[op]
		}
		return armSample(w|sf<<31|d, d, n, m, width, f)
	case 4: // ubfm, sbfm, bfm
		op, lsb, msb := uint32(r.Intn(3)), amount, uint32(r.Intn(width))
		w = 0x13000000 | op<<29 | sf<<22 | lsb<<16 | msb<<10
		f = func(d, n, m uint64) uint64 {
			n &= mask(width)
			size, at, v := int(msb)+1, width-int(lsb), n
			if msb >= lsb {
				size, at, v = int(msb-lsb)+1, 0, n>>lsb
			}
			v &= mask(size)
			switch op {
			case 0:
				return uint64(signed(v, size)) << at
			case 1:
				return d&^(mask(size)<<at) | v<<at
			}
			return v << at
		}
		return armSample(w|sf<<31|n<<5|d, d, n, m, width, f)
	case 5: // csel and its kin, by carry set; taken or not, the abstract is both
		op, inc := uint32(r.Intn(2)), uint32(r.Intn(2))
		w = 0x1a800000 | op<<30 | inc<<10 | 2<<12
		taken := r.Intn(2) == 0
		f = func(d, n, m uint64) uint64 {
			if taken {
				return n
			}
			return []uint64{m, m + 1, ^m, -m}[op<<1|inc]
		}
	case 6: // madd, msub with zero, mul
		op := uint32(r.Intn(2))
		w = 0x1b000000 | op<<15 | 31<<10
		f = func(d, n, m uint64) uint64 {
			if op == 1 {
				return -(n * m)
			}
			return n * m
		}
	}
	return armSample(w|sf<<31|m<<16|n<<5|d, d, n, m, width, f)
}

func armSample(w, d, n, m uint32, width int, f func(d, n, m uint64) uint64) sample {
	return sample{binary.LittleEndian.AppendUint32(nil, w), func(reg []uint64) {
		reg[d] = f(reg[d], reg[n], reg[m]) & mask(width)
	}}
}

// sampleX86 makes an instruction on the registers of arguments.
func sampleX86(r *rand.Rand) sample {
	regs := x8664.args
	d, s := regs[r.Intn(len(regs))], regs[r.Intn(len(regs))]
	width := []int{8, 16, 32, 64}[r.Intn(4)]
	imm := int8(interesting(r))
	// REX is always there, so that 8-bit registers are the low bytes.
	rex := byte(0x40)
	var code []byte
	if width == 16 {
		code = append(code, 0x66)
	}
	if width == 64 {
		rex |= 8
	}
	wide := byte(1)
	if width == 8 {
		wide = 0
	}
	put := func(reg []uint64, v uint64) {
		switch width {
		case 64:
			reg[d] = v
		case 32:
			reg[d] = v & mask(32)
		default:
			reg[d] = reg[d]&^mask(width) | v&mask(width)
		}
	}
	modrm := func(reg, rm int) byte { return 0xc0 | byte(reg&7)<<3 | byte(rm&7) }
	alu := func(op int, a, b uint64) uint64 {
		return []uint64{a + b, a | b, 0, 0, a & b, a - b, a ^ b}[op]
	}
	both := rex | byte(s>>3)<<2 | byte(d>>3) // reg is the source, rm the destination
	alone := rex | byte(d>>3)
	switch r.Intn(7) {
	case 0: // op d, s
		op := []int{0, 1, 4, 5, 6}[r.Intn(5)]
		code = append(code, both, byte(op<<3)|wide, modrm(s, d))
		return sample{code, func(reg []uint64) { put(reg, alu(op, reg[d], reg[s])) }}
	case 1: // op d, imm8
		op := []int{0, 1, 4, 5, 6}[r.Intn(5)]
		code = append(code, alone, 0x80|wide<<1|wide, modrm(op, d), byte(imm))
		return sample{code, func(reg []uint64) { put(reg, alu(op, reg[d], uint64(int64(imm)))) }}
	case 2: // mov d, s
		code = append(code, both, 0x88|wide, modrm(s, d))
		return sample{code, func(reg []uint64) { put(reg, reg[s]) }}
	case 3: // shl, shr, sar, rol, ror by an immediate
		op, n := []int{0, 1, 4, 5, 7}[r.Intn(5)], r.Intn(width)
		code = append(code, alone, 0xc0|wide, modrm(op, d), byte(n))
		return sample{code, func(reg []uint64) {
			n := n
			if width < 64 {
				n &= 31
			}
			v := reg[d] & mask(width)
			switch op {
			case 0:
				v = v<<n | v>>(width-n)
			case 1:
				v = v>>n | v<<(width-n)
			case 4:
				v <<= n
			case 5:
				v >>= n
			case 7:
				v = uint64(signed(v, width) >> n)
			}
			put(reg, v)
		}}
	case 4: // not, neg
		op := 2 + r.Intn(2)
		code = append(code, alone, 0xf6|wide, modrm(op, d))
		return sample{code, func(reg []uint64) { put(reg, []uint64{^reg[d], -reg[d]}[op-2]) }}
	case 5: // movzx, movsx from 8 and 16 bits
		from, sign := r.Intn(2), r.Intn(2)
		if width == 8 || width == 16 {
			width, code = 32, nil
		}
		code = append(code, rex|byte(d>>3)<<2|byte(s>>3), 0x0f, 0xb6|byte(from)|byte(sign)<<3, modrm(d, s))
		return sample{code, func(reg []uint64) {
			v := reg[s] & mask(8<<from)
			if sign == 1 {
				v = uint64(signed(v, 8<<from))
			}
			put(reg, v)
		}}
	default: // imul d, s, imm8
		if width == 8 {
			width = 32
		}
		code = append(code, rex|byte(d>>3)<<2|byte(s>>3), 0x6b, modrm(d, s), byte(imm))
		return sample{code, func(reg []uint64) { put(reg, reg[s]*uint64(int64(imm))) }}
	}
}
