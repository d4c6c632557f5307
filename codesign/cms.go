package codesign

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// Limits of one CMS message. Each real one has 9 KiB, 3 certificates, 5 signed
// attributes with at most 2 values, and 3 to 4 levels of indefinite lengths.
const (
	maxCMS          = 1 << 20
	maxCertificates = 16
	maxAttributes   = 32 // and values of one attribute
	maxIndefinite   = 8  // levels

	// maxParts bounds the parts of an octet string: maxCMS in parts of 1000 bytes.
	maxParts = 1 << 10

	// maxRSABits is what crypto/tls accepts, too. The cost of a verification grows
	// with the square of the bits, and crypto/rsa has no limit of its own.
	maxRSABits = 8192
)

// errSigners is returned for a message that has not exactly one signer.
// Security.framework looks at the first only (StaticCode.cpp, verifySignature).
var errSigners = errors.New("exactly one signer is expected")

// cmsMessage is a SignedData (RFC 5652) with its one signer.
type cmsMessage struct {
	contentType  asn1.ObjectIdentifier
	content      []byte // empty when it is detached
	certificates []*x509.Certificate
	leaf         *x509.Certificate // the signer's
	digest       crypto.Hash
	signed       []attribute
	signedBytes  []byte // the signed attributes as they are signed
	unsigned     []attribute
	algorithm    asn1.ObjectIdentifier // of the signature
	signature    []byte
}

// attribute is one attribute of a signer, of which a message has at most one for
// each type.
type attribute struct {
	oid    asn1.ObjectIdentifier
	values []asn1.RawValue
}

// The structures of RFC 5652, sections 3, 5.1 and 5.3. Sets are left raw, so
// that nothing is allocated for a number of elements before it was bounded.
type (
	contentInfo struct {
		ContentType asn1.ObjectIdentifier
		Content     asn1.RawValue `asn1:"explicit,tag:0"`
	}
	signedData struct {
		Version          int
		DigestAlgorithms asn1.RawValue
		Encapsulated     struct {
			ContentType asn1.ObjectIdentifier
			Content     asn1.RawValue `asn1:"explicit,optional,tag:0"`
		}
		Certificates asn1.RawValue `asn1:"optional,tag:0"`
		CRLs         asn1.RawValue `asn1:"optional,tag:1"`
		Signers      asn1.RawValue
	}
	signerInfo struct {
		Version   int
		Issuer    issuerAndSerial
		Digest    pkix.AlgorithmIdentifier
		Signed    asn1.RawValue `asn1:"optional,tag:0"`
		Algorithm pkix.AlgorithmIdentifier
		Signature []byte
		Unsigned  asn1.RawValue `asn1:"optional,tag:1"`
	}
	issuerAndSerial struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	signerAttribute struct {
		Type   asn1.ObjectIdentifier
		Values asn1.RawValue
	}
)

var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
)

// parseCMS reads a message in DER, or in BER as Apple's encoder writes it.
func parseCMS(b []byte) (*cmsMessage, error) {
	if len(b) > maxCMS {
		return nil, fmt.Errorf("%d bytes; the limit is %d", len(b), maxCMS)
	}
	der, rest, err := definite(b, maxIndefinite)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes follow the message", len(rest))
	}
	var info contentInfo
	var sd signedData
	if err := unmarshal(der, &info); err != nil {
		return nil, err
	}
	if !info.ContentType.Equal(oidSignedData) {
		return nil, fmt.Errorf("content of type %v instead of SignedData", info.ContentType)
	}
	if err := unmarshal(info.Content.Bytes, &sd); err != nil {
		return nil, fmt.Errorf("SignedData: %w", err)
	}
	m := &cmsMessage{contentType: sd.Encapsulated.ContentType}
	if raw := sd.Encapsulated.Content.Bytes; len(raw) > 0 {
		var err error
		if m.content, err = octets(raw); err != nil {
			return nil, fmt.Errorf("content: %w", err)
		}
	}
	if err := m.readCertificates(sd.Certificates.Bytes); err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	return m, m.readSigner(sd.Signers)
}

// definite returns the first element of b in definite lengths, and what follows
// it. Apple's encoder gives the outermost elements indefinite ones, which are
// BER. An element of definite length is taken as it is, signed bytes among them,
// and must be DER inside.
func definite(b []byte, levels int) (element, rest []byte, err error) {
	if len(b) < 2 || b[1] != 0x80 {
		var raw asn1.RawValue
		rest, err := asn1.Unmarshal(b, &raw)
		return raw.FullBytes, rest, err
	}
	if tag := b[0] & 0x1f; b[0]&0x20 == 0 || tag == 0x1f {
		return nil, nil, fmt.Errorf("an indefinite length after tag %#02x", b[0])
	}
	if levels == 0 {
		return nil, nil, fmt.Errorf("more than %d levels of indefinite length", maxIndefinite)
	}
	var content []byte
	for rest = b[2:]; !bytes.HasPrefix(rest, []byte{0, 0}); {
		if element, rest, err = definite(rest, levels-1); err != nil {
			return nil, nil, err
		}
		content = append(content, element...)
	}
	element, err = asn1.Marshal(asn1.RawValue{Class: int(b[0] >> 6), Tag: int(b[0] & 0x1f), IsCompound: true, Bytes: content})
	return element, rest[2:], err
}

