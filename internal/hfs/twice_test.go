package hfs_test

import (
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
