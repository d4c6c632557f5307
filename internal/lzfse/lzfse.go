// Package lzfse unpacks LZFSE and LZVN, Apple's compressions of disk images and of files
// in HFS+ and APFS.
//
// The format is that of Apple's reference implementation (github.com/lzfse/lzfse:
// lzfse_internal.h, lzfse_fse.h, lzfse_decode_base.c and lzvn_decode_base.c), which is its
// only description. A stream is a row of blocks, each with a magic: stored, LZVN, or LZ77
// whose literals and whose (literals, match, distance) are coded by finite state entropy,
// with the tables as they are or packed. All integers are little-endian.
package lzfse

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The magics of blocks.
const (
	magicEnd    = "bvx$"
	magicStored = "bvx-"
	magicV1     = "bvx1" // the tables as they are
	magicV2     = "bvx2" // the tables packed
	magicLZVN   = "bvxn"
)

var errShort = errors.New("the packed data ends early")

// Unpack unpacks the LZFSE stream src into dst, which it has to fill exactly. What
// follows the stream in src is left alone.
func Unpack(dst, src []byte) error {
	d := decoder{dst: dst, src: src}
	for {
		start := d.in
		done, err := d.block()
		switch {
		case err != nil:
			return fmt.Errorf("LZFSE block at offset %d: %w", start, err)
		case done && d.out < len(dst):
			return fmt.Errorf("LZFSE stream of %d bytes where %d belong", d.out, len(dst))
		case done:
			return nil
		}
	}
}

// decoder is where a stream is read and written.
type decoder struct {
	dst, src []byte
	out, in  int
	block1   *entropy // nil until a block needs it
}

// block unpacks one block, and reports whether it was the end of the stream.
func (d *decoder) block() (end bool, err error) {
	if len(d.src)-d.in < 4 {
		return false, errShort
	}
	switch magic := string(d.src[d.in:][:4]); magic {
	case magicEnd:
		return true, nil
	case magicStored:
		return false, d.stored()
	case magicLZVN:
		return false, d.lzvn()
	case magicV1, magicV2:
		return false, d.coded(magic)
	default:
		return false, fmt.Errorf("the magic %q, which is not of a block", magic)
	}
}

// room returns the part of dst that n bytes of a block go to.
func (d *decoder) room(n uint32) ([]byte, error) {
	if uint64(n) > uint64(len(d.dst)-d.out) {
		return nil, fmt.Errorf("it holds %d bytes where %d are left", n, len(d.dst)-d.out)
	}
	return d.dst[d.out:][:n], nil
}

func (d *decoder) stored() error {
	const header = 8
	b := d.src[d.in:]
	if len(b) < header {
		return errShort
	}
	to, err := d.room(le32(b[4:]))
	if err != nil {
		return err
	}
	if copy(to, b[header:]) < len(to) {
		return errShort
	}
	d.in += header + len(to)
	d.out += len(to)
	return nil
}

func (d *decoder) lzvn() error {
	const header = 12
	b := d.src[d.in:]
	if len(b) < header {
		return errShort
	}
	to, err := d.room(le32(b[4:]))
	if err != nil {
		return err
	}
	packed := le32(b[8:])
	if uint64(packed) > uint64(len(b)-header) {
		return errShort
	}
	if err := UnpackLZVN(to, b[header:][:packed]); err != nil {
		return err
	}
	d.in += header + int(packed)
	d.out += len(to)
	return nil
}

func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

// repeat appends n bytes to what is in b up to end, from distance bytes before, which may
// be among those that it appends. It returns the new end.
func repeat(b []byte, end, distance, n int) int {
	from := end - distance
	if distance >= n {
		return end + copy(b[end:end+n], b[from:])
	}
	for stop := end + n; end < stop; {
		end += copy(b[end:stop], b[from:end])
	}
	return end
}
