package codesign_test

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/codesign"
	mt "github.com/codewarrant/codewarrant/internal/machotest"
)

// authority is a hierarchy of the tests' own, with Apple's markers.
type authority struct {
	root, developerID, wwdr, timestamps *mt.Identity
	leaf, tsa                           *mt.Identity
}

func newAuthority() authority {
	var a authority
	a.root = mt.Certificate{CommonName: "Root", CA: true, EllipticCurve: true, From: day(2006, 1, 1), Until: day(2040, 1, 1)}.Issue(nil)
	ca := func(name string, markers ...asn1.ObjectIdentifier) *mt.Identity {
		return mt.Certificate{CommonName: name, CA: true, EllipticCurve: true, From: day(2012, 1, 1), Until: day(2030, 1, 1), Markers: markers}.Issue(a.root)
	}
	a.developerID = ca("Developer ID CA", mt.Marker(2, 6))
	a.wwdr = ca("Developer Relations CA", mt.Marker(2, 1))
	a.timestamps = ca("Timestamp CA", mt.Marker(2, 9))
	a.leaf = leaf().Issue(a.developerID)
	a.tsa = timestampSigner().Issue(a.timestamps)
	return a
}

func timestampSigner() mt.Certificate {
	return mt.Certificate{
		CommonName: "Timestamp Signer", Usages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}, EllipticCurve: true,
		From: day(2024, 1, 1), Until: day(2024, 3, 1),
	}
}

