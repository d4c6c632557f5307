package archive

import "fmt"

// UnsupportedError is something of a known kind that is not read: a disk image in parts,
// a file system, a compression.
type UnsupportedError struct{ What string }

func (e *UnsupportedError) Error() string { return e.What + ", which is not read" }

// Unsupported returns an [UnsupportedError] whose What is formatted as by [fmt.Sprintf].
//
//go:noinline // it is called in many places, and copied into none: it is never hot
func Unsupported(format string, args ...any) error {
	return &UnsupportedError{fmt.Sprintf(format, args...)}
}
