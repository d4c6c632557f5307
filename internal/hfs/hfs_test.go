package hfs_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/hfs"
	. "github.com/codewarrant/codewarrant/internal/imagetest"
	"github.com/codewarrant/codewarrant/internal/udif"
	"github.com/codewarrant/codewarrant/internal/volume"
)

func open(t testing.TB, b []byte) *hfs.Volume {
	t.Helper()
	v, err := hfs.Open(reader(b))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func reader(b []byte) (io.ReaderAt, int64) { return bytes.NewReader(b), int64(len(b)) }

// listing is what is on a volume: the type of each path, and its contents or where it
// leads to.
func listing(t testing.TB, v *hfs.Volume) map[string]string {
	t.Helper()
	found := map[string]string{}
	for f, err := range v.Walk() {
		switch {
		case err != nil:
			found[f.Path] = "error: " + err.Error()
		case f.Node.Err != nil:
			found[f.Path] = "unread: " + f.Node.Err.Error()
		case f.Node.Mode.IsDir():
			found[f.Path] = "folder"
		case f.Node.Mode == fs.ModeSymlink:
			target, err := v.Readlink(f.Node)
			found[f.Path] = fmt.Sprintf("-> %s %v", target, err)
		case f.Node.Mode.IsRegular():
			found[f.Path] = contents(v, f)
		default:
			found[f.Path] = f.Node.Mode.String()
		}
	}
	return found
}

func contents(v *hfs.Volume, f volume.Found[hfs.Entry]) string {
	r, size, err := v.Open(f.Node)
	if err != nil {
		return "unopened: " + err.Error()
	}
	if size != f.Node.Size {
		return fmt.Sprintf("%d bytes, where the listing has %d", size, f.Node.Size)
	}
	b, err := io.ReadAll(io.NewSectionReader(r, 0, size))
	if err != nil {
		return "unreadable: " + err.Error()
	}
	return string(b)
}

func TestVolumeIsReadAsItWasWritten(t *testing.T) {
	text := Text(300_000)
	files := []HFSFile{
		{Path: "Acme.app/Contents/MacOS/Acme", Data: text},
		{Path: "Acme.app/Contents/Info.plist", Data: []byte("plist")},
		{Path: "empty"},
		{Path: "Applications", Symlink: "/Applications"},
		{Path: "e\u0301 decomposed", Data: []byte("e")},
		{Path: "a folder", Folder: true},
		{Path: "a folder/a:b", Data: []byte("a colon, which is a slash in paths")},
	}
	want := map[string]string{
		"Acme.app": "folder", "Acme.app/Contents": "folder", "Acme.app/Contents/MacOS": "folder",
		"Acme.app/Contents/MacOS/Acme": string(text), "Acme.app/Contents/Info.plist": "plist", "empty": "",
		"Applications": "-> /Applications <nil>", "e\u0301 decomposed": "e", "a folder": "folder",
		"a folder/a/b": "unread: the name \"a/b\", which no path can have",
	}
	for _, row := range []struct {
		name   string
		volume HFS
	}{
		{"HFS+", HFS{}},
		{"HFSX", HFS{X: true}},
		{"small blocks and nodes", HFS{BlockSize: 512, NodeSize: 1024}},
		{"large blocks", HFS{BlockSize: 1 << 16, NodeSize: 1 << 13}},
		{"files in many extents", HFS{BlockSize: 512, Fragment: 1}},
		{"in an HFS volume", HFS{Wrapped: true}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.volume.Files = files
			v := open(t, row.volume.Write())
			if v.Name != "Acme" || v.Extended != row.volume.X || v.CaseSensitive != row.volume.X {
				t.Errorf("%+v", v)
			}
			if diff := cmp.Diff(want, listing(t, v)); diff != "" {
				t.Error(diff)
			}
			if told := len(v.Problems) > 0; told != row.volume.Wrapped {
				t.Error(v.Problems)
			}
		})
	}
}

