// Package bzip2 unpacks streams of bzip2 that are in memory, into memory that is there
// already. The standard library reads any stream, allocates 3.6 MB for each, and takes more
// than twice the time; disk images have a stream for each megabyte.
//
// There is no specification of the format: this reads what bzip2 1.0.8 does
// (decompress.c and huffman.c), but for blocks that are "randomised", which no version since
// 0.9.5 writes.
package bzip2

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
)

const (
	magicBlock = 0x314159265359
	magicEnd   = 0x177245385090

	maxTables  = 6
	maxLength  = 20 // of a code, in bits
	maxSymbols = 258
	group      = 50 // symbols that are read by one table

	// maxSelectors is how many tables the symbols of the largest block take turns in; bzip2
	// 1.0.8 reads, and drops, more than that.
	maxSelectors = 900_000/group + 2
)

// Decoder unpacks one stream after the other. The zero value is ready.
type Decoder struct {
	in        bitReader
	tables    [maxTables]table
	selectors [maxSelectors]byte
	order     [256]byte // the values of bytes, the one used last in front
	links     []uint32  // a byte, and above it where the next one is
	max       int       // bytes of a block
	walks     walks
}

// Unpack fills dst with what the streams in src hold, which follow each other. It is an error if
// that is not exactly as much as dst has room for, or one of their checksums is wrong.
func (d *Decoder) Unpack(dst, src []byte) error {
	d.in = bitReader{src: src}
	out := 0
	for more := true; more; more = !d.in.done() {
		n, err := d.stream(dst[out:])
		switch {
		case d.in.over():
			return fmt.Errorf("bzip2: %w", io.ErrUnexpectedEOF)
		case err != nil:
			return fmt.Errorf("bzip2: before offset %d: %w", d.in.offset(), err)
		}
		out += n
	}
	if out < len(dst) {
		return fmt.Errorf("bzip2: it holds %d bytes where %d belong: %w", out, len(dst), io.ErrUnexpectedEOF)
	}
	return nil
}

var (
	errMagic  = errors.New("neither a block nor the end of the stream")
	errSum    = errors.New("the checksum is wrong")
	errLong   = errors.New("it holds more than belongs there")
	errBlock  = errors.New("a block that is longer than the stream says")
	errTables = errors.New("the tables of a block make no sense")
	errCode   = errors.New("a code that no table has")
)

func (d *Decoder) stream(dst []byte) (int, error) {
	level := d.in.take(32) - 0x425a6830 // "BZh0"
	if level < 1 || level > 9 {
		return 0, errMagic
	}
	// What is packed is at most a quarter longer than what it holds: four bytes are followed
	// by the number of those that repeat them.
	d.max = min(int(level)*100_000, len(dst)+len(dst)/4+1)
	if d.max > len(d.links) {
		d.links = make([]uint32, d.max)
	}
	out, sum := 0, uint32(0)
	for {
		switch magic := d.in.take(48); magic {
		default:
			return 0, errMagic
		case magicEnd:
			if uint32(d.in.take(32)) != sum {
				return 0, errSum
			}
			d.in.align()
			return out, nil
		case magicBlock:
			want := uint32(d.in.take(32))
			n, err := d.block(dst[out:])
			switch {
			case err != nil:
				return 0, err
			case checksum(dst[out:out+n]) != want:
				return 0, errSum
			}
			out += n
			sum = bits.RotateLeft32(sum, 1) ^ want
		}
	}
}

// block reads a block, behind its checksum, and returns how many bytes it holds.
func (d *Decoder) block(dst []byte) (int, error) {
	if d.in.take(1) != 0 {
		return 0, errors.New("a randomised block")
	}
	first := int(d.in.take(24))
	symbols, selectors, err := d.header()
	if err != nil {
		return 0, err
	}
	var counts [256]uint32
	n, err := d.symbols(symbols, selectors, &counts)
	switch {
	case err != nil:
		return 0, err
	case first >= n:
		return 0, errTables
	}
	// The bytes are sorted by what follows them; those that are equal are in their order.
	links := d.links[:n]
	sum := uint32(0)
	for i, c := range counts {
		counts[i] = sum
		sum += c
	}
	for i, v := range links {
		at := &counts[byte(v)]
		links[*at] |= uint32(i) << 8
		*at++
	}
	return d.follow(dst, links, first)
}

