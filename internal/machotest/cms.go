package machotest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	_ "crypto/sha1" // digests to sign with
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"slices"
	"sort"
	"time"
)

// CMS describes a CMS signature (RFC 5652) as codesign makes it.
type CMS struct {
	Signer       *Identity
	Certificates []*Identity // nil: the signer's, and all above it
	Hash         crypto.Hash // 0: SHA-256
	SigningTime  time.Time   // zero: no such attribute
	NoAgility    bool        // none of the attributes that list all CodeDirectories
	CDHashes     func([][]byte) [][]byte
	WholeHashes  func([]AgilityHash) []AgilityHash
	Timestamp    *Timestamp

	Content      []byte                        // inside the message; nil: detached
	ContentType  asn1.ObjectIdentifier         // nil: data
	Attributes   func([]Attribute) []Attribute // edits the signed attributes before they are signed
	Tamper       func([]Attribute) []Attribute // edits them when they are signed
	Unsigned     func([]Attribute) []Attribute // edits the unsigned ones
	NoAttributes bool                          // signs the content itself
	Signers      *int                          // how often the signer is there; nil: once
	DER          bool                          // definite lengths, unlike Apple's
	Parts        int                           // of the octet string of the content, of an indefinite length; 0: it is one
}

// Attribute is an attribute of a signer. Its values are in DER.
type Attribute struct {
	Type   asn1.ObjectIdentifier
	Values [][]byte
}

// AgilityHash is the whole hash of a CodeDirectory, an entry of attribute 1.2.840.113635.100.9.2.
type AgilityHash struct {
	Algorithm asn1.ObjectIdentifier
	Hash      []byte
}

// Timestamp describes a token of RFC 3161.
type Timestamp struct {
	Version   int // of TSTInfo; 0: 1
	Signer    *Identity
	Time      time.Time
	Hash      crypto.Hash // of imprint and signature; 0: SHA-256
	Signature []byte      // that it is for; nil: the one it is attached to
	CMS       CMS         // what else is to be different; its Signer and Content are ignored
}

// Identifiers of RFC 5652, RFC 3161 and Apple.
var (
	OIDData           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	OIDSignedData     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	OIDContentType    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	OIDMessageDigest  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	OIDSigningTime    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	OIDTimestampToken = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}
	OIDTSTInfo        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	OIDAgility        = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 9, 1}
	OIDAgilityV2      = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 9, 2}
	OIDSHA1           = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	OIDSHA256         = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	OIDSHA384         = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
)

// Bytes returns the signature over the CodeDirectories, the one in slot 0 first. It is over that one only; the others
// are listed.
func (c CMS) Bytes(directories ...[]byte) []byte {
	var attributes []Attribute
	if !c.NoAgility {
		attributes = c.agility(directories)
	}
	return c.message(directories[0], c.Content, attributes)
}

// agility returns the two attributes that list all CodeDirectories.
func (c CMS) agility(directories [][]byte) []Attribute {
	directories = slices.Clone(directories)
	sort.SliceStable(directories, func(i, j int) bool { return directories[i][37] < directories[j][37] }) // by hash type
	var hashes [][]byte
	var whole []AgilityHash
	for _, d := range directories {
		oid, hashType := OIDSHA256, uint8(HashSHA256)
		switch d[37] {
		case HashSHA1:
			oid, hashType = OIDSHA1, HashSHA1
		case HashSHA384:
			oid, hashType = OIDSHA384, HashSHA384
		}
		sum := digest(hashType, d)
		hashes, whole = append(hashes, sum[:20]), append(whole, AgilityHash{oid, sum})
	}
	if c.CDHashes != nil {
		hashes = c.CDHashes(hashes)
	}
	if c.WholeHashes != nil {
		whole = c.WholeHashes(whole)
	}
	var list []any
	for _, h := range hashes {
		list = append(list, h)
	}
	var values [][]byte
	for _, w := range whole {
		values = append(values, marshal(w))
	}
	return []Attribute{{OIDAgilityV2, values}, {OIDAgility, [][]byte{marshal(XML("cdhashes", list))}}}
}

// message returns the message over signed, with content inside.
func (c CMS) message(signed, content []byte, more []Attribute) []byte {
	contentType := c.ContentType
	if contentType == nil {
		contentType = OIDData
	}
	encapsulated := [][]byte{marshal(contentType)}
	if content != nil {
		encapsulated = append(encapsulated, c.octets(content))
	}
	signer := c.signer(signed, contentType, more)
	n := 1
	if c.Signers != nil {
		n = *c.Signers
	}
	var certificates [][]byte
	for _, id := range c.chain() {
		certificates = append(certificates, id.Raw)
	}
	tlv := IndefiniteTLV
	if c.DER {
		tlv = TLV
	}
	return tlv(TagSequence, marshal(OIDSignedData), tlv(0xa0, tlv(TagSequence,
		marshal(1),
		TLV(TagSet, c.digestAlgorithm()),
		tlv(TagSequence, encapsulated...),
		TLV(0xa0, certificates...),
		TLV(TagSet, bytes.Repeat(signer, n)),
	)))
}

// octets returns the content of the message.
func (c CMS) octets(content []byte) []byte {
	if c.Parts == 0 {
		return TLV(0xa0, TLV(TagOctetString, content))
	}
	var parts [][]byte
	for part := range slices.Chunk(content, len(content)/c.Parts+1) {
		parts = append(parts, TLV(TagOctetString, part))
	}
	return IndefiniteTLV(0xa0, IndefiniteTLV(TagOctetString|0x20, parts...))
}

func (c CMS) chain() []*Identity {
	if c.Certificates != nil {
		return c.Certificates
	}
	var list []*Identity
	for id := c.Signer; id != nil; id = id.Issuer {
		list = append(list, id)
	}
	return list
}

