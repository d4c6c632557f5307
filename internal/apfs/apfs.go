// Package apfs reads the volumes of an APFS container: their folders, links and files, as
// they are at the latest checkpoint, and nothing but what is asked for.
//
// The source is Apple's "Apple File System Reference" (2020-06-22), whose chapters and
// types the comments name. What it leaves open is as public readers have it, which the
// comments name as well: linux-apfs-rw and apfsprogs (fsck and mkfs), apfs-fuse, 7-Zip's
// ApfsHandler.cpp. All integers are little-endian.
//
// Each object that is read has a checksum, which must be right; the order of the B-trees
// is checked where they are read. The contents of files have no checksum on a volume that is not
// sealed: nobody can tell whether those were changed. The space manager, the reaper and the trees of
// extents and of snapshots are not read.
//
// Encrypted and sealed volumes, and containers on two disks (Fusion), are an
// [archive.UnsupportedError]. Of a volume with snapshots what is read is what it holds now, and
// its Problems tell of them. Firmlinks, which lead to another volume
// of the same group, are not followed.
//
// A volume takes some 10 MiB of memory at most, whatever it claims to hold.
package apfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/codewarrant/codewarrant/internal/archive"
)

const (
	// Sizes of blocks, in bytes ("Block and Container Sizes").
	minBlock = 4096
	maxBlock = 65536

	// maxVolumes is NX_MAX_FILE_SYSTEMS.
	maxVolumes = 100

	// maxDescriptors bounds the blocks of the checkpoint descriptor area, and maxRing its bytes. newfs_apfs
	// makes 8 to 280 blocks of 4 KiB; apfsck takes 10,000.
	maxDescriptors = 1 << 14
	maxRing        = 64 << 20
)

// Fields of nx_superblock_t, by their offset.
const (
	nxMagic       = 0x20 // and the length of the smallest superblock below
	nxBlockSize   = 0x24
	nxBlockCount  = 0x28
	nxIncompat    = 0x40
	nxUUID        = 0x48
	nxDescBlocks  = 0x68
	nxDescBase    = 0x70
	nxDescIndex   = 0x88
	nxDescLen     = 0x8c
	nxObjectMap   = 0xa0
	nxMaxVolumes  = 0xb4
	nxVolumes     = 0xb8
	magicNX       = "NXSB"
	oidSuperblock = 1 // OID_NX_SUPERBLOCK
)

// nx_incompatible_features ("Incompatible Container Feature Flags").
const (
	nxVersion1 = 0x1 // of the prerelease of macOS 10.12
	nxVersion2 = 0x2
	nxFusion   = 0x100
)

// Container is what holds volumes. It may be read by several at a time.
type Container struct {
	// Volumes are in the order of the container, those that are not read too.
	Volumes []*Volume

	r         io.ReaderAt
	size      int64
	blockSize int64
	blocks    uint64   // that are there and in the container
	xid       uint64   // of the checkpoint
	objects   uint64   // the block of the object map
	oids      []uint64 // of the volumes
	cache     cache
}

// IsContainer reports whether something begins as a container does.
func IsContainer(r io.ReaderAt) bool {
	var b [nxMagic + len(magicNX)]byte
	n, _ := r.ReadAt(b[:], 0)
	return n == len(b) && string(b[nxMagic:]) == magicNX
}

