package profile_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	mt "github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/profile"
)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// signing is a profile as a test makes it. None is Apple's: there is no real one that
// may be kept here.
type signing struct {
	pki     mt.ProfilePKI
	content map[string]any
	raw     []byte // in place of the content
	cms     mt.CMS
	edit    func([]byte) []byte // of the finished message
	now     time.Time
	anchors codesign.Anchors
}

func newSigning(pki mt.ProfilePKI) *signing {
	return &signing{
		pki: pki, content: contents(), cms: mt.CMS{Signer: pki.Mac, SigningTime: day(2025, 1, 2)},
		now: day(2026, 1, 1), anchors: codesign.NewAnchors(pki.Root.Certificate),
	}
}

func contents() map[string]any {
	return map[string]any{
		"AppIDName": "Example App", "ApplicationIdentifierPrefix": []any{"TEAM123456"},
		"CreationDate": day(2025, 1, 2), "ExpirationDate": day(2043, 1, 2),
		"DeveloperCertificates": []any{[]byte("a certificate")},
		"Entitlements": map[string]any{
			"com.apple.application-identifier": "TEAM123456.com.example.app",
			"keychain-access-groups":           []any{"TEAM123456.*"},
			"com.example.number":               7,
		},
		"IsXcodeManaged": false, "Name": "Example Developer ID", "Platform": []any{"OSX"},
		"ProvisionsAllDevices": true, "TeamIdentifier": []any{"TEAM123456"}, "TeamName": "Example Inc.",
		"TimeToLive": 6574, "UUID": "11111111-2222-3333-4444-555555555555", "Version": 1,
	}
}

func (s *signing) read() (*profile.Profile, error) {
	raw := s.raw
	if raw == nil {
		raw = mt.Plist(s.content)
	}
	b := s.cms.Wrap(raw)
	if s.edit != nil {
		b = s.edit(b)
	}
	return profile.Read(b, codesign.NewVerifier(s.anchors, s.now))
}

func genuine() *profile.Profile {
	return &profile.Profile{
		Name: "Example Developer ID", UUID: "11111111-2222-3333-4444-555555555555", AppIDName: "Example App",
		TeamName: "Example Inc.", Teams: []string{"TEAM123456"}, Prefixes: []string{"TEAM123456"}, Platforms: []string{"OSX"},
		Created: day(2025, 1, 2), Expires: day(2043, 1, 2),
		Entitlements: entitlement.Set{
			"com.apple.application-identifier": entitlement.Str("TEAM123456.com.example.app"),
			"keychain-access-groups":           entitlement.List(entitlement.Str("TEAM123456.*")),
			"com.example.number":               entitlement.Int(7),
		},
		AllDevices: true, Certificates: [][sha256.Size]byte{sha256.Sum256([]byte("a certificate"))},
		Signer: "Mac OS X Provisioning Profile Signing",
	}
}

func TestProfilesThatVerify(t *testing.T) {
	pki := mt.NewProfilePKI()
	for _, row := range []struct {
		name   string
		change func(*signing)
		want   func(*profile.Profile)
	}{
		{"for macOS", func(*signing) {}, nil},
		{"in definite lengths", func(s *signing) { s.cms.DER = true }, nil},
		{"in an octet string of several parts", func(s *signing) { s.cms.Parts = 3 }, nil},
		{"without a signing time, while the certificate is valid", func(s *signing) {
			s.cms.SigningTime, s.now = time.Time{}, day(2025, 6, 1)
		}, nil},
		{"whose signer's certificate has expired since", func(s *signing) { s.now = day(2042, 1, 1) }, nil},
		{"for iOS, signed by the name that is for it, at any time", func(s *signing) {
			s.cms.Signer, s.cms.SigningTime = pki.Phone, day(2042, 1, 1)
			s.content["Platform"] = []any{"iOS", "xrOS", "visionOS"}
			delete(s.content, "ProvisionsAllDevices")
			s.content["ProvisionedDevices"] = []any{"a", "b"}
		}, func(p *profile.Profile) {
			p.Signer, p.Platforms = "Apple iPhone OS Provisioning Profile Signing", []string{"iOS", "xrOS", "visionOS"}
			p.AllDevices, p.Devices = false, 2
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSigning(pki)
			row.change(s)
			got, err := s.read()
			if err != nil {
				t.Fatal(err)
			}
			want := genuine()
			if row.want != nil {
				row.want(want)
			}
			want.Digest = got.Digest
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if !got.Includes([]byte("a certificate")) || got.Includes([]byte("another")) {
				t.Error("the certificates are not told apart")
			}
		})
	}
}

