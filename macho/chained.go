package macho

import (
	"errors"
	"fmt"
	"io"
)

// readFixups names the pointers that dyld binds, by chained fixups or by bind opcodes.
// An image has the one or the other. It reports whether there are any, and all of them were read.
func (i *Image) readFixups(r io.ReaderAt, names *imports) bool {
	any, gaps := i.tables.chained != nil, len(i.Gaps)
	if i.tables.chained != nil {
		c := chains{Image: i, r: i.part(r, *i.tables.chained), size: i.tables.chained.Size, file: r}
		if err := c.read(names); err != nil {
			i.gap("chained fixups: %s", err)
		}
	}
	binds := maxBinds
	for k, what := range bindKinds {
		if at := i.tables.binds[k]; at != nil {
			any = true
			if err := i.readBinds(i.part(r, *at), names, &binds, what == lazyBinds); err != nil {
				i.gap("%s: %s", what, err)
			}
		}
	}
	return any && len(i.Gaps) == gaps && gaps <= maxGaps // past that one more adds nothing
}

// chains reads LC_DYLD_CHAINED_FIXUPS, the structures of <mach-o/fixup-chains.h>: a table
// of imports, and for each page of a segment where its first pointer is, of which each
// says how far the next is.
type chains struct {
	*Image
	r       io.ReaderAt
	size    uint64
	file    io.ReaderAt
	symbols map[uint64]string // that are wanted, by ordinal
	imports uint64            // how many there are
}

// read reads struct dyld_chained_fixups_header.
func (c *chains) read(names *imports) error {
	var h [28]byte
	if err := readFull(c.r, h[:], 0, c.size); err != nil {
		return err
	}
	starts := u32(h[:], 4)
	if v := u32(h[:], 0); v != 0 {
		return fmt.Errorf("they are of version %d", v)
	}
	if f := u32(h[:], 24); f != 0 {
		return fmt.Errorf("their names are compressed (format %d)", f)
	}
	c.imports = u32(h[:], 16)
	err := c.readImports(names, u32(h[:], 20), u32(h[:], 8), u32(h[:], 12))
	if len(c.symbols) == 0 {
		return err // and no pointer is bound to what is wanted
	}
	return errors.Join(err, c.readStarts(starts))
}

// importSizes are the sizes of an import by the DYLD_CHAINED_IMPORT format.
var importSizes = [...]uint64{1: 4, 2: 8, 3: 16}

// readImports finds the ordinals of the names that are wanted.
func (c *chains) readImports(names *imports, format, table, pool uint64) error {
	if format == 0 || format >= uint64(len(importSizes)) {
		return fmt.Errorf("their imports are of format %d; formats 1 to 3 are read", format)
	}
	size := importSizes[format]
	if pool > c.size || table > c.size || c.imports > (c.size-table)/size {
		return fmt.Errorf("%d imports at %d with names at %d do not fit in %d bytes", c.imports, table, pool, c.size)
	}
	c.symbols = map[uint64]string{}
	add := func(ref nameRef, name []byte) error {
		symbol, ok, err := names.add(name)
		if !ok || err != nil {
			return err
		}
		if len(c.symbols) == maxSlots {
			return fmt.Errorf("more than %d imports are wanted", maxSlots)
		}
		c.symbols[uint64(ref.id)] = symbol
		c.lookIn(symbol, int(int64(ref.value)))
		return nil
	}
	strings := newNamePool(io.NewSectionReader(c.r, int64(pool), int64(c.size-pool)), c.imports)
	b := make([]byte, min(nameWindow, c.imports*size))
	for k := uint64(0); k < c.imports; {
		part := b[:min(uint64(len(b)), (c.imports-k)*size)]
		if err := readFull(c.r, part, table+k*size, c.size); err != nil {
			return err
		}
		for ; len(part) > 0; part, k = part[size:], k+1 {
			// lib_ordinal:8, weak_import:1, name_offset:23. Only the highest ordinals have a
			// sign (Header::forEachBindTarget in mach_o/ChainedFixups.cpp of dyld).
			at, ordinal := u32(part, 0)>>9, int(part[0])
			if ordinal > 0xf0 {
				ordinal = int(int8(part[0]))
			}
			if format == 3 { // lib_ordinal:16, weak_import:1, reserved:15, name_offset:32
				at, ordinal = u32(part, 4), int(u32(part, 0)&0xffff)
				if ordinal > 0xfff0 {
					ordinal = int(int16(ordinal))
				}
			}
			if err := strings.want(nameRef{at: uint32(at), id: uint32(k), value: uint64(ordinal)}, add); err != nil {
				return err
			}
		}
	}
	return strings.flush(add)
}

