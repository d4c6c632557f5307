package macho

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// maxFunctions bounds LC_FUNCTION_STARTS; the largest of a corpus of 274 images tells of
// 113,175 functions.
const maxFunctions = 8 << 20

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
	b := bufio.NewReaderSize(i.part(r, *i.tables.functions), nameWindow)
	addr := i.Base
	var s *Segment
	for n := 0; ; n++ {
		step, err := readULEB(b)
		if err == io.EOF || err == nil && step == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("function starts: %w", err)
		}
		if n == maxFunctions {
			return fmt.Errorf("function starts: more than %d", maxFunctions)
		}
		if addr+step < addr {
			return errors.New("function starts: an address overflows")
		}
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
}

// readULEB reads a number of 64 bits, 7 in a byte, the low ones first. It returns io.EOF
// when there is none.
func readULEB(r io.ByteReader) (uint64, error) {
	var v uint64
	for shift := uint(0); ; shift += 7 {
		c, err := r.ReadByte()
		if err != nil {
			if shift > 0 {
				err = noEOF(err)
			}
			return 0, err
		}
		if shift > 63 || shift == 63 && c&0x7e != 0 {
			return 0, errors.New("a ULEB128 of more than 64 bits")
		}
		v |= uint64(c&0x7f) << shift
		if c&0x80 == 0 {
			return v, nil
		}
	}
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
