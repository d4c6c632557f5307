//go:build corpus

package main

import (
	"bytes"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/smallstep/pkcs7"

	cs "github.com/blacktop/go-macho/pkg/codesign/types"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/macho"
)

// Every CMS signature is by the signer that the truth names, of a kind that the
// name tells, with its chain and secure timestamp. None needs an exception.
func TestEveryCMSSignatureIsAuthentic(t *testing.T) {
	c := open(t)
	now := time.Now()
	kinds := map[codesign.SignerKind]int{}
	c.each(t, func(t *testing.T, pkg, path string, r *os.File, f *macho.File) {
		for i, s := range f.Slices {
			line := c.truth[key{pkg, path, i}]
			if line.CMSLength == 0 {
				continue
			}
			b := make([]byte, s.Signature.Size)
			if _, err := io.ReadFull(io.NewSectionReader(r, int64(s.Range.Offset+s.Signature.Offset), int64(s.Signature.Size)), b); err != nil {
				t.Fatal(err)
			}
			a, err := codesign.Authenticate(b, codesign.AppleAnchors(), now)
			if err != nil {
				t.Errorf("%s: %s (%s): %v", pkg, path, s.Arch, err)
				continue
			}
			want := codesign.Authentication{Signer: line.Leaf, Kind: kindOf(line.Leaf), TeamID: line.team()}
			if diff := cmp.Diff(want, a, cmpopts.IgnoreFields(codesign.Authentication{}, "Chain", "Timestamp", "SigningTime")); diff != "" {
				t.Errorf("%s: %s (%s):\n%s", pkg, path, s.Arch, diff)
			}
			if !a.OK() || a.Timestamp.IsZero() || len(a.Chain) != 3 || a.Chain[2] != "Apple Root CA" {
				t.Errorf("%s: %s (%s): %+v", pkg, path, s.Arch, a)
			}
			kinds[a.Kind]++
		}
	})
	if len(kinds) == 0 {
		t.Error("no CMS signature was found")
	}
	t.Logf("%v", kinds)
}
