package codesign

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"embed"
	"encoding/hex"
)

// Anchors are the certificates that a chain may end at. The zero value trusts
// nothing.
type Anchors struct{ certificates []*x509.Certificate }

// NewAnchors returns anchors of certificates that the caller trusts.
func NewAnchors(certificates ...*x509.Certificate) Anchors { return Anchors{certificates} }

// AppleAnchors returns Apple's root certificates, and the intermediates that
// Apple issued with a SHA-1 signature. Those are pinned, which spares verifying
// the signature on them: crypto/x509 refuses SHA-1, rightly, and stays so.
func AppleAnchors() Anchors {
	var a Anchors
	for _, f := range anchorFiles {
		b, err := anchorFS.ReadFile("roots/" + f.name)
		if err != nil || fingerprint(b) != f.sha256 {
			continue // not the certificate meant, so not trusted; a test has all of them
		}
		if c, err := x509.ParseCertificate(b); err == nil {
			a.certificates = append(a.certificates, c)
		}
	}
	return a
}

//go:embed roots/*.cer
var anchorFS embed.FS

// anchorFiles are the embedded certificates and the SHA-256 of each, under the
// names at https://www.apple.com/certificateauthority/.
//
// Apple Root CA is in every real CMS signature. G2 and G3 were in none of 857;
// they are the ones that the App Store Server libraries pin, and their
// fingerprints are published with those. The two intermediates carry a valid
// signature of Apple Root CA.
var anchorFiles = []struct{ name, sha256 string }{
	// Apple Root CA, 2006 to 2035.
	{"AppleIncRootCertificate.cer", "b0b1730ecbc7ff4505142c49f1295e6eda6bcaed7e2c68c5be91b5a11001f024"},
	// Apple Root CA - G2, 2014 to 2039.
	{"AppleRootCA-G2.cer", "c2b9b042dd57830e7d117dac55ac8ae19407d38e41d88f3215bc3a890444a050"},
	// Apple Root CA - G3, 2014 to 2039, an elliptic curve.
	{"AppleRootCA-G3.cer", "63343abfb89a6a03ebb57e9b3f5fa7be7c4f5c756f3017b3a8c488c3653e9179"},
	// Apple Worldwide Developer Relations Certification Authority, 2013 to 2023.
	{"AppleWWDRCA.cer", "ce057691d730f89ca25e916f7335f4c8a15713dcd273a658c024023f8eb809c2"},
	// Apple Code Signing Certification Authority, 2011 to 2026.
	{"AppleCodeSigningCA.cer", "5bdab1288fc16892fef50c658db54f1e2e19cf8f71cc55f77de2b95e051e2562"},
}

func fingerprint(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// pool returns the anchors for crypto/x509. It is never nil, which would stand
// for the anchors of the system.
func (a Anchors) pool() *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range a.certificates {
		p.AddCert(c)
	}
	return p
}

// complete returns the chain with the root behind it, when it ends at an
// intermediate that is pinned.
func (a Anchors) complete(chain []*x509.Certificate) []*x509.Certificate {
	last := chain[len(chain)-1]
	if bytes.Equal(last.RawIssuer, last.RawSubject) {
		return chain
	}
	for _, c := range a.certificates {
		if bytes.Equal(c.RawSubject, last.RawIssuer) {
			return append(chain, c)
		}
	}
	return chain
}