// octets reads an OCTET STRING, which in BER may be made of several: encoders that
// write as they go make it so.
func octets(b []byte) ([]byte, error) {
	var whole asn1.RawValue
	if err := unmarshal(b, &whole); err != nil {
		return nil, err
	}
	var content []byte
	if !whole.IsCompound || whole.Class != asn1.ClassUniversal || whole.Tag != asn1.TagOctetString {
		err := unmarshal(b, &content)
		return content, err
	}
	parts, err := elements(whole.Bytes, maxParts)
	for _, part := range parts {
		if part.IsCompound || part.Class != asn1.ClassUniversal || part.Tag != asn1.TagOctetString {
			return nil, fmt.Errorf("tag %d inside of an octet string", part.Tag)
		}
		content = append(content, part.Bytes...)
	}
	return content, err
}

// unmarshal is asn1.Unmarshal that leaves nothing over.
func unmarshal(b []byte, v any) error {
	rest, err := asn1.Unmarshal(b, v)
	if err == nil && len(rest) > 0 {
		return fmt.Errorf("%d bytes left over", len(rest))
	}
	return err
}

// elements splits the content of a SET OF or SEQUENCE OF.
func elements(b []byte, limit int) ([]asn1.RawValue, error) {
	var list []asn1.RawValue
	for len(b) > 0 {
		if len(list) == limit {
			return nil, fmt.Errorf("more than %d", limit)
		}
		var raw asn1.RawValue
		rest, err := asn1.Unmarshal(b, &raw)
		if err != nil {
			return nil, err
		}
		list, b = append(list, raw), rest
	}
	return list, nil
}

func (m *cmsMessage) readCertificates(b []byte) error {
	list, err := elements(b, maxCertificates)
	if err != nil {
		return err
	}
	for _, raw := range list {
		c, err := x509.ParseCertificate(raw.FullBytes)
		if err != nil {
			return err
		}
		if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxRSABits {
			return fmt.Errorf("an RSA key of %d bits; the limit is %d", key.N.BitLen(), maxRSABits)
		}
		m.certificates = append(m.certificates, c)
	}
	return nil
}

func (m *cmsMessage) readSigner(set asn1.RawValue) error {
	list, err := elements(set.Bytes, maxCertificates)
	switch {
	case err != nil:
		return fmt.Errorf("signers: %w", err)
	case !isSet(set):
		return fmt.Errorf("tag %d where the set of signers belongs", set.Tag)
	case len(list) != 1:
		return fmt.Errorf("%d signers; %w", len(list), errSigners)
	}
	var s signerInfo
	if err := unmarshal(list[0].FullBytes, &s); err != nil {
		return fmt.Errorf("signer: %w", err)
	}
	m.algorithm, m.signature = s.Algorithm.Algorithm, s.Signature
	if m.digest = digestOf(s.Digest.Algorithm); m.digest == 0 {
		return fmt.Errorf("signer: digest algorithm %v", s.Digest.Algorithm)
	}
	if m.signed, err = attributes(s.Signed.Bytes); err != nil {
		return fmt.Errorf("signed attributes: %w", err)
	}
	if m.unsigned, err = attributes(s.Unsigned.Bytes); err != nil {
		return fmt.Errorf("unsigned attributes: %w", err)
	}
	if len(m.signed) > 0 {
		// Signed is the SET itself, not its implicit tag (RFC 5652, section 5.4).
		m.signedBytes = bytes.Clone(s.Signed.FullBytes)
		m.signedBytes[0] = 0x31
	}
	for _, c := range m.certificates {
		if bytes.Equal(c.RawIssuer, s.Issuer.Issuer.FullBytes) && c.SerialNumber.Cmp(s.Issuer.Serial) == 0 {
			m.leaf = c
			return nil
		}
	}
	return errors.New("the signer's certificate is not among the certificates")
}

func isSet(v asn1.RawValue) bool {
	return v.Class == asn1.ClassUniversal && v.Tag == asn1.TagSet && v.IsCompound
}

// attributes reads a set of attributes. Two of one type would have readers
// disagree on which counts, so that is an error.
func attributes(b []byte) ([]attribute, error) {
	raws, err := elements(b, maxAttributes)
	if err != nil {
		return nil, err
	}
	var list []attribute
	for _, raw := range raws {
		var a signerAttribute
		if err := unmarshal(raw.FullBytes, &a); err != nil {
			return nil, err
		}
		if find(list, a.Type) != nil {
			return nil, fmt.Errorf("two attributes of type %v", a.Type)
		}
		values, err := elements(a.Values.Bytes, maxAttributes)
		if err != nil || !isSet(a.Values) || len(values) == 0 {
			return nil, fmt.Errorf("attribute %v: its values are not a set of 1 to %d", a.Type, maxAttributes)
		}
		list = append(list, attribute{a.Type, values})
	}
	return list, nil
}

// find returns the values of an attribute; nil when there is none.
func find(list []attribute, oid asn1.ObjectIdentifier) []asn1.RawValue {
	for _, a := range list {
		if a.oid.Equal(oid) {
			return a.values
		}
	}
	return nil
}
