//go:build corpus

package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"io"
	"os"
	"strings"
	"testing"

	gomacho "github.com/blacktop/go-macho"
	"github.com/blacktop/go-macho/types"
	"github.com/google/go-cmp/cmp"
	"github.com/smallstep/pkcs7"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/codesign/requirement"
	"github.com/codewarrant/codewarrant/macho"
)

const (
	requirementsSlot = 2
	cmsSlot          = 0x10000

	// appleRoot is the SHA-256 of the certificate of Apple Root CA.
	appleRoot = "b0b1730ecbc7ff4505142c49f1295e6eda6bcaed7e2c68c5be91b5a11001f024"
)

// unsatisfied are the packages whose code does not satisfy its own requirement:
// pnpm is signed ad hoc by ldid, and requires an anchor of Apple's.
var unsatisfied = map[string]bool{"@pnpm/macos-arm64@10.32.1": true}

// Every requirement is read, is printed as go-macho has it, and is one that the
// code it is in satisfies, if the certificates are what they claim to be.
func TestEveryProgramSatisfiesItsRequirement(t *testing.T) {
	got := map[string]int{}
	open(t).each(t, func(t *testing.T, pkg, path string, r *os.File, f *macho.File) {
		for _, s := range f.Slices {
			if s.Signature == nil {
				continue
			}
			sig, err := codesign.Read(r, s)
			if err != nil {
				t.Errorf("%s: %s (%s): %v", pkg, path, s.Arch, err)
				continue
			}
			b := blob(t, r, s, sig, requirementsSlot)
			if b == nil {
				got["no blob"]++
				continue
			}
			set, err := requirement.Parse(b)
			if err != nil {
				t.Errorf("%s: %s (%s): %v", pkg, path, s.Arch, err)
				continue
			}
			var ours []string
			for _, q := range set {
				ours = append(ours, alike(q.Text))
			}
			if diff := cmp.Diff(theirRequirements(t, r, s), ours); diff != "" {
				t.Errorf("%s: %s (%s) (-go-macho +read):\n%s", pkg, path, s.Arch, diff)
			}
			q, ok := set.Designated()
			if !ok {
				got["none designated"]++
				continue
			}
			result := q.Evaluate(facts(t, sig, blob(t, r, s, sig, cmsSlot)))
			got[result.String()]++
			want := requirement.Satisfied
			if unsatisfied[pkg] {
				want = requirement.NotSatisfied
			}
			if result != want {
				t.Errorf("%s: %s (%s): %s: %s", pkg, path, s.Arch, result, q.Text)
			}
		}
	})
	t.Log(got)
	if got[requirement.Satisfied.String()] == 0 {
		t.Error("no designated requirement was found")
	}
}

// blob returns the bytes of the blob in a slot, with its header, or nil.
func blob(t *testing.T, r io.ReaderAt, s macho.Slice, sig *codesign.Signature, slot uint32) []byte {
	for _, blob := range sig.Blobs {
		if blob.Slot != slot {
			continue
		}
		b := make([]byte, blob.Size)
		if _, err := r.ReadAt(b, int64(s.Range.Offset+s.Signature.Offset)+int64(blob.Offset)); err != nil {
			t.Fatal(err)
		}
		return b
	}
	return nil
}

// alike leaves out what go-macho does otherwise: it quotes every string and has
// two blanks here and there.
func alike(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, `"`, "")), " ")
}

func theirRequirements(t *testing.T, r io.ReaderAt, s macho.Slice) []string {
	f, err := gomacho.NewFile(io.NewSectionReader(r, int64(s.Range.Offset), int64(s.Range.Size)),
		gomacho.FileConfig{LoadIncluding: []types.LoadCmd{types.LC_CODE_SIGNATURE}})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, q := range f.CodeSignature().Requirements {
		texts = append(texts, alike(q.Detail))
	}
	return texts
}

// facts takes the certificates out of a CMS signature as they are, unverified.
func facts(t *testing.T, sig *codesign.Signature, cms []byte) requirement.Facts {
	hash, err := hex.DecodeString(sig.Directory().CDHash)
	if err != nil {
		t.Fatal(err)
	}
	f := requirement.Facts{Identifier: sig.Directory().Identifier, CDHash: hash, Certificates: []*x509.Certificate{}}
	if len(cms) <= 8 {
		return f
	}
	p7, err := pkcs7.Parse(cms[8:])
	if err != nil {
		t.Fatal(err)
	}
	for c := p7.GetOnlySigner(); c != nil; c = issuer(c, p7.Certificates) {
		f.Certificates = append(f.Certificates, c)
	}
	if n := len(f.Certificates); n > 0 {
		hash := sha256.Sum256(f.Certificates[n-1].Raw)
		f.AnchorApple = hex.EncodeToString(hash[:]) == appleRoot
	}
	return f
}

// issuer returns the certificate that c names as its issuer; nil for a root.
func issuer(c *x509.Certificate, all []*x509.Certificate) *x509.Certificate {
	if bytes.Equal(c.RawIssuer, c.RawSubject) {
		return nil
	}
	for _, other := range all {
		if bytes.Equal(c.RawIssuer, other.RawSubject) {
			return other
		}
	}
	return nil
}
