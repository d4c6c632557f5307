package udif

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"unicode/utf16"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/inorder"
)

// Partition is a part of a disk that may hold a file system.
type Partition struct {
	Scheme       string // GPT, APM, MBR, or empty: the disk has no map
	Name         string
	Type         string // as the map has it: a GUID in capitals, a name such as Apple_HFS, or a byte such as 0xAF
	Offset, Size int64  // in bytes of the disk
}

// maxPartitions bounds those of one map. Those of a GPT have room for 128.
const maxPartitions = 1024

// Partitions lists the partitions of the disk r, by their offsets, or the disk itself when
// it has no map. A disk may have several maps, and what they have in common is listed
// once; one that is a file system itself, as hybrid discs are, is listed last. The problems
// are why a map is not to be trusted, or differs from another.
func Partitions(r io.ReaderAt, size int64) ([]Partition, []error) {
	d := disk{r: r, size: size}
	gpt, apm, mbr := d.gpt(), d.apple(), d.mbr()
	var list []Partition
	for _, p := range slices.Concat(gpt, apm, mbr) {
		there := slices.ContainsFunc(list, func(o Partition) bool { return o.Offset == p.Offset && o.Size == p.Size })
		if !there {
			list = append(list, p)
		}
	}
	d.disagreements(gpt, apm)
	d.disagreements(gpt, mbr)
	d.disagreements(apm, mbr)
	inorder.By(list, func(a, b Partition) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Size, b.Size))
	})
	for i := 1; i < len(list); i++ {
		if a, b := list[i-1], list[i]; b.Offset < a.Offset+a.Size {
			d.problem(archive.Ambiguous("the partitions %.80q at offset %d and %.80q at %d share bytes", a.Name, a.Offset, b.Name, b.Offset))
		}
	}
	for _, p := range list {
		if what := members[p.Type]; what != "" {
			d.problem(archive.Unsupported("the partition %.80q at offset %d: a part of %s", p.Name, p.Offset, what))
		}
	}
	whole := Partition{Size: size}
	if len(list) == 0 {
		list = append(list, whole)
	}
	for _, p := range list {
		if all := FileSystems(io.NewSectionReader(r, p.Offset, p.Size), p.Size); len(all) > 1 {
			d.problem(archive.Ambiguous("the partition %.80q at offset %d is %s, and %s as well", p.Name, p.Offset, all[0], all[1]))
		}
	}
	fs := FileSystem(r, size)
	inPartition := slices.ContainsFunc(list, func(p Partition) bool {
		return p.Offset == 0 && FileSystem(io.NewSectionReader(r, 0, p.Size), p.Size) == fs
	})
	if fs != "" && !inPartition {
		d.problem(archive.Ambiguous("the disk is %s as a whole, and has partitions", fs))
		list = append(list, whole)
	}
	return list, d.problems
}

// members are the types of partitions that macOS makes another disk of, and what it is. Whatever is in
// one of them is not looked at for a file system (the types are those of diskutil and gpt(8)).
var members = map[string]string{
	"53746F72-6167-11AA-AA11-00306543ECAC": "a volume group (CoreStorage)",
	"Apple_CoreStorage":                    "a volume group (CoreStorage)",
	"52414944-0000-11AA-AA11-00306543ECAC": "a RAID",
	"52414944-5F4F-11AA-AA11-00306543ECAC": "a RAID",
	"Apple_RAID":                           "a RAID",
	"Apple_RAID_Offline":                   "a RAID",
}

// disk is a disk whose maps are read.
type disk struct {
	r        io.ReaderAt
	size     int64
	problems []error
}

func (d *disk) problem(err error) { d.problems = append(d.problems, err) }

// at returns n bytes, nil when the disk has none there.
func (d *disk) at(offset int64, n int) []byte {
	b := make([]byte, n)
	if offset < 0 || offset > d.size-int64(n) {
		return nil
	}
	if m, err := d.r.ReadAt(b, offset); m < n {
		d.problem(fmt.Errorf("read the partition map at offset %d: %w", offset, cmp.Or(err, io.ErrUnexpectedEOF)))
		return nil
	}
	return b
}

