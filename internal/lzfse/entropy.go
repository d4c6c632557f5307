package lzfse

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// How many symbols and states there are (lzfse_internal.h). States are powers of two.
const (
	lSymbols, lStates = 20, 64
	mSymbols, mStates = 20, 64
	dSymbols, dStates = 64, 256
	litSymbols        = 256
	litStates         = 1024

	symbols = lSymbols + mSymbols + dSymbols + litSymbols

	maxMatches  = 10000 // of a block
	maxLiterals = 4 * maxMatches
)

// The values that symbols stand for: a base, and as many bits that are added to it.
var (
	lBits = [lSymbols]uint8{16: 2, 3, 5, 8}
	lBase = [lSymbols]int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 20, 28, 60}
	mBits = [mSymbols]uint8{16: 3, 5, 8, 11}
	mBase = [mSymbols]int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 56, 312}

	dBits, dBase = distances()
)

// distances returns those of distances: each four symbols have one bit more.
func distances() (extra [dSymbols]uint8, base [dSymbols]int32) {
	next := int32(0)
	for i := range extra {
		extra[i], base[i] = uint8(i/4), next
		next += 1 << extra[i]
	}
	return extra, base
}

// entropy is what decodes a block, reused for the next one.
type entropy struct {
	l        [lStates]valueEntry
	m        [mStates]valueEntry
	d        [dStates]valueEntry
	lit      [litStates]literalEntry
	literals [maxLiterals + 4]byte
}

// literalEntry is what a state stands for, and how the next one is found: bits that are
// read and added to delta.
type literalEntry struct {
	bits, symbol uint8
	delta        int16
}

// valueEntry is the same for values. The lower bits of those read are the value's.
type valueEntry struct {
	bits, extra uint8
	delta       int16
	base        int32
}

// blockHeader is that of a block of the versions 1 and 2.
type blockHeader struct {
	size                  int // of the header itself, in bytes
	raw                   uint32
	literals, matches     uint32
	litBytes, lmdBytes    uint32 // of the two streams of bits
	litBits, lmdBits      int32  // minus the bits that are not used at their ends, -7 to 0
	litState              [4]uint16
	lState, mState, state uint16
	freq                  [symbols]uint16
}

// coded unpacks a block of the version 1 or 2.
func (d *decoder) coded(magic string) error {
	b := d.src[d.in:]
	var h blockHeader
	var err error
	if magic == magicV1 {
		err = h.readV1(b)
	} else {
		err = h.readV2(b)
	}
	if err != nil {
		return err
	}
	if err := h.check(); err != nil {
		return err
	}
	if uint64(h.litBytes)+uint64(h.lmdBytes) > uint64(len(b)-h.size) {
		return errShort
	}
	to, err := d.room(h.raw)
	if err != nil {
		return err
	}
	if d.block1 == nil {
		d.block1 = new(entropy)
	}
	if err := d.block1.init(&h); err != nil {
		return err
	}
	lits := h.size + int(h.litBytes)
	if err := d.block1.readLiterals(&h, b[:lits]); err != nil {
		return fmt.Errorf("literals: %w", err)
	}
	if err := d.block1.matches(&h, b[:lits+int(h.lmdBytes)], d.dst[:d.out+len(to)], d.out); err != nil {
		return fmt.Errorf("matches: %w", err)
	}
	d.in += lits + int(h.lmdBytes)
	d.out += len(to)
	return nil
}

func (h *blockHeader) readV1(b []byte) error {
	const size, freq = 772, 50 // with two bytes of padding at the end
	if len(b) < size {
		return errShort
	}
	le16 := func(at int) uint16 { return binary.LittleEndian.Uint16(b[at:]) }
	*h = blockHeader{
		size: size, raw: le32(b[4:]), literals: le32(b[12:]), matches: le32(b[16:]),
		litBytes: le32(b[20:]), lmdBytes: le32(b[24:]), litBits: int32(le32(b[28:])),
		litState: [4]uint16{le16(32), le16(34), le16(36), le16(38)}, lmdBits: int32(le32(b[40:])),
		lState: le16(44), mState: le16(46), state: le16(48),
	}
	for i := range h.freq {
		h.freq[i] = le16(freq + 2*i)
	}
	return nil
}

