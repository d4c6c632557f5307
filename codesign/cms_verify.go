package codesign

import (
	"bytes"
	"crypto"
	_ "crypto/sha1" // the digests of CMS signatures
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
)

// only reads the one value of a signed attribute.
func (m *cmsMessage) only(oid asn1.ObjectIdentifier, v any) error {
	values := find(m.signed, oid)
	if len(values) != 1 {
		return fmt.Errorf("signed attribute %v has %d values instead of 1", oid, len(values))
	}
	return unmarshal(values[0].FullBytes, v)
}

// errOtherContent is returned for a signature over other bytes.
var errOtherContent = errors.New("the message digest is not that of the content")

// verify verifies the signature over content, which is of the given type. The
// certificate that signed, m.leaf, proves nothing yet.
func (m *cmsMessage) verify(contentType asn1.ObjectIdentifier, content []byte) error {
	if len(m.signed) == 0 {
		// Allowed by RFC 5652, written by no signer of code. What is signed would be
		// taken for attributes, or attributes for what is signed.
		return errors.New("no signed attributes")
	}
	var signedType asn1.ObjectIdentifier
	var digest []byte
	if err := m.only(oidContentType, &signedType); err != nil {
		return err
	}
	if !signedType.Equal(contentType) || !m.contentType.Equal(contentType) {
		return fmt.Errorf("content types %v and %v instead of %v", m.contentType, signedType, contentType)
	}
	if err := m.only(oidMessageDigest, &digest); err != nil {
		return err
	}
	if !bytes.Equal(digest, sum(m.digest, content)) {
		return errOtherContent
	}
	algorithm, err := m.signatureAlgorithm()
	if err != nil {
		return err
	}
	return m.leaf.CheckSignature(algorithm, m.signedBytes, m.signature)
}

func sum(h crypto.Hash, b []byte) []byte {
	w := h.New()
	w.Write(b)
	return w.Sum(nil)
}

var (
	oidSHA1   = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	oidSHA256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}

	oidRSA = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidEC  = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
)

// algorithms are the signatures that are verified. SHA-1 is among them: Apple's
// timestamp service signs its tokens with it to this day, and codesign did all up
// to 2018. Somebody who can find collisions needs the signer's help to use
// them; in certificates, where the issuer gives that help, SHA-1 is refused.
var algorithms = []struct {
	digest    asn1.ObjectIdentifier
	hash      crypto.Hash
	rsa       asn1.ObjectIdentifier // sha256WithRSAEncryption and so on
	rsaX509   x509.SignatureAlgorithm
	ecdsa     asn1.ObjectIdentifier
	ecdsaX509 x509.SignatureAlgorithm
}{
	{oidSHA1, crypto.SHA1, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}, x509.SHA1WithRSA, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}, x509.ECDSAWithSHA1},
	{oidSHA256, crypto.SHA256, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, x509.SHA256WithRSA, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, x509.ECDSAWithSHA256},
	{oidSHA384, crypto.SHA384, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, x509.SHA384WithRSA, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, x509.ECDSAWithSHA384},
	{oidSHA512, crypto.SHA512, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, x509.SHA512WithRSA, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, x509.ECDSAWithSHA512},
}

// digestOf returns the hash of a digest algorithm, 0 for one that is not used.
func digestOf(oid asn1.ObjectIdentifier) crypto.Hash {
	for _, a := range algorithms {
		if a.digest.Equal(oid) {
			return a.hash
		}
	}
	return 0
}

// signatureAlgorithm returns what the signature was made with. Its identifier is
// that of the key, or of key and digest together.
func (m *cmsMessage) signatureAlgorithm() (x509.SignatureAlgorithm, error) {
	for _, a := range algorithms {
		switch {
		case a.hash != m.digest:
		case m.algorithm.Equal(a.rsa), m.algorithm.Equal(oidRSA):
			return a.rsaX509, nil
		case m.algorithm.Equal(a.ecdsa), m.algorithm.Equal(oidEC):
			return a.ecdsaX509, nil
		}
	}
	return 0, fmt.Errorf("signature algorithm %v with %v", m.algorithm, m.digest)
}
