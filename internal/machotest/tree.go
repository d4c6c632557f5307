package machotest

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// WriteTree writes files, by slash-separated path, below dir, and the folders above them: an app bundle, for instance.
// Files are 0644 and folders 0755. A path that ends in a slash is an empty folder.
func WriteTree(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(files)) {
		name := filepath.Join(dir, filepath.FromSlash(path))
		folder := filepath.Dir(name)
		isFolder := path[len(path)-1] == '/'
		if isFolder {
			folder = name
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if isFolder {
			continue
		}
		if err := os.WriteFile(name, files[path], 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
