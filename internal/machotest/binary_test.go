package machotest_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"testing"

	macho "github.com/blacktop/go-macho"
	"github.com/blacktop/go-macho/pkg/codesign/types"
	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

// summary is what go-macho reads out of a file.
type summary struct {
	CPU, FileType uint32
	Dylibs        []string
	Directories   []directory
	XML           string
	DER           []byte
}

type directory struct {
	ID, Team     string
	Version      uint32
	Flags        uint32
	HashType     uint8
	Special      int
	CodeLimit    uint64
	Text, Exec   uint64 // execSegLimit and execSegFlags
	Runtime      uint32
	SpecialBound []uint32
}

func TestBuildsAreWellFormedToAnIndependentReader(t *testing.T) {
	adhoc := directory{
		ID: "com.example.app", Version: 0x20500, Flags: 2, HashType: 2, Special: 2,
		CodeLimit: 0x4010, Text: 0x4000, Exec: 1, SpecialBound: []uint32{2},
	}
	alter := func(edits ...func(*directory)) directory {
		d := adhoc
		for _, edit := range edits {
			edit(&d)
		}
		return d
	}
	xml := machotest.XML("com.apple.security.cs.allow-jit", true)
	der := machotest.DER("com.apple.security.cs.allow-jit", true)
	hashType := func(n uint8) func(*directory) { return func(d *directory) { d.HashType = n } }

	for _, test := range []struct {
		name   string
		binary machotest.Binary
		want   summary
	}{
		{
			name:   "the zero value is an unsigned arm64 executable",
			binary: machotest.Binary{},
			want:   summary{CPU: machotest.CPUArm64, FileType: 2},
		},
		{
			name:   "a zero signature is ad hoc",
			binary: machotest.Binary{Signature: &machotest.Signature{}},
			want:   summary{CPU: machotest.CPUArm64, FileType: 2, Directories: []directory{adhoc}},
		},
		{
			name: "everything at once",
			binary: machotest.Binary{
				InfoPlist: machotest.XML("CFBundleIdentifier", "com.acme.app"),
				Dylibs:    []string{"/usr/lib/libSystem.B.dylib", "@rpath/a.dylib"},
				TextSize:  100_001,
				Signature: &machotest.Signature{
					Identifier: "com.acme.app", TeamID: "A1B2C3D4E5", Flags: machotest.FlagRuntime,
					Entitlements: xml, EntitlementsDER: der, CMS: []byte("signed data"),
					CodeResources: []byte("<plist/>"),
				},
			},
			want: summary{
				CPU: machotest.CPUArm64, FileType: 2,
				Dylibs: []string{"/usr/lib/libSystem.B.dylib", "@rpath/a.dylib"},
				Directories: []directory{{
					ID: "com.acme.app", Team: "A1B2C3D4E5", Version: 0x20500, Flags: 0x10000, HashType: 2, Special: 7,
					CodeLimit: 0x1c010, Text: 0x1c000, Exec: 1, Runtime: 14 << 16, SpecialBound: []uint32{7, 5, 3, 2, 1},
				}},
				XML: string(xml), DER: der,
			},
		},
		{
			name: "a pair of SHA-1 and SHA-256",
			binary: machotest.Binary{Signature: &machotest.Signature{
				HashTypes: []uint8{machotest.HashSHA1, machotest.HashSHA256},
			}},
			want: summary{CPU: machotest.CPUArm64, FileType: 2, Directories: []directory{alter(hashType(1)), adhoc}},
		},
		{
			name: "truncated SHA-256 and SHA-384",
			binary: machotest.Binary{Signature: &machotest.Signature{
				HashTypes: []uint8{machotest.HashSHA256Truncated, machotest.HashSHA384},
			}},
			want: summary{
				CPU: machotest.CPUArm64, FileType: 2,
				Directories: []directory{alter(hashType(3)), alter(hashType(4))},
			},
		},
		{
			name:   "what the linker signs",
			binary: machotest.Binary{Signature: machotest.LinkerSigned("a.out")},
			want: summary{CPU: machotest.CPUArm64, FileType: 2, Directories: []directory{alter(func(d *directory) {
				d.ID, d.Version, d.Flags, d.Special, d.SpecialBound = "a.out", 0x20400, 0x20002, 0, nil
			})}},
		},
		{
			name: "pages of 16 KiB",
			binary: machotest.Binary{TextSize: 1 << 16, Signature: &machotest.Signature{
				PageSizeLog2: 14,
			}},
			want: summary{CPU: machotest.CPUArm64, FileType: 2, Directories: []directory{alter(func(d *directory) {
				d.CodeLimit, d.Text = 0x14010, 0x14000
			})}},
		},
		{
			name: "a library constraint in the last special slot",
			binary: machotest.Binary{Signature: &machotest.Signature{
				LaunchConstraints: map[uint32][]byte{11: machotest.DER()},
			}},
			want: summary{CPU: machotest.CPUArm64, FileType: 2, Directories: []directory{alter(func(d *directory) {
				d.Special, d.SpecialBound = 11, []uint32{11, 2}
			})}},
		},
		{
			name: "an Intel library",
			binary: machotest.Binary{
				CPU: machotest.CPUX86_64, FileType: machotest.MHDylib, Signature: &machotest.Signature{},
			},
			want: summary{CPU: machotest.CPUX86_64, FileType: 6, Directories: []directory{
				alter(func(d *directory) { d.Exec = 0 }),
			}},
		},
		{
			name:   "32 bits",
			binary: machotest.Binary{Bits32: true, Signature: &machotest.Signature{}},
			want:   summary{CPU: machotest.CPUI386, FileType: 2, Directories: []directory{adhoc}},
		},
		{
			name:   "big-endian and 32 bits",
			binary: machotest.Binary{Bits32: true, BigEndian: true, VersionMin: true, Signature: &machotest.Signature{}},
			want:   summary{CPU: machotest.CPUPPC, FileType: 2, Directories: []directory{adhoc}},
		},
		{
			name:   "big-endian and 64 bits",
			binary: machotest.Binary{BigEndian: true, NoBuildVersion: true, Signature: &machotest.Signature{}},
			want:   summary{CPU: machotest.CPUPPC64, FileType: 2, Directories: []directory{adhoc}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := test.binary.Bytes()
			m, err := macho.NewFile(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			got := summary{CPU: uint32(m.CPU), FileType: uint32(m.Type), Dylibs: m.ImportedLibraries()}
			if cs := m.CodeSignature(); cs != nil {
				got.XML, got.DER = cs.Entitlements, cs.EntitlementsDER
				for _, cd := range cs.CodeDirectories {
					got.Directories = append(got.Directories, summarize(cd))
					checkPages(t, file, cd)
				}
				checkPlacement(t, m, cs)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func summarize(cd types.CodeDirectory) directory {
	h := cd.Header
	d := directory{
		ID: cd.ID, Team: cd.TeamID, Version: uint32(h.Version), Flags: uint32(h.Flags), HashType: uint8(h.HashType),
		Special: len(cd.SpecialSlots), CodeLimit: cd.CodeLimit,
		Text: h.ExecSegLimit, Exec: uint64(h.ExecSegFlags), Runtime: uint32(h.Runtime),
	}
	for _, s := range cd.SpecialSlots {
		if !bytes.Equal(s.Hash, make([]byte, len(s.Hash))) {
			d.SpecialBound = append(d.SpecialBound, s.Index)
		}
	}
	return d
}

// checkPages hashes the file anew.
func checkPages(t *testing.T, file []byte, cd types.CodeDirectory) {
	t.Helper()
	var want, got []string
	for rest := file[:cd.CodeLimit]; len(rest) > 0; {
		n := min(len(rest), 1<<cd.Header.PageSize)
		want = append(want, hex.EncodeToString(hash(uint8(cd.Header.HashType), rest[:n])))
		rest = rest[n:]
	}
	for _, s := range cd.CodeSlots {
		got = append(got, hex.EncodeToString(s.Hash))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("page hashes, -want +got:\n%s", diff)
	}
}

func hash(hashType uint8, data []byte) []byte {
	switch hashType {
	case 1:
		h := sha1.Sum(data)
		return h[:]
	case 4:
		h := sha512.Sum384(data)
		return h[:]
	}
	h := sha256.Sum256(data)
	if hashType == 3 {
		return h[:20]
	}
	return h[:]
}

// checkPlacement checks that the code may run, and that the signature is aligned and ends __LINKEDIT.
func checkPlacement(t *testing.T, m *macho.File, cs *macho.CodeSignature) {
	t.Helper()
	if cs.Offset%16 != 0 {
		t.Errorf("signature at %#x, not a multiple of 16", cs.Offset)
	}
	if prot := m.Segment("__TEXT").Prot.String(); prot != "r-x" {
		t.Errorf("__TEXT is %s", prot)
	}
	linkedit := m.Segment("__LINKEDIT")
	if end := uint64(cs.Offset) + uint64(cs.Size); uint64(cs.Offset) < linkedit.Offset || end != linkedit.Offset+linkedit.Filesz {
		t.Errorf("signature from %#x to %#x, __LINKEDIT from %#x, %#x long", cs.Offset, end, linkedit.Offset, linkedit.Filesz)
	}
}

func TestNoTwoPagesOfCodeAreAlike(t *testing.T) {
	text := machotest.Binary{TextSize: 3*4096 + 5}.Bytes()[0x1000:]
	seen := map[string]bool{}
	for i := range 4 {
		seen[string(text[i*4096:(i+1)*4096])] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d pages differ, of 4", len(seen))
	}
}

func TestSpecialSlotsHashWholeBlobsAndBareFiles(t *testing.T) {
	xml, der := []byte("<plist/>"), []byte{0x70, 0}
	file := machotest.Binary{
		InfoPlist: []byte("info"),
		Signature: &machotest.Signature{
			Entitlements: xml, EntitlementsDER: der, CodeResources: []byte("resources"),
		},
	}.Bytes()
	m, err := macho.NewFile(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	blob := func(magic uint32, payload []byte) []byte {
		head := binary.BigEndian.AppendUint32(nil, magic)
		return append(binary.BigEndian.AppendUint32(head, uint32(8+len(payload))), payload...)
	}
	want := map[uint32][]byte{
		1: hash(2, []byte("info")),
		2: hash(2, blob(0xfade0c01, make([]byte, 4))),
		3: hash(2, []byte("resources")),
		4: make([]byte, 32),
		5: hash(2, blob(0xfade7171, xml)),
		6: make([]byte, 32),
		7: hash(2, blob(0xfade7172, der)),
	}
	got := map[uint32][]byte{}
	for _, s := range m.CodeSignature().CodeDirectories[0].SpecialSlots {
		got[s.Index] = s.Hash
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
