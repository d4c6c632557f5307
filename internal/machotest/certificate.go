package machotest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"
)

// Certificate describes a certificate. Its zero value is a leaf for signing code, valid from 2020 to 2030.
type Certificate struct {
	CommonName    string
	Organization  string
	Units         []string           // organizational units; the first is the team
	CA            bool               // may issue certificates; without an extended key usage
	Usages        []x509.ExtKeyUsage // nil: the signing of code; empty: no extended key usage
	AppleUsages   []int              // extended key usages 1.2.840.113635.100.4.n; with them, nil Usages are none
	KeyUsage      x509.KeyUsage
	From, Until   time.Time               // zero: 2020-01-01 and 2030-01-01
	Markers       []asn1.ObjectIdentifier // Apple's markers; critical in leaves, as Apple has them
	Critical      []asn1.ObjectIdentifier // other critical extensions
	EllipticCurve bool                    // a P-256 key instead of RSA
	RSABits       int                     // 0: 2048
	SHA1          bool                    // issued with a SHA-1 signature
}

// Identity is a certificate, its key and who issued it.
type Identity struct {
	*x509.Certificate
	Key    crypto.Signer
	Issuer *Identity // nil: itself
}

// Marker returns Apple's marker 1.2.840.113635.100.6.arc.n: arc 1 is for leaves, 2 for intermediates.
func Marker(arc, n int) asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, arc, n}
}

// Issue makes a key and a certificate for it, issued by another identity, or by itself when that is nil.
func (c Certificate) Issue(issuer *Identity) *Identity {
	id := &Identity{Issuer: issuer, Key: c.key()}
	from := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	template := &x509.Certificate{
		SerialNumber:          must(rand.Int(rand.Reader, big.NewInt(1<<62))),
		Subject:               pkix.Name{CommonName: c.CommonName, OrganizationalUnit: c.Units},
		NotBefore:             orTime(c.From, from),
		NotAfter:              orTime(c.Until, from.AddDate(10, 0, 0)),
		BasicConstraintsValid: true,
		IsCA:                  c.CA,
		KeyUsage:              orDefault(c.KeyUsage, x509.KeyUsageDigitalSignature),
	}
	if c.Organization != "" {
		template.Subject.Organization = []string{c.Organization}
	}
	if c.CA {
		template.KeyUsage = x509.KeyUsageCertSign
	} else if template.ExtKeyUsage = c.Usages; c.Usages == nil && c.AppleUsages == nil {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	}
	for _, n := range c.AppleUsages {
		template.UnknownExtKeyUsage = append(template.UnknownExtKeyUsage, asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 4, n})
	}
	for _, oid := range c.Markers {
		template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: oid, Critical: !c.CA, Value: asn1.NullBytes})
	}
	for _, oid := range c.Critical {
		template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: oid, Critical: true, Value: asn1.NullBytes})
	}
	parent := template
	signer := id.Key
	if issuer != nil {
		parent, signer = issuer.Certificate, issuer.Key
	}
	if c.SHA1 {
		template.SignatureAlgorithm = x509.SHA1WithRSA
	}
	der := must(x509.CreateCertificate(rand.Reader, template, parent, id.Key.Public(), signer))
	id.Certificate = must(x509.ParseCertificate(der))
	return id
}

func (c Certificate) key() crypto.Signer {
	if c.EllipticCurve {
		return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	}
	return must(rsa.GenerateKey(rand.Reader, orDefault(c.RSABits, 2048)))
}

func orTime(t, def time.Time) time.Time {
	if t.IsZero() {
		return def
	}
	return t
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
