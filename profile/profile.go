// Package profile reads provisioning profiles, by which Apple authorizes code of a
// team to claim restricted entitlements: embedded.provisionprofile in a bundle for
// macOS, embedded.mobileprovision in one for iOS and its kin.
//
// A profile is a CMS message that Apple signed, with a property list inside
// (TN3125, "Inside Code Signing: Provisioning Profiles"). What is checked of the
// message, and what is not, is said at [codesign.ReadProfile].
package profile

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/boundedplist"
)

// MaxSize bounds a profile, in bytes, as it bounds any CMS message. Real ones have
// 8 to 50 KiB; each device adds 60 bytes and each certificate 2 KiB.
const MaxSize = 1 << 20

// maxObjects bounds the values of a profile. One of 1 MiB with nothing but devices has
// some 15,000 of them.
const maxObjects = 20_000

// limits are those of the property list.
var limits = boundedplist.Limits{Size: MaxSize, Objects: maxObjects, Dicts: 1000}

// maxCertificates bounds the certificates that are looked at. A team has some tens.
const maxCertificates = 1000

// Profile is what a provisioning profile says. Nothing of it is more than words
// unless Problem is empty.
type Profile struct {
	Name      string
	UUID      string
	AppIDName string
	TeamName  string
	Teams     []string // TeamIdentifier, which has one
	Prefixes  []string // ApplicationIdentifierPrefix, of App IDs
	Platforms []string // OSX; iOS, xrOS, visionOS; tvOS
	Created   time.Time
	Expires   time.Time

	// Entitlements are what it authorizes: each key with the values that may be
	// claimed, see [Profile.Allows].
	Entitlements entitlement.Set

	Devices      int                 // for how many devices it is
	AllDevices   bool                // for any device, as that of a Developer ID
	Certificates [][sha256.Size]byte // SHA-256 of those whose holders may sign with it

	Signer  string            // common name of who signed the profile, as claimed
	Problem string            // why it is not proven to be Apple's; empty: it is
	Digest  [sha256.Size]byte // of the file
}

// content is the property list. AppleInternalProfile, IsXcodeManaged, TimeToLive,
// Version and DER-Encoded-Profile are left alone.
type content struct {
	Name       string         `plist:"Name"`
	UUID       string         `plist:"UUID"`
	AppIDName  string         `plist:"AppIDName"`
	TeamName   string         `plist:"TeamName"`
	Teams      []string       `plist:"TeamIdentifier"`
	Prefixes   []string       `plist:"ApplicationIdentifierPrefix"`
	Platforms  []string       `plist:"Platform"`
	Created    time.Time      `plist:"CreationDate"`
	Expires    time.Time      `plist:"ExpirationDate"`
	Granted    map[string]any `plist:"Entitlements"`
	Devices    []string       `plist:"ProvisionedDevices"`
	AllDevices bool           `plist:"ProvisionsAllDevices"`
	Certs      [][]byte       `plist:"DeveloperCertificates"`
}

// Read reads a profile, whose message v verifies.
func Read(b []byte, v *codesign.Verifier) (*Profile, error) {
	m, err := v.ReadProfile(b)
	if err != nil {
		return nil, fmt.Errorf("CMS message: %w", err)
	}
	var c content
	if err := limits.Unmarshal(m.Content, &c); err != nil {
		return nil, err
	}
	switch {
	case c.Expires.IsZero():
		return nil, errors.New("no ExpirationDate")
	case c.Granted == nil:
		return nil, errors.New("no Entitlements")
	case len(c.Teams) == 0:
		return nil, errors.New("no TeamIdentifier")
	case len(c.Certs) > maxCertificates:
		return nil, fmt.Errorf("more than %d DeveloperCertificates", maxCertificates)
	}
	p := &Profile{
		Name: c.Name, UUID: c.UUID, AppIDName: c.AppIDName, TeamName: c.TeamName,
		Teams: c.Teams, Prefixes: c.Prefixes, Platforms: c.Platforms, Created: c.Created.UTC(), Expires: c.Expires.UTC(),
		Entitlements: set(c.Granted), Devices: len(c.Devices), AllDevices: c.AllDevices,
		Signer: m.Signer, Problem: m.Problem, Digest: sha256.Sum256(b),
	}
	for _, certificate := range c.Certs {
		p.Certificates = append(p.Certificates, sha256.Sum256(certificate))
	}
	return p, nil
}

// Includes reports whether the certificate, in DER, is one of those whose holders
// may sign with the profile.
func (p *Profile) Includes(certificate []byte) bool {
	return slices.Contains(p.Certificates, sha256.Sum256(certificate))
}

func set(m map[string]any) entitlement.Set {
	s := make(entitlement.Set, len(m))
	for k, v := range m {
		s[k] = value(v)
	}
	return s
}

// value converts what the property list's reader returns. What entitlements cannot
// have is of kind Unknown, which allows nothing.
func value(v any) entitlement.Value {
	switch v := v.(type) {
	case bool:
		return entitlement.Bool(v)
	case string:
		return entitlement.Str(v)
	case int64:
		return entitlement.Int(v)
	case uint64:
		if v <= math.MaxInt64 {
			return entitlement.Int(int64(v))
		}
	case float64:
		return entitlement.Value{Kind: entitlement.Real, Real: v}
	case []byte:
		return entitlement.Value{Kind: entitlement.Data, Data: v}
	case time.Time:
		return entitlement.Value{Kind: entitlement.Date, Date: v.UTC()}
	case []any:
		list := entitlement.Value{Kind: entitlement.Array}
		for _, e := range v {
			list.Array = append(list.Array, value(e))
		}
		return list
	case map[string]any:
		return entitlement.Value{Kind: entitlement.Dictionary, Dict: set(v)}
	}
	return entitlement.Value{}
}
