package codesign_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/asn1"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/codesign"
	mt "github.com/codewarrant/codewarrant/internal/machotest"
)

// installer is the certificate of a Developer ID Installer.
func installer() mt.Certificate {
	c := leaf()
	c.CommonName, c.Markers = "Developer ID Installer: Example (TEAM123456)", []asn1.ObjectIdentifier{mt.Marker(1, 14)}
	c.AppleUsages, c.EllipticCurve = []int{13}, false
	return c
}

// packing is what a test signs, and how.
type packing struct {
	authority
	signer *mt.Identity
	cms    *mt.CMS // nil: none
	rsa    *mt.Identity
	named  []*mt.Identity // for the CMS
	old    []*mt.Identity // for the RSA signature
	sha256 bool
	twice  bool // the checksum is hashed once more before RSA signs it
	sum    []byte
	now    time.Time
	edit   func(*codesign.Package)
}

func newPacking(a authority, signer *mt.Identity) *packing {
	return &packing{
		authority: a, signer: signer, rsa: signer, sha256: true,
		cms:   &mt.CMS{Signer: signer, SigningTime: day(2024, 2, 1), Timestamp: &mt.Timestamp{Signer: a.tsa, Time: day(2024, 2, 2)}},
		named: []*mt.Identity{signer, a.developerID, a.root}, old: []*mt.Identity{signer, a.developerID, a.root},
		now: day(2026, 1, 1),
	}
}

func (p *packing) by(signer *mt.Identity) {
	p.signer, p.rsa, p.cms.Signer = signer, signer, signer
	p.named = nil
	for id := signer; id != nil; id = id.Issuer {
		p.named = append(p.named, id)
	}
	p.old = p.named
}

func raws(list []*mt.Identity) (der [][]byte) {
	for _, id := range list {
		der = append(der, id.Raw)
	}
	return der
}

func (p *packing) authenticate(t *testing.T) codesign.Authentication {
	t.Helper()
	toc := []byte("a table of contents")
	algorithm := "sha1"
	s := sha1.Sum(toc)
	sum := s[:]
	if p.sha256 {
		s := sha256.Sum256(toc)
		algorithm, sum = "sha256", s[:]
	}
	pkg := codesign.Package{Algorithm: algorithm, Sum: sum}
	if p.cms != nil {
		signed := sum
		if p.sum != nil {
			signed = p.sum
		}
		pkg.CMS = &codesign.PackageSignature{Bytes: p.cms.Detached(signed), Certificates: raws(p.named)}
	}
	if p.rsa != nil {
		digest := sum
		if p.twice {
			s := sha256.Sum256(sum)
			digest = s[:]
		}
		pkg.RSA = &codesign.PackageSignature{Bytes: p.rsa.SignSum(digest), Certificates: raws(p.old)}
	}
	if p.edit != nil {
		p.edit(&pkg)
	}
	return codesign.AuthenticatePackage(pkg, codesign.NewAnchors(p.root.Certificate), p.now)
}

// proven is what a packing proves as it is made.
func proven() codesign.Authentication {
	a := genuine()
	a.Kind, a.Signer = codesign.DeveloperIDInstaller, "Developer ID Installer: Example (TEAM123456)"
	a.Chain[0] = a.Signer
	return a
}