func TestVolumeOfManyFilesIsListedWhole(t *testing.T) {
	var h HFS
	want := map[string]string{}
	h.NodeSize = 1024
	for i := range 3000 {
		name := fmt.Sprintf("folder %02d/file %04d", i%37, i)
		h.Files = append(h.Files, HFSFile{Path: name, Data: fmt.Append(nil, i)})
		want[name], want[name[:9]] = fmt.Sprint(i), "folder"
	}
	v := open(t, h.Write())
	if diff := cmp.Diff(want, listing(t, v)); diff != "" {
		t.Error(diff)
	}
}

func TestLinksAreFollowedToWhatTheyLinkTo(t *testing.T) {
	text := Text(70_000)
	attribute, fork := Decmpfs(text, 4)
	h := HFS{Files: []HFSFile{
		{Path: Private, Folder: true},
		{Path: Private + "/iNode7", Data: text},
		{Path: Private + "/iNode70", Data: []byte("another")},
		{Path: Private + "/iNode8", Attribute: attribute, Resources: fork},
		{Path: Private + "/temp99", Data: []byte("deleted, and not closed yet")},
		{Path: PrivateFolders, Folder: true},
		{Path: PrivateFolders + "/dir_9", Folder: true},
		{Path: "one", Inode: 7},
		{Path: "in/two", Inode: 7},
		{Path: "packed", Inode: 8},
		{Path: "lost", Inode: 6},
		{Path: "folder", FolderOf: 9},
	}}
	v := open(t, h.Write())
	want := map[string]string{
		"one": string(text), "in": "folder", "in/two": string(text), "packed": string(text),
		"lost":   "unread: hard link: there is no file iNode6, of which it is another name",
		"folder": "unread: a hard link to the folder dir_9, which is not read",
	}
	if diff := cmp.Diff(want, listing(t, v)); diff != "" {
		t.Error(diff)
	}
	for f := range v.Walk() {
		if f.Node.Hard != (f.Path == "one" || f.Path == "in/two" || f.Path == "packed") {
			t.Errorf("%s is taken for one of several names: %t", f.Path, f.Node.Hard)
		}
	}
}

// compressions are the types of decmpfs that are read.
var compressions = []uint32{1, 3, 4, 7, 8, 11, 12}

func TestCompressedFilesAreUnpacked(t *testing.T) {
	var h HFS
	want := map[string]string{}
	for _, kind := range compressions {
		inline := kind == 1 || kind == 3 || kind == 7 || kind == 11
		for _, n := range []int{0, 1, 1000, 64 << 10, 64<<10 + 1, 300_000} {
			text := Text(n)
			attribute, fork := Decmpfs(text, kind)
			if len(attribute) > 3802 || n == 0 && !inline {
				continue
			}
			name := fmt.Sprintf("%d bytes by %d", n, kind)
			h.Files = append(h.Files, HFSFile{Path: name, Attribute: attribute, Resources: fork})
			want[name] = string(text)
		}
	}
	if len(want) < 25 {
		t.Fatalf("%d files", len(want))
	}
	if diff := cmp.Diff(want, listing(t, open(t, h.Write()))); diff != "" {
		t.Error(diff)
	}
}

func TestCompressedFileIsReadFromAnywhere(t *testing.T) {
	text := Text(200_000)
	for _, kind := range []uint32{4, 8, 12} {
		attribute, fork := Decmpfs(text, kind)
		v := open(t, HFS{Files: []HFSFile{{Path: "f", Attribute: attribute, Resources: fork}}}.Write())
		for f := range v.Walk() {
			if f.Node.Resources != 0 {
				t.Errorf("a resource fork of %d bytes, which holds the contents", f.Node.Resources)
			}
			r, _, err := v.Open(f.Node)
			if err != nil {
				t.Fatal(err)
			}
			for at := 0; at < len(text)+5000; at += 4999 {
				b := make([]byte, 70_001)
				n, err := r.ReadAt(b, int64(at))
				want := text[min(at, len(text)):min(at+len(b), len(text))]
				if !bytes.Equal(b[:n], want) || (err == io.EOF) != (n < len(b)) {
					t.Fatalf("type %d at %d: %d bytes, %v", kind, at, n, err)
				}
			}
		}
	}
}

