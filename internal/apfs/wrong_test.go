package apfs_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/apfs"
	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/imagetest"
)

var le = binary.LittleEndian

// put changes an object, and makes its checksum right.
func put(object string, at int, bytes ...byte) func(*imagetest.APFSImage) {
	return func(i *imagetest.APFSImage) {
		copy(i.Block(object)[at:], bytes)
		i.Seal(object)
	}
}

func u16(v uint16) []byte { return le.AppendUint16(nil, v) }
func u32(v uint32) []byte { return le.AppendUint32(nil, v) }
func u64(v uint64) []byte { return le.AppendUint64(nil, v) }

// children returns where the values of a node that is no leaf are: its children.
func child(i *imagetest.APFSImage, object string, n int) []byte {
	b := i.Block(object)
	end := len(b)
	if b[0x20]&1 != 0 {
		end -= 40
	}
	at := 0x38 + 8*n + 4
	if b[0x20]&4 != 0 {
		at = 0x38 + 4*n + 2
	}
	return b[end-int(le.Uint16(b[at:])):][:8]
}

func TestStructuresThatAreWrongAreErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*imagetest.APFSImage)
		want   string
	}{
		{"another magic in block 0", put("copy", 0x20, 'X'), `container superblock in block 0: the magic is "XXSB", not "NXSB"`},
		{"blocks of no bytes", put("copy", 0x24, u32(0)...), "blocks of 0 bytes, which is no power of two"},
		{"blocks of 5000 bytes", put("copy", 0x24, u32(5000)...), "blocks of 5000 bytes"},
		{"blocks of 128 KiB", put("copy", 0x24, u32(1<<17)...), "blocks of 131072 bytes"},
		{"a container of no blocks", put("copy", 0x28, u64(0)...), "block 0 is past the end at 0"},
		{"no checkpoints", put("copy", 0x68, u32(0)...), "an area of 0 blocks"},
		{"checkpoints without end", put("copy", 0x68, u32(1<<30)...), "an area of 1073741824 blocks"},
		{"checkpoints past the end", put("copy", 0x70, u64(1<<40)...), "are past the end at"},
		{"checkpoints where there are none", put("copy", 0x70, u64(9)...), "none in the blocks 9 to 16 is valid"},
		{"a superblock of another container", put("container", 0x48, 'X'), "the latest superblock is of another container than block 0"},
		{"room for too many volumes", put("container", 0xb4, u32(1000)...), "room for 1000 volumes"},
		{"no object map", put("container", 0xa0, u64(math.MaxUint64)...), "object map of the container: block 18446744073709551615 is past the end"},
		{"another object where the map is", func(i *imagetest.APFSImage) {
			put("container", 0xa0, u64(uint64(i.Objects["container map tree"]))...)(i)
		}, "is of the type 0x2, not 0xb"},
		{"an object map with a tree that is not physical", put("container map", 0x28, u32(2)...), "a tree of the type 0x2, not 0x40000002"},
		{"a volume that is nowhere", put("container", 0xb8, u64(77)...), "volume of the object 0x4d: object map: the object is not there"},
		{"a volume with another magic", put("volume 0", 0x20, 'X'), `the magic is "XPSB", not "APSB"`},
		{"a volume with another identifier", put("volume 0", 8, u64(99)...), "the object is 0x63, not"},
		{"a volume without the end of its name", put("volume 0", 0x2c0, bytes.Repeat([]byte("x"), 256)...), "the name is not UTF-8 with an end"},
		{"a volume with a name in Latin-1", put("volume 0", 0x2c0, 0xe9), "the name is not UTF-8 with an end"},
		{"a volume with a physical tree", put("volume 0", 0x74, u32(0x40000002)...), "a tree of the type 0x40000002, not 0x2"},
		{"a volume whose root is nowhere", put("volume 0", 0x88, u64(7)...), "tree: node 0x7: object map: the object is not there"},
		{"a root that is none", put("tree 0", 0x20, 0, 0), "a node of the type 0x2 with the flags 0x0"},
		{"a root of nodes of another size", put("tree 0", 4096-36, u32(8192)...), "nodes of 8192 bytes, where it has 4096 itself"},
		{"a root of fixed keys", put("tree 0", 4096-32, u32(16)...), "keys of 16 bytes and values of 0, not 0 and 0"},
		{"an object map of other keys", put("map tree 0", 4096-32, u32(8)...), "keys of 8 bytes and values of 16, not 16 and 16"},
		{"a tree of another kind", put("tree 0", 0x1c, u32(0xf)...), "it is of a tree of the kind 0xf, not 0xe"},
		{"a node of a later transaction", put("tree 0", 0x10, u64(8)...), "it is of the transaction 8, after 7"},
		{"a physical node in a virtual tree", put("tree 0", 0x18, u32(0x40000002)...), "it has the flags 0x40000000"},
		{"a node without a header", put("tree 0", 0x18, u32(0x20000002)...), "it has the flags 0x20000000"},
		{"a level without end", put("tree 0", 0x22, u16(0xffff)...), "a node of the level 65535, more than 15"},
		{"more records than there is room for", put("tree 0", 0x24, u32(math.MaxUint32)...), "4294967295 records in a table of"},
		{"a table past the end", put("tree 0", 0x2a, u16(0xffff)...), "a table of 65535 bytes at 56, past the end at 4056"},
		{"a table that begins past the end", put("tree 0", 0x28, u16(0xffff)...), "past the end at 4056"},
		{"a node without records", put("tree 0, 0", 0x24, u32(0)...), "a node without records"},
		{"a key past the end", put("tree 0", 0x38, u16(0xff00)...), "which are not between"},
		{"a key that is too long", put("tree 0", 0x3a, u16(0xff00)...), "which are not between"},
		{"a value past the beginning", put("tree 0", 0x3c, u16(0xff00)...), "which are not between"},
		{"a value past the end", put("tree 0", 0x3c, u16(1)...), "which are not between"},
		{"a record without a value", put("tree 0", 0x3c, u16(0xffff)...), "no value"},
		{"a child that is shorter", put("tree 0", 0x3e, u16(4)...), "a child of 4 bytes"},
		{"a child that is the node itself", func(i *imagetest.APFSImage) {
			copy(child(i, "tree 0", 0), i.Block("tree 0")[8:16])
			i.Seal("tree 0")
		}, "below one of the level"},
		{"a child that is there twice", func(i *imagetest.APFSImage) {
			copy(child(i, "tree 0", 1), child(i, "tree 0", 0))
			i.Seal("tree 0")
		}, "is that of the one before"},
		{"a child that is there again", func(i *imagetest.APFSImage) {
			copy(child(i, "tree 0", 2), child(i, "tree 0", 0))
			i.Seal("tree 0")
		}, "it begins before the key that leads to it"},
		{"children in the wrong order", func(i *imagetest.APFSImage) {
			copy(child(i, "tree 0", 0), child(i, "tree 0", 2))
			i.Seal("tree 0")
		}, "it ends after the key that leads to the next"},
		{"keys in the wrong order", func(i *imagetest.APFSImage) {
			b := i.Block("tree 0")
			keys := bytes.Clone(b[0x38:0x48])
			copy(b[0x38:], keys[8:12])
			copy(b[0x40:], keys[:4])
			i.Seal("tree 0")
		}, "the key is not after the one before"},
		{"an object map whose node is itself", func(i *imagetest.APFSImage) {
			copy(child(i, "map tree 0", 0), u64(uint64(i.Objects["map tree 0"])))
			i.Seal("map tree 0")
		}, "below one of the level"},
		{"an object of no bytes", mapped(4, 0), "an object of 0 bytes"},
		{"an object without end", mapped(4, math.MaxUint32), "an object of 4294967295 bytes"},
		{"an object that is deleted", mapped(0, 1), "the object is deleted"},
		{"an object that is encrypted", mapped(0, 4), "an encrypted object, which is not read"},
		{"an object without a header", mapped(0, 8), "the object has no header"},
		{"an object past the end", mapped(8, 1<<30), "is past the end"},
		{"an object that is another one", mapped(8, 2), "the object is 0x1, not"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := imagetest.APFS{Keys: 6, Volumes: []imagetest.APFSVolume{{Features: insensitive, Files: everything()}}}.Image()
			tt.change(i)
			if got := wrong(walked(i.Bytes)); !strings.Contains(got, tt.want) {
				t.Errorf("the error is %s, not %q", got, tt.want)
			}
		})
	}
}