func TestProfilesThatProveNothing(t *testing.T) {
	pki := mt.NewProfilePKI()
	signer := func(change func(*mt.Certificate), issuer *mt.Identity) *mt.Identity {
		c := mt.ProfileSigner()
		change(&c)
		return c.Issue(issuer)
	}
	for _, row := range []struct {
		name   string
		change func(*signing)
		want   string
	}{
		{"changed since it was signed", func(s *signing) {
			s.edit = func(b []byte) []byte { return bytes.Replace(b, []byte("TEAM123456.*"), []byte("TEAM123457.*"), 1) }
		}, "the message digest is not that of the content"},
		{"of an authority that is not Apple's", func(s *signing) { s.anchors = codesign.AppleAnchors() }, "x509: certificate signed by unknown authority"},
		{"without anchors", func(s *signing) { s.anchors = codesign.Anchors{} }, "x509: certificate signed by unknown authority"},
		{"signed by a developer", func(s *signing) {
			s.cms.Signer = signer(func(c *mt.Certificate) { c.CommonName, c.Critical = "Developer", nil }, pki.WWDR)
		}, `the certificates of "Developer" and its issuer are none by which Apple signs profiles`},
		{"signed by a developer in the name of Apple's signer for iOS", func(s *signing) {
			s.cms.Signer = signer(func(c *mt.Certificate) {
				c.CommonName, c.Critical = "Apple iPhone OS Provisioning Profile Signing", nil
			}, pki.WWDR)
		}, `the certificates of "Apple iPhone OS Provisioning Profile Signing" and its issuer are none by which Apple signs profiles`},
		{"by an issuer without the marker of WWDR", func(s *signing) {
			s.cms.Signer = signer(func(*mt.Certificate) {}, pki.Other)
		}, `the certificates of "Mac OS X Provisioning Profile Signing" and its issuer are none by which Apple signs profiles`},
		{"with a key that is for something else", func(s *signing) {
			s.cms.Signer = signer(func(c *mt.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }, pki.WWDR)
		}, "the key of the signer is not for digital signatures"},
		{
			"signed after the certificate had expired", func(s *signing) { s.cms.SigningTime = day(2031, 1, 1) },
			`the certificate of "Mac OS X Provisioning Profile Signing" is valid from 2020-01-01 to 2030-01-01, not on 2031-01-01`,
		},
		{
			"without a signing time, after it has expired", func(s *signing) { s.cms.SigningTime, s.now = time.Time{}, day(2031, 1, 1) },
			`the certificate of "Mac OS X Provisioning Profile Signing" is valid from 2020-01-01 to 2030-01-01, not on 2031-01-01`,
		},
		{"with a critical extension that nobody knows", func(s *signing) {
			s.cms.Signer = signer(func(c *mt.Certificate) { c.Critical = append(c.Critical, asn1.ObjectIdentifier{1, 2, 3}) }, pki.WWDR)
		}, "x509: unhandled critical extension"},
		{"with no signed attributes", func(s *signing) { s.cms.NoAttributes = true }, "no signed attributes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSigning(pki)
			row.change(s)
			got, err := s.read()
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(got.Problem, row.want) {
				t.Errorf("problem %q, want %q", got.Problem, row.want)
			}
		})
	}
}

