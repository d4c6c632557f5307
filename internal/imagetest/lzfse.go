package imagetest

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// LZFSE packs data as LZFSE, in blocks of the kind that is given: '-' stores, 'n' is LZVN,
// '1' and '2' are LZFSE proper with the tables as they are and packed.
func LZFSE(data []byte, kind byte) []byte {
	var b []byte
	for len(data) > 0 {
		n := min(len(data), 1<<18)
		part := data[:n]
		data = data[n:]
		b = append(b, 'b', 'v', 'x', kind)
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
		switch kind {
		case '-':
			b = append(b, part...)
		case 'n':
			packed := LZVN(part)
			b = append(binary.LittleEndian.AppendUint32(b, uint32(len(packed))), packed...)
		default:
			b = b[:len(b)-8]
			list := matches(part, window{315, 4, 2359, 262139})
			for len(list) > 0 {
				// Literals are 40,000 at most, and matches 10,000.
				k, literals := 0, 0
				for k < len(list) && k < 10000 && literals+len(list[k].literals) <= 40000 {
					literals += len(list[k].literals)
					k++
				}
				b = append(b, block(list[:k], kind)...)
				list = list[k:]
			}
		}
	}
	return append(b, "bvx$"...)
}

// code is how values are coded: the number of states, and the base and bits of symbols.
type code struct {
	states int
	extra  []int
	base   []int
}

func newCode(states int, extra ...int) code {
	c := code{states: states, extra: extra}
	next := 0
	for _, n := range extra {
		c.base = append(c.base, next)
		next += 1 << n
	}
	return c
}

// symbol returns what stands for a value.
func (c code) symbol(v int) int {
	i, ok := slices.BinarySearch(c.base, v)
	if !ok {
		i--
	}
	return i
}

var (
	codeL   = newCode(64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 5, 8)
	codeM   = newCode(64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 5, 8, 11)
	codeD   = newCode(256, fours(16)...)
	codeLit = newCode(1024, make([]int, 256)...)
)

func fours(n int) (list []int) {
	for i := range 4 * n {
		list = append(list, i/4)
	}
	return list
}

// normalise makes the counts add up to the number of states, with one at least for each
// symbol that there is.
func normalise(counts []int, states int) []uint16 {
	total := 0
	for _, n := range counts {
		total += n
	}
	freq := make([]uint16, len(counts))
	if total == 0 {
		return freq
	}
	left := states
	for i, n := range counts {
		if n > 0 {
			freq[i] = uint16(max(1, n*states/total))
			left -= int(freq[i])
		}
	}
	for left != 0 {
		i := slices.Index(freq, slices.Max(freq))
		if left > 0 {
			freq[i] += uint16(left)
			left = 0
		} else {
			freq[i]--
			left++
		}
	}
	return freq
}

// encoder codes symbols of one code, the last first.
type encoder struct {
	code
	freq   []uint16
	offset []int
	state  int
}

func newEncoder(c code, counts []int) *encoder {
	e := &encoder{code: c, freq: normalise(counts, c.states)}
	at := 0
	for _, f := range e.freq {
		e.offset = append(e.offset, at)
		at += int(f)
	}
	return e
}

// put writes a value: its own bits, and those that lead from its state to the last one.
func (e *encoder) put(w *bitWriter, v int) {
	s := e.symbol(v)
	w.put(uint64(v-e.base[s]), e.extra[s])
	f := int(e.freq[s])
	k := bits.Len(uint(e.states)) - bits.Len(uint(f))
	if e.state >= f<<k-e.states {
		w.put(uint64(e.state)&(1<<k-1), k)
		e.state = e.offset[s] - f + e.states>>k + e.state>>k
	} else {
		w.put(uint64(e.state)&(1<<(k-1)-1), k-1)
		e.state = e.offset[s] - f + e.states>>(k-1) + e.state>>(k-1)
	}
}

// bitWriter writes bits from the lowest on.
type bitWriter struct {
	b []byte
	n int // bits in all
}

