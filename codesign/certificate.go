package codesign

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The kinds of problems of a CMS signature.
const (
	// MalformedCMS: it cannot be read, or passes a limit.
	MalformedCMS ProblemKind = "malformed-cms"

	// SignerCount: no signer, or several.
	SignerCount ProblemKind = "signer-count"

	// OtherContent: it signs something other than the CodeDirectory in slot 0.
	OtherContent ProblemKind = "other-content"

	// BadSignature: the signature value is wrong, or what it signs was changed.
	BadSignature ProblemKind = "bad-signature"

	// BadTimestamp: a secure timestamp that proves no time.
	BadTimestamp ProblemKind = "bad-timestamp"

	// UntrustedChain: no chain for signing code from the signer to a root of Apple.
	UntrustedChain ProblemKind = "untrusted-chain"

	// UnknownSigner: a chain to a root of Apple, without the markers of a kind of
	// signer that is known.
	UnknownSigner ProblemKind = "unknown-signer"

	// Expired: there is no secure timestamp, and today a certificate is not valid.
	// Security.framework tolerates that unless the code is flagged "expires".
	Expired ProblemKind = "expired"

	// OutsideValidity: the secure timestamp is outside a certificate's validity.
	OutsideValidity ProblemKind = "outside-validity"

	// TeamMismatch: the CodeDirectory names a team other than the signer's.
	TeamMismatch ProblemKind = "team-mismatch"

	// AgilityMismatch: the hash agility attributes do not list the CodeDirectories
	// that are there.
	AgilityMismatch ProblemKind = "agility-mismatch"

	// UnsignedDirectory: an alternate CodeDirectory that nothing signed binds.
	UnsignedDirectory ProblemKind = "unsigned-directory"
)

// SignerKind is what a certificate entitles its holder to sign.
type SignerKind string

// The kinds of signers.
const (
	DeveloperID       SignerKind = "developer-id"       // for distribution outside the App Store
	MacAppStore       SignerKind = "mac-app-store"      // Apple, for the Mac App Store
	AppleDistribution SignerKind = "apple-distribution" // for upload to the App Store
	AppleDevelopment  SignerKind = "apple-development"
	Apple             SignerKind = "apple" // Apple's own software
)

// signerKinds tells kinds by markers: extension 1.2.840.113635.100.6.1.x of the
// leaf, and 1.2.840.113635.100.6.2.x of the certificate that issued it. They are
// those of SecPolicyCreateAppleExternalDeveloper in SecPolicyPriv.h, and 9 of
// section 4.11.8 in Apple's WWDR certification practice statement. A certificate
// may have the markers of iOS and macOS at once. Those for installers are in
// [installerKinds], since their extended key usage is not the signing of code.
var signerKinds = []struct {
	leaf, issuer int
	kind         SignerKind
}{
	{13, 6, DeveloperID},
	{9, 1, MacAppStore},
	{7, 1, AppleDistribution}, // 3rd Party Mac Developer Application
	{4, 1, AppleDistribution}, // iPhone Distribution
	{12, 1, AppleDevelopment}, // Mac Developer
	{2, 1, AppleDevelopment},  // iPhone Developer
}

// kindOf returns the kind of signer of a trusted chain, "" when it is unknown.
func kindOf(chain []*x509.Certificate) SignerKind {
	if len(chain) < 2 {
		return ""
	}
	for _, k := range signerKinds {
		if hasMarker(chain[0], 1, k.leaf) && hasMarker(chain[1], 2, k.issuer) {
			return k.kind
		}
	}
	// What "anchor apple" in a requirement means (reqinterp.cpp, appleSigned).
	issuer := chain[1].Subject
	if issuer.CommonName == "Apple Code Signing Certification Authority" && slices.Equal(issuer.Organization, []string{"Apple Inc."}) {
		return Apple
	}
	return ""
}

// markers are Apple's arcs 1.2.840.113635.100.6.1 for leaves and .2 for
// intermediates.
var markers = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6}

func hasMarker(c *x509.Certificate, arc, n int) bool {
	return hasExtension(c, append(slices.Clone(markers), arc, n))
}

func hasExtension(c *x509.Certificate, oid asn1.ObjectIdentifier) bool {
	return slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oid) })
}

