package archive

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
)

// What headers say beside a magic number that is short, or that is none.

// isSkippable reports whether a file begins with a frame that is skipped, as what pzstd
// writes does (zstd_compression_format.md, "Skippable Frames").
func isSkippable(p *probe) bool { return p.head[0]>>4 == 5 }

// isOldZstd takes the frames of zstd 0.2 to 0.7, which differ in the first byte of the magic
// number and which zstd still reads (lib/legacy of zstd, ZSTDv02_magicNumber and its kin).
func isOldZstd(p *probe) bool { return 0x22 <= p.head[0] && p.head[0] <= 0x27 }

// isBzip2 reports whether a file begins as one of bzip2 does: the level, and a block or
// the end.
func isBzip2(p *probe) bool { return isBzip2Head(p.head) }

func isBzip2Head(head []byte) bool {
	return len(head) >= 10 && bytes.HasPrefix(head, []byte("BZh")) && '1' <= head[3] && head[3] <= '9' &&
		(string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17\x72\x45\x38\x50\x90")
}

// isPbz takes what compresses an Apple Archive, as pbzx is made, by LZFSE, zlib, LZ4, LZBITMAP
// or nothing: the letter, and a number of 64 bits of how many bytes a block holds.
func isPbz(p *probe) bool {
	return len(p.head) >= 12 && strings.IndexByte("ez4b-", p.head[3]) >= 0 && binary.BigEndian.Uint64(p.head[4:]) < 1<<32
}

// isLZFSE takes the blocks of lzfse_internal.h: bvx-, bvx1, bvx2 and bvxn.
func isLZFSE(p *probe) bool { return len(p.head) > 4 && strings.IndexByte("-12n", p.head[3]) >= 0 }

// isLZMA reports whether a file begins as those of the format before xz do, which has no
// magic (xz, doc/lzma-file-format.txt). The properties may be any that liblzma takes, and the
// dictionary is a power of two; with those that all writers take, it may be one and a half of
// that, or MiB. The size is not known or not
// huge. Packed bytes begin with a zero, and the first bit in them says literal
// (archive_read_support_filter_xz.c of libarchive, LzmaHandler.cpp of 7-Zip).
func isLZMA(p *probe) bool {
	const header = 13
	head := p.head
	if len(head) < header+2 || head[header] != 0 || head[header+1]&0x80 != 0 {
		return false
	}
	if lc, lp := head[0]%9, head[0]/9%5; head[0] >= 5*5*9 || lc+lp > 4 {
		return false
	}
	dict, size := binary.LittleEndian.Uint32(head[1:]), binary.LittleEndian.Uint64(head[5:])
	low, usual := dict&-dict, head[0] == 0x5d || head[0] == 0x5e
	sized := dict == low || usual && (dict == 3*low || dict%(1<<20) == 0 && dict <= 64<<20 && size == math.MaxUint64)
	return dict >= 4<<10 && sized && (size == math.MaxUint64 || 0 < size && size < 1<<38)
}

// isCompress reports whether a file begins as what compress writes: a magic of two bytes, and
// one that says how many bits a code has at most. Readers take less than the 9 that codes
// begin with (ncompress, compress42.c; archive_read_support_filter_compress.c of libarchive).
func isCompress(p *probe) bool {
	return len(p.head) >= 3 && p.head[2]&0x60 == 0 && p.head[2]&0x1f <= 16
}

// isBinaryCpio reports whether a file begins with a header of numbers in binary, in either
// byte order, which is what GNU's cpio writes unless it is told otherwise (cpio(5) of
// FreeBSD). Readers ask for nothing but the magic number; a name ends in a zero.
func isBinaryCpio(p *probe) bool {
	const header, magic = 26, 0o070707
	if len(p.head) < header {
		return false
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if order.Uint16(p.head) != magic {
			continue
		}
		end := header + int64(order.Uint16(p.head[20:]))
		last := p.bytes(end-1, 1)
		return end > header && (p.cut || last != nil && last[0] == 0)
	}
	return false
}

// isLHA takes the headers that lha_check_header_format of libarchive does: -lh0- to -lh7-,
// -lhd- and those of LArc, and a level up to 3.
func isLHA(p *probe) bool {
	const method, level, size = 5, 20, 22
	h := p.head
	return len(h) >= size && h[0] != 0 && h[6] == '-' && h[level] <= 3 &&
		(h[4] == 'h' && strings.IndexByte("01234567d", h[method]) >= 0 || h[4] == 'z' && strings.IndexByte("s45", h[method]) >= 0)
}

// isARJ takes a main header: its size, that of its first part, and 2 for its kind
// (ArjHandler.cpp of 7-Zip).
func isARJ(p *probe) bool {
	const first, most = 30, 2600
	if len(p.head) < 11 {
		return false
	}
	size := int(binary.LittleEndian.Uint16(p.head[2:]))
	return first <= int(p.head[4]) && int(p.head[4]) <= size && size <= most && p.head[10] == 2
}

// isStuffIt takes what has the second signature, too (XADStuffItParser.m of XADMaster).
func isStuffIt(p *probe) bool { return bytes.HasPrefix(p.head[min(10, len(p.head)):], []byte("rLau")) }

// isWARC takes a version (_warc_rdver of libarchive).
func isWARC(p *probe) bool {
	digit := func(i int) bool { return '0' <= p.head[i] && p.head[i] <= '9' }
	return len(p.head) >= 12 && digit(5) && p.head[6] == '.' && digit(7)
}

// isHFS takes a master directory block with blocks of whole sectors, and a name ("Inside
// Macintosh: Files", 2-60), or a volume of HFS+ in it: macOS asks for no more than
// that (hfs_mountfs of hfs_vfsops.c).
func isHFS(p *probe) bool {
	const mdb, blocks, size, name, embedded = 1024, 18, 20, 36, 124
	b := p.bytes(mdb, embedded+2)
	if b == nil {
		return false
	}
	be := binary.BigEndian
	return string(b[embedded:]) == "H+" ||
		be.Uint16(b[blocks:]) > 0 && be.Uint32(b[size:]) > 0 && be.Uint32(b[size:])%512 == 0 && 1 <= b[name] && b[name] <= 27
}

// isPartitioned takes an Apple partition map ("Inside Macintosh: Devices", 3-12) by its first entry, how many there
// are and a type in ASCII, or else by the one for the map itself, which is all that macOS asks
// for (IOApplePartitionScheme.cpp of IOStorageFamily).
func isPartitioned(p *probe) bool {
	const first, count, kind, end, most = 512, 4, 48, 80, 1024
	b := p.bytes(first, end)
	if b == nil {
		return false
	}
	n := binary.BigEndian.Uint32(b[count:])
	typed, _, _ := bytes.Cut(b[kind:end], []byte{0})
	if string(b[2:4]) == "\x00\x00" && 1 <= n && n <= 1<<16 && len(typed) > 0 && isText(typed) {
		return true
	}
	for i := range int64(min(n, most)) {
		switch b := p.bytes(first*(i+1), end); {
		case b == nil:
			return p.cut
		case string(b[:2]) != "PM":
			return false
		case bytes.EqualFold(b[kind:][:20], []byte("Apple_partition_map\x00")), string(b[kind:][:19]) == "Apple_patition_map\x00":
			return true
		}
	}
	return false
}

// isDriverMap takes the block of drivers before such a map, which says where its first entry is, or
// where that may be nevertheless.
func isDriverMap(p *probe) bool {
	b := p.bytes(0, 4)
	if b == nil {
		return false
	}
	for _, at := range []int64{int64(binary.BigEndian.Uint16(b[2:])), 512} {
		if e := p.bytes(at, 2); e == nil && p.cut || string(e) == "PM" {
			return true
		}
	}
	return false
}

// isMBR takes a master boot record with a partition that begins behind it and is on the disk,
// and entries that are active or not ("Unified Extensible Firmware Interface", 5.2). macOS asks for neither that
// nor for the end of a partition (IOFDiskPartitionScheme.cpp of IOStorageFamily): otherwise it has to hold a file
// system, or another record.
func isMBR(p *probe) bool {
	const entries, entry, sector = 446, 16, 512
	b := p.bytes(0, sector)
	if b == nil {
		return false
	}
	any, code := false, false
	for e := b[entries : entries+4*entry]; len(e) > 0; e = e[entry:] {
		first, count := int64(binary.LittleEndian.Uint32(e[8:])), int64(binary.LittleEndian.Uint32(e[12:]))
		code = code || e[0]&0x7f != 0
		if e[4] == 0 || first == 0 || count == 0 {
			continue
		}
		any = any || p.cut || (first+count)*sector <= p.size
		if !p.cut && p.isVolume(first*sector) {
			return true
		}
	}
	return any && !code
}

// isVolume reports whether a volume or a boot record is at an offset.
func (p *probe) isVolume(offset int64) bool {
	for _, m := range []struct {
		at    int64
		magic string
	}{{32, "NXSB"}, {1024, "H+"}, {1024, "HX"}, {1024, "BD"}, {510, "\x55\xaa"}, {32769, "CD001"}, {32769, "BEA01"}} {
		if string(p.bytes(offset+m.at, len(m.magic))) == m.magic {
			return true
		}
	}
	return IsFAT(p.bytes(offset, 512))
}

// isFAT takes a boot sector with its signature, and a jump at its beginning, that has its name
// in it (Microsoft's "FAT: General Overview of On-Disk Format").
func isFAT(p *probe) bool {
	return len(p.head) >= 512 && string(p.head[510:512]) == "\x55\xaa" && (p.head[0] == 0xeb || p.head[0] == 0xe9)
}

// IsFAT reports whether a volume of FAT begins so, as macOS asks: with a jump, and numbers that such
// volumes have (probeResource of its module msdos, msdosfs.util), neither the
// signature at the end of the sector nor a name.
func IsFAT(b []byte) bool {
	if len(b) < 512 || b[0] != 0xeb && b[0] != 0xe9 {
		return false
	}
	le := binary.LittleEndian
	sector, cluster, fats := le.Uint16(b[11:]), b[13], b[16]
	power := func(n int) bool { return n > 0 && n&(n-1) == 0 }
	return power(int(sector)) && 512 <= sector && sector <= 4096 && power(int(cluster)) && fats > 0 &&
		(le.Uint16(b[19:]) > 0 || le.Uint32(b[32:]) > 0) && (le.Uint16(b[17:]) > 0 || le.Uint32(b[44:]) > 0)
}

// isDiskCopy takes a floppy disk with the header of Disk Copy 4.2, which says how long the file is
// (DiskCopy 4.2 format, Apple II File Type Note $E0/0005).
func isDiskCopy(p *probe) bool {
	const header, data, tags = 84, 64, 68
	b := p.bytes(0, header)
	if b == nil || b[0] == 0 || b[0] > 63 {
		return false
	}
	be := binary.BigEndian
	return be.Uint32(b[data:]) > 0 && header+int64(be.Uint32(b[data:]))+int64(be.Uint32(b[tags:])) == p.size
}

// isMacBinary takes a file with both forks behind a header of 128 bytes, each filled up to a
// multiple of that, if they are as long as the file (MacBinary III).
func isMacBinary(p *probe) bool {
	const header, name, data, resources = 128, 1, 83, 87
	b := p.bytes(0, header)
	if b == nil || b[name] == 0 || b[name] > 63 || b[74] != 0 || b[82] != 0 {
		return false
	}
	be := binary.BigEndian
	first, second := int64(be.Uint32(b[data:])), int64(be.Uint32(b[resources:]))
	full := func(n int64) int64 { return (n + header - 1) / header * header }
	last := header + full(first) + second
	return first+second > 0 && (p.size == last || p.size == full(last))
}

// isUuencode reports whether a text has the line that uuencode begins with (POSIX.1), and
// behind it one as long as it says by its first character, or of base64. Lines before it are
// passed by, as far as libarchive goes in a text (UUENCODE_BID_MAX_READ).
func isUuencode(p *probe) bool {
	const most = 128 << 10
	head := p.head
	if !isText(head[:min(512, len(head))]) {
		return false
	}
	if all := int(min(most, p.size)); all > len(head) && !p.cut {
		head = p.bytes(0, all)
	}
	for rest := head; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		if !isText(line) {
			return false
		}
		if next, _, found := bytes.Cut(after, []byte("\n")); found && beginsUuencode(string(line), bytes.TrimSuffix(next, []byte("\r"))) {
			return true
		}
		rest = after
	}
	return false
}

