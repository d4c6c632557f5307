package artifact

import (
	"fmt"
	"testing"

	it "github.com/codewarrant/codewarrant/internal/imagetest"
)

// A file may have many names, and is unpacked for each.
func TestWhatAVolumeUnpacksCounts(t *testing.T) {
	const size, names = 1 << 20, 5
	attribute, _ := it.Decmpfs(make([]byte, size), 3)
	h := it.HFS{Files: []it.HFSFile{{Path: it.Private + "/iNode7", Attribute: attribute}}}
	zeros := it.APFSFile{Data: make([]byte, size), Holes: true}
	compressed := it.APFSFile{Flags: 0x20, Xattrs: map[string][]byte{"com.apple.decmpfs": attribute}}
	holes, files := map[string]it.APFSFile{"a": zeros}, map[string]it.APFSFile{"a": compressed}
	for i := range names {
		name := fmt.Sprint("name ", i)
		h.Files = append(h.Files, it.HFSFile{Path: name, Inode: 7})
		holes[name], files[name] = it.APFSFile{Hard: "a"}, it.APFSFile{Hard: "a"}
	}
	apfs := func(files map[string]it.APFSFile) []byte {
		return it.APFS{Volumes: []it.APFSVolume{{Name: "Acme", Features: 1, Files: files}}}.Image().Bytes
	}
	for _, row := range []struct {
		name string
		disk []byte
		each int64 // bytes of a name, at least
	}{
		{"a compressed file on HFS+", h.Write(), size},
		{"a compressed file on APFS", apfs(files), size},
		{"what is not stored on APFS", apfs(holes), 32 << 10},
	} {
		t.Run(row.name, func(t *testing.T) {
			left := newLimits(t.Context())
			if lines := walkImage(t, left, row.disk, -1); lines != nil {
				t.Error(lines)
			}
			if took := maxUnpacked - left.left.Load(); took < names*row.each {
				t.Errorf("%d bytes are counted, of %d names", took, names)
			}
		})
	}
}
