//go:build archive

package apfs_test

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

	"github.com/codewarrant/codewarrant/internal/apfs"
	"github.com/codewarrant/codewarrant/internal/imagetest"
	"github.com/codewarrant/codewarrant/internal/udif"
)

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// onDisk is what 7-Zip unpacked, as listing has it of a volume. It puts links to absolute
// paths below where it unpacks, and attributes into files of their own.
func onDisk(t *testing.T, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		rel := strings.TrimPrefix(name, root+"/")
		switch {
		case err != nil || name == root || strings.Contains(rel, ":"):
			return err
		case e.IsDir():
			found[rel] = "folder"
		case e.Type() == fs.ModeSymlink:
			target, err := os.Readlink(name)
			if err != nil {
				return err
			}
			if below, ok := strings.CutPrefix(target, root+"/"); ok {
				target = "/" + below
			}
			found[rel] = "link to " + target
		default:
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			found[rel] = bytesOf(b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestRealToolsReadTheSame holds volumes against what 7-Zip reads of them. IMAGES may name
// a folder of images; those of them that are of other kinds are passed over.
func TestRealToolsReadTheSame(t *testing.T) {
	made := map[string]imagetest.APFSFile{}
	for name, f := range everything() {
		// It makes a file of a socket, and takes a hole for the block 0.
		if name != "socket" && name != "sparse" {
			made[name] = f
		}
	}
	for _, keys := range []int{0, 4} {
		for _, features := range []uint64{insensitive, normalised, plain} {
			t.Run(fmt.Sprintf("written with the features %d and %d keys", features, keys), func(t *testing.T) {
				b := imagetest.APFS{NoHistory: true, Keys: keys, Volumes: []imagetest.APFSVolume{{Name: "V", Features: features, Files: made}}}.Image().Bytes
				readTheSame(t, io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b))))
			})
		}
	}
	images, err := filepath.Glob(filepath.Join(os.Getenv("IMAGES"), "*.dmg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range images {
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
			if part := io.NewSectionReader(i, p.Offset, p.Size); udif.FileSystem(part, p.Size) == "APFS" {
				t.Run(filepath.Base(name), func(t *testing.T) { readTheSame(t, part) })
			}
		}
	}
}

func readTheSame(t *testing.T, part *io.SectionReader) {
	c, err := apfs.Open(part, part.Size())
	if err != nil || len(c.Volumes) != 1 {
		t.Fatal(err, c)
	}
	b, err := io.ReadAll(part)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	raw, out := filepath.Join(dir, "container.apfs"), filepath.Join(dir, "x")
	if err := os.WriteFile(raw, b, 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, "7zz", "x", "-tapfs", "-snld", "-o"+out, raw)
	got := listing(c.Volumes[0])
	if diff := cmp.Diff(onDisk(t, out), got); diff != "" {
		t.Errorf("%.5000s", diff)
	}
}

// mkapfs of apfsprogs is another writer; it makes empty volumes, in which case counts with
// -s, and the composition of accents too with -z.
func TestRealToolsWriteWhatIsRead(t *testing.T) {
	for _, options := range [][]string{{}, {"-s"}, {"-z"}} {
		name := filepath.Join(t.TempDir(), "container.apfs")
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		const size = 512 << 20
		if err := f.Truncate(size); err != nil {
			t.Fatal(err)
		}
		run(t, "mkapfs", append(options, "-L", "Empty", name)...)
		c, err := apfs.Open(f, size)
		if err != nil {
			t.Fatal(err)
		}
		v := c.Volumes[0]
		if got := listing(v); len(got) > 0 || v.Name != "Empty" || v.CaseInsensitive != (len(options) == 0) {
			t.Error(options, got, v.Name, v.CaseInsensitive, v.Err)
		}
	}
}
