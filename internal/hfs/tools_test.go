//go:build archive

package hfs_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"github.com/codewarrant/codewarrant/internal/hfs"
	. "github.com/codewarrant/codewarrant/internal/imagetest"
	"github.com/codewarrant/codewarrant/internal/imagetools"
	"github.com/codewarrant/codewarrant/internal/udif"
)

// onDisk is what a folder has, as listing has it of a volume.
func onDisk(t *testing.T, root, unpackedTo string) map[string]string {
	t.Helper()
	found := map[string]string{}
	link := func(target string) string { return fmt.Sprintf("-> %s <nil>", target) }
	for name, is := range imagetools.Folder(t, root, unpackedTo, link, func(b string) string { return b }) {
		found[norm.NFD.String(name)] = is
	}
	return found
}

var systems = []string{"HFS+", "HFSX"}

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
	imagetools.Run(t, root, "xorriso", "-as", "mkisofs", "-quiet", "-hfsplus", "-o", iso, ".")
	b, err := os.ReadFile(iso)
	if err != nil {
		t.Fatal(err)
	}
	want := onDisk(t, root, root)
	for name, r := range map[string]io.ReaderAt{
		"as it is": bytes.NewReader(b),
		"in UDIF":  udifOf(t, b),
	} {
		t.Run(name, func(t *testing.T) {
			parts := imagetools.Volumes(r, int64(len(b)), systems)
			if len(parts) != 1 {
				t.Fatal(parts)
			}
			part := parts[0]
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
	imagetools.EachVolume(t, []string{image, "../../testdata/images/dummy.dmg"}, systems, readTheSame)
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
	imagetools.Run(t, dir, "7zz", "x", "-thfs", "-snl", "-o"+out, raw)
	want := map[string]string{}
	for name, content := range onDisk(t, filepath.Join(out, v.Name), out) {
		if !strings.Contains(name, "HFS+ Private") {
			want[name] = content
		}
	}
	if diff := cmp.Diff(want, listing(t, v)); diff != "" {
		t.Errorf("%.5000s", diff)
	}
}
