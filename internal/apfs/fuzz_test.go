package apfs_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/apfs"
	"github.com/codewarrant/codewarrant/internal/imagetest"
)

// small are containers of few blocks.
func small() []*imagetest.APFSImage {
	files := map[string]imagetest.APFSFile{}
	for name, f := range everything() {
		if len(f.Data) < 50_000 && name != "large" {
			files[name] = f
		}
	}
	large, fork := imagetest.Decmpfs(bytes.Repeat([]byte("text "), 20_000), 4)
	files["fork"] = imagetest.APFSFile{Flags: 0x20, Xattrs: map[string][]byte{"com.apple.decmpfs": large, "com.apple.ResourceFork": fork}}
	var list []*imagetest.APFSImage
	for _, features := range []uint64{insensitive, normalised, plain} {
		for _, keys := range []int{0, 3} {
			list = append(list, imagetest.APFS{Keys: keys, Volumes: []imagetest.APFSVolume{{Features: features, Files: files}}}.Image())
		}
	}
	return list
}

// change is one of an object, whose checksum is made right after it: which, where, and what.
const change = 5

// changed returns an image with changes.
func changed(i *imagetest.APFSImage, names []string, changes []byte) *imagetest.APFSImage {
	i = i.Clone()
	for ; len(changes) >= change; changes = changes[change:] {
		name := names[int(changes[0])%len(names)]
		b := i.Block(name)
		at := int(le.Uint16(changes[1:])) % (len(b) - 1)
		copy(b[at:], changes[3:5])
		i.Seal(name)
	}
	return i
}

// FuzzAPFS reads containers whose objects were changed and have right checksums. What is read is
// the same twice, and what is listed is found.
func FuzzAPFS(f *testing.F) {
	images := small()
	names := slices.Sorted(maps.Keys(images[1].Objects))
	for n := range images {
		f.Add(uint8(n), []byte{})
		f.Add(uint8(n), []byte{1, 0x24, 0, 0xff, 0xff, 2, 0x38, 0, 1, 0})
	}
	f.Fuzz(func(t *testing.T, n uint8, changes []byte) {
		image := images[int(n)%len(images)]
		use := slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, ok := image.Objects[name]; return !ok })
		b := changed(image, use, changes).Bytes
		first, second := walked(b), walked(b)
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("it is read differently the second time: %s", diff)
		}
		for name, is := range first {
			if strings.Contains(is, "file does not exist") && !strings.Contains(is, "attribute") {
				t.Errorf("%q is listed, but not found: %s", name, is)
			}
		}
	})
}

// FuzzContainer reads anything as a container.
func FuzzContainer(f *testing.F) {
	for _, features := range []uint64{insensitive, plain} {
		i := imagetest.APFS{Volumes: []imagetest.APFSVolume{{Features: features, Files: map[string]imagetest.APFSFile{"a/b": {Data: []byte("b")}, "c": {Link: "a"}}}}}.Image()
		f.Add(i.Bytes)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if apfs.IsContainer(bytes.NewReader(b)) {
			walked(b)
		}
	})
}
