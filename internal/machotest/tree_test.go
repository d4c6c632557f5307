package machotest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

func TestWriteTree(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	machotest.WriteTree(t, dir, map[string][]byte{
		"A.app/Contents/MacOS/A": []byte("code"),
		"A.app/Contents/empty/":  nil,
		"note":                   {},
	})
	got := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			got[path] = "folder"
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, path))
		got[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		".": "folder", "A.app": "folder", "A.app/Contents": "folder", "A.app/Contents/MacOS": "folder",
		"A.app/Contents/MacOS/A": "code", "A.app/Contents/empty": "folder", "note": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
