package archivetest

import (
	"bytes"
	"fmt"
	"io/fs"
)

// Cpio packs files in the form odc, or newc.
func Cpio(f Files, newc bool) []byte {
	var b bytes.Buffer
	pad := func() {
		for newc && b.Len()%4 != 0 {
			b.WriteByte(0)
		}
	}
	put := func(name, content string, mode int) {
		if newc {
			fmt.Fprintf(&b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name)+1, 0)
		} else {
			fmt.Fprintf(&b, "070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o", 0, 1, mode, 0, 0, 1, 0, 0, len(name)+1, len(content))
		}
		b.WriteString(name + "\x00")
		pad()
		b.WriteString(content)
		pad()
	}
	for _, name := range f.names() {
		content, mode := f.get(name)
		put("./"+name, content, map[fs.FileMode]int{0: 0o100755, fs.ModeDir: 0o40755, fs.ModeSymlink: 0o120755}[mode])
	}
	put("TRAILER!!!", "", 0)
	return b.Bytes()
}
