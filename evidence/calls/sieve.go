package calls

import "math/bits"

// Sieves list to where a block of code jumps, and mark the places of what else may be of
// interest, many at a time: a branch on each place would cost more. Only a block that jumps to a
// target is looked at one instruction after the other, and with the list it is found out later who
// calls another function. For each instruction set there is a sieve: in assembly for processors
// with AVX2, which runners have (sieve_amd64.s), and in Go, for others and for what is left at the
// end of a block.

// sieveBlock is how many bytes of code are sifted at a time: what is read and what is
// marked stay in the innermost cache.
const sieveBlock = 4 << 10

// marks has a bit for each place of a block, that is each word or each byte, and for some behind it.
type marks [sieveBlock/64 + 1]uint64

// each gives the places that are marked.
func (m *marks) each(yield func(place int)) {
	for i, w := range m {
		for ; w != 0; w &= w - 1 {
			yield(i*64 + bits.TrailingZeros64(w))
		}
	}
}

func (m *marks) add(place int) { m[place/64] |= 1 << (place % 64) }

// sifted is what a sieve found.
type sifted struct {
	others marks // what may be of interest in a block beside jumps

	// jumps are the keys ([arch.key]) of the places to which blocks jump, with room for what is
	// written at once.
	jumps [maxJumps + sieveBlock + 1 + 8]uint32
	n     int // of them

	partial bool // not all jumps are listed
}

// maxJumps is how many jumps of a chunk are listed. Real code has one in 28 bytes.
const maxJumps = chunk / 16

func (s *sifted) jump(key uint32) {
	s.jumps[s.n] = key
	s.n++
}
