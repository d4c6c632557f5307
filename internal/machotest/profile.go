package machotest

import (
	"encoding/asn1"
	"time"
)

// OIDProfileSigner marks the certificate of the signer of provisioning profiles for macOS.
var OIDProfileSigner = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 4, 11}

// ProfilePKI is a hierarchy with the names and markers of those that sign provisioning profiles. None of it is Apple's.
type ProfilePKI struct {
	Root, WWDR, Other *Identity
	Mac               *Identity // signs profiles for macOS
	Phone             *Identity // for iOS
}

// NewProfilePKI makes the keys and certificates.
func NewProfilePKI() ProfilePKI {
	root := Certificate{CommonName: "Root", CA: true, EllipticCurve: true, Until: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)}.Issue(nil)
	p := ProfilePKI{Root: root}
	ca := func(name string, markers ...asn1.ObjectIdentifier) *Identity {
		return Certificate{CommonName: name, CA: true, EllipticCurve: true, Markers: markers}.Issue(root)
	}
	p.WWDR, p.Other = ca("Developer Relations CA", Marker(2, 1)), ca("Other CA", Marker(2, 6))
	p.Mac = ProfileSigner().Issue(p.WWDR)
	p.Phone = Certificate{
		CommonName: "Apple iPhone OS Provisioning Profile Signing", EllipticCurve: true,
	}.Issue(ca("Apple iPhone Certification Authority"))
	return p
}

// ProfileSigner is the certificate of a signer of profiles for macOS.
func ProfileSigner() Certificate {
	return Certificate{CommonName: "Mac OS X Provisioning Profile Signing", EllipticCurve: true, Critical: []asn1.ObjectIdentifier{OIDProfileSigner}}
}

// Wrap returns the message with content inside, as a provisioning profile is one.
func (c CMS) Wrap(content []byte) []byte { return c.message(content, content, nil) }