// mapped changes the value of every object that the map of the first volume finds.
func mapped(at int, v uint32) func(*imagetest.APFSImage) {
	return func(i *imagetest.APFSImage) {
		for name := range i.Objects {
			b := i.Block(name)
			if !strings.HasPrefix(name, "map tree 0") || b[0x20]&2 == 0 {
				continue
			}
			end := len(b)
			if b[0x20]&1 != 0 {
				end -= 40
			}
			for n := range int(le.Uint32(b[0x24:])) {
				copy(b[end-int(le.Uint16(b[0x38+4*n+2:])):][at:], u32(v))
			}
			i.Seal(name)
		}
	}
}

// record returns a change of the first record of an object and a kind, which is left out
// when the change returns no key.
func record(id uint64, kind byte, change func(k, v []byte) ([]byte, []byte)) func([]imagetest.APFSRecord) []imagetest.APFSRecord {
	return func(list []imagetest.APFSRecord) []imagetest.APFSRecord {
		for n, r := range list {
			if bytes.HasPrefix(r.Key, imagetest.APFSKey(id, kind)) {
				k, v := change(bytes.Clone(r.Key), bytes.Clone(r.Value))
				if k == nil {
					return append(list[:n:n], list[n+1:]...)
				}
				list[n] = imagetest.APFSRecord{Key: k, Value: v}
				return list
			}
		}
		panic("no such record")
	}
}