func isText(b []byte) bool {
	for _, c := range b {
		if c >= 0x7f || c < ' ' && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return true
}

func beginsUuencode(line string, next []byte) bool {
	kind, rest, _ := strings.Cut(line, " ")
	mode, name, named := strings.Cut(rest, " ")
	if kind != "begin" && kind != "begin-base64" || len(mode) < 3 || strings.Trim(mode, "01234567") != "" || !named || strings.TrimSpace(name) == "" || len(next) == 0 {
		return false
	}
	if kind == "begin-base64" {
		return len(next)%4 == 0
	}
	length := 1 + (int(next[0]-' ')&63+2)/3*4
	return (len(next) == length || len(next) == length+1) && bytes.IndexFunc(next, func(c rune) bool { return c < ' ' || c > '`' }) < 0
}

// isDoubleProgram reports whether a file that lies beside another has its resource fork,
// and in that a program (RFC 1740, appendix B).
func isDoubleProgram(p *probe) bool {
	const header, entry, fork = 26, 12, 2
	if len(p.head) < header {
		return false
	}
	be := binary.BigEndian
	entries := p.bytes(header, int(be.Uint16(p.head[24:]))*entry)
	if entries == nil {
		return p.cut
	}
	for ; len(entries) > 0; entries = entries[entry:] {
		if be.Uint32(entries) != fork {
			continue
		}
		switch magic := p.bytes(int64(be.Uint32(entries[4:])), 4); {
		case magic == nil && p.cut, magic != nil && isProgram(magic):
			return true
		}
	}
	return false
}

// isProgram reports whether a file begins so that is a program for macOS (<mach-o/loader.h>,
// <mach-o/fat.h>).
func isProgram(magic []byte) bool {
	switch binary.BigEndian.Uint32(magic) {
	case 0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe, 0xcafebabe, 0xcafebabf, 0xbebafeca, 0xbfbafeca:
		return true
	}
	return false
}
