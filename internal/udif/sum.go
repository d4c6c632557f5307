package udif

import (
	"hash/crc32"
	"sync/atomic"
)

// sum is the checksum of a chunk, once it was unpacked.
type sum struct{ v atomic.Uint64 }

const sumIsKnown = 1 << 32

func (s *sum) set(b []byte) { s.v.Store(sumIsKnown | uint64(crc32.ChecksumIEEE(b))) }

func (s *sum) get() (sum uint32, known bool) {
	v := s.v.Load()
	return uint32(v), v&sumIsKnown != 0
}

// A CRC-32 is a polynomial modulo that of IEEE, the highest coefficient in the lowest bit;
// n zero bytes behind the data multiply it by x^(8n). So checksums of parts are put
// together, and that of any number of zeros costs nothing (crc32_combine in zlib's crc32.c).

// appendSum returns the checksum of data with the checksum a, and n bytes with b behind it.
func appendSum(a, b uint32, n uint64) uint32 { return multiply(zeros(n), a) ^ b }

// zeroSum returns that of n zero bytes: the register begins with all ones, and is inverted
// at the end.
func zeroSum(n uint64) uint32 { return ^multiply(zeros(n), ^uint32(0)) }

// zeros returns x^(8n).
func zeros(n uint64) uint32 {
	power := uint32(1) << 23 // x^8
	p := uint32(1) << 31     // 1
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			p = multiply(power, p)
		}
		power = multiply(power, power)
	}
	return p
}

func multiply(a, b uint32) uint32 {
	p := uint32(0)
	for ; a != 0; a <<= 1 {
		if a>>31 == 1 {
			p ^= b
		}
		if b&1 == 1 {
			b = b>>1 ^ crc32.IEEE
		} else {
			b >>= 1
		}
	}
	return p
}
