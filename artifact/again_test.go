package artifact

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	it "github.com/codewarrant/codewarrant/internal/imagetest"
)

// large is a program that is too large for the cache, with a part of it zero, and not packed well.
func large() []byte {
	b := []byte(program)
	for v := uint64(1); len(b) < 9<<20+5; {
		v = v*6364136223846793005 + 1442695040888963407
		b = append(b, byte(v>>60), byte(v>>50)&3)
	}
	clear(b[3<<20 : 6<<20])
	return b
}

// itemOf returns what is on an image of one program.
func itemOf(t *testing.T, image []byte) *Item {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.dmg")
	if err := os.WriteFile(file, image, 0o600); err != nil {
		t.Fatal(err)
	}
	for item := range Walk(t.Context(), file) {
		if item != nil {
			t.Cleanup(func() { item.Close() })
			return item
		}
	}
	t.Fatal("nothing")
	return nil
}

func TestALargeProgramOnAnImageIsUnpackedOnce(t *testing.T) {
	b := large()
	files := map[string]string{"a": string(b)}
	packed := it.UDIF{Kinds: []uint32{it.Zlib, it.Raw}}.Write(it.HFSDisk(files))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, row := range []struct {
		name   string
		image  []byte
		ctx    context.Context
		folder string // for temporary files, below one of the test
		want   bool
	}{
		{"HFS+", packed, t.Context(), "", true},
		{"APFS", it.UDIF{}.Write(it.APFSDisk(files)), t.Context(), "", true},
		{"nothing is packed", it.UDIF{Kinds: []uint32{it.Raw}}.Write(it.HFSDisk(files)), t.Context(), "", false},
		{"no image is around the disk", it.HFSDisk(files), t.Context(), "", false},
		{"a small program", it.UDIF{}.Write(it.HFSDisk(map[string]string{"a": program})), t.Context(), "", false},
		{"there is no time", packed, over, "", false},
		{"there is no place", packed, t.Context(), "none", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			item := itemOf(t, row.image)
			t.Setenv("TMPDIR", filepath.Join(dir, row.folder))
			t.Setenv("TMP", filepath.Join(dir, row.folder))
			item.ReadAgain(row.ctx)
			_, is := item.content.(held).content.(*temporary)
			if is != row.want {
				t.Errorf("it is in a file: %t", is)
			}
			want := b[:min(int64(len(b)), item.Size)]
			got := make([]byte, item.Size)
			if n, err := item.ReadAt(got, 0); n != len(got) || err != nil && !errors.Is(err, io.EOF) || !bytes.Equal(got, want) {
				t.Errorf("%d bytes, %v, the same: %t", n, err, bytes.Equal(got, want))
			}
			item.Close()
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("%v are left, %v", left, err)
			}
		})
	}
}

func TestWhatIsWrongWithALargeProgramIsToldByReadingIt(t *testing.T) {
	image := it.UDIF{}.Write(it.HFSDisk(map[string]string{"a": string(large())}))
	at := len(image) / 4 // the middle is zero
	copy(image[at:], make([]byte, 100))
	item := itemOf(t, image)
	item.ReadAgain(t.Context())
	if _, is := item.content.(held).content.(ofVolume); !is {
		t.Error("it is in a file, of which a part could not be unpacked")
	}
	if _, err := item.ReadAt(make([]byte, item.Size), 0); err == nil || errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func TestABombIsNotWrittenToAFile(t *testing.T) {
	for _, row := range []struct {
		name         string
		size, packed int64
		want         bool
	}{
		{"a program", 100 << 20, 30 << 20, true},
		{"a small one", 1 << 10, 1 << 20, false},
		{"a large one of nearly nothing", 1 << 30, 1 << 20, false},
		{"one that is packed well", 63 << 20, 1 << 10, true},
		{"one that is not packed", 100 << 20, 0, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := (ofVolume{packed: row.packed}).isWorthAFile(row.size); got != row.want {
				t.Error(got)
			}
		})
	}
}
