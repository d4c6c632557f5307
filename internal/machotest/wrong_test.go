package machotest_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

// superBlob is the frame of a SuperBlob as its bytes have it.
type superBlob struct {
	Length, Count uint32
	Blobs         []blob
}

type blob struct{ Slot, Offset, Magic, Length uint32 }

// readSuperBlob follows the entries that the index really has: all up to the first blob.
func readSuperBlob(b []byte) superBlob {
	u32 := func(at uint32) uint32 { return binary.BigEndian.Uint32(b[at:]) }
	s := superBlob{Length: u32(4), Count: u32(8)}
	first := uint32(len(b))
	for at := uint32(12); at < first; at += 8 {
		e := blob{Slot: u32(at), Offset: u32(at + 4)}
		if e.Offset+8 <= uint32(len(b)) {
			e.Magic, e.Length = u32(e.Offset), u32(e.Offset+4)
			first = min(first, e.Offset)
		}
		s.Blobs = append(s.Blobs, e)
	}
	return s
}

func TestSuperBlobsAreWrongOnDemand(t *testing.T) {
	// Over no code, a CodeDirectory is 96 bytes of header, 16 of identifier and the hashes of its special slots.
	const header = 96 + 16
	xml := []byte("<plist/>")

	for _, test := range []struct {
		name string
		sig  machotest.Signature
		want superBlob
	}{
		{
			name: "by default nothing is",
			want: superBlob{Length: 36 + header + 64 + 12 + 8, Count: 3, Blobs: []blob{
				{0, 36, 0xfade0c02, header + 64},
				{2, 36 + header + 64, 0xfade0c01, 12},
				{0x10000, 36 + header + 64 + 12, 0xfade0b01, 8},
			}},
		},
		{
			name: "alternates with a gap",
			sig: machotest.Signature{
				HashTypes:      []uint8{machotest.HashSHA1, machotest.HashSHA256},
				DirectorySlots: []uint32{0, 0x1001},
				NoRequirements: true,
				Missing:        []uint32{machotest.SlotCMS},
			},
			want: superBlob{Length: 28 + 2*header, Count: 2, Blobs: []blob{
				{0, 28, 0xfade0c02, header},
				{0x1001, 28 + header, 0xfade0c02, header},
			}},
		},
		{
			name: "a blob that is hashed but missing",
			sig: machotest.Signature{
				Entitlements: xml,
				Missing:      []uint32{machotest.SlotEntitlements, machotest.SlotCMS, machotest.SlotRequirements},
			},
			want: superBlob{Length: 20 + header + 5*32, Count: 1, Blobs: []blob{{0, 20, 0xfade0c02, header + 5*32}}},
		},
		{
			name: "a second blob in a slot, and an unknown slot",
			sig: machotest.Signature{
				NoRequirements: true,
				Missing:        []uint32{machotest.SlotCMS},
				ExtraBlobs: []machotest.Blob{
					{Slot: 5, Magic: 0xfade7171, Payload: xml},
					{Slot: 5, Magic: 0xfade7171, Length: new(uint32(1 << 31))},
					{Slot: 0x99, Magic: 1},
				},
			},
			want: superBlob{Length: 44 + header + 16 + 8 + 8, Count: 4, Blobs: []blob{
				{0, 44, 0xfade0c02, header},
				{5, 44 + header, 0xfade7171, 16},
				{5, 44 + header + 16, 0xfade7171, 1 << 31},
				{0x99, 44 + header + 24, 1, 8},
			}},
		},
		{
			name: "magic and length that lie",
			sig: machotest.Signature{
				NoRequirements: true,
				BlobMagic:      map[uint32]uint32{0: 0xfade0c00, machotest.SlotCMS: 0xfade7171},
				BlobLength:     map[uint32]uint32{0: 7, machotest.SlotCMS: 9},
			},
			want: superBlob{Length: 28 + header + 8, Count: 2, Blobs: []blob{
				{0, 28, 0xfade0c00, 7},
				{0x10000, 28 + header, 0xfade7171, 9},
			}},
		},
		{
			name: "an index of another length, with an offset past the end",
			sig: machotest.Signature{
				NoRequirements: true,
				Index: func(index []machotest.IndexEntry) []machotest.IndexEntry {
					return append(slices.Clone(index[:1]), machotest.IndexEntry{Slot: 5, Offset: 1 << 30},
						machotest.IndexEntry{Slot: 7, Offset: index[0].Offset})
				},
			},
			want: superBlob{Length: 36 + header + 8, Count: 3, Blobs: []blob{
				{0, 36, 0xfade0c02, header},
				{5, 1 << 30, 0, 0},
				{7, 36, 0xfade0c02, header},
			}},
		},
		{
			name: "a count and a length that lie",
			sig: machotest.Signature{
				NoRequirements: true,
				Missing:        []uint32{machotest.SlotCMS},
				Count:          new(uint32(1 << 31)),
				Length:         new(uint32(12)),
				Slack:          []byte{1, 2, 3},
			},
			want: superBlob{Length: 12, Count: 1 << 31, Blobs: []blob{{0, 20, 0xfade0c02, header}}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readSuperBlob(test.sig.Bytes(nil))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestSlackIsInTheSpaceOfTheSignature(t *testing.T) {
	var sig machotest.Signature
	plain := sig.Bytes(nil)
	sig.Slack = []byte("slack")
	if diff := cmp.Diff(append(plain, "slack"...), sig.Bytes(nil)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestDirectoriesAreWrongOnDemand(t *testing.T) {
	read := func(sig machotest.Signature) (machotest.DirectoryHeader, []byte) {
		b := sig.Bytes([]byte("code"))
		b = b[readSuperBlob(b).Blobs[0].Offset:]
		var h machotest.DirectoryHeader
		fixed := append(slices.Clone(b[:96]), make([]byte, 12)...) // version 0x20500, and no linkage
		if _, err := binary.Decode(fixed, binary.BigEndian, &h); err != nil {
			t.Fatal(err)
		}
		return h, b
	}
	plain, _ := read(machotest.Signature{Entitlements: []byte("x")})

	t.Run("Directory changes the content and what follows from it", func(t *testing.T) {
		h, b := read(machotest.Signature{
			Entitlements: []byte("x"),
			Directory: func(_ int, d *machotest.Directory) {
				d.Identifier, d.TeamID, d.Special = "id", "team", d.Special[:2]
			},
		})
		want := plain
		want.NSpecialSlots = 2
		want.TeamOffset = 96 + 3
		want.HashOffset = 96 + 3 + 5 + 2*32
		want.Length = want.HashOffset + 32
		if diff := cmp.Diff(want, h); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if got := string(b[96 : 96+8]); got != "id\x00team\x00" {
			t.Errorf("identifiers are %q", got)
		}
	})
	t.Run("Header changes claims alone", func(t *testing.T) {
		h, b := read(machotest.Signature{
			Entitlements: []byte("x"),
			Header:       func(_ int, h *machotest.DirectoryHeader) { h.HashSize, h.NSpecialSlots = 0, 1<<31 },
		})
		want := plain
		want.HashSize, want.NSpecialSlots = 0, 1<<31
		if diff := cmp.Diff(want, h); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if got := b[want.HashOffset : want.HashOffset+32]; !slices.Equal(got, hash(2, []byte("code"))) {
			t.Errorf("first page hashed as %x", got)
		}
	})
	t.Run("an unbound blob has a hash of zeros", func(t *testing.T) {
		h, b := read(machotest.Signature{Entitlements: []byte("x"), Unbound: []uint32{5}})
		if diff := cmp.Diff(plain, h); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if got := b[h.HashOffset-5*32 : h.HashOffset-4*32]; !slices.Equal(got, make([]byte, 32)) {
			t.Errorf("slot 5 is %x", got)
		}
	})
	t.Run("old versions have shorter headers", func(t *testing.T) {
		lengths := map[uint32]uint32{}
		for _, v := range []uint32{0x20001, 0x20100, 0x20200, 0x20300, 0x20400, 0x20500, 0x20600} {
			h, _ := read(machotest.Signature{Version: v})
			lengths[v] = h.IdentOffset
		}
		want := map[uint32]uint32{
			0x20001: 44, 0x20100: 48, 0x20200: 52, 0x20300: 64, 0x20400: 88, 0x20500: 96, 0x20600: 108,
		}
		if diff := cmp.Diff(want, lengths); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestBinariesAreWrongOnDemand(t *testing.T) {
	signed := machotest.Binary{Signature: &machotest.Signature{}}
	plain := signed.Bytes()
	commands := func(file []byte) (sizes []uint32, signatures [][2]uint32) {
		u32 := func(at uint32) uint32 { return binary.LittleEndian.Uint32(file[at:]) }
		for at, size := uint32(32), uint32(1); size != 0 && u32(at) != 0; at += size {
			size = u32(at + 4)
			sizes = append(sizes, size)
			if u32(at) == machotest.LCCodeSignature {
				signatures = append(signatures, [2]uint32{u32(at + 8), u32(at + 12)})
			}
		}
		return sizes, signatures
	}
	_, where := commands(plain)

	t.Run("the header's counts", func(t *testing.T) {
		b := signed
		b.NCmds, b.SizeOfCmds = new(uint32(99)), new(uint32(1<<31))
		got := b.Bytes()[16:24]
		if want := []byte{99, 0, 0, 0, 0, 0, 0, 0x80}; !slices.Equal(got, want) {
			t.Errorf("ncmds and sizeofcmds are % x", got)
		}
	})
	t.Run("where the signature is", func(t *testing.T) {
		b := signed
		b.SignatureOffset, b.SignatureSize = new(uint32(1)), new(uint32(2))
		_, got := commands(b.Bytes())
		if diff := cmp.Diff([][2]uint32{{1, 2}}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
	t.Run("a second signature after the first", func(t *testing.T) {
		b := signed
		b.ExtraSignature = &machotest.Signature{Identifier: "another"}
		file := b.Bytes()
		_, got := commands(file)
		next := where[0][0] + where[0][1]
		if diff := cmp.Diff([][2]uint32{where[0], {next, uint32(len(file)) - next}}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if next%16 != 0 {
			t.Errorf("the second signature is at %#x, not a multiple of 16", next)
		}
		if n := readSuperBlob(file[next:]).Count; n != 3 {
			t.Errorf("the second signature has %d blobs", n)
		}
	})
	t.Run("a load command of size 0 and more commands than fit a page", func(t *testing.T) {
		b := signed
		b.Commands = func(cmds []machotest.Command) []machotest.Command {
			cmds[len(cmds)-1].Size = 0
			more := machotest.Command{Cmd: machotest.LCUUID, Size: 24, Body: make([]byte, 16)}
			return append(slices.Repeat([]machotest.Command{more}, 1000), cmds...)
		}
		got, _ := commands(b.Bytes())
		want, _ := commands(plain)
		want[len(want)-1] = 0
		if diff := cmp.Diff(append(slices.Repeat([]uint32{24}, 1000), want...), got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
	t.Run("bytes after the signature, and a patch at last", func(t *testing.T) {
		b := signed
		b.TrailingBytes = []byte("tail")
		b.Patch = func(file []byte) []byte { return append(file, "patch"...) }
		if got := string(b.Bytes()[len(plain):]); got != "tailpatch" {
			t.Errorf("file ends with %q", got)
		}
	})
}
