package macho

import (
	"fmt"

	"github.com/blacktop/go-macho/types"
)

// Library is another image that this one is linked to.
type Library struct {
	Kind          LibraryKind
	Name          string // install name, such as @rpath/libz.dylib
	Current       string // two or three dotted numbers
	Compatibility string
}

// LibraryKind says how a library is loaded.
type LibraryKind string

const (
	Load     LibraryKind = "load"     // LC_LOAD_DYLIB
	Weak     LibraryKind = "weak"     // LC_LOAD_WEAK_DYLIB: it may be missing
	Reexport LibraryKind = "reexport" // LC_REEXPORT_DYLIB
	Upward   LibraryKind = "upward"   // LC_LOAD_UPWARD_DYLIB
	Lazy     LibraryKind = "lazy"     // LC_LAZY_LOAD_DYLIB, or with delayed initializers
)

var libraryKinds = map[types.LoadCmd]LibraryKind{
	types.LC_LOAD_DYLIB:        Load,
	types.LC_LOAD_WEAK_DYLIB:   Weak,
	types.LC_REEXPORT_DYLIB:    Reexport,
	types.LC_LOAD_UPWARD_DYLIB: Upward,
	types.LC_LAZY_LOAD_DYLIB:   Lazy,
}

// useMarker stands in the field of the time of a struct dylib_use_command, which is how
// LC_LOAD_DYLIB and LC_LOAD_WEAK_DYLIB carry flags (DYLIB_USE_MARKER). Its string begins
// at 28.
const useMarker = 0x1a741800

// library reads a struct dylib_command or dylib_use_command.
func (i *Image) library(cmd types.LoadCmd, b []byte) error {
	if len(i.Libraries) == maxStrings {
		return fmt.Errorf("more than %d libraries", maxStrings)
	}
	name, err := stringOf(b, 24)
	if err != nil {
		return err
	}
	kind := libraryKinds[cmd]
	if len(b) >= 28 && u32(b, 8) == 28 && u32(b, 12) == useMarker && (kind == Load || kind == Weak) {
		kind = useKind(kind, u32(b, 24))
	}
	i.Libraries = append(i.Libraries, Library{kind, name, version(uint32(u32(b, 16))), version(uint32(u32(b, 20)))})
	return nil
}

// useKind returns what the DYLIB_USE_ flags make of a library, of several the one that
// says most of when it is loaded.
func useKind(kind LibraryKind, flags uint64) LibraryKind {
	switch {
	case flags&0x8 != 0: // DYLIB_USE_DELAYED_INIT
		return Lazy
	case flags&0x4 != 0: // DYLIB_USE_UPWARD
		return Upward
	case flags&0x2 != 0: // DYLIB_USE_REEXPORT
		return Reexport
	case flags&0x1 != 0: // DYLIB_USE_WEAK_LINK
		return Weak
	}
	return kind
}

// stringOf returns the string of a load command, whose union lc_str is its first field;
// size is that of the struct.
func stringOf(b []byte, size int) (string, error) {
	if len(b) < size {
		return "", errShort
	}
	at := u32(b, 8)
	if at < uint64(size) || at > uint64(len(b)) {
		return "", errNoString
	}
	return cString(b[at:]), nil
}

// appendString adds the string of a load command that has nothing else.
func appendString(list *[]string, b []byte) error {
	if len(*list) == maxStrings {
		return fmt.Errorf("more than %d of them", maxStrings)
	}
	s, err := stringOf(b, 12)
	*list = append(*list, s)
	return err
}
