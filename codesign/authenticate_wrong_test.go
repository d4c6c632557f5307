package codesign_test

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/codewarrant/codewarrant/codesign"
	mt "github.com/codewarrant/codewarrant/internal/machotest"
)

func signedBy(signer, issuer string, kind codesign.SignerKind) func(*codesign.Authentication) {
	return func(a *codesign.Authentication) {
		a.Signer, a.Kind, a.Chain = signer, kind, []string{signer, issuer, "Root"}
	}
}

// unverified is what a result has when the signature itself is not valid.
func unverified(a *codesign.Authentication) {
	*a = codesign.Authentication{Signer: a.Signer}
}

// unread is what it has when the message cannot be read.
func unread(a *codesign.Authentication) { *a = codesign.Authentication{} }

func untrusted(a *codesign.Authentication) { a.Chain, a.Kind, a.TeamID = nil, "", "" }

func untimed(a *codesign.Authentication) { a.Timestamp = time.Time{} }

func same(*codesign.Authentication) {}

func TestEachWrongnessIsItsOwnFinding(t *testing.T) {
	authority, other := newAuthority(), newAuthority()
	tests := []struct {
		name   string
		change func(*signing)
		kind   codesign.ProblemKind
		says   string
		want   func(*codesign.Authentication)
	}{
		{"a root that nobody trusts", func(s *signing) {
			s.cms.Signer = other.leaf
			s.cms.Certificates = []*mt.Identity{other.leaf, other.developerID, other.root}
		}, codesign.UntrustedChain, "unknown authority", untrusted},
		{"an intermediate that is missing", func(s *signing) {
			s.cms.Certificates = []*mt.Identity{s.leaf, s.root}
		}, codesign.UntrustedChain, "unknown authority", untrusted},
		{"no anchors at all", func(s *signing) {
			s.anchors, s.cms.Timestamp, s.now = codesign.Anchors{}, nil, day(2024, 1, 1)
		}, codesign.UntrustedChain, "unknown authority", func(a *codesign.Authentication) { untrusted(a); untimed(a) }},
		{"an intermediate that SHA-1 signs and nobody pinned", func(s *signing) {
			root := mt.Certificate{CommonName: "Root", CA: true}.Issue(nil)
			ca := mt.Certificate{CommonName: "Developer ID CA", CA: true, SHA1: true, Markers: []asn1.ObjectIdentifier{mt.Marker(2, 6)}}.Issue(root)
			s.cms.Signer = leaf().Issue(ca)
			s.anchors = codesign.NewAnchors(s.root.Certificate, root.Certificate)
		}, codesign.UntrustedChain, "insecure algorithm SHA1-RSA", untrusted},
		{"a leaf that issued another", func(s *signing) { s.cms.Signer = leaf().Issue(s.leaf) }, codesign.UntrustedChain, "", untrusted},
		{"a certificate that is not for code", func(s *signing) {
			c := leaf()
			c.Usages = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
			s.cms.Signer = c.Issue(s.developerID)
		}, codesign.UntrustedChain, "not for this use", untrusted},
		{"a certificate without extended key usage", func(s *signing) {
			c := leaf()
			c.Usages = []x509.ExtKeyUsage{}
			s.cms.Signer = c.Issue(s.developerID)
		}, codesign.UntrustedChain, "not for this use", untrusted},
		{"a key that is not for signatures", func(s *signing) {
			c := leaf()
			c.KeyUsage = x509.KeyUsageKeyEncipherment
			s.cms.Signer = c.Issue(s.developerID)
		}, codesign.UntrustedChain, "not for signatures", untrusted},
		{"a critical extension that is not a marker of Apple", func(s *signing) {
			c := leaf()
			c.Critical = []asn1.ObjectIdentifier{{1, 2, 840, 113635, 100, 6, 3, 1}}
			s.cms.Signer = c.Issue(s.developerID)
		}, codesign.UntrustedChain, "unhandled critical extension", untrusted},

		{"a leaf without marker", func(s *signing) {
			c := leaf()
			c.Markers = nil
			s.cms.Signer = c.Issue(s.developerID)
		}, codesign.UnknownSigner, "no markers", func(a *codesign.Authentication) { a.Kind, a.TeamID = "", "" }},
		{"a namesake of Apple's intermediate", func(s *signing) {
			ca := mt.Certificate{CommonName: "Apple Code Signing Certification Authority", Organization: "Example", CA: true, EllipticCurve: true}.Issue(s.root)
			c := leaf()
			c.Markers = nil
			s.cms.Signer = c.Issue(ca)
		}, codesign.UnknownSigner, "no markers", func(a *codesign.Authentication) {
			a.Kind, a.TeamID, a.Chain[1] = "", "", "Apple Code Signing Certification Authority"
		}},
		{"an intermediate without marker", func(s *signing) {
			ca := mt.Certificate{CommonName: "Developer ID CA", CA: true, EllipticCurve: true}.Issue(s.root)
			s.cms.Signer = leaf().Issue(ca)
		}, codesign.UnknownSigner, "no markers", func(a *codesign.Authentication) { a.Kind, a.TeamID = "", "" }},
		{"a Developer ID marker under the intermediate for development", func(s *signing) {
			s.cms.Signer = leaf().Issue(s.wwdr)
		}, codesign.UnknownSigner, "no markers", func(a *codesign.Authentication) {
			a.Kind, a.TeamID, a.Chain[1] = "", "", "Developer Relations CA"
		}},
		{"a leaf that the root issued", func(s *signing) { s.cms.Signer = leaf().Issue(s.root) }, codesign.UnknownSigner, "no markers", func(a *codesign.Authentication) {
			a.Kind, a.TeamID, a.Chain = "", "", []string{a.Signer, "Root"}
		}},

		{"a certificate that has expired, and no timestamp", func(s *signing) { s.cms.Timestamp = nil }, codesign.Expired, "not on 2026-01-01", untimed},
		{"a certificate that is not valid yet, and no timestamp", func(s *signing) {
			s.cms.Timestamp, s.now = nil, day(2019, 1, 1)
		}, codesign.Expired, "not on 2019-01-01", untimed},
		{"a timestamp after the leaf's life", func(s *signing) {
			c := leaf()
			c.Until = day(2024, 1, 31)
			s.cms.Signer = c.Issue(s.developerID)
		}, codesign.OutsideValidity, "not on 2024-02-02", same},
		{"a timestamp before the leaf's life", func(s *signing) {
			c := leaf()
			c.From = day(2024, 2, 3)
			s.cms.Signer = c.Issue(s.developerID)
		}, codesign.OutsideValidity, "not on 2024-02-02", same},

		{"a unit unlike the team id", func(s *signing) { s.signature.TeamID = "OTHERTEAM1" }, codesign.TeamMismatch, `"OTHERTEAM1"`, same},
		{"a certificate of no team", func(s *signing) {
			c := leaf()
			c.Units = nil
			s.cms.Signer = c.Issue(s.developerID)
		}, codesign.TeamMismatch, "0 organizational units", func(a *codesign.Authentication) { a.TeamID = "" }},
		{"a certificate of two teams", func(s *signing) {
			c := leaf()
			c.Units = []string{"TEAM123456", "OTHERTEAM1"}
			s.cms.Signer = c.Issue(s.developerID)
		}, codesign.TeamMismatch, "2 organizational units", func(a *codesign.Authentication) { a.TeamID = "" }},

		{"a signature over another CodeDirectory", func(s *signing) {
			another := mt.Signature{Identifier: "com.example.other"}
			s.signature.CMS = s.cms.Bytes(another.Directories(code)...)
		}, codesign.OtherContent, "digest", unverified},
		{"a signature over the alternate CodeDirectory", func(s *signing) {
			d := s.signature.Directories(code)
			s.signature.CMS = s.cms.Bytes(d[1], d[0])
		}, codesign.OtherContent, "digest", unverified},
		{"no CodeDirectory in slot 0", func(s *signing) {
			s.signature.HashTypes, s.signature.DirectorySlots = []uint8{mt.HashSHA256}, []uint32{mt.SlotAlternate}
		}, codesign.OtherContent, "slot 0", unread},
		{"a signed attribute that was changed", func(s *signing) {
			s.cms.Tamper = replace(mt.OIDSigningTime, marshal(day(2023, 1, 1)))
		}, codesign.BadSignature, "verification", unverified},
		{"a signed attribute that was removed", func(s *signing) { s.cms.Tamper = without(mt.OIDAgility) }, codesign.BadSignature, "verification", unverified},
		{"a signature by another key", func(s *signing) {
			s.cms.Signer = &mt.Identity{Certificate: s.leaf.Certificate, Key: other.leaf.Key, Issuer: s.developerID}
		}, codesign.BadSignature, "verification", unverified},
		{"no signed attributes", func(s *signing) { s.cms.NoAttributes = true }, codesign.BadSignature, "no signed attributes", unverified},
		{"no message digest", func(s *signing) { s.cms.Attributes = without(mt.OIDMessageDigest) }, codesign.BadSignature, "0 values", unverified},
		{"a signed content type other than data", func(s *signing) {
			s.cms.Attributes = replace(mt.OIDContentType, marshal(mt.OIDTSTInfo))
		}, codesign.BadSignature, "content types", unverified},
		{"a content type unlike the signed one", func(s *signing) {
			s.cms.ContentType, s.cms.Attributes = mt.OIDTSTInfo, replace(mt.OIDContentType, marshal(mt.OIDData))
		}, codesign.BadSignature, "content types", unverified},
		{"a content type other than data", func(s *signing) { s.cms.ContentType = mt.OIDTSTInfo }, codesign.BadSignature, "content types", unverified},

		{"an alternate that the cdhashes lack", func(s *signing) {
			s.cms.CDHashes = func(h [][]byte) [][]byte { return h[:1] }
		}, codesign.AgilityMismatch, "list of cdhashes", same},
		{"cdhashes with one too many", func(s *signing) {
			s.cms.CDHashes = func(h [][]byte) [][]byte { return append(h, h[0]) }
		}, codesign.AgilityMismatch, "list of cdhashes", same},
		{"cdhashes that are no property list", func(s *signing) {
			s.cms.Attributes = replace(mt.OIDAgility, marshal([]byte("cdhashes = ();")))
		}, codesign.AgilityMismatch, "no property list", same},
		{"cdhashes with bytes behind the property list", func(s *signing) {
			s.cms.Attributes = func(list []mt.Attribute) []mt.Attribute {
				var plist []byte
				if _, err := asn1.Unmarshal(list[len(list)-2].Values[0], &plist); err != nil {
					t.Fatal(err)
				}
				return replace(mt.OIDAgility, marshal(append(plist, "bytes"...)))(list)
			}
		}, codesign.AgilityMismatch, "no property list", same},
		{"whole hashes that lack the alternate", func(s *signing) {
			s.cms.WholeHashes = func(h []mt.AgilityHash) []mt.AgilityHash { return h[:1] }
		}, codesign.AgilityMismatch, "1 are listed, 2 CodeDirectories", same},
		{"whole hashes that list another", func(s *signing) {
			s.cms.WholeHashes = func(h []mt.AgilityHash) []mt.AgilityHash {
				h[1].Hash = make([]byte, 32)
				return h
			}
		}, codesign.AgilityMismatch, "slot 0x1000", same},
		{"an alternate that nothing signed lists", func(s *signing) { s.cms.NoAgility = true }, codesign.UnsignedDirectory, "slot 0x1000", same},

		{"the timestamp of another signature", func(s *signing) { s.cms.Timestamp.Signature, s.now = []byte("another"), day(2024, 6, 1) }, codesign.BadTimestamp, "another signature", untimed},
		{"a timestamp that was changed", func(s *signing) {
			s.cms.Timestamp.CMS.Tamper, s.now = replace(mt.OIDMessageDigest, marshal(make([]byte, 32))), day(2024, 6, 1)
		}, codesign.BadTimestamp, "digest", untimed},
		{"a timestamp by nobody that is trusted", func(s *signing) { s.cms.Timestamp.Signer, s.now = other.tsa, day(2024, 6, 1) }, codesign.BadTimestamp, "unknown authority", untimed},
		{"a timestamp by a certificate for code", func(s *signing) { s.cms.Timestamp.Signer, s.now = s.leaf, day(2024, 6, 1) }, codesign.BadTimestamp, "not for this use", untimed},
		{"a timestamp by a certificate that is for code, too", func(s *signing) {
			c := timestampSigner()
			c.Usages = append(c.Usages, x509.ExtKeyUsageCodeSigning)
			s.cms.Timestamp.Signer, s.now = c.Issue(s.timestamps), day(2024, 6, 1)
		}, codesign.BadTimestamp, "alone", untimed},
		{"a timestamp of another version", func(s *signing) { s.cms.Timestamp.Version, s.now = 2, day(2024, 6, 1) }, codesign.BadTimestamp, "version 2", untimed},
		{"a timestamp outside the life of its signer", func(s *signing) { s.cms.Timestamp.Time, s.now = day(2024, 4, 1), day(2024, 6, 1) }, codesign.BadTimestamp, "not on 2024-04-01", untimed},
		{"a timestamp that is something else", func(s *signing) { s.cms.Timestamp.CMS.ContentType, s.now = mt.OIDData, day(2024, 6, 1) }, codesign.BadTimestamp, "content types", untimed},
		{"two timestamps", func(s *signing) {
			s.now = day(2024, 6, 1)
			s.cms.Unsigned = func(list []mt.Attribute) []mt.Attribute {
				list[0].Values = append(list[0].Values, list[0].Values[0])
				return list
			}
		}, codesign.BadTimestamp, "2 timestamps", untimed},

		{"no signer", func(s *signing) { s.cms.Signers = new(int) }, codesign.SignerCount, "0 signers", unread},
		{"two signers", func(s *signing) { s.cms.Signers = ptr(2) }, codesign.SignerCount, "2 signers", unread},
		{"a signer whose certificate is missing", func(s *signing) {
			s.cms.Certificates = []*mt.Identity{s.developerID, s.root}
		}, codesign.MalformedCMS, "not among the certificates", unread},
		{"content of its own", func(s *signing) { s.cms.Content = []byte("content") }, codesign.MalformedCMS, "7 bytes of content", unread},
		{"too many certificates", func(s *signing) {
			for range 17 {
				s.cms.Certificates = append(s.cms.Certificates, s.leaf)
			}
		}, codesign.MalformedCMS, "more than 16", unread},
		{"an RSA key that takes long", func(s *signing) {
			s.cms.Certificates = append(s.cms.Certificates, s.leaf, largeRSA(s.leaf))
		}, codesign.MalformedCMS, "an RSA key of 16384 bits", unread},
		{"too many attributes", func(s *signing) {
			s.cms.Attributes = func(list []mt.Attribute) []mt.Attribute {
				for i := range 40 {
					list = append(list, mt.Attribute{Type: asn1.ObjectIdentifier{1, 2, i}, Values: [][]byte{{5, 0}}})
				}
				return list
			}
		}, codesign.MalformedCMS, "signed attributes: more than 32", unread},
		{"an attribute twice", func(s *signing) {
			s.cms.Attributes = func(list []mt.Attribute) []mt.Attribute { return append(list, list[0]) }
		}, codesign.MalformedCMS, "two attributes of type", unread},
		{"an attribute without value", func(s *signing) { s.cms.Attributes = replace(mt.OIDSigningTime) }, codesign.MalformedCMS, "not a set", unread},
		{"bytes after the message", func(s *signing) {
			s.edit = func(b []byte) []byte { return append(b, 0) }
		}, codesign.MalformedCMS, "follow the message", unread},
		{"a message that ends early", func(s *signing) {
			s.edit = func(b []byte) []byte { return b[:len(b)/2] }
		}, codesign.MalformedCMS, "", unread},
		{"a million levels of indefinite length", func(s *signing) {
			s.edit = func([]byte) []byte { return bytes.Repeat([]byte{0x30, 0x80}, 500_000) }
		}, codesign.MalformedCMS, "more than 8 levels", unread},
		{"a message over the limit", func(s *signing) {
			s.edit = func([]byte) []byte { return make([]byte, 1<<20+1) }
		}, codesign.MalformedCMS, "the limit is 1048576", unread},
		{"signers that are not a set", func(s *signing) {
			s.edit = func(b []byte) []byte {
				for i := range b {
					if b[i] == mt.TagSet && b[i+4] == mt.TagSequence && bytes.HasPrefix(b[i+8:], []byte{2, 1, 1, mt.TagSequence}) {
						b[i] = mt.TagSequence
						return b
					}
				}
				return nil
			}
		}, codesign.MalformedCMS, "the set of signers", unread},
		{"something other than SignedData", func(s *signing) {
			s.edit = func([]byte) []byte { return mt.TLV(mt.TagSequence, marshal(mt.OIDData), mt.TLV(0xa0, []byte{5, 0})) }
		}, codesign.MalformedCMS, "instead of SignedData", unread},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSigning(authority)
			tt.change(s)
			want := genuine()
			tt.want(&want)
			slot := uint32(mt.SlotCMS)
			if tt.kind == codesign.UnsignedDirectory {
				slot = mt.SlotAlternate
			}
			want.Problems = []codesign.Problem{{Kind: tt.kind, Slot: slot}}
			got := s.authenticate(t)
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(codesign.Problem{}, "Detail")); diff != "" {
				t.Error(diff)
			}
			if len(got.Problems) > 0 && !strings.Contains(got.Problems[0].Detail, tt.says) {
				t.Errorf("%q does not say %q", got.Problems[0].Detail, tt.says)
			}
			if got.OK() {
				t.Error("OK")
			}
		})
	}
}

