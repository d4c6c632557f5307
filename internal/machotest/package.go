package machotest

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"time"
)

// InstallerPKI is a hierarchy with the markers of those that sign installer packages and what is in them. None of it is
// Apple's.
type InstallerPKI struct {
	Root                   *Identity
	Installer, Application *Identity // of team TEAM123456, from 2020 to 2030
	Expired                *Identity // Installer up to 2024
	Timestamps             *Identity
}

// NewInstallerPKI makes the keys and certificates.
func NewInstallerPKI() InstallerPKI {
	var p InstallerPKI
	p.Root = Certificate{CommonName: "Root", CA: true, EllipticCurve: true, Until: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)}.Issue(nil)
	ca := Certificate{CommonName: "Developer ID CA", CA: true, EllipticCurve: true, Markers: []asn1.ObjectIdentifier{Marker(2, 6)}}.Issue(p.Root)
	p.Installer = installer().Issue(ca)
	expired := installer()
	expired.Until = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	p.Expired = expired.Issue(ca)
	p.Application = Certificate{
		CommonName: "Developer ID Application: Example (TEAM123456)", Units: []string{"TEAM123456"}, Markers: []asn1.ObjectIdentifier{Marker(1, 13)},
	}.Issue(ca)
	p.Timestamps = Certificate{
		CommonName: "Timestamp Signer", Usages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	}.Issue(Certificate{CommonName: "Timestamp CA", CA: true, EllipticCurve: true}.Issue(p.Root))
	return p
}

// installer is the certificate of a Developer ID Installer.
func installer() Certificate {
	return Certificate{
		CommonName: "Developer ID Installer: Example (TEAM123456)", Units: []string{"TEAM123456"},
		Markers: []asn1.ObjectIdentifier{Marker(1, 14)}, AppleUsages: []int{13},
	}
}

// Chain returns the certificates from the identity's up to the root, in DER.
func (id *Identity) Chain() [][]byte {
	var list [][]byte
	for ; id != nil; id = id.Issuer {
		list = append(list, id.Raw)
	}
	return list
}

// SignSum returns an RSA signature over a checksum by SHA-1 or SHA-256.
func (id *Identity) SignSum(sum []byte) []byte {
	hash := crypto.SHA1
	if len(sum) == crypto.SHA256.Size() {
		hash = crypto.SHA256
	}
	return must(id.Key.Sign(rand.Reader, sum, hash))
}

// Detached returns the signature over content that is not in the message, without the attributes of code.
func (c CMS) Detached(content []byte) []byte { return c.message(content, nil, nil) }
