package udif

import (
	"encoding/binary"
	"fmt"

	"github.com/codewarrant/codewarrant/internal/archive"
)

// trailerSize is that of UDIFFileHeader, the last bytes of the file.
const trailerSize = 512

// trailer is what is used of it.
type trailer struct {
	data, resources, list span
	dataSum, masterSum    checksum
	sectors               uint64
}

// span is where something is in the file, in bytes.
type span struct{ offset, length uint64 }

// within reports whether a span lies in the first size bytes.
func (s span) within(size uint64) bool { return s.offset <= size && s.length <= size-s.offset }

// checksum is a checksum, of which that of type 2, a CRC-32, is known.
type checksum struct {
	kind uint32 // 0: none
	bits uint32
	crc  uint32
}

const crc32Kind = 2

func readChecksum(b []byte) checksum {
	return checksum{be32(b), be32(b[4:]), be32(b[8:])}
}

func (c checksum) isCRC() bool { return c.kind == crc32Kind && c.bits == 32 }

// Signature is where the code signature of an image is, and what it covers: the file
// before it, and the trailer with the length of the signature set to zero, which is in the special
// slot 6, "rep-specific" (DiskImageRep::setup and ::component in diskimagerep.cpp).
type Signature struct {
	Offset, Length uint64
	Trailer        [trailerSize]byte // as it is signed
}

func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
func be64(b []byte) uint64 { return binary.BigEndian.Uint64(b) }

// readTrailer reads the trailer, and reports whether there is one.
func (i *Image) readTrailer() (bool, error) {
	const magic, version = "koly", 4
	if i.size < trailerSize {
		return false, nil
	}
	var b [trailerSize]byte
	if err := i.read(b[:], 0); err != nil {
		return false, err
	}
	first := string(b[:4]) == magic && be32(b[4:]) == version && be32(b[8:]) == trailerSize
	if err := i.read(b[:], i.size-trailerSize); err != nil {
		return false, err
	}
	switch {
	case string(b[:4]) != magic && first:
		return false, archive.Unsupported("a disk image whose trailer is at its beginning")
	case string(b[:4]) != magic:
		return false, nil
	case first:
		return false, archive.Ambiguous("a trailer at its beginning, and another one at its end")
	case be32(b[4:]) != version || be32(b[8:]) != trailerSize:
		return false, archive.Unsupported("a disk image of the version %d with a trailer of %d bytes", be32(b[4:]), be32(b[8:]))
	}
	at := func(n int) span { return span{be64(b[n:]), be64(b[n+8:])} }
	i.koly = trailer{
		data: at(24), resources: at(40), list: at(216),
		dataSum: readChecksum(b[80:]), masterSum: readChecksum(b[352:]), sectors: be64(b[492:]),
	}
	if number, count := be32(b[56:]), be32(b[60:]); count > 1 {
		return false, archive.Unsupported("part %d of a disk image in %d parts", number, count)
	}
	if running := be64(b[16:]); running != 0 || i.koly.data.offset != 0 {
		// libdmg-hfsplus counts from the beginning of the file, and 7-Zip from there. What writes images has 0.
		i.Problems = append(i.Problems, archive.Ambiguous("what is packed begins at offset %d (running offset %d), and some readers count from the beginning", i.koly.data.offset, running))
	}
	if i.koly.sectors > maxDisk/sector {
		return false, fmt.Errorf("a disk of %d sectors, where the limit is %d", i.koly.sectors, maxDisk/sector)
	}
	return true, i.sign(b, at(296))
}

// sign notes where the signature is. It ends where the trailer begins, as codesign writes
// it and Security.framework wants it.
func (i *Image) sign(b [trailerSize]byte, s span) error {
	if s.offset == 0 && s.length == 0 {
		return nil
	}
	before := uint64(i.size) - trailerSize
	if s.offset == 0 || !s.within(before) || s.offset+s.length != before {
		return fmt.Errorf("a signature of %d bytes at offset %d, which is not what is between the contents and the trailer at %d", s.length, s.offset, before)
	}
	clear(b[304:312])
	i.Signature = &Signature{s.offset, s.length, b}
	return nil
}

// end returns where what is packed has to end: at the signature, for no hash covers what is
// behind it, or at the trailer.
func (i *Image) end() uint64 {
	if i.Signature != nil {
		return i.Signature.Offset
	}
	return uint64(i.size) - trailerSize
}
