package git

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io/fs"
	"strings"
	"testing"
)

// tree writes entries of a mode and a name each, all of an object whose name is size
// times the byte 0xab.
func tree(size int, entries ...string) []byte {
	var b bytes.Buffer
	for _, e := range entries {
		b.WriteString(e + "\x00" + strings.Repeat("\xab", size))
	}
	return b.Bytes()
}

// FuzzFind looks a name up in any bytes: it is found with the name of an object, known
// not to be there, or the bytes are no tree.
func FuzzFind(f *testing.F) {
	whole := tree(20, "40000 .github", "100644 codewarrant.yml", "120000 link", "160000 sub")
	f.Add(whole, "codewarrant.yml", 20)
	f.Add(tree(32, "100644 codewarrant.yml"), "codewarrant.yml", 32)
	f.Add(whole[:len(whole)-1], "none", 20)
	f.Add([]byte("100644\x00"), "", 20)
	f.Add([]byte(" \x00"), "", 20)
	f.Fuzz(func(t *testing.T, tree []byte, name string, size int) {
		if size != 20 && size != 32 {
			return
		}
		e, err := find(tree, name, size)
		switch {
		case err == nil:
			entry := append([]byte(e.mode+" "+name+"\x00"), decode(t, e.name)...)
			if len(e.name) != 2*size || !bytes.Contains(tree, entry) {
				t.Errorf("found %+v", e)
			}
		case errors.Is(err, fs.ErrNotExist):
			if bytes.HasPrefix(tree, []byte("100644 "+name+"\x00")) && !strings.Contains(name, "\x00") {
				t.Error("the first entry is not found")
			}
		}
	})
}

func decode(t *testing.T, name string) []byte {
	t.Helper()
	b, err := hex.DecodeString(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
