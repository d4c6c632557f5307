package macho

import (
	"errors"
	"io"
)

// arMagic begins a static library (ARMAG in <ar.h>).
const arMagic = "!<arch>\n"

// StaticLibraries returns the slices of a fat file that are static libraries, one for
// each architecture, as lipo and libtool make them of several. It returns none for a
// file in which one slice is something else; that is for [Read].
func StaticLibraries(r io.ReaderAt, size int64) []Slice {
	var head [8]byte
	if readFull(r, head[:], 0, uint64(max(size, 0))) != nil {
		return nil
	}
	order, wide, ok := fatMagic([4]byte(head[:4]))
	if !ok {
		return nil
	}
	f := fatReader{r, uint64(size), order, wide}
	count := order.Uint32(head[4:])
	if count > maxSlices {
		return nil
	}
	var list []Slice
	for i := range uint64(count) {
		e, err := f.entry(i)
		var magic [len(arMagic)]byte
		if err != nil || readFull(r, magic[:], e.offset, f.size) != nil || string(magic[:]) != arMagic {
			return nil
		}
		list = append(list, e.unread(errors.New("a static library")))
	}
	return list
}
