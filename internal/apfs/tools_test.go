//go:build archive

package apfs_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/apfs"
	"github.com/codewarrant/codewarrant/internal/imagetest"
	"github.com/codewarrant/codewarrant/internal/imagetools"
)

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
	imagetools.EachVolume(t, nil, []string{"APFS"}, readTheSame)
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
	imagetools.Run(t, dir, "7zz", "x", "-tapfs", "-snld", "-o"+out, raw)
	want := imagetools.Folder(t, out, out, func(target string) string { return "link to " + target }, func(b string) string { return bytesOf([]byte(b)) })
	// It puts attributes into files of their own.
	maps.DeleteFunc(want, func(name, _ string) bool { return strings.Contains(name, ":") })
	if diff := cmp.Diff(want, listing(c.Volumes[0])); diff != "" {
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
		imagetools.Run(t, "", "mkapfs", append(options, "-L", "Empty", name)...)
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