// readStarts reads struct dyld_chained_starts_in_image.
func (c *chains) readStarts(at uint64) error {
	var count [4]byte
	if err := readFull(c.r, count[:], at, c.size); err != nil {
		return err
	}
	n := u32(count[:], 0)
	if n > uint64(len(c.Segments)) {
		return fmt.Errorf("they are of %d segments, of which there are %d", n, len(c.Segments))
	}
	offsets := make([]byte, n*4)
	if err := readFull(c.r, offsets, at+4, c.size); err != nil {
		return err
	}
	for k := range int(n) {
		offset := u32(offsets, k*4)
		if offset == 0 {
			continue // no fixups
		}
		if err := c.readSegment(&c.Segments[k], at+offset); err != nil {
			c.gap("chained fixups of the segment %s: %s", c.Segments[k].Name, err)
		}
	}
	return nil
}

// pointerFormat is how a DYLD_CHAINED_PTR format packs a pointer. The distance to the next
// begins at bit 51 in all of them.
type pointerFormat struct {
	stride  uint64 // of which the next counts
	next    uint64 // mask
	bind    int    // bit
	ordinal uint64 // mask
}

var pointerFormats = map[uint64]pointerFormat{
	1:  {8, 0x7ff, 62, 0xffff},   // DYLD_CHAINED_PTR_ARM64E
	2:  {4, 0xfff, 63, 0xffffff}, // DYLD_CHAINED_PTR_64
	6:  {4, 0xfff, 63, 0xffffff}, // DYLD_CHAINED_PTR_64_OFFSET
	9:  {8, 0x7ff, 62, 0xffff},   // DYLD_CHAINED_PTR_ARM64E_USERLAND
	12: {8, 0x7ff, 62, 0xffffff}, // DYLD_CHAINED_PTR_ARM64E_USERLAND24
}

const (
	startNone  = 0xffff // DYLD_CHAINED_PTR_START_NONE
	startMulti = 0x8000 // DYLD_CHAINED_PTR_START_MULTI, of 32-bit code
)

// readSegment reads struct dyld_chained_starts_in_segment and walks the chains of its
// pages.
func (c *chains) readSegment(s *Segment, at uint64) error {
	var h [22]byte
	if err := readFull(c.r, h[:], at, c.size); err != nil {
		return err
	}
	pageSize, number := u32(h[:], 4)&0xffff, u32(h[:], 4)>>16
	pages := u32(h[:], 18) >> 16
	format, ok := pointerFormats[number]
	switch {
	case !ok:
		return fmt.Errorf("pointers of format %d are not read", number)
	case pageSize != 0x1000 && pageSize != 0x4000:
		return fmt.Errorf("pages of %d bytes", pageSize)
	case s.Addr-c.Base != u64(h[:], 8):
		return fmt.Errorf("they are for a segment at %#x of the image", u64(h[:], 8))
	}
	starts := make([]byte, pages*2)
	if err := readFull(c.r, starts, at+uint64(len(h)), c.size); err != nil {
		return err
	}
	page := make([]byte, pageSize+4)
	var failed error
	for k := range pages {
		start := uint64(starts[2*k]) | uint64(starts[2*k+1])<<8
		if start == startNone {
			continue
		}
		if start&startMulti != 0 || k*pageSize >= s.Range.Size {
			failed = fmt.Errorf("page %d has no chain that can be read", k)
			continue
		}
		// A pointer may end in the next page.
		from := k * pageSize
		b := page[:min(uint64(len(page)), s.Range.Size-from)]
		if err := readFull(c.file, b, c.slice.Offset+s.Range.Offset+from, c.slice.Offset+c.slice.Size); err != nil {
			return err
		}
		if err := c.walk(b, s.Addr+from, start, pageSize, format); err != nil {
			failed = fmt.Errorf("page %d: %w", k, err)
		}
	}
	return failed
}

// walk follows a chain through a page, which has a pointer at start.
func (c *chains) walk(page []byte, addr, at, pageSize uint64, f pointerFormat) error {
	for {
		if at >= pageSize || at+8 > uint64(len(page)) {
			return errors.New("its chain leads out of it")
		}
		p := u64(page, int(at))
		if p>>f.bind&1 == 1 {
			ordinal := p & f.ordinal
			if ordinal >= c.imports {
				return fmt.Errorf("import %d of %d", ordinal, c.imports)
			}
			if symbol, ok := c.symbols[ordinal]; ok {
				if err := set(c.Pointers, addr+at, symbol); err != nil {
					return err
				}
			}
		}
		next := p >> 51 & f.next
		if next == 0 {
			return nil
		}
		at += next * f.stride
	}
}
