package codesign

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAppleAnchorsAreTheOnesMeant(t *testing.T) {
	type anchor struct{ Name, Issuer, From, Until string }
	want := []anchor{
		{"Apple Root CA", "Apple Root CA", "2006-04-25", "2035-02-09"},
		{"Apple Root CA - G2", "Apple Root CA - G2", "2014-04-30", "2039-04-30"},
		{"Apple Root CA - G3", "Apple Root CA - G3", "2014-04-30", "2039-04-30"},
		{"Apple Worldwide Developer Relations Certification Authority", "Apple Root CA", "2013-02-07", "2023-02-07"},
		{"Apple Code Signing Certification Authority", "Apple Root CA", "2011-10-24", "2026-10-24"},
	}
	var got []anchor
	for _, c := range AppleAnchors().certificates {
		got = append(got, anchor{c.Subject.CommonName, c.Issuer.CommonName, c.NotBefore.Format("2006-01-02"), c.NotAfter.Format("2006-01-02")})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Each is signed by a root of Apple. Those of SHA-1 are verified by hand, since
// crypto/x509 refuses to.
func TestApplesRootsSignTheAnchors(t *testing.T) {
	anchors := AppleAnchors().certificates
	root := anchors[0]
	for _, c := range anchors {
		issuer := c
		if !bytes.Equal(c.RawIssuer, c.RawSubject) {
			issuer = root
		}
		var err error
		if c.SignatureAlgorithm == x509.SHA1WithRSA {
			digest := sha1.Sum(c.RawTBSCertificate)
			err = rsa.VerifyPKCS1v15(issuer.PublicKey.(*rsa.PublicKey), crypto.SHA1, digest[:], c.Signature)
		} else {
			err = c.CheckSignatureFrom(issuer)
		}
		if err != nil {
			t.Errorf("%s: %v", c.Subject.CommonName, err)
		}
	}
}
