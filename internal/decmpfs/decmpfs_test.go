package decmpfs_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/codewarrant/codewarrant/internal/decmpfs"
	"github.com/codewarrant/codewarrant/internal/imagetest"
)

var kinds = []uint32{1, 3, 4, 7, 8, 9, 10, 11, 12}

func program(t testing.TB) []byte {
	b, err := os.ReadFile("../../testdata/binaries/pg_ctl")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// open opens a file with its attribute and fork.
func open(attribute, fork []byte) (*decmpfs.File, error) {
	if fork == nil {
		return decmpfs.Open(attribute, nil, 0)
	}
	return decmpfs.Open(attribute, bytes.NewReader(fork), int64(len(fork)))
}

// read reads a whole file.
func read(attribute, fork []byte) ([]byte, error) {
	f, err := open(attribute, fork)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
}

func TestWhatWasCompressedIsRead(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing":              {},
		"one byte":             {7},
		"text":                 []byte(strings.Repeat("the quick brown fox. ", 99)),
		"a chunk":              program(t)[:64<<10],
		"a chunk and one byte": program(t)[:64<<10+1],
		"a program":            program(t),
	} {
		for _, kind := range kinds {
			for _, stored := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s as kind %d, stored %t", name, kind, stored), func(t *testing.T) {
					attribute, fork := imagetest.Decmpfs(kind, data, stored)
					if fork == nil && len(attribute) > decmpfs.MaxAttribute {
						if _, err := open(attribute, nil); err == nil {
							t.Error("an attribute that is too large is taken")
						}
						return
					}
					f, err := open(attribute, fork)
					if err != nil {
						t.Fatal(err)
					}
					if f.Size() != int64(len(data)) {
						t.Errorf("the size is %d, not %d", f.Size(), len(data))
					}
					if err := iotest.TestReader(io.NewSectionReader(f, 0, f.Size()), data); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

// put returns b with the integers at an offset.
func put[T uint32 | uint64](b []byte, at int, v T) []byte {
	b = bytes.Clone(b)
	switch v := any(v).(type) {
	case uint32:
		binary.LittleEndian.PutUint32(b[at:], v)
	case uint64:
		binary.LittleEndian.PutUint64(b[at:], v)
	}
	return b
}

func TestWhatIsWrongIsAnError(t *testing.T) {
	data := program(t)
	text := []byte(strings.Repeat("text", 99))
	zip, _ := imagetest.Decmpfs(3, text, false)
	table, tableFork := imagetest.Decmpfs(4, data, false)
	row, rowFork := imagetest.Decmpfs(8, data, false)
	for _, tt := range []struct {
		name            string
		attribute, fork []byte
		want            string
	}{
		{"no header", zip[:15], nil, "decmpfs: the header has 15 bytes, not 16"},
		{"another magic", put(zip, 0, uint32(1)), nil, `the magic is "\x01\x00\x00\x00", not "fpmc"`},
		{"an attribute that is too large", make([]byte, decmpfs.MaxAttribute+1), nil, "the attribute has 65537 bytes, more than 65536"},
		{"an unknown kind", put(zip, 4, uint32(99)), nil, "a file of the decmpfs kind 0x63, which is not read"},
		{"LZBitmap", put(zip, 4, uint32(14)), nil, "a file compressed by LZBitmap (decmpfs kind 14), which is not read"},
		{"a file that is elsewhere", put(zip, 4, uint32(0x80000001)), nil, "a file whose contents are elsewhere"},
		{"a size without bounds", put(zip, 8, uint64(math.MaxUint64)), nil, "the size 18446744073709551615 is too large"},
		{"more in an attribute than goes there", put(zip, 8, uint64(1<<20+1)), nil, "1048577 bytes in the attribute, more than 1048576"},
		{"zlib of more bytes than belong", put(zip, 8, uint64(len(text)-1)), nil, "zlib: more bytes than the 395 that belong"},
		{"zlib of fewer bytes than belong", put(zip, 8, uint64(len(text)+1)), nil, "zlib: 396 bytes where 397 belong"},
		{"zlib with another checksum", put(zip, len(zip)-4, uint32(1)), nil, "zlib: invalid checksum"},
		{"zlib without its checksum", zip[:len(zip)-4], nil, "zlib: unexpected EOF"},
		{"no resource fork", table, nil, "the resource fork is missing"},
		{"a fork that ends in its header", table, tableFork[:15], "16 bytes at offset 0 are past the end at 15"},
		{"a table of fewer chunks", table, put(tableFork, 260, uint32(1)), "a table of 1 chunks, where"},
		{"a size of more chunks than there are", put(table, 8, uint64(1<<40)), tableFork, "a table of"},
		{"a chunk in the table", table, put(tableFork, 264, uint32(8)), "it begins at 8, in the table"},
		{"a chunk in the next one", table, put(tableFork, 268, uint32(64<<10)), "after the next one begins"},
		{"a chunk of no bytes", table, put(tableFork, 268, uint32(0)), "it has 0 bytes, which is not between 1 and 65537"},
		{"a chunk past the end", table, tableFork[:len(tableFork)/2], "are past the end"},
		{"a row with a table of fewer chunks", row, put(rowFork, 0, uint32(8)), "a table of 1 chunks, where"},
		{"a row whose table is not of integers", row, put(rowFork, 0, binary.LittleEndian.Uint32(rowFork)+1), "in a record of the table"},
		{"a row that goes back", row, put(rowFork, 4, uint32(0)), "bytes, which is not between 1 and 65537"},
		{"a row past the end", row, rowFork[:len(rowFork)/2], "are past the end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := read(tt.attribute, tt.fork)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v, not %q", err, tt.want)
			}
			_, unsupported := errors.AsType[*decmpfs.UnsupportedError](err)
			if want := strings.HasSuffix(tt.want, "not read") || strings.Contains(tt.want, "elsewhere"); unsupported != want {
				t.Errorf("unsupported is %t, not %t: %v", unsupported, want, err)
			}
		})
	}
}

// FuzzDecmpfs reads any attribute and fork. What is read is as long as was said, and
// the same twice.
func FuzzDecmpfs(f *testing.F) {
	for _, kind := range kinds {
		for _, stored := range []bool{false, true} {
			attribute, fork := imagetest.Decmpfs(kind, bytes.Repeat([]byte("codewarrant"), 99), stored)
			f.Add(attribute, fork)
		}
	}
	attribute, fork := imagetest.Decmpfs(4, bytes.Repeat([]byte("codewarrant "), 6000), false)
	f.Add(attribute, fork)
	f.Fuzz(func(t *testing.T, attribute, fork []byte) {
		file, err := open(attribute, fork)
		if err != nil {
			return
		}
		size := min(file.Size(), 1<<20)
		first, err := io.ReadAll(io.NewSectionReader(file, 0, size))
		if err == nil && int64(len(first)) != size {
			t.Errorf("%d bytes are read of %d", len(first), size)
		}
		second, again := io.ReadAll(io.NewSectionReader(file, 0, size))
		if !bytes.Equal(second, first) || (err == nil) != (again == nil) {
			t.Error("it is read differently the second time")
		}
	})
}
