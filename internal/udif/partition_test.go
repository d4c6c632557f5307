package udif_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/udif"
)

const blocks = 400 // of 512 bytes, of the disks here

// part is a partition, in blocks.
type part struct {
	name         string
	first, count int
}

// gpt writes a GPT and its copy onto a disk.
func gpt(disk []byte, parts ...part) {
	le := binary.LittleEndian
	entries := make([]byte, 128*128)
	for i, p := range parts {
		e := entries[128*i:]
		copy(e, "\x00\x53\x46\x48\x00\x00\xaa\x11\xaa\x11\x00\x30\x65\x43\xec\xac")
		le.PutUint64(e[32:], uint64(p.first))
		le.PutUint64(e[40:], uint64(p.first+p.count-1))
		for j, c := range p.name {
			e[56+2*j] = byte(c)
		}
	}
	for _, at := range []struct{ header, entries int }{{1, 2}, {blocks - 1, blocks - 33}} {
		h := disk[512*at.header:]
		copy(h, "EFI PART\x00\x00\x01\x00")
		le.PutUint32(h[12:], 92)
		le.PutUint64(h[72:], uint64(at.entries))
		le.PutUint32(h[80:], 128)
		le.PutUint32(h[84:], 128)
		le.PutUint32(h[88:], crc32.ChecksumIEEE(entries))
		le.PutUint32(h[16:], 0)
		le.PutUint32(h[16:], crc32.ChecksumIEEE(h[:92]))
		copy(disk[512*at.entries:], entries)
	}
}

// apm writes an Apple partition map of blocks of 512 bytes, which lists itself.
func apm(disk []byte, parts ...part) {
	be := binary.BigEndian
	copy(disk, "ER\x02\x00")
	parts = append([]part{{"Apple", 1, 63}}, parts...)
	for i, p := range parts {
		e := disk[512*(i+1):]
		copy(e, "PM")
		be.PutUint32(e[4:], uint32(len(parts)))
		be.PutUint32(e[8:], uint32(p.first))
		be.PutUint32(e[12:], uint32(p.count))
		copy(e[16:], p.name)
		copy(e[48:], "Apple_HFS")
		if i == 0 {
			copy(e[48:], "Apple_partition_map")
		}
	}
}

// mbr writes a master boot record.
func mbr(disk []byte, kind byte, parts ...part) {
	for i, p := range parts {
		e := disk[446+16*i:]
		e[4] = kind
		binary.LittleEndian.PutUint32(e[8:], uint32(p.first))
		binary.LittleEndian.PutUint32(e[12:], uint32(p.count))
	}
	disk[510], disk[511] = 0x55, 0xAA
}

