package calls

import (
	"encoding/binary"
	"math/rand"
	"testing"
)

// A machine runs a function for real, as far as its instructions are written by a writer.
type machine struct {
	r     *rand.Rand
	reg   [32]uint64
	mem   map[uint64]uint64 // what was stored, in words of eight bytes
	equal bool              // what was compared last
}

// A runnable is an instruction, with what it does.
type runnable struct {
	code []byte
	to   int // of a branch, how many instructions on, or back; 0: the next
	do   func(m *machine) (branches bool)
	mmap bool
}

func (m *machine) load(addr uint64) uint64 {
	if _, ok := m.mem[addr]; !ok {
		m.mem[addr] = interesting(m.r)
	}
	return m.mem[addr]
}

// away is how far a branch goes: mostly on, sometimes back.
func away(r *rand.Rand) int {
	if r.Intn(5) == 0 {
		return -2 - r.Intn(8)
	}
	return 1 + r.Intn(6)
}

// called is what a function that is called leaves.
func (m *machine) called(a *arch) {
	for _, r := range a.clobbered {
		m.reg[r] = interesting(m.r)
	}
	m.equal = m.r.Intn(2) == 0
}

// does is an instruction that goes on with the next.
func does(code []byte, do func(m *machine)) runnable {
	return runnable{code: code, do: func(m *machine) bool { do(m); return false }}
}

func runnableARM64(r *rand.Rand) runnable {
	pick := func() int { return []int{0, 1, 2, 3, 4, 8, 19, 20}[r.Intn(8)] }
	word := func(w uint32) []byte { return binary.LittleEndian.AppendUint32(nil, w) }
	d, n, m := pick(), pick(), pick()
	regs := uint32(d) | uint32(n)<<5 | uint32(m)<<16
	imm := []uint64{0, 1, 3, 7, 0x1002, 0x1802}[r.Intn(6)]
	small, slot := uint64(r.Intn(4)), uint64(r.Intn(4))
	const sp = 31
	switch r.Intn(17) {
	case 0, 1:
		return does(word(0xd2800000|uint32(imm)<<5|uint32(d)), func(x *machine) { x.reg[d] = imm })
	case 2:
		return does(word(0xaa0003e0|regs&^(31<<5)|31<<5), func(x *machine) { x.reg[d] = x.reg[m] })
	case 3:
		return does(word(0x91000000|uint32(small)<<10|regs&0x3ff), func(x *machine) { x.reg[d] = x.reg[n] + small })
	case 4:
		return does(word(0xaa000000|regs), func(x *machine) { x.reg[d] = x.reg[n] | x.reg[m] })
	case 5:
		return does(word(0x8b000000|regs), func(x *machine) { x.reg[d] = x.reg[n] + x.reg[m] })
	case 6:
		return does(word(0x32150000|regs&0x3ff), func(x *machine) { x.reg[d] = uint64(uint32(x.reg[n]) | 0x800) })
	case 7:
		return does(word(0xf9000000|uint32(slot)<<10|31<<5|uint32(d)), func(x *machine) { x.mem[x.reg[sp]+8*slot] = x.reg[d] })
	case 8:
		return does(word(0xf9400000|uint32(slot)<<10|31<<5|uint32(d)), func(x *machine) { x.reg[d] = x.load(x.reg[sp] + 8*slot) })
	case 9:
		return does(word(0xa9bf0000|uint32(n)<<10|31<<5|uint32(d)), func(x *machine) { // stp d, n, [sp, #-16]!
			x.reg[sp] -= 16
			x.mem[x.reg[sp]], x.mem[x.reg[sp]+8] = x.reg[d], x.reg[n]
		})
	case 10:
		if n == d {
			n = 30 // what ldp does with one register twice is not said
		}
		return does(word(0xa8c10000|uint32(n)<<10|31<<5|uint32(d)), func(x *machine) { // ldp d, n, [sp], #16
			x.reg[d], x.reg[n] = x.load(x.reg[sp]), x.load(x.reg[sp]+8)
			x.reg[sp] += 16
		})
	case 11:
		return does(word(0xf100001f|uint32(small)<<10|uint32(n)<<5), func(x *machine) { x.equal = x.reg[n] == small })
	case 12:
		return does(word(0xeb00001f|regs&^31), func(x *machine) { x.equal = x.reg[n] == x.reg[m] })
	case 13: // csel d, n, m, eq
		return does(word(0x9a800000|regs), func(x *machine) {
			if x.equal {
				x.reg[d] = x.reg[n]
			} else {
				x.reg[d] = x.reg[m]
			}
		})
	case 14: // cbz, cbnz
		not := r.Intn(2)
		return runnable{word(0xb4000000 | uint32(not)<<24 | uint32(d)), away(r), func(x *machine) bool { return (x.reg[d] == 0) == (not == 0) }, false}
	case 15: // b.eq, b.ne, b
		switch not := r.Intn(3); not {
		case 2:
			return runnable{word(0x14000000), away(r), func(*machine) bool { return true }, false}
		default:
			return runnable{word(0x54000000 | uint32(not)), away(r), func(x *machine) bool { return x.equal == (not == 0) }, false}
		}
	}
	return runnable{code: word(0x94000000), do: func(*machine) bool { return false }, mmap: r.Intn(2) == 0}
}

