package macho

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/blacktop/go-macho/types"
	"github.com/codewarrant/codewarrant/internal/inorder"
)

// fatMagic recognises the four magics of <mach-o/fat.h>.
func fatMagic(b [4]byte) (order binary.ByteOrder, wide, ok bool) {
	switch b {
	case [4]byte{0xca, 0xfe, 0xba, 0xbe}:
		return binary.BigEndian, false, true
	case [4]byte{0xca, 0xfe, 0xba, 0xbf}:
		return binary.BigEndian, true, true
	case [4]byte{0xbe, 0xba, 0xfe, 0xca}:
		return binary.LittleEndian, false, true
	case [4]byte{0xbf, 0xba, 0xfe, 0xca}:
		return binary.LittleEndian, true, true
	}
	return nil, false, false
}

// fatReader reads the entries of a fat header.
type fatReader struct {
	r     io.ReaderAt
	size  uint64
	order binary.ByteOrder
	wide  bool
}

// entry is one struct fat_arch or fat_arch_64.
type entry struct {
	cpu    types.CPU
	sub    types.CPUSubtype
	offset uint64
	size   uint64
	align  uint32 // log2
}

func (f fatReader) entrySize() uint64 {
	if f.wide {
		return 32
	}
	return 20
}

func (f fatReader) entry(i uint64) (entry, error) {
	b := make([]byte, f.entrySize())
	if err := readFull(f.r, b, 8+i*f.entrySize(), f.size); err != nil {
		return entry{}, err
	}
	e := entry{cpu: types.CPU(f.order.Uint32(b)), sub: types.CPUSubtype(f.order.Uint32(b[4:]))}
	if f.wide {
		e.offset, e.size, e.align = f.order.Uint64(b[8:]), f.order.Uint64(b[16:]), f.order.Uint32(b[24:])
	} else {
		e.offset, e.size, e.align = uint64(f.order.Uint32(b[8:])), uint64(f.order.Uint32(b[12:])), f.order.Uint32(b[16:])
	}
	return e, nil
}

func readFat(r io.ReaderAt, size uint64, order binary.ByteOrder, wide bool) (*File, error) {
	var head [8]byte
	if err := readFull(r, head[:], 0, size); err != nil {
		return nil, fmt.Errorf("fat header: %w", err)
	}
	f := fatReader{r, size, order, wide}
	count := uint64(order.Uint32(head[4:]))
	if !wide && order == binary.BigEndian && f.isJavaClass(count) {
		return nil, fmt.Errorf("%w: a Java class file, which shares the magic number", ErrNotMachO)
	}
	if count == 0 || count > maxSlices {
		return nil, fmt.Errorf("fat header: claims %d slices; 1 to %d are read", count, maxSlices)
	}
	file := &File{Fat: true}
	if order == binary.LittleEndian {
		file.Anomalies = append(file.Anomalies, Anomaly{SwappedFatHeader, "the fat header is in little-endian order"})
	}
	if wide {
		file.Anomalies = append(file.Anomalies, Anomaly{WideFatHeader, "the fat header is of the 64-bit form (FAT_MAGIC_64), which dyld reads, and the kernel and Security.framework do not"})
	}
	entries, err := f.entries(count, file)
	if err != nil {
		return nil, err
	}
	var taken []entry
	for _, e := range entries {
		if slices.ContainsFunc(taken, e.overlaps) {
			// Read once, bytes cost what they cost; read for 32 slices they would be a
			// way to make a small file a large one.
			file.Slices = append(file.Slices, e.unread(errors.New("it shares bytes with a slice before it, and is not read")))
			continue
		}
		taken = append(taken, e)
		file.Slices = append(file.Slices, f.slice(e))
	}
	file.Anomalies = append(file.Anomalies, f.conflicts(entries)...)
	return file, nil
}

// entries reads the table, and the entry behind it when Security.framework would.
func (f fatReader) entries(count uint64, file *File) ([]entry, error) {
	var list []entry
	for i := range count {
		e, err := f.entry(i)
		if err != nil {
			return nil, fmt.Errorf("fat header: slice %d of %d: %w", i+1, count, err)
		}
		list = append(list, e)
	}
	if e, err := f.entry(count); err == nil && e.cpu == types.CPUArm64 && f.startsMachO(e) {
		file.Anomalies = append(file.Anomalies, Anomaly{
			HiddenSlice,
			fmt.Sprintf("an arm64 slice stands behind the %d that the fat header counts", count),
		})
		list = append(list, e)
	}
	return list, nil
}

