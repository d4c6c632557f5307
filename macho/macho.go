// Package macho reads the outside of Mach-O files: the slices of a fat file, what
// each slice says of itself, and where its code signature lies. [Read] reads headers
// and load commands only, a few kilobytes of a file of any size. For those who look into
// the code, [ReadImage] reads what a slice tells its loader: a few megabytes at most.
//
// The formats are those of <mach-o/fat.h> and <mach-o/loader.h>. A file may be
// hostile: every offset and size is checked against the bytes that are there, and
// what the kernel, dyld and Security.framework would read differently is told as
// an [Anomaly] rather than decided.
package macho

import (
	"errors"
	"fmt"
	"io"

	"github.com/blacktop/go-macho/types"
)

// ErrNotMachO says that the bytes are no Mach-O file, whatever else they are. A
// Java class file, which shares the fat magic, is one such.
var ErrNotMachO = errors.New("not a Mach-O file")

const (
	// kernelSlices is what the kernel accepts: the fat header and its table must fit
	// in the first page, 4096 = 8 + 204*20 + 8 (bsd/kern/mach_fat.c in xnu).
	kernelSlices = 204

	// maxSlices is what is read. Apple has named some 20 architectures, and a file
	// has one slice of each at most.
	maxSlices = 32

	// maxCommands bounds the load commands of one slice, in bytes. The largest in
	// a corpus of 307 slices has under 8 KiB; kernel collections reach 200 KiB.
	maxCommands = 1 << 20

	// firstRead is what is read of a slice at first; it holds the load commands
	// of nearly all programs.
	firstRead = 16 << 10
)

// File is one Mach-O file.
type File struct {
	Fat       bool
	Slices    []Slice
	Anomalies []Anomaly // of the fat header; a slice has its own
}

// Range is a run of bytes of a slice.
type Range struct {
	Offset, Size uint64 // from the start of the slice, in bytes
}

// Slice is the Mach-O image of one architecture.
type Slice struct {
	Arch   string // Apple's name, such as arm64 or x86_64
	CPU    types.CPU
	SubCPU types.CPUSubtype
	Range  Range // where it lies in the file

	// Err says why nothing more could be read; the fields below are then not
	// meaningful.
	Err error

	Type      types.HeaderFileType
	Builds    []Build // in the order of the load commands; more than one for zippered code
	Signature *Range  // of LC_CODE_SIGNATURE; nil: not signed
	InfoPlist *Range  // of the section __TEXT,__info_plist; nil: none
	Data      []Range // of the segments that are named __DATA and what begins so, as far as they are in the slice
	Anomalies []Anomaly
}

// Build is what LC_BUILD_VERSION or LC_VERSION_MIN_* say.
type Build struct {
	Platform string // macos, ios, ios-simulator, …
	MinOS    string // two or three dotted numbers
	SDK      string
}

// Anomaly is something that loaders are known to read differently.
type Anomaly struct {
	Kind   AnomalyKind
	Detail string
}

// AnomalyKind tells anomalies apart.
type AnomalyKind string

const (
	// OverlappingSlices: the kernel refuses slices that share bytes with one
	// another or with the fat header (fatfile_validate_fatarches in
	// bsd/kern/mach_fat.c); other readers take them.
	OverlappingSlices AnomalyKind = "overlapping-slices"

	// DuplicateArch: the kernel refuses two slices of one architecture; other
	// readers take the first, or the last.
	DuplicateArch AnomalyKind = "duplicate-arch"

	// HiddenSlice: Security.framework reads an arm64 entry that stands one past
	// the count (Universal::Universal in macho++.cpp of libsecurity_utilities).
	HiddenSlice AnomalyKind = "hidden-slice"

	// HeaderMismatch: the fat header names another architecture than the slice's
	// own header. Loaders choose by the one or the other.
	HeaderMismatch AnomalyKind = "header-mismatch"

	// SwappedFatHeader: a fat header in little-endian order, which the kernel
	// does not read and some tools do.
	SwappedFatHeader AnomalyKind = "swapped-fat-header"

	// WideFatHeader: a fat header of the 64-bit form, FAT_MAGIC_64, from which dyld
	// loads libraries. The kernel (exec_fat_imgact in bsd/kern/kern_exec.c) and
	// Security.framework (Universal::Universal) do not read it.
	WideFatHeader AnomalyKind = "wide-fat-header"

	// StrayBytes: bytes of the file that belong to no slice, more than a slice's
	// alignment leaves between two. Nothing loads them and no signature covers them.
	StrayBytes AnomalyKind = "stray-bytes"

	// LooseLinkedit: a segment __LINKEDIT that does not end where the slice does,
	// with the signature. Security.framework suspects it (MachO::validateStructure in
	// macho++.cpp of libsecurity_utilities); the kernel maps what it says.
	LooseLinkedit AnomalyKind = "loose-linkedit"

	// DuplicateSignature: more than one LC_CODE_SIGNATURE. The kernel can ignore
	// a first one that fails and load the next (bsd/kern/mach_loader.c).
	DuplicateSignature AnomalyKind = "duplicate-signature"
)

// Read reads the file of the given size. It returns [ErrNotMachO], perhaps
// wrapped, when the first bytes are no Mach-O magic, and another error when the
// file as a whole cannot be read; what is wrong with one slice is in that slice.
func Read(r io.ReaderAt, size int64) (*File, error) {
	var magic [4]byte
	if err := readFull(r, magic[:], 0, uint64(max(size, 0))); err != nil {
		return nil, fmt.Errorf("%w: shorter than a magic number", ErrNotMachO)
	}
	if order, wide, ok := fatMagic(magic); ok {
		return readFat(r, uint64(size), order, wide)
	}
	if _, _, ok := thinMagic(magic); ok {
		s := Slice{Range: Range{0, uint64(size)}}
		s.read(r)
		return &File{Slices: []Slice{s}}, nil
	}
	return nil, ErrNotMachO
}

// readFull fills b from the offset, which must lie inside size. It turns a file
// that became shorter than it was into an error like any other.
func readFull(r io.ReaderAt, b []byte, offset, size uint64) error {
	if offset > size || uint64(len(b)) > size-offset {
		return fmt.Errorf("%d bytes at offset %d are past the end at %d", len(b), offset, size)
	}
	n, err := r.ReadAt(b, int64(offset))
	if n == len(b) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes at offset %d: %w", len(b), offset, err)
}
