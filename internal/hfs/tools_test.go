//go:build archive

package hfs_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"github.com/codewarrant/codewarrant/internal/hfs"
	. "github.com/codewarrant/codewarrant/internal/imagetest"
	"github.com/codewarrant/codewarrant/internal/udif"
)

func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// onDisk is what a folder has, as listing has it of a volume.
func onDisk(t *testing.T, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil || name == root {
			return err
		}
		rel := norm.NFD.String(strings.TrimPrefix(name, root+"/"))
		switch {
		case e.IsDir():
			found[rel] = "folder"
		case e.Type() == fs.ModeSymlink:
			target, err := os.Readlink(name)
			found[rel] = fmt.Sprintf("-> %s %v", target, err)
		default:
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			found[rel] = string(b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// volume returns the partition of HFS+ of a disk.
func volume(t *testing.T, r io.ReaderAt, size int64) *io.SectionReader {
	t.Helper()
	list, _ := udif.Partitions(r, size)
	for _, p := range list {
		part := io.NewSectionReader(r, p.Offset, p.Size)
		if fs := udif.FileSystem(part, p.Size); fs == "HFS+" || fs == "HFSX" {
			return part
		}
	}
	t.Fatalf("no HFS+ in %+v", list)
	return nil
}

func TestRealToolsWriteVolumesThatAreRead(t *testing.T) {
	root := t.TempDir()
	program, err := os.ReadFile("../../testdata/binaries/pg_ctl")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		name := filepath.Join(root, fmt.Sprintf("folder %d", i%7), fmt.Sprintf("Fichier n\u00b0 %d \u00e9t\u00e9 \u65e5\u672c.txt", i))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, program[:i*700], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("folder 1/nowhere", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	iso := filepath.Join(t.TempDir(), "disc.iso")
	run(t, root, "xorriso", "-as", "mkisofs", "-quiet", "-hfsplus", "-o", iso, ".")
	b, err := os.ReadFile(iso)
	if err != nil {
		t.Fatal(err)
	}
	want := onDisk(t, root)
	for name, r := range map[string]io.ReaderAt{
		"as it is": bytes.NewReader(b),
		"in UDIF":  udifOf(t, b),
	} {
		t.Run(name, func(t *testing.T) {
			part := volume(t, r, int64(len(b)))
			v, err := hfs.Open(part, part.Size())
			if err != nil || len(v.Problems) > 0 {
				t.Fatal(err, v)
			}
			if diff := cmp.Diff(want, listing(t, v)); diff != "" {
				t.Errorf("%.5000s", diff)
			}
		})
	}
}

func udifOf(t *testing.T, disk []byte) io.ReaderAt {
	t.Helper()
	b := UDIF{Kinds: []uint32{Zlib, Lzfse}}.Write(disk)
	i, err := udif.Open(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// TestRealToolsReadTheSame holds volumes against what 7-Zip reads of them. IMAGES may name
// a folder of more images; those of them that are of other kinds are passed over.
func TestRealToolsReadTheSame(t *testing.T) {
	made := HFS{BlockSize: 512, Fragment: 3, Files: []HFSFile{{Path: "a/b", Data: Text(100_000)}, {Path: "link", Symlink: "a/b"}}}
	for _, kind := range []uint32{3, 4, 7, 8} { // what 7-Zip unpacks
		attribute, fork := Decmpfs(Text(9000), kind)
		if kind == 4 || kind == 8 {
			attribute, fork = Decmpfs(Text(300_000), kind)
		}
		made.Files = append(made.Files, HFSFile{Path: fmt.Sprint("packed ", kind), Attribute: attribute, Resources: fork})
	}
	image := filepath.Join(t.TempDir(), "made.dmg")
	if err := os.WriteFile(image, made.Write(), 0o644); err != nil {
		t.Fatal(err)
	}
	images := []string{image, "../../testdata/images/dummy.dmg"}
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
		list, _ := udif.Partitions(i, i.Size())
		for _, p := range list {
			part := io.NewSectionReader(i, p.Offset, p.Size)
			if fs := udif.FileSystem(part, p.Size); fs != "HFS+" && fs != "HFSX" {
				continue
			}
			t.Run(filepath.Base(name), func(t *testing.T) { readTheSame(t, part) })
		}
	}
}

func readTheSame(t *testing.T, part *io.SectionReader) {
	v, err := hfs.Open(part, part.Size())
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(part)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	raw := filepath.Join(dir, "volume.hfs")
	if err := os.WriteFile(raw, b, 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "x")
	run(t, dir, "7zz", "x", "-thfs", "-snl", "-o"+out, raw)
	want := map[string]string{}
	for name, content := range onDisk(t, filepath.Join(out, v.Name)) {
		if !strings.Contains(name, "HFS+ Private") {
			// It puts links to absolute paths below where it unpacks.
			want[name] = strings.Replace(content, "-> "+out, "-> ", 1)
		}
	}
	if diff := cmp.Diff(want, listing(t, v)); diff != "" {
		t.Errorf("%.5000s", diff)
	}
}
