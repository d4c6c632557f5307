package apfs

import (
	"errors"
	"fmt"

	"github.com/codewarrant/codewarrant/internal/archive"
)

// omap_phys_t, omap_key_t and omap_val_t, by offsets ("Object Maps").
const (
	mapFlags     = 0x20
	mapSnapshots = 0x24
	mapTreeType  = 0x28
	mapTree      = 0x30

	mapEncrypting = 0x2 // "Object Map Flags"
	mapDecrypting = 0x4
	mapKeyRolling = 0x8

	valueFlags = 0x0
	valueSize  = 0x4
	valueBlock = 0x8

	valueDeleted   = 0x1 // "Object Map Value Flags"
	valueEncrypted = 0x4
	valueNoHeader  = 0x8
)

// objectMap finds virtual objects as they were at a transaction.
type objectMap struct {
	c         *Container
	tree      tree
	snapshots uint32 // how many of the objects there are
}

// A key of an object map is an object and a transaction.
var mapLayout = layout{keySize: 16, valueSize: 16, id: 1<<64 - 1, parse: func(b []byte) (key, error) {
	return key{id: le64(b), number: le64(b[8:])}, nil
}}

func (c *Container) openObjectMap(block uint64) (*objectMap, error) {
	b, err := c.readObject(block, 1)
	if err != nil {
		return nil, err
	}
	if err := checkHeader(b, block, typeObjectMap); err != nil {
		return nil, err
	}
	if le32(b[mapFlags:])&(mapEncrypting|mapDecrypting|mapKeyRolling) != 0 {
		return nil, archive.Unsupported("a volume whose encryption is being changed")
	}
	if kind := le32(b[mapTreeType:]); kind != physical|typeRoot {
		return nil, fmt.Errorf("a tree of the type %#x, not %#x", kind, physical|typeRoot)
	}
	m := &objectMap{c: c, snapshots: le32(b[mapSnapshots:])}
	m.tree = tree{c: c, layout: &mapLayout, subtype: typeObjectMap, root: le64(b[mapTree:])}
	return m, m.tree.open()
}

// location is where an object is.
type location struct{ block, blocks uint64 }

// find returns where the latest state of an object is that is not after the
// transaction of the checkpoint.
func (m *objectMap) find(oid uint64) (location, error) {
	found, err := m.search(oid)
	if err != nil {
		return location{}, fmt.Errorf("object map: %w", err)
	}
	return found, nil
}

func (m *objectMap) search(oid uint64) (location, error) {
	c, err := m.tree.seek(key{id: oid, number: m.c.xid + 1})
	if err != nil {
		return location{}, err
	}
	if there, err := c.previous(); err != nil || !there || !c.at(oid, 0) {
		if err == nil {
			err = errors.New("the object is not there")
		}
		return location{}, err
	}
	v := c.value()
	flags, size := le32(v[valueFlags:]), int64(le32(v[valueSize:]))
	switch {
	case flags&valueDeleted != 0:
		return location{}, errors.New("the object is deleted")
	case flags&valueEncrypted != 0:
		return location{}, archive.Unsupported("an encrypted object")
	case flags&valueNoHeader != 0:
		return location{}, errors.New("the object has no header")
	case size < m.c.blockSize || size > maxBlock || size%m.c.blockSize != 0:
		return location{}, fmt.Errorf("an object of %d bytes", size)
	}
	return location{le64(v[valueBlock:]), uint64(size / m.c.blockSize)}, nil
}