func value(at int, b ...byte) func(k, v []byte) ([]byte, []byte) {
	return func(k, v []byte) ([]byte, []byte) { copy(v[at:], b); return k, v }
}

func key(at int, b ...byte) func(k, v []byte) ([]byte, []byte) {
	return func(k, v []byte) ([]byte, []byte) { copy(k[at:], b); return k, v }
}

func cut(n int) func(k, v []byte) ([]byte, []byte) {
	return func(k, v []byte) ([]byte, []byte) { return k, v[:n] }
}

func none(_, _ []byte) ([]byte, []byte) { return nil, nil }

func TestRecordsThatAreWrongAreErrors(t *testing.T) {
	// The identifiers are in the order of the names, from 16.
	files := map[string]imagetest.APFSFile{
		"a":     {Data: noise(9000), Extent: 4096}, // 16
		"b":     {Mode: 0x4000},                    // 17
		"b/c":   {Mode: 0x4000},                    // 18
		"b/c/d": {Data: []byte("d")},               // 19
		"l":     {Link: "b/c"},                     // 20
		"z": {Flags: 0x20, Xattrs: map[string][]byte{ // 21
			"com.apple.decmpfs": append(append([]byte("fpmc\x09\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00"), 0xcc), "text"...),
		}},
	}
	const inode, xattr, extent, drec = 3, 4, 8, 9
	for _, tt := range []struct {
		name   string
		change func([]imagetest.APFSRecord) []imagetest.APFSRecord
		want   string
	}{
		{"no root folder", record(2, inode, none), ".: error: volume of the object 0x403: root folder: inode 0x2: it is not there"},
		{"a root that is a file", record(2, inode, value(0x50, u16(0x8000)...)), "root folder: not a folder"},
		{"an entry whose inode is not there", record(16, inode, none), `./: error: folder 0x2: "a": inode 0x10: it is not there`},
		{"an inode that is too short", record(16, inode, cut(0x50)), "inode 0x10: it has 80 bytes, fewer than 92"},
		{"an inode with half a table of fields", record(16, inode, cut(0x5c+6)), "inode 0x10: 2 extended fields in 6 bytes"},
		{"an inode with fields that are cut off", record(16, inode, cut(0x5c+2)), "the extended fields are cut off"},
		{"an inode whose field is too long", record(16, inode, value(0x62, u16(999)...)), "an extended field of 999 bytes, where"},
		{"an inode with more fields than there are", record(16, inode, value(0x5c, u16(999)...)), "999 extended fields in"},
		{"an inode whose stream has another length", record(16, inode, value(0x60, 8)), "not one data stream of the right length"},
		{"an inode of an unknown mode", record(16, inode, value(0x50, u16(0x3000)...)), "a file of the mode 030000"},
		{"an entry that is shorter than it may be", record(17, drec, cut(17)), "a record of 17 bytes, fewer than 18"},
		{"a name with another hash", record(17, drec, key(11, 0x55)), "the hash of the name is"},
		{"a name that is longer than its key", record(17, drec, key(8, 9)), "record"},
		{"a name without an end", record(17, drec, key(13, 'x')), "a name of 2 bytes in 2"},
		{"a name with a slash", record(17, drec, key(12, '/')), `an entry with the name "/"`},
		{"a name that is not UTF-8", record(17, drec, key(12, 0xff)), `an entry with the name "\xff"`},
		{"a name that leads up", record(17, drec, func(k, v []byte) ([]byte, []byte) {
			return append(imagetest.APFSDrecKey(insensitive, 17, ".."), "..\x00"...), v
		}), `an entry with the name ".."`},
		{"a name without a letter", record(17, drec, func(k, v []byte) ([]byte, []byte) {
			return append(imagetest.APFSDrecKey(insensitive, 17, ""), 0), v
		}), `an entry with the name ""`},
		{"a folder in itself", record(18, drec, value(0, u64(18)...)), `"d": the folder 0x12, which is in the folder 0x11`},
		{"a folder in itself, as its parent says", func(list []imagetest.APFSRecord) []imagetest.APFSRecord {
			list = record(18, drec, value(0, u64(18)...))(list)
			return record(18, inode, value(0, u64(18)...))(list)
		}, `"c": the folder 0x12, which is in the folder 0x12`},
		{"the root in a folder", record(18, drec, value(0, u64(2)...)), `"d": the folder 0x2, which is in the folder 0x1`},
		{"a folder with two names", func(list []imagetest.APFSRecord) []imagetest.APFSRecord {
			for n, r := range list {
				if bytes.HasPrefix(r.Key, imagetest.APFSKey(2, drec)) && strings.HasSuffix(string(r.Key), "a\x00") {
					list[n].Value = append(u64(17), r.Value[8:]...)
				}
			}
			return list
		}, "the folder 0x11, which has another name here"},
		{"fewer entries than there should be", record(18, drec, none), "b/c/: error: folder 0x12: 0 entries, where its inode says 1"},
		{"a file without its first extent", record(16, extent, none), "stream 0x10 at offset 0: no extent holds it"},
		{"an extent that is too short", record(16, extent, cut(16)), "a record of 16 bytes, not 24"},
		{"an extent of no bytes", record(16, extent, value(0, u64(0)...)), "0 bytes, in blocks of 4096"},
		{"an extent of half a block", record(16, extent, value(0, u64(2048)...)), "2048 bytes, in blocks of 4096"},
		{"an extent in the next one", record(16, extent, value(0, u64(8192)...)), "the extent of 8192 bytes at 0 and the one at 4096 both hold it"},
		{"an extent past the end", record(16, extent, value(8, u64(1<<50)...)), "the 1 blocks from 1125899906842624 are past the end"},
		{"an extent that overflows", record(16, extent, value(8, u64(math.MaxUint64)...)), "are past the end"},
		{"an encrypted extent", record(16, extent, value(16, u64(4)...)), "an encrypted extent, which is not read"},
		{"an extent with flags", record(16, extent, value(7, 2)), "an extent with the flags 0x2, which is not read"},
		{"an extent key of another length", record(16, extent, func(k, v []byte) ([]byte, []byte) { return k[:12], v }), "an extent's has 12 bytes"},
		{"a stream of more than the container", record(16, inode, func(k, v []byte) ([]byte, []byte) {
			copy(v[len(v)-40:], u64(1<<62))
			return k, v
		}), "it has 4611686018427387904 bytes, in a container of"},
		{"a gap between extents", func(list []imagetest.APFSRecord) []imagetest.APFSRecord {
			for n, r := range list {
				if bytes.HasPrefix(r.Key, imagetest.APFSKey(16, extent)) && le.Uint64(r.Key[8:]) == 4096 {
					return append(list[:n:n], list[n+1:]...)
				}
			}
			panic("no such extent")
		}, "stream 0x10 at offset 4096: no extent holds it: the one before has 4096 bytes at 0"},
		{"a link that leads nowhere", record(20, xattr, none), "l: error: link 0x14: attribute com.apple.fs.symlink: file does not exist"},
		{"a link without an end", record(20, xattr, value(7, 'x')), "which is no name with an end"},
		{"a link of no letters", record(20, xattr, func(k, v []byte) ([]byte, []byte) { return k, []byte{2, 0, 1, 0, 0} }), "which is no name with an end"},
		{"a link with a zero in it", record(20, xattr, value(5, 0)), "which is no name with an end"},
		{"a link that is too long", record(20, xattr, func(k, v []byte) ([]byte, []byte) {
			return k, append([]byte{2, 0, 0x01, 0x04}, make([]byte, 1025)...)
		}), "attribute com.apple.fs.symlink: 1025 bytes, more than 1024"},
		{"an attribute that is too short", record(20, xattr, cut(3)), "a record of 3 bytes"},
		{"an attribute that is longer than its record", record(20, xattr, value(2, u16(99)...)), "99 bytes in a record of"},
		{"an attribute that is nowhere", record(20, xattr, value(0, 0)), "the flags 0x0"},
		{"an attribute in two places", record(20, xattr, value(0, 3)), "the flags 0x3"},
		{"an attribute whose stream is cut off", record(20, xattr, value(0, 1)), "a stream whose record has 4 bytes"},
		{"a compressed file without its attribute", record(21, xattr, none), "z: error: file 0x15: attribute com.apple.decmpfs: file does not exist"},
		{"a compressed file without its fork", record(21, xattr, value(8, 4)), "compressed resource fork: 16 bytes at offset 0 are past the end at 0"},
		{"a compressed file of an unknown kind", record(21, xattr, value(8, 99)), "a file compressed by what is not known (type 99), which is not read"},
		{"a compressed file of another size by its inode", record(21, inode, func(k, v []byte) ([]byte, []byte) {
			v = bytes.Clone(v)
			v[0x32], v[0x54] = 4, 5
			return k, v
		}), "it has 5 bytes by its inode, and 4 as it is compressed"},
		{"a key of seven bytes", func(list []imagetest.APFSRecord) []imagetest.APFSRecord {
			return append(list, imagetest.APFSRecord{Key: make([]byte, 7)})
		}, "key: it has 7 bytes"},
		{"an inode twice", func(list []imagetest.APFSRecord) []imagetest.APFSRecord {
			for n, r := range list {
				if bytes.HasPrefix(r.Key, imagetest.APFSKey(16, inode)) {
					return append(append(list[:n:n], r), list[n:]...)
				}
			}
			panic("no such inode")
		}, "the key is not after the one before"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := imagetest.APFS{Volumes: []imagetest.APFSVolume{{Features: insensitive, Files: files, Change: tt.change}}}.Image()
			if got := wrong(walked(i.Bytes)); !strings.Contains(got, tt.want) {
				t.Errorf("the error is %s, not %q", got, tt.want)
			}
			if !walkTells(open(t, i).Volumes[0]) {
				t.Error("a walk by entries has no error")
			}
		})
	}
}

