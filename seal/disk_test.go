package seal_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/artifact"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/seal"
)

// A framework in an app, on disk, as package artifact walks it.
func TestVerifyOfBundlesOnDisk(t *testing.T) {
	dir := t.TempDir()
	code := machotest.Binary{}.Bytes()
	info := machotest.XML("CFBundleExecutable", "F")
	machotest.WriteTree(t, dir, map[string][]byte{
		"Acme.app/Contents/Info.plist":                                             machotest.XML("CFBundleExecutable", "Acme"),
		"Acme.app/Contents/MacOS/Acme":                                             code,
		"Acme.app/Contents/Resources/a":                                            []byte("a"),
		"Acme.app/Contents/Frameworks/F.framework/Versions/A/F":                    code,
		"Acme.app/Contents/Frameworks/F.framework/Versions/A/Resources/Info.plist": info,
		"Acme.app/Contents/Frameworks/F.framework/Versions/A/Libraries/l.dylib":    code,
	})
	contents := filepath.Join(dir, "Acme.app", "Contents")
	framework := filepath.Join(contents, "Frameworks", "F.framework")
	for name, target := range map[string]string{
		filepath.Join(framework, "F"):                   "Versions/Current/F",
		filepath.Join(framework, "Resources"):           "Versions/Current/Resources",
		filepath.Join(framework, "Versions", "Current"): "A",
		filepath.Join(contents, "Resources", "b"):       "a",
	} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	inner := machotest.Sealer{Executable: "F"}.Write(t, filepath.Join(framework, "Versions", "A"))
	outer := machotest.Sealer{
		Executable: "MacOS/Acme",
		Code:       map[string]machotest.Sealed{"Frameworks/F.framework": {Requirement: "identifier F"}},
	}.Write(t, contents)

	got := map[string]seal.Result{}
	for item, problem := range artifact.Walk(t.Context(), filepath.Join(dir, "Acme.app")) {
		if problem != nil {
			t.Fatal(problem.Path, problem.Err)
		}
		for _, b := range []*artifact.Bundle{item.Bundle, item.Outer} {
			got[b.Inside] = seal.Verify(context.Background(), b, b.Main())
		}
		if err := item.Close(); err != nil {
			t.Error(err)
		}
	}
	want := map[string]seal.Result{
		"Acme.app": {CodeResources: outer, Files: 1, Nested: []seal.Nested{
			{Path: "Contents/Frameworks/F.framework", Dir: true, Requirement: compiled("identifier F")},
		}},
		"Acme.app/Contents/Frameworks/F.framework/Versions/A": {CodeResources: inner, Files: 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