func TestResourceForkIsRead(t *testing.T) {
	v := open(t, HFS{BlockSize: 512, Fragment: 1, Files: []HFSFile{{Path: "f", Data: []byte("data"), Resources: Text(10_000)}}}.Write())
	for f := range v.Walk() {
		r, size, err := v.OpenResources(f.Node)
		if err != nil || size != 10_000 || f.Node.Resources != size {
			t.Fatal(err, size)
		}
		if b, err := io.ReadAll(io.NewSectionReader(r, 0, size)); err != nil || !bytes.Equal(b, Text(10_000)) {
			t.Error(err)
		}
	}
}

func TestFilesThatAreNotToBeTrustedAreTold(t *testing.T) {
	attribute, fork := Decmpfs(Text(100_000), 4)
	be := binary.BigEndian
	flag := func(r []byte) { r[41] |= 0x20 }
	changed := func(at int, b ...byte) []byte {
		a := bytes.Clone(attribute)
		copy(a[at:], b)
		return a
	}
	for _, row := range []struct {
		file HFSFile
		want string
	}{
		{HFSFile{Path: "compressed, and with data", Attribute: attribute, Resources: fork, Data: []byte("x")}, "unread: it is compressed, and has 1 bytes in its data fork"},
		{HFSFile{Path: "marked as compressed", Record: flag}, "unread: it is marked as compressed, and has no attribute com.apple.decmpfs"},
		{HFSFile{Path: "compressed by a generation store", Attribute: changed(4, 5)}, "unread: a file compressed by a generation store (type 5), which is not read"},
		{HFSFile{Path: "compressed by something else", Attribute: changed(4, 99)}, "unread: a file compressed by what is not known (type 99), which is not read"},
		{HFSFile{Path: "of another magic", Attribute: changed(0, 'x')}, "unread: 16 bytes of com.apple.decmpfs that are no header of it"},
		{HFSFile{Path: "of 2^63 bytes", Attribute: changed(15, 0x80)}, "unread: a compressed file of 9223372036854875808 bytes, where the limit is 1099511627776"},
		{HFSFile{Path: "of another number of blocks", Attribute: changed(10, 9), Resources: fork}, "unopened: compressed resource fork: 2 blocks, where 10 belong"},
		{HFSFile{Path: "without its resource fork", Attribute: attribute}, "unopened: compressed resource fork: 16 bytes at offset 0 are past the end at 0"},
		{HFSFile{Path: "with a fork larger than the volume", Record: func(r []byte) { be.PutUint64(r[88:], 1<<60) }}, "unread: catalog: forks of 1152921504606846976 and 0 bytes on a volume of"},
		{HFSFile{Path: "with a fork of no blocks", Record: func(r []byte) { be.PutUint64(r[88:], 5000) }}, "unopened: extents of 0 blocks, where 2 are needed"},
		{HFSFile{Path: "with an extent past the volume", Data: []byte("x"), Record: func(r []byte) { be.PutUint32(r[104:], 1<<31) }}, "unopened: an extent of 1 blocks from 2147483648 on, where the volume has"},
		{HFSFile{Path: "of a folder's mode", Record: func(r []byte) { be.PutUint16(r[42:], 0o40755) }}, "unread: catalog: a file of the mode 040755"},
		{HFSFile{Path: "a device", Record: func(r []byte) { be.PutUint16(r[42:], 0o20755) }}, "Dc---------"},
		{HFSFile{Path: "a link to a long path", Symlink: strings.Repeat("x", 2000)}, "->  a link to a path of 2000 bytes"},
		{HFSFile{Path: "a hard link", Inode: 5}, "unread: hard link: there is no folder of what hard links lead to"},
	} {
		t.Run(row.file.Path, func(t *testing.T) {
			h := HFS{Files: []HFSFile{row.file, {Path: "another", Attribute: attribute, Resources: fork}}}
			got := listing(t, open(t, h.Write()))
			if !strings.HasPrefix(got[row.file.Path], row.want) || len(got) != 2 || got["another"] != string(Text(100_000)) {
				t.Errorf("got  %.200s\nwant %s", got[row.file.Path], row.want)
			}
		})
	}
}