// walkTells reports whether a walk that reads everything has an error.
func walkTells(v *apfs.Volume) bool {
	for f, err := range v.Walk() {
		if err != nil || f.Node.Err != nil {
			return true
		}
		switch {
		case f.Node.Mode == fs.ModeSymlink:
			_, err = v.Readlink(f.Node)
		case f.Node.Mode.IsRegular():
			var r io.ReaderAt
			var size int64
			if r, size, err = v.Open(f.Node); err == nil {
				_, err = io.Copy(io.Discard, io.NewSectionReader(r, 0, size))
			}
		}
		if err != nil {
			return true
		}
	}
	return false
}

func TestACompressedFileWithDataIsAmbiguous(t *testing.T) {
	attribute, _ := imagetest.Decmpfs([]byte("one"), 3)
	i := imagetest.APFS{Volumes: []imagetest.APFSVolume{{Features: insensitive, Files: map[string]imagetest.APFSFile{
		"a": {Data: []byte("another"), Flags: 0x20, Xattrs: map[string][]byte{"com.apple.decmpfs": attribute}},
	}}}}.Image()
	e, err := open(t, i).Volumes[0].Lookup(apfs.Root, "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := errors.AsType[*archive.AmbiguousError](e.Err); !ok {
		t.Errorf("the error is %v", e.Err)
	}
}