// isMarker reports whether an extension is in one of the two arcs.
func isMarker(oid asn1.ObjectIdentifier) bool {
	n := len(markers)
	return len(oid) > n && oid[:n].Equal(markers) && (oid[n] == 1 || oid[n] == 2)
}

// trust verifies the certificates of the signer and says who it is.
func (a *Authentication) trust(m *cmsMessage, d *Directory, anchors Anchors, now time.Time) []*x509.Certificate {
	clock, kind := now, Expired
	if !a.Timestamp.IsZero() {
		clock, kind = a.Timestamp, OutsideValidity
	}
	chain, err := m.chain(anchors, x509.ExtKeyUsageCodeSigning)
	if err != nil {
		a.problem(UntrustedChain, "%v", err)
		return nil
	}
	if err := validAt(chain, clock); err != nil {
		a.problem(kind, "%v", err)
	}
	for _, c := range chain {
		a.Chain = append(a.Chain, c.Subject.CommonName)
	}
	if a.Kind = kindOf(chain); a.Kind == "" {
		a.problem(UnknownSigner, "the certificates of %q and %q have no markers that belong together", chain[0].Subject.CommonName, chain[min(1, len(chain)-1)].Subject.CommonName)
	}
	a.team(chain[0], d)
	return chain
}

// chain returns a chain from the signer to a root that is for the usage.
//
// It is built as of the day on which the leaf became valid: whether it still was
// at the time that counts is told by [validAt], apart from all other errors.
func (m *cmsMessage) chain(anchors Anchors, usage x509.ExtKeyUsage) ([]*x509.Certificate, error) {
	if !slices.Contains(m.leaf.ExtKeyUsage, usage) {
		return nil, errors.New("the certificate of the signer is not for this use")
	}
	if m.leaf.KeyUsage != 0 && m.leaf.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return nil, errors.New("the key of the signer is not for signatures")
	}
	return m.build(withoutMarkers(m.leaf), anchors, usage)
}

// build returns a chain from the leaf to a root by way of the certificates of the
// message.
func (m *cmsMessage) build(leaf *x509.Certificate, anchors Anchors, usage x509.ExtKeyUsage) ([]*x509.Certificate, error) {
	intermediates := x509.NewCertPool()
	for _, c := range m.certificates {
		intermediates.AddCert(withoutMarkers(c))
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots: anchors.pool(), Intermediates: intermediates,
		KeyUsages: []x509.ExtKeyUsage{usage}, CurrentTime: leaf.NotBefore,
	})
	if err != nil {
		return nil, err
	}
	return anchors.complete(chains[0]), nil
}

// withoutMarkers returns c for crypto/x509, which refuses critical extensions
// that it does not know. Apple's markers are critical, and [kindOf] judges them.
func withoutMarkers(c *x509.Certificate) *x509.Certificate {
	known := *c
	known.UnhandledCriticalExtensions = slices.DeleteFunc(slices.Clone(c.UnhandledCriticalExtensions), isMarker)
	return &known
}

// validAt returns an error when a certificate of the chain is not valid at t.
func validAt(chain []*x509.Certificate, t time.Time) error {
	for _, c := range chain {
		if t.Before(c.NotBefore) || t.After(c.NotAfter) {
			return fmt.Errorf("the certificate of %q is valid from %s to %s, not on %s", c.Subject.CommonName,
				c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly), t.UTC().Format(time.DateOnly))
		}
	}
	return nil
}

// team compares the team in the CodeDirectory with that of the signer: the
// organizational unit of the leaf, for the kinds that Apple issues to teams
// (StaticCode.cpp, isAppleDeveloperCert). Old code names no team. What Apple
// signs, it has no team of its own but may name one, which Apple vouches for.
func (a *Authentication) team(leaf *x509.Certificate, d *Directory) {
	units := leaf.Subject.OrganizationalUnit
	switch a.Kind {
	case DeveloperID, AppleDistribution, AppleDevelopment:
	case MacAppStore, Apple:
		a.TeamID = d.TeamID
		return
	default:
		return
	}
	if len(units) != 1 {
		a.problem(TeamMismatch, "the certificate of %q has %d organizational units, where one names the team", leaf.Subject.CommonName, len(units))
		return
	}
	a.TeamID = units[0]
	if d.TeamID != "" && d.TeamID != a.TeamID {
		a.problem(TeamMismatch, "the CodeDirectory names team %q, the certificate of the signer %q", d.TeamID, a.TeamID)
	}
}
