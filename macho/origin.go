package macho

import "math"

// The special ordinals of <mach-o/loader.h>.
const (
	ordinalSelf    = 0           // BIND_SPECIAL_DYLIB_SELF
	ordinalUnknown = math.MinInt // none was set; dyld refuses what such an image binds
)

// origin is where the loader looks for a symbol.
type origin struct {
	library string // the first that is not one of macOS's
	other   bool   // it is looked for elsewhere, too
}

// lookIn notes the library in which the loader looks for a symbol, by its ordinal: that
// of a load command, from 1, or the image itself (Loader::resolveSymbol of dyld). Flat and
// weak look-ups may find any library's.
func (i *Image) lookIn(symbol string, ordinal int) {
	o, ok := i.origins[symbol]
	if ok && o.other {
		return
	}
	library, own := i.libraryAt(ordinal)
	if !ok {
		o.library = library
	}
	o.other = !own
	i.origins[symbol] = o
}

// libraryAt names the library of an ordinal, and reports whether what is looked for in it
// is surely none of macOS's.
func (i *Image) libraryAt(ordinal int) (name string, own bool) {
	switch {
	case ordinal == ordinalSelf:
		for _, l := range i.Libraries {
			if l.Kind == Reexport {
				return "", false // dyld looks into these, too
			}
		}
		return i.ID, true
	case ordinal < 0, ordinal > len(i.Libraries):
		return "", false
	}
	name = i.Libraries[ordinal-1].Name
	return name, !IsSystem(name)
}

// Origin returns the library whose symbol the image is bound to, when that is not one of
// macOS's: its install name, or that of the image itself, which may be empty. Of a symbol that is
// looked for in a library of macOS, or in all, or of which that is not known, it returns
// false. It tells of symbols that are wanted, see [ReadImage].
func (i *Image) Origin(symbol string) (library string, ok bool) {
	o, ok := i.origins[symbol]
	return o.library, ok && !o.other
}
