package macho

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/blacktop/go-macho/types"
	"github.com/codewarrant/codewarrant/internal/inorder"
)

// Segment is a part of an image that a loader maps (struct segment_command_64).
type Segment struct {
	Name      string
	Addr      uint64 // in memory
	Size      uint64 // in memory, in bytes; what the file does not fill is zero
	Range     Range  // in the slice
	Prot      types.VmProtection
	MaxProt   types.VmProtection
	Protected bool // SG_PROTECTED_VERSION_1: the file holds it encrypted
}

// Section is a named part of a segment (struct section_64).
type Section struct {
	Segment, Name string
	Addr          uint64 // in memory
	Range         Range  // in the slice; of size 0 when the file holds nothing of it
	Size          uint64 // in memory, in bytes
	Flags         types.SectionFlag
	Reserved1     uint32 // of stubs and pointers: the first entry of the indirect symbol table
	Reserved2     uint32 // of stubs: their size, in bytes

	segment int  // index of the segment
	other   bool // it says that it has stubs, and not all of it is
	offset  uint64
}

// Type returns the type of the section, such as [types.SymbolStubs].
func (s *Section) Type() types.SectionFlag { return s.Flags & types.SectionType }

// IsStubs reports whether the section has stubs of imported functions, and nothing else.
func (s *Section) IsStubs() bool { return s.Type() == types.SymbolStubs && !s.other }

// HasCode reports whether the linker put instructions in the section:
// S_ATTR_PURE_INSTRUCTIONS or S_ATTR_SOME_INSTRUCTIONS; what says that it has stubs has some.
func (s *Section) HasCode() bool {
	return s.Flags&(0x80000000|0x00000400) != 0 || s.Type() == types.SymbolStubs
}

// isZero reports whether the file holds nothing of the section.
func (s *Section) isZero() bool {
	t := s.Type()
	return t == types.Zerofill || t == types.GbZerofill || t == types.ThreadLocalZerofill
}

const (
	segmentSize = 72 // struct segment_command_64
	sectionSize = 80 // struct section_64
)

func u32(b []byte, at int) uint64 { return uint64(binary.LittleEndian.Uint32(b[at:])) }
func u64(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }

// segment reads a segment and its sections.
func (i *Image) segment(b []byte) error {
	if len(b) < segmentSize {
		return errShort
	}
	s := Segment{
		Name: cString(b[8:24]), Addr: u64(b, 24), Size: u64(b, 32), Range: Range{u64(b, 40), u64(b, 48)},
		MaxProt: types.VmProtection(u32(b, 56)), Prot: types.VmProtection(u32(b, 60)),
		Protected: u32(b, 68)&0x8 != 0,
	}
	count := u32(b, 64)
	switch {
	case len(i.Segments) == maxSegments:
		return fmt.Errorf("more than %d segments", maxSegments)
	case count > uint64(len(b)-segmentSize)/sectionSize:
		return fmt.Errorf("%d sections do not fit", count)
	case count > uint64(maxSections-len(i.Sections)):
		return fmt.Errorf("more than %d sections", maxSections)
	}
	for k := range int(count) {
		h := b[segmentSize+k*sectionSize:]
		i.Sections = append(i.Sections, Section{
			Name: cString(h[:16]), Segment: cString(h[16:32]), Addr: u64(h, 32), Size: u64(h, 40), offset: u32(h, 48),
			Flags: types.SectionFlag(u32(h, 64)), Reserved1: uint32(u32(h, 68)), Reserved2: uint32(u32(h, 72)),
			segment: len(i.Segments),
		})
	}
	i.Segments = append(i.Segments, s)
	return nil
}

// isMapped reports whether a loader maps the segment at all. It passes over one that takes
// no memory, as the linker of Go makes __DWARF: load_segment in bsd/kern/mach_loader.c of
// xnu returns at once, and Header::validSegment in mach_o/Header.cpp of dyld looks no
// further at one that nothing is permitted of, and refuses others.
func (s *Segment) isMapped() bool { return s.Size > 0 || s.Range.Size == 0 || s.Prot != 0 }

