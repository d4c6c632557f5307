package check_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/machotest"
)

func TestExceptionsHoldForAuthenticatedCode(t *testing.T) {
	p := parse(t, "version: 1\nexceptions:"+complete("E", jit, "identifier: com.acme.app"))
	const unauthenticated = "error unauthenticated-exception " + jit
	for _, row := range []struct {
		name string
		edit func(*codesign.Signature)
		want []string // in stage release
	}{
		{"authenticated code", func(*codesign.Signature) {}, nil},
		{"code that was not looked at closely", func(s *codesign.Signature) { s.Authentication = nil }, []string{unauthenticated}},
		{"a signer whom Apple does not know", func(s *codesign.Signature) {
			s.Authentication = &codesign.Authentication{Problems: []codesign.Problem{{Kind: codesign.UntrustedChain, Detail: "x"}}}
		}, []string{"error untrusted-signer", unauthenticated}},
		{"a signature value that is wrong", func(s *codesign.Signature) {
			s.Authentication = &codesign.Authentication{Problems: []codesign.Problem{{Kind: codesign.BadSignature, Detail: "x"}}}
		}, []string{"error invalid-signature", unauthenticated}},
		{"pages that were changed", func(s *codesign.Signature) {
			s.Problems = []codesign.Problem{{Kind: codesign.Modified, Detail: "x"}}
		}, []string{"error modified-code", unauthenticated}},
		{"something unusual", func(s *codesign.Signature) {
			s.Problems = []codesign.Problem{{Kind: codesign.Unusual, Detail: "x"}}
		}, []string{"note unusual-signature"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := binary(t, "x", hardened(jit, true).Bytes())
			row.edit(b.Slices[0].Signature)
			if diff := cmp.Diff(row.want, lines(check.Evaluate(input(t, p, "release", b)))); diff != "" {
				t.Error(diff)
			}
			// In development it holds for code that nobody signed.
			for _, line := range lines(check.Evaluate(input(t, p, "development", b))) {
				if line == unauthenticated || line == "error untrusted-signer" {
					t.Error(line)
				}
			}
		})
	}
}