// Open reads the superblocks of a container of the given size, of which r has the bytes.
// The error may be, or wrap, an [archive.UnsupportedError]. That of a single volume is in its Err.
func Open(r io.ReaderAt, size int64) (*Container, error) {
	c := &Container{r: r, size: size}
	if err := c.open(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Container) open() error {
	zero, err := c.blockZero()
	if err != nil {
		return fmt.Errorf("container superblock in block 0: %w", err)
	}
	super, err := c.checkpoint(zero)
	if err != nil {
		return fmt.Errorf("checkpoints: %w", err)
	}
	if err := c.features(super); err != nil {
		return err
	}
	c.objects = le64(super[nxObjectMap:])
	objects, err := c.openObjectMap(c.objects)
	if err != nil {
		return fmt.Errorf("object map of the container: %w", err)
	}
	count := le32(super[nxMaxVolumes:])
	if count > maxVolumes {
		return fmt.Errorf("container superblock: room for %d volumes, of which %d are possible", count, maxVolumes)
	}
	// nx_fs_oid has its full length, whatever the limit is.
	seen := map[uint64]bool{}
	for n := range maxVolumes {
		oid := le64(super[nxVolumes+8*n:])
		switch {
		case oid == 0:
			continue
		case seen[oid]:
			return archive.Ambiguous("the container has the volume of the object %#x twice", oid)
		}
		seen[oid] = true
		c.oids = append(c.oids, oid)
		c.Volumes = append(c.Volumes, c.openVolume(objects, oid))
	}
	return nil
}

// Opener returns what opens volume n anew, which keeps nothing of the container in memory. It reads neither the
// checkpoints again nor the other volumes.
func (c *Container) Opener(n int) func() (*Volume, error) {
	r, size, blockSize, blocks, xid, objects, oid := c.r, c.size, c.blockSize, c.blocks, c.xid, c.objects, c.oids[n]
	return func() (*Volume, error) {
		c := &Container{r: r, size: size, blockSize: blockSize, blocks: blocks, xid: xid}
		m, err := c.openObjectMap(objects)
		if err != nil {
			return nil, fmt.Errorf("object map of the container: %w", err)
		}
		v := c.openVolume(m, oid)
		return v, v.Err
	}
}

// blockZero reads the copy of a superblock that tells the size of blocks and where the
// checkpoints are ("Mounting an Apple File System Partition", step 1).
func (c *Container) blockZero() ([]byte, error) {
	head := make([]byte, minBlock)
	if err := c.readAt(head, 0); err != nil {
		return nil, err
	}
	if string(head[nxMagic:][:4]) != magicNX {
		return nil, fmt.Errorf("the magic is %q, not %q", head[nxMagic:][:4], magicNX)
	}
	size := le32(head[nxBlockSize:])
	if size < minBlock || size > maxBlock || size&(size-1) != 0 {
		return nil, fmt.Errorf("blocks of %d bytes, which is no power of two from %d to %d", size, minBlock, maxBlock)
	}
	c.blockSize = int64(size)
	c.blocks = min(le64(head[nxBlockCount:]), uint64(c.size/c.blockSize))
	zero, err := c.readObject(0, 1)
	if err != nil {
		return nil, err
	}
	return zero, checkSuperblock(zero)
}

func checkSuperblock(b []byte) error {
	if string(b[nxMagic:][:4]) != magicNX {
		return fmt.Errorf("the magic is %q, not %q", b[nxMagic:][:4], magicNX)
	}
	return checkHeader(b, oidSuperblock, typeSuperblock)
}

// checkpoint returns the superblock of the latest valid checkpoint (the same chapter, steps 2 to
// 4). The ephemeral objects of it, which only a writer needs, are not read.
func (c *Container) checkpoint(zero []byte) ([]byte, error) {
	base, count := le64(zero[nxDescBase:]), le32(zero[nxDescBlocks:])
	switch {
	case base>>63 != 0 || count>>31 != 0:
		return nil, archive.Unsupported("a container whose checkpoints are in a tree")
	case count == 0 || count > maxDescriptors:
		return nil, fmt.Errorf("an area of %d blocks, which is not from 1 to %d", count, maxDescriptors)
	case int64(count)*c.blockSize > maxRing:
		return nil, fmt.Errorf("an area of %d bytes, where the limit is %d", int64(count)*c.blockSize, maxRing)
	case base > c.blocks || uint64(count) > c.blocks-base:
		return nil, fmt.Errorf("the blocks %d to %d are past the end at %d", base, base+uint64(count)-1, c.blocks)
	}
	ring, err := c.descriptors(base, uint64(count))
	if err != nil {
		return nil, err
	}
	best := -1
	for n, d := range ring {
		if d.kind == typeSuperblock && (best < 0 || d.xid > ring[best].xid) && mapped(ring, n) {
			best = n
		}
	}
	if best < 0 {
		return nil, fmt.Errorf("none in the blocks %d to %d is valid", base, base+uint64(count)-1)
	}
	if xid := ring[best].xid; xid < objectXID(zero) {
		// The copy is written after the checkpoint.
		return nil, fmt.Errorf("the transaction %d, of which block 0 is a copy, is damaged; the latest that is not is %d", objectXID(zero), xid)
	}
	// Who asks for less of a checkpoint takes another one for the latest that is not malformed (step 4).
	for n, d := range ring {
		if n != best && d.kind == typeSuperblock && d.xid >= ring[best].xid {
			return nil, archive.Ambiguous("the superblock of the transaction %d in block %d is right, and what it says of its mappings is not; the latest without a fault is that of %d in block %d",
				d.xid, base+uint64(n), ring[best].xid, base+uint64(best))
		}
	}
	latest, err := c.readObject(base+uint64(best), 1)
	if err != nil {
		return nil, err
	}
	if string(latest[nxUUID:][:16]) != string(zero[nxUUID:][:16]) || le32(latest[nxBlockSize:]) != le32(zero[nxBlockSize:]) {
		return nil, errors.New("the latest superblock is of another container than block 0")
	}
	c.xid = objectXID(latest)
	c.blocks = min(le64(latest[nxBlockCount:]), uint64(c.size/c.blockSize))
	return latest, nil
}

// descriptor is what one block of the ring of checkpoints is.
type descriptor struct {
	kind          uint32 // 0 for one that is neither a superblock nor mappings, or damaged, as after a crash
	xid           uint64
	index, length uint32 // of a superblock: where its mappings begin in the ring, and how many blocks they and it are
}

func (c *Container) descriptors(base, count uint64) ([]descriptor, error) {
	ring := make([]descriptor, count)
	for n := range ring {
		b, err := c.readObject(base+uint64(n), 1)
		if _, damaged := errors.AsType[*checksumError](err); damaged {
			continue
		}
		if err != nil {
			return nil, err
		}
		switch d := &ring[n]; {
		case objectType(b) == typeCheckpointMap:
			*d = descriptor{kind: typeCheckpointMap, xid: objectXID(b)}
		case objectType(b) == typeSuperblock && checkSuperblock(b) == nil:
			*d = descriptor{typeSuperblock, objectXID(b), le32(b[nxDescIndex:]), le32(b[nxDescLen:])}
		case objectType(b) == typeSuperblock || string(b[nxMagic:][:4]) == magicNX:
			*d = descriptor{kind: typeSuperblock, xid: objectXID(b)} // no mappings are its own
		}
	}
	return ring, nil
}

// mapped reports whether the mappings of the ephemeral objects of a superblock are there,
// before it.
func mapped(ring []descriptor, n int) bool {
	count, super := uint64(len(ring)), ring[n]
	index, length := uint64(super.index), uint64(super.length)
	if length < 2 || length > count || index >= count || (index+length-1)%count != uint64(n) {
		return false
	}
	for i := range length - 1 {
		if d := ring[(index+i)%count]; d.kind != typeCheckpointMap || d.xid != super.xid {
			return false
		}
	}
	return true
}

func (c *Container) features(super []byte) error {
	switch features := le64(super[nxIncompat:]); {
	case features&nxFusion != 0:
		return archive.Unsupported("a container on two disks (Fusion)")
	case features&nxVersion1 != 0:
		return archive.Unsupported("a container of the prerelease of macOS 10.12")
	case features&^nxVersion2 != 0:
		return archive.Unsupported("a container with the features %#x", features)
	}
	return nil
}

func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