func (w *bitWriter) put(v uint64, n int) {
	for i := range n {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[len(w.b)-1] |= byte(v>>i&1) << (w.n % 8)
		w.n++
	}
}

// unused returns the bits of the last byte that are none, which the header has plus 7.
func (w *bitWriter) unused() int { return (8 - w.n%8) % 8 }

func block(list []match, kind byte) []byte {
	var literals []byte
	raw := 0
	counts := [3][]int{make([]int, 20), make([]int, 20), make([]int, 64)}
	d := 1
	for i := range list {
		literals = append(literals, list[i].literals...)
		raw += len(list[i].literals) + list[i].length
		if list[i].length == 0 {
			list[i].distance = d // the same again
		}
		if list[i].distance == d && i > 0 {
			list[i].distance = 0
		} else {
			d = list[i].distance
		}
		counts[0][codeL.symbol(len(list[i].literals))]++
		counts[1][codeM.symbol(list[i].length)]++
		counts[2][codeD.symbol(list[i].distance)]++
	}
	for len(literals)%4 > 0 {
		literals = append(literals, 0)
	}
	count := make([]int, 256)
	for _, c := range literals {
		count[c]++
	}
	l, m, dist := newEncoder(codeL, counts[0]), newEncoder(codeM, counts[1]), newEncoder(codeD, counts[2])
	lit := [4]*encoder{}
	for i := range lit {
		lit[i] = newEncoder(codeLit, count)
	}
	lits, lmd := bitWriter{}, bitWriter{b: make([]byte, 8), n: 64}
	for i, c := range slices.Backward(literals) {
		lit[i%4].put(&lits, int(c))
	}
	for _, e := range slices.Backward(list) {
		dist.put(&lmd, e.distance)
		m.put(&lmd, e.length)
		l.put(&lmd, len(e.literals))
	}
	freq := slices.Concat(l.freq, m.freq, dist.freq, lit[0].freq)
	le := binary.LittleEndian
	b := append([]byte("bvx"), kind)
	b = le.AppendUint32(b, uint32(raw))
	if kind == '1' {
		for _, v := range []int{len(lits.b) + len(lmd.b), len(literals), len(list), len(lits.b), len(lmd.b), -lits.unused()} {
			b = le.AppendUint32(b, uint32(v))
		}
		for _, e := range lit {
			b = le.AppendUint16(b, uint16(e.state))
		}
		b = le.AppendUint32(b, uint32(-lmd.unused()))
		for _, v := range append([]uint16{uint16(l.state), uint16(m.state), uint16(dist.state)}, freq...) {
			b = le.AppendUint16(b, v)
		}
		b = append(b, 0, 0)
	} else {
		var table bitWriter
		for _, f := range freq {
			putFrequency(&table, uint64(f))
		}
		v0 := uint64(len(literals)) | uint64(len(lits.b))<<20 | uint64(len(list))<<40 | uint64(7-lits.unused())<<60
		v1 := uint64(lit[0].state) | uint64(lit[1].state)<<10 | uint64(lit[2].state)<<20 | uint64(lit[3].state)<<30 |
			uint64(len(lmd.b))<<40 | uint64(7-lmd.unused())<<60
		v2 := uint64(32+len(table.b)) | uint64(l.state)<<32 | uint64(m.state)<<42 | uint64(dist.state)<<52
		for _, v := range []uint64{v0, v1, v2} {
			b = le.AppendUint64(b, v)
		}
		b = append(b, table.b...)
	}
	return slices.Concat(b, lits.b, lmd.b)
}

// putFrequency writes a frequency in the code of the version 2.
func putFrequency(w *bitWriter, f uint64) {
	switch {
	case f < 2:
		w.put(f*2, 2)
	case f < 4:
		w.put(1+(f-2)*4, 3)
	case f < 8:
		w.put(3+(f-4)*8, 5)
	case f < 24:
		w.put(7+(f-8)*16, 8)
	default:
		w.put(15+(f-24)*16, 14)
	}
}
