package hfs_test

import (
	"fmt"
	"io"
	"io/fs"
	"testing"

	. "github.com/codewarrant/codewarrant/internal/imagetest"
)

func TestNamesAreFoundAsMacOSFindsThem(t *testing.T) {
	files := []HFSFile{
		{Path: "Tool", Data: []byte("Tool")},
		{Path: "tool", Data: []byte("tool")},
		{Path: "e\u0301", Data: []byte("decomposed")},
		{Path: "\u00d4", Data: []byte("composed")},
		{Path: "\u2126", Data: []byte("ohm")},
		{Path: "to\u200col 2", Data: []byte("passed over")},
		{Path: "Đ", Data: []byte("Đ")},
	}
	for _, row := range []struct{ name, plain, sensitive string }{
		{"Tool", "Tool", "Tool"},
		{"tool", "tool", "tool"},
		{"TOOL", "Tool", ""},
		{"\u00e9", "decomposed", "decomposed"},
		{"E\u0301", "decomposed", ""},
		{"\u00d4", "composed", "composed"},
		{"O\u0302", "", ""},
		{"\u2126", "ohm", "ohm"},
		{"tool 2", "passed over", ""},
		{"đ", "Đ", ""},
		{"missing", "", ""},
	} {
		for _, x := range []bool{false, true} {
			t.Run(fmt.Sprintf("%q, %t", row.name, x), func(t *testing.T) {
				want := row.plain
				if x {
					want = row.sensitive
				}
				r, size, err := open(t, HFS{X: x, Files: files}.Write()).Paths().Open(row.name)
				if want == "" {
					if err != fs.ErrNotExist {
						t.Errorf("it is found: %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if b, err := io.ReadAll(io.NewSectionReader(r, 0, size)); string(b) != want || err != nil {
					t.Errorf("got %q, %v", b, err)
				}
			})
		}
	}
}
