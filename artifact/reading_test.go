package artifact

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/archive"
	at "github.com/codewarrant/codewarrant/internal/archivetest"
	it "github.com/codewarrant/codewarrant/internal/imagetest"
)

func TestOtherReadingsOfAnImageAreTold(t *testing.T) {
	be := binary.BigEndian
	disk := it.HFSDisk(at.Files{"tool": machO})
	zip := string(at.Zip(at.Files{"evil": machO}))
	// behind is an image of a disk, with another disk before it.
	behind := func(b []byte) []byte {
		image := it.UDIF{}.Write(disk)
		k := image[len(image)-512:]
		be.PutUint64(k[24:], uint64(len(b)))
		be.PutUint64(k[216:], be.Uint64(k[216:])+uint64(len(b)))
		return slices.Concat(b, image)
	}
	// begun is the disk with something in its first sectors, which HFS+ does not use.
	begun := func(head []byte) []byte {
		b := slices.Clone(disk)
		copy(b[:1024], head)
		return it.UDIF{Kinds: []uint32{it.XZ}}.Write(b)
	}
	// free is a disk with something where there is no file.
	free := func(b string) []byte {
		last := len(disk) - 1024
		gap := make([]byte, (len(b)+511)&^511)
		copy(gap[len(gap)-len(b):], b)
		return it.UDIF{Kinds: []uint32{it.Raw}}.Write(slices.Concat(disk[:last], gap, disk[last:]))
	}
	// twice has a zip that is a file on the disk, and where that says its directory is, or its record, in the first sectors,
	// another.
	twice := func(zip, magic string, offset uint64) []byte {
		b := it.HFSDisk(at.Files{"tool.zip": zip})
		copy(b[offset:], magic)
		return it.UDIF{Kinds: []uint32{it.Raw}}.Write(b)
	}
	end := zip[len(zip)-22:]
	size, offset := uint64(binary.LittleEndian.Uint32([]byte(end[12:]))), uint64(binary.LittleEndian.Uint32([]byte(end[16:])))
	zip64 := zip64ed(zip, size, offset)
	only64 := zip64[:len(zip64)-10] + "\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00" // the numbers are in the record of Zip64 alone
	for _, row := range []struct {
		name string
		file []byte
		want []string
	}{
		{"a disk before the disk", behind(it.HFSDisk(at.Files{"evil": machO})), []string{
			"x.dmg: ambiguous: what is packed begins at offset 24576 (running offset 0), and some readers count from the beginning",
			"x.dmg: ambiguous: it begins as a disk or another image does, which is no part of the disk, and which some readers take it for",
			"x.dmg/tool", "x.dmg",
		}},
		{"a sparse image before the disk", behind(append([]byte("sprs\x00\x00\x00\x03"), make([]byte, 504)...)), []string{
			"x.dmg: ambiguous: what is packed begins at offset 512 (running offset 0), and some readers count from the beginning",
			"x.dmg: ambiguous: it begins as a disk or another image does, which is no part of the disk, and which some readers take it for",
			"x.dmg/tool", "x.dmg",
		}},
		{"an image that begins as its disk", it.UDIF{Kinds: []uint32{it.Raw}}.Write(disk), []string{"x.dmg/tool", "x.dmg"}},
		{"one whose first chunk is packed by xz", begun(nil), []string{"x.dmg/tool", "x.dmg"}},
		{"a program in the first chunk, which is packed by xz", begun([]byte(machO)), []string{"x.dmg: ambiguous: it begins as xz does, and the disk has code there", "x.dmg/tool", "x.dmg"}},
		{"a tar in the first chunk", begun(at.Tar(at.Files{"evil": machO})), []string{"x.dmg: ambiguous: some readers take it for the format tar, others for disk image", "x.dmg/tool", "x.dmg"}},
		{"a trailer at both ends", append([]byte("koly\x00\x00\x00\x04\x00\x00\x02\x00"), it.UDIF{}.Write(disk)...), []string{
			"x.dmg: ambiguous: trailer: a trailer at its beginning, and another one at its end",
		}},
		{"a zip on the disk that is no file", free(zip), []string{"x.dmg/tool", "x.dmg", "x.dmg/evil"}},
		{"a zip that is a file on the disk", it.UDIF{Kinds: []uint32{it.Raw}}.Write(it.HFSDisk(at.Files{"tool.zip": zip})), []string{"x.dmg/tool.zip/evil", "x.dmg"}},
		{"one of Zip64 that is a file on the disk", twice(zip64, "", 0), []string{"x.dmg/tool.zip/evil", "x.dmg"}},
		{"one of Zip64 alone that is a file on the disk", twice(only64, "", 0), []string{"x.dmg/tool.zip/evil", "x.dmg"}},
		{"one of Zip64 alone with another directory where it says", twice(only64, "PK\x01\x02", offset), []string{
			"x.dmg/tool.zip/evil", "x.dmg",
			"x.dmg: unreadable: zip: there is no Zip64 record at offset 145",
			"x.dmg: unreadable: zip: there is no Zip64 record at offset 145",
		}},
		{"one of Zip64 with another record where it says", twice(zip64, "PK\x06\x06", offset+size), []string{
			"x.dmg/tool.zip/evil", "x.dmg",
			"x.dmg: ambiguous: zip: the Zip64 record at offset 145 does not reach to its locator",
			"x.dmg: ambiguous: zip: the Zip64 record at offset 145 does not reach to its locator",
		}},
		{"one of Zip64 with another directory where it says", twice(zip64, "PK\x01\x02", offset), []string{
			"x.dmg/tool.zip/evil", "x.dmg",
			"x.dmg: unreadable: zip: there is no Zip64 record at offset 145",
			"x.dmg: unreadable: zip: there is no Zip64 record at offset 145",
		}},
		{"one with another directory where it says", twice(zip, "PK\x01\x02", offset), []string{
			"x.dmg/tool.zip/evil", "x.dmg",
			"x.dmg: ambiguous: zip: the central directory of 50 bytes at offset 95 does not end at 4241, where its record is",
			"x.dmg/zip at 4096/evil",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, named(t, "x.dmg", row.file)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// zip64ed puts the records of Zip64 before the end of a zip.
func zip64ed(zip string, size, offset uint64) string {
	le := binary.LittleEndian
	record := le.AppendUint64([]byte("PK\x06\x06"), 44)
	record = append(record, 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for _, n := range []uint64{1, 1, size, offset} {
		record = le.AppendUint64(record, n)
	}
	locator := le.AppendUint64([]byte("PK\x06\x07\x00\x00\x00\x00"), offset+size)
	locator = le.AppendUint32(locator, 1)
	return zip[:len(zip)-22] + string(record) + string(locator) + zip[len(zip)-22:]
}

// What an image begins as is asked of what is unpacked: of one chunk where there is code, and else of several, and those ahead.
func TestAnImageIsAskedWhatItBeginsAsWithinItsLimits(t *testing.T) {
	const code, spent = "and the disk has code there", "would have to be unpacked"
	for _, row := range []struct {
		name        string
		begin       string // of the disk
		left        int64
		told, other string
	}{
		{"enough may be unpacked, and there is code", machO, maxUnpacked, code, spent},
		{"nothing may be unpacked, and there is code", machO, 0, spent, code},
		{"enough may be unpacked", "", maxUnpacked, "x.dmg/tool", spent},
		{"nothing may be unpacked", "", 0, spent, "x.dmg/tool"},
	} {
		t.Run(row.name, func(t *testing.T) {
			disk := it.HFSDisk(at.Files{"tool": machO + string(it.Text(256<<10))})
			copy(disk, row.begin)
			image := it.UDIF{Kinds: []uint32{it.XZ}, Size: 8 << 10}.Write(disk)
			f, err := archive.Recognise(bytes.NewReader(image), int64(len(image)), nil, true)
			if err != nil || f == nil || f.Begins != "xz" {
				t.Fatalf("%+v, %v", f, err)
			}
			left := newLimits(t.Context())
			left.left.Store(row.left)
			lines := strings.Join(walkAs(t, f, left, image, -1), "\n")
			if !strings.Contains(lines, row.told) || strings.Contains(lines, row.other) {
				t.Error(lines)
			}
		})
	}
}