func TestPartitionsAreThoseOfTheMaps(t *testing.T) {
	const hfs = "48465300-0000-11AA-AA11-00306543ECAC"
	of := func(scheme, name, kind string, first, count int64) udif.Partition {
		return udif.Partition{Scheme: scheme, Name: name, Type: kind, Offset: first * 512, Size: count * 512}
	}
	one, two := part{"one", 64, 100}, part{"two", 164, 100}
	for _, row := range []struct {
		name string
		disk func(b []byte)
		want []udif.Partition
		told string
	}{
		{"no map", func([]byte) {}, []udif.Partition{{Size: blocks * 512}}, "[]"},
		{"GPT", func(b []byte) { gpt(b, one, two) }, []udif.Partition{of("GPT", "one", hfs, 64, 100), of("GPT", "two", hfs, 164, 100)}, "[]"},
		{"GPT with a record that protects it", func(b []byte) { mbr(b, 0xEE, part{"", 1, blocks - 1}); gpt(b, one) }, []udif.Partition{of("GPT", "one", hfs, 64, 100)}, "[]"},
		{"APM", func(b []byte) { apm(b, one, two) }, []udif.Partition{of("APM", "one", "Apple_HFS", 64, 100), of("APM", "two", "Apple_HFS", 164, 100)}, "[]"},
		{"MBR", func(b []byte) { mbr(b, 0xAF, one) }, []udif.Partition{of("MBR", "", "0xAF", 64, 100)}, "[]"},
		{"a GPT whose first header is damaged", func(b []byte) { gpt(b, one); b[512+80] ^= 1 }, []udif.Partition{of("GPT", "one", hfs, 64, 100)}, "[GPT at offset 512: the header does not have the checksum that it says]"},
		{"a GPT whose copy is damaged", func(b []byte) { gpt(b, one); b[(blocks-33)*512] ^= 1 }, []udif.Partition{of("GPT", "one", hfs, 64, 100)}, "[the copy of the GPT at the end of the disk: the entries do not have the checksum that the header says]"},
		{"a GPT and another copy", func(b []byte) {
			gpt(b, one)
			first := bytes.Clone(b[:40*512])
			gpt(b, two)
			copy(b, first)
		}, []udif.Partition{of("GPT", "one", hfs, 64, 100)}, "[the GPT and its copy at the end of the disk list different partitions]"},
		{"a GPT and an MBR that agree", func(b []byte) { mbr(b, 0xAF, one); gpt(b, one) }, []udif.Partition{of("GPT", "one", hfs, 64, 100)}, "[]"},
		{
			"a GPT and an MBR that do not", func(b []byte) { mbr(b, 0xAF, two); gpt(b, one) },
			[]udif.Partition{of("GPT", "one", hfs, 64, 100), of("MBR", "", "0xAF", 164, 100)},
			`[the partition "one" at offset 32768 is in one of the maps, GPT, and not in the other, MBR the partition "" at offset 83968 is in one of the maps, MBR, and not in the other, GPT]`,
		},
		{
			"partitions that overlap", func(b []byte) { apm(b, one, part{"two", 100, 10}) },
			[]udif.Partition{of("APM", "one", "Apple_HFS", 64, 100), of("APM", "two", "Apple_HFS", 100, 10)},
			`[the partitions "one" at offset 32768 and "two" at 51200 share bytes]`,
		},
		{"a partition past the disk", func(b []byte) { apm(b, part{"far", 300, 101}) }, []udif.Partition{{Size: blocks * 512}}, `[APM: the partition "far" has 101 blocks from 300 on, where the disk has 400]`},
		{"an APM of more entries than there are", func(b []byte) { apm(b, one); b[512+7] = 9 }, []udif.Partition{of("APM", "one", "Apple_HFS", 64, 100)}, "[APM: no entry at offset 1536, the 3. of 9]"},
		{"an APM of 4 billion entries", func(b []byte) { apm(b, one); b[512+4] = 0xff }, []udif.Partition{{Size: blocks * 512}}, "[APM: 4278190082 entries, where the limit is 1024]"},
		{
			"an APM whose second entry for itself says that there are more", func(b []byte) {
				apm(b, part{"map", 1, 63}, one)
				copy(b[2*512+48:], "Apple_partition_map")
				b[512+7], b[2*512+7] = 2, 3
			},
			[]udif.Partition{of("APM", "one", "Apple_HFS", 64, 100)},
			"[APM: the first entry says that there are 2, and the one at offset 1024 that there are 3]",
		},
		{
			"an APM whose entry for itself that is misspelt says that there are more", func(b []byte) {
				apm(b, part{"map", 1, 63}, one)
				copy(b[2*512+48:], "Apple_patition_map\x00")
				b[512+7], b[2*512+7] = 2, 3
			},
			[]udif.Partition{of("APM", "one", "Apple_HFS", 64, 100)},
			"[APM: the first entry says that there are 2, and the one at offset 1024 that there are 3]",
		},
		{
			"an APM of blocks of 640 bytes", func(b []byte) { apm(b, one); b[3] = 0x80 },
			[]udif.Partition{of("APM", "one", "Apple_HFS", 64, 100)},
			"[APM: the first block says that blocks have 640 bytes, which is no number of sectors]",
		},
		{
			"an MBR with a flag that there is not, and a volume where it says", func(b []byte) {
				mbr(b, 0xAF, one)
				b[446] = 1
				copy(b[64*512+1024:], "H+")
			},
			[]udif.Partition{of("MBR", "", "0xAF", 64, 100)},
			"[MBR: some take it for boot code, and others for a map with a partition of the type 0xAF at offset 32768]",
		},
		{
			"boot code in a volume", func(b []byte) { mbr(b, 0xAF, one); b[446] = 1; copy(b[1024:], "H+") },
			[]udif.Partition{{Size: blocks * 512}},
			"[]",
		},
		{
			"boot code, and an extended partition", func(b []byte) { mbr(b, 0x05, one); b[446] = 1; mbr(b[64*512:], 0xAF, one) },
			[]udif.Partition{{Size: blocks * 512}},
			"[MBR: some take it for boot code, and others for a map with a partition of the type 0x05 at offset 32768]",
		},
		{
			"a partition that is a part of a RAID", func(b []byte) { apm(b, one); copy(b[2*512+48:], "Apple_RAID") },
			[]udif.Partition{of("APM", "one", "Apple_RAID", 64, 100)},
			`[the partition "one" at offset 32768: a part of a RAID, which is not read]`,
		},
		{
			"a FAT with numbers that no other has, and HFS+", func(b []byte) {
				apm(b, one)
				copy(b[64*512:], "\xeb\x3c\x90        \x00\x02\x01\x00\x00\x07\x00\x02\xd0\x07\x00")
				copy(b[64*512+1024:], "H+")
			},
			[]udif.Partition{of("APM", "one", "Apple_HFS", 64, 100)},
			`[the partition "one" at offset 32768 is FAT, and HFS+ as well]`,
		},
		{"an APM that does not list itself", func(b []byte) { apm(b, one); copy(b[512+48:], "Apple_Free\x00") }, []udif.Partition{of("APM", "one", "Apple_HFS", 64, 100)}, "[APM: the map has no entry for itself, and macOS takes the disk for one without a map]"},
		{
			"an APM in blocks of 2,048 bytes, and another in those of 512", func(b []byte) {
				apm(b, one, part{"free", 200, 1})
				copy(b[2048:], b[512:1024])
				copy(b[4096:], b[1024:1536])
				b[2], b[3] = 8, 0
				b[2048+7], b[4096+7], b[4096+11], b[4096+15] = 2, 2, 20, 5
			},
			[]udif.Partition{of("APM", "one", "Apple_HFS", 64, 100), of("APM", "one", "Apple_HFS", 80, 20), of("APM", "free", "Apple_HFS", 200, 1)},
			`[the partition "one" at offset 32768 is in one of the maps, APM, and not in the other, APM the partition "free" at offset 102400 is in one of the maps, APM, and not in the other, APM the partition "one" at offset 40960 is in one of the maps, APM, and not in the other, APM the partitions "one" at offset 32768 and "one" at 40960 share bytes]`,
		},
		{
			"two file systems in one partition", func(b []byte) {
				apm(b, one)
				copy(b[64*512+32:], "NXSB")
				copy(b[64*512+1024:], "H+")
			},
			[]udif.Partition{of("APM", "one", "Apple_HFS", 64, 100)},
			`[the partition "one" at offset 32768 is APFS, and HFS+ as well]`,
		},
		{
			"two file systems in the first sector of a partition", func(b []byte) {
				apm(b, one)
				copy(b[64*512+32:], "NXSB")
				copy(b[64*512+54:], "FAT16")
			},
			[]udif.Partition{of("APM", "one", "Apple_HFS", 64, 100)},
			`[the partition "one" at offset 32768 is APFS, and FAT as well]`,
		},
		{
			"a partition of one block on a disk that is a volume", func(b []byte) {
				mbr(b, 0xAF, part{"", 0, 1})
				copy(b[1024:], "H+")
			},
			[]udif.Partition{of("MBR", "", "0xAF", 0, 1), {Size: blocks * 512}},
			"[the disk is HFS+ as a whole, and has partitions]",
		},
		{"an extended partition", func(b []byte) { mbr(b, 0x0F, one) }, []udif.Partition{{Size: blocks * 512}}, "[MBR: an extended partition (type 0x0F), which is not read]"},
		{"a disc with partitions that is a file system itself", func(b []byte) { apm(b, one); copy(b[32769:], "CD001") }, []udif.Partition{of("APM", "one", "Apple_HFS", 64, 100), {Size: blocks * 512}}, "[the disk is ISO 9660 as a whole, and has partitions]"},
		{"a FAT without a map", func(b []byte) { mbr(b, 0xAF, one); copy(b[54:], "FAT16") }, []udif.Partition{{Size: blocks * 512}}, "[]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			disk := make([]byte, blocks*512)
			row.disk(disk)
			got, problems := udif.Partitions(bytes.NewReader(disk), int64(len(disk)))
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
			if told := fmt.Sprint(problems); told != row.told {
				t.Errorf("got  %s\nwant %s", told, row.told)
			}
		})
	}
}

