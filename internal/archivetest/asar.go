package archivetest

import (
	"encoding/binary"
	"encoding/json"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// Asar packs files as @electron/asar does.
func Asar(f Files) []byte {
	root := map[string]any{}
	var contents []byte
	at := func(name string) map[string]any {
		dir := root
		for part := range strings.SplitSeq(name, "/") {
			files, _ := dir["files"].(map[string]any)
			if files == nil {
				files = map[string]any{}
				dir["files"] = files
			}
			next, _ := files[part].(map[string]any)
			if next == nil {
				next = map[string]any{}
				files[part] = next
			}
			dir = next
		}
		return dir
	}
	for _, name := range f.names() {
		content, mode := f.get(name)
		n := at(name)
		switch mode {
		case fs.ModeDir:
			n["files"] = map[string]any{}
		case fs.ModeSymlink: // relative to the asar
			n["link"] = path.Join(path.Dir(name), content)
		default:
			n["offset"], n["size"] = strconv.Itoa(len(contents)), len(content)
			contents = append(contents, content...)
		}
	}
	return append(AsarHeader(string(must(json.Marshal(root)))), contents...)
}

// AsarHeader is a header with that JSON.
func AsarHeader(text string) []byte {
	padded := (len(text) + 3) / 4 * 4
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 4)
	b = le.AppendUint32(b, uint32(padded+8))
	b = le.AppendUint32(b, uint32(padded+4))
	b = le.AppendUint32(b, uint32(len(text)))
	return append(append(b, text...), make([]byte, padded-len(text))...)
}
