package decmpfs

import (
	"encoding/binary"
	"fmt"
)

// The kinds 4 and 10 keep the chunks in a resource: the header of the fork (four
// integers, big-endian: where the data begins and the map, and their sizes), the length
// of the one resource, and the table: how many chunks there are, and of each the offset
// from there and the size, little-endian.
const (
	forkHeader  = 16
	forkLength  = 4
	tableCount  = 4
	tableRecord = 8
)

// resource returns where the table begins.
func (f *File) resource() (int64, error) {
	var b [forkHeader]byte
	if err := f.read(b[:], 0); err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint32(b[:])) + forkLength, nil
}

func (f *File) openResource() error {
	table, err := f.resource()
	if err != nil {
		return err
	}
	var b [tableCount]byte
	if err := f.read(b[:], table); err != nil {
		return err
	}
	return f.count(int64(binary.LittleEndian.Uint32(b[:])))
}

func (f *File) count(there int64) error {
	if there != f.chunks() {
		return fmt.Errorf("a table of %d chunks, where %d bytes have %d", there, f.size, f.chunks())
	}
	return nil
}

// inResource returns where a chunk is. The table is read anew for each, so that it takes
// no memory. Chunks that share bytes would make much of little.
func (f *File) inResource(n int64) (offset, packed int64, err error) {
	table, err := f.resource()
	if err != nil {
		return 0, 0, err
	}
	var b [2 * tableRecord]byte
	records := b[:tableRecord]
	if n+1 < f.chunks() {
		records = b[:]
	}
	if err := f.read(records, table+tableCount+n*tableRecord); err != nil {
		return 0, 0, err
	}
	le := binary.LittleEndian
	offset, packed = int64(le.Uint32(b[0:])), int64(le.Uint32(b[4:]))
	if next := int64(le.Uint32(b[8:])); len(records) == len(b) && next < offset+packed {
		return 0, 0, fmt.Errorf("it ends at %d, after the next one begins at %d", offset+packed, next)
	}
	if least := tableCount + f.chunks()*tableRecord; offset < least {
		return 0, 0, fmt.Errorf("it begins at %d, in the table that ends at %d", offset, least)
	}
	return table + offset, packed, nil
}

// The kinds 8 and 12 keep them in a row, after a table of where each begins and where
// the last one ends, from the beginning of the fork, little-endian.
const rowRecord = 4

func (f *File) openRow() error {
	var b [rowRecord]byte
	if err := f.read(b[:], 0); err != nil {
		return err
	}
	first := int64(binary.LittleEndian.Uint32(b[:]))
	if first%rowRecord != 0 {
		return fmt.Errorf("the first chunk begins at %d, in a record of the table", first)
	}
	return f.count(first/rowRecord - 1)
}

func (f *File) inRow(n int64) (offset, packed int64, err error) {
	var b [2 * rowRecord]byte
	if err := f.read(b[:], n*rowRecord); err != nil {
		return 0, 0, err
	}
	offset = int64(binary.LittleEndian.Uint32(b[0:]))
	if least := (f.chunks() + 1) * rowRecord; offset < least {
		return 0, 0, fmt.Errorf("it begins at %d, in the table that ends at %d", offset, least)
	}
	return offset, int64(binary.LittleEndian.Uint32(b[rowRecord:])) - offset, nil
}