// overlaps reports whether two entries share bytes.
func (e entry) overlaps(o entry) bool {
	return e.offset < o.offset+o.size && o.offset < e.offset+e.size
}

// unread is the slice of an entry that is not looked at.
func (e entry) unread(why error) Slice {
	return Slice{CPU: e.cpu, SubCPU: e.sub, Arch: archName(e.cpu, e.sub), Range: Range{e.offset, e.size}, Err: why}
}

// slice reads the image that an entry points to.
func (f fatReader) slice(e entry) Slice {
	if e.offset > f.size || e.size > f.size-e.offset {
		return e.unread(fmt.Errorf("the slice lies at %d to %d of a file of %d bytes", e.offset, e.offset+e.size, f.size))
	}
	s := e.unread(nil)
	s.read(f.r)
	if s.Err == nil && (s.CPU != e.cpu || subtype(s.SubCPU) != subtype(e.sub)) {
		s.Anomalies = append(s.Anomalies, Anomaly{
			HeaderMismatch,
			fmt.Sprintf("the fat header says %s, the slice's own header %s", archName(e.cpu, e.sub), s.Arch),
		})
	}
	return s
}

// conflicts finds entries that share bytes or an architecture.
func (f fatReader) conflicts(entries []entry) []Anomaly {
	var found []Anomaly
	for i, e := range entries {
		for _, o := range entries[:i] {
			if o.cpu == e.cpu && subtype(o.sub) == subtype(e.sub) {
				found = append(found, Anomaly{DuplicateArch, "two slices are " + archName(e.cpu, e.sub)})
			}
		}
	}
	sorted := inorder.Copied(entries, func(a, b entry) int { return cmp.Compare(a.offset, b.offset) })
	end := 8 + uint64(len(entries))*f.entrySize()
	for i, e := range sorted {
		align := uint32(maxAlign) // what follows the header may be aligned to more than it claims
		if i > 0 {
			align = min(e.align, maxAlign)
		}
		if e.offset > end && !f.isPadding(end, e.offset, 1<<align) {
			found = append(found, stray(end, e.offset))
		}
		if e.offset < end {
			found = append(found, Anomaly{
				OverlappingSlices,
				fmt.Sprintf("the %s slice at %d begins before %d, where the fat header or another slice ends",
					archName(e.cpu, e.sub), e.offset, end),
			})
		}
		if sum := e.offset + e.size; sum >= e.offset {
			end = max(end, sum)
		}
	}
	if end < f.size {
		found = append(found, stray(end, f.size))
	}
	return found
}

// maxAlign is the largest alignment of a slice, log2: MAXSECTALIGN in <mach-o/fat.h>.
const maxAlign = 15

// isPadding reports whether bytes between slices are what alignment leaves: fewer
// than align, and all zero. Universal::Universal in macho++.cpp of
// libsecurity_utilities suspects others.
func (f fatReader) isPadding(from, to, align uint64) bool {
	if to-from >= align || to > f.size {
		return false
	}
	gap := make([]byte, to-from)
	return readFull(f.r, gap, from, f.size) == nil && len(bytes.Trim(gap, "\x00")) == 0
}

func stray(from, to uint64) Anomaly {
	return Anomaly{StrayBytes, fmt.Sprintf("%d bytes at %d belong to no slice", to-from, from)}
}

// isJavaClass tells a class file, whose bytes 4 to 7 are the minor and major
// version, from a fat header, whose bytes 4 to 7 are the count. Major versions
// begin at 45 (JVM specification, 4.1), so file(1) takes counts from 45 on for
// Java; the kernel would run such a file, so it is Java only if no entry leads
// to a Mach-O image.
func (f fatReader) isJavaClass(count uint64) bool {
	minor, major := count>>16, count&0xffff
	if major < 45 || major > 255 || minor != 0 && minor != 3 && minor != 0xffff {
		return false
	}
	for i := range uint64(min(count, kernelSlices)) + 1 { // and the hidden one

		if e, err := f.entry(i); err == nil && f.startsMachO(e) {
			return false
		}
	}
	return true
}

func (f fatReader) startsMachO(e entry) bool {
	var magic [4]byte
	if readFull(f.r, magic[:], e.offset, f.size) != nil {
		return false
	}
	_, _, ok := thinMagic(magic)
	return ok
}
