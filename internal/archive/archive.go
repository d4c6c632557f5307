// Package archive reads formats that pack files: it lists what is in one, and opens
// an entry as a stream. Nothing is written and nothing is kept but what is asked for.
//
// Formats are told by their contents, never by a name. Where two readers of a format
// would take a file differently (an entry that two headers describe differently,
// bytes of which one reader makes an entry and another none), that is an
// [AmbiguousError]: a check that looks at one of the readings proves nothing of the other.
package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
)

// Entry is one member of an archive.
type Entry struct {
	// Name is as it is written, which may be anything: absolute, with .., not UTF-8.
	Name string
	// Mode is the type of the entry; permissions are left out.
	Mode fs.FileMode
	// Link is where a symbolic link leads to.
	Link string
	// Hard is the name of the entry before it of which this one is another name,
	// empty for none.
	Hard string

	Size   int64 // of the contents, in bytes
	Offset int64 // in the archive, of the contents as they are packed
	Packed int64 // bytes of the contents as they are packed
	Method Method
	Sum    Sum // of the contents
	Raw    Sum // of the contents as they are packed

	// Err is why the contents cannot be read, nil when they can.
	Err error
	// Whole is set when readers may find other entries in the contents unless these
	// are all that is packed there, which only reading them to their end tells.
	Whole bool
}

// Format is a format that was told by its contents.
type Format struct {
	Name string // as in "zip", of the formats that are read
	// List yields the entries of an archive in their order, and what is wrong with the
	// archive itself, with an empty Entry; after that the listing may go on. What is
	// wrong with one entry is in its Err.
	List func(r io.ReaderAt, size int64) iter.Seq2[Entry, error]
	// Unpack reads what is packed in a stream of one file.
	Unpack func(r io.Reader) (io.ReadCloser, error)
	// Image is set for a disk, in an image or as it is, which is not read here: List, if there
	// is one, is of the Zips in it.
	Image bool
	// Begins is as what an image with a trailer begins, a stream or a disk; empty for neither.
	Begins string
	// Zips are where the zips end that readers find by the end of an image.
	Zips []int64
	// ZipsApart is set when such a zip may have its directory elsewhere than before its end, which counts from the
	// beginning of the image then, so that what ends there is not what all readers find.
	ZipsApart bool
	// Opaque is set when there is more in it than List and Unpack read, if they are set.
	Opaque bool
	// Whole is set when only unpacking it to its end tells whether it is ambiguous.
	Whole bool
}

// Disk is as what an image begins that begins as a disk, or as an image of another format.
const Disk = "a disk or another image"

// AmbiguousError is why readers of an archive disagree about what is in it.
type AmbiguousError struct{ Why string }

func (e *AmbiguousError) Error() string { return e.Why }

// Ambiguous returns an [AmbiguousError] whose Why is formatted as by [fmt.Sprintf].
//
//go:noinline // it is called in many places, and copied into none: it is never hot
func Ambiguous(format string, args ...any) error {
	return &AmbiguousError{fmt.Sprintf(format, args...)}
}

// OpaqueError is what there is beside what is read.
type OpaqueError struct{ What string }

func (e *OpaqueError) Error() string { return e.What }

// ErrEncrypted is why nobody without the password can see what is packed.
var ErrEncrypted = errors.New("it is encrypted")

// readAt reads len(b) bytes at an offset of something of a size. What ends before
// that is an error that says where.
func readAt(r io.ReaderAt, size int64, b []byte, offset int64) error {
	if offset < 0 || offset > size || int64(len(b)) > size-offset {
		return fmt.Errorf("%d bytes at offset %d are past the end at %d", len(b), offset, size)
	}
	n, err := r.ReadAt(b, offset)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes at offset %d: %w", len(b), offset, err)
}