// header reads which bytes there are, the tables, and which of them are used when. It
// returns how many symbols and selectors there are.
func (d *Decoder) header() (symbols, selectors int, err error) {
	ranges := d.in.take(16)
	n := 0
	for i := range 16 {
		if ranges>>(15-i)&1 == 0 {
			continue
		}
		there := d.in.take(16)
		for j := range 16 {
			if there>>(15-j)&1 == 1 {
				d.order[n] = byte(16*i + j)
				n++
			}
		}
	}
	tables := int(d.in.take(3))
	selectors = int(d.in.take(15))
	if n == 0 || tables < 2 || tables > maxTables || selectors == 0 {
		return 0, 0, errTables
	}
	recent := [maxTables]byte{0, 1, 2, 3, 4, 5}
	for i := range selectors {
		back := 0
		for ; d.in.take(1) == 1; back++ {
			if back == tables-1 {
				return 0, 0, errTables
			}
		}
		t := recent[back]
		copy(recent[1:], recent[:back])
		recent[0] = t
		if i < maxSelectors {
			d.selectors[i] = t
		}
	}
	symbols = n + 2 // two to count with, and the end, but no byte repeats itself
	for i := range tables {
		if err := d.table(&d.tables[i], symbols); err != nil {
			return 0, 0, err
		}
	}
	return symbols, min(selectors, maxSelectors), nil
}

// table reads the lengths of the codes of one table.
func (d *Decoder) table(t *table, symbols int) error {
	var lengths [maxSymbols]uint8
	length := int(d.in.take(5))
	for i := range symbols {
		for {
			if length < 1 || length > maxLength {
				return errTables
			}
			if d.in.take(1) == 0 {
				break
			}
			length += 1 - 2*int(d.in.take(1))
		}
		lengths[i] = uint8(length)
	}
	return t.set(lengths[:symbols])
}

// symbols reads what a block holds into the links, counts the bytes, and returns how
// many they are.
func (d *Decoder) symbols(symbols, selectors int, counts *[256]uint32) (int, error) {
	end := uint(symbols - 1)
	in := d.in
	defer func() { d.in = in }()
	links := d.links[:d.max]
	n, run, weight := 0, 0, 1
	for s := range selectors {
		t := &d.tables[d.selectors[s]]
		for range group {
			in.fill()
			symbol, length := t.find(in.bits)
			in.skip(length)
			if symbol < 2 {
				if run += weight << symbol; run > len(links) {
					return 0, errBlock
				}
				weight <<= 1
				continue
			}
			if run > 0 {
				if run > len(links)-n {
					return 0, errBlock
				}
				b := d.order[0]
				counts[b] += uint32(run)
				for i := range links[n : n+run] {
					links[n+i] = uint32(b)
				}
				n += run
				run, weight = 0, 1
			}
			if symbol >= end {
				if symbol > end {
					return 0, errCode
				}
				return n, nil
			}
			if n >= len(links) {
				return 0, errBlock
			}
			b := d.toFront(symbol - 1)
			links[n] = uint32(b)
			counts[b]++
			n++
		}
	}
	return 0, errTables
}

// toFront moves a byte to the front and returns it.
func (d *Decoder) toFront(n uint) byte {
	n &= 0xff
	b := d.order[n]
	if n < 16 {
		for ; n > 0; n-- {
			d.order[n] = d.order[n-1]
		}
	} else {
		copy(d.order[1:n+1], d.order[:n])
	}
	d.order[0] = b
	return b
}

// checksum is a CRC-32 with the highest bit of each byte first: with the bits of each byte
// turned around it is the one of IEEE, of which the processor knows much.
func checksum(b []byte) uint32 {
	var turned [4096]byte
	sum := uint32(0)
	for len(b) > 0 {
		n := copy(turned[:], b)
		for i := 0; i < n; i += 8 {
			v := binary.LittleEndian.Uint64(turned[i:])
			binary.BigEndian.PutUint64(turned[i:], bits.Reverse64(v))
		}
		sum = crc32.Update(sum, crc32.IEEETable, turned[:n])
		b = b[n:]
	}
	return bits.Reverse32(sum)
}