func TestProfilesThatCannotBeRead(t *testing.T) {
	pki := mt.NewProfilePKI()
	without := func(key string) func(*signing) {
		return func(s *signing) { delete(s.content, key) }
	}
	with := func(key string, v any) func(*signing) {
		return func(s *signing) { s.content[key] = v }
	}
	for _, row := range []struct {
		name   string
		change func(*signing)
		want   string
	}{
		{"an empty file", func(s *signing) { s.edit = func([]byte) []byte { return nil } }, "CMS message: "},
		{"the property list alone", func(s *signing) { s.edit = func([]byte) []byte { return mt.Plist(s.content) } }, "CMS message: "},
		{"a message that is cut off", func(s *signing) { s.edit = func(b []byte) []byte { return b[:len(b)-1] } }, "CMS message: "},
		{"bytes behind the message", func(s *signing) { s.edit = func(b []byte) []byte { return append(b, 0) } }, "CMS message: 1 bytes follow the message"},
		{"more than there may be", func(s *signing) {
			s.edit = func(b []byte) []byte { return append(b, make([]byte, profile.MaxSize)...) }
		}, "CMS message: "},
		{"two signers", func(s *signing) { two := 2; s.cms.Signers = &two }, "CMS message: 2 signers"},
		{"no content", func(s *signing) { s.raw = []byte{} }, "CMS message: the message has no content"},
		{"content that is no property list", func(s *signing) { s.raw = []byte("name = 1;") }, "neither an XML nor a binary property list"},
		{"a list in place of a dictionary", func(s *signing) { s.raw = mt.Plist([]any{}) }, ""},
		{"a key twice", func(s *signing) {
			s.raw = mt.XML("Name", "a", "Name", "b")
		}, "XML property list: "},
		{"no day on which it expires", without("ExpirationDate"), "no ExpirationDate"},
		{"no entitlements", without("Entitlements"), "no Entitlements"},
		{"no team", without("TeamIdentifier"), "no TeamIdentifier"},
		{"a team that is no list", with("TeamIdentifier", "TEAM123456"), ""},
		{"a date that is a string", with("ExpirationDate", "2043-01-02"), ""},
		{"more certificates than a team has", with("DeveloperCertificates", slices.Repeat([]any{[]byte{1}}, 1001)), "more than 1000 DeveloperCertificates"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSigning(pki)
			row.change(s)
			got, err := s.read()
			if err == nil {
				t.Fatalf("read as %+v", got)
			}
			if !strings.HasPrefix(err.Error(), row.want) {
				t.Errorf("error %q, want %q", err, row.want)
			}
		})
	}
}