func TestVolumesThatAreNotReadAreTold(t *testing.T) {
	be := binary.BigEndian
	header := func(at int, b ...byte) []byte {
		return HFS{Files: []HFSFile{{Path: "f"}}, Header: func(h []byte) { copy(h[at:], b) }}.Write()
	}
	classic := HFS{Wrapped: true}.Write()
	be.PutUint16(classic[1024+124:], 0)
	// The catalog's header node, by the place that the volume header has of it.
	catalog := func(change func(node []byte)) []byte {
		b := HFS{Files: []HFSFile{{Path: "f"}}}.Write()
		change(b[int(be.Uint32(b[1024+272+16:]))*4096:])
		return b
	}
	const node = 4096
	for _, row := range []struct {
		name, want string
		image      []byte
	}{
		{"nothing", "volume header: 512 bytes at offset 1024 are past the end at 0", nil},
		{"zeros", "volume header: the signature 0x0000 at offset 1024, which is not that of HFS+ or HFSX", make([]byte, 8192)},
		{"HFS", "an HFS volume (not HFS+), which is not read", classic},
		{"another version", "volume header: HFS+ of the version 9, which is not read", header(3, 9)},
		{"blocks of 100 bytes", "volume header: blocks of 100 bytes", header(40, 0, 0, 0, 100)},
		{"a catalog past the volume", "catalog: a fork of 18374686479671631872 bytes on a volume of", header(272, 0xff)},
		{"a catalog without extents", "catalog: extents of 0 blocks, where 2 are needed", header(272+20, 0, 0, 0, 0)},
		{"a catalog whose first node is none", "catalog: the first node is of the kind 0, and no header", catalog(func(b []byte) { b[8] = 0 })},
		{"nodes of 100 bytes", "catalog: nodes of 100 bytes", catalog(func(b []byte) { be.PutUint16(b[14+18:], 100) })},
		{"more nodes than the file has", "catalog: 4026531842 nodes of 4096 bytes in a file of 8192", catalog(func(b []byte) { b[14+22] = 0xf0 })},
		{"a tree of 100 levels", "catalog: a depth of 100, where the limit is 32", catalog(func(b []byte) { be.PutUint16(b[14:], 100) })},
		{"a root that is an index to itself", "catalog: node 1: it is of the kind 255, at the height 2", catalog(func(b []byte) {
			be.PutUint16(b[14:], 2)
			b[node+9] = 2
		})},
		{"a root that is not there", "catalog: node 77: there are 2", catalog(func(b []byte) { be.PutUint32(b[14+2:], 77) })},
		{"leaves in a circle", "catalog: the chain of leaves and the index lead to other nodes: to 1 and 0 behind 1", catalog(func(b []byte) {
			be.PutUint32(b[node:], 1)
			be.PutUint16(b[node+10:], 1) // the root folder, and so again
		})},
		{"more records than fit in a node", "catalog: node 1: 65535 records, more than fit", catalog(func(b []byte) { be.PutUint16(b[node+10:], 0xffff) })},
		{"records that overlap", "catalog: node 1: the record 2 of 3 is at 1, between 14 and 4088", catalog(func(b []byte) { be.PutUint16(b[2*node-4:], 1) })},
		{"a key that is longer than its record", "catalog: node 1: record 2: a key that does not fit its record", catalog(func(b []byte) { be.PutUint16(b[node+int(be.Uint16(b[2*node-4:])):], 0xfff0) })},
		{"no root folder", "catalog: there is no root folder", catalog(func(b []byte) { be.PutUint32(b[node+14+2+14+8:], 99) })},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := hfs.Open(bytes.NewReader(row.image), int64(len(row.image)))
			if err == nil || !strings.HasPrefix(err.Error(), row.want) {
				t.Errorf("got  %v\nwant %s", err, row.want)
			}
			_, unsupported := errors.AsType[*archive.UnsupportedError](err)
			if unsupported != strings.HasSuffix(row.want, "which is not read") {
				t.Errorf("%v is of the type for what is not read: %t", err, unsupported)
			}
		})
	}
}

