package codesign

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	cs "github.com/blacktop/go-macho/pkg/codesign/types"
)

// Authentication is what the CMS signature of a slice proves. The rules are those
// of SecStaticCode::verifySignature in libsecurity_codesigning/lib/StaticCode.cpp,
// and stricter where they would leave something unsigned. No network is used:
// whether a certificate was revoked is not known.
type Authentication struct {
	Signer      string     // common name of the leaf, as claimed
	Chain       []string   // common names from the leaf to the root; nil unless the chain is trusted
	Kind        SignerKind // "" unless the chain is trusted and for signing code
	TeamID      string     // of the leaf, or of the code that Apple itself signed; "" when none is proven
	Timestamp   time.Time  // of the verified secure timestamp; zero: none
	SigningTime time.Time  // as the signer claims; zero: not told
	Problems    []Problem
}

// OK reports whether the signature is valid and by a signer of a known kind.
func (a *Authentication) OK() bool {
	return a.Kind != "" && !slices.ContainsFunc(a.Problems, func(p Problem) bool { return p.Kind != Unusual })
}

//go:noinline // it is called in many places, and copied into none: it is never hot
func (a *Authentication) problem(kind ProblemKind, format string, args ...any) {
	a.Problems = append(a.Problems, Problem{kind, uint32(cs.CSSLOT_CMS_SIGNATURE), fmt.Sprintf(format, args...)})
}

// errNoCMS is returned for a signature that names no signer.
var errNoCMS = errors.New("the signature has no CMS")

// Authenticate verifies the CMS of a signature, a SuperBlob that [Read] could
// read. The time now is what certificates are held against when there is no
// secure timestamp. The error means that there is nothing to verify.
func Authenticate(signature []byte, anchors Anchors, now time.Time) (Authentication, error) {
	sb, err := parseSuperBlob(signature)
	if err != nil {
		return Authentication{}, err
	}
	var s Signature
	s.readDirectories(sb)
	cms := sb.payload(uint32(cs.CSSLOT_CMS_SIGNATURE))
	if len(cms) == 0 {
		return Authentication{}, errNoCMS
	}
	a, _ := s.verifyCMS(sb, cms, anchors, now)
	return a, nil
}

// verifyCMS verifies the CMS over the directories of s, which were read from sb.
// The certificates are the whole chain, from the leaf to the root; they are nil
// unless the chain is trusted, whatever else may be wrong.
func (s *Signature) verifyCMS(sb *superBlob, cms []byte, anchors Anchors, now time.Time) (Authentication, []*x509.Certificate) {
	var dirs []signedDirectory
	for i := range s.Directories {
		d := &s.Directories[i]
		dirs = append(dirs, signedDirectory{d, sb.bytes(&d.blob)})
	}
	return authenticate(cms, dirs, anchors, now)
}

// signedDirectory is a CodeDirectory and its blob.
type signedDirectory struct {
	*Directory
	blob []byte
}

// authenticate verifies a CMS signature over the first of dirs, which must be
// the one in slot 0, and what binds the others.
func authenticate(cms []byte, dirs []signedDirectory, anchors Anchors, now time.Time) (Authentication, []*x509.Certificate) {
	var a Authentication
	if len(dirs) == 0 || dirs[0].Slot != uint32(cs.CSSLOT_CODEDIRECTORY) {
		a.problem(OtherContent, "there is no CodeDirectory in slot 0, the one that is signed")
		return a, nil
	}
	m, err := parseCMS(cms)
	switch {
	case errors.Is(err, errSigners):
		a.problem(SignerCount, "%v", err)
		return a, nil
	case err != nil:
		a.problem(MalformedCMS, "%v", err)
		return a, nil
	case len(m.content) > 0:
		a.problem(MalformedCMS, "%d bytes of content of its own; the CodeDirectory is what it must sign", len(m.content))
		return a, nil
	}
	a.Signer = m.leaf.Subject.CommonName
	if err := m.verify(oidData, dirs[0].blob); err != nil {
		kind := BadSignature
		if errors.Is(err, errOtherContent) {
			kind = OtherContent
		}
		a.problem(kind, "%v", err)
		return a, nil
	}
	a.signingTime(m)
	a.timestamp(m, anchors)
	chain := a.trust(m, dirs[0].Directory, anchors, now)
	a.agility(m, dirs)
	return a, chain
}

// signingTime reads the time that the signer claims. Nothing is judged by it.
func (a *Authentication) signingTime(m *cmsMessage) {
	var t time.Time
	if m.only(oidSigningTime, &t) == nil {
		a.SigningTime = t.UTC()
	}
}
