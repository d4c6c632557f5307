// Package udif reads Apple's disk images (.dmg) as the disks that they hold: any bytes of
// them, without unpacking the rest, and the partitions on them.
//
// An image of the format UDIF is the packed contents, tables of what is packed where, and
// a trailer of 512 bytes, "koly". Apple documents none of it but for what a signature covers
// (DiskImageRep in libsecurity_codesigning/lib/diskimagerep.cpp); what is here is what public
// readers of it agree on (7-Zip's DmgHandler.cpp, libdmg-hfsplus, dmg2img) and what the
// images of hdiutil show. An image without a trailer is the bytes of its disk.
// All integers are big-endian.
package udif

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/codewarrant/codewarrant/internal/archive"
)

// sector is the unit in which UDIF counts, in bytes.
const sector = 512

// maxDisk bounds the disk that an image may hold, in bytes: what is far from overflow.
const maxDisk = 1 << 48

// Image is a disk in an image. It may be read by several at a time.
type Image struct {
	// Raw is set when the file is the disk: it has no trailer, and no checksums.
	Raw bool
	// Problems are what does not keep the disk from being read.
	Problems []error
	// Allow, unless nil, is asked before so many bytes are unpacked, and not that of the cache.
	Allow func(bytes int64) error
	// Signature is where the code signature is, nil for none.
	Signature *Signature

	r      io.ReaderAt
	size   int64 // of the file
	disk   int64 // what it holds, in bytes
	cache  *Cache
	tables []table
	chunks []chunk // by their sectors, of all tables
	sums   []sum   // of the chunks
	koly   trailer
}

// Open reads the tables of an image of the given size. The chunks that are read of it
// are kept in the cache, which several images may share; nil is one of its own. The error may be, or wrap, an
// [archive.UnsupportedError], [archive.ErrEncrypted] or an [archive.AmbiguousError].
func Open(r io.ReaderAt, size int64, cache *Cache) (*Image, error) {
	if cache == nil {
		cache = NewCache(DefaultCache)
	}
	i := &Image{r: r, size: size, cache: cache}
	if err := i.open(); err != nil {
		return nil, err
	}
	return i, nil
}

func (i *Image) open() error {
	if err := i.encrypted(); err != nil {
		return err
	}
	there, err := i.readTrailer()
	if err != nil {
		return fmt.Errorf("trailer: %w", err)
	}
	if !there {
		i.Raw, i.disk = true, i.size
		return nil
	}
	list, err := i.list()
	if err != nil {
		return err
	}
	for n, b := range list {
		if err := i.addTable(b); err != nil {
			return fmt.Errorf("table %d, %.80q: %w", n+1, b.name, err)
		}
	}
	if len(i.tables) == 0 {
		return errors.New("no table of what is packed where")
	}
	return i.sort()
}

// The magics of encrypted images: of the version 2 at the beginning, and of the version
// 1 at the end (EncDiskImageRep in libsecurity_codesigning/lib/encdiskimagerep.cpp).
const (
	magicEncrypted  = "encrcdsa"
	magicEncrypted1 = "cdsaencr"
)

func (i *Image) encrypted() error {
	var b [len(magicEncrypted)]byte
	for _, p := range []struct {
		at    int64
		magic string
	}{{0, magicEncrypted}, {i.size - int64(len(b)), magicEncrypted1}} {
		if i.size >= int64(len(b)) {
			if err := i.read(b[:], p.at); err != nil {
				return err
			}
			if string(b[:]) == p.magic {
				return fmt.Errorf("a disk image (%s): %w", p.magic, archive.ErrEncrypted)
			}
		}
	}
	return nil
}

// sort puts the chunks in their order. Those of which two hold one sector are read by
// different readers differently.
func (i *Image) sort() error {
	slices.SortFunc(i.chunks, func(a, b chunk) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.offset, b.offset))
	})
	end := uint64(0)
	for _, c := range i.chunks {
		if c.first < end {
			return archive.Ambiguous("two chunks hold the sector %d", c.first)
		}
		end = c.first + c.count
	}
	if end > i.koly.sectors {
		i.Problems = append(i.Problems, fmt.Errorf("the tables describe %d sectors, the trailer %d", end, i.koly.sectors))
	}
	i.disk = int64(max(end, i.koly.sectors)) * sector
	i.chunks = slices.Clone(i.chunks) // without room for more
	i.sums = make([]sum, len(i.chunks))
	return nil
}

// Memory returns about how many bytes the process takes for the image, but for what is unpacked.
func (i *Image) Memory() int64 {
	const ofChunk = 2 * 72 // in the list and for its checksum, and as much until it is collected
	return ofChunk * int64(len(i.chunks))
}

// Size returns that of the disk, in bytes.
func (i *Image) Size() int64 { return i.disk }

// ReadAt reads bytes of the disk. Sectors that no chunk holds are zero.
func (i *Image) ReadAt(b []byte, offset int64) (int, error) {
	if i.Raw {
		return i.r.ReadAt(b, offset)
	}
	if offset < 0 {
		return 0, fmt.Errorf("the offset %d is before the beginning", offset)
	}
	if offset >= i.disk {
		return 0, io.EOF
	}
	short := int64(len(b)) > i.disk-offset
	b = b[:min(int64(len(b)), i.disk-offset)]
	read := 0
	for read < len(b) {
		n, err := i.readSome(b[read:], offset+int64(read))
		if read += n; err != nil {
			return read, err
		}
	}
	if short {
		return read, io.EOF
	}
	return read, nil
}

// readSome reads what one chunk has, or what no chunk has before the next.
func (i *Image) readSome(b []byte, offset int64) (int, error) {
	at := uint64(offset) / sector
	n, found := slices.BinarySearchFunc(i.chunks, at, func(c chunk, at uint64) int {
		switch {
		case at < c.first:
			return 1
		case at >= c.first+c.count:
			return -1
		}
		return 0
	})
	if !found {
		end := uint64(i.disk / sector)
		if n < len(i.chunks) {
			end = i.chunks[n].first
		}
		b = b[:min(uint64(len(b)), end*sector-uint64(offset))]
		clear(b)
		return len(b), nil
	}
	c := &i.chunks[n]
	within := uint64(offset) - c.first*sector
	b = b[:min(uint64(len(b)), c.bytes()-within)]
	if err := i.readChunk(b, n, within); err != nil {
		return 0, i.inChunk(n, err)
	}
	return len(b), nil
}

// inChunk says of which chunk an error is.
func (i *Image) inChunk(n int, err error) error {
	c := &i.chunks[n]
	return fmt.Errorf("chunk of the sectors %d to %d, at offset %d: %w", c.first, c.first+c.count-1, c.offset, err)
}

// Begin returns what of the disk the file begins with, by its offset on the disk, and whether it is packed there. What begins as
// a stream of bzip2 or xz does has that on the disk, too, and one whose chunks are not packed begins as the disk.
func (i *Image) Begin() (offset int64, packed, is bool) {
	n := slices.IndexFunc(i.chunks, func(c chunk) bool { return (c.packed() || c.kind == kindRaw) && c.offset == 0 })
	if n < 0 {
		return 0, false, false
	}
	c := &i.chunks[n]
	return int64(c.first * sector), c.packed(), true
}

// read fills b from an offset of the file.
func (i *Image) read(b []byte, offset int64) error {
	if offset < 0 || offset > i.size || int64(len(b)) > i.size-offset {
		return fmt.Errorf("%d bytes at offset %d are past the end at %d", len(b), offset, i.size)
	}
	n, err := i.r.ReadAt(b, offset)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes at offset %d: %w", len(b), offset, err)
}
