package macho

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/blacktop/go-macho/types"
)

// maxStub is more than the longest stub has, in bytes: 16, on arm64e.
const maxStub = 32

// readStubs names what is in one section of stubs by the symbol that is bound to the pointer through which each
// jumps, which is what is called, and where fixups do not tell of all that is bound, by the indirect symbol table. What is no stub
// is code of another kind, whatever the section says of itself. How long stubs are their code tells: Go's linker has 6 in
// reserved2 on arm64, too.
func (i *Image) readStubs(r io.ReaderAt, s *Section, undefined map[uint32]string, left *uint64, fixups bool) error {
	s.other = true
	code := bufio.NewReaderSize(i.part(r, s.Range), nameWindow)
	at, alike := uint64(0), true // alike: each has as many bytes as the section says
	for at < s.Range.Size {
		b, err := code.Peek(int(min(maxStub, s.Range.Size-at)))
		if err != nil {
			return noEOF(err)
		}
		pointer, size := i.throughPointer(b, s.Addr+at)
		if size == 0 {
			break
		}
		if *left == 0 {
			return fmt.Errorf("more than %d stubs and pointers", maxEntries)
		}
		*left--
		if symbol, ok := i.Pointers[pointer]; ok {
			if err := set(i.Stubs, s.Addr+at, symbol); err != nil {
				return err
			}
		}
		at += uint64(size)
		alike = alike && size == int(s.Reserved2)
		_, _ = code.Discard(size) // of what is buffered
	}
	s.other = at < s.Size
	if fixups {
		return nil
	}
	size := uint64(s.Reserved2)
	first, count, err := i.entriesOf(s, size, left)
	if err != nil || count == 0 {
		return err
	}
	if !alike {
		return fmt.Errorf("not all of its stubs have %d bytes, as it says", size)
	}
	return i.eachEntry(r, first, count, func(k, entry uint64) error {
		addr := s.Addr + k*size
		symbol, ok, err := i.namedBy(entry, undefined)
		if _, bound := i.Stubs[addr]; err != nil || !ok || bound || k*size >= at {
			return err
		}
		return set(i.Stubs, addr, symbol)
	})
}

// throughPointer returns the address of the pointer through which a stub that code begins with jumps, and the size of the
// stub; 0 for none.
func (i *Image) throughPointer(code []byte, addr uint64) (pointer uint64, size int) {
	switch i.cpu {
	case types.CPUAmd64: // jmp *pointer(%rip)
		if len(code) < 6 || code[0] != 0xff || code[1] != 0x25 {
			return 0, 0
		}
		return addr + 6 + uint64(int64(int32(binary.LittleEndian.Uint32(code[2:])))), 6
	case types.CPUArm64:
		return throughPointerARM64(code, addr)
	}
	return 0, 0
}

// throughPointerARM64 knows what makes an address, loads a pointer from it and jumps there: adrp or adr, add, ldr, and br or braa;
// or ldr of what is near. The linker may have put a nop in the place of one.
func throughPointerARM64(code []byte, pc uint64) (pointer uint64, size int) {
	const none = 32
	made, loaded := uint32(none), uint32(none) // the registers with the address, and with what is there
	address := uint64(0)
	for ; len(code) >= 4; pc, code = pc+4, code[4:] {
		size += 4
		w := binary.LittleEndian.Uint32(code)
		rd, rn := w&31, w>>5&31
		page := int64(int32(w&0x00ffffe0)<<8)>>11 | int64(w>>29&3) // the 21 bits of adr and adrp
		switch {
		case w == 0xd503201f: // nop
		case w&0x9f000000 == 0x90000000 && made == none: // adrp
			made, address = rd, pc&^0xfff+uint64(page<<12)
		case w&0x9f000000 == 0x10000000 && made == none: // adr
			made, address = rd, pc+uint64(page)
		case w&0xffc00000 == 0x91000000 && rn == made: // add of 12 bits
			made, address = rd, address+uint64(w>>10&0xfff)
		case w&0xffc00000 == 0xf9400000 && rn == made && loaded == none: // ldr of 8 bytes at an offset
			loaded, pointer = rd, address+uint64(w>>10&0xfff)*8
		case w&0xff000000 == 0x58000000 && loaded == none: // ldr of 8 bytes nearby
			loaded, pointer = rd, pc+uint64(int64(int32(w&0x00ffffe0)<<8)>>13<<2)
		case rn == loaded && (w&0xfffffc1f == 0xd61f0000 || w&0xfffffc1f == 0xd61f081f || w&0xfffffc00 == 0xd71f0800): // br, braaz, braa
			return pointer, size
		default:
			return 0, 0
		}
	}
	return 0, 0
}