func leaf() mt.Certificate {
	return mt.Certificate{
		CommonName: "Developer ID Application: Example (TEAM123456)", Units: []string{"TEAM123456"}, EllipticCurve: true,
		From: day(2020, 1, 1), Until: day(2025, 1, 1), Markers: []asn1.ObjectIdentifier{mt.Marker(1, 13)},
	}
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// signing is what a test signs, and how.
type signing struct {
	authority
	signature mt.Signature
	cms       mt.CMS
	now       time.Time
	anchors   codesign.Anchors
	edit      func(cms []byte) []byte // of the finished message
}

func newSigning(a authority) *signing {
	return &signing{
		authority: a,
		signature: mt.Signature{TeamID: "TEAM123456", Flags: mt.FlagRuntime, HashTypes: []uint8{mt.HashSHA1, mt.HashSHA256}},
		cms:       mt.CMS{Signer: a.leaf, SigningTime: day(2024, 2, 1), Timestamp: &mt.Timestamp{Signer: a.tsa, Time: day(2024, 2, 2)}},
		now:       day(2026, 1, 1),
		anchors:   codesign.NewAnchors(a.root.Certificate),
	}
}

var code = []byte("code")

func (s *signing) authenticate(t *testing.T) codesign.Authentication {
	t.Helper()
	if s.signature.CMS == nil {
		s.signature.CMS = s.cms.Bytes(s.signature.Directories(code)...)
	}
	if s.edit != nil {
		s.signature.CMS = s.edit(s.signature.CMS)
	}
	a, err := codesign.Authenticate(s.signature.Bytes(code), s.anchors, s.now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// genuine is the result for a signing as it is made.
func genuine() codesign.Authentication {
	return codesign.Authentication{
		Signer:      "Developer ID Application: Example (TEAM123456)",
		Chain:       []string{"Developer ID Application: Example (TEAM123456)", "Developer ID CA", "Root"},
		Kind:        codesign.DeveloperID,
		TeamID:      "TEAM123456",
		Timestamp:   day(2024, 2, 2),
		SigningTime: day(2024, 2, 1),
	}
}

func TestGenuineSignaturesVerify(t *testing.T) {
	authority := newAuthority()
	tests := []struct {
		name   string
		change func(*signing)
		want   func(*codesign.Authentication)
	}{
		{"by a certificate that has expired since the timestamp", func(*signing) {}, same},
		{"with an RSA key", func(s *signing) {
			c := leaf()
			c.EllipticCurve = false
			s.cms.Signer = c.Issue(s.developerID)
		}, same},
		{"with SHA-1 digests, as codesign made them up to 2018", func(s *signing) {
			s.cms.Hash, s.cms.Timestamp.Hash = crypto.SHA1, crypto.SHA1
		}, same},
		{"with SHA-384 digests", func(s *signing) {
			s.cms.Hash, s.cms.Timestamp.Hash = crypto.SHA384, crypto.SHA384
		}, same},
		{"in definite lengths", func(s *signing) { s.cms.DER = true }, same},
		{"over CodeDirectories of every hash type", func(s *signing) {
			s.signature.HashTypes = []uint8{mt.HashSHA384, mt.HashSHA1, mt.HashSHA256}
		}, same},
		{"over page hashes that are truncated", func(s *signing) { s.signature.HashTypes = []uint8{mt.HashSHA256Truncated} }, same},
		{"over one CodeDirectory that no attribute lists, as in 2012", func(s *signing) {
			s.signature.HashTypes, s.cms.NoAgility = []uint8{mt.HashSHA1}, true
		}, same},
		{"without a secure timestamp while the certificate is valid", func(s *signing) {
			s.cms.Timestamp, s.now = nil, day(2024, 6, 1)
		}, func(a *codesign.Authentication) { a.Timestamp = time.Time{} }},
		{"without a signing time", func(s *signing) { s.cms.SigningTime = time.Time{} }, func(a *codesign.Authentication) { a.SigningTime = time.Time{} }},
		{"among certificates of the same issuer", func(s *signing) {
			s.cms.Certificates = []*mt.Identity{leaf().Issue(s.developerID), s.leaf, s.developerID, s.root}
		}, same},
		{"of code that names no team, as in 2012", func(s *signing) { s.signature.TeamID = "" }, same},
		{"for the Mac App Store, whose certificate names no team", func(s *signing) {
			c := leaf()
			c.CommonName, c.Units, c.Markers = "Apple Mac OS Application Signing", nil, []asn1.ObjectIdentifier{mt.Marker(1, 9)}
			s.cms.Signer = c.Issue(s.wwdr)
		}, signedBy("Apple Mac OS Application Signing", "Developer Relations CA", codesign.MacAppStore)},
		{"for distribution", func(s *signing) {
			c := leaf()
			c.CommonName, c.Markers = "Apple Distribution: Example", []asn1.ObjectIdentifier{mt.Marker(1, 7), mt.Marker(1, 4)}
			s.cms.Signer = c.Issue(s.wwdr)
		}, signedBy("Apple Distribution: Example", "Developer Relations CA", codesign.AppleDistribution)},
		{"for development", func(s *signing) {
			c := leaf()
			c.CommonName, c.Markers = "Apple Development: Example", []asn1.ObjectIdentifier{mt.Marker(1, 2), mt.Marker(1, 12)}
			s.cms.Signer = c.Issue(s.wwdr)
		}, signedBy("Apple Development: Example", "Developer Relations CA", codesign.AppleDevelopment)},
		{"of Apple's own software, whose unit is no team", func(s *signing) {
			ca := mt.Certificate{CommonName: "Apple Code Signing Certification Authority", Organization: "Apple Inc.", CA: true, EllipticCurve: true}.Issue(s.root)
			c := leaf()
			c.CommonName, c.Units, c.Markers = "Software Signing", []string{"Apple Software"}, nil
			s.cms.Signer = c.Issue(ca)
		}, signedBy("Software Signing", "Apple Code Signing Certification Authority", codesign.Apple)},
		{"by an intermediate that is pinned, since SHA-1 signs it", func(s *signing) {
			root := mt.Certificate{CommonName: "Root", CA: true}.Issue(nil)
			ca := mt.Certificate{CommonName: "Developer ID CA", CA: true, SHA1: true, EllipticCurve: true, Markers: []asn1.ObjectIdentifier{mt.Marker(2, 6)}}.Issue(root)
			s.cms.Signer = leaf().Issue(ca)
			s.anchors = codesign.NewAnchors(s.root.Certificate, root.Certificate, ca.Certificate)
		}, same},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSigning(authority)
			tt.change(s)
			want := genuine()
			tt.want(&want)
			got := s.authenticate(t)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if !got.OK() {
				t.Error("not OK")
			}
		})
	}
}

func marshal(v any) []byte {
	b, err := asn1.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func ptr[T any](v T) *T { return &v }

func TestSignatureWithoutCMSIsNotAuthenticated(t *testing.T) {
	s := mt.Signature{}
	a, err := codesign.Authenticate(s.Bytes(code), codesign.Anchors{}, day(2026, 1, 1))
	if err == nil || a.OK() {
		t.Errorf("got %+v, error %v", a, err)
	}
}