func (h *blockHeader) readV2(b []byte) error {
	const fixed = 32
	if len(b) < fixed {
		return errShort
	}
	v := [3]uint64{binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])}
	field := func(n, at, width int) uint32 { return uint32(v[n] >> at & (1<<width - 1)) }
	*h = blockHeader{
		raw: le32(b[4:]), literals: field(0, 0, 20), litBytes: field(0, 20, 20), matches: field(0, 40, 20),
		litBits: int32(field(0, 60, 3)) - 7, lmdBytes: field(1, 40, 20), lmdBits: int32(field(1, 60, 3)) - 7,
		lState: uint16(field(2, 32, 10)), mState: uint16(field(2, 42, 10)), state: uint16(field(2, 52, 10)),
	}
	for i := range h.litState {
		h.litState[i] = uint16(field(1, 10*i, 10))
	}
	size := uint32(v[2])
	if size < fixed || uint64(size) > uint64(len(b)) {
		return fmt.Errorf("a header of %d bytes where %d are left", size, len(b))
	}
	h.size = int(size)
	return h.frequencies(b[fixed:size])
}

// frequencies reads the tables, whose codes are shorter for what is frequent. None at all
// means that no table is needed.
func (h *blockHeader) frequencies(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	acc, n := uint32(0), 0
	for i := range h.freq {
		for len(b) > 0 && n <= 24 {
			acc |= uint32(b[0]) << n
			b, n = b[1:], n+8
		}
		value, width := frequency(acc)
		if width > n {
			return errors.New("the tables end early")
		}
		h.freq[i] = value
		acc, n = acc>>width, n-width
	}
	if n >= 8 || len(b) > 0 {
		return errors.New("the tables are shorter than the header")
	}
	return nil
}

// frequency reads a frequency from the low bits, and how many they are.
func frequency(acc uint32) (value uint16, width int) {
	switch {
	case acc&3 == 0:
		return 0, 2
	case acc&3 == 2:
		return 1, 2
	case acc&7 == 1:
		return 2, 3
	case acc&7 == 5:
		return 3, 3
	case acc&7 == 3:
		return uint16(acc>>3&3) + 4, 5
	case acc&15 == 7:
		return uint16(acc>>4&15) + 8, 8
	default: // 15
		return uint16(acc>>4&1023) + 24, 14
	}
}

func (h *blockHeader) check() error {
	switch {
	case h.literals > maxLiterals || h.matches > maxMatches:
		return fmt.Errorf("%d literals and %d matches, where the limits are %d and %d", h.literals, h.matches, maxLiterals, maxMatches)
	case h.lState >= lStates || h.mState >= mStates || h.state >= dStates,
		max(h.litState[0], h.litState[1], h.litState[2], h.litState[3]) >= litStates:
		return errors.New("a state that is none")
	}
	return nil
}

// init makes the tables of a block.
func (e *entropy) init(h *blockHeader) error {
	freq := h.freq[:]
	l, m, d, lit := freq[:lSymbols], freq[lSymbols:][:mSymbols], freq[lSymbols+mSymbols:][:dSymbols], freq[lSymbols+mSymbols+dSymbols:]
	clear(e.l[:])
	clear(e.m[:])
	clear(e.d[:])
	clear(e.lit[:])
	err := spread(lit, litStates, func(at, symbol int, bits uint8, delta int16) {
		e.lit[at] = literalEntry{bits, uint8(symbol), delta}
	})
	return errors.Join(err, values(e.l[:], l, lBits[:], lBase[:]), values(e.m[:], m, mBits[:], mBase[:]), values(e.d[:], d, dBits[:], dBase[:]))
}

func values(table []valueEntry, freq []uint16, extra []uint8, base []int32) error {
	return spread(freq, len(table), func(at, symbol int, bits uint8, delta int16) {
		table[at] = valueEntry{bits + extra[symbol], extra[symbol], delta, base[symbol]}
	})
}

