package machotest_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"testing"
	"time"

	macho "github.com/blacktop/go-macho"
	"github.com/smallstep/pkcs7"

	mt "github.com/codewarrant/codewarrant/internal/machotest"
)

// A second opinion on the messages, from a library that shares nothing with
// either the builder or the reader.
func TestCMSIsWhatOthersVerify(t *testing.T) {
	root := mt.Certificate{CommonName: "Root", CA: true, EllipticCurve: true}.Issue(nil)
	leaf := mt.Certificate{CommonName: "Leaf", EllipticCurve: true, Markers: []asn1.ObjectIdentifier{mt.Marker(1, 13)}}.Issue(root)
	rsa := mt.Certificate{CommonName: "Leaf with RSA"}.Issue(root)
	tsa := mt.Certificate{CommonName: "Timestamp Signer", Usages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}, EllipticCurve: true}.Issue(root)
	when := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	directories := (&mt.Signature{HashTypes: []uint8{mt.HashSHA256, mt.HashSHA1}}).Directories([]byte("code"))

	tests := []struct {
		name string
		cms  mt.CMS
	}{
		{"as codesign makes it", mt.CMS{Signer: leaf, SigningTime: when, Timestamp: &mt.Timestamp{Signer: tsa, Time: when}}},
		{"with RSA and SHA-1", mt.CMS{Signer: rsa, Hash: crypto.SHA1, Timestamp: &mt.Timestamp{Signer: tsa, Time: when, Hash: crypto.SHA1}}},
		{"with SHA-384, in DER", mt.CMS{Signer: leaf, Hash: crypto.SHA384, DER: true, Timestamp: &mt.Timestamp{Signer: tsa, Time: when}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := pkcs7.Parse(tt.cms.Bytes(directories...))
			if err != nil {
				t.Fatal(err)
			}
			p.Content = directories[0]
			if err := p.Verify(); err != nil {
				t.Error(err)
			}
			for _, a := range p.Signers[0].UnauthenticatedAttributes {
				token, err := pkcs7.Parse(a.Value.Bytes)
				if err != nil {
					t.Fatal(err)
				}
				if err := token.Verify(); err != nil {
					t.Errorf("timestamp: %v", err)
				}
			}
			p.Content = directories[1]
			if err := p.Verify(); err == nil {
				t.Error("the alternate CodeDirectory verifies, too")
			}
		})
	}
}

func TestSignedBinarySignsItsOwnCodeDirectory(t *testing.T) {
	leaf := mt.Certificate{CommonName: "Leaf"}.Issue(nil)
	b := mt.Binary{Signature: &mt.Signature{}}.Signed(mt.CMS{Signer: leaf})
	file, err := macho.NewFile(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	signature := file.CodeSignature()
	p, err := pkcs7.Parse(signature.CMSSignature)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b.Bytes(), binary.BigEndian.AppendUint32(nil, 0xfade0c02))
	p.Content = b.Bytes()[at:][:binary.BigEndian.Uint32(b.Bytes()[at+4:])]
	if err := p.Verify(); err != nil {
		t.Error(err)
	}
	if flags := signature.CodeDirectories[0].Header.Flags; flags != 0 {
		t.Errorf("flags %v; the signature is not ad hoc", flags)
	}
}
