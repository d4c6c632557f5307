package udif

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/codewarrant/codewarrant/internal/archive"
)

// apple reads an Apple partition map (Inside Macintosh: Devices, chapter 3): the first
// block says how long blocks are, each block after it is an entry, and the first of these how many
// there are. The map lists itself, and what is free. Discs have entries every 512 bytes beside those
// of every block of 2048: macOS takes the former (IOApplePartitionScheme.cpp of IOStorageFamily).
func (d *disk) apple() []Partition {
	b := d.at(0, sector)
	if b == nil {
		return nil
	}
	list := d.appleAt(sector)
	block := int64(binary.BigEndian.Uint16(b[2:]))
	switch {
	case string(b[:2]) != "ER" || block == sector: // some have entries without the block before them
		return list
	case block%sector != 0 || block == 0:
		// macOS counts in blocks of any length, others in sectors then.
		if d.isEntry(sector) || d.isEntry(block) {
			d.problem(archive.Ambiguous("APM: the first block says that blocks have %d bytes, which is no number of sectors", block))
		}
		return list
	}
	other := d.appleAt(block)
	d.disagreements(list, other)
	for _, p := range other {
		if !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

// isEntry reports whether an entry of a map is there.
func (d *disk) isEntry(offset int64) bool {
	e := d.at(offset, sector)
	return e != nil && string(e[:2]) == "PM"
}

// isMap reports whether an entry is the one of the map itself, as macOS has it: some discs have another
// spelling (IOApplePartitionScheme::scan).
func isMap(kind string) bool {
	return kind == "Apple_partition_map" || kind == "Apple_Partition_Map" || kind == "Apple_patition_map"
}

// appleAt reads the map with entries of that size.
func (d *disk) appleAt(block int64) []Partition {
	const magic = "PM"
	e := d.at(block, sector)
	if e == nil || string(e[:2]) != magic {
		return nil
	}
	first := be32(e[4:])
	count, listed := first, false
	var list []Partition
	for i := int64(0); i < int64(count); i++ {
		if count > maxPartitions {
			d.problem(fmt.Errorf("APM: %d entries, where the limit is %d", count, maxPartitions))
			return list
		}
		e := d.at(block*(i+1), sector)
		if e == nil || string(e[:2]) != magic {
			d.problem(fmt.Errorf("APM: no entry at offset %d, the %d. of %d", block*(i+1), i+1, count))
			break
		}
		p := Partition{Scheme: "APM", Name: cString(e[16:48]), Type: cString(e[48:80])}
		// Each entry of the map for itself says anew how many entries there are.
		if isMap(p.Type) {
			listed = true
			if n := be32(e[4:]); n != first {
				d.problem(archive.Ambiguous("APM: the first entry says that there are %d, and the one at offset %d that there are %d", first, block*(i+1), n))
				count = max(count, n)
			}
		}
		if isMap(p.Type) || p.Type == "Apple_Free" || p.Type == "Apple_Void" {
			continue
		}
		list = d.add(list, p, uint64(be32(e[8:])), uint64(be32(e[12:])), uint64(block))
	}
	if !listed {
		d.problem(archive.Ambiguous("APM: the map has no entry for itself, and macOS takes the disk for one without a map"))
	}
	return list
}

func cString(b []byte) string {
	if i := slices.Index(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// mbr reads the four entries of a master boot record, without those in extended
// partitions, of which is told. The one of a GPT protects the disk. What has no flag that there is before an
// entry is boot code to others, but not to macOS, which asks for no flag (IOFDiskPartitionScheme.cpp of IOStorageFamily).
func (d *disk) mbr() []Partition {
	const entries, entry, protective = 446, 16, 0xEE
	b := d.at(0, sector)
	if b == nil || b[510] != 0x55 || b[511] != 0xAA || isBootSector(b) {
		return nil
	}
	code := false
	for i := range 4 {
		code = code || b[entries+entry*i]&0x7f != 0
	}
	var list []Partition
	for i := range 4 {
		e := b[entries+entry*i:][:entry]
		kind, first, count := e[4], uint64(binary.LittleEndian.Uint32(e[8:])), uint64(binary.LittleEndian.Uint32(e[12:]))
		extended := kind == 0x05 || kind == 0x0F || kind == 0x85
		p := Partition{Scheme: "MBR", Type: fmt.Sprintf("0x%02X", kind)}
		switch {
		case kind == 0 || kind == protective:
		case code:
			left := uint64(d.size)/sector - min(first, uint64(d.size)/sector)
			if count = min(count, left); first == 0 || count == 0 || !extended && FileSystem(d.part(first, count)) == "" || extended && !d.isRecord(first) {
				continue
			}
			d.problem(archive.Ambiguous("MBR: some take it for boot code, and others for a map with a partition of the type 0x%02X at offset %d", kind, first*sector))
			if !extended {
				list = d.add(list, p, first, count, sector)
			}
		case extended:
			d.problem(archive.Unsupported("MBR: an extended partition (type 0x%02X)", kind))
		default:
			list = d.add(list, p, first, count, sector)
		}
	}
	return list
}

// part returns some sectors of the disk, and how many bytes they are.
func (d *disk) part(first, count uint64) (io.ReaderAt, int64) {
	return io.NewSectionReader(d.r, int64(first*sector), int64(count*sector)), int64(count * sector)
}

// isRecord reports whether a sector is a boot record by its last bytes.
func (d *disk) isRecord(n uint64) bool {
	b := d.at(int64(n*sector), sector)
	return b != nil && b[510] == 0x55 && b[511] == 0xAA
}

// isBootSector reports whether the first sector is that of a FAT, exFAT or NTFS, which ends
// in the same two bytes.
func isBootSector(b []byte) bool { return isNTFS(b) || isExFAT(b) || isFAT(b) }

func isNTFS(b []byte) bool { return string(b[3:11]) == "NTFS    " }

func isExFAT(b []byte) bool { return string(b[3:11]) == "EXFAT   " }

func isFAT(b []byte) bool {
	return string(b[54:57]) == "FAT" || string(b[82:85]) == "FAT" || archive.IsFAT(b)
}
