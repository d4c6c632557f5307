package apfs_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/apfs"
	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/imagetest"
)

const insensitive, normalised, plain = 1, 8, 0

// listing walks a volume: what is at each path, and the errors.
func listing(v *apfs.Volume) map[string]string {
	list := map[string]string{}
	if v.Err != nil {
		list["."] = "error: " + v.Err.Error()
		return list
	}
	paths := v.Paths()
	var walk func(dir string, depth int)
	walk = func(dir string, depth int) {
		entries, err := paths.ReadDir(dir)
		if err != nil {
			list[dir+"/"] = "error: " + err.Error()
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			list[name] = describe(paths, name, e)
			if e.IsDir() && depth < 100 {
				walk(name, depth+1)
			}
		}
	}
	walk(".", 0)
	return list
}

func describe(v *apfs.Paths, name string, e fs.DirEntry) string {
	switch {
	case e.IsDir():
		return "folder"
	case e.Type() == fs.ModeSymlink:
		target, err := v.Readlink(name)
		if err != nil {
			return "error: " + err.Error()
		}
		return "link to " + target
	case !e.Type().IsRegular():
		return e.Type().String()
	}
	r, size, err := v.Open(name)
	if err != nil {
		return "error: " + err.Error()
	}
	h := sha256.New()
	if n, err := io.Copy(h, io.NewSectionReader(r, 0, min(size, 1<<20))); err != nil {
		return fmt.Sprintf("error after %d bytes: %v", n, err)
	}
	return fmt.Sprintf("%d bytes, %x", size, h.Sum(nil)[:4])
}

func bytesOf(b []byte) string {
	s := sha256.Sum256(b)
	return fmt.Sprintf("%d bytes, %x", len(b), s[:4])
}

