//go:build corpus

package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/macho"
)

// Every CMS signature is valid and by the signer that the truth names, of the
// kind that the name tells, with a chain and a secure timestamp of Apple's. None
// has to be explained.
func TestEveryCMSSignatureIsAuthentic(t *testing.T) {
	leaves := readLeaves(t)
	anchors, now := codesign.AppleAnchors(), time.Now()
	kinds := map[codesign.SignerKind]int{}
	c := open(t)
	c.each(t, func(t *testing.T, pkg, path string, r *os.File, f *macho.File) {
		for i, s := range f.Slices {
			want := c.truth[key{pkg, path, i}]
			if want.CMSLength == 0 {
				continue
			}
			b := make([]byte, s.Signature.Size)
			if _, err := r.ReadAt(b, int64(s.Range.Offset+s.Signature.Offset)); err != nil {
				t.Fatal(err)
			}
			got, err := codesign.Authenticate(b, anchors, now)
			if err != nil {
				t.Errorf("%s: %s (%s): %v", pkg, path, s.Arch, err)
				continue
			}
			leaf := leaves[want.key()]
			expected := codesign.Authentication{
				Signer: leaf, Kind: kindByName(leaf),
				TeamID: cmp.Or(want.TeamID, teamless[leaf]),
				Chain:  []string{leaf, issuers[kindByName(leaf)], "Apple Root CA"},
			}
			if diff := gocmp.Diff(expected, got, cmpopts.IgnoreFields(codesign.Authentication{}, "Timestamp", "SigningTime")); diff != "" {
				t.Errorf("%s: %s (%s) (-truth +authenticated):\n%s", pkg, path, s.Arch, diff)
			}
			// The service stamps what was signed a moment ago, by another clock.
			if d := got.Timestamp.Sub(got.SigningTime).Abs(); d > time.Hour {
				t.Errorf("%s: %s (%s): signed at %v, stamped at %v", pkg, path, s.Arch, got.SigningTime, got.Timestamp)
			}
			kinds[got.Kind]++
		}
	})
	if len(kinds) == 0 {
		t.Error("no CMS signature was found")
	}
	t.Logf("authentic: %v", kinds)
}

// issuers are the intermediates of each kind of signer.
var issuers = map[codesign.SignerKind]string{
	codesign.DeveloperID:       "Developer ID Certification Authority",
	codesign.AppleDistribution: "Apple Worldwide Developer Relations Certification Authority",
	codesign.AppleDevelopment:  "Apple Worldwide Developer Relations Certification Authority",
}

// teamless are the teams of signers whose code is older than team ids are.
var teamless = map[string]string{"Developer ID Application: Fingertips B.V.": "QNEGD373G7"}

func kindByName(leaf string) codesign.SignerKind {
	name, _, _ := strings.Cut(leaf, ":")
	return map[string]codesign.SignerKind{
		"Developer ID Application": codesign.DeveloperID,
		"Apple Distribution":       codesign.AppleDistribution,
		"Apple Development":        codesign.AppleDevelopment,
	}[name]
}

// readLeaves returns the common name of each signer's certificate.
func readLeaves(t *testing.T) map[key]string {
	t.Helper()
	file, err := os.Open("../../testdata/corpus/truth.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	leaves := map[key]string{}
	for d := json.NewDecoder(file); ; {
		var line struct {
			Package, Path, Leaf string
			Slice               int
		}
		err := d.Decode(&line)
		if errors.Is(err, io.EOF) {
			return leaves
		}
		if err != nil {
			t.Fatal(err)
		}
		leaves[key{line.Package, line.Path, line.Slice}] = line.Leaf
	}
}