// largeRSA returns a certificate like id's, with an RSA key of 16384 bits that
// nobody has to find primes for, and with a serial number of its own.
func largeRSA(id *mt.Identity) *mt.Identity {
	modulus := append([]byte{0}, bytes.Repeat([]byte{0xff}, 2048)...)
	key := mt.TLV(mt.TagSequence, mt.TLV(mt.TagInteger, modulus), marshal(65537))
	info := mt.TLV(mt.TagSequence,
		mt.TLV(mt.TagSequence, marshal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}), []byte{5, 0}),
		mt.TLV(3, []byte{0}, key))
	var outer struct {
		TBS       asn1.RawValue
		Algorithm asn1.RawValue
		Signature asn1.RawValue
	}
	if _, err := asn1.Unmarshal(id.Raw, &outer); err != nil {
		panic(err)
	}
	tbs := bytes.Replace(outer.TBS.Bytes, id.RawSubjectPublicKeyInfo, info, 1)
	raw := mt.TLV(mt.TagSequence, mt.TLV(mt.TagSequence, tbs), outer.Algorithm.FullBytes, outer.Signature.FullBytes)
	return &mt.Identity{Certificate: &x509.Certificate{Raw: raw}}
}

func replace(oid asn1.ObjectIdentifier, values ...[]byte) func([]mt.Attribute) []mt.Attribute {
	return func(list []mt.Attribute) []mt.Attribute {
		return append(without(oid)(list), mt.Attribute{Type: oid, Values: values})
	}
}

func without(oid asn1.ObjectIdentifier) func([]mt.Attribute) []mt.Attribute {
	return func(list []mt.Attribute) []mt.Attribute {
		var rest []mt.Attribute
		for _, a := range list {
			if !a.Type.Equal(oid) {
				rest = append(rest, a)
			}
		}
		return rest
	}
}