// checkSegments refuses segments of which a loader would make something else than is
// made here: load_segment in bsd/kern/mach_loader.c of xnu refuses the first kinds, and
// Header::validSemanticsSegments in mach_o/Header.cpp of dyld refuses them all.
func (i *Image) checkSegments(kind types.HeaderFileType) error {
	for k := range i.Segments {
		s := &i.Segments[k]
		switch {
		case s.Size > 1<<63 || s.Addr > 1<<63 || s.Addr+s.Size > 1<<63:
			return fmt.Errorf("the segment %q lies at %#x and has %#x bytes", s.Name, s.Addr, s.Size)
		case s.Range.Size > 0 && (s.Range.Offset > i.slice.Size || s.Range.Size > i.slice.Size-s.Range.Offset):
			return fmt.Errorf("the segment %q lies outside the slice", s.Name)
		case s.Range.Size > s.Size && kind != types.MH_OBJECT && s.isMapped():
			return fmt.Errorf("the segment %q has %d bytes of the file for %d of memory", s.Name, s.Range.Size, s.Size)
		}
		if s.Protected {
			i.gap("the segment %s is encrypted", s.Name)
		}
		// The segment that maps the beginning of the file maps its header.
		if s.Range.Offset == 0 && s.Range.Size > 0 && s.isMapped() && i.Base == 0 {
			i.Base = s.Addr
		}
	}
	for _, part := range []struct {
		what string
		of   func(Segment) Range
	}{
		{"addresses", func(s Segment) Range { return Range{s.Addr, s.Size} }},
		{"bytes of the file", func(s Segment) Range { return s.Range }},
	} {
		sorted := inorder.Copied(i.Segments, func(a, b Segment) int { return cmp.Compare(part.of(a).Offset, part.of(b).Offset) })
		var last *Segment
		for k := range sorted {
			s := &sorted[k]
			if part.of(*s).Size == 0 {
				continue
			}
			if last != nil && part.of(*last).Offset+part.of(*last).Size > part.of(*s).Offset {
				return fmt.Errorf("the segments %q and %q share %s", last.Name, s.Name, part.what)
			}
			last = s
		}
	}
	return nil
}

// checkSections keeps the sections that lie in their segments and come into memory, and places them by their
// address, as a loader does, which maps segments and does not look at sections.
func (i *Image) checkSections() {
	kept := i.Sections[:0]
	for _, s := range i.Sections {
		g := &i.Segments[s.segment]
		if !g.isMapped() {
			continue
		}
		if s.Addr < g.Addr || s.Size > g.Size || s.Addr-g.Addr > g.Size-s.Size {
			i.gap("the section %s,%s lies outside its segment", s.Segment, s.Name)
			continue
		}
		if from := s.Addr - g.Addr; !s.isZero() && from < g.Range.Size {
			s.Range = Range{g.Range.Offset + from, min(s.Size, g.Range.Size-from)}
			if s.Range.Offset != s.offset && s.Size > 0 {
				i.gap("the section %s,%s claims to be at %d of the slice; its address is that of %d", s.Segment, s.Name, s.offset, s.Range.Offset)
			}
		}
		kept = append(kept, s)
	}
	i.Sections = kept
}

// segmentAt returns the segment that has the address.
func (i *Image) segmentAt(addr uint64) *Segment {
	for k := range i.Segments {
		if s := &i.Segments[k]; addr >= s.Addr && addr-s.Addr < s.Size {
			return s
		}
	}
	return nil
}

// ReadAt fills b with what is at an address once the image is mapped and nothing has
// changed it. The file r is the one that was given to [ReadImage].
func (i *Image) ReadAt(r io.ReaderAt, b []byte, addr uint64) error {
	for len(b) > 0 {
		s := i.segmentAt(addr)
		if s == nil {
			return fmt.Errorf("no segment has the address %#x", addr)
		}
		from := addr - s.Addr
		part := b[:min(uint64(len(b)), s.Size-from)]
		filled := uint64(0)
		if from < s.Range.Size {
			filled = min(uint64(len(part)), s.Range.Size-from)
			at := i.slice.Offset + s.Range.Offset + from
			if err := readFull(r, part[:filled], at, i.slice.Offset+i.slice.Size); err != nil {
				return err
			}
		}
		clear(part[filled:])
		b, addr = b[len(part):], addr+uint64(len(part))
	}
	return nil
}

var errNoString = errors.New("its string begins outside of it")
