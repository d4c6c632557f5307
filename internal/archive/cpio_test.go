package archive

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// Names wait for the contents of their file, which may never come.
func TestHardLinksOfACpioTakeBoundedMemory(t *testing.T) {
	for _, row := range []struct {
		name         string
		length, many int
		want         string
	}{
		{"long names", 4000, 9_000, "cpio: more hard links than fit in 32 MiB"},
		{"names of many files", 4, 70_000, "cpio: more hard links than fit in 32 MiB"},
		{"as many as there are", 100, 5_000, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			var b bytes.Buffer
			put := func(name string, inode, links int) {
				fmt.Fprintf(&b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s", inode, 0o100644, 0, 0, links, 0, 0, 0, 0, 0, 0, len(name), 0, name)
				b.WriteString(strings.Repeat("\x00", -b.Len()&3))
			}
			name := strings.Repeat("a", row.length-1) + "\x00"
			for i := range row.many {
				put(name, i, 2)
			}
			put("TRAILER!!!\x00", 0, 1)
			entries, got := 0, ""
			for _, err := range listCpio(bytes.NewReader(b.Bytes()), int64(b.Len())) {
				if entries++; err != nil {
					got = err.Error()
				}
			}
			if got != row.want || got == "" && entries != row.many {
				t.Errorf("%d entries, %q", entries, got)
			}
		})
	}
}
