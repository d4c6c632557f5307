package archive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
)

// Formats that have no magic, or a short one, are told by all that their header says.
func TestRecogniseTellsFormatsWithoutAMagicFromData(t *testing.T) {
	rest := strings.Repeat("and more", 99)
	const cpio = "\xc7\x71\x00\x00\x01\x00\xed\x81\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x04\x00a\x00"
	const double = "\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        \x00\x01\x00\x00\x00\x02\x00\x00\x00\x26\x00\x00\x00\x04"
	const lzma = "\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00\x01"
	for _, row := range []struct{ name, head, want string }{
		{"lzma of a known size", "\x5d\x00\x00\x80\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00", "LZMA"},
		{"lzma of one that is not", "\x5d\x00\x00\x04\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00", "LZMA"},
		{"lzma with a dictionary of a power of two and its half", "\x5d\x00\x00\x0c\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00", "LZMA"},
		{"a dictionary of another size", "\x5d\x00\x00\x0d\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00", ""},
		{"no dictionary", "\x5d\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00", ""},
		{"a size of 2^38", "\x5d\x00\x00\x80\x00\x00\x00\x00\x00\x40\x00\x00\x00\x00", ""},
		{"text", "] and so on, and so on", ""},
		{"compress with codes of 16 bits", "\x1f\x9d\x90", "compress"},
		{"compress with codes of 8", "\x1f\x9d\x88", "compress"},
		{"compress with codes of 17", "\x1f\x9d\x91", ""},
		{"compress with flags that nobody knows", "\x1f\x9d\xf0", ""},
		{"a frame of zstd that is skipped", "\x5f\x2a\x4d\x18\x04\x00\x00\x00", "zstd"},
		{"a binary cpio", cpio, "binary cpio"},
		{"a binary cpio of the other byte order", "\x71\xc7\x00\x00\x00\x01\x81\xed\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x04a\x00", "binary cpio"},
		{"one whose name does not end", cpio[:27] + "b", ""},
		{"one without a type of file", cpio[:6] + "\xed\x01" + cpio[8:], "binary cpio"},
		{"one with a name longer than a path", cpio[:20] + "\x6a\x10" + cpio[22:26] + strings.Repeat("./", 2100) + "a\x00", "binary cpio"},
		{"lzma with other properties", "\x5a" + lzma, "LZMA"},
		{"lzma with other properties, and a dictionary that is no power of two", "\x00\x00\x00\x03\x00" + lzma[4:], ""},
		{"lzma with more than liblzma takes", "\x62" + lzma, ""},
		{"lzma whose first bit is no literal", "\x5d" + lzma[:13] + "\x80", ""},
		{"lzma of a size of nothing", "\x00\x00\x00\x01" + strings.Repeat("\x00", 20), ""},
		{"lzip of the version before", "LZIP\x00\x14", "lzip"},
		{"zstd of version 0.7", "\x27\xb5\x2f\xfd", "zstd before 1.0"},
		{"zstd of version 0.1", "\xfd\x2f\xb5\x1e", "zstd before 1.0"},
		{"a frame of a version that never was", "\x29\xb5\x2f\xfd", ""},
		{"LHA", "\x1a\x2b-lh0-" + strings.Repeat("\x04\x00\x00\x00", 3) + "\x20\x00\x04evil", "LHA"},
		{"LArc", "\x1a\x2b-lz5-" + strings.Repeat("\x04\x00\x00\x00", 3) + "\x20\x00\x04evil", "LHA"},
		{"options of a program", "  -lh0-and-so-on", ""},
		{"ARJ", "\x60\xea\x22\x00\x1e\x0b\x01\x0b\x10\x00\x02", "ARJ"},
		{"RPM", "\xed\xab\xee\xdb\x03\x00", "RPM"},
		{"WARC", "WARC/1.0\r\n", "WARC"},
		{"a word in it", "WARC/and more", ""},
		{"StuffIt", "SIT!\x00\x01\x00\x00\x00\x00rLau", "StuffIt"},
		{"an Apple Archive packed by LZFSE", "pbze\x00\x00\x00\x00\x00\x40\x00\x00", "Apple Archive, packed"},
		{"one packed by nothing", "pbz-\x00\x00\x00\x00\x00\x40\x00\x00", "Apple Archive, packed"},
		{"a text that begins so", "pbz4, which is LZ4", ""},
		{"an encrypted Apple Archive", "AEA1\x01\x00\x00\x00", "Apple Archive, encrypted"},
		{"LZFSE", "bvx2\x00", "LZFSE"},
		{"an encrypted disk image", "encrcdsa\x00\x00\x00\x02", "disk image"},
		{"a sparse disk image", "sprs\x00\x00\x00\x03", "disk image"},
		{"a disk image with partitions of Apple's", at(512, "ER", "PM\x00\x00"), "disk image"},
		{"one with those of GUIDs", at(512, "", "EFI PART"), "disk image"},
		{"one with those of GUIDs, in blocks of 4,096 bytes", at(4096, "", "EFI PART"), "disk image"},
		{"partitions of Apple's without drivers", at(512, "", "PM\x00\x00\x00\x00\x00\x02"+strings.Repeat("\x00", 40)+"Apple_HFS"), "disk image"},
		{"the letters of them", at(512, "", "PM\x00\x00\x00\x00\x00\x02"+strings.Repeat("\x00", 40)+"\x01\x02\x00"), ""},
		{"a master boot record", at(450, "", "\xaf\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00"+strings.Repeat("\x00", 48)+"\x55\xaa"), "disk image"},
		{"one without partitions", at(510, "", "\x55\xaa"), ""},
		{"one whose partition is not on the disk", at(450, "", "\xaf\x00\x00\x00\x01\x00\x00\x00\x01\x01\x00\x00"+strings.Repeat("\x00", 48)+"\x55\xaa"), ""},
		{"one whose partition ends behind the disk, and begins as a volume", at(450, "", "\xaf\x00\x00\x00\x01\x00\x00\x00\x01\x01\x00\x00"+strings.Repeat("\x00", 48)+"\x55\xaa"+strings.Repeat("\x00", 1024)+"H+"), "disk image"},
		{"one with a flag that there is not, and a volume", at(446, "", "\x01\x00\x00\x00\xaf\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00"+strings.Repeat("\x00", 48)+"\x55\xaa"+strings.Repeat("\x00", 32)+"NXSB"), "disk image"},
		{"boot code", at(446, "", "\x01\x00\x00\x00\xaf\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00"+strings.Repeat("\x00", 48)+"\x55\xaa"), ""},
		{"partitions of Apple's in blocks of 2,048 bytes", at(2048, "ER\x08\x00", "PM"), "disk image"},
		{"two letters", "ER\x08\x00", ""},
		{"partitions of Apple's by the one for their map", at(512, "", "PM\x01\x00\x00\x00\x00\x02"+strings.Repeat("\x00", 504)+"PM"+strings.Repeat("\x00", 46)+"Apple_Partition_Map"+strings.Repeat("\x00", 20)), "disk image"},
		{"UDF behind another descriptor", at(32769, "", "BOOT2"), "disk image"},
		{"FAT with numbers that no other has", "\xe9\x00\x00        \x00\x10\x80\x00\x00\x07\x00\x00\x00\x00\x00" + strings.Repeat("\x00", 10) + "\x01" + strings.Repeat("\x00", 11) + "\x02" + strings.Repeat("\x00", 500), "disk image"},
		{"a sparse image of macOS 26", "shdw\x00\x00\x00\x01\x00\x00\x02\x00", "disk image"},
		{"a disk image whose trailer is in front", "koly\x00\x00\x00\x04\x00\x00\x02\x00", "disk image"},
		{"FAT without its name", "\xeb\x3c\x90BSD  4.4\x00\x02\x04\x01\x00\x01\x00\x02\x00\x40\xf8" + strings.Repeat("\x00", 500), "disk image"},
		{"a jump", "\xeb\x3c\x90" + strings.Repeat("\x00", 520), ""},
		{"a volume of HFS+ in one of HFS without a name", at(1024, "", "BD"+strings.Repeat("\x00", 17)+"\x01\x00\x00\x10\x00"+strings.Repeat("\x00", 100)+"H+"), "disk image"},
		{"a volume of APFS", at(32, "", "NXSB\x00\x10\x00\x00"), "disk image"},
		{"a volume of HFS+", at(1024, "", "H+\x00\x04"), "disk image"},
		{"one that tells case", at(1024, "", "HX\x00\x05"), "disk image"},
		{"a volume of HFS", at(1024, "", "BD"+strings.Repeat("\x00", 17)+"\x01\x00\x00\x10\x00"+strings.Repeat("\x00", 12)+"\x04name"), "disk image"},
		{"two letters in the place of its magic", at(1024, "", "BD and more"), ""},
		{"ISO 9660", at(32769, "", "CD001"), "disk image"},
		{"UDF", at(32769, "", "BEA01"), "disk image"},
		{"FAT", at(54, "\xeb\x3c\x90", "FAT16   "+strings.Repeat("\x00", 448)+"\x55\xaa"), "disk image"},
		{"a 7-Zip archive behind something", "stub" + sevenZipHeader(), "7-Zip behind something else"},
		{"the magic of 7-Zip", "stub" + sevenZip + rest, ""},
		{"a zip behind something, without its end", "stubPK\x03\x04\x14\x00\x00\x00\x08\x00" + strings.Repeat("\x00", 16) + "\x04\x00\x00\x00evil", "zip behind something else, without its end"},
		{"the magic of a zip", "stubPK\x03\x04" + rest, ""},
		{"a Windows program with a cabinet", "MZ" + strings.Repeat(" ", 5000) + "MSCF" + strings.Repeat("\x00", 20) + "\x03\x01", "a program with an archive behind it"},
		{"one that reads cabinets", "MZ" + strings.Repeat(" ", 5000) + "MSCF\x00\x00\x00\x00Rar!\x1a\x07", ""},
		{"an old tar whose size is no number", oldTar("+AAAAAAAAAAA", ""), "tar"},
		{"one with other white space before its checksum", oldTar("00000000000", "\n\v"), "tar"},
		{"cpio without a header", "070707 notes", "cpio"},
		{"digits that begin so", "070703 notes", ""},
		{"a part of a zip", "PK\x07\x08PK\x03\x04", "zip"},
		{"a Windows image", "MSWIM\x00\x00\x00", "Windows image"},
		{"LZ4 before it had frames", "\x02\x21\x4c\x18", "LZ4"},
		{"lzop", "\x89LZO\x00\r\n\x1a\n", "lzop"},
		{"uuencode", "begin 644 a.tar\n" + "M" + strings.Repeat("0", 60) + "\n", "uuencode"},
		{"uuencode by base64", "begin-base64 644 a.tar\nAAAA\n", "uuencode"},
		{"uuencode behind a text", strings.Repeat("A letter.\n", 999) + "begin 644 a.tar\n" + "M" + strings.Repeat("0", 60) + "\n", "uuencode"},
		{"uuencode behind data", "\x00\n" + "begin 644 a.tar\n" + "M" + strings.Repeat("0", 60) + "\n", ""},
		{"a text that begins", "begin 644 times\nand then no line of its length\n", ""},
		{"another", "begin with this\n", ""},
		{"a script with xz behind it", "#!/bin/sh\nexit\n\xfd7zXZ\x00", "a script with an archive behind it"},
		{"a script with bzip2 behind it", "#!/bin/sh\nexit\nBZh91AY&SY", "a script with an archive behind it"},
		{"a script that speaks of it", "#!/bin/sh\necho BZh91AY&SY\nBZh9\n", ""},
		{"AppleDouble with a program", double + "\xcf\xfa\xed\xfe", "AppleDouble with a program as its resource fork"},
		{"AppleDouble with a resource fork", double + "\x00\x00\x01\x00", ""},
		{"zeros", strings.Repeat("\x00", 64), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := ""
			b := []byte(row.head + rest)
			f, err := Recognise(bytes.NewReader(b), int64(len(b)), nil, true)
			if f != nil {
				got = f.Name
			}
			if got != row.want || err != nil {
				t.Errorf("is taken for %q, %v", got, err)
			}
		})
	}
}

