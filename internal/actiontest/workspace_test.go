package actiontest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The binary fixture that most scenarios are about: see testdata/README.md.
const pgCtl = "testdata:binaries/pg_ctl"

// files are the files of a workspace, by path. A text that starts with testdata:
// is the path of a file there that is copied.
type files map[string]string

// write writes the files to a new folder.
func (f files) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range f {
		data := []byte(text)
		if fixture, ok := strings.CutPrefix(text, "testdata:"); ok {
			var err error
			if data, err = os.ReadFile(filepath.Join(root, "testdata", fixture)); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