func TestFoldersThatAreOneAreToldAndWalkedOnce(t *testing.T) {
	be := binary.BigEndian
	v := open(t, HFS{Files: []HFSFile{
		{Path: "a/b/f", Data: []byte("x")},
		{Path: "a/b/loop", Folder: true, ID: 900, Record: func(r []byte) { be.PutUint32(r[8:], 16) }},
	}}.Write())
	want := map[string]string{
		"a": "folder", "a/b": "folder", "a/b/f": "x",
		"a/b/loop": "error: two folders are one, of the number 16",
	}
	if diff := cmp.Diff(want, listing(t, v)); diff != "" {
		t.Error(diff)
	}
}

func TestProblemsOfAVolumeAreTold(t *testing.T) {
	be, le := binary.BigEndian, binary.LittleEndian
	journal := func(order binary.ByteOrder, start, end uint64) []byte {
		b := make([]byte, 512)
		order.PutUint32(b, 0x4a4e4c78)
		order.PutUint32(b[4:], 0x12345678)
		order.PutUint64(b[8:], start)
		order.PutUint64(b[16:], end)
		return b
	}
	// sized is a journal of 4,096 bytes, of which the first 512 are the header.
	sized := func(start, end uint64) []byte {
		b := journal(le, start, end)
		le.PutUint64(b[24:], 4096)
		le.PutUint32(b[40:], 512)
		return b
	}
	// flagged is one of changes that has other flags.
	flagged := func(flags uint32) []byte {
		b := HFS{Journal: journal(le, 512, 1024)}.Write()
		be.PutUint32(b[be.Uint32(b[1024+12:])*4096:], flags)
		return b
	}
	put := func(at int, value uint32) func([]byte) { return func(b []byte) { be.PutUint32(b[at:], value) } }
	noHeader := HFS{}.Write()
	clear(noHeader[1024:1536])
	other := HFS{}.Write()
	be.PutUint32(other[len(other)-1024+44:], 4)
	for _, row := range []struct {
		name, want string
		image      []byte
	}{
		{"a journal of nothing", "[]", HFS{Journal: journal(le, 512, 512)}.Write()},
		{"a journal of nothing, of a PowerPC", "[]", HFS{Journal: journal(be, 512, 512)}.Write()},
		{"a journal of changes", "[journal: there are changes in it that are not on the volume yet]", HFS{Journal: journal(le, 512, 1024)}.Write()},
		{"a journal of changes, of a PowerPC", "[journal: there are changes in it that are not on the volume yet]", HFS{Journal: journal(be, 512, 1024)}.Write()},
		{"a journal without a header", "[journal: it has no header]", HFS{Journal: make([]byte, 512)}.Write()},
		{"a journal of changes on a volume that was mounted last without one", "[journal: there are changes in it that are not on the volume yet]", HFS{Journal: journal(le, 512, 1024), Header: put(8, 0x31302e30)}.Write()},
		{"a journal of nothing that begins at its end", "[]", HFS{Journal: sized(4096, 512)}.Write()},
		{"a journal of nothing that ends at its end", "[]", HFS{Journal: sized(512, 4096)}.Write()},
		{"a journal that is full", "[journal: there are changes in it that are not on the volume yet]", HFS{Journal: sized(1024, 4096)}.Write()},
		{"a journal on another device", "[journal: it is on another device]", flagged(2)},
		{"a journal in the volume and on another device", "[journal: it is on another device]", flagged(3)},
		{"a journal that is nowhere", "[journal: it is on another device]", flagged(0)},
		{"a mark for repair", "[the volume is marked as inconsistent]", HFS{Header: put(8, 0x46534b21)}.Write()},
		{"a mark that it is a wrapper", "[the volume is marked as the wrapper of another one, which macOS takes it for]", HFS{Header: put(124, 0x482b0000)}.Write()},
		{"a mark that it is a wrapper, where case counts", "[the volume is marked as the wrapper of another one, which macOS takes it for]", HFS{X: true, Header: put(124, 0x482b0007)}.Write()},
		{"a mark that it is inconsistent", "[the volume is marked as inconsistent]", HFS{Header: func(b []byte) { be.PutUint32(b[4:], 1<<11) }}.Write()},
		{"no header, but its copy", "[the volume header is none (the signature 0x0000 at offset 1024, which is not that of HFS+ or HFSX), and its copy was read instead]", noHeader},
		{"another copy of the header", "[the volume header and its copy describe different volumes]", other},
		{"a volume in another", "[the volume is wrapped in one of HFS, whose own files were not looked at]", HFS{Wrapped: true}.Write()},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := fmt.Sprint(open(t, row.image).Problems); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

func TestRealImageHasTheFilesThatItHas(t *testing.T) {
	b, err := os.ReadFile("../../testdata/images/dummy.dmg")
	if err != nil {
		t.Fatal(err)
	}
	i, err := udif.Open(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	list, _ := udif.Partitions(i, i.Size())
	v, err := hfs.Open(io.NewSectionReader(i, list[0].Offset, list[0].Size), list[0].Size)
	if err != nil || len(v.Problems) > 0 || v.Name != "dummy" {
		t.Fatal(err, v)
	}
	got := map[string]int{}
	for name, content := range listing(t, v) {
		got[name] = len(content)
		if content == "folder" {
			got[name] = -1
		}
	}
	// As 7-Zip lists it.
	want := map[string]int{
		"dummy.app": -1, "dummy.app/Contents": -1, "dummy.app/Contents/MacOS": -1, "dummy.app/Contents/Resources": -1,
		"dummy.app/Contents/_CodeSignature": -1, "dummy.app/Contents/Info.plist": 1266, "dummy.app/Contents/PkgInfo": 8,
		"dummy.app/Contents/MacOS/dummy": 172608, "dummy.app/Contents/_CodeSignature/CodeResources": 2200,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// seeds are small volumes with everything in them.
func seeds() [][]byte {
	files := []HFSFile{
		{Path: Private, Folder: true},
		{Path: Private + "/iNode7", Data: Text(3000)},
		{Path: "one", Inode: 7},
		{Path: "link", Symlink: "one"},
		{Path: "a/b/c", Data: Text(9000), Resources: []byte("resources")},
	}
	for _, kind := range compressions {
		attribute, fork := Decmpfs(Text(2000), kind)
		files = append(files, HFSFile{Path: fmt.Sprint("a/packed ", kind), Attribute: attribute, Resources: fork})
	}
	return [][]byte{
		HFS{BlockSize: 512, Fragment: 1, Files: files}.Write(),
		HFS{BlockSize: 1024, X: true, Wrapped: true, Journal: make([]byte, 100), Files: files}.Write(),
	}
}

func FuzzVolume(f *testing.F) {
	for _, b := range seeds() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := hfs.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		// Each folder is walked once, so nothing comes more often than there is room for it.
		n := 0
		for found, err := range v.Walk() {
			if n++; n > len(b) {
				t.Fatalf("%d entries in %d bytes", n, len(b))
			}
			if err != nil || found.Node.Err != nil {
				continue
			}
			if _, err := json.Marshal(found.Path); err != nil {
				t.Error(err)
			}
			if found.Node.Mode == fs.ModeSymlink {
				v.Readlink(found.Node)
			}
			if r, size, err := v.Open(found.Node); err == nil {
				if size != found.Node.Size && found.Node.Compression == 0 {
					t.Errorf("%q: %d bytes, where the listing has %d", found.Path, size, found.Node.Size)
				}
				part := make([]byte, 5000)
				r.ReadAt(part, size/2)
			}
			v.OpenResources(found.Node)
		}
	})
}
