package codesign

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ProfileMessage is the CMS message around a provisioning profile, and what it
// proves.
type ProfileMessage struct {
	Content     []byte   // the property list inside, whoever wrote it
	Signer      string   // common name of the leaf, as claimed
	Chain       []string // common names from the leaf to the root; nil unless the chain is trusted
	SigningTime time.Time
	Problem     string // why what is inside is not proven to be Apple's; empty: it is
}

// profileSigner is the extension that marks the signer of a profile for macOS:
// oidAppleCertExtOSXProvisioningProfileSigning in SecPolicy.c.
var profileSigner = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 4, 11}

// The common names that SecPolicyCreateiPhoneProvisioningProfileSigning asks for.
const (
	iPhoneProfileSigner = "Apple iPhone OS Provisioning Profile Signing"
	iPhoneProfileIssuer = "Apple iPhone Certification Authority"
)

// ReadProfile reads the CMS message around a provisioning profile. The error says
// why there is nothing inside to read; what is wrong with the signature is in
// [ProfileMessage.Problem].
//
// Who may sign a profile is public in libsecurity's SecPolicy.c, and MIS, which
// validates profiles, tries these policies in turn (decompiled; it is not public):
//
//   - SecPolicyCreateiPhoneProvisioningProfileSigning: three certificates up to a
//     root of Apple, the last two with the names above, whatever the time is;
//   - SecPolicyCreateOSXProvisioningProfileSigning: the marker 1.2.840.113635.100.4.11
//     in the leaf, which is for digital signatures, and .6.2.1 (WWDR) in its issuer.
//     The certificates must be valid when the message was signed, as it says of
//     itself (SecCmsSignerInfoVerifyCertificate in cmssiginfo.c), else now.
//
// The signer for macOS is "Mac OS X Provisioning Profile Signing", today below WWDR G5;
// its name is not asked for.
//
// Not checked: a third policy, for profiles that are encoded in DER, which macOS
// does not embed; revocation, for which Apple's code asks OCSP; and whether the DER
// in the key DER-Encoded-Profile says what the property list around it says. Apple
// signed both. A chain with links of SHA-1, as old ones for iOS may have, is trusted only
// where [AppleAnchors] pins the issuer, which it does for macOS up to 2023.
func ReadProfile(cms []byte, anchors Anchors, now time.Time) (ProfileMessage, error) {
	m, err := parseCMS(cms)
	if err != nil {
		return ProfileMessage{}, err
	}
	if len(m.content) == 0 {
		return ProfileMessage{}, errors.New("the message has no content")
	}
	p := ProfileMessage{Content: m.content, Signer: m.leaf.Subject.CommonName}
	var signed time.Time
	if m.only(oidSigningTime, &signed) == nil {
		p.SigningTime = signed.UTC()
	}
	if err := m.verify(oidData, m.content); err != nil {
		p.Problem = err.Error()
		return p, nil
	}
	chain, err := m.profileChain(anchors, p.SigningTime, now)
	if err != nil {
		p.Problem = err.Error()
		return p, nil
	}
	for _, c := range chain {
		p.Chain = append(p.Chain, c.Subject.CommonName)
	}
	return p, nil
}

// profileChain returns a chain of which one of the two policies approves.
func (m *cmsMessage) profileChain(anchors Anchors, signed, now time.Time) ([]*x509.Certificate, error) {
	chain, err := m.anyChain(anchors)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(chain))
	for i, c := range chain {
		names[i] = c.Subject.CommonName
	}
	if len(chain) == 3 && names[0] == iPhoneProfileSigner && names[1] == iPhoneProfileIssuer {
		return chain, nil
	}
	if !hasExtension(chain[0], profileSigner) || len(chain) < 2 || !hasMarker(chain[1], 2, 1) {
		return nil, fmt.Errorf("the certificates of %q and its issuer are none by which Apple signs profiles", names[0])
	}
	if chain[0].KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return nil, errors.New("the key of the signer is not for digital signatures")
	}
	clock := now
	if !signed.IsZero() {
		clock = signed
	}
	return chain, validAt(chain, clock)
}

// anyChain returns a chain from the signer to a root, whatever it is for.
func (m *cmsMessage) anyChain(anchors Anchors) ([]*x509.Certificate, error) {
	leaf := withoutMarkers(m.leaf)
	leaf.UnhandledCriticalExtensions = slices.DeleteFunc(leaf.UnhandledCriticalExtensions, profileSigner.Equal)
	return m.build(leaf, anchors, x509.ExtKeyUsageAny)
}
