package hfs

import (
	"bytes"
	"cmp"
	"fmt"

	"github.com/codewarrant/codewarrant/internal/decmpfs"
)

// attribute returns an extended attribute of a file, which has to be in the tree itself
// and not in blocks of its own. The key is the file, a block, and the name
// (HFSPlusAttrKey in hfs_format.h).
func (v *Volume) attribute(id uint32, name string) ([]byte, error) {
	if v.attributes == nil {
		return nil, fmt.Errorf("it is marked as compressed, and there are no attributes on the volume")
	}
	const keySize, header = 12, 16
	compare := func(key []byte) int {
		n := min(int(be.Uint16(key[10:])), (len(key)-keySize)/2)
		c := cmp.Or(cmp.Compare(be.Uint32(key[2:]), id))
		for i := 0; c == 0 && i < min(n, len(name)); i++ {
			c = cmp.Compare(be.Uint16(key[keySize+2*i:]), uint16(name[i]))
		}
		return cmp.Or(c, cmp.Compare(n, len(name)), cmp.Compare(be.Uint32(key[6:]), 0))
	}
	for p, err := range v.attributes.from(keySize, compare) {
		if err != nil {
			return nil, err
		}
		if compare(p.key) != 0 {
			break
		}
		const inline = 0x10
		switch kind := be.Uint32(append(bytes.Clone(p.data[:min(4, len(p.data))]), 0, 0, 0, 0)); {
		case len(p.data) < header:
			return nil, fmt.Errorf("attributes: node %d: record %d of %d bytes", p.at.node, p.at.record+1, len(p.data))
		case kind != inline:
			return nil, unsupported("the attribute %s in blocks of its own (type %#x)", name, kind)
		}
		size := be.Uint32(p.data[12:])
		if uint64(size) > uint64(len(p.data)-header) || size > decmpfs.MaxAttribute {
			return nil, fmt.Errorf("attributes: node %d: record %d: %d bytes of %s in %d", p.at.node, p.at.record+1, size, name, len(p.data)-header)
		}
		return bytes.Clone(p.data[header:][:size]), nil
	}
	return nil, fmt.Errorf("it is marked as compressed, and has no attribute %s", name)
}
