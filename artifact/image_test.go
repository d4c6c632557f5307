package artifact

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/archive"
	it "github.com/codewarrant/codewarrant/internal/imagetest"
)

// walkImage returns what is yielded of an image, with an error by what it contains, and
// whether the image was closed as often as it was opened.
func walkImage(t *testing.T, left *limits, image []byte, more int) []string {
	t.Helper()
	return walkAs(t, &archive.Format{Name: "disk image", Image: true}, left, image, more)
}

// walkAs is walkImage of what was recognised.
func walkAs(t *testing.T, f *archive.Format, left *limits, image []byte, more int) (lines []string) {
	t.Helper()
	open := 1
	c := counted{inMemory{bytes.NewReader(image)}, &open, nil}
	var items []*Item
	walkPacked(f, c, int64(len(image)), treeName{path: "x.dmg", name: "x.dmg"}, left, func(item *Item, p *Problem) bool {
		if item != nil {
			lines = append(lines, item.Path+" "+item.Inside)
			items = append(items, item)
		} else {
			lines = append(lines, fmt.Sprintf("%s: %s: %.160s", p.Path, p.Kind, p.Err))
		}
		more--
		return more != 0
	})
	if open != 1 && len(items) > 0 {
		t.Errorf("open %d times while items are", open)
	}
	for _, item := range items {
		item.Close()
	}
	if open != 0 {
		t.Errorf("open %d times at the end", open)
	}
	return lines
}

const program = "\xcf\xfa\xed\xfe, and no more"

func TestAnImageIsOpenWhileAnItemIs(t *testing.T) {
	two := it.APFS{Volumes: []it.APFSVolume{
		{Name: "One", Features: 1, Files: it.APFSTree(map[string]string{"a": program})},
		{Name: "one", Features: 1, Files: it.APFSTree(map[string]string{"a": program})},
	}}.Image().Bytes
	image := it.UDIF{}.Write(two)
	want := []string{"x.dmg/One/a One/a", "x.dmg/one (2)/a one (2)/a", "x.dmg x.dmg"}
	for n := range want {
		if diff := cmp.Diff(want[:n+1], walkImage(t, newLimits(t.Context()), image, n+1)); diff != "" {
			t.Errorf("after %d: %s", n, diff)
		}
	}
}

func TestWhatIsReadOfAnImageIsLimited(t *testing.T) {
	image := it.UDIF{Size: 4096}.Write(it.HFSDisk(map[string]string{"a": program, "b": "data"}))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	few := newLimits(t.Context())
	few.left.Store(10_000)
	listed := newLimits(t.Context())
	listed.entries = 1
	full := newLimits(t.Context())
	full.index = 1000
	deep := newLimits(t.Context())
	deep.depth = maxDepth
	for _, row := range []struct {
		name string
		left *limits
		want string
	}{
		{"time", newLimits(over), "the time is over"},
		{"bytes", few, "more than 128 GiB would have to be unpacked"},
		{"entries", listed, "more than 1000000 files"},
		{"memory for the lists of images", full, "archives and images whose lists take more than 48 MiB of memory"},
		{"images inside each other", deep, "more than 8 archives inside each other"},
	} {
		t.Run(row.name, func(t *testing.T) {
			lines := walkImage(t, row.left, image, -1)
			if !slices.ContainsFunc(lines, func(line string) bool {
				return strings.Contains(line, ": unreadable: ") && strings.Contains(line, row.want)
			}) {
				t.Errorf("%q, want %q", lines, row.want)
			}
		})
	}
}

// The list of an image is not in memory: 50,000 files take little more than their folders.
func TestAnImageOfManyFilesTakesLittleMemory(t *testing.T) {
	files := map[string]string{}
	for i := range 50_000 {
		files[path.Join(fmt.Sprint("folder ", i%100), fmt.Sprint("a file of some name ", i))] = "data"
	}
	disk := it.HFSDisk(files)
	files = nil
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if lines := walkImage(t, newLimits(t.Context()), disk, -1); lines != nil {
		t.Errorf("%q", lines)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if more := int64(after.HeapAlloc) - int64(before.HeapAlloc); more > 4<<20 {
		t.Errorf("%d bytes are kept", more)
	}
}

func FuzzImage(f *testing.F) {
	files := map[string]string{"a": program, "b/link": "-> ../a"}
	f.Add(it.UDIF{Size: 4096}.Write(it.HFSDisk(files)))
	f.Add(it.UDIF{Size: 4096}.Write(it.APFSDisk(files)))
	f.Add(it.HFSDisk(files))
	f.Add(it.APFSDisk(files))
	f.Fuzz(func(t *testing.T, b []byte) {
		if lines := walkImage(t, newLimits(t.Context()), b, -1); len(lines) == 0 && bytes.HasPrefix(b[max(0, len(b)-512):], []byte("koly")) {
			t.Error("nothing is told")
		}
	})
}