func open(t testing.TB, i *imagetest.APFSImage) *apfs.Container {
	t.Helper()
	c, err := apfs.Open(bytes.NewReader(i.Bytes), int64(len(i.Bytes)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// walked returns the listing of the first volume, or the error of the container.
func walked(b []byte) map[string]string {
	c, err := apfs.Open(bytes.NewReader(b), int64(len(b)))
	switch {
	case err != nil:
		return map[string]string{".": "error: " + err.Error()}
	case len(c.Volumes) == 0:
		return map[string]string{}
	}
	return listing(c.Volumes[0])
}

// wrong returns the errors of a listing.
func wrong(list map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(list)) {
		if strings.HasPrefix(list[name], "error") {
			all = append(all, name+": "+list[name])
		}
	}
	return strings.Join(all, "\n")
}

// noise returns bytes that are not repeated soon.
func noise(n int) []byte {
	b := make([]byte, 0, n+32)
	for i := 0; len(b) < n; i++ {
		s := sha256.Sum256(fmt.Append(nil, i))
		b = append(b, s[:]...)
	}
	return b[:n]
}

// everything is of each kind that a volume may hold.
var everything = sync.OnceValue(func() map[string]imagetest.APFSFile {
	sparse := make([]byte, 100_000)
	copy(sparse[50_000:], "in the middle")
	small, _ := imagetest.Decmpfs([]byte("a text, a text, a text"), 3)
	large, fork := imagetest.Decmpfs(noise(200_000), 8)
	return map[string]imagetest.APFSFile{
		"A.app/Contents/MacOS/A":           {Data: noise(30_000)},
		"A.app/Contents/MacOS/B":           {Hard: "A.app/Contents/MacOS/A"},
		"A.app/Contents/Info.plist":        {Data: []byte("a list")},
		"A.app/Contents/Resources/ünï.txt": {Data: []byte("ü")},
		"A.app/Contents/Versions/Current":  {Link: "A"},
		"A.app/Contents/Versions/A/x":      {Data: []byte("x")},
		"Applications":                     {Link: "/Applications"},
		"empty":                            {},
		"empty folder":                     {Mode: 0x4000},
		"pieces":                           {Data: noise(150_000), Extent: 4096},
		"sparse":                           {Data: sparse, Holes: true},
		"socket":                           {Mode: 0xc000},
		"small":                            {Flags: 0x20, Xattrs: map[string][]byte{"com.apple.decmpfs": small}},
		"large":                            {Flags: 0x20, Xattrs: map[string][]byte{"com.apple.decmpfs": large, "com.apple.ResourceFork": fork, "other": []byte("value")}},
		"Straße Ǆ ﬁ İ ΐ ᾼ ꭰ":               {Data: []byte("names")},
	}
})

func wantEverything() map[string]string {
	want := map[string]string{}
	for name, f := range everything() {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			want[dir] = "folder"
		}
		switch {
		case f.Link != "":
			want[name] = "link to " + f.Link
		case f.Hard != "":
			want[name] = bytesOf(everything()[f.Hard].Data)
		default:
			want[name] = bytesOf(f.Data)
		}
	}
	want["empty folder"] = "folder"
	want["socket"] = fs.ModeSocket.String()
	want["small"] = bytesOf([]byte("a text, a text, a text"))
	want["large"] = bytesOf(noise(200_000))
	return want
}

func TestAVolumeIsRead(t *testing.T) {
	for _, features := range []uint64{insensitive, normalised, plain, insensitive | 0x80 | 0x200} {
		for _, size := range []int{4096, 65536} {
			for _, keys := range []int{0, 2} {
				t.Run(fmt.Sprintf("features %#x, blocks of %d bytes, %d keys", features, size, keys), func(t *testing.T) {
					i := imagetest.APFS{BlockSize: size, Keys: keys, Volumes: []imagetest.APFSVolume{{Name: "V", Features: features, Files: everything()}}}.Image()
					c := open(t, i)
					if diff := cmp.Diff(wantEverything(), listing(c.Volumes[0])); diff != "" {
						t.Error(diff)
					}
				})
			}
		}
	}
}

// A walk by entries tells the same as one by names.
func TestAWalkTellsTheSame(t *testing.T) {
	for _, features := range []uint64{insensitive, normalised, plain} {
		i := imagetest.APFS{Keys: 5, Volumes: []imagetest.APFSVolume{{Features: features, Files: everything()}}}.Image()
		v := open(t, i).Volumes[0]
		list := map[string]string{}
		for f, err := range v.Walk() {
			if err != nil || f.Node.Err != nil {
				t.Fatal(f.Path, err, f.Node.Err)
			}
			switch {
			case f.Node.Mode.IsDir():
				list[f.Path] = "folder"
			case f.Node.Mode == fs.ModeSymlink:
				target, err := v.Readlink(f.Node)
				list[f.Path] = fmt.Sprint("link to ", target)
				if err != nil {
					t.Error(err)
				}
			case f.Node.Mode.IsRegular():
				r, size, err := v.Open(f.Node)
				if err != nil {
					t.Fatal(err)
				}
				b, err := io.ReadAll(io.NewSectionReader(r, 0, size))
				if err != nil || int64(len(b)) != f.Node.Size {
					t.Error(f.Path, len(b), f.Node.Size, err)
				}
				list[f.Path] = bytesOf(b)
				if hard := strings.Contains(f.Path, "MacOS/"); f.Node.Hard != hard || (f.Node.Compression != 0) != (f.Path == "small" || f.Path == "large") {
					t.Errorf("%s: %t, %d", f.Path, f.Node.Hard, f.Node.Compression)
				}
			default:
				list[f.Path] = f.Node.Mode.String()
			}
		}
		if diff := cmp.Diff(wantEverything(), list); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAFileIsReadAtAnyOffset(t *testing.T) {
	i := imagetest.APFS{Keys: 3, Volumes: []imagetest.APFSVolume{{Features: insensitive, Files: everything()}}}.Image()
	v := open(t, i).Volumes[0].Paths()
	sparse := everything()["sparse"].Data
	for name, want := range map[string][]byte{"pieces": noise(150_000), "sparse": sparse, "large": noise(200_000), "empty": nil} {
		r, size, err := v.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(io.NewSectionReader(r, 0, size), want); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVolumesAreTold(t *testing.T) {
	i := imagetest.APFS{Volumes: []imagetest.APFSVolume{
		{Name: "One", Features: insensitive, Files: map[string]imagetest.APFSFile{"a": {Data: []byte("1")}}},
		{Name: "Zwei", Features: normalised, Snapshots: 3, Files: map[string]imagetest.APFSFile{"a": {Data: []byte("22")}}},
		{Name: "Secret", Encrypted: true},
		{Features: 0x20},
	}}.Image()
	var got []string
	for _, v := range open(t, i).Volumes {
		got = append(got, fmt.Sprintf("%q %t %v %v", v.Name, v.CaseInsensitive, v.Problems, v.Err))
		if v.Err == nil {
			got = append(got, listing(v)["a"])
		}
	}
	want := []string{
		`"One" true [] <nil>`, bytesOf([]byte("1")),
		`"Zwei" false [what 3 snapshots of the volume hold, which is not read] <nil>`, bytesOf([]byte("22")),
		`"Secret" false [] volume "Secret": an encrypted volume, which is not read`,
		`"" false [] volume of the object 0x409: a sealed volume, which is not read`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNamesAreFoundAsMacOSFindsThem(t *testing.T) {
	const composed, decomposed = "\u00e9", "e\u0301"
	files := map[string]imagetest.APFSFile{
		"Dir/File": {Data: []byte("file")}, composed: {Data: []byte("accent")},
		"Straße": {Data: []byte("street")}, "link": {Link: "dir/FILE"}, "up": {Link: "Dir/../Dir/File"},
		"out": {Link: "../x"}, "absolute": {Link: "/Dir/File"}, "loop": {Link: "loop"}, "folder": {Link: "Dir"}, "dangling": {Link: "nowhere"},
		"Dir/through": {Link: "../folder/File"},
	}
	for _, tt := range []struct {
		features uint64
		name     string
		want     string
	}{
		{insensitive, "Dir/File", "file"},
		{insensitive, "dIR/fILE", "file"},
		{insensitive, decomposed, "accent"},
		{insensitive, "E\u0301", "accent"},
		{insensitive, "STRASSE", "street"},
		{insensitive, "link", "file"},
		{normalised, "Dir/File", "file"},
		{normalised, "dir/File", "file does not exist"},
		{normalised, decomposed, "accent"},
		{normalised, "E\u0301", "file does not exist"},
		{normalised, "link", "file does not exist"},
		{plain, "Dir/File", "file"},
		{plain, "Dir/file", "file does not exist"},
		{plain, decomposed, "file does not exist"},
		{insensitive, "up", "file"},
		{insensitive, "folder/File", "file"},
		{insensitive, "folder/through", "file"},
		{insensitive, "./Dir/./File", "file"},
		{insensitive, "Dir/File/x", "not a folder"},
		{insensitive, "Dir", "not a regular file"},
		{insensitive, "out", "leads out of the volume"},
		{insensitive, "absolute", "leads out of the volume"},
		{insensitive, "..", "leads out of the volume"},
		{insensitive, "loop", "more than 32 links to follow"},
		{insensitive, "dangling", "file does not exist"},
		{insensitive, strings.Repeat("x", 2000), "file does not exist"},
	} {
		t.Run(fmt.Sprintf("%.20s with the features %d", tt.name, tt.features), func(t *testing.T) {
			v := open(t, imagetest.APFS{Volumes: []imagetest.APFSVolume{{Features: tt.features, Files: files}}}.Image()).Volumes[0].Paths()
			for range 2 { // what was found before makes no difference
				got := ""
				if r, size, err := v.Open(tt.name); err != nil {
					got = err.Error()
				} else if b, err := io.ReadAll(io.NewSectionReader(r, 0, size)); err != nil {
					got = err.Error()
				} else {
					got = string(b)
				}
				if got != tt.want {
					t.Errorf("it is %q, not %q", got, tt.want)
				}
				v.Open("Dir/File")
			}
		})
	}
}

func TestWhatIsNotReadIsNamed(t *testing.T) {
	set := func(object string, at int, v byte) func(*imagetest.APFSImage) {
		return func(i *imagetest.APFSImage) { i.Block(object)[at] |= v; i.Seal(object) }
	}
	for _, tt := range []struct {
		name   string
		change func(*imagetest.APFSImage)
		want   string
	}{
		{"two disks", set("container", 0x41, 1), "a container on two disks (Fusion)"},
		{"a prerelease", set("container", 0x40, 1), "a container of the prerelease of macOS 10.12"},
		{"features of the container that are not known", set("container", 0x42, 1), "a container with the features 0x10002"},
		{"checkpoints in a tree", set("copy", 0x77, 0x80), "a container whose checkpoints are in a tree"},
		{"a sealed volume", set("volume 0", 0x38, 0x20), "a sealed volume"},
		{"an encryption that was changed", set("volume 0", 0x38, 0x4), "a volume whose encryption was changed"},
		{"an encryption that is being changed", set("map 0", 0x20, 0x2), "a volume whose encryption is being changed"},
		{"the state of an encryption", set("volume 0", 0x3d0, 1), "a volume whose encryption was changed"},
		{"a volume that was not restored", set("volume 0", 0x38, 0x10), "a volume that was not restored completely"},
		{"keys of files", set("volume 0", 0x38, 0x40), "a volume with the features 0x40"},
		{"features that are not known", set("volume 0", 0x3a, 1), "a volume with the features 0x10000"},
		{"a snapshot that it goes back to", set("volume 0", 0xa0, 1), "a volume that is a snapshot when it is next mounted (apfs_revert_to_xid)"},
		{"a snapshot that is its root", set("volume 0", 0x3c8, 1), "a volume whose root is a snapshot (apfs_root_to_xid)"},
		{"an encrypted node", set("tree 0", 0x1b, 0x10), "an encrypted tree"},
		{"a hashed node", set("tree 0", 0x20, 0x8), "a tree of a sealed volume"},
		{"a hashed tree", set("tree 0", 4096-40, 0x80), "a tree of a sealed volume"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := imagetest.APFS{Volumes: []imagetest.APFSVolume{{Name: "V", Features: insensitive, Files: everything()}}}.Image()
			tt.change(i)
			c, err := apfs.Open(bytes.NewReader(i.Bytes), int64(len(i.Bytes)))
			if err == nil {
				err = c.Volumes[0].Err
				if _, got := c.Volumes[0].Paths().ReadDir("."); !errors.Is(got, err) {
					t.Errorf("the error of a folder is %v, not %v", got, err)
				}
				if _, got := c.Volumes[0].Lookup(apfs.Root, "A.app"); !errors.Is(got, err) {
					t.Errorf("the error of a name is %v, not %v", got, err)
				}
				if !walkTells(c.Volumes[0]) {
					t.Error("a walk has no error")
				}
			}
			u, ok := errors.AsType[*archive.UnsupportedError](err)
			if !ok || u.What != tt.want {
				t.Errorf("the error is %v, not %q", err, tt.want)
			}
		})
	}
}

func TestAnObjectThatWasChangedIsAnError(t *testing.T) {
	i := imagetest.APFS{Keys: 4, Volumes: []imagetest.APFSVolume{{Features: insensitive, Files: everything()}}}.Image()
	good := walked(i.Bytes)
	if diff := cmp.Diff(wantEverything(), good); diff != "" {
		t.Fatal(diff)
	}
	for name := range i.Objects {
		for _, at := range []int{8, 60, 2000, 4095} {
			changed := i.Clone()
			changed.Block(name)[at] ^= 0x10
			got := walked(changed.Bytes)
			switch name {
			case "before", "before, map", "damaged", "damaged, map":
				if diff := cmp.Diff(good, got); diff != "" {
					t.Errorf("%s, byte %d: another checkpoint makes a difference: %s", name, at, diff)
				}
			default:
				if errors := wrong(got); !strings.Contains(errors, "checksum") && !strings.Contains(errors, "is damaged") {
					t.Errorf("%s, byte %d: no error of the checksum, but %s", name, at, errors)
				}
			}
		}
	}
}

func TestNamesThatAreOneAreAmbiguous(t *testing.T) {
	i := imagetest.APFS{Volumes: []imagetest.APFSVolume{{Features: insensitive, Files: map[string]imagetest.APFSFile{"Tool": {}, "tool": {}}}}}.Image()
	entries, err := open(t, i).Volumes[0].Paths().ReadDir(".")
	if len(entries) != 2 {
		t.Errorf("%d entries, not 2", len(entries))
	}
	if _, ok := errors.AsType[*archive.AmbiguousError](err); !ok {
		t.Errorf("the error is %v", err)
	}
}