func TestSeveralReadAtATime(t *testing.T) {
	v := open(t, imagetest.APFS{Keys: 3, Volumes: []imagetest.APFSVolume{{Features: insensitive, Files: everything()}}}.Image()).Volumes[0]
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if diff := gocmp.Diff(wantEverything(), listing(v)); diff != "" {
				t.Error(diff)
			}
		})
	}
	wait.Wait()
}

// entries returns a change that replaces the one entry of the root by others that are all
// of the same file.
func entries(count int, name func(n int) string) func([]imagetest.APFSRecord) []imagetest.APFSRecord {
	return func(list []imagetest.APFSRecord) []imagetest.APFSRecord {
		at := slices.IndexFunc(list, func(r imagetest.APFSRecord) bool { return bytes.HasPrefix(r.Key, imagetest.APFSKey(2, 9)) })
		var added []imagetest.APFSRecord
		for n := range count {
			k := append(append(imagetest.APFSDrecKey(insensitive, 2, name(n)), name(n)...), 0)
			added = append(added, imagetest.APFSRecord{Key: k, Value: append(u64(16), make([]byte, 10)...)})
		}
		slices.SortFunc(added, func(a, b imagetest.APFSRecord) int { return cmp.Compare(le.Uint32(a.Key[8:]), le.Uint32(b.Key[8:])) })
		return slices.Replace(list, at, at+1, added...)
	}
}