func TestGenuinePackagesVerify(t *testing.T) {
	authority := newAuthority()
	signer := installer().Issue(authority.developerID)
	for _, tt := range []struct {
		name   string
		change func(*packing)
		want   func(*codesign.Authentication)
		note   string
	}{
		{"by a CMS and RSA, whose certificate has expired since the timestamp", func(*packing) {}, same, ""},
		{"by a CMS alone", func(p *packing) { p.rsa = nil }, same, ""},
		{"by a CMS with zeros behind it", func(p *packing) {
			p.edit = func(pkg *codesign.Package) { pkg.CMS.Bytes = append(pkg.CMS.Bytes, make([]byte, 512)...) }
		}, same, ""},
		{"without a timestamp while the certificate is valid", func(p *packing) {
			p.cms.Timestamp, p.now = nil, day(2024, 6, 1)
		}, untimed, ""},
		{"by RSA alone", func(p *packing) { p.cms, p.now = nil, day(2024, 6, 1) }, func(a *codesign.Authentication) {
			untimed(a)
			a.SigningTime = time.Time{}
		}, "there is no CMS"},
		{"over a SHA-1 checksum", func(p *packing) { p.sha256 = false }, same, "SHA-1 checksum"},
		{"by RSA as rcodesign makes it", func(p *packing) { p.twice = true }, same, "rcodesign"},
		{"for upload to the Mac App Store", func(p *packing) {
			c := installer()
			c.CommonName, c.Markers, c.AppleUsages = "3rd Party Mac Developer Installer: Example", []asn1.ObjectIdentifier{mt.Marker(1, 8)}, []int{9}
			p.by(c.Issue(p.wwdr))
		}, signedBy("3rd Party Mac Developer Installer: Example", "Developer Relations CA", codesign.MacInstaller), ""},
		{"of Apple's own, whose unit is no team", func(p *packing) {
			ca := mt.Certificate{CommonName: "Apple Software Update Certification Authority", Organization: "Apple Inc.", CA: true, EllipticCurve: true, AppleUsages: []int{1}}.Issue(p.root)
			c := installer()
			c.CommonName, c.Markers, c.AppleUsages, c.Units = "Software Update", nil, []int{1}, []string{"Mac OS X Update"}
			p.by(c.Issue(ca))
		}, func(a *codesign.Authentication) {
			signedBy("Software Update", "Apple Software Update Certification Authority", codesign.Apple)(a)
			a.TeamID = ""
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPacking(authority, signer)
			tt.change(p)
			want := proven()
			tt.want(&want)
			got := p.authenticate(t)
			if !got.OK() {
				t.Error("not OK")
			}
			notes := got.Problems
			got.Problems = nil
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if tt.note == "" && len(notes) > 0 || tt.note != "" && (len(notes) != 1 || notes[0].Kind != codesign.Unusual || !strings.Contains(notes[0].Detail, tt.note)) {
				t.Errorf("notes %v, want %q", notes, tt.note)
			}
		})
	}
}

