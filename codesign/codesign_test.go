package codesign_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	. "github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/macho"
)

var (
	xml = machotest.XML("com.apple.security.cs.allow-jit", true)
	der = machotest.DER("com.apple.security.cs.allow-jit", true)
)

// read builds a thin binary with the signature and reads it back.
func read(t *testing.T, s machotest.Signature) (*Signature, error) {
	t.Helper()
	b := machotest.Binary{Signature: &s}.Bytes()
	f, err := macho.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil || f.Slices[0].Err != nil {
		t.Fatal(err, f)
	}
	return Read(bytes.NewReader(b), f.Slices[0])
}

func TestReadTellsWhatAProgramIsSignedWith(t *testing.T) {
	sig, err := read(t, machotest.Signature{
		Identifier: "com.acme.app", TeamID: "A1B2C3D4E5", Flags: machotest.FlagRuntime | machotest.FlagLibraryValidation,
		Runtime: 0x000e0500, Entitlements: xml, EntitlementsDER: der, CMS: []byte("cms"), HashTypes: []uint8{1, 2},
		InfoPlist: []byte("info"), CodeResources: []byte("resources"),
	})
	if err != nil || len(sig.Problems) > 0 {
		t.Fatal(err, sig.Problems)
	}
	d := sig.Directory()
	got := []any{
		d.Identifier, d.TeamID, d.Flags.String(), d.Runtime, d.HashType.String(), sig.Signing(), sig.CMSSize,
		len(sig.Directories), sig.Claims.Set.Keys(), sig.InfoPlist([]byte("info")), sig.InfoPlist([]byte("other")), sig.InfoPlist(nil),
	}
	want := []any{
		"com.acme.app", "A1B2C3D4E5", "0x12000(library-validation,runtime)", "14.5", "sha256", "cms", 3,
		2,
		[]string{"com.apple.security.cs.allow-jit"},
		Bound, WrongHash, NotPresent,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadTellsHowAProgramIsSigned(t *testing.T) {
	for name, row := range map[string]struct {
		sig  *machotest.Signature
		want string
	}{
		"ad hoc":             {&machotest.Signature{}, "adhoc"},
		"by the linker":      {machotest.LinkerSigned("a.out"), "linker-signed"},
		"with a certificate": {&machotest.Signature{CMS: []byte("x")}, "cms"},
	} {
		t.Run(name, func(t *testing.T) {
			sig, err := read(t, *row.sig)
			if err != nil || len(sig.Problems) > 0 || sig.Signing() != row.want {
				t.Errorf("%v %v %v", sig, err, row.want)
			}
			if sig.InfoPlist(nil) != None || sig.InfoPlist([]byte("x")) != NotBound {
				t.Error("an Info.plist that is not bound is taken for bound")
			}
		})
	}
}

func TestDirectoryIsTheOneThatTheKernelObeys(t *testing.T) {
	for name, row := range map[string]struct {
		types []uint8
		want  string
	}{
		"SHA-256 over SHA-1":                {[]uint8{1, 2}, "sha256"},
		"SHA-256 over SHA-256 truncated":    {[]uint8{2, 3}, "sha256"},
		"SHA-256 truncated over SHA-1":      {[]uint8{1, 3}, "sha256-truncated"},
		"SHA-384 over all":                  {[]uint8{1, 2, 3, 4}, "sha384"},
		"the same in whatever order":        {[]uint8{4, 3, 2, 1}, "sha384"},
		"SHA-1 where there is nothing else": {[]uint8{1}, "sha1"},
	} {
		t.Run(name, func(t *testing.T) {
			sig, err := read(t, machotest.Signature{HashTypes: row.types, Entitlements: xml, EntitlementsDER: der})
			if err != nil || len(sig.Problems) > 0 || sig.Directory().HashType.String() != row.want {
				t.Errorf("%v %+v", err, sig)
			}
		})
	}
}

func TestReadFindsProblems(t *testing.T) {
	const (
		ent      = machotest.SlotEntitlements
		entMagic = 0xfade7171
	)
	both := machotest.Signature{Entitlements: xml, EntitlementsDER: der, HashTypes: []uint8{1, 2}}
	with := func(edit func(*machotest.Signature)) machotest.Signature {
		s := both
		edit(&s)
		return s
	}
	second := func(edit func(*machotest.Directory)) machotest.Signature {
		return with(func(s *machotest.Signature) {
			s.Directory = func(i int, d *machotest.Directory) {
				if i == 1 {
					edit(d)
				}
			}
		})
	}
	for _, row := range []struct {
		name string
		sig  machotest.Signature
		kind ProblemKind
		text string
	}{
		{"XML entitlements that no slot binds (the kernel: EBADEXEC, Security: ignored)", with(func(s *machotest.Signature) { s.Unbound = []uint32{ent} }), Unbound, "XML entitlements"},
		{"DER entitlements that no slot binds", with(func(s *machotest.Signature) { s.Unbound = []uint32{7} }), Unbound, "DER entitlements"},
		{"entitlements beyond the number of special slots", machotest.Signature{Entitlements: xml, Directory: func(_ int, d *machotest.Directory) { d.Special = d.Special[:2] }}, Unbound, "XML entitlements"},
		{"requirements that no slot binds", with(func(s *machotest.Signature) { s.Unbound = []uint32{2} }), Unbound, "requirements"},
		{"a launch constraint that no slot binds", with(func(s *machotest.Signature) {
			s.LaunchConstraints, s.Unbound = map[uint32][]byte{8: []byte("x")}, []uint32{8}
		}), Unbound, "self launch constraint"},
		{"a hash for entitlements that are not there (the kernel: EBADEXEC)", with(func(s *machotest.Signature) { s.Missing = []uint32{ent} }), Missing, "XML entitlements"},
		{"a hash for requirements that are not there", with(func(s *machotest.Signature) { s.Missing = []uint32{2} }), Missing, "requirements"},
		{"entitlements that are not the ones that were hashed", with(func(s *machotest.Signature) {
			s.Directory = func(_ int, d *machotest.Directory) { d.Special[4] = bytes.Repeat([]byte{1}, len(d.Special[4])) }
		}), Mismatch, "XML entitlements"},
		{"entitlements that only one CodeDirectory binds", second(func(d *machotest.Directory) { d.Special[4] = make([]byte, len(d.Special[4])) }), Ambiguous, "only one of them binds"},

		{"a second blob of XML entitlements (the kernel: EBADEXEC)", with(func(s *machotest.Signature) {
			s.ExtraBlobs = []machotest.Blob{{Slot: ent, Magic: entMagic, Payload: xml}}
		}), Malformed, "second blob"},
		{"a second blob of DER entitlements", with(func(s *machotest.Signature) {
			s.ExtraBlobs = []machotest.Blob{{Slot: 7, Magic: entMagic + 1, Payload: der}}
		}), Malformed, "second blob"},
		{"a second CodeDirectory in slot 0", with(func(s *machotest.Signature) { s.DirectorySlots = []uint32{0, 0} }), Malformed, "second blob"},
		{"entitlements with another magic (the kernel: EBADEXEC)", with(func(s *machotest.Signature) { s.BlobMagic = map[uint32]uint32{ent: 0xfade0c01} }), Malformed, "has magic"},
		{"entitlements in a slot of nobody's", with(func(s *machotest.Signature) {
			s.ExtraBlobs = []machotest.Blob{{Slot: 0x20000, Magic: entMagic, Payload: xml}}
		}), Malformed, "no reader looks"},
		{"a blob in a slot of nobody's", with(func(s *machotest.Signature) {
			s.ExtraBlobs = []machotest.Blob{{Slot: 0x20000, Magic: 0x12345678}}
		}), Unusual, "unknown (slot 0x20000)"},

		{"alternates with a gap (Security stops, the kernel goes on)", with(func(s *machotest.Signature) { s.DirectorySlots = []uint32{0, 0x1001} }), Ambiguous, "without one in slot 0x1000"},
		{"no CodeDirectory in slot 0", with(func(s *machotest.Signature) { s.DirectorySlots = []uint32{0x1000, 0x1001} }), Malformed, "slot 0"},
		{"two CodeDirectories of one hash type", with(func(s *machotest.Signature) { s.HashTypes = []uint8{2, 1, 2} }), Ambiguous, "both use sha256"},
		{"CodeDirectories that differ in identifier", second(func(d *machotest.Directory) { d.Identifier = "com.other" }), Ambiguous, "identifier"},
		{"CodeDirectories that differ in team id", second(func(d *machotest.Directory) { d.TeamID = "Z" }), Ambiguous, "team id"},
		{"CodeDirectories that differ in flags", second(func(d *machotest.Directory) { d.Flags |= machotest.FlagRuntime }), Ambiguous, "flags"},
		{"CodeDirectories that differ in the code they cover", second(func(d *machotest.Directory) { d.CodeLimit = 4096 }), Ambiguous, "code limit"},

		{"an unknown hash type", with(func(s *machotest.Signature) {
			s.Header = func(i int, h *machotest.DirectoryHeader) {
				if i == 1 {
					h.HashType = 9
				}
			}
		}), Malformed, "hash type 9"},
		{"a hash size that is not its type's", with(func(s *machotest.Signature) {
			s.Header = func(i int, h *machotest.DirectoryHeader) {
				if i == 1 {
					h.HashSize = 0
				}
			}
		}), Malformed, "hashes of 0 bytes"},
		{"neither a CMS nor the ad hoc flag", machotest.Signature{Flags: machotest.FlagRuntime}, Malformed, "nobody signed it"},
		{"a CMS in code that is flagged ad hoc", machotest.Signature{Flags: machotest.FlagAdHoc, CMS: []byte("x")}, Ambiguous, "flagged ad hoc"},
		{"flags that the kernel takes from no signature", machotest.Signature{Flags: machotest.FlagAdHoc | 4}, Unusual, "flags 0x4"},
		{"an executable segment that permits more", machotest.Signature{ExecSegFlags: 0xf0}, Unusual, "flags 0xf"},
		{"a page size that the kernel does not take", machotest.Signature{PageSizeLog2: 13}, Malformed, "pages of 8192 bytes"},
		{"fewer page hashes than pages", machotest.Signature{Header: func(_ int, h *machotest.DirectoryHeader) { h.NCodeSlots = 1 }}, Malformed, "page hashes for"},
		{"a code limit past the signature", machotest.Signature{Header: func(_ int, h *machotest.DirectoryHeader) { h.CodeLimit += 1 << 20 }}, Malformed, "past the signature's own offset"},
	} {
		t.Run(row.name, func(t *testing.T) {
			sig, err := read(t, row.sig)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range sig.Problems {
				if p.Kind == row.kind && strings.Contains(p.Detail, row.text) {
					if _, ok := sig.Claims.Set["com.apple.security.cs.allow-jit"]; !ok && row.sig.Entitlements != nil && row.kind != Missing && !strings.Contains(row.text, "has magic") {
						t.Error("the claim got lost")
					}
					return
				}
			}
			t.Errorf("problems %v, want %s with %q", sig.Problems, row.kind, row.text)
		})
	}
}

func TestReadRefuses(t *testing.T) {
	header := func(edit func(*machotest.DirectoryHeader)) machotest.Signature {
		return machotest.Signature{Header: func(_ int, h *machotest.DirectoryHeader) { edit(h) }}
	}
	const noDirectory = "no CodeDirectory that can be read"
	for _, row := range []struct {
		name string
		sig  machotest.Signature
		want string
	}{
		{"a SuperBlob that claims 2^32-1 blobs", machotest.Signature{Count: new(uint32(0xffffffff))}, "claims 4294967295 blobs"},
		{"a SuperBlob that claims no blobs", machotest.Signature{Count: new(uint32(0))}, "claims 0 blobs"},
		{"a SuperBlob longer than its space", machotest.Signature{Length: new(uint32(1 << 30))}, "a SuperBlob of 1073741824 bytes"},
		{"a SuperBlob shorter than its index", machotest.Signature{Length: new(uint32(16))}, "a SuperBlob of 16 bytes"},
		{"a blob past the end", machotest.Signature{Index: func(e []machotest.IndexEntry) []machotest.IndexEntry { e[1].Offset = 1 << 31; return e }}, "past the end"},
		{"a blob of size 0", machotest.Signature{BlobLength: map[uint32]uint32{2: 0}}, "has size 0"},
		{"a blob longer than the rest", machotest.Signature{BlobLength: map[uint32]uint32{2: 0xffffffff}}, "has size 4294967295"},
		{"a blob that overlaps the index", machotest.Signature{Index: func(e []machotest.IndexEntry) []machotest.IndexEntry { e[1].Offset = 0; return e }}, "overlaps"},
		{"two entries for one blob", machotest.Signature{Entitlements: xml, Index: func(e []machotest.IndexEntry) []machotest.IndexEntry { e[2].Offset = e[1].Offset; return e }}, "overlaps"},
		{"special slots without end", header(func(h *machotest.DirectoryHeader) { h.NSpecialSlots = 0xffffffff }), noDirectory},
		{"code slots without end", header(func(h *machotest.DirectoryHeader) { h.NCodeSlots = 0xffffffff }), noDirectory},
		{"hashes past the end", header(func(h *machotest.DirectoryHeader) { h.HashOffset = 0xfffffff0 }), noDirectory},
		{"an identifier past the end", header(func(h *machotest.DirectoryHeader) { h.IdentOffset = 0xfffffff0 }), noDirectory},
		{"a team id past the end", header(func(h *machotest.DirectoryHeader) { h.TeamOffset = 0xfffffff0 }), noDirectory},
		{"an identifier without end", machotest.Signature{Identifier: strings.Repeat("x", 2000)}, noDirectory},
		{"a version of tomorrow", header(func(h *machotest.DirectoryHeader) { h.Version = 0x30000 }), noDirectory},
		{"a page size of 2^255", header(func(h *machotest.DirectoryHeader) { h.PageSize = 255 }), noDirectory},
		{"a scatter vector", header(func(h *machotest.DirectoryHeader) { h.ScatterOffset = 44 }), noDirectory},
	} {
		t.Run(row.name, func(t *testing.T) {
			sig, err := read(t, row.sig)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want one with %q; %+v", err, row.want, sig)
			}
		})
	}
}

func TestReadRefusesABareCodeDirectory(t *testing.T) {
	b := machotest.Binary{Signature: &machotest.Signature{}}.Bytes()
	f, err := macho.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	copy(b[f.Slices[0].Signature.Offset:], []byte{0xfa, 0xde, 0x0c, 0x02})
	if _, err := Read(bytes.NewReader(b), f.Slices[0]); err == nil || !strings.Contains(err.Error(), "bare CodeDirectory") {
		t.Error(err)
	}
}

func TestReadOfAnUnsignedSliceIsAnError(t *testing.T) {
	b := machotest.Binary{}.Bytes()
	f, _ := macho.Read(bytes.NewReader(b), int64(len(b)))
	if _, err := Read(bytes.NewReader(b), f.Slices[0]); err == nil {
		t.Error("no error")
	}
}

// TestRealBinary reads a program of PostgreSQL as its vendor signed it; the
// expected values are an independent reader's.
func TestRealBinary(t *testing.T) {
	b, err := os.ReadFile("../testdata/binaries/pg_ctl")
	if err != nil {
		t.Fatal(err)
	}
	f, err := macho.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	digests := map[[32]byte]bool{}
	for _, s := range f.Slices {
		sig, err := Read(bytes.NewReader(b), s)
		if err != nil || len(sig.Problems) > 0 {
			t.Fatal(err, sig.Problems)
		}
		d := sig.Directory()
		got := []string{d.Identifier, d.TeamID, d.Flags.String(), sig.Signing(), strings.Join(sig.Claims.Set.Keys(), " ")}
		want := []string{
			"com.edb.postgresql", "26QKX55P9K", "0x10000(runtime)", "cms",
			"com.apple.security.cs.allow-jit com.apple.security.cs.allow-unsigned-executable-memory com.apple.security.cs.disable-library-validation",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(s.Arch, diff)
		}
		digests[sig.Digest] = true
		if _, err := hex.DecodeString(d.CDHash); err != nil || len(d.CDHash) != 40 {
			t.Error(d.CDHash)
		}
	}
	if len(digests) != len(f.Slices) {
		t.Error("two signatures have one digest")
	}
}

// FuzzRead asserts that a hostile signature neither panics nor yields something
// without a CodeDirectory.
func FuzzRead(f *testing.F) {
	for _, s := range []machotest.Signature{
		{},
		{Entitlements: xml, EntitlementsDER: der, HashTypes: []uint8{1, 2}, CMS: []byte("x"), TeamID: "T"},
		{HashTypes: []uint8{4, 3}, LaunchConstraints: map[uint32][]byte{8: []byte("x")}, Version: 0x20600},
		*machotest.LinkerSigned("a"),
	} {
		f.Add(s.Bytes(bytes.Repeat([]byte("code"), 3000)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := macho.Slice{Range: macho.Range{Size: uint64(len(b))}, Signature: &macho.Range{Size: uint64(len(b))}}
		sig, err := Read(bytes.NewReader(b), s)
		if err != nil {
			return
		}
		if len(sig.Directories) == 0 || sig.Directory().HashType.Size() == 0 {
			t.Fatalf("%+v", sig)
		}
		sig.InfoPlist(b)
		sig.Signing()
	})
}
