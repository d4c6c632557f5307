package bzip2

import "encoding/binary"

// bitReader reads bits, the highest of a byte first. Behind the end there are zeros, of
// which over tells.
type bitReader struct {
	src  []byte
	at   int    // of the byte that is next to come into bits
	bits uint64 // the next ones, from the highest on
	n    uint   // how many are there
}

// fill sees to it that there are 56 bits or more.
func (r *bitReader) fill() {
	if r.at+8 <= len(r.src) {
		r.bits |= binary.BigEndian.Uint64(r.src[r.at:]) >> (r.n & 63)
		r.at += int(63-r.n) / 8
		r.n |= 56
		return
	}
	for r.n < 56 {
		if r.at < len(r.src) {
			r.bits |= uint64(r.src[r.at]) << (56 - r.n)
		}
		r.at++
		r.n += 8
	}
}

func (r *bitReader) skip(n uint) {
	r.bits <<= n & 63
	r.n -= n
}

// take returns the next 1 to 48 bits.
func (r *bitReader) take(n uint) uint64 {
	r.fill()
	v := r.bits >> (64 - n)
	r.skip(n)
	return v
}

// align drops the bits up to the next byte.
func (r *bitReader) align() { r.skip(r.n % 8) }

// offset returns that of the next byte of which nothing was taken.
func (r *bitReader) offset() int { return min(r.at-int(r.n/8), len(r.src)) }

// done reports whether all was taken.
func (r *bitReader) done() bool { return r.at-int(r.n/8) >= len(r.src) }

// over reports whether more was taken than there is.
func (r *bitReader) over() bool { return 8*r.at-int(r.n) > 8*len(r.src) }