func TestFileSystemsAreToldByTheirBeginning(t *testing.T) {
	for _, row := range []struct {
		want  string
		at    int
		bytes string
	}{
		{"HFS+", 1024, "H+\x00\x04"},
		{"HFSX", 1024, "HX\x00\x05"},
		{"HFS", 1024, "BD"},
		{"APFS", 32, "NXSB"},
		{"ISO 9660", 32769, "CD001"},
		{"UDF", 32769, "BEA01"},
		{"UDF", 32769, "BOOT2" + strings.Repeat("\x00", 2043) + "NSR03"},
		{"FAT", 82, "FAT32   "},
		{"exFAT", 3, "EXFAT   "},
		{"NTFS", 3, "NTFS    "},
		{"", 0, "something else"},
	} {
		t.Run(row.want, func(t *testing.T) {
			b := make([]byte, 40_000)
			copy(b[row.at:], row.bytes)
			if got := udif.FileSystem(bytes.NewReader(b), int64(len(b))); got != row.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func FuzzPartitions(f *testing.F) {
	for _, write := range []func([]byte, ...part){gpt, apm, func(b []byte, p ...part) { mbr(b, 0xAF, p...) }} {
		b := make([]byte, blocks*512)
		write(b, part{"one", 64, 100}, part{"two", 164, 100})
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		size := int64(len(b))
		list, _ := udif.Partitions(bytes.NewReader(b), size)
		for _, p := range list {
			if p.Offset < 0 || p.Size < 0 || p.Offset > size || p.Size > size-p.Offset || len(list) > 3*1024 {
				t.Errorf("%+v on a disk of %d bytes", p, size)
			}
		}
	})
}
