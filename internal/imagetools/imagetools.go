// Package imagetools is for tests that hold volumes of disk images against what real tools read of
// them.
package imagetools

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/udif"
)

// Run runs a tool in a folder, and ends the test where that fails.
func Run(t testing.TB, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// Folder is what is in a folder, by paths in it: "folder", or what link makes of where a link
// leads to, and file of what a file holds. 7-Zip puts links to absolute paths below the folder that it
// unpacks to.
func Folder(t testing.TB, root, unpackedTo string, link, file func(string) string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil || name == root {
			return err
		}
		rel := strings.TrimPrefix(name, root+"/")
		switch {
		case e.IsDir():
			found[rel] = "folder"
		case e.Type() == fs.ModeSymlink:
			target, err := os.Readlink(name)
			if err != nil {
				return err
			}
			if below, ok := strings.CutPrefix(target, unpackedTo+"/"); ok {
				target = "/" + below
			}
			found[rel] = link(target)
		default:
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			found[rel] = file(string(b))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// EachVolume runs a test with each partition that has one of the file systems, of images,
// and of those in the folder that IMAGES names. Images of other kinds are passed over.
func EachVolume(t *testing.T, images, systems []string, test func(*testing.T, *io.SectionReader)) {
	t.Helper()
	more, err := filepath.Glob(filepath.Join(os.Getenv("IMAGES"), "*.dmg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(images, more...) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		i, err := udif.Open(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil {
			continue
		}
		for _, part := range Volumes(i, i.Size(), systems) {
			t.Run(filepath.Base(name), func(t *testing.T) { test(t, part) })
		}
	}
}

// Volumes returns the partitions of a disk that have one of the file systems.
func Volumes(disk io.ReaderAt, size int64, systems []string) (volumes []*io.SectionReader) {
	list, _ := udif.Partitions(disk, size)
	for _, p := range list {
		if part := io.NewSectionReader(disk, p.Offset, p.Size); slices.Contains(systems, udif.FileSystem(part, p.Size)) {
			volumes = append(volumes, part)
		}
	}
	return volumes
}
