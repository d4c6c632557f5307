package artifact

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBundleReadsItsFiles(t *testing.T) {
	dir := write(t, map[string]string{
		"dist/Acme.app/Contents/Info.plist":         executable("Acme"),
		"dist/Acme.app/Contents/MacOS/Acme":         machO,
		"dist/Acme.app/Contents/Resources/a.txt":    "a",
		"dist/Acme.app/Contents/Resources/link.txt": "-> a.txt",
		"dist/Acme.app/Contents/Resources/out.txt":  "-> ../../../../secret",
		"dist/secret": "in the artifact",
		"secret":      "outside",
	})
	for _, row := range []struct{ name, arg string }{
		{"below the argument", filepath.Join(dir, "dist")},
		{"as the argument", filepath.Join(dir, "dist", "Acme.app")},
	} {
		t.Run(row.name, func(t *testing.T) {
			item := only(t, row.arg)
			b := item.Bundle
			if got := b.Main(); got != "Contents/MacOS/Acme" {
				t.Errorf("main executable %q", got)
			}
			if got := read(t, b, "Contents/Resources/a.txt"); got != "a" {
				t.Errorf("read %q", got)
			}
			if got, err := b.ReadLink("Contents/Resources/link.txt"); got != "a.txt" || err != nil {
				t.Errorf("link %q, %v", got, err)
			}
			var names []string
			entries, err := b.ReadDir("Contents")
			for _, e := range entries {
				names = append(names, e.Name())
			}
			if diff := cmp.Diff([]string{"Info.plist", "MacOS", "Resources"}, names); diff != "" || err != nil {
				t.Error(diff, err)
			}
			for _, name := range []string{"../secret", "../../secret", "/../../secret", "Contents/Resources/out.txt/../../../../../secret"} {
				if _, _, err := b.Open(name); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if _, _, err := b.Open("Contents"); !errors.Is(err, errNotRegular) {
				t.Errorf("a folder was opened: %v", err)
			}
			if err := item.Close(); err != nil {
				t.Error(err)
			}
			if _, err := b.ReadDir("."); !errors.Is(err, os.ErrClosed) {
				t.Errorf("after the last item was closed: %v", err)
			}
		})
	}
}

// only returns the one item of a walk that has ended, still open.
func only(t *testing.T, arg string) (item *Item) {
	t.Helper()
	for i, problem := range Walk(t.Context(), arg) {
		switch {
		case i != nil && item != nil:
			t.Fatalf("%s and %s", item.Path, i.Path)
		case i != nil:
			item = i
		case problem.Kind != LinkOutside:
			t.Error(problem)
		}
	}
	if item == nil {
		t.Fatal("no item")
	}
	return item
}

func read(t *testing.T, b *Bundle, name string) string {
	t.Helper()
	r, size, err := b.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil || int64(len(content)) != size {
		t.Errorf("%d bytes of %d, %v", len(content), size, err)
	}
	return string(content)
}
