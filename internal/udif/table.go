package udif

import (
	"fmt"
	"math"
	"strings"

	"github.com/codewarrant/codewarrant/internal/archive"
)

// table is what the checksums need of one: the chunks of a partition.
type table struct {
	name string
	sum  checksum
}

// kind is the type of a chunk.
type kind uint32

// The types of chunks.
const (
	kindZero    kind = 0
	kindRaw     kind = 1
	kindIgnore  kind = 2 // zeros that are not in the checksum: what the file system does not use
	kindComment kind = 0x7ffffffe
	kindADC     kind = 0x80000004
	kindZlib    kind = 0x80000005
	kindBzip2   kind = 0x80000006
	kindLZFSE   kind = 0x80000007
	kindXZ      kind = 0x80000008 // LZMA
	kindLast    kind = 0xffffffff
)

// chunk is a run of sectors that is packed on its own.
type chunk struct {
	first, count   uint64 // sectors of the disk
	offset, length uint64 // of what is packed, in the file
	kind           kind
	table          int32
}

// packed reports whether a chunk has to be unpacked.
func (c *chunk) packed() bool { return c.kind&0x80000000 != 0 }

func (c *chunk) bytes() uint64 { return c.count * sector }

// maxChunk bounds what a packed chunk may hold, in bytes. hdiutil writes 256 KiB to 1 MiB.
const maxChunk = 8 << 20

const (
	tableHeader = 204
	chunkSize   = 40
)

// addTable reads a table ("mish"): its first sector and how many they are, a checksum,
// and the chunks, whose sectors are counted from its first.
func (i *Image) addTable(l listed) error {
	b := l.data
	if len(b) < tableHeader || string(b[:4]) != "mish" {
		return fmt.Errorf("%d bytes that do not begin as a table does", len(b))
	}
	if v := be32(b[4:]); v != 1 {
		return fmt.Errorf("the version %d, where 1 is known", v)
	}
	first, count, base := be64(b[8:]), be64(b[16:]), be64(b[24:])
	const most = maxDisk / sector
	if first > most || count > most-first {
		return fmt.Errorf("%d sectors from %d on, where a disk may have %d", count, first, uint64(most))
	}
	n := be32(b[200:])
	if uint64(n) != uint64(len(b)-tableHeader)/chunkSize {
		return fmt.Errorf("%d chunks in a table of %d bytes", n, len(b))
	}
	if uint64(len(i.chunks))+uint64(n) > math.MaxInt32 {
		return fmt.Errorf("more than %d chunks", math.MaxInt32)
	}
	number := int32(len(i.tables))
	i.tables = append(i.tables, table{strings.Clone(l.name), readChecksum(b[64:])}) // not with all of the list
	for at := range n {
		c := b[tableHeader+chunkSize*int(at):]
		k := kind(be32(c))
		switch {
		case k == kindLast && at < n-1:
			return archive.Ambiguous("chunks follow the one that ends the table")
		case k == kindLast || k == kindComment:
			continue
		}
		chunk := chunk{be64(c[8:]), be64(c[16:]), be64(c[24:]), be64(c[32:]), k, number}
		if chunk.count == 0 {
			continue
		}
		if chunk.first > count || chunk.count > count-chunk.first {
			return fmt.Errorf("chunk %d has %d sectors from %d on, where the table has %d", at+1, chunk.count, chunk.first, count)
		}
		chunk.first += first
		if err := i.addChunk(chunk, base); err != nil {
			return fmt.Errorf("chunk %d: %w", at+1, err)
		}
	}
	return nil
}

// addChunk checks what can be known of a chunk before it is read. Its offset is counted
// from that of the table, and that from the data fork.
func (i *Image) addChunk(c chunk, base uint64) error {
	switch c.kind {
	case kindZero, kindIgnore:
		c.offset, c.length = 0, 0
		i.chunks = append(i.chunks, c)
		return nil
	case kindRaw:
		if c.length != c.bytes() {
			return fmt.Errorf("%d bytes as they are, for %d sectors", c.length, c.count)
		}
	case kindADC, kindZlib, kindBzip2, kindLZFSE, kindXZ:
		// What is packed is hardly longer than what it holds: hdiutil stores that as it is.
		if c.bytes() > maxChunk {
			return fmt.Errorf("%d packed bytes that hold %d, where the limit is %d", c.length, c.bytes(), maxChunk)
		}
		if c.length > 2*c.bytes()+4096 {
			return fmt.Errorf("%d packed bytes that hold %d, which would have been stored as they are", c.length, c.bytes())
		}
	default:
		return archive.Unsupported("a disk image with chunks of the type %#x", uint32(c.kind))
	}
	end := i.end()
	offset := i.koly.data.offset
	for _, more := range []uint64{base, c.offset} {
		if offset > end || more > end-offset {
			return fmt.Errorf("the offset %d is past the end of the contents at %d", more, end)
		}
		offset += more
	}
	if c.offset = offset; !(span{c.offset, c.length}).within(end) {
		return fmt.Errorf("%d bytes at offset %d are past the end of the contents at %d", c.length, c.offset, end)
	}
	i.chunks = append(i.chunks, c)
	return nil
}
