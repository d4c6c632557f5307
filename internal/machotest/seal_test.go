package machotest_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"howett.net/plist"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

func TestSealer(t *testing.T) {
	dir := t.TempDir()
	machotest.WriteTree(t, dir, map[string][]byte{
		"Info.plist": nil, "PkgInfo": nil, "CodeResources": nil, "version.plist": []byte("1"),
		"MacOS/Acme": nil, "MacOS/tool": nil, "Frameworks/A.framework/A": nil,
		"Resources/a": []byte("a"), "Resources/de.lproj/b": []byte("b"), "Resources/.DS_Store": nil,
	})
	if err := os.Symlink("a", filepath.Join(dir, "Resources", "link")); err != nil {
		t.Fatal(err)
	}
	written := machotest.Sealer{
		Executable: "MacOS/Acme", SHA1: true,
		Code: map[string]machotest.Sealed{"MacOS/tool": {"tool", []byte{1}}, "Frameworks/A.framework": {"A", []byte{2}}},
		Edit: func(root map[string]any) { root["edited"] = true },
	}.Write(t, dir)
	if b, err := os.ReadFile(filepath.Join(dir, "_CodeSignature", "CodeResources")); err != nil || !bytes.Equal(b, written) {
		t.Errorf("written are %d bytes, returned %d, %v", len(b), len(written), err)
	}
	var got map[string]any
	if _, err := plist.Unmarshal(written, &got); err != nil {
		t.Fatal(err)
	}
	type dict = map[string]any
	files := got["files"].(dict)
	files2 := got["files2"].(dict)
	if got := fmt.Sprintf("%x", files["Resources/a"]); got != "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8" {
		t.Errorf("hash of a file: %s", got)
	}
	one := files2["version.plist"].(dict)
	if got := fmt.Sprintf("%x %x", one["hash"], one["hash2"]); got != "356a192b7913b04c54574d18c28d46e6395428ab 6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b" {
		t.Errorf("hashes of a file: %s", got)
	}
	for name, keys := range map[string]dict{
		"Frameworks/A.framework": {"requirement": "A", "cdhash": []byte{2}},
		"MacOS/tool":             {"requirement": "tool", "cdhash": []byte{1}},
		"Resources/link":         {"symlink": "a"},
	} {
		if diff := cmp.Diff(keys, files2[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if optional := files2["Resources/de.lproj/b"].(dict)["optional"]; optional != true {
		t.Errorf("a localization is optional: %v", optional)
	}
	if len(files) != 4 || len(files2) != 6 || got["edited"] != true {
		t.Errorf("%d files, %d files2, edited %v", len(files), len(files2), got["edited"])
	}
	for key, want := range map[string]int{"rules": 5, "rules2": 13} {
		if n := len(got[key].(dict)); n != want {
			t.Errorf("%d %s, want %d", n, key, want)
		}
	}
}
