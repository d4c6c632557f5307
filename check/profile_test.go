package check_test

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/profile"
)

const (
	keychain = "keychain-access-groups"
	security = "com.apple.developer.endpoint-security.client"
	appID    = "com.apple.application-identifier"
	groups   = "com.apple.security.application-groups"
)

// provisioned is a program as a test changes it, the main executable of an app with a
// profile of its team.
type provisioned struct {
	program machotest.Binary
	binary  check.Binary
	profile *profile.Profile
	leaf    *x509.Certificate
	stage   string
	blind   bool // no profile was looked for
}

func provision(claims ...any) *provisioned {
	p := &provisioned{program: hardened(claims...), stage: "release"}
	p.leaf = &x509.Certificate{Raw: []byte("the leaf")}
	p.profile = &profile.Profile{
		Name: "Acme", Teams: []string{"A1B2C3D4E5"}, Platforms: []string{"OSX"},
		Expires: time.Date(2043, 1, 2, 9, 0, 0, 0, time.UTC), AllDevices: true,
		Entitlements: entitlement.Set{
			appID: entitlement.Str("A1B2C3D4E5.com.acme.app"), keychain: entitlement.List(entitlement.Str("A1B2C3D4E5.*")),
			security: entitlement.Bool(true), groups: entitlement.List(entitlement.Str("group.acme")),
		},
		Certificates: [][32]byte{sha256.Sum256([]byte("another")), sha256.Sum256(p.leaf.Raw)},
	}
	return p
}

