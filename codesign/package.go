package codesign

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"strings"
	"time"
)

// Package is what signs an installer package, a xar.
type Package struct {
	// Algorithm is that of Sum: sha1, sha256 or sha512.
	Algorithm string

	// Sum is the checksum of the table of contents as it was computed from the table.
	// It is what is signed; the table has the checksums of the files.
	Sum []byte

	// CMS is over Sum, and so is RSA, for systems that read no CMS; nil for none.
	CMS, RSA *PackageSignature
}

// PackageSignature is one signature of a xar.
type PackageSignature struct {
	Bytes        []byte
	Certificates [][]byte // that the table of contents names for it, in DER, the signer's first
}

// OtherSigner: the signatures of a package, or what its table of contents says of
// them, do not agree on who signed it.
const OtherSigner ProblemKind = "other-signer"

// The kinds of signers of packages. What Apple signs for itself is [Apple].
const (
	DeveloperIDInstaller SignerKind = "developer-id-installer" // for distribution outside the App Store
	MacInstaller         SignerKind = "mac-installer"          // Mac Installer Distribution, for upload to the App Store
)

// installerKinds tells kinds of signers of packages as [signerKinds] does those of
// code, and by the extended key usage 1.2.840.113635.100.4.x.
//
// Gatekeeper's rule "Developer ID" for installers asks for 6.2.6 in the issuer and
// 6.1.14 or 6.1.13 in the leaf (syspolicy.sql, type 2). A certificate for applications,
// 13, is refused here all the same: it lacks the usage. Markers and usages are those that
// rcodesign lists (certificate.rs in apple-codesign), which has 8 as "Mac App Signing
// Submission", 4.9 as "3rd Party Mac Developer Installer" and 4.13 as "Developer ID
// Installer".
var installerKinds = []struct {
	leaf, issuer, usage int
	kind                SignerKind
}{
	{14, 6, 13, DeveloperIDInstaller},
	{8, 1, 9, MacInstaller},
}

// usages is the arc of Apple's extended key usages.
var usages = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 4}

// softwareUpdates issues the certificates of what Apple itself signs: "certificate
// 1[subject.CN]" in the rule "Apple Installer" of macOS 10.15 and later.
const softwareUpdates = "Apple Software Update Certification Authority"

// installerKindOf returns the kind of signer of a trusted chain, "" when it is
// unknown.
func installerKindOf(chain []*x509.Certificate) SignerKind {
	if len(chain) < 2 {
		return ""
	}
	for _, k := range installerKinds {
		if hasMarker(chain[0], 1, k.leaf) && hasMarker(chain[1], 2, k.issuer) && hasUsage(chain[0], k.usage) {
			return k.kind
		}
	}
	// SecPolicyCreateAppleSWUpdateSigning in SecPolicy.c: three certificates, and
	// oidAppleExtendedKeyUsageCodeSigning in the first two.
	if issuer := chain[1].Subject; len(chain) == 3 && issuer.CommonName == softwareUpdates && slices.Equal(issuer.Organization, []string{"Apple Inc."}) &&
		hasUsage(chain[0], 1) && hasUsage(chain[1], 1) {
		return Apple
	}
	return ""
}

func hasUsage(c *x509.Certificate, n int) bool {
	return slices.ContainsFunc(c.UnknownExtKeyUsage, append(slices.Clone(usages), n).Equal)
}

// AuthenticatePackage says what the signatures of a package prove. The time now is what
// certificates are held against when there is no secure timestamp.
//
// What Security.framework does is public: it takes the certificates that the table of
// contents names for the CMS, else for the RSA signature (Xar::copyCertChain in
// xar++.cpp), and holds them, whether expired or not, against its rules
// (PolicyEngine::evaluateInstall in policyengine.cpp). Who compares them with the
// signatures, Installer's PackageKit, is closed source. So all have to agree here: the
// CMS, the RSA signature where there is one, and what the table says of both.
//
// A certificate that has expired is judged as for code: packages with a timestamp can be
// installed after that, and those without cannot
// (https://eclecticlight.co/2026/01/20/is-that-signing-certificate-still-valid).
func AuthenticatePackage(p Package, anchors Anchors, now time.Time) Authentication {
	var a Authentication
	var m *cmsMessage
	if !slices.Contains([]string{"sha1", "sha256", "sha512"}, p.Algorithm) {
		// Security.framework takes others for none (Xar::checksumDigestAlgorithm).
		a.problem(BadSignature, "the checksum of the table of contents, which is what is signed, is one by %.20q", p.Algorithm)
		return a
	}
	if p.CMS != nil {
		if m = a.packageCMS(p); m == nil {
			return a
		}
	}
	if p.RSA != nil {
		old := a.packageRSA(p)
		switch {
		case old == nil:
			return a
		case m == nil:
			m = old
			a.problem(Unusual, "there is no CMS beside the RSA signature, so it has no timestamp, and no notarization ticket can be stapled to the package")
		case !m.leaf.Equal(old.leaf):
			a.problem(OtherSigner, "the CMS is signed by %q, and the RSA signature by %q", m.leaf.Subject.CommonName, old.leaf.Subject.CommonName)
			return a
		}
	}
	if m == nil {
		a.problem(SignerCount, "it is not signed")
		return a
	}
	if p.Algorithm == "sha1" {
		a.problem(Unusual, "what is signed is the SHA-1 checksum of the table of contents, and whoever makes a package can make two that share one")
	}
	a.signingTime(m)
	a.timestamp(m, anchors)
	a.trustInstaller(m, anchors, now)
	return a
}