func TestEvaluateHoldsSignersAgainstTheStage(t *testing.T) {
	stamp := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	adhoc := machotest.Binary{Signature: &machotest.Signature{Flags: machotest.FlagAdHoc | machotest.FlagRuntime}}
	unhardened := machotest.Binary{Signature: &machotest.Signature{CMS: []byte("x")}}
	const unmet = "error unmet-requirement"
	for _, row := range []struct {
		name   string
		stage  string
		binary machotest.Binary
		auth   *codesign.Authentication
		want   []string
	}{
		{"valid, and it is", "require: [valid]", hardened(), &codesign.Authentication{Kind: codesign.AppleDevelopment}, nil},
		{"valid, and nothing is proven", "require: [valid]", hardened(), nil, []string{unmet}},
		{"valid, and it is ad hoc", "require: [valid]", adhoc, nil, []string{unmet}},
		{"developer-id, and it is", "require: [developer-id]", hardened(), &codesign.Authentication{Kind: codesign.DeveloperID}, nil},
		{"developer-id, and it is for development", "require: [developer-id]", hardened(), &codesign.Authentication{Kind: codesign.AppleDevelopment}, []string{unmet}},
		{"apple-distribution, and it is Developer ID", "require: [apple-distribution]", hardened(), &codesign.Authentication{Kind: codesign.DeveloperID}, []string{unmet}},
		{"secure-timestamp, and it has one", "require: [secure-timestamp]", hardened(), &codesign.Authentication{Kind: codesign.DeveloperID, Timestamp: stamp}, nil},
		{"secure-timestamp, and it has none", "require: [secure-timestamp]", hardened(), &codesign.Authentication{Kind: codesign.DeveloperID}, []string{unmet}},
		{"not-ad-hoc, and it is signed", "require: [not-ad-hoc]", hardened(), nil, nil},
		{"not-ad-hoc, and it is ad hoc", "require: [not-ad-hoc]", adhoc, nil, []string{unmet}},
		{"library-validation, and it is hardened", "require: [library-validation]", hardened(), nil, nil},
		{"library-validation, and it is turned off", "require: [library-validation]", hardened("com.apple.security.cs.disable-library-validation", true), nil, []string{unmet}},
		{"library-validation, and nothing asks for it", "require: [library-validation]", unhardened, nil, []string{unmet}},
		{"a version of the runtime that is reached", "min-runtime-version: '14.0'", hardened(), nil, nil},
		{"a version of the runtime that is not reached", "min-runtime-version: '14.0.1'", hardened(), nil, []string{unmet}},
		{"a version of the runtime, and none is named", "min-runtime-version: '13.0'", unhardened, nil, []string{unmet}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := binary(t, "x", row.binary.Bytes())
			b.Slices[0].Signature.Authentication = row.auth
			p := parse(t, "version: 1\nsettings: {unlisted: allow}\nstages: {release: {"+row.stage+"}}\n")
			if diff := cmp.Diff(row.want, lines(check.Evaluate(input(t, p, "release", b)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPreflightTellsWhatTheNotaryServiceRejects(t *testing.T) {
	stamp := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	const (
		invalid   = "The signature of the binary is invalid."
		developer = "The binary is not signed with a valid Developer ID certificate."
		timestamp = "The signature does not include a secure timestamp."
		weak      = "The signature algorithm used is too weak."
		runtime   = "The executable does not have the hardened runtime enabled."
		debug     = "The executable requests the com.apple.security.get-task-allow entitlement."
		old       = "The binary uses an SDK older than the 10.9 SDK."
		none      = "The binary is not signed."
	)
	edit := func(change func(*machotest.Binary)) machotest.Binary { b := hardened(); change(&b); return b }
	for _, row := range []struct {
		name   string
		binary machotest.Binary
		auth   func(*codesign.Authentication)
		want   []string
	}{
		{"Developer ID, hardened, stamped", hardened(), nil, nil},
		{"no signature", edit(func(b *machotest.Binary) { b.Signature = nil }), nil, []string{none}},
		{"a signature that cannot be read", edit(func(b *machotest.Binary) { b.Signature.Count = new(uint32(0)) }), nil, []string{invalid}},
		{"a blob that was changed", edit(func(b *machotest.Binary) { b.Signature.Unbound = []uint32{machotest.SlotEntitlements} }), nil, []string{developer, invalid}},
		{"Apple Distribution", hardened(), func(a *codesign.Authentication) { a.Kind = codesign.AppleDistribution }, []string{developer}},
		{"a signer who is not proven", hardened(), func(a *codesign.Authentication) {
			a.Problems = []codesign.Problem{{Kind: codesign.UntrustedChain}}
		}, []string{developer}},
		{"no timestamp", hardened(), func(a *codesign.Authentication) { a.Timestamp = time.Time{} }, []string{timestamp}},
		{"SHA-1 alone", edit(func(b *machotest.Binary) { b.Signature.HashTypes = []uint8{machotest.HashSHA1} }), nil, []string{weak}},
		{"SHA-1 and SHA-256", edit(func(b *machotest.Binary) { b.Signature.HashTypes = []uint8{machotest.HashSHA1, machotest.HashSHA256} }), nil, nil},
		{"a program without hardened runtime", edit(func(b *machotest.Binary) { b.Signature.Flags = 0 }), nil, []string{runtime}},
		{"a library without hardened runtime", edit(func(b *machotest.Binary) { b.Signature.Flags, b.FileType = 0, machotest.MHDylib }), nil, nil},
		{"get-task-allow", hardened("com.apple.security.get-task-allow", true), nil, []string{debug}},
		{"get-task-allow that is false", hardened("com.apple.security.get-task-allow", false), nil, nil},
		{"the SDK of 10.8", edit(func(b *machotest.Binary) { b.SDK = 10<<16 | 8<<8 }), nil, []string{old}},
		{"an SDK that is not named", edit(func(b *machotest.Binary) { b.NoBuildVersion = true }), nil, []string{old}},
		{"the SDK of 10.8 and one of another platform", edit(func(b *machotest.Binary) {
			b.SDK = 10<<16 | 8<<8
			b.Commands = func(c []machotest.Command) []machotest.Command {
				return append(c, machotest.Command{Cmd: machotest.LCBuildVersion, Size: 24, Body: []byte{6, 0, 0, 0, 0, 0, 13, 0, 0, 0, 14, 0, 0, 0, 0, 0}})
			}
		}), nil, []string{old}},
		{"a program for iOS without hardened runtime", edit(func(b *machotest.Binary) { b.Signature.Flags, b.Platform, b.SDK = 0, machotest.PlatformIOS, 9<<16 }), nil, nil},
		{"object code, which is never signed", machotest.Binary{FileType: machotest.MHObject}, nil, nil},
		{"the SDK of 10.9", edit(func(b *machotest.Binary) { b.SDK = 10<<16 | 9<<8 }), nil, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := binary(t, "x", row.binary.Bytes())
			if s := b.Slices[0].Signature; s != nil {
				s.Authentication.Timestamp = stamp
				if row.auth != nil {
					row.auth(s.Authentication)
				}
			}
			in := input(t, parse(t, "version: 1\nsettings: {unlisted: allow}\nstages: {release: {require: []}}\n"), "release", b)
			in.Preflight = check.Notarization
			var got []string
			for _, f := range check.Evaluate(in).Findings {
				if log, ok := strings.CutPrefix(f.Message, "Apple's notary service would say: "); ok && f.Rule == check.RuleNotNotarizable {
					got = append(got, log)
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEvaluateTellsWhoMaySign(t *testing.T) {
	p := parse(t, "version: 1\nsettings: {unlisted: allow}\nstages: {release: {team-ids: [A1B2C3D4E5]}}\n")
	adhoc := machotest.Binary{Signature: &machotest.Signature{TeamID: "A1B2C3D4E5", Flags: machotest.FlagAdHoc}}
	for _, tt := range []struct {
		name   string
		binary machotest.Binary
		want   string
	}{
		{"the id of the team that nothing proves need not be added", adhoc, "sign it with a certificate that Apple issued to this team: anybody can write its id into code"},
		{"another team could be", machotest.Binary{Signature: &machotest.Signature{TeamID: "Z", CMS: []byte("x")}}, "sign it with your own certificate, or add the team to team-ids"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := check.Evaluate(input(t, p, "release", binary(t, "x", tt.binary.Bytes())))
			if got := r.Findings[0].Hint; got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
