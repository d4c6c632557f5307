package macho

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// bindKinds are the streams of bind opcodes in the order of struct dyld_info_command.
var bindKinds = [3]string{"bind opcodes", "weak bind opcodes", lazyBinds}

const lazyBinds = "lazy bind opcodes"

// maxBinds bounds the pointers that bind opcodes bind, wanted or not: a few bytes may
// say "bind 2^64 of them".
const maxBinds = 4 << 20

// binder runs the BIND_OPCODEs of <mach-o/loader.h>.
type binder struct {
	*Image
	r     *bufio.Reader
	names *imports
	left  *int

	name     []byte
	symbol   string
	isWanted bool
	isKnown  bool // symbol and isWanted are those of name

	ordinal int // of the library in which the symbol is looked for

	segment *Segment
	offset  uint64
}

// readBinds runs one stream. In that of lazy binds BIND_OPCODE_DONE ends the opcodes of
// one symbol; in others it ends the stream.
func (i *Image) readBinds(r io.Reader, names *imports, left *int, lazy bool) error {
	b := &binder{Image: i, r: bufio.NewReaderSize(r, nameWindow), names: names, left: left, ordinal: ordinalUnknown}
	for {
		op, err := b.r.ReadByte()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if op&0xf0 == 0 { // BIND_OPCODE_DONE
			if lazy {
				continue
			}
			return nil
		}
		if err := b.run(op&0xf0, uint64(op&0xf)); err != nil {
			return noEOF(err)
		}
	}
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// run runs one opcode. Types and addends are of no interest here.
func (b *binder) run(op byte, n uint64) error {
	switch op {
	case 0x10: // SET_DYLIB_ORDINAL_IMM
		b.ordinal = int(n)
		return nil
	case 0x20: // SET_DYLIB_ORDINAL_ULEB
		ordinal, err := readULEB(b.r)
		b.ordinal = int(min(ordinal, maxStrings+1)) // there are no more libraries
		return err
	case 0x30: // SET_DYLIB_SPECIAL_IMM, of which 4 bits are the number, with its sign
		b.ordinal = int(int8(n<<4)) >> 4
		return nil
	case 0x50: // SET_TYPE_IMM
		return nil
	case 0x60: // SET_ADDEND_SLEB
		return skipLEB(b.r)
	case 0x40: // SET_SYMBOL_TRAILING_FLAGS_IMM
		return b.setName()
	case 0x70: // SET_SEGMENT_AND_OFFSET_ULEB
		if n >= uint64(len(b.Segments)) {
			return fmt.Errorf("segment %d of %d", n, len(b.Segments))
		}
		b.segment = &b.Segments[n]
		var err error
		b.offset, err = readULEB(b.r)
		return err
	case 0x80: // ADD_ADDR_ULEB
		return b.skip()
	case 0x90: // DO_BIND
		return b.bind(0)
	case 0xa0: // DO_BIND_ADD_ADDR_ULEB
		if err := b.bind(0); err != nil {
			return err
		}
		return b.skip()
	case 0xb0: // DO_BIND_ADD_ADDR_IMM_SCALED
		return b.bind(n * 8)
	case 0xc0: // DO_BIND_ULEB_TIMES_SKIPPING_ULEB
		return b.bindTimes()
	}
	return fmt.Errorf("the opcode %#x is not read", op|byte(n))
}

func (b *binder) setName() error {
	b.name, b.isKnown = b.name[:0], false
	for {
		part, err := b.r.ReadSlice(0)
		if len(b.name)+len(part) > maxName+1 {
			return fmt.Errorf("a symbol has a name of more than %d bytes", maxName)
		}
		b.name = append(b.name, part...)
		switch err {
		case bufio.ErrBufferFull: // the name goes on
		case nil:
			b.name = b.name[:len(b.name)-1]
			return nil
		default:
			return err
		}
	}
}

// skip moves on by what follows, which wraps around for a step back.
func (b *binder) skip() error {
	n, err := readULEB(b.r)
	b.offset += n
	return err
}

func (b *binder) bindTimes() error {
	count, err := readULEB(b.r)
	if err != nil {
		return err
	}
	skip, err := readULEB(b.r)
	if err != nil {
		return err
	}
	for range count {
		if err := b.bind(skip); err != nil {
			return err
		}
	}
	return nil
}

// bind binds the pointer at the offset and moves on to behind it, and by skip more.
func (b *binder) bind(skip uint64) error {
	if *b.left == 0 {
		return fmt.Errorf("more than %d pointers are bound", maxBinds)
	}
	*b.left--
	if b.segment == nil || b.offset > b.segment.Size || b.segment.Size-b.offset < 8 {
		return errors.New("a pointer lies outside its segment")
	}
	if !b.isKnown {
		var err error
		if b.symbol, b.isWanted, err = b.names.add(b.name); err != nil {
			return err
		}
		b.isKnown = true
	}
	if b.isWanted {
		b.lookIn(b.symbol, b.ordinal)
		if err := set(b.Pointers, b.segment.Addr+b.offset, b.symbol); err != nil {
			return err
		}
	}
	b.offset += 8 + skip
	return nil
}
