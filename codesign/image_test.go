package codesign_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/imagetest"
	mt "github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/internal/udif"
)

// image is a signed disk image, and what changes it.
type image struct {
	signature mt.Signature
	unbound   bool                // the trailer has no hash
	directory func(*mt.Directory) // edits the CodeDirectory last
	unsigned  bool                // there is no CMS
	patch     func([]byte)        // changes the file when it is signed
}

func (i image) bytes(a authority) []byte {
	b := imagetest.UDIF{Size: 64 << 10, Sign: func(data, trailer []byte) []byte {
		s := i.signature
		s.Directory = func(_ int, d *mt.Directory) {
			d.PageSize = 0
			if !i.unbound {
				d.Special = append(d.Special, make([][]byte, 6-len(d.Special))...)
				for n := range d.Special {
					if d.Special[n] == nil {
						d.Special[n] = make([]byte, sha256.Size)
					}
				}
				sum := sha256.Sum256(trailer)
				d.Special[6-1] = sum[:]
			}
			if i.directory != nil {
				i.directory(d)
			}
		}
		if !i.unsigned {
			cms := mt.CMS{Signer: a.leaf, Timestamp: &mt.Timestamp{Signer: a.tsa, Time: day(2024, 2, 2)}, SigningTime: day(2024, 2, 1)}
			s.CMS = []byte("something") // so that the CodeDirectory is not one of ad hoc code
			s.CMS = cms.Bytes(s.Directories(data)...)
		}
		return s.Bytes(data)
	}}.Write(bytes.Repeat([]byte("a disk of some bytes"), 30_000))
	if i.patch != nil {
		i.patch(b)
	}
	return b
}

func readImage(t *testing.T, b []byte, a authority) *codesign.Signature {
	t.Helper()
	disk, err := udif.Open(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := disk.Signature
	sig, err := codesign.NewVerifier(codesign.NewAnchors(a.root.Certificate), day(2026, 1, 1)).ReadImage(
		context.Background(), bytes.NewReader(b), codesign.Image{Offset: s.Offset, Size: s.Length, Trailer: s.Trailer[:]})
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func TestDiskImageIsVerifiedAsCodeIs(t *testing.T) {
	a := newAuthority()
	signed := mt.Signature{Identifier: "Acme", TeamID: "TEAM123456"}
	for _, row := range []struct {
		name  string
		image image
		want  []codesign.ProblemKind
	}{
		{"an image as it was signed", image{signature: signed}, nil},
		{"one that is signed ad hoc", image{signature: mt.Signature{Identifier: "Acme"}, unsigned: true}, nil},
		{"pages of 4 KiB", image{signature: signed, directory: func(d *mt.Directory) { d.PageSize = 12 }}, nil},
		{"a first byte that was changed", image{signature: signed, patch: func(b []byte) { b[1] ^= 1 }}, []codesign.ProblemKind{codesign.Modified}},
		{"another checksum in the trailer", image{signature: signed, patch: func(b []byte) { b[len(b)-512+90] ^= 1 }}, []codesign.ProblemKind{codesign.Mismatch}},
		{"a trailer without a hash", image{signature: signed, unbound: true}, []codesign.ProblemKind{codesign.Unbound}},
		{"a code limit before the end", image{signature: signed, directory: func(d *mt.Directory) { d.CodeLimit -= 100 }}, []codesign.ProblemKind{codesign.Uncovered}},
		{"a hash of an Info.plist, of which an image has none", image{signature: mt.Signature{Identifier: "Acme", TeamID: "TEAM123456", InfoPlist: []byte("x")}}, []codesign.ProblemKind{codesign.Missing}},
	} {
		t.Run(row.name, func(t *testing.T) {
			sig := readImage(t, row.image.bytes(a), a)
			if diff := cmp.Diff(row.want, kinds(sig)); diff != "" {
				t.Errorf("%s%v", diff, sig.Problems)
			}
			if want := row.want == nil && !row.image.unsigned; sig.Authenticated() != want {
				t.Errorf("authenticated: %t, want %t", sig.Authenticated(), want)
			}
			if d := sig.Directory(); d.Identifier != "Acme" {
				t.Errorf("identifier %q", d.Identifier)
			}
		})
	}
}

func TestDiskImageTellsItsSigner(t *testing.T) {
	a := newAuthority()
	sig := readImage(t, image{signature: mt.Signature{Identifier: "Acme", TeamID: "TEAM123456"}}.bytes(a), a)
	want := genuine()
	if diff := cmp.Diff(&want, sig.Authentication); diff != "" {
		t.Error(diff)
	}
}
