package hfs

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/codewarrant/codewarrant/internal/archive"
)

// fork is where the contents of a file are: the first extents of them, the others are
// in the file of extents.
type fork struct {
	size   uint64 // in bytes
	blocks uint32
	first  [8]extent
}

// reaches reports whether an extent ends with the last block of a volume, or behind it. That block has the copy of the
// volume header, and macOS takes the extent for none (cat_lookupbykey in hfs_catalog.c).
func (f *fork) reaches(blocks uint32) bool {
	return slices.ContainsFunc(f.first[:], func(e extent) bool { return e.count > 0 && uint64(e.start)+uint64(e.count) >= uint64(blocks) })
}

// extent is a run of blocks.
type extent struct{ start, count uint32 }

func readFork(b []byte) fork {
	f := fork{size: be.Uint64(b), blocks: be.Uint32(b[12:])}
	readExtents(f.first[:], b[16:])
	return f
}

func readExtents(list []extent, b []byte) {
	for i := range list {
		list[i] = extent{be.Uint32(b[8*i:]), be.Uint32(b[8*i+4:])}
	}
}

// Forks of a file, as they are named in the keys of extents.
const (
	dataFork     = 0x00
	resourceFork = 0xFF
)

// extentsKey is the bytes of a key of the file of extents.
const extentsKey = 10

// maxExtents bounds those of one fork. A file of a terabyte in extents of 8 MiB has as many.
const maxExtents = 1 << 17

// contents are the bytes of a fork.
type contents struct {
	v    *Volume
	size int64
	runs []run
}

// run is an extent, and which block of the fork is its first.
type run struct {
	at uint32
	extent
}

// open returns the contents of a fork of a file. All of its extents are read and have to
// be on the volume, and no more of them than it has blocks.
func (v *Volume) open(f fork, id uint32, which byte) (*contents, error) {
	if f.size == 0 {
		return &contents{v: v}, nil
	}
	block := uint64(v.header.blockSize)
	if f.size > uint64(v.header.blocks)*block {
		return nil, fmt.Errorf("a fork of %d bytes on a volume of %d", f.size, uint64(v.header.blocks)*block)
	}
	c := &contents{v: v, size: int64(f.size)}
	need := uint32((f.size + block - 1) / block)
	at, err := c.add(f.first[:], 0, need)
	switch {
	case err != nil:
	case id >= firstUser && f.reaches(v.header.blocks):
		err = archive.Ambiguous("an extent of the file %d ends with the volume, which macOS leaves out", id)
	case at < need && f.first[len(f.first)-1].count == 0:
		err = archive.Ambiguous("extents of %d blocks, where %d are needed, and room for more, so that macOS reads none from the file of extents", at, need)
	case at < need && v.extents == nil:
		err = fmt.Errorf("extents of %d blocks, where %d are needed", at, need)
	case at < need:
		err = v.overflow(c, id, which, at, need)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// add adds extents from the block at of the fork on, and returns the block behind them.
func (c *contents) add(list []extent, at, need uint32) (uint32, error) {
	blocks := c.v.header.blocks
	before := at
	for _, e := range list {
		if e.count == 0 || at >= need {
			break
		}
		switch {
		case e.start > blocks || e.count > blocks-e.start:
			return 0, fmt.Errorf("an extent of %d blocks from %d on, where the volume has %d", e.count, e.start, blocks)
		case len(c.runs) >= maxExtents:
			return 0, fmt.Errorf("a fork of more than %d extents", maxExtents)
		}
		e.count = min(e.count, need-at)
		c.runs = append(c.runs, run{at, e})
		at += e.count
	}
	if at == before {
		return 0, fmt.Errorf("extents of %d blocks, where %d are needed", at, need)
	}
	return at, nil
}

// overflow adds the extents from the block at of a fork on that are in the file of extents, eight in a record, by
// file, fork and block. macOS takes those of the last record that is not behind a block (FindExtentRecord in
// hfs_extents.c), so that each record has to begin where the one before ends. What is read of them counts: a file may have
// many names, and be opened by each.
func (v *Volume) overflow(c *contents, id uint32, which byte, at, need uint32) error {
	want := be.AppendUint32(be.AppendUint32([]byte{which, 0}, id), at)
	const size = 64
	for p, err := range v.extents.from(func(key []byte) int { return byExtent(key, want) }) {
		if err != nil {
			return err
		}
		start := be.Uint32(p.key[6:])
		switch {
		case p.key[0] != which || be.Uint32(p.key[2:]) != id || start > at || len(p.data) < size:
			return v.missing(id, at, need)
		case start < at:
			return fmt.Errorf("extents: node %d: record %d: %w", p.at.node, p.at.record+1, archive.Ambiguous("those of the file %d from its block %d on, which the record before has as well", id, start))
		case at == need:
			return nil
		}
		if err := v.Allow.Ask(int64(v.extents.nodeSize)); err != nil {
			return err
		}
		var more [8]extent
		readExtents(more[:], p.data)
		if at, err = c.add(more[:], at, need); err != nil {
			return err
		}
	}
	return v.missing(id, at, need)
}

// missing returns why a fork ends before the block that is needed.
func (v *Volume) missing(id, at, need uint32) error {
	if at == need {
		return nil
	}
	return fmt.Errorf("extents: there are none for the file %d from its block %d on", id, at)
}

func (c *contents) ReadAt(b []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, fmt.Errorf("the offset %d is before the beginning", offset)
	}
	read, block := 0, int64(c.v.header.blockSize)
	for read < len(b) {
		at := offset + int64(read)
		if at >= c.size {
			return read, io.EOF
		}
		i, ok := slices.BinarySearchFunc(c.runs, uint32(at/block), func(r run, n uint32) int { return cmp.Compare(r.at, n) })
		if !ok {
			i--
		}
		r := c.runs[i]
		within := at - int64(r.at)*block
		part := b[read:min(int64(len(b)), int64(read)+min(int64(r.count)*block-within, c.size-at))]
		n, err := c.v.r.ReadAt(part, int64(r.start)*block+within)
		if read += n; n < len(part) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return read, fmt.Errorf("block %d of the volume: %w", int64(r.start)+within/block, err)
		}
	}
	return read, nil
}
