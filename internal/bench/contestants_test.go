package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/macho"
)

// signed returns a slice of a real program that a Developer ID signed, and the
// offsets in it of the middle of the code and of two blobs' content.
func signed(t *testing.T) (data []byte, code, entitlements, cms int) {
	t.Helper()
	fat, err := os.ReadFile("../../testdata/binaries/pg_ctl")
	if err != nil {
		t.Fatal(err)
	}
	f, err := macho.Read(bytes.NewReader(fat), int64(len(fat)))
	if err != nil {
		t.Fatal(err)
	}
	s := f.Slices[1]
	sig, err := codesign.Read(bytes.NewReader(fat), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range sig.Blobs {
		end := int(s.Signature.Offset) + int(b.Offset) + int(b.Size)
		switch b.Slot {
		case machotest.SlotEntitlements:
			entitlements = end - 20 // inside of the last tags
		case machotest.SlotCMS:
			cms = end - int(b.Size)/2
		}
	}
	return fat[s.Range.Offset:][:s.Range.Size], int(sig.Directory().CodeLimit) / 2, entitlements, cms
}

// What the table says that contestants verify is what they refuse when it is
// changed.
func TestContestantsVerifyWhatTheTableSays(t *testing.T) {
	data, code, entitlements, cms := signed(t)
	tests := []struct {
		name   string
		at     int // of the byte that is changed
		refuse []int
	}{
		{"nothing is changed", -1, nil},
		{"a page is changed", code, []int{full, relic}},
		{"the entitlements are changed", entitlements, []int{full, slots, relic}},
		{"the CMS is changed", cms, []int{full, relic, quill}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := bytes.Clone(data)
			if test.at >= 0 {
				b[test.at] ^= 1
			}
			file := filepath.Join(t.TempDir(), "program")
			if err := os.WriteFile(file, b, 0o644); err != nil {
				t.Fatal(err)
			}
			want := map[int]bool{}
			for _, i := range test.refuse {
				want[i] = true
			}
			for i, c := range contestants {
				pass, err := c.prepare(file)
				if err == nil {
					err = pass()
				}
				if (err != nil) != want[i] {
					t.Errorf("%s: got %v", c.name, err)
				}
			}
		})
	}
}

// Without a file to read, the program that is made must do for codewarrant.
func TestMadeProgramIsAccepted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "made")
	if err := os.WriteFile(file, machotest.Large(), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{inMemory, inCache, fromFile, full, slots, goMacho} {
		pass, err := contestants[i].prepare(file)
		if err == nil {
			err = pass()
		}
		if err != nil {
			t.Errorf("%s: %v", contestants[i].name, err)
		}
	}
}

func TestFatFilesAreRefused(t *testing.T) {
	if got, err := load("../../testdata/binaries/pg_ctl"); err == nil {
		t.Errorf("got %+v", got)
	}
}

// The names of peers say which versions are built in.
func TestNamesTellTheVersions(t *testing.T) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		t.Fatal("no build information")
	}
	for i, path := range map[int]string{
		goMacho: "github.com/blacktop/go-macho",
		quill:   "github.com/anchore/quill",
		relic:   "github.com/sassoftware/relic/v8",
	} {
		if !slices.ContainsFunc(info.Deps, func(m *debug.Module) bool {
			return m.Path == path && strings.Contains(contestants[i].name, " "+m.Version+" ")
		}) {
			t.Errorf("%s is not the version that is built in", contestants[i].name)
		}
	}
}