func TestAllows(t *testing.T) {
	str, list := entitlement.Str, entitlement.List
	dict := func(pairs map[string]entitlement.Value) entitlement.Value {
		return entitlement.Value{Kind: entitlement.Dictionary, Dict: pairs}
	}
	usb := dict(map[string]entitlement.Value{"idVendor": entitlement.Int(1), "idProduct": str("*")})
	for _, row := range []struct {
		name             string
		granted, claimed entitlement.Value
		want             profile.Verdict
	}{
		{"the same boolean", entitlement.Bool(true), entitlement.Bool(true), profile.Allowed},
		{"true where false is granted", entitlement.Bool(false), entitlement.Bool(true), profile.Beyond},
		{"a string where a boolean is granted", entitlement.Bool(true), str("true"), profile.Beyond},
		{"the same string", str("TEAM.app"), str("TEAM.app"), profile.Allowed},
		{"another string", str("TEAM.app"), str("TEAM.apps"), profile.Beyond},
		{"a string of other case", str("TEAM.app"), str("team.app"), profile.Beyond},
		{"two empty strings", str(""), str(""), profile.Beyond},
		{"an app under a wildcard", str("TEAM.*"), str("TEAM.com.example"), profile.Allowed},
		{"an app of another team", str("TEAM.*"), str("OTHER.com.example"), profile.Beyond},
		{"a star that is not the last character", str("TEAM.*.app"), str("TEAM.x.app"), profile.Beyond},
		{"anything, where all is granted", str("*"), list(entitlement.Int(1)), profile.Allowed},
		{"a value that is not clear, where all is granted", str("*"), entitlement.Value{}, profile.Allowed},
		{"a value that is not clear", entitlement.Bool(true), entitlement.Value{}, profile.Beyond},
		{"a value that the profile does not make clear", entitlement.Value{}, entitlement.Value{}, profile.Beyond},
		{"some of a list, in another order", list(str("a"), str("b"), str("c")), list(str("c"), str("a")), profile.Allowed},
		{"one more than the list has", list(str("a")), list(str("a"), str("b")), profile.Beyond},
		{"an empty list", list(str("a")), list(), profile.Allowed},
		{"one string of a list", list(str("a"), str("b")), str("b"), profile.Allowed},
		{"a list where a string is granted", str("a"), list(str("a")), profile.Beyond},
		{"groups under a wildcard in a list", list(str("TEAM.*"), str("com.apple.token")), list(str("TEAM.x"), str("com.apple.token")), profile.Allowed},
		{"a group of another team", list(str("TEAM.*")), list(str("TEAM.x"), str("OTHER.x")), profile.Beyond},
		{"a number in a list of strings", list(str("1")), list(entitlement.Int(1)), profile.Beyond},
		{"a device under a wildcard", list(usb), list(dict(map[string]entitlement.Value{"idVendor": entitlement.Int(1), "idProduct": entitlement.Int(5)})), profile.Allowed},
		{"all devices of a maker, of which all are granted", list(usb), list(dict(map[string]entitlement.Value{"idVendor": entitlement.Int(1)})), profile.Allowed},
		{"a device of another maker", list(usb), list(dict(map[string]entitlement.Value{"idVendor": entitlement.Int(2)})), profile.Beyond},
		{"all devices, where those of a maker are granted", list(usb), list(dict(nil)), profile.Beyond},
		{"a key more than is granted", list(usb), list(dict(map[string]entitlement.Value{"idVendor": entitlement.Int(1), "x": str("y")})), profile.Beyond},
		{"the same number", entitlement.Int(1), entitlement.Int(1), profile.Allowed},
		{"another number", entitlement.Int(1), entitlement.Int(2), profile.Beyond},
	} {
		p := profile.Profile{Entitlements: entitlement.Set{"key": row.granted}}
		if got := p.Allows("key", row.claimed); got != row.want {
			t.Errorf("%s: verdict %d, want %d", row.name, got, row.want)
		}
	}
	if got := (&profile.Profile{}).Allows("key", str("x")); got != profile.Absent {
		t.Errorf("a key that is not there: verdict %d", got)
	}
}

// Whatever the bytes are, a profile that verifies says what one that was signed says:
// no input has the keys of the signers.
func FuzzRead(f *testing.F) {
	pki := mt.NewProfilePKI()
	verifier := codesign.NewVerifier(codesign.NewAnchors(pki.Root.Certificate), day(2026, 1, 1))
	signed := map[string]bool{}
	for _, cms := range []mt.CMS{
		{Signer: pki.Mac, SigningTime: day(2025, 1, 2)},
		{Signer: pki.Phone, DER: true},
		{Signer: pki.Mac, SigningTime: day(2025, 1, 2), Parts: 2},
	} {
		b := cms.Wrap(mt.Plist(contents()))
		p, err := profile.Read(b, verifier)
		if err != nil || p.Problem != "" {
			f.Fatalf("a seed does not verify: %+v, error %v", p, err)
		}
		signed[p.UUID] = true
		f.Add(b)
		f.Add(cms.Wrap([]byte("no property list")))
	}
	want := genuine().Entitlements
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := profile.Read(b, verifier)
		if err != nil || p.Problem != "" {
			return
		}
		if !signed[p.UUID] || !maps.EqualFunc(p.Entitlements, want, entitlement.Value.Equal) {
			t.Errorf("nobody signed %+v", p)
		}
	})
}