// add adds a partition to a list, if it is on the disk.
func (d *disk) add(list []Partition, p Partition, first, count, block uint64) []Partition {
	end := uint64(d.size) / block
	switch {
	case count == 0:
		return list
	case first > end || count > end-first:
		d.problem(fmt.Errorf("%s: the partition %.80q has %d blocks from %d on, where the disk has %d", p.Scheme, p.Name, count, first, end))
		return list
	}
	p.Offset, p.Size = int64(first*block), int64(count*block)
	return append(list, p)
}

// disagreements tells of two maps that there are, one of which has a partition of the
// other's that it puts elsewhere. Readers follow one of them.
func (d *disk) disagreements(a, b []Partition) {
	if len(a) == 0 || len(b) == 0 {
		return
	}
	key := func(p Partition) [2]int64 { return [2]int64{p.Offset, p.Size} }
	there := func(list []Partition, p Partition) bool {
		return slices.ContainsFunc(list, func(o Partition) bool { return key(o) == key(p) })
	}
	for _, lists := range [2][2][]Partition{{a, b}, {b, a}} {
		for _, p := range lists[0] {
			if !there(lists[1], p) {
				d.problem(archive.Ambiguous("the partition %.80q at offset %d is in one of the maps, %s, and not in the other, %s", p.Name, p.Offset, p.Scheme, lists[1][0].Scheme))
			}
		}
	}
}

// gpt reads a GUID partition table (UEFI specification, chapter 5): a header in the second
// block, and a copy of it in the last one, which says where the entries are.
func (d *disk) gpt() []Partition {
	for _, block := range []int64{sector, 4096} {
		first, err := d.gptAt(block, block)
		if errors.Is(err, errNoMap) {
			continue
		}
		copied, copyErr := d.gptAt(d.size/block*block-block, block)
		switch {
		case err != nil:
			d.problem(fmt.Errorf("GPT at offset %d: %w", block, err))
			first = copied
		case copyErr != nil:
			d.problem(fmt.Errorf("the copy of the GPT at the end of the disk: %w", copyErr))
		case !slices.Equal(first, copied):
			d.problem(archive.Ambiguous("the GPT and its copy at the end of the disk list different partitions"))
		}
		return first
	}
	return nil
}

var errNoMap = errors.New("there is none")

func (d *disk) gptAt(offset, block int64) ([]Partition, error) {
	const header, entry = 92, 128
	le := binary.LittleEndian
	b := d.at(offset, int(min(block, sector)))
	if b == nil || string(b[:8]) != "EFI PART" {
		return nil, errNoMap
	}
	size := le.Uint32(b[12:])
	if size < header || int64(size) > int64(len(b)) {
		return nil, fmt.Errorf("a header of %d bytes", size)
	}
	sum := le.Uint32(b[16:])
	clear(b[16:20])
	if crc32.ChecksumIEEE(b[:size]) != sum {
		return nil, errors.New("the header does not have the checksum that it says")
	}
	start, count, length := le.Uint64(b[72:]), le.Uint32(b[80:]), le.Uint32(b[84:])
	if count > maxPartitions || length < entry || length > 4096 || start > uint64(d.size/block) {
		return nil, fmt.Errorf("%d entries of %d bytes in the block %d", count, length, start)
	}
	entries := d.at(int64(start)*block, int(count*length))
	if entries == nil || crc32.ChecksumIEEE(entries) != le.Uint32(b[88:]) {
		return nil, errors.New("the entries do not have the checksum that the header says")
	}
	var list []Partition
	for i := range count {
		e := entries[i*length:][:entry]
		first, last := le.Uint64(e[32:]), le.Uint64(e[40:])
		if [16]byte(e[:16]) == [16]byte{} {
			continue
		}
		p := Partition{Scheme: "GPT", Type: guid(e), Name: utf16String(e[56:entry])}
		if last < first {
			d.problem(fmt.Errorf("GPT: the partition %.80q ends at %d, before it begins at %d", p.Name, last, first))
			continue
		}
		list = d.add(list, p, first, last-first+1, uint64(block))
	}
	return list, nil
}

// guid writes a GUID: the first three numbers are little-endian.
func guid(b []byte) string {
	le := binary.LittleEndian
	return fmt.Sprintf("%08X-%04X-%04X-%X-%X", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
}

func utf16String(b []byte) string {
	var units []uint16
	for i := 0; i+1 < len(b); i += 2 {
		u := binary.LittleEndian.Uint16(b[i:])
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}
