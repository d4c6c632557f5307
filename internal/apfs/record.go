package apfs

import (
	"errors"
	"fmt"
)

// Kinds of records of a file system ("File-System Objects", j_obj_types).
const (
	kindInode  = 3
	kindXattr  = 4
	kindExtent = 8 // APFS_TYPE_FILE_EXTENT
	kindDrec   = 9
)

const (
	idMask    = 1<<60 - 1 // OBJ_ID_MASK; the kind is above
	keyHeader = 8         // j_key_t

	// maxName bounds a name, in bytes: the length of a name in j_drec_hashed_key_t, which
	// counts the zero at the end, has ten bits.
	maxName = 1023

	lengthBits = 10 // J_DREC_HASH_SHIFT
)

// Keys of file systems. Those of folders have a hash of the name unless case and the composition of
// accents count.
var (
	hashedLayout = layout{id: idMask, parse: func(b []byte) (key, error) { return parseKey(b, true) }}
	plainLayout  = layout{id: idMask, parse: func(b []byte) (key, error) { return parseKey(b, false) }}
)

func parseKey(b []byte, hashed bool) (key, error) {
	if len(b) < keyHeader {
		return key{}, fmt.Errorf("it has %d bytes", len(b))
	}
	k := key{id: le64(b) & idMask, kind: byte(le64(b) >> 60)}
	b = b[keyHeader:]
	switch {
	case k.kind == kindInode:
		if len(b) != 0 {
			return key{}, errors.New("an inode's is too long")
		}
	case k.kind == kindExtent:
		if len(b) != 8 {
			return key{}, fmt.Errorf("an extent's has %d bytes", keyHeader+len(b))
		}
		k.number = le64(b)
	case k.kind == kindXattr, k.kind == kindDrec && !hashed:
		if len(b) < 2 {
			return key{}, errors.New("a name without a length")
		}
		name, err := nameIn(b[2:], int(le16(b)))
		k.name = string(name)
		return k, err
	case k.kind == kindDrec:
		if len(b) < 4 {
			return key{}, errors.New("a name without a hash")
		}
		k.number = uint64(le32(b))
		_, err := nameIn(b[4:], int(le32(b)&(1<<lengthBits-1)))
		return k, err
	}
	return k, nil
}

// maySame reports whether keys that compare the same may follow each other: names of which
// only the hash is compared, and records that are not read.
func maySame(kind byte) bool {
	switch kind {
	case 0, kindInode, kindXattr, kindExtent: // 0 is that of the keys of object maps
		return false
	}
	return true
}

// nameIn returns a name of a length that counts the zero at its end.
func nameIn(b []byte, length int) ([]byte, error) {
	if length < 1 || length != len(b) || length > maxName+1 || b[length-1] != 0 {
		return nil, fmt.Errorf("a name of %d bytes in %d", length, len(b))
	}
	return b[:length-1], nil
}

// drecName returns the name of a record of a folder.
func (v *Volume) drecName(rawKey []byte) string {
	from := keyHeader + 2
	if v.hashed() {
		from = keyHeader + 4
	}
	return string(rawKey[from : len(rawKey)-1])
}
