package scan_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	at "github.com/codewarrant/codewarrant/internal/archivetest"
	it "github.com/codewarrant/codewarrant/internal/imagetest"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/policy"
)

// dmg is an image of a disk, packed in small chunks by zlib.
func dmg(disk []byte) []byte { return it.UDIF{Size: 64 << 10}.Write(disk) }

// images are disk images of each file system, kind of chunk and map of partitions.
func images() []at.Format {
	kinds := func(kinds ...uint32) func(at.Files) []byte {
		return func(f at.Files) []byte { return it.UDIF{Kinds: kinds, Size: 64 << 10}.Write(it.HFSDisk(f)) }
	}
	return []at.Format{
		{Name: "dmg, HFS+, zlib", Pack: func(f at.Files) []byte { return dmg(it.HFSDisk(f)) }},
		{Name: "dmg, APFS, zlib", Pack: func(f at.Files) []byte { return dmg(it.APFSDisk(f)) }},
		{Name: "dmg, HFSX", Pack: func(f at.Files) []byte { return dmg(it.HFS{X: true, Files: it.HFSTree(f)}.Write()) }},
		{Name: "dmg, HFS+ in pieces", Pack: func(f at.Files) []byte { return dmg(it.HFS{Fragment: 3, Files: it.HFSTree(f)}.Write()) }},
		{Name: "dmg, xz", Pack: kinds(it.XZ)},
		{Name: "dmg, LZFSE", Pack: kinds(it.Lzfse)},
		{Name: "dmg, ADC", Pack: kinds(it.ADCed)},
		{Name: "dmg, raw and zlib", Pack: kinds(it.Raw, it.Zlib)},
		{Name: "a disk with HFS+", Pack: func(f at.Files) []byte { return it.HFSDisk(f) }},
		{Name: "a disk with APFS", Pack: func(f at.Files) []byte { return it.APFSDisk(f) }},
		{Name: "dmg, partitions of Apple's map", Pack: func(f at.Files) []byte { return dmg(apm(part{"disk image", "Apple_HFS", it.HFSDisk(f)})) }},
	}
}

// part is a partition of a disk.
type part struct {
	name, kind string
	disk       []byte
}

// apm is a disk with an Apple partition map, which lists itself.
func apm(parts ...part) []byte {
	be := binary.BigEndian
	const block = 512
	disk := make([]byte, block)
	copy(disk, "ER\x02\x00")
	for i, p := range append([]part{{"Apple", "Apple_partition_map", make([]byte, 63*block)}}, parts...) {
		at := len(disk)
		disk = append(disk, p.disk...)
		disk = append(disk, make([]byte, -len(disk)&(block-1))...)
		e := disk[block*(i+1):][:block]
		copy(e, "PM")
		be.PutUint32(e[4:], uint32(len(parts)+1))
		be.PutUint32(e[8:], uint32(at/block))
		be.PutUint32(e[12:], uint32((len(disk)-at)/block))
		copy(e[16:48], p.name)
		copy(e[48:80], p.kind)
	}
	return disk
}

// toldOfImage is what is told of an image: each binary and image, and each finding.
func toldOfImage(t *testing.T, content []byte) (lines []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "Acme.dmg")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	found := look(t, []string{file})
	dir := filepath.ToSlash(filepath.Dir(file)) + "/"
	for _, p := range found.Packages {
		lines = append(lines, "image "+strings.TrimPrefix(p.Path, dir))
	}
	for _, b := range found.Binaries {
		lines = append(lines, "code "+strings.TrimPrefix(b.Paths[0], dir))
	}
	for _, f := range findings(t, found) {
		rule, _ := check.RuleByID(f.Rule)
		if len(f.Paths) == 0 { // that nothing was there to check, beside what is told of the image
			continue
		}
		if f.Level == rule.Level && (rule.Unreadable || f.Rule == check.RuleAmbiguousArchive || f.Rule == check.RuleLinkOutside) {
			lines = append(lines, fmt.Sprintf("%s %s: %.90s", f.Rule, strings.TrimPrefix(f.Paths[0], dir), strings.ReplaceAll(f.Message, dir, "")))
		}
	}
	return lines
}

