package hfs_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/codewarrant/codewarrant/internal/archive"
	. "github.com/codewarrant/codewarrant/internal/imagetest"
)

// Which of two records a search finds is the reader's own matter.
func TestWhatIsThereTwiceIsTold(t *testing.T) {
	inline, _ := Decmpfs([]byte("one"), 3)
	other, _ := Decmpfs([]byte("two"), 3)
	long := HFSFile{Path: "tool", ID: 50, Data: Text(20 * 512)}
	many := HFS{BlockSize: 512, Fragment: 1, Files: []HFSFile{long}}
	for _, row := range []struct {
		name string
		hfs  HFS
		want string
	}{
		{
			"the file that a hard link leads to",
			HFS{Files: []HFSFile{
				{Path: Private + "/iNode100", Data: []byte("one")}, {Path: Private + "/iNode100", Data: []byte("two")}, {Path: "tool", Inode: 100},
			}},
			"hard link: catalog: node 1: record 7: it has the key of the one before",
		},
		{
			"an attribute",
			HFS{Files: []HFSFile{{Path: "tool", ID: 50, Attribute: inline}, {Path: "too", ID: 50, Attribute: other}}},
			"attributes: node 1: record 2: it has the key of the one before",
		},
		{"nothing", many, ""},
		{
			"blocks of a file, from another block on",
			HFS{BlockSize: 512, Fragment: 1, Files: many.Files, Extents: [][4]uint32{{50, 12, 9, 2}}},
			"extents: node 1: record 2: those of the file 50 from its block 12 on, which the record before has as well",
		},
		{
			"blocks of a file, from the same block on",
			HFS{BlockSize: 512, Fragment: 1, Files: many.Files, Extents: [][4]uint32{{50, 16, 9, 2}}},
			"extents: node 1: record 3: those of the file 50 from its block 16 on, which the record before has as well",
		},
		{
			"its last blocks",
			HFS{BlockSize: 512, Fragment: 1, Files: many.Files, Extents: [][4]uint32{{50, 19, 9, 2}}},
			"extents: node 1: record 3: those of the file 50 from its block 19 on, which the record before has as well",
		},
		{"blocks behind the end of a file", HFS{BlockSize: 512, Fragment: 1, Files: many.Files, Extents: [][4]uint32{{50, 20, 9, 2}}}, ""},
		{"blocks of another file", HFS{BlockSize: 512, Fragment: 1, Files: many.Files, Extents: [][4]uint32{{51, 12, 9, 2}}}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := open(t, row.hfs.Write())
			var wrong error
			for f, err := range v.Walk() {
				if err != nil {
					t.Fatal(err)
				}
				if f.Path == "tool" {
					_, _, err = v.Open(f.Node)
					wrong = err
				}
			}
			_, told := errors.AsType[*archive.AmbiguousError](wrong)
			if got := fmt.Sprint(wrong); told != (row.want != "") || told && got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

// A file in many extents may have many names.
func TestExtentsThatAreReadCount(t *testing.T) {
	v := open(t, HFS{BlockSize: 512, Fragment: 1, Files: []HFSFile{{Path: "tool", Data: Text(80 * 512)}}}.Write())
	counted := int64(0)
	v.Allow = func(n int64) error { counted += n; return nil }
	if _, _, err := v.Paths().Open("tool"); err != nil {
		t.Fatal(err)
	}
	if counted != 9*4096 {
		t.Errorf("%d bytes are counted, of 9 records", counted)
	}
}

// What macOS reads otherwise than the format has it: cat_lookupbykey in hfs_catalog.c, and the names of what hard links lead to.
func TestWhatMacOSReadsOtherwiseIsTold(t *testing.T) {
	be := binary.BigEndian
	data := Text(512)
	volume := func(start uint32) HFS {
		return HFS{BlockSize: 512, Files: []HFSFile{{Path: "tool", ID: 50, Data: data, Record: func(r []byte) {
			if start > 0 {
				be.PutUint32(r[88+16:], start)
			}
		}}}}
	}
	last := uint32(len(volume(0).Write())/512) - 1
	overflow := HFS{BlockSize: 512, Extents: [][4]uint32{{50, 1, 9, 1}}, Files: []HFSFile{{Path: "tool", ID: 50, Data: data, Record: func(r []byte) {
		be.PutUint64(r[88:], 1024)
	}}}}
	for _, row := range []struct {
		name, want string
		hfs        HFS
	}{
		{"the last block but one", "", volume(last - 1)},
		{"the last block", "an extent of the file 50 ends with the volume, which macOS leaves out", volume(last)},
		{"extents that are elsewhere, and room for them", "extents of 1 blocks, where 2 are needed, and room for more, so that macOS reads none from the file of extents", overflow},
		{"a link to a number that has a sign", "hard link: it leads to iNode4294967291, which has a negative number to macOS (MAKE_INODE_NAME in hfs.h)", HFS{Files: []HFSFile{
			{Path: Private + "/iNode-5", Data: data}, {Path: Private + "/iNode4294967291", Data: data}, {Path: "tool", Inode: 1<<32 - 5},
		}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, _, err := open(t, row.hfs.Write()).Paths().Open("tool")
			if _, told := errors.AsType[*archive.AmbiguousError](err); told != (row.want != "") || told && err.Error() != row.want || !told && err != nil {
				t.Errorf("got  %v\nwant %s", err, row.want)
			}
		})
	}
}
