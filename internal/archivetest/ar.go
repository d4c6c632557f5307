package archivetest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Ar packs files as ar of macOS does, in the order of their names.
func Ar(f Files) []byte {
	b := []byte("!<arch>\n")
	for _, name := range slices.Sorted(maps.Keys(f)) {
		content := name + "\x00" + f[name]
		b = fmt.Appendf(b, "%-16s%-12d%-6d%-6d%-8o%-10d`\n%s", "#1/"+strconv.Itoa(len(name)+1), 0, 0, 0, 0o644, len(content), content)
		if len(b)%2 != 0 {
			b = append(b, '\n')
		}
	}
	return b
}