func TestProgramsAreHeldAgainstTheirProfile(t *testing.T) {
	const (
		invalid, foreign, signer = "error invalid-profile", "error foreign-profile", "error signer-not-in-profile"
		expired                  = "error expired-profile"
		unauthorized, beyond     = "error unauthorized-entitlement ", "error entitlement-beyond-profile "
	)
	shared := []any{"A1B2C3D4E5.shared"}
	none := func(p *provisioned) { p.profile = nil }
	gone := func(p *provisioned) {
		p.profile, p.binary.Bundle, p.binary.Main = nil, nil, false
	}
	day := func(y int, m time.Month, d int) func(*provisioned) {
		return func(p *provisioned) { p.profile.Expires = time.Date(y, m, d, 9, 0, 0, 0, time.UTC) }
	}
	iOS := func(p *provisioned) {
		p.program.Platform, p.profile.Platforms = machotest.PlatformIOS, []string{"iOS", "xrOS", "visionOS"}
		p.profile.Entitlements["application-identifier"] = entitlement.Str("A1B2C3D4E5.com.acme.app")
	}
	for _, row := range []struct {
		name   string
		claims []any
		change func(*provisioned)
		want   []string
	}{
		{"claims that the profile authorizes", []any{keychain, shared, security, true, appID, "A1B2C3D4E5.com.acme.app"}, nil, nil},
		{"claims that are not restricted, without a profile", []any{jit, true, "com.apple.security.app-sandbox", true, groups, []any{"A1B2C3D4E5.x"}}, none, nil},
		{"a restricted claim without a profile", []any{security, true}, none, []string{unauthorized + security}},
		{"a restricted claim that the profile does not have", []any{"com.apple.vm.networking", true}, nil, []string{unauthorized + "com.apple.vm.networking"}},
		{"a claim of Apple's own", []any{"com.apple.private.tcc.allow", true}, nil, []string{unauthorized + "com.apple.private.tcc.allow"}},
		{"a keychain group of another team", []any{keychain, []any{"OTHERTEAM1.shared"}}, nil, []string{beyond + keychain}},
		{"a placeholder that nothing has replaced", []any{keychain, []any{"$(AppIdentifierPrefix)com.acme.app"}}, nil, []string{beyond + keychain}},
		{"an identifier of another app", []any{appID, "A1B2C3D4E5.com.acme.other"}, nil, []string{beyond + appID}},

		{"a restricted claim of false, which AMFI takes for a claim", []any{security, false}, none, []string{"warning unauthorized-entitlement " + security}},
		{"the name of the app alone, which is known to run", []any{appID, ""}, none, []string{"warning unauthorized-entitlement " + appID}},
		{"the name of the app beside another", []any{appID, "", security, true}, none, []string{unauthorized + security, unauthorized + appID}},
		{"a key that is not Apple's", []any{"com.acme.own", true}, none, []string{"warning unauthorized-entitlement com.acme.own"}},
		{"an app group that is named as on iOS", []any{groups, []any{"group.other"}}, nil, []string{"warning unauthorized-entitlement " + groups}},
		{"the same without a profile", []any{groups, []any{"group.acme"}}, none, []string{"warning unauthorized-entitlement " + groups}},
		{"an app group that the profile authorizes, beside one of the team", []any{groups, []any{"group.acme", "A1B2C3D4E5.x"}}, nil, nil},

		{"a profile that cannot be read", []any{security, true}, func(p *provisioned) {
			p.profile, p.binary.Provisioning = nil, &check.Provisioning{Path: "x", Err: errors.New("no ExpirationDate")}
		}, []string{invalid, unauthorized + security}},
		{"a profile that cannot be read and that nothing needs", []any{jit, true}, func(p *provisioned) {
			p.profile, p.binary.Provisioning = nil, &check.Provisioning{Path: "x", Err: errors.New("no ExpirationDate")}
		}, []string{"warning invalid-profile"}},
		{"a profile that is not Apple's authorizes nothing", []any{security, true}, func(p *provisioned) { p.profile.Problem = "x" }, []string{invalid, unauthorized + security}},
		{"a profile of another team", []any{security, true}, func(p *provisioned) { p.profile.Teams = []string{"OTHERTEAM1"} }, []string{foreign}},
		{"a profile of another team that nothing needs", nil, func(p *provisioned) { p.profile.Teams = []string{"OTHERTEAM1"} }, []string{"warning foreign-profile"}},
		{"a profile for iOS in a program for the Mac", []any{security, true}, func(p *provisioned) { p.profile.Platforms = []string{"iOS"} }, []string{foreign}},
		{"a profile of the first years, which names no platform", []any{security, true}, func(p *provisioned) { p.profile.Platforms = nil }, nil},
		{"a profile for another app", []any{security, true}, func(p *provisioned) {
			p.profile.Entitlements[appID] = entitlement.Str("A1B2C3D4E5.com.acme.other")
		}, []string{foreign}},
		{"a profile for all apps of the team", []any{security, true}, func(p *provisioned) {
			p.profile.Entitlements[appID] = entitlement.Str("A1B2C3D4E5.*")
		}, nil},
		{"a profile without an App ID", []any{security, true}, func(p *provisioned) { delete(p.profile.Entitlements, appID) }, []string{invalid, unauthorized + security}},
		{"a profile whose App ID is a list", []any{security, true}, func(p *provisioned) {
			p.profile.Entitlements[appID] = entitlement.List(entitlement.Str("A1B2C3D4E5.com.acme.app"))
		}, []string{invalid, unauthorized + security}},
		{"a profile with the App ID of another team", []any{security, true}, func(p *provisioned) {
			p.profile.Entitlements[appID] = entitlement.Str("OTHERTEAM1.com.acme.app")
		}, []string{foreign}},
		{"a profile with a prefix from before there were teams", []any{security, true}, func(p *provisioned) {
			p.profile.Entitlements[appID], p.profile.Prefixes = entitlement.Str("OLDPREFIX1.com.acme.app"), []string{"OLDPREFIX1"}
		}, nil},
		{"a profile for three devices in a release", []any{security, true}, func(p *provisioned) { p.profile.AllDevices, p.profile.Devices = false, 3 }, []string{foreign}},
		{"a profile for three devices while it is developed", []any{security, true}, func(p *provisioned) {
			p.profile.AllDevices, p.profile.Devices, p.stage = false, 3, "development"
		}, nil},
		{"a profile for the Mac App Store, which lists no devices", []any{security, true}, func(p *provisioned) { p.profile.AllDevices = false }, nil},
		{"an app group of another team", []any{groups, []any{"OTHERTEAM1.x"}}, nil, []string{"warning unauthorized-entitlement " + groups}},
		{"a profile with an App ID that names no app", []any{security, true}, func(p *provisioned) {
			p.profile.Entitlements[appID] = entitlement.Str("A1B2C3D4E5")
		}, []string{foreign}},
		{"a profile for all apps of the company", []any{security, true}, func(p *provisioned) {
			p.profile.Entitlements[appID] = entitlement.Str("A1B2C3D4E5.com.acme.*")
		}, nil},
		{"a profile for the bundle, whose program is named otherwise", []any{security, true}, func(p *provisioned) {
			p.binary.Bundle.Identifier = "com.acme.bundle"
			p.profile.Entitlements[appID] = entitlement.Str("A1B2C3D4E5.com.acme.bundle")
		}, nil},
		{"a signer whom the profile does not list", []any{security, true}, func(p *provisioned) { p.leaf.Raw = []byte("renewed") }, []string{signer}},
		{"a signer who is not proven is told of elsewhere", []any{security, true}, func(p *provisioned) { p.leaf = nil }, nil},
		{"a profile that has expired", []any{security, true}, day(2026, 11, 22), []string{expired}},
		{"a profile on its last day", []any{security, true}, day(2026, 11, 23), []string{expired}},
		{"a profile on the day before", []any{security, true}, day(2026, 11, 24), nil},
		{"a profile that has expired and that nothing needs", []any{jit, true}, day(2026, 11, 22), []string{"warning expired-profile"}},

		{"a tool without a bundle", []any{security, true}, gone, []string{unauthorized + security}},
		{"a file that was given without its bundle", []any{security, true}, func(p *provisioned) {
			gone(p)
			p.binary.Given = true
		}, []string{"warning unauthorized-entitlement " + security}},
		{"ad hoc code while it is developed", []any{security, true}, func(p *provisioned) {
			none(p)
			p.stage, p.program.Signature.CMS, p.program.Signature.Flags, p.program.Signature.TeamID = "development", nil, 0, ""
		}, []string{"note unauthorized-entitlement " + security}},
		{"signed code while it is developed", []any{security, true}, func(p *provisioned) {
			none(p)
			p.stage = "development"
		}, []string{unauthorized + security}},
		{"a library", []any{security, true}, func(p *provisioned) {
			none(p)
			p.program.FileType = machotest.MHDylib
		}, []string{"note inert-entitlements"}},
		{"a program of which no profile was looked for", []any{security, true}, func(p *provisioned) {
			none(p)
			p.blind = true
		}, nil},

		{"a program for iOS, where every claim is restricted", []any{jit, true}, iOS, []string{unauthorized + jit}},
		{"a program for iOS that the profile authorizes", []any{groups, []any{"group.acme"}}, iOS, nil},
		{"a program for iOS in a group that the profile does not have", []any{groups, []any{"group.other"}}, iOS, []string{beyond + groups}},
		{"an expired profile in a program for iOS that claims nothing", nil, func(p *provisioned) {
			iOS(p)
			day(2026, 1, 1)(p)
		}, []string{expired}},
		{"a profile for the Mac in a program for iOS", nil, func(p *provisioned) {
			iOS(p)
			p.profile.Platforms = []string{"OSX"}
		}, []string{foreign}},
		{"a program for the simulator", []any{security, true}, func(p *provisioned) {
			none(p)
			p.program.Platform = 7
		}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := provision(row.claims...)
			p.binary.Bundle, p.binary.Main = &check.Bundle{Path: "Acme.app", Kind: "app", Info: check.Info{Identifier: "com.acme.app"}}, true
			if row.change != nil {
				row.change(p)
			}
			b := binary(t, "Acme.app/Contents/MacOS/Acme", p.program.Bytes())
			b.Bundle, b.Main, b.Given, b.Provisioning = p.binary.Bundle, p.binary.Main, p.binary.Given, p.binary.Provisioning
			if b.Provisioning == nil && !p.blind {
				b.Provisioning = &check.Provisioning{Profile: p.profile}
			}
			if s := b.Slices[0].Signature; p.leaf != nil && s.CMSSize > 0 {
				s.Facts.Certificates = []*x509.Certificate{p.leaf}
			}
			in := input(t, parse(t, "version: 1\nsettings: {unlisted: allow}\nstages:\n  release: {require: []}\n  development: {require: []}\n"), p.stage, b)
			if diff := cmp.Diff(row.want, lines(check.Evaluate(in))); diff != "" {
				t.Errorf("%s\n%+v", diff, check.Evaluate(in).Findings)
			}
		})
	}
}

