package apfs

import (
	"errors"
	"fmt"
	"io/fs"
)

// Fields of j_inode_val_t, by their offset ("File-System Objects").
const (
	inodeParent   = 0x0
	inodeStream   = 0x8  // private_id
	inodeInternal = 0x30 // internal_flags
	inodeChildren = 0x38 // nchildren of folders, nlink of others
	inodeBSDFlags = 0x44
	inodeMode     = 0x50
	inodeUnpacked = 0x54 // uncompressed_size
	inodeFields   = 0x5c // extended fields

	hasUnpacked = 0x40000 // INODE_HAS_UNCOMPRESSED_SIZE of the internal flags

	isCompressed = 0x20 // UF_COMPRESSED of sys/stat.h

	fieldStream  = 8  // INO_EXT_TYPE_DSTREAM
	streamLength = 40 // j_dstream_t, which begins with the size
)

// inode is a file, a folder or a link.
type inode struct {
	id       uint64
	parent   uint64
	stream   uint64 // of the contents
	size     uint64 // of the stream
	children uint32 // of a folder; of others, how many names they have
	flags    uint32
	unpacked *uint64     // bytes of a file that is compressed, nil where that is not told
	mode     fs.FileMode // the type
}

// The types of files ("File Modes").
var types = map[uint16]fs.FileMode{
	0x1000: fs.ModeNamedPipe,
	0x2000: fs.ModeDevice | fs.ModeCharDevice,
	0x4000: fs.ModeDir,
	0x6000: fs.ModeDevice,
	0x8000: 0,
	0xa000: fs.ModeSymlink,
	0xc000: fs.ModeSocket,
	0xe000: fs.ModeIrregular, // a whiteout
}

func (v *Volume) inode(id uint64) (*inode, error) {
	n, err := v.readInode(id)
	if err != nil {
		return nil, fmt.Errorf("inode %#x: %w", id, err)
	}
	return n, nil
}

func (v *Volume) readInode(id uint64) (*inode, error) {
	c, err := v.tree.seek(key{id: id, kind: kindInode})
	if err != nil {
		return nil, err
	}
	if !c.at(id, kindInode) {
		return nil, errors.New("it is not there")
	}
	b := c.value()
	if len(b) < inodeFields {
		return nil, fmt.Errorf("it has %d bytes, fewer than %d", len(b), inodeFields)
	}
	mode, known := types[le16(b[inodeMode:])&0xf000]
	if !known {
		return nil, fmt.Errorf("a file of the mode %#o", le16(b[inodeMode:]))
	}
	n := &inode{id: id, parent: le64(b[inodeParent:]), stream: le64(b[inodeStream:]), children: le32(b[inodeChildren:]), flags: le32(b[inodeBSDFlags:]), mode: mode}
	if le64(b[inodeInternal:])&hasUnpacked != 0 {
		unpacked := le64(b[inodeUnpacked:])
		n.unpacked = &unpacked
	}
	return n, n.fields(b[inodeFields:])
}

// fields reads the extended fields, xf_blob_t: their number, the length of all of them, which
// is not used, the type and length of each, and their values, each padded to eight
// bytes ("Extended Fields").
func (n *inode) fields(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if len(b) < 4 {
		return errors.New("the extended fields are cut off")
	}
	count := int(le16(b))
	if len(b) < 4+4*count {
		return fmt.Errorf("%d extended fields in %d bytes", count, len(b))
	}
	table, values := b[4:4+4*count], b[4+4*count:]
	there := false
	for ; len(table) > 0; table = table[4:] {
		length := int(le16(table[2:]))
		if length > len(values) {
			return fmt.Errorf("an extended field of %d bytes, where %d are left", length, len(values))
		}
		if table[0] == fieldStream {
			if length != streamLength || there {
				return errors.New("not one data stream of the right length")
			}
			n.size, there = le64(values), true
		}
		values = values[min((length+7)&^7, len(values)):]
	}
	return nil
}
