package scan_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/internal/scan"
	"github.com/codewarrant/codewarrant/policy"
)

// sealedApp writes an app whose main executable binds its seal, with a framework
// that has links in it.
func sealedApp(t *testing.T, dir string) {
	t.Helper()
	framework := machotest.Binary{FileType: machotest.MHDylib, Signature: &machotest.Signature{Identifier: "com.acme.f"}}.Bytes()
	machotest.WriteTree(t, dir, map[string][]byte{
		"Contents/Info.plist":           []byte(infoPlist),
		"Contents/Resources/main.js":    []byte("run()"),
		"Contents/Resources/a/data.bin": []byte("data"),
		"Contents/Resources/lib.dylib":  framework,
	})
	if err := os.Symlink("main.js", filepath.Join(dir, "Contents/Resources/link.js")); err != nil {
		t.Fatal(err)
	}
	resources := machotest.Sealer{Executable: "MacOS/Acme"}.Write(t, filepath.Join(dir, "Contents"))
	machotest.WriteTree(t, dir, map[string][]byte{
		"Contents/MacOS/Acme": machotest.Binary{Signature: &machotest.Signature{
			InfoPlist: []byte(infoPlist), CodeResources: resources,
		}}.Bytes(),
	})
}

func TestRunComparesWhatABundleSeals(t *testing.T) {
	replace := func(name, content string) func(string) error {
		return func(app string) error { return os.WriteFile(filepath.Join(app, name), []byte(content), 0o644) }
	}
	for _, row := range []struct {
		name string
		edit func(app string) error
		want []string
	}{
		{"a bundle as it was sealed", func(string) error { return nil }, nil},
		{"a file that was changed", replace("Contents/Resources/main.js", "evil()"), []string{"error broken-seal"}},
		{"a file that is gone", func(app string) error { return os.Remove(filepath.Join(app, "Contents/Resources/a/data.bin")) }, []string{"error broken-seal"}},
		{"a file that was added", replace("Contents/Resources/more.js", "more()"), []string{"error broken-seal"}},
		{"a list that was changed", replace("Contents/_CodeSignature/CodeResources", "<plist/>"), []string{"error slot-mismatch", "error broken-seal"}},
		{"a list that is gone", func(app string) error { return os.RemoveAll(filepath.Join(app, "Contents/_CodeSignature")) }, []string{"error missing-blob", "error broken-seal"}},
		{"a link that became a copy", func(app string) error {
			link := filepath.Join(app, "Contents/Resources/link.js")
			if err := os.Remove(link); err != nil {
				return err
			}
			return os.WriteFile(link, []byte("run()"), 0o644)
		}, []string{"warning symlinks-flattened"}},
		{"a link that became something else", func(app string) error {
			link := filepath.Join(app, "Contents/Resources/link.js")
			if err := os.Remove(link); err != nil {
				return err
			}
			return os.WriteFile(link, []byte("evil()"), 0o644)
		}, []string{"error broken-seal"}},
		{"a seal that is not the signature's", func(app string) error {
			return fs.WalkDir(os.DirFS(app), "Contents/MacOS", func(name string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				return os.WriteFile(filepath.Join(app, name), machotest.Binary{Signature: &machotest.Signature{InfoPlist: []byte(infoPlist)}}.Bytes(), 0o644)
			})
		}, []string{"error unbound-blob"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			app := filepath.Join(dir, "Acme.app")
			sealedApp(t, app)
			if err := row.edit(app); err != nil {
				t.Fatal(err)
			}
			found := scan.Run([]string{app}, scan.Full, time.Now())
			if diff := cmp.Diff(row.want, judge(t, found)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// judge returns the findings under a policy that allows everything.
func judge(t *testing.T, r scan.Result) (lines []string) {
	t.Helper()
	p, err := policy.Parse("lax", []byte("version: 1\nsettings: {unlisted: allow}\nstages: {release: {require: []}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	report := check.Evaluate(check.Input{
		Binaries: r.Binaries, Unread: r.Unread, Remarks: r.Remarks, Empty: r.Empty, Policy: p, Stage: &p.Stages[0],
	})
	for _, f := range report.Findings {
		if line := string(f.Level) + " " + f.Rule; !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}
