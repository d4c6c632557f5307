package decmpfs_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/codewarrant/codewarrant/internal/archive"
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
func open(attribute, fork []byte) (io.ReaderAt, int64, error) {
	return decmpfs.Open(attribute, bytes.NewReader(fork), int64(len(fork)), nil)
}

// read reads a whole file.
func read(attribute, fork []byte) ([]byte, error) {
	r, size, err := open(attribute, fork)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(r, 0, size))
}

func TestWhatWasCompressedIsRead(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing":              {},
		"one byte":             {7},
		"text":                 imagetest.Text(3000),
		"a block":              program(t)[:64<<10],
		"a block and one byte": program(t)[:64<<10+1],
		"a program":            program(t),
	} {
		for _, kind := range kinds {
			if data, fork := imagetest.Decmpfs(data, kind); fork == nil && len(data) > decmpfs.MaxAttribute {
				continue
			}
			t.Run(fmt.Sprintf("%s as type %d", name, kind), func(t *testing.T) {
				r, size, err := open(imagetest.Decmpfs(data, kind))
				if err != nil {
					t.Fatal(err)
				}
				if err := iotest.TestReader(io.NewSectionReader(r, 0, size), data); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// put returns b with an integer at an offset.
func put(b []byte, at int, v uint32) []byte {
	b = bytes.Clone(b)
	binary.LittleEndian.PutUint32(b[at:], v)
	return b
}

func TestWhatIsWrongIsAnError(t *testing.T) {
	data := program(t)
	zip, _ := imagetest.Decmpfs(imagetest.Text(396), 3)
	table, tableFork := imagetest.Decmpfs(data, 4)
	row, rowFork := imagetest.Decmpfs(data, 8)
	for _, tt := range []struct {
		name            string
		attribute, fork []byte
		want            string
	}{
		{"no header", zip[:15], nil, "15 bytes of com.apple.decmpfs that are no header of it"},
		{"another magic", put(zip, 0, 1), nil, "that are no header of it"},
		{"an attribute that is too large", make([]byte, 3803), nil, "3803 bytes of com.apple.decmpfs that are no header"},
		{"an unknown type", put(zip, 4, 99), nil, "a file compressed by what is not known (type 99), which is not read"},
		{"LZBitmap", put(zip, 4, 14), nil, "a file compressed by LZBITMAP (type 14), which is not read"},
		{"a size without bounds", put(zip, 12, 0x80000000), nil, "where the limit is 1099511627776"},
		{"more in an attribute than goes there", put(zip, 8, 1<<20+1), nil, "a file of 1048577 bytes in its attribute"},
		{"zlib of more bytes than belong", put(zip, 8, 395), nil, "zlib: more than the 395 bytes"},
		{"zlib of fewer bytes than belong", put(zip, 8, 397), nil, "zlib: unexpected EOF"},
		{"zlib with another checksum", put(zip, len(zip)-4, 1), nil, "zlib: invalid checksum"},
		{"zlib without its checksum", zip[:len(zip)-4], nil, "zlib: unexpected EOF"},
		{"a fork that ends in its header", table, tableFork[:15], "16 bytes at offset 0 are past the end at 15"},
		{"a table of fewer blocks", table, put(tableFork, 260, 1), "1 blocks, where 4 belong"},
		{"a block in the table", table, put(tableFork, 264, 8), "are in the table before"},
		{"a block in the next one", table, put(tableFork, 268, 60_000), "or the next block"},
		{"a block of no bytes", table, put(tableFork, 268, 0), "0 bytes, where the limit is"},
		{"a block past the end", table, tableFork[:len(tableFork)/2], "are past the end"},
		{"a row with a table of fewer blocks", row, put(rowFork, 0, 8), "a table of 8 bytes, where 20 belong"},
		{"a row that goes back", row, put(rowFork, 4, 0), "bytes, where the limit is"},
		{"a row that goes back into the table", row, put(put(rowFork, 4, 4), 8, 100), "bytes, where the limit is"},
		{"a row past the end", row, rowFork[:len(rowFork)/2], "are past the end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := read(tt.attribute, tt.fork)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v, not %q", err, tt.want)
			}
			_, unsupported := errors.AsType[*archive.UnsupportedError](err)
			if want := strings.HasSuffix(tt.want, "not read"); unsupported != want {
				t.Errorf("unsupported is %t, not %t: %v", unsupported, want, err)
			}
		})
	}
}

// FuzzDecmpfs reads any attribute and fork. What is read is as long as was said, and
// the same twice.
func FuzzDecmpfs(f *testing.F) {
	for _, kind := range kinds {
		attribute, fork := imagetest.Decmpfs(imagetest.Text(900), kind)
		f.Add(attribute, fork)
	}
	attribute, fork := imagetest.Decmpfs(imagetest.Text(70_000), 4)
	f.Add(attribute, fork)
	f.Fuzz(func(t *testing.T, attribute, fork []byte) {
		r, size, err := open(attribute, fork)
		if err != nil {
			return
		}
		size = min(size, 1<<20)
		first, err := io.ReadAll(io.NewSectionReader(r, 0, size))
		if err == nil && int64(len(first)) != size {
			t.Errorf("%d bytes are read of %d", len(first), size)
		}
		second, again := io.ReadAll(io.NewSectionReader(r, 0, size))
		if !bytes.Equal(second, first) || (err == nil) != (again == nil) {
			t.Error("it is read differently the second time")
		}
	})
}

func TestEveryByteIsAskedForBeforeItIsUnpacked(t *testing.T) {
	errFull := errors.New("no more")
	data := imagetest.Text(3*(64<<10) + 1000)
	for _, row := range []struct {
		name     string
		kind     uint32
		size     int
		read     func(r io.ReaderAt) error
		unpacked int64
	}{
		{"a file in its attribute, whole", 3, 1000, func(io.ReaderAt) error { return nil }, 1000},
		{"the first byte, with its block", 8, len(data), func(r io.ReaderAt) error { _, err := r.ReadAt(make([]byte, 1), 0); return err }, 64 << 10},
		{"a block twice, which is kept", 8, len(data), func(r io.ReaderAt) error {
			_, err := r.ReadAt(make([]byte, 1), 0)
			if err == nil {
				_, err = r.ReadAt(make([]byte, 9), 1000)
			}
			return err
		}, 64 << 10},
		{"all of it", 4, len(data), func(r io.ReaderAt) error { _, err := r.ReadAt(make([]byte, len(data)), 0); return err }, int64(len(data))},
	} {
		t.Run(row.name, func(t *testing.T) {
			attribute, fork := imagetest.Decmpfs(data[:row.size], row.kind)
			for _, allowed := range []int64{row.unpacked, row.unpacked - 1} {
				left := allowed
				r, _, err := decmpfs.Open(attribute, bytes.NewReader(fork), int64(len(fork)), func(n int64) error {
					if left -= n; left < 0 {
						return errFull
					}
					return nil
				})
				if err == nil {
					err = row.read(r)
				}
				if full := allowed < row.unpacked; left != allowed-row.unpacked || errors.Is(err, errFull) != full || !full && err != nil {
					t.Errorf("of %d bytes %d are left: %v", allowed, left, err)
				}
			}
		})
	}
}
