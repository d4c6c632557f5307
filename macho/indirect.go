package macho

import (
	"errors"
	"fmt"
	"io"

	"github.com/blacktop/go-macho/types"
)

const (
	// maxSlots bounds each of the maps of an image. Of a corpus of 274 images none has
	// more than 693 stubs and 12,941 pointers; a map that is full takes about 6 MB.
	maxSlots = 128 << 10

	// maxEntries bounds the entries of the indirect symbol table that are read, sections
	// that share them counted apart.
	maxEntries = 4 << 20
)

// readIndirect names stubs and pointers by the indirect symbol table, which has an entry
// for each stub or pointer of a section, from the one that the section names
// (<mach-o/loader.h>, reserved1 of struct section_64).
//
// Where there are fixups dyld binds what they tell, and looks at neither that table nor at symbols
// (Fixups::forEachBindTarget of dyld): then these are not read.
func (i *Image) readIndirect(r io.ReaderAt, names *imports, fixups bool) {
	var undefined map[uint32]string
	if !fixups {
		var err error
		if undefined, err = i.undefined(r, names); err != nil {
			i.gap("undefined symbols: %s", err)
		}
	}
	left := uint64(maxEntries)
	each := func(read func(*Section) error) {
		for k := range i.Sections {
			s := &i.Sections[k]
			if err := read(s); err != nil {
				i.gap("the section %s,%s: %s", s.Segment, s.Name, err)
			}
		}
	}
	each(func(s *Section) error {
		switch s.Type() {
		case types.NonLazySymbolPointers, types.LazySymbolPointers, types.LazyDylibSymbolPointers:
			if !fixups {
				return i.readPointers(r, s, undefined, &left)
			}
		}
		return nil
	})
	each(func(s *Section) error { // which are named by the pointers
		if s.Type() == types.SymbolStubs {
			return i.readStubs(r, s, undefined, &left, fixups)
		}
		return nil
	})
}

// isLocal is set in entries that name no symbol: INDIRECT_SYMBOL_LOCAL, INDIRECT_SYMBOL_ABS.
const isLocal = 0xc0000000

// undefined returns the undefined symbols that are wanted, by their index.
func (i *Image) undefined(r io.ReaderAt, names *imports) (map[uint32]string, error) {
	found := map[uint32]string{}
	isUndefined := func(t types.NType) bool {
		return t&types.N_EXT != 0 && (t&types.N_TYPE == types.N_UNDF || t&types.N_TYPE == types.N_PBUD)
	}
	err := i.eachSymbol(r, isUndefined, nil, func(s nameRef, name []byte) error {
		symbol, ok, err := names.add(name)
		if !ok || err != nil {
			return err
		}
		if len(found) == maxSlots {
			return fmt.Errorf("more than %d of them are wanted", maxSlots)
		}
		found[s.id] = symbol
		return nil
	})
	return found, err
}

// readPointers names the pointers of one section.
func (i *Image) readPointers(r io.ReaderAt, s *Section, undefined map[uint32]string, left *uint64) error {
	const size = 8
	first, count, err := i.entriesOf(s, size, left)
	if err != nil || count == 0 {
		return err
	}
	return i.eachEntry(r, first, count, func(k, entry uint64) error {
		symbol, ok, err := i.namedBy(entry, undefined)
		if err != nil || !ok {
			return err
		}
		return i.setIndirect(s.Addr+k*size, symbol)
	})
}

// entriesOf returns which entries of the indirect symbol table are those of a section with slots of a size.
func (i *Image) entriesOf(s *Section, size uint64, left *uint64) (first, count uint64, err error) {
	if s.Size == 0 {
		return 0, 0, nil
	}
	if size == 0 {
		return 0, 0, errors.New("its stubs have a size of 0")
	}
	table := i.tables.indirect
	if table == nil {
		return 0, 0, errors.New("there is no indirect symbol table")
	}
	first, count = uint64(s.Reserved1), s.Size/size
	if all := table.Size / 4; first > all || count > all-first {
		return 0, 0, fmt.Errorf("its entries %d to %d are past the end of the indirect symbol table at %d", first, first+count, all)
	}
	if count > *left {
		return 0, 0, fmt.Errorf("more than %d stubs and pointers", maxEntries)
	}
	*left -= count
	return first, count, nil
}

// namedBy returns the symbol that an entry of the indirect symbol table names, if it is undefined and wanted.
func (i *Image) namedBy(entry uint64, undefined map[uint32]string) (symbol string, ok bool, err error) {
	switch {
	case entry&isLocal != 0:
		return "", false, nil
	case i.tables.symbols == nil || entry >= i.tables.symbols.Size/nlistSize:
		return "", false, fmt.Errorf("it names the symbol %d, which there is not", entry)
	}
	symbol, ok = undefined[uint32(entry)]
	return symbol, ok, nil
}

// eachEntry reads entries of the indirect symbol table.
func (i *Image) eachEntry(r io.ReaderAt, first, count uint64, f func(k, entry uint64) error) error {
	table := i.part(r, *i.tables.indirect)
	b := make([]byte, min(nameWindow, count*4))
	for k := uint64(0); k < count; {
		part := b[:min(uint64(len(b)), (count-k)*4)]
		if err := readFull(table, part, (first+k)*4, i.tables.indirect.Size); err != nil {
			return err
		}
		for ; len(part) > 0; part, k = part[4:], k+1 {
			if err := f(k, u32(part, 0)); err != nil {
				return err
			}
		}
	}
	return nil
}

// setIndirect names a pointer of which the fixups do not tell: these are what dyld
// follows.
func (i *Image) setIndirect(addr uint64, symbol string) error {
	if _, bound := i.Pointers[addr]; bound {
		return nil
	}
	return set(i.Pointers, addr, symbol)
}

// set adds to one of the maps, of which the first symbol for an address stays.
func set(m map[uint64]string, addr uint64, symbol string) error {
	switch old, ok := m[addr]; {
	case ok && old != symbol:
		return fmt.Errorf("two symbols are bound at %#x", addr)
	case !ok && len(m) == maxSlots:
		return fmt.Errorf("more than %d stubs or pointers are wanted", maxSlots)
	}
	m[addr] = symbol
	return nil
}
