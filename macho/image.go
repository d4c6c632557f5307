package macho

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/blacktop/go-macho/types"
)

// ErrNot64Bit says that a slice is of 32 bits, as i386 and armv7 are. No Mac since macOS
// 10.15 runs such code.
var ErrNot64Bit = errors.New("not 64-bit")

// ErrBigEndian says that a slice is of big-endian code, which is PowerPC.
var ErrBigEndian = errors.New("big-endian")

const (
	// maxSegments and maxSections bound what one image is made of; the largest of a
	// corpus of 274 images has 7 and 40.
	maxSegments = 64
	maxSections = 1024

	// maxStrings bounds the libraries, and the run paths, and the variables, of one
	// image; the corpus has up to 25.
	maxStrings = 4096

	// maxGaps bounds what is told of one image; of more, only that there is more.
	maxGaps = 32
)

// Image is what a slice tells its loader about its code. Addresses are those that the
// image was linked for.
type Image struct {
	Base        uint64 // address of the Mach-O header
	Segments    []Segment
	Sections    []Section // those of which the place is certain
	Libraries   []Library
	ID          string   // of LC_ID_DYLIB, the install name of a library
	RPaths      []string // of LC_RPATH
	Environment []string // of LC_DYLD_ENVIRONMENT, each NAME=value

	// Stubs has, by the address of a stub, the imported symbol to which it jumps: that of the
	// pointer through which it does.
	Stubs map[uint64]string

	// Pointers has, by the address of a pointer, the symbol to which the loader binds
	// it: in a table of pointers such as __got, or anywhere in data. It holds what
	// chained fixups or bind opcodes tell, an addend to the symbol not regarded, and where there are none, or not all
	// could be read, what the indirect symbol table tells besides.
	Pointers map[uint64]string

	// Imports are the names that the loader looks up: symbols that are bound, and all undefined symbols where
	// fixups do not tell of all that is bound. Sorted, each once.
	Imports []string

	// Gaps tells what of the image could not be read, a sentence each. What is in a
	// gap may hold anything.
	Gaps []string

	slice   Range // in the file
	cpu     types.CPU
	tables  tables
	origins map[string]origin // of the symbols that the loader binds and that are wanted
	names   []byte            // the string table, if it was read and is small
}

// tables says where the parts of __LINKEDIT lie in the slice; nil: there is none.
type tables struct {
	symbols   *Range // struct nlist_64
	strings   *Range
	indirect  *Range // of uint32
	chained   *Range
	binds     [3]*Range // bind, weak bind, lazy bind
	functions *Range
}

// ReadImage reads the slice s of the file r, as [Read] returned it, without its code. It
// returns [ErrNot64Bit] or [ErrBigEndian], perhaps wrapped, for code of other kinds,
// and an error when the segments cannot be relied on. What is wrong with anything else
// is told in [Image.Gaps].
//
// Stubs, Pointers and Imports hold only the symbols for which wanted returns true, or all if it
// is nil. Either map has no more than 131,072 entries, and Imports no more than 100,000 names and 8 MiB, of
// names of no more than 16 KiB; if there is more, it is told in Gaps.
func ReadImage(r io.ReaderAt, s Slice, wanted func(symbol []byte) bool) (*Image, error) {
	if s.Err != nil {
		return nil, s.Err
	}
	s = Slice{Range: s.Range}
	c, err := s.head(r)
	switch {
	case err != nil:
		return nil, err
	case c.order == nil:
		return nil, errors.New("an archive of object files")
	case !c.wide:
		return nil, fmt.Errorf("%s code is %w", s.Arch, ErrNot64Bit)
	case c.order.String() == "BigEndian":
		return nil, fmt.Errorf("%s code is %w", s.Arch, ErrBigEndian)
	}
	i := &Image{slice: s.Range, cpu: s.CPU, Stubs: map[uint64]string{}, Pointers: map[uint64]string{}, origins: map[string]origin{}}
	if err := c.each(func(cmd types.LoadCmd, b []byte) error { return i.command(cmd, b, s.Type) }); err != nil {
		return nil, err
	}
	if err := i.checkSegments(s.Type); err != nil {
		return nil, err
	}
	i.checkSections()
	names := &imports{wanted: wanted, seen: map[string]string{}}
	fixups := i.readFixups(r, names)
	i.readIndirect(r, names, fixups)
	i.Imports = names.sorted()
	return i, nil
}

