package macho

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// maxFunctions bounds LC_FUNCTION_STARTS; the largest of a corpus of 274 images tells of
// 113,175 functions.
const maxFunctions = 8 << 20

// MaxFunctions returns how many addresses [Image.Functions] gives at most.
func (i *Image) MaxFunctions() int {
	if i.tables.functions == nil {
		return 0
	}
	return int(min(i.tables.functions.Size, maxFunctions)) // each takes a byte or more
}

// Functions gives the address of each function of which LC_FUNCTION_STARTS tells,
// ascending, and of none for an image without it; false from yield ends the reading. The
// file r is the one that was given to [ReadImage].
//
// The table is of ULEB128 distances, the first from the Mach-O header, and ends with
// a zero.
func (i *Image) Functions(r io.ReaderAt, yield func(addr uint64) bool) error {
	if i.tables.functions == nil {
		return nil
	}
	addr := i.Base
	var s *Segment
	count := 0
	table := i.part(r, *i.tables.functions)
	window := make([]byte, min(nameWindow, table.Size())+binary.MaxVarintLen64) // more than one number
	for kept := 0; ; {
		n, err := io.ReadFull(table, window[kept:])
		b := window[:kept+n]
		for {
			step, size := binary.Uvarint(b)
			if size < 0 {
				return fmt.Errorf("function starts: %w", errLongULEB)
			}
			if size == 0 {
				break
			}
			b = b[size:]
			switch {
			case step == 0:
				return nil
			case count == maxFunctions:
				return fmt.Errorf("function starts: more than %d", maxFunctions)
			case addr+step < addr:
				return errors.New("function starts: an address overflows")
			}
			count++
			addr += step
			if s == nil || addr < s.Addr || addr-s.Addr >= s.Size {
				if s = i.segmentAt(addr); s == nil {
					return fmt.Errorf("function starts: no segment has the address %#x", addr)
				}
			}
			if !yield(addr) {
				return nil
			}
		}
		switch {
		case err == nil:
			kept = copy(window, b)
		case err != io.EOF && err != io.ErrUnexpectedEOF:
			return fmt.Errorf("function starts: %w", err)
		case len(b) > 0:
			return fmt.Errorf("function starts: %w", io.ErrUnexpectedEOF)
		default:
			return nil
		}
	}
}

var errLongULEB = errors.New("a ULEB128 of more than 64 bits")

// readULEB reads a number of 64 bits, 7 in a byte, the low ones first. It returns io.EOF
// when there is none.
func readULEB(r *bufio.Reader) (uint64, error) {
	b, err := r.Peek(binary.MaxVarintLen64)
	v, n := binary.Uvarint(b)
	switch {
	case n < 0, n == 0 && len(b) == binary.MaxVarintLen64:
		return 0, errLongULEB
	case n == 0 && len(b) > 0:
		return 0, noEOF(err)
	case n == 0:
		return 0, err
	}
	_, err = r.Discard(n)
	return v, err
}

// skipLEB reads past a number, signed or not.
func skipLEB(r io.ByteReader) error {
	for range 10 {
		if c, err := r.ReadByte(); err != nil || c&0x80 == 0 {
			return err
		}
	}
	return errors.New("a LEB128 of more than 64 bits")
}
