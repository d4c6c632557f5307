package archive

// UnsupportedError is something of a known kind that is not read: a disk image in parts,
// a file system, a compression.
type UnsupportedError struct{ What string }

func (e *UnsupportedError) Error() string { return e.What + ", which is not read" }