// spread gives each symbol as many states as it is frequent, and each state the bits that
// lead to any other: k for the first of them, and k-1 for the others
// (fse_init_decoder_table in lzfse_fse.c). What comes of it is less than states.
func spread(freq []uint16, states int, set func(at, symbol int, bits uint8, delta int16)) error {
	at := 0
	for symbol, count := range freq {
		f := int(count)
		if f == 0 {
			continue
		}
		if at+f > states {
			return fmt.Errorf("frequencies of more than %d states", states)
		}
		k := bits.Len(uint(states)) - bits.Len(uint(f))
		first := 2*states>>k - f
		for j := range f {
			if j < first {
				set(at+j, symbol, uint8(k), int16((f+j)<<k-states))
			} else {
				set(at+j, symbol, uint8(k-1), int16((j-first)<<(k-1)))
			}
		}
		at += f
	}
	return nil
}

// readLiterals decodes the literals, of four states in turn, from what b ends with.
func (e *entropy) readLiterals(h *blockHeader, b []byte) error {
	r, err := newBitReader(b, 0, h.litBits)
	if err != nil {
		return err
	}
	state := h.litState
	for i := 0; i < int(h.literals); i += 4 {
		if err := r.fill(); err != nil {
			return err
		}
		for j := range state {
			entry := &e.lit[state[j]&(litStates-1)]
			e.literals[i+j] = entry.symbol
			state[j] = uint16(int32(entry.delta) + int32(r.take(entry.bits)))
		}
	}
	return nil
}

// matches decodes the matches from what b ends with, and writes the block to dst from out
// to its end.
func (e *entropy) matches(h *blockHeader, b, dst []byte, out int) error {
	r, err := newBitReader(b, len(b)-int(h.lmdBytes), h.lmdBits)
	if err != nil {
		return err
	}
	literals := e.literals[:h.literals]
	l, m, d, distance := h.lState, h.mState, h.state, 0
	for range h.matches {
		if err := r.fill(); err != nil {
			return err
		}
		var n, match, next int
		n, l = r.value(&e.l[l&(lStates-1)])
		match, m = r.value(&e.m[m&(mStates-1)])
		next, d = r.value(&e.d[d&(dStates-1)])
		if next > 0 {
			distance = next
		}
		switch {
		case n > len(literals):
			return errors.New("more literals than there are")
		case n+match > len(dst)-out:
			return errLong
		case distance == 0 || distance > out+n:
			return errDistance
		}
		out += copy(dst[out:], literals[:n])
		literals = literals[n:]
		out = repeat(dst, out, distance, match)
	}
	if out < len(dst) {
		return fmt.Errorf("it ends %d bytes before it says", len(dst)-out)
	}
	return nil
}

// bitReader reads bits from the end of b backwards, the highest of a byte first.
type bitReader struct {
	b   []byte // what is still to be read
	acc uint64
	n   uint // bits in acc, from 56 to 63 when it is filled
}

// newBitReader begins with the last byte, of which the highest -unused bits are zero and
// not read. The stream goes no lower than start, but what stands there may be read ahead.
func newBitReader(b []byte, start int, unused int32) (*bitReader, error) {
	if unused < -7 || unused > 0 || len(b)-start < 8 {
		return nil, fmt.Errorf("a stream of %d bytes with %d bits left over", len(b)-start, -unused)
	}
	take := 8
	if unused == 0 {
		take = 7 // for 64 bits are more than fit
	}
	r := &bitReader{b: b[:len(b)-take], n: uint(int32(8*take) + unused)}
	for i := range take {
		r.acc |= uint64(b[len(b)-take+i]) << (8 * i)
	}
	if r.acc>>r.n != 0 {
		return nil, errors.New("bits after the end of the stream")
	}
	return r, nil
}

// fill reads whole bytes until at least 56 bits are there: more than a round of literals
// (40) or a match (54) takes.
func (r *bitReader) fill() error {
	count := (63 - r.n) / 8
	if uint(len(r.b)) < count {
		return errShort
	}
	for range count {
		last := len(r.b) - 1
		r.acc = r.acc<<8 | uint64(r.b[last])
		r.b = r.b[:last]
	}
	r.n += 8 * count
	return nil
}

// take returns the next bits.
func (r *bitReader) take(bits uint8) uint64 {
	r.n -= uint(bits)
	v := r.acc >> (r.n & 63)
	r.acc &= 1<<(r.n&63) - 1
	return v
}

// value returns the value of a state, and the next state.
func (r *bitReader) value(e *valueEntry) (int, uint16) {
	v := r.take(e.bits)
	return int(e.base) + int(v&(1<<e.extra-1)), uint16(int64(e.delta) + int64(v>>e.extra))
}
