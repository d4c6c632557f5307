package calls

import (
	"encoding/binary"
	"math/bits"
)

// Sieves mark the places of a block of code that may be of interest, many at a time, so
// that only these are looked at one by one. A branch on each place would cost more: of
// real code every tenth place is a call, and most of the guesses would be wrong.
//
// They are the inner loops of all passes over the code: in assembly for x86-64, where runners
// are (sieve_amd64.s), and eight bytes at a time elsewhere. What they mark is the same. The pass
// for imported functions, for which there are several, has a loop of its own there (fused.go).

// sieveBlock is how many bytes of code are sifted at a time: what is read and what is
// marked stay in the innermost cache.
const sieveBlock = 4 << 10

// A wordSieve marks the words of four bytes for which (word>>shift + start + n*step)&mask
// is no more than width, where n counts words. The top bit of mask and width is zero, and step
// is 0 or 1.
type wordSieve struct{ shift, start, step, mask, width uint32 }

// wordMarks has a bit for each word of a block.
type wordMarks [sieveBlock / 4 / 64]uint64

// mark adds the marks of a block of whole words.
func (s wordSieve) mark(m *wordMarks, code []byte) {
	done := s.wide(m, code)
	s.start += uint32(done/4) * s.step
	s.narrow(m, code, done)
}

const (
	lanes   = 1<<32 | 1
	topBits = 1 << 31 * lanes
)

// narrow marks what is from an offset on, two words at a time, each in a lane of 32 bits:
// the top bit is left where a word fits.
func (s wordSieve) narrow(m *wordMarks, code []byte, from int) {
	shift, mask, step := s.shift&31, uint64(s.mask)*lanes, uint64(s.step)*lanes
	field := uint64(^uint32(0)>>shift&s.mask) * lanes
	fits := uint64(s.width)*lanes | topBits
	add := uint64(s.start&s.mask)*lanes + uint64(s.step)<<32
	i := from
	for ; i+16 <= len(code); i += 16 {
		b := code[i : i+16]
		v := (binary.LittleEndian.Uint64(b)>>shift&field + add) & mask
		w := (binary.LittleEndian.Uint64(b[8:])>>shift&field + add + 2*step) & mask
		if v, w = fits-v, fits-w; (v|w)&topBits != 0 {
			m.set(i/4, v>>31&1|v>>62&2|w>>29&4|w>>60&8)
		}
		add = (add + 4*step) & mask
	}
	for ; i < len(code); i += 4 {
		v := uint64(binary.LittleEndian.Uint32(code[i:]))
		m.set(i/4, (fits-(v>>shift&field+add)&mask)>>31&1)
		add = (add + step) & mask
	}
}

// set adds up to four marks, from place n on.
func (m *wordMarks) set(n int, four uint64) {
	m[n/64] |= four << (n % 64)
	if n%64 > 60 {
		m[(n/64+1)%len(m)] |= four >> (64 - n%64)
	}
}

// A byteSieve marks the places at which three bytes, at the place and at two distances of
// up to byteReach from it, have the given values under their masks.
type byteSieve struct {
	second, third int // distances
	mask, value   [3]byte
}

const byteReach = 4

// byteMarks has a bit for each byte of a block, and for some behind it.
type byteMarks [sieveBlock/64 + 1]uint64

// mark adds the marks of the first n places of code. Bytes behind its end have no value.
func (s byteSieve) mark(m *byteMarks, code []byte, n int) {
	s.narrow(m, code, s.wide(m, code, n), n)
}

// narrow marks the places from one up to another, eight at a time.
func (s byteSieve) narrow(m *byteMarks, code []byte, i, n int) {
	second, third := code[min(s.second, len(code)):], code[min(s.third, len(code)):]
	mask := func(k int) uint64 { return uint64(s.mask[k]) * bytesOf1 }
	value := func(k int) uint64 { return uint64(s.value[k]) * bytesOf1 }
	m0, m1, m2, v0, v1, v2 := mask(0), mask(1), mask(2), value(0), value(1), value(2)
	for ; i < n && i+8+byteReach <= len(code); i += 8 {
		// Of jcc and lea this byte is rarer than the opcode.
		other := binary.LittleEndian.Uint64(second[i:])&m1 ^ v1
		if (other-bytesOf1)&^other&(0x80*bytesOf1) == 0 { // no byte of it is zero
			continue
		}
		other |= binary.LittleEndian.Uint64(code[i:])&m0 ^ v0
		other |= binary.LittleEndian.Uint64(third[i:])&m2 ^ v2
		m[i/64] |= zeros(other) >> 7 * 0x0102040810204080 >> 56 << (i % 64) // one bit of each byte
	}
	for ; i < n; i++ {
		is := func(k, at int) bool {
			return s.mask[k] == 0 || at < len(code) && code[at]&s.mask[k] == s.value[k]
		}
		if is(0, i) && is(1, i+s.second) && is(2, i+s.third) {
			m[i/64] |= 1 << (i % 64)
		}
	}
}

// places are the offsets of marks, in words or bytes from the start of the block.
type places [sieveBlock + 64]uint16

// of returns the offsets of the marks. There are a few in each 64 places, so that a loop that
// ends at the last of them would mostly end at an unexpected one.
func (p *places) of(marks []uint64) []uint16 {
	n := 0
	for i, m := range marks {
		count := bits.OnesCount64(m)
		for done := 0; done < count; done += 4 {
			four := p[n+done:][:4]
			for k := range four {
				four[k] = uint16(i*64 + bits.TrailingZeros64(m))
				m &= m - 1
			}
		}
		n += count
	}
	return p[:n]
}

const bytesOf1 = 0x0101010101010101

// zeros returns the top bit of each byte that is zero.
func zeros(x uint64) uint64 {
	const low = 0x7f * bytesOf1
	return ^(x&low + low | x | low)
}
