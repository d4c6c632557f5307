package apfs

import (
	"errors"
	"fmt"
	"io"
)

// obj_phys_t, by offsets ("Objects"). A physical object has the number of its block as
// its identifier; virtual ones are found by an object map.
const (
	objectOID    = 0x8
	objectHeader = 0x20
)

// Types of objects ("Object Types"), and where they are kept ("Object Type Flags").
const (
	typeMask          = 0xffff
	typeSuperblock    = 0x1
	typeRoot          = 0x2 // OBJECT_TYPE_BTREE
	typeNode          = 0x3 // OBJECT_TYPE_BTREE_NODE
	typeObjectMap     = 0xb
	typeCheckpointMap = 0xc
	typeVolume        = 0xd // OBJECT_TYPE_FS
	typeFSTree        = 0xe

	storageMask = 0xc0000000
	physical    = 0x40000000
	virtual     = 0
	noHeader    = 0x20000000
	encrypted   = 0x10000000
)

func objectXID(b []byte) uint64     { return le64(b[0x10:]) }
func objectFlags(b []byte) uint32   { return le32(b[0x18:]) &^ typeMask }
func objectType(b []byte) uint32    { return le32(b[0x18:]) & typeMask }
func objectSubtype(b []byte) uint32 { return le32(b[0x1c:]) & typeMask }

// checksumError is an object that was changed after its checksum was written.
type checksumError struct{ block, want, got uint64 }

func (e *checksumError) Error() string {
	return fmt.Sprintf("block %d: the checksum is %#016x, not %#016x", e.block, e.got, e.want)
}

// readObject reads an object of so many blocks and holds it against its checksum.
func (c *Container) readObject(block, count uint64) ([]byte, error) {
	if block >= c.blocks || count > c.blocks-block {
		return nil, fmt.Errorf("block %d is past the end at %d", block, c.blocks)
	}
	b := make([]byte, int64(count)*c.blockSize)
	if err := c.readAt(b, int64(block)*c.blockSize); err != nil {
		return nil, err
	}
	if want, got := le64(b), checksum(b[8:]); want != got {
		return nil, &checksumError{block, want, got}
	}
	return b, nil
}

// checkHeader holds the header of an object against what is expected.
func checkHeader(b []byte, oid uint64, types ...uint32) error {
	if got := le64(b[objectOID:]); got != oid {
		return fmt.Errorf("the object is %#x, not %#x", got, oid)
	}
	for _, t := range types {
		if objectType(b) == t {
			return nil
		}
	}
	return fmt.Errorf("the object %#x is of the type %#x, not %#x", oid, objectType(b), types[0])
}

// checksum is that of Fletcher with sums of 64 bits, as the chapter "Objects", o_cksum,
// says it is, in the variant that makes the sums over the object with its checksum zero
// (linux-apfs-rw, object.c). The sums of 64 KiB stay below 2⁶⁴ without a division.
func checksum(b []byte) uint64 {
	const modulus = 1<<32 - 1
	var low, high uint64
	for ; len(b) >= 4; b = b[4:] {
		low += uint64(le32(b))
		high += low
	}
	low, high = low%modulus, high%modulus
	first := modulus - (low+high)%modulus
	second := modulus - (low+first)%modulus
	return second<<32 | first
}

// readAt fills b from an offset of the container.
func (c *Container) readAt(b []byte, offset int64) error {
	if offset < 0 || offset > c.size || int64(len(b)) > c.size-offset {
		return fmt.Errorf("%d bytes at offset %d are past the end at %d", len(b), offset, c.size)
	}
	n, err := c.r.ReadAt(b, offset)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes at offset %d: %w", len(b), offset, err)
}