func (c CMS) hash() crypto.Hash { return orDefault(c.Hash, crypto.SHA256) }

func (c CMS) digestAlgorithm() []byte {
	oid := map[crypto.Hash]asn1.ObjectIdentifier{crypto.SHA1: OIDSHA1, crypto.SHA256: OIDSHA256, crypto.SHA384: OIDSHA384}[c.hash()]
	return marshal(pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: asn1.NullRawValue})
}

func (c CMS) signatureAlgorithm() []byte {
	oid := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1} // rsaEncryption
	if _, ok := c.Signer.Key.(*ecdsa.PrivateKey); ok {
		oid = map[crypto.Hash]asn1.ObjectIdentifier{
			crypto.SHA1:   {1, 2, 840, 10045, 4, 1},
			crypto.SHA256: {1, 2, 840, 10045, 4, 3, 2},
			crypto.SHA384: {1, 2, 840, 10045, 4, 3, 3},
		}[c.hash()]
	}
	return marshal(pkix.AlgorithmIdentifier{Algorithm: oid})
}

func (c CMS) signer(signed []byte, contentType asn1.ObjectIdentifier, more []Attribute) []byte {
	attributes := append([]Attribute{
		{OIDContentType, [][]byte{marshal(contentType)}},
		{OIDMessageDigest, [][]byte{marshal(sum(c.hash(), signed))}},
	}, more...)
	if !c.SigningTime.IsZero() {
		attributes = append(attributes, Attribute{OIDSigningTime, [][]byte{marshal(c.SigningTime.UTC())}})
	}
	if c.Attributes != nil {
		attributes = c.Attributes(attributes)
	}
	if !c.NoAttributes {
		signed = TLV(TagSet, attributeSet(attributes))
	}
	signature := must(c.Signer.Key.Sign(rand.Reader, sum(c.hash(), signed), c.hash()))
	if c.Tamper != nil {
		attributes = c.Tamper(attributes)
	}
	parts := [][]byte{
		marshal(1),
		TLV(TagSequence, c.Signer.RawIssuer, marshal(c.Signer.SerialNumber)),
		c.digestAlgorithm(),
	}
	if !c.NoAttributes {
		parts = append(parts, TLV(0xa0, attributeSet(attributes)))
	}
	parts = append(parts, c.signatureAlgorithm(), marshal(signature))
	if unsigned := c.unsigned(signature); len(unsigned) > 0 {
		parts = append(parts, TLV(0xa1, attributeSet(unsigned)))
	}
	return TLV(TagSequence, parts...)
}

func (c CMS) unsigned(signature []byte) []Attribute {
	var list []Attribute
	if c.Timestamp != nil {
		list = append(list, Attribute{OIDTimestampToken, [][]byte{c.Timestamp.token(signature)}})
	}
	if c.Unsigned != nil {
		list = c.Unsigned(list)
	}
	return list
}

// token returns the timestamp of a signature value.
func (t *Timestamp) token(signature []byte) []byte {
	if t.Signature != nil {
		signature = t.Signature
	}
	c := t.CMS
	c.Signer, c.Hash, c.DER = t.Signer, t.Hash, true
	if c.ContentType == nil {
		c.ContentType = OIDTSTInfo
	}
	info := TLV(TagSequence,
		marshal(orDefault(t.Version, 1)),
		marshal(asn1.ObjectIdentifier{1, 2, 3}),
		TLV(TagSequence, c.digestAlgorithm(), marshal(sum(c.hash(), signature))),
		marshal(42),
		TLV(TagTime, []byte(t.Time.UTC().Format("20060102150405Z"))),
	)
	return c.message(info, info, nil)
}

// attributeSet returns the content of a SET OF attributes, sorted as DER has it.
func attributeSet(list []Attribute) []byte {
	var encoded [][]byte
	for _, a := range list {
		values := slices.Clone(a.Values)
		slices.SortFunc(values, bytes.Compare)
		encoded = append(encoded, TLV(TagSequence, marshal(a.Type), TLV(TagSet, values...)))
	}
	slices.SortFunc(encoded, bytes.Compare)
	return slices.Concat(encoded...)
}

func sum(h crypto.Hash, b []byte) []byte {
	w := h.New()
	w.Write(b)
	return w.Sum(nil)
}

func marshal(v any) []byte { return must(asn1.Marshal(v)) }

// Signed returns b with a CMS signature over the CodeDirectories of its first signature, which must not be nil. The
// length of the signature is in the code that is hashed, so the key must be RSA, whose signatures are of one length.
func (b Binary) Signed(c CMS) Binary {
	s := *b.Signature
	b.Signature = &s
	for range 3 { // the first makes the length, the second the hashes, the third checks them
		cms := c.Bytes(b.directories()...)
		if bytes.Equal(cms, s.CMS) {
			return b
		}
		s.CMS = cms
	}
	panic("machotest: the length of the CMS signature varies")
}

func (b Binary) directories() [][]byte {
	return directories(b.Bytes()[b.withDefaults().layout().signatures[0].offset:])
}

// Directories returns the CodeDirectories of [Signature.Bytes], that of slot 0 first.
func (s *Signature) Directories(code []byte) [][]byte { return directories(s.Bytes(code)) }

func directories(superBlob []byte) [][]byte {
	var list [][]byte
	for i := range binary.BigEndian.Uint32(superBlob[8:]) {
		entry := superBlob[12+8*i:]
		blob := superBlob[binary.BigEndian.Uint32(entry[4:]):]
		if binary.BigEndian.Uint32(blob) == magicDirectory {
			list = append(list, blob[:binary.BigEndian.Uint32(blob[4:])])
		}
	}
	return list
}
