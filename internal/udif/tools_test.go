//go:build archive

package udif_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	. "github.com/codewarrant/codewarrant/internal/imagetest"
)

// TestRealTools holds what is read of an image against what 7-Zip reads of it, and what
// bzip2 packs. It tells, too, whether the encoders of the tests write what others read.
func TestRealTools(t *testing.T) {
	disk := bytes.Repeat(program(t), 3)
	bzip2 := func(b []byte) []byte {
		cmd := exec.Command("bzip2", "-c")
		cmd.Stdin = bytes.NewReader(b)
		packed, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return packed
	}
	for _, row := range []struct {
		name string
		udif UDIF
	}{
		{"zlib", UDIF{}},
		{"xz", UDIF{Kinds: []uint32{XZ}}},
		{"bzip2", UDIF{Kinds: []uint32{Bzip2}, Bzip2: bzip2}},
		{"LZFSE", UDIF{Kinds: []uint32{Lzfse}}},
		{"LZFSE, in small chunks", UDIF{Kinds: []uint32{Lzfse}, Size: 4096}},
		{"LZFSE with LZVN inside", UDIF{Kinds: []uint32{Lzfse}, LZFSE: 'n'}},
		{"ADC", UDIF{Kinds: []uint32{ADCed}}},
		{"every kind", UDIF{Kinds: []uint32{Zlib, XZ, Bzip2, Lzfse, ADCed, Raw}, Bzip2: bzip2, Size: 32 << 10}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := row.udif.Write(disk)
			i := open(t, b, nil)
			got, err := all(i)
			if err != nil || !bytes.Equal(got, disk) {
				t.Errorf("%v, the same: %t", err, bytes.Equal(got, disk))
			}
			if err := i.Verify(context.Background()); err != nil {
				t.Error(err)
			}
			dir := t.TempDir()
			file := filepath.Join(dir, "image.dmg")
			if err := os.WriteFile(file, b, 0o644); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("7zz", "x", "-tdmg", "-o"+dir, file).CombinedOutput(); err != nil {
				t.Fatalf("7zz: %v\n%s", err, out)
			}
			if other, err := os.ReadFile(filepath.Join(dir, "0.table 0")); err != nil || !bytes.Equal(other, disk) {
				t.Errorf("7zz: %v, the same: %t", err, bytes.Equal(other, disk))
			}
		})
	}
}