func TestWhatIsWrongWithAPackageIsToldApart(t *testing.T) {
	authority, other := newAuthority(), newAuthority()
	signer := installer().Issue(authority.developerID)
	another := installer()
	another.CommonName, another.Units = "Developer ID Installer: Other (OTHERTEAM1)", []string{"OTHERTEAM1"}
	second := another.Issue(authority.developerID)
	with := func(change func(*mt.Certificate)) func(*packing) {
		return func(p *packing) {
			c := installer()
			change(&c)
			p.by(c.Issue(p.developerID))
		}
	}
	for _, tt := range []struct {
		name   string
		change func(*packing)
		kind   codesign.ProblemKind
		says   string
	}{
		{"no signature", func(p *packing) { p.cms, p.rsa = nil, nil }, codesign.SignerCount, "not signed"},
		{"a checksum that is none", func(p *packing) { p.edit = func(pkg *codesign.Package) { pkg.Algorithm = "md5" } }, codesign.BadSignature, `"md5"`},
		{"the CMS of another package", func(p *packing) { p.sum = make([]byte, 32) }, codesign.OtherContent, "message digest"},
		{"a table of contents that was changed", func(p *packing) {
			p.edit = func(pkg *codesign.Package) { pkg.Sum = make([]byte, 32) }
		}, codesign.OtherContent, "message digest"},
		{"a table that was changed, and RSA alone", func(p *packing) {
			p.cms, p.edit = nil, func(pkg *codesign.Package) { pkg.Sum = make([]byte, 32) }
		}, codesign.BadSignature, "RSA signature: verification error"},
		{"an RSA signature that was changed", func(p *packing) {
			p.edit = func(pkg *codesign.Package) { pkg.RSA.Bytes[9] ^= 1 }
		}, codesign.BadSignature, "RSA signature"},
		{"a CMS that holds content of its own", func(p *packing) {
			p.edit = func(pkg *codesign.Package) {
				c := *p.cms
				c.Content, c.NoAgility = pkg.Sum, true
				pkg.CMS.Bytes = c.Bytes(pkg.Sum)
			}
		}, codesign.MalformedCMS, "content of its own"},
		{"a CMS that is cut off", func(p *packing) {
			p.edit = func(pkg *codesign.Package) { pkg.CMS.Bytes = pkg.CMS.Bytes[:900] }
		}, codesign.MalformedCMS, ""},
		{"something behind the CMS", func(p *packing) {
			p.edit = func(pkg *codesign.Package) { pkg.CMS.Bytes = append(pkg.CMS.Bytes, 0, 1) }
		}, codesign.MalformedCMS, "2 bytes follow"},
		{"a CMS of two signers", func(p *packing) { p.cms.Signers = new(2) }, codesign.SignerCount, "2 signers"},
		{"a CMS and an RSA signature by two", func(p *packing) { p.rsa, p.old[0] = second, second }, codesign.OtherSigner, "and the RSA signature by"},
		{"a table that names another certificate for the CMS", func(p *packing) { p.named[0] = second }, codesign.OtherSigner, "not the first"},
		{"a table that names no certificate for the CMS", func(p *packing) { p.named = nil }, codesign.OtherSigner, "not the first"},
		{"a table that names no certificate for RSA", func(p *packing) { p.old = nil }, codesign.SignerCount, "0 certificates"},
		{"a table that names something else for RSA", func(p *packing) {
			p.edit = func(pkg *codesign.Package) { pkg.RSA.Certificates[0] = []byte("text") }
		}, codesign.BadSignature, "cannot be read"},
		{"an elliptic curve where RSA belongs", func(p *packing) {
			c := installer()
			c.EllipticCurve = true
			p.by(c.Issue(p.developerID))
			p.rsa, p.cms = signer, nil
		}, codesign.BadSignature, "*ecdsa.PublicKey"},
		{"a root that nobody trusts", func(p *packing) { p.by(installer().Issue(other.developerID)) }, codesign.UntrustedChain, "unknown authority"},
		{"a certificate that has expired, without a timestamp", func(p *packing) { p.cms.Timestamp = nil }, codesign.Expired, "not on 2026-01-01"},
		{"a certificate that has expired, and RSA alone", func(p *packing) { p.cms = nil }, codesign.Expired, "not on 2026-01-01"},
		{"a timestamp after the life of the certificate", with(func(c *mt.Certificate) { c.Until = day(2024, 1, 31) }), codesign.OutsideValidity, "not on 2024-02-02"},
		{"the timestamp of another signature", func(p *packing) { p.cms.Timestamp.Signature = []byte("another") }, codesign.BadTimestamp, "another signature"},
		{"a certificate for applications", with(func(c *mt.Certificate) {
			c.Markers, c.AppleUsages = []asn1.ObjectIdentifier{mt.Marker(1, 13)}, nil
		}), codesign.UnknownSigner, "installer packages"},
		{"a certificate without the usage", with(func(c *mt.Certificate) { c.AppleUsages = []int{9} }), codesign.UnknownSigner, "installer packages"},
		{"a certificate without the marker", with(func(c *mt.Certificate) { c.Markers = nil }), codesign.UnknownSigner, "installer packages"},
		{"the marker below another issuer", func(p *packing) { p.by(installer().Issue(p.wwdr)) }, codesign.UnknownSigner, "installer packages"},
		{"an issuer of the name of that for software updates, without its usage", func(p *packing) {
			ca := mt.Certificate{CommonName: "Apple Software Update Certification Authority", Organization: "Apple Inc.", CA: true, EllipticCurve: true}.Issue(p.root)
			c := installer()
			c.Markers, c.AppleUsages = nil, []int{1}
			p.by(c.Issue(ca))
		}, codesign.UnknownSigner, "installer packages"},
		{"a key that is not for signatures", with(func(c *mt.Certificate) { c.KeyUsage = 1 << 2 }), codesign.UntrustedChain, "not for signatures"},
		{"a certificate of no team", with(func(c *mt.Certificate) { c.Units = nil }), codesign.TeamMismatch, "0 organizational units"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPacking(authority, signer)
			tt.change(p)
			a := p.authenticate(t)
			if a.OK() {
				t.Error("OK")
			}
			var got []codesign.Problem
			for _, problem := range a.Problems {
				if problem.Kind != codesign.Unusual {
					got = append(got, problem)
				}
			}
			// Where the time is not proven, the certificate has expired, too.
			if tt.kind == codesign.BadTimestamp && len(got) == 2 && got[1].Kind == codesign.Expired {
				got = got[:1]
			}
			if len(got) != 1 || got[0].Kind != tt.kind || !strings.Contains(got[0].Detail, tt.says) {
				t.Errorf("problems %v, want one %s that says %q", a.Problems, tt.kind, tt.says)
			}
		})
	}
}

func FuzzPackage(f *testing.F) {
	authority := newAuthority()
	signer := installer().Issue(authority.developerID)
	toc := sha256.Sum256([]byte("a table of contents"))
	old, err := rsa.SignPKCS1v15(nil, signer.Key.(*rsa.PrivateKey), crypto.SHA256, toc[:])
	if err != nil {
		f.Fatal(err)
	}
	f.Add((&mt.CMS{Signer: signer}).Detached(toc[:]), old, signer.Raw)
	f.Fuzz(func(t *testing.T, cms, old, certificate []byte) {
		p := codesign.Package{
			Algorithm: "sha256", Sum: toc[:],
			CMS: &codesign.PackageSignature{Bytes: cms, Certificates: [][]byte{certificate}},
			RSA: &codesign.PackageSignature{Bytes: old, Certificates: [][]byte{certificate}},
		}
		a := codesign.AuthenticatePackage(p, codesign.NewAnchors(authority.root.Certificate), day(2024, 1, 1))
		if a.OK() && a.TeamID != "TEAM123456" {
			t.Errorf("%+v", a)
		}
	})
}
