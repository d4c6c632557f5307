package macho

import (
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
// Where there are fixups dyld binds what they tell, and looks at no symbols (Fixups::forEachBindTarget of dyld): then
// those are read that the table names, and not all others to find that they are defined.
func (i *Image) readIndirect(r io.ReaderAt, names *imports, fixups bool) {
	ask := symbols{end: maxSymbols}
	if fixups {
		ask = i.named(r)
	}
	undefined, err := i.undefined(r, names, ask)
	if err != nil {
		i.gap("undefined symbols: %s", err)
	}
	entries := uint64(maxEntries)
	for k := range i.Sections {
		s := &i.Sections[k]
		if err := i.readSlots(r, s, undefined, &entries); err != nil {
			i.gap("the section %s,%s: %s", s.Segment, s.Name, err)
		}
	}
}

// isLocal is set in entries that name no symbol: INDIRECT_SYMBOL_LOCAL, INDIRECT_SYMBOL_ABS.
const isLocal = 0xc0000000

// named returns the symbols that the indirect symbol table names.
func (i *Image) named(r io.ReaderAt) symbols {
	if i.tables.indirect == nil || i.tables.symbols == nil {
		return symbols{}
	}
	entries, count := i.tables.indirect.Size/4, min(i.tables.symbols.Size/nlistSize, maxSymbols)
	if entries > maxEntries {
		return symbols{end: maxSymbols}
	}
	ask := symbols{first: count}
	named := make([]uint64, count/64+1) // a bit for each
	if err := i.eachEntry(r, 0, entries, func(_, entry uint64) error {
		if entry&isLocal == 0 && entry < count {
			named[entry/64] |= 1 << (entry % 64)
			ask.first, ask.end = min(ask.first, entry), max(ask.end, entry+1)
		}
		return nil
	}); err != nil {
		i.gap("indirect symbol table: %s", err)
	}
	ask.take = func(index uint64, _ types.NType) bool { return named[index/64]&(1<<(index%64)) != 0 }
	return ask
}

// undefined returns the undefined symbols that are wanted, by their index, of those that are asked for.
func (i *Image) undefined(r io.ReaderAt, names *imports, ask symbols) (map[uint32]string, error) {
	found := map[uint32]string{}
	asked := ask.take
	ask.take = func(index uint64, t types.NType) bool {
		isUndefined := t&types.N_EXT != 0 && (t&types.N_TYPE == types.N_UNDF || t&types.N_TYPE == types.N_PBUD)
		return isUndefined && (asked == nil || asked(index, t))
	}
	err := i.eachSymbol(r, ask, func(s nameRef, name []byte) error {
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

// readSlots names what is in one section, if it is of stubs or pointers.
func (i *Image) readSlots(r io.ReaderAt, s *Section, undefined map[uint32]string, left *uint64) error {
	size, set := uint64(8), i.setIndirect
	switch s.Type() {
	case types.SymbolStubs:
		size, set = uint64(s.Reserved2), i.setStub
	case types.NonLazySymbolPointers, types.LazySymbolPointers, types.LazyDylibSymbolPointers:
	default:
		return nil
	}
	if s.Size == 0 {
		return nil
	}
	if size == 0 {
		return fmt.Errorf("its stubs have a size of 0")
	}
	table := i.tables.indirect
	if table == nil {
		return fmt.Errorf("there is no indirect symbol table")
	}
	first, count := uint64(s.Reserved1), s.Size/size
	if all := table.Size / 4; first > all || count > all-first {
		return fmt.Errorf("its entries %d to %d are past the end of the indirect symbol table at %d", first, first+count, all)
	}
	if count > *left {
		return fmt.Errorf("more than %d stubs and pointers", maxEntries)
	}
	*left -= count
	return i.eachEntry(r, first, count, func(k, entry uint64) error {
		if entry&isLocal != 0 {
			return nil
		}
		if i.tables.symbols == nil || entry >= i.tables.symbols.Size/nlistSize {
			return fmt.Errorf("it names the symbol %d, which there is not", entry)
		}
		if symbol, ok := undefined[uint32(entry)]; ok {
			return set(s.Addr+k*size, symbol)
		}
		return nil
	})
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

func (i *Image) setStub(addr uint64, symbol string) error {
	return set(i.Stubs, addr, symbol)
}

// setIndirect names a pointer of which the fixups do not tell: these are what dyld
// follows.
func (i *Image) setIndirect(addr uint64, symbol string) error {
	if bound, ok := i.Pointers[addr]; ok {
		if bound != symbol {
			i.gap("the pointer at %#x is bound to another symbol than the indirect symbol table has for it", addr)
		}
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