// packageCMS verifies the CMS over the checksum. It returns nil when it proves
// nothing.
func (a *Authentication) packageCMS(p Package) *cmsMessage {
	m, err := parseCMS(withoutPadding(p.CMS.Bytes))
	switch {
	case errors.Is(err, errSigners):
		a.problem(SignerCount, "CMS: %v", err)
		return nil
	case err != nil:
		a.problem(MalformedCMS, "%v", err)
		return nil
	case len(m.content) > 0:
		a.problem(MalformedCMS, "%d bytes of content of its own; the checksum of the table of contents is what it must sign", len(m.content))
		return nil
	}
	a.Signer = m.leaf.Subject.CommonName
	if err := m.verify(oidData, p.Sum); err != nil {
		kind := BadSignature
		if errors.Is(err, errOtherContent) {
			kind = OtherContent
		}
		a.problem(kind, "CMS: %v", err)
		return nil
	}
	if len(p.CMS.Certificates) == 0 || !bytes.Equal(p.CMS.Certificates[0], m.leaf.Raw) {
		// Gatekeeper would judge another certificate than the one that signed.
		a.problem(OtherSigner, "the certificate of %q, who signed the CMS, is not the first that the table of contents names for it", a.Signer)
		return nil
	}
	return m
}

// withoutPadding returns a CMS without the zeros behind it. Its place in the heap is set
// aside before it is made, and its size varies.
func withoutPadding(b []byte) []byte {
	if len(b) > maxCMS {
		return b // which is refused
	}
	if _, rest, err := definite(b, maxIndefinite); err == nil && len(bytes.Trim(rest, "\x00")) == 0 {
		return b[:len(b)-len(rest)]
	}
	return b
}

// packageRSA verifies the RSA signature over the checksum, and returns it with its
// certificates as if it were a CMS, nil when it proves nothing.
//
// What is signed is the checksum itself in a DigestInfo (RSASSA-PKCS1-v1_5), as
// xar --sign --digestinfo-to-sign hands it out. rcodesign hashes it once more, by
// SHA-256 (signing.rs in apple-xar).
func (a *Authentication) packageRSA(p Package) *cmsMessage {
	m := &cmsMessage{}
	list := p.RSA.Certificates
	if len(list) == 0 || len(list) > maxCertificates {
		a.problem(SignerCount, "%d certificates for the RSA signature; 1 to %d are expected", len(list), maxCertificates)
		return nil
	}
	if err := m.readCertificates(bytes.Join(list, nil)); err != nil || len(m.certificates) != len(list) {
		a.problem(BadSignature, "a certificate for the RSA signature cannot be read: %v", err)
		return nil
	}
	m.leaf = m.certificates[0]
	if a.Signer == "" {
		a.Signer = m.leaf.Subject.CommonName
	}
	key, ok := m.leaf.PublicKey.(*rsa.PublicKey)
	hash := map[string]crypto.Hash{"sha1": crypto.SHA1, "sha256": crypto.SHA256, "sha512": crypto.SHA512}[p.Algorithm]
	if !ok || hash == 0 || len(p.Sum) != hash.Size() {
		a.problem(BadSignature, "an RSA signature by a key of the type %T over a checksum by %.20q", m.leaf.PublicKey, p.Algorithm)
		return nil
	}
	err := rsa.VerifyPKCS1v15(key, hash, p.Sum, p.RSA.Bytes)
	if err == nil {
		return m
	}
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum(crypto.SHA256, p.Sum), p.RSA.Bytes) == nil {
		a.problem(Unusual, "the RSA signature is over the hash of the checksum and not over the checksum, as rcodesign makes it; systems that read no CMS do not take it")
		return m
	}
	a.problem(BadSignature, "RSA signature: %s", strings.TrimPrefix(err.Error(), "crypto/rsa: "))
	return nil
}

// trustInstaller verifies the certificates of the signer and says who it is.
func (a *Authentication) trustInstaller(m *cmsMessage, anchors Anchors, now time.Time) {
	clock, kind := now, Expired
	if !a.Timestamp.IsZero() {
		clock, kind = a.Timestamp, OutsideValidity
	}
	if m.leaf.KeyUsage != 0 && m.leaf.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		a.problem(UntrustedChain, "the key of the signer is not for signatures")
		return
	}
	chain, err := m.build(withoutMarkers(m.leaf), anchors, x509.ExtKeyUsageAny)
	if err != nil {
		a.problem(UntrustedChain, "%v", err)
		return
	}
	if err := validAt(chain, clock); err != nil {
		a.problem(kind, "%v", err)
	}
	for _, c := range chain {
		a.Chain = append(a.Chain, c.Subject.CommonName)
	}
	a.Kind = installerKindOf(chain)
	switch a.Kind {
	case "":
		a.problem(UnknownSigner, "the certificates of %q and %q have no markers of a signer of installer packages", chain[0].Subject.CommonName, chain[min(1, len(chain)-1)].Subject.CommonName)
	case DeveloperIDInstaller, MacInstaller:
		a.installerTeam(chain[0])
	}
}

// installerTeam reads the team, the organizational unit of the leaf.
func (a *Authentication) installerTeam(leaf *x509.Certificate) {
	units := leaf.Subject.OrganizationalUnit
	if len(units) != 1 {
		a.problem(TeamMismatch, "the certificate of %q has %d organizational units, where one names the team", leaf.Subject.CommonName, len(units))
		return
	}
	a.TeamID = units[0]
}