func runnableX86(r *rand.Rand) runnable {
	pick := func() int { return []int{rax, rcx, rdx, rbx, rbp, rsi, rdi}[r.Intn(7)] }
	d, n := pick(), pick()
	rr := 0xc0 | byte(n)<<3 | byte(d)
	imm := []uint32{0, 1, 3, 7, 0x1002, 0x1802}[r.Intn(6)]
	small, slot := byte(r.Intn(4)), byte(r.Intn(4)*8)
	switch r.Intn(17) {
	case 0, 1:
		return does(binary.LittleEndian.AppendUint32([]byte{0xb8 | byte(d)}, imm), func(x *machine) { x.reg[d] = uint64(imm) })
	case 2:
		return does([]byte{0x48, 0x89, rr}, func(x *machine) { x.reg[d] = x.reg[n] })
	case 3:
		return does([]byte{0x48, 0x83, 0xc0 | byte(d), small}, func(x *machine) { x.reg[d] += uint64(small); x.equal = x.reg[d] == 0 })
	case 4:
		return does([]byte{0x48, 0x09, rr}, func(x *machine) { x.reg[d] |= x.reg[n]; x.equal = x.reg[d] == 0 })
	case 5:
		return does([]byte{0x31, rr}, func(x *machine) { x.reg[d] = uint64(uint32(x.reg[d] ^ x.reg[n])); x.equal = x.reg[d] == 0 })
	case 6:
		return does([]byte{0x48, 0x89, 0x44 | byte(n)<<3, 0x24, slot}, func(x *machine) { x.mem[x.reg[rsp]+uint64(slot)] = x.reg[n] })
	case 7:
		return does([]byte{0x48, 0x8b, 0x44 | byte(d)<<3, 0x24, slot}, func(x *machine) { x.reg[d] = x.load(x.reg[rsp] + uint64(slot)) })
	case 8:
		return does([]byte{0x50 | byte(n)}, func(x *machine) { x.reg[rsp] -= 8; x.mem[x.reg[rsp]] = x.reg[n] })
	case 9:
		return does([]byte{0x58 | byte(d)}, func(x *machine) { x.reg[d] = x.load(x.reg[rsp]); x.reg[rsp] += 8 })
	case 10:
		return does([]byte{0x48, 0x83, 0xf8 | byte(d), small}, func(x *machine) { x.equal = x.reg[d] == uint64(small) })
	case 11:
		return does([]byte{0x48, 0x39, rr}, func(x *machine) { x.equal = x.reg[d] == x.reg[n] })
	case 12:
		return does([]byte{0x48, 0x85, rr}, func(x *machine) { x.equal = x.reg[d]&x.reg[n] == 0 })
	case 13: // cmove n, d
		return does([]byte{0x48, 0x0f, 0x44, rr}, func(x *machine) {
			if x.equal {
				x.reg[n] = x.reg[d]
			}
		})
	case 14: // sete
		low := r.Intn(4)
		return does([]byte{0x0f, 0x94, 0xc0 | byte(low)}, func(x *machine) {
			x.reg[low] &^= 0xff
			if x.equal {
				x.reg[low] |= 1
			}
		})
	case 15: // je, jne, jmp
		switch not := r.Intn(3); not {
		case 2:
			return runnable{[]byte{0xeb, 0}, away(r), func(*machine) bool { return true }, false}
		default:
			return runnable{[]byte{0x74 | byte(not), 0}, away(r), func(x *machine) bool { return x.equal == (not == 0) }, false}
		}
	}
	return runnable{code: []byte{0xe8, 0, 0, 0, 0}, do: func(*machine) bool { return false }, mmap: r.Intn(2) == 0}
}