func TestWhatIsOnADiskImageIsTold(t *testing.T) {
	program, err := os.ReadFile(pgctl)
	if err != nil {
		t.Fatal(err)
	}
	files := at.Files{"tool": string(program)}
	hfs, apfs := it.HFSDisk(files), it.APFSDisk(files)
	other := make([]byte, 64<<10)
	copy(other[32769:], "CD001")
	fat := make([]byte, 64<<10)
	copy(fat, "\xeb\x3c\x90")
	copy(fat[54:], "FAT16   ")
	fat[510], fat[511] = 0x55, 0xaa
	container := func(volumes ...it.APFSVolume) []byte { return dmg(it.APFS{Volumes: volumes}.Image().Bytes) }
	volume := it.APFSVolume{Name: "One", Features: 1, Files: it.APFSTree(files)}
	encrypted, sealed, snapshots := volume, volume, volume
	encrypted.Encrypted, sealed.Features, snapshots.Snapshots = true, 0x21, 2
	const unread = "unsupported-filesystem Acme.dmg"
	for _, row := range []struct {
		name string
		disk []byte
		want []string
	}{
		{"one volume is directly below the image", dmg(hfs), []string{"image Acme.dmg", "code Acme.dmg/tool"}},
		{"a disk without a trailer is no image of which there is more to tell", apfs, []string{"code Acme.dmg/tool"}},
		{"two partitions are two folders", dmg(apm(part{"a", "Apple_HFS", hfs}, part{"b", "Apple_APFS", apfs})), []string{
			"image Acme.dmg", "code Acme.dmg/Acme/tool", "code Acme.dmg/Acme (2)/tool",
		}},
		{"two volumes are two folders, of safe names", container(volume, it.APFSVolume{Name: "../a/b", Features: 1, Files: it.APFSTree(files)}), []string{
			"image Acme.dmg", "code Acme.dmg/One/tool", "code Acme.dmg/..:a:b/tool",
		}},
		{"the link to the applications is no finding, and one that leads out is", dmg(it.HFSDisk(at.Files{
			"tool": string(program), "Applications": "-> /Applications", "out": "-> /etc", ".DS_Store": "data",
		})), []string{"image Acme.dmg", "code Acme.dmg/tool", `link-outside Acme.dmg/out: link to "/etc" leads out of the artifact`}},
		{"ISO 9660", other, []string{unread + ": a disk with the file system ISO 9660, which is not read"}},
		{"FAT in a partition", dmg(apm(part{"EFI", "DOS_FAT_16", fat}, part{"b", "Apple_HFS", hfs})), []string{
			"image Acme.dmg", "code Acme.dmg/Acme/tool",
			unread + `/EFI: the partition "EFI" of the type DOS_FAT_16 with the file system FAT, which is not read`,
		}},
		{"a partition in which nothing begins", dmg(apm(part{"free", "Apple_Extra", make([]byte, 8192)}, part{"b", "Apple_HFS", hfs})), []string{"image Acme.dmg", "code Acme.dmg/tool"}},
		{"a partition of which nothing is known", dmg(apm(part{"x", "Apple_UFS", []byte("something")})), []string{
			"image Acme.dmg", unread + `: the partition "x" of the type Apple_UFS without a file system that is known, which is not `,
		}},
		{"an encrypted image", append([]byte("encrcdsa\x00\x00\x00\x02"), make([]byte, 4096)...), []string{unread + ": a disk image (encrcdsa): it is encrypted"}},
		{"one of the first version", append(make([]byte, 4096), "cdsaencr"...), []string{unread + ": a disk image (cdsaencr): it is encrypted"}},
		{"a sparse image", append([]byte("sprs\x00\x00\x00\x03"), make([]byte, 4096)...), []string{unread + ": a sparse disk image, which is not read"}},
		{"an encrypted volume", container(encrypted), []string{"image Acme.dmg", unread + `: APFS: volume "One": an encrypted volume, which is not read`}},
		{"a sealed volume", container(sealed), []string{"image Acme.dmg", unread + `: APFS: volume "One": a sealed volume, which is not read`}},
		{"snapshots of a volume", container(snapshots), []string{"image Acme.dmg", "code Acme.dmg/tool", unread + ": what 2 snapshots of the volume hold, which is not read"}},
		{"a disk that is a file system as a whole, and has partitions", dmg(hybrid(hfs)), []string{
			"image Acme.dmg", "code Acme.dmg/Acme/tool",
			"ambiguous-archive Acme.dmg: the disk is ISO 9660 as a whole, and has partitions",
			unread + "/volume 2: a disk with the file system ISO 9660, which is not read",
		}},
		{"what is packed was damaged", damaged(dmg(hfs)), []string{
			"image Acme.dmg", "code Acme.dmg/tool",
			"unreadable Acme.dmg: the image is damaged: the checksum of the contents as they are packed is",
		}},
		{"a table is of other contents", it.UDIF{Table: func(_ int, b []byte) { b[75] ^= 1 }}.Write(hfs), []string{
			"image Acme.dmg", "code Acme.dmg/tool",
			`unreadable Acme.dmg: the image is damaged: the checksum of table 1, "table 0" is`,
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := toldOfImage(t, row.disk)
			for i := range got {
				if i < len(row.want) && strings.HasPrefix(row.want[i], "unreadable") {
					got[i] = got[i][:min(len(got[i]), len(row.want[i]))]
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// hybrid is a disc with a file system of its own beside a partition.
func hybrid(volume []byte) []byte {
	const at, entry = 32769, 2 * 512
	disk := apm(part{"Apple", "Apple_HFS", append(make([]byte, 64<<10), volume...)})
	copy(disk[at:], "CD001")
	be := binary.BigEndian
	begin := be.Uint32(disk[entry+8:]) + 64<<10/512
	be.PutUint32(disk[entry+8:], begin)
	be.PutUint32(disk[entry+12:], uint32(len(volume)/512))
	return disk
}

// damaged changes a byte of a chunk that holds no code, which stays sound: of the trailer's
// checksum.
func damaged(b []byte) []byte {
	b[len(b)-512+80+11] ^= 1
	return b
}

// signedImage is an image that is signed ad hoc.
func signedImage(disk []byte) []byte {
	return it.UDIF{Size: 64 << 10, Sign: func(data, trailer []byte) []byte {
		return machotest.Signature{Identifier: "Acme"}.ForImage(trailer).Bytes(data)
	}}.Write(disk)
}

func TestADiskImageThatIsChangedAfterItWasSignedIsTold(t *testing.T) {
	program, err := os.ReadFile(pgctl)
	if err != nil {
		t.Fatal(err)
	}
	disk := it.HFSDisk(at.Files{"tool": string(program), "notes": "no code"})
	for _, row := range []struct {
		name string
		edit func([]byte)
		want []string
	}{
		{"as it was signed", func([]byte) {}, nil},
		{"another checksum of the contents", func(b []byte) { b[len(b)-512+90] ^= 1 }, []string{check.RuleSlotMismatch, check.RuleUnreadable}},
		{"another byte of what is packed", func(b []byte) { b[len(b)/2] ^= 1 }, []string{check.RuleModifiedCode, check.RuleUnreadable}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := signedImage(disk)
			row.edit(b)
			file := filepath.Join(t.TempDir(), "Acme.dmg")
			if err := os.WriteFile(file, b, 0o600); err != nil {
				t.Fatal(err)
			}
			found := look(t, []string{file})
			if p := found.Packages[0]; !p.Signed || !p.AdHoc || p.Identifier != "Acme" || p.CDHash == "" {
				t.Errorf("%+v", p)
			}
			got := map[string]bool{}
			p, err := policy.Parse("lax", []byte("version: 1\nsettings: {unlisted: allow}\nstages: {release: {require: []}}\n"))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range check.Evaluate(check.Input{Packages: found.Packages, Unread: found.Unread, Policy: p, Stage: &p.Stages[0]}).Findings {
				if strings.HasSuffix(f.Paths[0], ".dmg") {
					got[f.Rule] = true
				}
			}
			want := map[string]bool{}
			for _, rule := range row.want {
				want[rule] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A made image cannot take more than there is, nor go on for long.
func TestADiskImageThatLeadsToItselfEnds(t *testing.T) {
	loop := it.HFS{Files: []it.HFSFile{{Path: "a", Folder: true, ID: 20}, {Path: "a/b", Folder: true, ID: 20}}}
	for name, disk := range map[string][]byte{
		"a folder in itself": dmg(loop.Write()),
		"nothing but the trailer": func() []byte {
			b := dmg(make([]byte, 512))
			return b[len(b)-512:]
		}(),
		"ten levels": func() []byte {
			b := it.HFSDisk(at.Files{"tool": "no code"})
			for range 10 {
				b = dmg(it.HFSDisk(at.Files{"x.dmg": string(b)}))
			}
			return b
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(toldOfImage(t, disk), "\n"); !strings.Contains(got, "unreadable ") && !strings.Contains(got, "ambiguous-archive ") {
				t.Error(got)
			}
		})
	}
}
