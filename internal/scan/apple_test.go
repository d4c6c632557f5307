package scan_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	mt "github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/internal/scan"
)

// appleRule is one thing that Apple's code does, by function and file, and what is
// told of a file on which it matters. docs/how-apple-decides.md says the same in
// prose. The sources are xnu 11417 and Security 61901.
//
// The file goes the whole way, from the disk to the report, under a policy that
// allows everything: what is told of it is what no policy turns off.
type appleRule struct {
	name string
	file []byte
	want []string // all findings, as "level rule archs: part of the message"; nil: none
}

func testAppleRules(t *testing.T, rules []appleRule) {
	t.Helper()
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "Acme")
			if err := os.WriteFile(path, rule.file, 0o644); err != nil {
				t.Fatal(err)
			}
			got := told(t, look(t, []string{path}), rule.want)
			if diff := cmp.Diff(rule.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// told writes each finding as a line. Of a message it writes what is wanted of it, if
// it holds that.
func told(t *testing.T, r scan.Result, want []string) (lines []string) {
	t.Helper()
	for i, f := range findings(t, r) {
		message := f.Message
		if i < len(want) {
			if _, part, _ := strings.Cut(want[i], ": "); strings.Contains(message, part) {
				message = part
			}
		}
		subject := strings.TrimSpace(fmt.Sprintf("%s %s %s", f.Level, f.Rule, strings.Join(f.Archs, ",")))
		lines = append(lines, subject+": "+message)
	}
	return lines
}

// thin is a program for arm64 with the signature.
func thin(s mt.Signature) []byte { return mt.Binary{Signature: &s}.Bytes() }

var (
	arm   = mt.Slice{Binary: mt.Binary{Signature: &mt.Signature{}}}
	intel = mt.Slice{Binary: mt.Binary{CPU: mt.CPUX86_64, Signature: &mt.Signature{}}}
)

// universal is a program of two slices, Intel and arm64, in a file as described.
func universal(f mt.Fat) []byte {
	f.Slices = []mt.Slice{intel, arm}
	return f.Bytes()
}

// archs is the same with other entries in its fat header.
func archs(edit func(a []mt.FatArch)) []byte {
	return universal(mt.Fat{Arch: func(a []mt.FatArch) []mt.FatArch {
		edit(a)
		return a
	}})
}

func TestOfWellFormedFilesNothingIsTold(t *testing.T) {
	developerID, err := os.ReadFile("../../testdata/binaries/pg_ctl")
	if err != nil {
		t.Fatal(err)
	}
	testAppleRules(t, []appleRule{
		{"an ad hoc program", thin(mt.Signature{}), nil},
		{"a program with entitlements, under SHA-1 and SHA-256", thin(mt.Signature{
			Entitlements: xml, EntitlementsDER: der, HashTypes: []uint8{mt.HashSHA1, mt.HashSHA256},
		}), nil},
		{"a program that the linker signed", thin(*mt.LinkerSigned("a.out")), nil},
		{"a universal program", universal(mt.Fat{}), nil},
		{"a program of 32 bits", mt.Binary{Bits32: true, Signature: &mt.Signature{}}.Bytes(), nil},
		{"a program with a second __LINKEDIT, which nobody looks at", mt.Binary{Signature: &mt.Signature{}, Commands: func(c []mt.Command) []mt.Command {
			second := c[2]
			second.Body = bytes.Clone(second.Body)
			second.Body[40]-- // filesize of segment_command_64
			return append(c, second)
		}}.Bytes(), nil},
		{"a universal program that codesign signed", developerID, []string{
			"note redundant-entitlement x86_64,arm64: allow-unsigned-executable-memory permits all that",
		}},
	})
}

// Containers. In xnu 11417: bsd/kern/kern_exec.c, mach_fat.c, mach_loader.c. In
// Security 61901: macho++.cpp of libsecurity_utilities, singlediskrep.cpp.
func TestAppleReadsContainers(t *testing.T) {
	java := append([]byte{0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 65}, make([]byte, 4000)...)
	many := mt.Fat{Arch: func(a []mt.FatArch) []mt.FatArch {
		for i := range a {
			a[i].SubCPU = uint32(i)
		}
		return a
	}}
	for range 65 {
		many.Slices = append(many.Slices, mt.Slice{Raw: arm.Binary.Bytes()})
	}
	testAppleRules(t, []appleRule{
		{"exec_fat_imgact in kern_exec.c and Universal::Universal in macho++.cpp leave FAT_MAGIC_64 to dyld", universal(mt.Fat{Wide: true}), []string{
			"error ambiguous-binary: wide-fat-header",
		}},
		{"fatfile_validate_fatarches in mach_fat.c wants a fat header in big-endian order", universal(mt.Fat{Little: true}), []string{
			"error ambiguous-binary: swapped-fat-header",
		}},
		{"Universal::Universal in macho++.cpp takes the magic in either order, and entries in big-endian order", universal(mt.Fat{
			Patch: func(b []byte) []byte { copy(b, []byte{0xbe, 0xba, 0xfe, 0xca}); return b },
		}), []string{"error unreadable: claims 33554432 slices"}},
		{"fatfile_validate_fatarches in mach_fat.c refuses slices that overlap", archs(func(a []mt.FatArch) { a[0].Size += 1 << 14 }), []string{
			"error unreadable arm64: it shares bytes with a slice before it",
			"error ambiguous-binary: overlapping-slices: the arm64 slice",
			"error uncovered-bytes x86_64: 16384 bytes behind the signature",
		}},
		{"fatfile_validate_fatarches in mach_fat.c refuses a slice that covers the fat header", archs(func(a []mt.FatArch) {
			a[0].Size += a[0].Offset - 8
			a[0].Offset = 8
		}), []string{
			"error unreadable x86_64: no Mach-O magic",
			"error ambiguous-binary: overlapping-slices: the x86_64 slice at 8 begins before 48",
		}},
		{"fatfile_validate_fatarches in mach_fat.c refuses two slices of one architecture", mt.Fat{Slices: []mt.Slice{arm, arm}}.Bytes(), []string{
			"error ambiguous-binary: duplicate-arch: two slices are arm64",
		}},
		{"fatfile_validate_fatarches in mach_fat.c refuses a slice that ends past the file", archs(func(a []mt.FatArch) { a[1].Size++ }), []string{
			"error unreadable arm64: of a file of",
		}},
		{"fatfile_validate_fatarches in mach_fat.c refuses a slice whose end does not fit in 32 bits", archs(func(a []mt.FatArch) { a[1].Size = 0xffffffff }), []string{
			"error unreadable arm64: of a file of",
		}},
		{"fatfile_validate_fatarches in mach_fat.c refuses more slices than fit in a page", universal(mt.Fat{NFat: new(uint32(205))}), []string{
			"error unreadable: claims 205 slices",
		}},
		{"fatfile_validate_fatarches in mach_fat.c takes as many slices as a Java class file has versions", many.Bytes(), []string{
			"error unreadable: claims 65 slices",
		}},
		{"fatfile_validate_fatarches in mach_fat.c refuses what the same bytes say in a Java class file, which is passed over", java, []string{
			"error no-binaries: not a Mach-O file",
		}},
		{"exec_fat_imgact in kern_exec.c starts no fat file inside of a fat file", mt.Fat{Slices: []mt.Slice{{Raw: universal(mt.Fat{})}}}.Bytes(), []string{
			"error unreadable arm64: the slice begins with ca fe ba be",
		}},
		{"fatfile_getbestarch in mach_fat.c goes by the fat header, parse_machfile in mach_loader.c by the slice's own", archs(func(a []mt.FatArch) { a[0].CPU = mt.CPUI386 }), []string{
			"error ambiguous-binary x86_64: header-mismatch: the fat header says i386",
		}},
		{"Universal::Universal in macho++.cpp reads one fat_arch past nfat, for a hidden arm64 slice", universal(mt.Fat{NFat: new(uint32(1))}), []string{
			"error ambiguous-binary: hidden-slice: an arm64 slice stands behind the 1",
		}},
		{"Universal::Universal in macho++.cpp suspects bytes between the slices that are not zero", universal(mt.Fat{
			Patch: func(b []byte) []byte { b[100] = 1; return b },
		}), []string{"error uncovered-bytes: stray-bytes: 16336 bytes at 48"}},
		{"Universal::Universal in macho++.cpp suspects more bytes between the slices than the alignment of the second needs", archs(func(a []mt.FatArch) { a[1].Align = 2 }), []string{
			"error uncovered-bytes: stray-bytes: 15968 bytes",
		}},
		{"Universal::Universal in macho++.cpp suspects bytes behind the last slice", universal(mt.Fat{TrailingBytes: []byte("x")}), []string{
			"error uncovered-bytes: stray-bytes: 1 bytes",
		}},
	})
}

// Where a slice's signature lies: mach_loader.c, macho++.cpp and singlediskrep.cpp.
func TestAppleFindsSignatures(t *testing.T) {
	limit := func(by int) []byte {
		return thin(mt.Signature{Directory: func(_ int, d *mt.Directory) { d.CodeLimit += uint64(by) }})
	}
	commands := func(edit func(c []mt.Command)) []byte {
		return mt.Binary{Signature: &mt.Signature{}, Commands: func(c []mt.Command) []mt.Command {
			edit(c)
			return c
		}}.Bytes()
	}
	testAppleRules(t, []appleRule{
		{"parse_machfile in mach_loader.c goes on to a second LC_CODE_SIGNATURE when the first fails, MachOBase::findCommand in macho++.cpp does not", mt.Binary{
			Signature:      &mt.Signature{BlobMagic: map[uint32]uint32{mt.SlotDirectory: 1}},
			ExtraSignature: &mt.Signature{Entitlements: xml},
		}.Bytes(), []string{
			"error malformed-signature arm64: CodeDirectory (slot 0) has magic 0x00000001",
			"error ambiguous-binary arm64: duplicate-signature: 2 LC_CODE_SIGNATURE",
			"error uncovered-bytes arm64: bytes behind the signature",
		}},
		{"load_code_signature in mach_loader.c refuses an LC_CODE_SIGNATURE of more than 16 bytes", commands(func(c []mt.Command) {
			last := &c[len(c)-1]
			last.Size, last.Body = 24, append(last.Body, make([]byte, 8)...)
		}), []string{"error unreadable arm64: (LC_CODE_SIGNATURE): a size of 24 bytes instead of 16"}},
		{"load_code_signature in mach_loader.c refuses a signature that ends past the slice", mt.Binary{Signature: &mt.Signature{}, SignatureSize: new(uint32(1 << 20))}.Bytes(), []string{
			"error unreadable arm64: (LC_CODE_SIGNATURE): the signature lies at",
		}},
		{"MachO::validateStructure in macho++.cpp wants nothing behind __LINKEDIT, which ends with the signature", mt.Binary{Signature: &mt.Signature{}, TrailingBytes: []byte("x")}.Bytes(), []string{
			"error uncovered-bytes arm64: 1 bytes behind the signature",
		}},
		{"MachO::validateStructure in macho++.cpp wants __LINKEDIT to reach the end of the slice", commands(func(c []mt.Command) {
			c[2].Body[40]-- // filesize
		}), []string{"error ambiguous-binary arm64: loose-linkedit: the segment __LINKEDIT ends at"}},
		{"SingleDiskRep::strictValidate in singlediskrep.cpp wants the code limit where the signature begins, and not before", limit(-4096), []string{
			"error uncovered-bytes arm64: 4096 bytes between the code limit",
		}},
		{"SingleDiskRep::strictValidate in singlediskrep.cpp wants the code limit where the signature begins, and not after", limit(4096), []string{
			"error malformed-signature arm64: is past the signature's own offset",
		}},
		{"MachORep::signingData in machorep.cpp takes only a SuperBlob, cs_validate_csblob in ubc_subr.c a bare CodeDirectory, too", mt.Binary{Signature: &mt.Signature{}, Patch: bare}.Bytes(), []string{
			"error malformed-signature arm64: a bare CodeDirectory",
		}},
		{"cs_validate_csblob in ubc_subr.c and SuperBlobCore::validateBlob in superblob.h go by the SuperBlob's own length: nobody reads the bytes behind it", thin(mt.Signature{Slack: []byte("x")}), []string{
			"note unusual-signature arm64: bytes that are not zero behind the SuperBlob",
		}},
	})
}

// bare moves the CodeDirectory to where the SuperBlob begins.
func bare(b []byte) []byte {
	superBlob := strings.Index(string(b), "\xfa\xde\x0c\xc0")
	directory := strings.Index(string(b), "\xfa\xde\x0c\x02")
	copy(b[superBlob:], b[directory:])
	return b
}