// assemble puts instructions one after the other, and says where each is.
func assemble(arch Arch, list []runnable) (code []byte, at []int) {
	for _, in := range list {
		at = append(at, len(code))
		code = append(code, in.code...)
	}
	at = append(at, len(code))
	for k, in := range list {
		here := code[at[k]:at[k+1]]
		distance := at[max(min(k+1+in.to, len(list)), 0)] - at[k]
		target := 0x3000 - at[k] // a function of which nothing is known
		if in.mmap {
			target = 0x1000 - at[k]
		}
		switch {
		case arch == X8664 && here[0] == 0xe8:
			binary.LittleEndian.PutUint32(here[1:], uint32(target-5))
		case arch == X8664 && in.to != 0:
			here[1] = byte(distance - 2)
		case arch == ARM64 && here[3] == 0x94:
			binary.LittleEndian.PutUint32(here, 0x94000000|uint32(target/4)&imm26)
		case arch == ARM64 && in.to != 0:
			field := uint32(distance/4) & imm19 << 5
			if here[3] == 0x14 {
				field = uint32(distance/4) & imm26
			}
			binary.LittleEndian.PutUint32(here, binary.LittleEndian.Uint32(here)|field)
		}
	}
	if arch == X8664 {
		return append(code, 0xc3), at
	}
	return binary.LittleEndian.AppendUint32(code, 0xd65f03c0), at
}

// TestWaysCoverWhatProgramsDo runs random functions with branches, and looks that what reaches
// mmap is among what was found: both arguments on one of the ways.
func TestWaysCoverWhatProgramsDo(t *testing.T) {
	tests := []struct {
		name   string
		arch   Arch
		random func(*rand.Rand) runnable
	}{
		{"arm64", ARM64, runnableARM64},
		{"x86-64", X8664, runnableX86},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := rand.New(rand.NewSource(3))
			calls := 0
			for range 4000 {
				var list []runnable
				for range 10 + r.Intn(50) {
					list = append(list, tt.random(r))
				}
				code, at := assemble(tt.arch, list)
				p := program(tt.arch, code, []uint64{base})
				found, err := Find(t.Context(), p, wanted)
				if err != nil {
					t.Fatal(err)
				}
				sites := map[uint64]Site{}
				for _, s := range found.Sites {
					if len(s.Through) == 0 { // not of a function that calls itself
						sites[s.Address] = s
					}
				}
				for range 5 {
					calls += runs(t, r, archOf(tt.arch), list, at, code, sites)
				}
			}
			if calls < 10_000 {
				t.Errorf("mmap was called %d times only", calls)
			}
		})
	}
}

// runs runs a function, and returns how often it called mmap.
func runs(t *testing.T, r *rand.Rand, a *arch, list []runnable, at []int, code []byte, sites map[uint64]Site) (calls int) {
	t.Helper()
	m := &machine{r: r, mem: map[uint64]uint64{}}
	for i := range m.reg {
		m.reg[i] = interesting(r)
	}
	m.reg[a.sp] = 0x7000_0000_0000
	params := make([]uint64, len(a.args))
	for i, n := range a.args {
		params[i] = m.reg[n]
	}
	for k, n := 0, 0; k < len(list) && n < 300; n++ {
		in := list[k]
		if in.mmap {
			calls++
			s, ok := sites[base+uint64(at[k])]
			prot, flags := m.reg[a.args[2]], m.reg[a.args[3]]
			covered := false
			for _, w := range s.Ways {
				covered = covered || covers(w[2], prot, params) && covers(w[3], flags, params)
			}
			if !ok || !covered {
				t.Fatalf("% x: mmap is called at %#x with %#x, %#x; parameters %#x; found: %v", code, at[k], prot, flags, params, s.Ways)
			}
		}
		branches := in.do(m)
		if c := in.code[len(in.code)-1]; c == 0x94 && a == arm64 || in.code[0] == 0xe8 && a == x8664 {
			m.called(a)
		}
		k++
		if branches {
			k = max(k+in.to, 0)
		}
	}
	return calls
}
