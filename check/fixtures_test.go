package check_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/macho"
	"github.com/codewarrant/codewarrant/policy"
)

const (
	jit      = "com.apple.security.cs.allow-jit"
	unsigned = "com.apple.security.cs.allow-unsigned-executable-memory"
	pages    = "com.apple.security.cs.disable-executable-page-protection"
)

// binary reads a file as the command line does, without the walk.
func binary(t *testing.T, path string, b []byte) check.Binary {
	t.Helper()
	f, err := macho.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	bin := check.Binary{Paths: []string{path}, Inside: []string{path}, Size: int64(len(b)), Fat: f.Fat, Anomalies: f.Anomalies}
	for _, s := range f.Slices {
		slice := check.Slice{Slice: s}
		if s.Signature != nil {
			if slice.Signature, slice.SignatureErr = codesign.Read(bytes.NewReader(b), s); slice.Signature != nil {
				slice.InfoPlist = slice.Signature.InfoPlist(nil)
				if slice.Signature.CMSSize > 0 { // as if it had been verified
					slice.Signature.Authentication = &codesign.Authentication{Kind: codesign.DeveloperID, TeamID: slice.Signature.Directory().TeamID}
				}
			}
		}
		bin.Slices = append(bin.Slices, slice)
	}
	return bin
}

// hardened is a program with the hardened runtime and the claims.
func hardened(claims ...any) machotest.Binary {
	return machotest.Binary{Signature: &machotest.Signature{
		Identifier: "com.acme.app", TeamID: "A1B2C3D4E5", Flags: machotest.FlagRuntime, CMS: []byte("x"),
		Entitlements: machotest.XML(claims...), EntitlementsDER: machotest.DER(claims...),
	}}
}

func parse(t *testing.T, src string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("codewarrant.yml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func day(t *testing.T, s string) policy.Date {
	t.Helper()
	d, err := policy.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func input(t *testing.T, p *policy.Policy, stage string, list ...check.Binary) check.Input {
	t.Helper()
	s, err := p.Stage(stage)
	if err != nil {
		t.Fatal(err)
	}
	return check.Input{Binaries: list, Policy: p, Stage: s, At: day(t, "2026-11-23")}
}

// lines writes findings as short lines: level rule archs: entitlement.
func lines(r *check.Report) (list []string) {
	for _, f := range r.Findings {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s %s", f.Level, f.Rule, f.Entitlement)))
	}
	return list
}

// complete is an exception with nothing wrong with it; %s is replaced by more of its scope.
func complete(id, key, scope string) string {
	return fmt.Sprintf(`
  - id: %s
    entitlement: %s
    applies-to: {%s}
    category: javascript-engine
    justification: V8 in the renderer compiles JavaScript; jitless mode costs 6x on the editor benchmark.
    owner: "@acme/desktop"
    approved-by: ["@acme/product-security"]
    approved-on: 2026-11-02
    expires: 2027-04-30`, id, key, scope)
}