// gap notes what could not be read, once.
func (i *Image) gap(format string, args ...any) {
	if len(i.Gaps) > maxGaps {
		return
	}
	note := fmt.Sprintf(format, args...)
	switch {
	case slices.Contains(i.Gaps, note):
	case len(i.Gaps) < maxGaps:
		i.Gaps = append(i.Gaps, note)
	default:
		i.Gaps = append(i.Gaps, "there is more that could not be read")
	}
}

// command takes a load command of <mach-o/loader.h>; images that get this far are
// little-endian.
func (i *Image) command(cmd types.LoadCmd, b []byte, kind types.HeaderFileType) error {
	switch cmd {
	case types.LC_SEGMENT_64:
		return i.segment(b)
	case types.LC_LOAD_DYLIB, types.LC_LOAD_WEAK_DYLIB, types.LC_REEXPORT_DYLIB, types.LC_LOAD_UPWARD_DYLIB, types.LC_LAZY_LOAD_DYLIB:
		return i.library(cmd, b)
	case types.LC_ID_DYLIB:
		id, err := stringOf(b, 24)
		i.ID = id
		return err
	case types.LC_RPATH:
		return appendString(&i.RPaths, b)
	case types.LC_DYLD_ENVIRONMENT:
		return appendString(&i.Environment, b)
	case types.LC_SYMTAB:
		if len(b) < 24 {
			return errShort
		}
		i.table(&i.tables.symbols, "symbol table", u32(b, 8), u32(b, 12)*nlistSize)
		i.table(&i.tables.strings, "string table", u32(b, 16), u32(b, 20))
	case types.LC_DYSYMTAB:
		if len(b) < 80 {
			return errShort
		}
		i.table(&i.tables.indirect, "indirect symbol table", u32(b, 56), u32(b, 60)*4)
		if n := u32(b, 68); n > 0 && kind != types.MH_OBJECT {
			// Linkers wrote them before LC_DYLD_INFO, that is before Mac OS X 10.6.
			i.gap("%d external relocations are not read", n)
		}
	case types.LC_DYLD_INFO, types.LC_DYLD_INFO_ONLY:
		if len(b) < 48 {
			return errShort
		}
		for k, what := range bindKinds {
			i.table(&i.tables.binds[k], what, u32(b, 16+8*k), u32(b, 20+8*k))
		}
	case types.LC_DYLD_CHAINED_FIXUPS, types.LC_FUNCTION_STARTS:
		if len(b) < 16 {
			return errShort
		}
		at, what := &i.tables.functions, "table of function starts"
		if cmd == types.LC_DYLD_CHAINED_FIXUPS {
			at, what = &i.tables.chained, "table of chained fixups"
		}
		i.table(at, what, u32(b, 8), u32(b, 12))
	case types.LC_ENCRYPTION_INFO_64:
		if len(b) < 20 {
			return errShort
		}
		if u32(b, 16) != 0 {
			i.gap("%d bytes of code at %d are encrypted", u32(b, 12), u32(b, 8))
		}
	}
	return nil
}

// table notes where a table is. A loader takes the last of two.
func (i *Image) table(at **Range, what string, offset, size uint64) {
	if size == 0 {
		return
	}
	if *at != nil {
		i.gap("there are two of the %s", what)
	}
	*at = nil
	if offset > i.slice.Size || size > i.slice.Size-offset {
		i.gap("the %s lies at %d to %d of a slice of %d bytes", what, offset, offset+size, i.slice.Size)
		return
	}
	*at = &Range{offset, size}
}

// part is a reader of bytes of the slice that lie in it.
func (i *Image) part(r io.ReaderAt, p Range) *io.SectionReader {
	return io.NewSectionReader(r, int64(i.slice.Offset+p.Offset), int64(p.Size))
}
