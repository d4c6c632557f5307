package artifact

import (
	"os"
	"path/filepath"
	"testing"

	at "github.com/codewarrant/codewarrant/internal/archivetest"
)

func TestSparseBundlesAreTold(t *testing.T) {
	plist := func(key string) string {
		return `<?xml version="1.0"?><plist version="1.0"><dict><key>` + key + `</key><string>com.apple.diskimage.sparsebundle</string></dict></plist>`
	}
	for _, row := range []struct {
		name  string
		files at.Files
		told  bool
	}{
		{"by their name", at.Files{"a.SparseBundle/token": ""}, true},
		{"by their Info.plist", at.Files{"a/bands/0": "", "a/Info.plist": plist("diskimage-bundle-type")}, true},
		{"by a key in entities", at.Files{"a/Bands/0": "", "a/Info.plist": plist("diskimage&#45;bundle&#x2d;type")}, true},
		{"where bands is no folder", at.Files{"a/bands": "", "a/Info.plist": plist("diskimage-bundle-type")}, true},
		{"but not others", at.Files{"a/bands/0": "", "a/Info.plist": plist("type")}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range row.files {
				name = filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			told := false
			for _, p := range Walk(t.Context(), dir) {
				told = told || p != nil && p.Kind == Unsupported
			}
			if told != row.told {
				t.Errorf("told: %t", told)
			}
		})
	}
}