// at is a magic number at an offset behind what begins so.
func at(offset int, begin, magic string) string {
	return begin + strings.Repeat("\x00", offset-len(begin)) + magic
}

func sevenZipHeader() string {
	next := strings.Repeat("\x01", 20)
	sum := binary.LittleEndian.AppendUint32([]byte(sevenZip+"\x00\x04"), crc32.ChecksumIEEE([]byte(next)))
	return string(sum) + next
}

// oldTar is the first block of a tar from before POSIX.
func oldTar(size, before string) string {
	b := make([]byte, tarBlock)
	copy(b, "evil")
	copy(b[100:], "0000755\x000000000\x000000000\x00")
	copy(b[124:], size)
	copy(b[148:], "        ")
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%s%05o\x00", before, sum))
	return string(b)
}

// What is said of a beginning alone has to be said, too, when no more than that is there.
func TestWhatMayPackIsToldByItsBeginning(t *testing.T) {
	double := "\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        \x00\x01\x00\x00\x00\x02\x00\x01\x00\x00\x00\x00\x00\x04"
	for _, row := range []struct {
		name, head string
		want       bool
	}{
		{"a resource fork that is behind it", double, true},
		{"an asar whose JSON is", "\x04\x00\x00\x00\x08\x00\x01\x00\x04\x00\x00\x00", true},
		{"an asar with white space alone", "\x04\x00\x00\x00\x08\x10\x01\x00\x04\x10\x01\x00\x00\x10\x01\x00" + strings.Repeat(" ", HeadSize), true},
		{"a binary cpio with a long name", "\xc7\x71" + strings.Repeat("\xff", HeadSize), true},
		{"cpio whose header is behind it", "070707 notes", true},
		{"a script", "#!/bin/sh", true},
		{"a program for Windows", "MZ", true},
		{"a text", "notes", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			head := row.head + strings.Repeat("\x00", max(0, HeadSize-len(row.head)))
			if got := MayPack([]byte(head)); got != row.want {
				t.Errorf("%v", got)
			}
		})
	}
}
