package artifact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/hfs"
	it "github.com/codewarrant/codewarrant/internal/imagetest"
)

func TestProgramInAResourceForkIsTold(t *testing.T) {
	packed, fork := it.Decmpfs([]byte(program), 4)
	inline, _ := it.Decmpfs([]byte("data"), 3)
	const told = "opaque: a program as its resource fork, which is not read here"
	for _, row := range []struct {
		name              string
		data, fork, attrs []byte
		compressed        bool
		want              string
	}{
		{name: "a program", data: []byte("data"), fork: []byte(program), want: "x.dmg/icon: " + told},
		{name: "a program beside nothing", fork: []byte("\xca\xfe\xba\xbe\x00\x00\x00\x02"), want: "x.dmg/icon: " + told},
		{name: "a program beside a file that is compressed elsewhere", fork: []byte(program), attrs: inline, compressed: true, want: "x.dmg/icon: " + told},
		{name: "resources", fork: []byte("\x00\x00\x01\x00 and so on")},
		{name: "a byte", fork: []byte("\xcf")},
		{name: "the contents of a file that is compressed there", fork: fork, attrs: packed, compressed: true, want: "x.dmg/icon icon"},
	} {
		var want []string
		if row.want != "" {
			want = []string{row.want}
		}
		t.Run(row.name+" on HFS+", func(t *testing.T) {
			disk := it.HFS{Files: []it.HFSFile{{Path: "icon", Data: row.data, Resources: row.fork, Attribute: row.attrs}}}.Write()
			if diff := cmp.Diff(want, walkImage(t, newLimits(t.Context()), disk, -1)); diff != "" {
				t.Error(diff)
			}
		})
		t.Run(row.name+" on APFS", func(t *testing.T) {
			f := it.APFSFile{Data: row.data, Xattrs: map[string][]byte{"com.apple.ResourceFork": row.fork}}
			if row.compressed {
				f.Flags, f.Xattrs["com.apple.decmpfs"] = 0x20, row.attrs
			}
			disk := it.APFS{Volumes: []it.APFSVolume{{Name: "Acme", Features: 1, Files: map[string]it.APFSFile{"icon": f}}}}.Image().Bytes
			if diff := cmp.Diff(want, walkImage(t, newLimits(t.Context()), disk, -1)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A file may have many names, and is unpacked for each.
func TestWhatAVolumeUnpacksCounts(t *testing.T) {
	const size, names = 1 << 20, 5
	attribute, _ := it.Decmpfs(make([]byte, size), 3)
	h := it.HFS{Files: []it.HFSFile{{Path: it.Private + "/iNode7", Attribute: attribute}}}
	zeros := it.APFSFile{Data: make([]byte, size), Holes: true}
	compressed := it.APFSFile{Flags: 0x20, Xattrs: map[string][]byte{"com.apple.decmpfs": attribute}}
	holes, files := map[string]it.APFSFile{"a": zeros}, map[string]it.APFSFile{"a": compressed}
	for i := range names {
		name := fmt.Sprint("name ", i)
		h.Files = append(h.Files, it.HFSFile{Path: name, Inode: 7})
		holes[name], files[name] = it.APFSFile{Hard: "a"}, it.APFSFile{Hard: "a"}
	}
	apfs := func(files map[string]it.APFSFile) []byte {
		return it.APFS{Volumes: []it.APFSVolume{{Name: "Acme", Features: 1, Files: files}}}.Image().Bytes
	}
	for _, row := range []struct {
		name string
		disk []byte
		each int64 // bytes of a name, at least
	}{
		{"a compressed file on HFS+", h.Write(), size},
		{"a compressed file on APFS", apfs(files), size},
		{"what is not stored on APFS", apfs(holes), 32 << 10},
	} {
		t.Run(row.name, func(t *testing.T) {
			left := newLimits(t.Context())
			if lines := walkImage(t, left, row.disk, -1); lines != nil {
				t.Error(lines)
			}
			if took := maxUnpacked - left.left.Load(); took < names*row.each {
				t.Errorf("%d bytes are counted, of %d names", took, names)
			}
		})
	}
}

func TestFolderThatIsTooLargeToListCounts(t *testing.T) {
	files := map[string]string{}
	for i := range maxListing + 1 {
		files[fmt.Sprint("folder/", i)] = ""
	}
	left := newLimits(t.Context())
	lines := walkImage(t, left, it.HFSDisk(files), -1)
	want := []string{"x.dmg/folder: unreadable: more than 100000 entries, or more than 8388608 bytes of names"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if took := maxEntries - left.entries; took < maxListing {
		t.Errorf("%d entries are counted", took)
	}
}

func TestNamesAreFoundInTime(t *testing.T) {
	disk := it.HFSDisk(map[string]string{"folder/a": "text"})
	v, err := hfs.Open(bytes.NewReader(disk), int64(len(disk)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := inTimePaths{v.Paths(), newUnpacker(ctx)}
	for _, over := range []bool{false, true} {
		_, listed := p.ReadDir("folder")
		_, _, opened := p.Open("folder/a")
		for _, err := range []error{listed, opened, p.Reach("folder/a")} {
			if is := err != nil && strings.Contains(err.Error(), "the time is over"); is != over || !over && err != nil {
				t.Errorf("over: %t, and the error is %v", over, err)
			}
		}
		cancel()
	}
}

// A small image may have a program of many names, or chunks that are read in turn.
func TestADiskIsReadAsOftenAsItsImageIsLarge(t *testing.T) {
	const size = 1 << 20
	left := newLimits(t.Context())
	allow := left.ofImage(size)
	for range freeRead>>20 + maxRead {
		if err := allow(1 << 20); err != nil {
			t.Fatal(err)
		}
	}
	if err := allow(1); err == nil || !strings.Contains(err.Error(), "more than 1000 times as much would have to be read as the image has") {
		t.Errorf("the error is %v", err)
	}
	if took := maxUnpacked - left.left.Load(); took != freeRead+maxRead*size+1 {
		t.Errorf("%d bytes are counted in all", took)
	}
	if err := left.ofImage(1 << 62)(1); err != nil {
		t.Errorf("of a large image: %v", err)
	}
}

func TestWhatIsUnpackedOfAnImageCountsOnce(t *testing.T) {
	const size = 1 << 20
	image := it.UDIF{}.Write(it.HFSDisk(map[string]string{"a": program + string(it.Text(size))}))
	left := newLimits(t.Context())
	walkImage(t, left, image, -1)
	if took := maxUnpacked - left.left.Load(); took < size || took > 4*size {
		t.Errorf("%d bytes are counted of an image of two chunks", took)
	}
}

// macOS opens by a path what it lists to nobody.
func TestProgramsThatNoFolderListsAreTold(t *testing.T) {
	const told = " is in the folder of what hard links lead to, and none leads to it, so that nothing was told of it"
	const inFork = `x.dmg: ambiguous: "temp7" is in the folder of what hard links lead to with a program as its resource fork, and none leads to it, so that nothing was told of it`
	private := func(name string) it.HFSFile { return it.HFSFile{Path: it.Private + "/" + name, Data: []byte(program)} }
	link := it.HFSFile{Path: "tool", Inode: 7}
	damaged, _ := it.Decmpfs([]byte(program), 3)
	damaged = append(damaged[:16:16], "\x78no zlib"...)
	unknown, _ := it.Decmpfs([]byte(program), 99)
	for _, row := range []struct {
		name  string
		files []it.HFSFile
		want  []string
	}{
		{"one that a link leads to", []it.HFSFile{private("iNode7"), link}, []string{"x.dmg/tool tool"}},
		{"one of another number", []it.HFSFile{private("iNode7"), private("iNode8"), link}, []string{"x.dmg/tool tool", `x.dmg: ambiguous: the program "iNode8"` + told}},
		{"one of the same number, otherwise", []it.HFSFile{private("iNode7"), private("iNode07"), link}, []string{"x.dmg/tool tool", `x.dmg: ambiguous: the program "iNode07"` + told}},
		{"one of a name", []it.HFSFile{private("tool")}, []string{`x.dmg: ambiguous: the program "tool"` + told}},
		{"data that was deleted", []it.HFSFile{{Path: it.Private + "/temp7", Data: []byte("data")}}, nil},
		{"one whose contents are damaged", []it.HFSFile{{Path: it.Private + "/temp7", Attribute: damaged}}, []string{`x.dmg: unreadable: "temp7" in the folder of what hard links lead to: com.apple.decmpfs: zlib: invalid header`}},
		{"one whose compression is not known", []it.HFSFile{{Path: it.Private + "/temp7", Attribute: unknown}}, []string{`x.dmg: unsupported: "temp7" in the folder of what hard links lead to: a file compressed by what is not known (type 99), which is not read`}},
		{"one in a resource fork", []it.HFSFile{{Path: it.Private + "/temp7", Resources: []byte(program)}}, []string{inFork}},
		{"one in a resource fork beside what is damaged", []it.HFSFile{{Path: it.Private + "/temp7", Resources: []byte(program), Attribute: damaged}}, []string{inFork}},
		{"a folder", []it.HFSFile{private("folder/tool")}, []string{`x.dmg: ambiguous: the folder "folder" is among what hard links lead to`}},
		{"what hard links to folders lead to", []it.HFSFile{{Path: it.PrivateFolders + "/dir_7/tool", Data: []byte(program)}}, []string{"x.dmg: unsupported: what hard links to folders lead to, which is not read"}},
		{"no folders", []it.HFSFile{{Path: it.PrivateFolders, Folder: true}}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			lines := walkImage(t, newLimits(t.Context()), it.HFS{Files: row.files}.Write(), -1)
			if diff := cmp.Diff(row.want, lines); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLimitsOfWhatNoFolderListsAreTold(t *testing.T) {
	var files []it.HFSFile
	for i := range 12 {
		files = append(files, it.HFSFile{Path: fmt.Sprintf("%s/temp%02d", it.Private, i), Data: []byte("data")})
	}
	programs := slices.Clone(files)
	for i := range programs {
		programs[i].Data = []byte(program)
	}
	for _, row := range []struct {
		name    string
		files   []it.HFSFile
		entries int
		want    string // the last that is told
		told    int
	}{
		{"as many files as are looked at", files, 12, "", 0},
		{"more files than are looked at", files, 11, "x.dmg: unreadable: more than 1000000 files, folders and links: the rest was not looked at; check the artifact in parts", 1},
		{"more programs than are told", programs, 12, "x.dmg: unreadable: there are more files like these in the folder of what hard links lead to; the first 10 are told", 11},
	} {
		t.Run(row.name, func(t *testing.T) {
			left := newLimits(t.Context())
			left.entries = row.entries
			lines := walkImage(t, left, it.HFS{Files: row.files}.Write(), -1)
			if len(lines) != row.told || row.told > 0 && lines[row.told-1] != row.want {
				t.Errorf("%q", lines)
			}
		})
	}
}

func TestAWalkEndsWhereNoMoreIsRead(t *testing.T) {
	left := newLimits(t.Context())
	disk := it.HFSDisk(map[string]string{"a": program, "b": program, "c/d": program})
	errSpent := errors.New("that was all")
	calls := 0
	left.images = append(left.images, func(n int64) error {
		if calls++; calls > 1 {
			return errSpent
		}
		return nil
	})
	want := []string{"x.dmg/a a", "x.dmg/b: unreadable: that was all; it and what is behind it were not looked at"}
	if diff := cmp.Diff(want, walkImage(t, left, disk, -1)); diff != "" {
		t.Error(diff)
	}
}
