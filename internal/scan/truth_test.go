//go:build images

package scan_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
)

// slice is one slice of a program on a disk image, as the truth has it: read by 7-Zip and
// another reader of signatures.
type slice struct {
	Image        string         `json:"image"`
	Path         string         `json:"path"`
	Size         int64          `json:"size"`
	Arch         string         `json:"arch"`
	FileType     string         `json:"filetype"`
	Signing      string         `json:"signing"`
	Identifier   string         `json:"identifier"`
	Entitlements map[string]any `json:"entitlements"`
}

// TestRealImagesAgreeWithTheTruth looks at the images in the folder IMAGES, and compares
// with truth.jsonl in it. Paths of 7-Zip begin with the name of a volume of HFS+.
func TestRealImagesAgreeWithTheTruth(t *testing.T) {
	dir := os.Getenv("IMAGES")
	f, err := os.Open(filepath.Join(dir, "truth.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := map[string][]slice{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var s slice
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		want[s.Image] = append(want[s.Image], s)
	}
	images, err := filepath.Glob(filepath.Join(dir, "*.dmg"))
	if err != nil || len(images) == 0 {
		t.Fatalf("no images in %s: %v", dir, err)
	}
	for _, image := range images {
		name := filepath.Base(image)
		t.Run(name, func(t *testing.T) {
			found := look(t, []string{image})
			var got []slice
			for _, b := range found.Binaries {
				for _, s := range b.Slices {
					got = append(got, sliceOf(name, strings.TrimPrefix(b.Paths[0], filepath.ToSlash(image)+"/"), b, s))
				}
			}
			list := want[name]
			for i := range list {
				if !slices.ContainsFunc(got, func(s slice) bool { return s.Path == list[i].Path }) {
					_, list[i].Path, _ = strings.Cut(list[i].Path, "/")
				}
			}
			order := func(a, b slice) int { return strings.Compare(a.Path+a.Arch, b.Path+b.Arch) }
			slices.SortFunc(got, order)
			slices.SortFunc(list, order)
			if diff := cmp.Diff(list, got); diff != "" {
				t.Errorf("(-truth +found):\n%s", diff)
			}
			encrypted := slices.ContainsFunc(found.Remarks, func(r check.Remark) bool { return r.Rule == check.RuleUnsupportedFileSystem })
			if want := strings.Contains(name, ".enc."); encrypted != want {
				t.Errorf("%v: unsupported %t, want %t", found.Remarks, encrypted, want)
			}
			for _, u := range found.Unread {
				if !strings.Contains(u.Path, ".pkg/") { // an app in it has a script as its main executable
					t.Errorf("%s: %v", u.Path, u.Err)
				}
			}
		})
	}
}

func sliceOf(image, path string, b check.Binary, s check.Slice) slice {
	out := slice{Image: image, Path: path, Size: b.Size, Arch: s.Arch, FileType: s.TypeName(), Signing: "unsigned"}
	if s.Signature == nil {
		return out
	}
	out.Signing, out.Identifier = "adhoc", s.Signature.Directory().Identifier
	for key, v := range s.Signature.Claims.Set {
		if out.Entitlements == nil {
			out.Entitlements = map[string]any{}
		}
		out.Entitlements[key] = v.Grants()
	}
	return out
}