func TestWhatAppleSignsNeedsNoProfile(t *testing.T) {
	for kind, want := range map[codesign.SignerKind]int{codesign.MacAppStore: 0, codesign.Apple: 0, codesign.DeveloperID: 1, codesign.AppleDistribution: 1} {
		b := binary(t, "Acme", hardened(security, true).Bytes())
		b.Slices[0].Signature.Authentication.Kind, b.Provisioning = kind, &check.Provisioning{}
		r := check.Evaluate(input(t, parse(t, "version: 1\nsettings: {unlisted: allow}\n"), "release", b))
		if len(r.Findings) != want {
			t.Errorf("%s: %s", kind, lines(r))
		}
	}
}

// Copies of a program in places with profiles that differ are not one.
func TestProfilesTellCopiesApart(t *testing.T) {
	var list []check.Binary
	for i, p := range []*check.Provisioning{{}, {Profile: &profile.Profile{Digest: [32]byte{1}}}, {Profile: &profile.Profile{Digest: [32]byte{2}}}, {Err: errors.New("x")}, {}} {
		b := binary(t, fmt.Sprintf("Acme.app/%d", i), hardened().Bytes())
		b.Outer, b.Provisioning = "Acme.app", p
		list = append(list, b)
	}
	r := check.Evaluate(input(t, parse(t, "version: 1\nsettings: {unlisted: allow}\n"), "release", list...))
	if len(r.Binaries) != 4 {
		t.Errorf("%d binaries, want 4", len(r.Binaries))
	}
}
