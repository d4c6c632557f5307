package hfs

import (
	"bytes"
	"fmt"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/decmpfs"
)

// attributeKey is the least bytes of a key: what is before the name.
const attributeKey = 12

// attribute returns an extended attribute of a file, which has to be in the tree itself
// and not in blocks of its own. The key is the file, a block, and the name
// (HFSPlusAttrKey in hfs_format.h).
func (v *Volume) attribute(id uint32, name string) ([]byte, error) {
	if v.attributes == nil {
		return nil, fmt.Errorf("it is marked as compressed, and there are no attributes on the volume")
	}
	want := be.AppendUint32(be.AppendUint32([]byte{0, 0}, id), 0)
	want = append(want, nameKey(0, name)[4:]...)
	p, found, err := v.attributes.find(func(key []byte) int { return byAttribute(key, want) })
	const inline, header = 0x10, 16
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, fmt.Errorf("it is marked as compressed, and has no attribute %s", name)
	case len(p.data) < header:
		return nil, fmt.Errorf("attributes: node %d: record %d of %d bytes", p.at.node, p.at.record+1, len(p.data))
	case be.Uint32(p.data) != inline:
		return nil, archive.Unsupported("the attribute %s in blocks of its own (type %#x)", name, be.Uint32(p.data))
	}
	size := be.Uint32(p.data[12:])
	if uint64(size) > uint64(len(p.data)-header) || size > decmpfs.MaxAttribute {
		return nil, fmt.Errorf("attributes: node %d: record %d: %d bytes of %s in %d", p.at.node, p.at.record+1, size, name, len(p.data)-header)
	}
	return bytes.Clone(p.data[header:][:size]), nil
}