func TestAFolderHasLimits(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func([]imagetest.APFSRecord) []imagetest.APFSRecord
		want   string
	}{
		{"more entries than are listed", entries(100_001, func(n int) string { return fmt.Sprintf("%08d", n) }), "more than 100000 entries"},
		{"longer names than are listed", entries(8_300, func(n int) string { return fmt.Sprintf("%01020d", n) }), "more than 8388608 bytes of names"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := imagetest.APFS{Volumes: []imagetest.APFSVolume{{Features: insensitive, Files: map[string]imagetest.APFSFile{"a": {}}, Change: tt.change}}}.Image()
			list, err := open(t, i).Volumes[0].Paths().ReadDir(".")
			if err == nil || !strings.Contains(err.Error(), tt.want) || len(list) > 0 {
				t.Errorf("%d entries and the error %v, not %q", len(list), err, tt.want)
			}
		})
	}
	t.Run("more names with one hash than are looked at", func(t *testing.T) {
		// All are given the hash of the name that is looked for.
		want := "looked for"
		k := imagetest.APFSDrecKey(insensitive, 2, want)
		change := entries(65, func(n int) string { return fmt.Sprintf("%010d", n) })
		i := imagetest.APFS{Volumes: []imagetest.APFSVolume{{Features: insensitive, Files: map[string]imagetest.APFSFile{"a": {}}, Change: func(list []imagetest.APFSRecord) []imagetest.APFSRecord {
			list = change(list)
			for _, r := range list {
				if bytes.HasPrefix(r.Key, imagetest.APFSKey(2, 9)) {
					copy(r.Key, k)
				}
			}
			return list
		}}}}.Image()
		_, _, err := open(t, i).Volumes[0].Paths().Open(want)
		if err == nil || !strings.Contains(err.Error(), "more than 64 names with one hash") {
			t.Errorf("the error is %v", err)
		}
	})
}

// zeros is a container that claims to be large, and has zeros where nothing was written.
type zeros struct{ b []byte }

func (z zeros) ReadAt(b []byte, offset int64) (int, error) {
	clear(b)
	if offset < int64(len(z.b)) {
		copy(b, z.b[offset:])
	}
	return len(b), nil
}

func TestWhatIsClaimedTakesNoMemory(t *testing.T) {
	i := imagetest.APFS{Volumes: []imagetest.APFSVolume{{Features: insensitive, Files: map[string]imagetest.APFSFile{
		"a": {Size: 1 << 50}, "b": {Data: noise(100_000), Extent: 4096},
	}}}}.Image()
	for _, object := range []string{"copy", "container"} {
		put(object, 0x28, u64(1<<50)...)(i)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c, err := apfs.Open(zeros{i.Bytes}, 1<<62)
	if err != nil {
		t.Fatal(err)
	}
	r, size, err := c.Volumes[0].Paths().Open("a")
	if err != nil || size != 1<<50 {
		t.Fatal(size, err)
	}
	if _, err := r.ReadAt(make([]byte, 10), 1<<49); err == nil || !strings.Contains(err.Error(), "no extent holds it") {
		t.Errorf("the error is %v", err)
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<20 {
		t.Errorf("it took %d bytes", taken)
	}
}

// Leaves full of one name have an index that is full of it, where a node might be as often as there is room for.
func TestAnIndexThatIsFullOfOneNameIsAnError(t *testing.T) {
	v := imagetest.APFSVolume{Features: insensitive, Files: map[string]imagetest.APFSFile{"tool": {}}, Change: func(list []imagetest.APFSRecord) []imagetest.APFSRecord {
		for _, r := range list {
			if bytes.HasPrefix(r.Key, imagetest.APFSKey(2, 9)) {
				list = append(list, slices.Repeat([]imagetest.APFSRecord{r}, 50)...)
			}
		}
		return list
	}}
	got := wrong(walked(imagetest.APFS{Keys: 4, Volumes: []imagetest.APFSVolume{v}}.Image().Bytes))
	if want := "the key is not after the one before"; !strings.Contains(got, want) {
		t.Errorf("the error is %s, not %q", got, want)
	}
}
