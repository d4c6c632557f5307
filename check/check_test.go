package check_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
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

func TestEvaluateJudgesClaims(t *testing.T) {
	const head = "version: 1\nsettings: {unlisted: allow}\nrules:\n  - {entitlement: com.apple.security.cs.*, action: require-justification}\n" +
		"  - {entitlement: [com.apple.security.get-task-allow], action: deny}\n"
	const exceptions = head + "exceptions:"
	for _, row := range []struct {
		name   string
		policy string
		claims []any
		want   []string
	}{
		{"a program that claims nothing passes", head, nil, nil},
		{"a claim without an exception is unapproved", head, []any{jit, true}, []string{"error unapproved-entitlement " + jit}},
		{"a claim with a complete exception passes", exceptions + complete("E1", jit, "identifier: com.acme.app"), []any{jit, true}, nil},
		{"a claim of false grants nothing", head, []any{jit, false}, nil},
		{"a claim of an integer is judged and told", head, []any{jit, 0}, []string{"error unapproved-entitlement " + jit, "warning unexpected-value " + jit}},
		{"a claim of a string is judged and told", head, []any{jit, "false"}, []string{"error unapproved-entitlement " + jit, "warning unexpected-value " + jit}},
		{
			"an exception for true does not cover a string", strings.Replace(exceptions+complete("E1", jit, "identifier: com.acme.app"), "category:", "value: true\n    category:", 1),
			[]any{jit, "true"},
			[]string{"error unapproved-entitlement " + jit, "error unused-exception " + jit, "warning unexpected-value " + jit},
		},
		{"a denied claim fails", head, []any{"com.apple.security.get-task-allow", true}, []string{"error denied-entitlement com.apple.security.get-task-allow"}},
		{
			"an exception does not help against deny", exceptions + complete("E1", "com.apple.security.get-task-allow", "identifier: com.acme.app"),
			[]any{"com.apple.security.get-task-allow", true},
			[]string{"error denied-entitlement com.apple.security.get-task-allow", "error unused-exception com.apple.security.get-task-allow"},
		},
		{"an exception for another identifier does not help", exceptions + complete("E1", jit, "identifier: com.acme.other"), []any{jit, true}, []string{"error unapproved-entitlement " + jit}},
		{"an exception for another team does not help", exceptions + complete("E1", jit, "team-id: ZZZZZZZZZZ"), []any{jit, true}, []string{"error unapproved-entitlement " + jit}},
		{"an exception for another slice does not help", exceptions + complete("E1", jit, "arch: x86_64"), []any{jit, true}, []string{"error unapproved-entitlement " + jit}},
		{"an exception for another path does not help", exceptions + complete("E1", jit, "path: other"), []any{jit, true}, []string{"error unapproved-entitlement " + jit}},
		{"every field of a scope counts", exceptions + complete("E1", jit, "identifier: com.acme.app, path: other"), []any{jit, true}, []string{"error unapproved-entitlement " + jit}},
		{"an exception that ran out fails", strings.Replace(exceptions+complete("E1", jit, "identifier: com.acme.app"), "2027-04-30", "2026-11-22", 1), []any{jit, true}, []string{"error expired-exception " + jit}},
		{"an exception holds through its last day and warns", strings.Replace(exceptions+complete("E1", jit, "identifier: com.acme.app"), "2027-04-30", "2026-11-23", 1), []any{jit, true}, []string{"warning exception-expires-soon " + jit}},
		{"an exception without an owner approves nothing", strings.Replace(exceptions+complete("E1", jit, "identifier: com.acme.app"), `"@acme/desktop"`, `""`, 1), []any{jit, true}, []string{"error invalid-exception " + jit}},
		{
			"fields that are missing are told at once", strings.Replace(strings.Replace(exceptions+complete("E1", jit, "identifier: com.acme.app"), `"@acme/desktop"`, `""`, 1), "javascript-engine", `""`, 1),
			[]any{jit, true},
			[]string{"error invalid-exception " + jit},
		},
		{"one exception that holds is enough", strings.Replace(exceptions+complete("E1", jit, "identifier: com.acme.app"), `"@acme/desktop"`, `""`, 1) + complete("E2", jit, "team-id: A1B2C3D4E5"), []any{jit, true}, nil},
		{"an exception that nothing claims is unused", exceptions + complete("E1", jit, "identifier: com.acme.app"), nil, []string{"error unused-exception " + jit}},
		{"an exception for what was not looked at is no finding", exceptions + complete("E1", jit, "identifier: com.acme.other"), nil, nil},
		{"two keys on executable memory are redundant", "version: 1\nsettings: {unlisted: allow}\n", []any{jit, true, unsigned, true}, []string{"note redundant-entitlement " + unsigned}},
		{"three keys on executable memory are redundant once", "version: 1\nsettings: {unlisted: allow}\n", []any{jit, true, unsigned, true, pages, true}, []string{"note redundant-entitlement " + pages}},
		{"a key that grants nothing is not redundant", "version: 1\nsettings: {unlisted: allow}\n", []any{jit, true, unsigned, false}, nil},
		{"an undocumented key of Apple's is told", "version: 1\nsettings: {unlisted: allow}\n", []any{"com.apple.security.hardened-runtime", true}, []string{"warning unknown-entitlement com.apple.security.hardened-runtime"}},
		{"an unlisted key needs a justification by default", "version: 1\n", []any{"com.acme.own", true}, []string{"error unapproved-entitlement com.acme.own"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := binary(t, "Acme.app/Contents/MacOS/Acme", hardened(row.claims...).Bytes())
			r := check.Evaluate(input(t, parse(t, row.policy), "release", b))
			if diff := cmp.Diff(row.want, lines(r)); diff != "" {
				t.Errorf("%s\n%+v", diff, r.Findings)
			}
		})
	}
}

func TestEvaluateTellsUseOfExceptions(t *testing.T) {
	p := parse(t, "version: 1\nexceptions:"+complete("used", jit, "identifier: com.acme.app")+
		complete("unused", unsigned, "identifier: com.acme.app")+complete("elsewhere", jit, "identifier: com.acme.other"))
	b := hardened(jit, true).Bytes()
	r := check.Evaluate(input(t, p, "release", binary(t, "b", b), binary(t, "a", b)))
	var got []string
	for _, e := range r.Exceptions {
		got = append(got, fmt.Sprintf("%s %s %d", e.Exception.ID, e.Use, e.Covers))
	}
	if diff := cmp.Diff([]string{"used used 2", "unused unused 0", "elsewhere not-looked-at 0"}, got); diff != "" {
		t.Error(diff)
	}
	in := input(t, p, "release", binary(t, "b", b))
	in.NoExceptions = true
	r = check.Evaluate(in)
	if diff := cmp.Diff([]string{"error unapproved-entitlement " + jit}, lines(r)); diff != "" || len(r.Exceptions) > 0 {
		t.Error(diff, r.Exceptions)
	}
}

func TestEvaluateHoldsCodeAgainstTheStage(t *testing.T) {
	const teams = "version: 1\nsettings: {unlisted: allow}\nstages:\n  release: {require: [signed, hardened-runtime], team-ids: [A1B2C3D4E5]}\n  development: {require: []}\n  hardening: {require: [hardened-runtime]}\n  team: {team-ids: [A1B2C3D4E5]}\n"
	object := machotest.Binary{FileType: machotest.MHObject}
	for _, row := range []struct {
		name   string
		stage  string
		binary machotest.Binary
		want   []string
	}{
		{"a signed and hardened program passes", "release", hardened(), nil},
		{"an unsigned program fails", "release", machotest.Binary{}, []string{"error unsigned"}},
		{"an unsigned library fails", "release", machotest.Binary{FileType: machotest.MHDylib}, []string{"error unsigned"}},
		{"an unsigned program fails where only hardening is asked for", "hardening", machotest.Binary{}, []string{"error unsigned"}},
		{"an unsigned library passes where only hardening is asked for", "hardening", machotest.Binary{FileType: machotest.MHDylib}, []string{"note unsigned"}},
		{"an unsigned library fails where a team is asked for", "team", machotest.Binary{FileType: machotest.MHDylib}, []string{"error unsigned"}},
		{"a program for iOS has no hardened runtime", "hardening", machotest.Binary{Platform: machotest.PlatformIOS, Signature: &machotest.Signature{}}, nil},
		{"an object file needs no signature", "release", object, nil},
		{"a dSYM needs no signature", "release", machotest.Binary{FileType: machotest.MHDsym}, nil},
		{"a core file needs no signature", "release", machotest.Binary{FileType: machotest.MHCore}, nil},
		{"a program that is not hardened fails", "release", machotest.Binary{Signature: &machotest.Signature{TeamID: "A1B2C3D4E5", CMS: []byte("x")}}, []string{"error no-hardened-runtime"}},
		{"a library need not be hardened", "release", machotest.Binary{FileType: machotest.MHDylib, Signature: &machotest.Signature{TeamID: "A1B2C3D4E5", CMS: []byte("x")}}, nil},
		{"a team that nothing proves fails", "release", machotest.Binary{Signature: &machotest.Signature{TeamID: "A1B2C3D4E5", Flags: machotest.FlagAdHoc | machotest.FlagRuntime}}, []string{"error team-not-allowed"}},
		{"another team fails", "release", machotest.Binary{Signature: &machotest.Signature{TeamID: "Z", Flags: machotest.FlagRuntime, CMS: []byte("x")}}, []string{"error team-not-allowed"}},
		{"no team fails", "release", machotest.Binary{Signature: &machotest.Signature{Flags: machotest.FlagRuntime, CMS: []byte("x")}}, []string{"error team-not-allowed"}},
		{"a stage that requires nothing is told of unsigned code in a note", "development", machotest.Binary{}, []string{"note unsigned"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := check.Evaluate(input(t, parse(t, teams), row.stage, binary(t, "x", row.binary.Bytes())))
			if diff := cmp.Diff(row.want, lines(r)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEvaluateFindsWhatNoPolicyAllows(t *testing.T) {
	const lax = "version: 1\nsettings: {unlisted: allow}\nstages: {release: {require: []}}\n"
	xml, der := machotest.XML(jit, true), machotest.DER(jit, true)
	sig := func(s machotest.Signature) []byte { return machotest.Binary{Signature: &s}.Bytes() }
	fat := func(a, b machotest.Binary) []byte {
		return machotest.Fat{Slices: []machotest.Slice{{Binary: a}, {Binary: b}}}.Bytes()
	}
	intel := func(b machotest.Binary) machotest.Binary {
		b.CPU, b.SubCPU = machotest.CPUX86_64, machotest.SubX86All
		return b
	}
	for _, row := range []struct {
		name  string
		bytes []byte
		want  []string
		exit  check.Result
	}{
		{"XML and DER that differ", sig(machotest.Signature{Entitlements: machotest.XML(), EntitlementsDER: der}), []string{"error entitlements-differ"}, check.Fail},
		{"XML and DER that differ in a value", sig(machotest.Signature{Entitlements: machotest.XML(jit, false), EntitlementsDER: der}), []string{"error entitlements-differ"}, check.Fail},
		{"unbound entitlements", sig(machotest.Signature{Entitlements: xml, Unbound: []uint32{5}}), []string{"error unbound-blob"}, check.Fail},
		{"entitlements that were taken out", sig(machotest.Signature{Entitlements: xml, Missing: []uint32{5}}), []string{"error missing-blob"}, check.Fail},
		{
			"duplicate slots", sig(machotest.Signature{Entitlements: xml, ExtraBlobs: []machotest.Blob{{Slot: 5, Magic: 0xfade7171, Payload: machotest.XML()}}}),
			[]string{"error malformed-signature", "error slot-mismatch"},
			check.Unreadable,
		},
		{"alternates with a gap", sig(machotest.Signature{HashTypes: []uint8{1, 2}, DirectorySlots: []uint32{0, 0x1001}}), []string{"error ambiguous-signature"}, check.Fail},
		{"a binary property list", sig(machotest.Signature{Entitlements: []byte("bplist00")}), []string{"error ambiguous-entitlements"}, check.Fail},
		{"an OpenStep property list", sig(machotest.Signature{Entitlements: []byte(`{ "` + jit + `" = 1; }`)}), []string{"error ambiguous-entitlements"}, check.Fail},
		{"an empty blob", sig(machotest.Signature{Entitlements: []byte{}}), []string{"error ambiguous-entitlements"}, check.Fail},
		{"a comment that parsers read differently", sig(machotest.Signature{Entitlements: []byte(strings.Replace(string(xml), "<dict>", "<dict><!---->", 1))}), []string{"error ambiguous-entitlements"}, check.Fail},
		{"a comment that all parsers read alike", sig(machotest.Signature{Entitlements: []byte(strings.Replace(string(xml), "<dict>", "<dict><!-- why -->", 1))}), []string{"note sloppy-entitlements"}, check.Pass},
		{"DER that is malformed", sig(machotest.Signature{EntitlementsDER: append(bytes.Clone(der), 0)}), []string{"error malformed-entitlements"}, check.Unreadable},
		{"a signature that is no SuperBlob", sig(machotest.Signature{Count: new(uint32(1 << 30))}), []string{"error malformed-signature"}, check.Unreadable},
		{"an entitlement in one slice only", fat(hardened(jit, true), intel(hardened())), []string{"warning slices-differ"}, check.Pass},
		{"one slice that is not hardened", fat(hardened(), intel(machotest.Binary{Signature: &machotest.Signature{Identifier: "com.acme.app", TeamID: "A1B2C3D4E5", CMS: []byte("x")}})), []string{"warning slices-differ"}, check.Pass},
		{"one slice that is not signed", fat(hardened(), intel(machotest.Binary{})), []string{"warning slices-differ", "note unsigned"}, check.Pass},
		{"slices that overlap", machotest.Fat{Slices: []machotest.Slice{{Binary: hardened()}, {Binary: intel(hardened())}}, Arch: func(a []machotest.FatArch) []machotest.FatArch {
			a[0].Size += 1 << 14
			return a
		}}.Bytes(), []string{"error unreadable", "error ambiguous-binary", "error uncovered-bytes"}, check.Unreadable},
		{"a hidden slice", machotest.Fat{Slices: []machotest.Slice{{Binary: intel(hardened())}, {Binary: hardened()}}, NFat: new(uint32(1))}.Bytes(), []string{"error ambiguous-binary"}, check.Fail},
		{"two signatures", machotest.Binary{Signature: &machotest.Signature{}, ExtraSignature: &machotest.Signature{}}.Bytes(), []string{"error ambiguous-binary", "error uncovered-bytes"}, check.Fail},
		{"a slice that cannot be read", machotest.Fat{Slices: []machotest.Slice{{Raw: []byte("not Mach-O")}}}.Bytes(), []string{"error unreadable"}, check.Unreadable},
		{"a signature that nobody made", sig(machotest.Signature{Flags: machotest.FlagRuntime}), []string{"error malformed-signature"}, check.Unreadable},
		{"bytes that belong to no slice", machotest.Fat{Slices: []machotest.Slice{{Binary: hardened()}}, TrailingBytes: []byte("x")}.Bytes(), []string{"error uncovered-bytes"}, check.Fail},
		{
			"a second blob of entitlements that claims more", sig(machotest.Signature{Entitlements: machotest.XML(), ExtraBlobs: []machotest.Blob{{Slot: 5, Magic: 0xfade7171, Payload: xml}}}),
			[]string{"error malformed-signature", "error slot-mismatch"},
			check.Unreadable,
		},
		{"a blob in a slot of nobody's", sig(machotest.Signature{ExtraBlobs: []machotest.Blob{{Slot: 0x20000, Magic: 1}}}), []string{"note unusual-signature"}, check.Pass},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := check.Evaluate(input(t, parse(t, lax), "release", binary(t, "x", row.bytes)))
			got := slices.Compact(lines(r))
			if diff := cmp.Diff(row.want, got); diff != "" || r.Result() != row.exit {
				t.Errorf("%s\nresult %s, want %s\n%+v", diff, r.Result(), row.exit, r.Findings)
			}
		})
	}
}

func TestEvaluateOfWrongEncodingsJudgesWhatTheyMayClaim(t *testing.T) {
	for name, s := range map[string]machotest.Signature{
		"XML that only DER contradicts": {Entitlements: machotest.XML(jit, true), EntitlementsDER: machotest.DER()},
		"DER that only XML contradicts": {Entitlements: machotest.XML(), EntitlementsDER: machotest.DER(jit, true)},
		"an OpenStep property list":     {Entitlements: []byte(`{ "` + jit + `" = 1; }`)},
		"malformed DER":                 {EntitlementsDER: append(machotest.DER(jit, true), 0)},
		"unbound XML":                   {Entitlements: machotest.XML(jit, true), Unbound: []uint32{5}},
		"false in XML, true in DER":     {Entitlements: machotest.XML(jit, false), EntitlementsDER: machotest.DER(jit, true)},
	} {
		t.Run(name, func(t *testing.T) {
			r := check.Evaluate(input(t, parse(t, "version: 1\n"), "release", binary(t, "x", machotest.Binary{Signature: &s}.Bytes())))
			if !slices.Contains(lines(r), "error unapproved-entitlement "+jit) {
				t.Error(lines(r))
			}
		})
	}
}

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

func TestEvaluateNamesTheSliceThatIsNotSigned(t *testing.T) {
	intel := machotest.Binary{CPU: machotest.CPUX86_64, SubCPU: machotest.SubX86All}
	for _, list := range [][]machotest.Slice{{{Binary: hardened()}, {Binary: intel}}, {{Binary: intel}, {Binary: hardened()}}} {
		b := binary(t, "x", machotest.Fat{Slices: list}.Bytes())
		r := check.Evaluate(input(t, parse(t, "version: 1\nstages: {release: {require: []}}\n"), "release", b))
		if r.Findings[0].Message != "arm64 is signed and x86_64 is not" {
			t.Errorf("%+v", r.Findings)
		}
	}
}

func TestEvaluateOfNothingIsUnreadable(t *testing.T) {
	r := check.Evaluate(input(t, parse(t, "version: 1\n"), "release"))
	if diff := cmp.Diff([]string{"error no-binaries"}, lines(r)); diff != "" || r.Result() != check.Unreadable {
		t.Error(diff, r.Result())
	}
	in := input(t, parse(t, "version: 1\n"), "release")
	in.Unread = []check.Unread{{Path: "x", Err: errors.New("permission denied")}}
	in.FailOn = policy.FailOnNever
	if r = check.Evaluate(in); r.Result() != check.Unreadable {
		t.Error("what could not be read passed under fail-on never")
	}
}

func TestResultFollowsFailOn(t *testing.T) {
	p := parse(t, "version: 1\nsettings: {unlisted: allow}\n")
	b := binary(t, "x", hardened("com.apple.security.hardened-runtime", true).Bytes())
	for failOn, want := range map[policy.FailOn]check.Result{policy.FailOnError: check.Pass, policy.FailOnWarning: check.Fail, policy.FailOnNever: check.Pass} {
		in := input(t, p, "release", b)
		in.FailOn = failOn
		if got := check.Evaluate(in).Result(); got != want {
			t.Errorf("fail-on %s: %s, want %s", failOn, got, want)
		}
	}
}

func TestEvaluateJoinsSlicesAndCopies(t *testing.T) {
	one := machotest.Fat{Slices: []machotest.Slice{{Binary: hardened(jit, true)}, {Binary: machotest.Binary{CPU: machotest.CPUX86_64, SubCPU: 3, Signature: hardened(jit, true).Signature}}}}.Bytes()
	var list []check.Binary
	for _, path := range []string{"A.app/F.framework/Versions/A/F", "A.app/F.framework/F", "A.app/F.framework/Versions/Current/F"} {
		b := binary(t, path, one)
		b.Outer = "A.app"
		list = append(list, b)
	}
	r := check.Evaluate(input(t, parse(t, "version: 1\n"), "release", list...))
	if len(r.Binaries) != 1 || len(r.Findings) != 1 {
		t.Fatalf("%d binaries, findings %v", len(r.Binaries), lines(r))
	}
	f := r.Findings[0]
	if diff := cmp.Diff([]string{"A.app/F.framework/F", "A.app/F.framework/Versions/A/F", "A.app/F.framework/Versions/Current/F"}, f.Paths); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"arm64", "x86_64"}, f.Archs); diff != "" {
		t.Error(diff)
	}
	if !strings.HasSuffix(f.Hint, "; these are copies of one file, so one exception has to match the paths of all") {
		t.Error(f.Hint)
	}
	// A scope must hold for every copy.
	partial := "version: 1\nsettings: {unused-exceptions: note}\nexceptions:" + complete("E", jit, "path: F.framework/Versions/A/F")
	if r := check.Evaluate(input(t, parse(t, partial), "release", list...)); r.Result() != check.Fail {
		t.Error("an exception for one copy approved the others", lines(r))
	}
}

func TestSuggestionIsAnExceptionThatLacksWhatPeopleWrite(t *testing.T) {
	for name, path := range map[string]string{
		"a plain path":               "Acme.app/Contents/MacOS/Acme",
		"a path with blanks":         "Acme App.app/Contents/MacOS/Acme App",
		"a path that begins blank":   " Acme.app/x",
		"a path that ends blank":     "Acme.app/x ",
		"a path of glob signs":       "A[b]{c,d}*?.app/x",
		"a path of YAML signs":       "a: 'b' #c/\"d\"/- e",
		"a path with a newline":      "a\nb: c",
		"a path that reorders":       "a\u202eb",
		"a path of what is not seen": "a\u200b\u00ad\u2060\u3164\u2800b \u2764\ufe0f\u200d\U0001f525.app/x",
		"a path full of signs":       "a/" + strings.Repeat("[x]", 12) + "/b",
		"a path that commands":       "##[error]x",
	} {
		t.Run(name, func(t *testing.T) {
			b := binary(t, path, hardened(jit, true).Bytes())
			r := check.Evaluate(input(t, parse(t, "version: 1\n"), "release", b))
			pasted := "version: 1\nexceptions:\n" + r.Findings[0].Suggestion
			again := check.Evaluate(input(t, parse(t, pasted), "release", b))
			for _, f := range again.Findings {
				if f.Rule != check.RuleInvalidException {
					t.Errorf("%s: %s\n%s", f.Rule, f.Message, pasted)
				}
			}
			filled := strings.NewReplacer(`category: ""`, "category: other", `owner: ""`, "owner: me", `approved-by: []`, "approved-by: [you]",
				`approved-on: ""`, "approved-on: 2026-11-01", `expires: ""`, "expires: 2027-05-01",
				`justification: ""`, "justification: The editor compiles regular expressions with PCRE2 and its JIT.").Replace(pasted)
			if last := check.Evaluate(input(t, parse(t, filled), "release", b)); last.Result() != check.Pass || len(last.Findings) > 0 {
				t.Errorf("%v\n%s", lines(last), filled)
			}
		})
	}
}

func TestSuggestionIsLimitedToTheValue(t *testing.T) {
	var many []any
	for i := range 101 {
		many = append(many, fmt.Sprint("group.", i))
	}
	for _, row := range []struct {
		name string
		v    any
		want string
	}{
		{"a boolean", true, "value: true"},
		{"a string that looks like a number", "42", `value: "42"`},
		{"a list, each once", []any{"group.b", "group.a", "group.b"}, "values:\n    - group.b\n    - group.a"},
		{"a list of nothing", []any{}, "value: []"},
		{"a list with what cannot be seen covers any", []any{"\u200b"}, ""},
		{"a list of lists covers any", []any{[]any{"a"}}, ""},
		{"a list longer than an exception may have covers any", many, ""},
		{"a dictionary covers any", machotest.Dict{"a", true}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := binary(t, "x", hardened("com.acme.own", row.v).Bytes())
			r := check.Evaluate(input(t, parse(t, "version: 1\n"), "release", b))
			_, rest, _ := strings.Cut(r.Findings[0].Suggestion, "entitlement: com.acme.own\n")
			got, _, _ := strings.Cut(rest, "  applies-to:")
			if diff := cmp.Diff(row.want, strings.TrimSpace(got)); diff != "" {
				t.Error(diff)
			}
			p := parse(t, "version: 1\nexceptions:\n"+r.Findings[0].Suggestion)
			if v := b.Slices[0].Signature.Claims.Set["com.acme.own"]; !p.Exceptions[0].Covers("com.acme.own", v) {
				t.Errorf("the suggestion does not cover %s", v.Text())
			}
		})
	}
}

func TestSuggestionsCoverSlicesOfDifferentIdentity(t *testing.T) {
	intel := hardened(jit, true)
	intel.CPU, intel.SubCPU = machotest.CPUX86_64, machotest.SubX86All
	intel.Signature.Identifier = "com.acme.app.intel"
	b := binary(t, "x", machotest.Fat{Slices: []machotest.Slice{{Binary: hardened(jit, true)}, {Binary: intel}}}.Bytes())
	r := check.Evaluate(input(t, parse(t, "version: 1\n"), "release", b))
	pasted := "version: 1\nexceptions:\n"
	for _, f := range r.Findings {
		pasted += f.Suggestion
	}
	for _, f := range check.Evaluate(input(t, parse(t, pasted), "release", b)).Findings {
		if f.Rule != check.RuleInvalidException {
			t.Errorf("%s: %s\n%s", f.Rule, f.Message, pasted)
		}
	}
}

func TestExceptionsThatAnotherStageAsksForAreNotUnused(t *testing.T) {
	const src = "version: 1\nstages:\n  release: {require: []}\n  development:\n    require: []\n    rules:\n      - {entitlement: com.apple.security.cs.*, action: allow}\nexceptions:"
	p := parse(t, src+complete("E", jit, "identifier: com.acme.app"))
	r := check.Evaluate(input(t, p, "development", binary(t, "x", hardened(jit, true).Bytes())))
	if len(r.Findings) > 0 || r.Exceptions[0].Use != check.NotNeeded {
		t.Error(lines(r), r.Exceptions[0].Use)
	}
	r = check.Evaluate(input(t, p, "development", binary(t, "x", hardened().Bytes())))
	if diff := cmp.Diff([]string{"error unused-exception " + jit}, lines(r)); diff != "" {
		t.Error(diff)
	}
}

func TestEvaluateTellsOfAnInfoPlistThatIsNotTheOneThatWasSigned(t *testing.T) {
	for binding, want := range map[codesign.Binding][]string{
		codesign.Bound: nil, codesign.None: nil,
		codesign.WrongHash:  {"error slot-mismatch"},
		codesign.NotPresent: {"error missing-blob"},
		codesign.NotBound:   {"note unusual-signature"},
	} {
		b := binary(t, "x", hardened().Bytes())
		b.Bundle, b.Slices[0].InfoPlist = &check.Bundle{}, binding
		if diff := cmp.Diff(want, lines(check.Evaluate(input(t, parse(t, "version: 1\n"), "release", b)))); diff != "" {
			t.Errorf("%s: %s", binding, diff)
		}
	}
	// A file that was taken out of its bundle.
	b := binary(t, "x", hardened().Bytes())
	b.Slices[0].InfoPlist = codesign.NotPresent
	if r := check.Evaluate(input(t, parse(t, "version: 1\n"), "release", b)); len(r.Findings) > 0 {
		t.Error(lines(r))
	}
}

func TestEvaluateJudgesSourcesOnTheirLines(t *testing.T) {
	src := "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\">\n<dict>\n\t<key>" + jit + "</key>\n\t<true/>\n</dict>\n</plist>\n"
	in := input(t, parse(t, "version: 1\n"), "release")
	in.Sources = []check.Source{{Path: "src/app.entitlements", Inside: "src/app.entitlements", Source: entitlement.ReadSource([]byte(src))}}
	r := check.Evaluate(in)
	if len(r.Findings) != 1 || r.Findings[0].Position != (policy.Position{File: "src/app.entitlements", Line: 4, Column: 2}) {
		t.Fatalf("%+v", r.Findings)
	}
	in.Policy = parse(t, "version: 1\nexceptions:"+complete("E", jit, "path: src/*.entitlements"))
	if r = check.Evaluate(in); len(r.Findings) > 0 {
		t.Error(lines(r))
	}
	in.Policy = parse(t, "version: 1\nexceptions:"+complete("E", jit, "identifier: com.acme.app"))
	if r = check.Evaluate(in); r.Result() != check.Fail || !strings.Contains(r.Findings[0].Hint, "identifier") {
		t.Errorf("%+v", r.Findings)
	}
	in.Sources[0].Source = entitlement.ReadSource([]byte(strings.Replace(src, "<dict>", "<dict> <!-- a -- b -->", 1)))
	if r = check.Evaluate(in); r.Findings[0].Rule != check.RuleAmbiguousEntitlements || r.Findings[0].Position.Line != 3 {
		t.Errorf("%+v", r.Findings)
	}
}

func TestEvaluateDoesNotDependOnOrder(t *testing.T) {
	p := parse(t, "version: 1\n")
	var list []check.Binary
	for i := range 20 {
		list = append(list, binary(t, fmt.Sprintf("bin/%02d", i), hardened(jit, true, unsigned, i%2 == 0, "com.apple.security.network.clients", true).Bytes()))
	}
	want := check.Evaluate(input(t, p, "release", list...))
	for range 5 {
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		got := check.Evaluate(input(t, p, "release", list...))
		if diff := cmp.Diff(want.Findings, got.Findings); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestEveryRuleHasAPage(t *testing.T) {
	for _, r := range check.Rules() {
		page, err := os.ReadFile("../docs/rules/" + r.ID + ".md")
		if err != nil || !strings.HasPrefix(string(page), "# "+r.ID+"\n") {
			t.Errorf("%s: %v", r.ID, err)
		}
	}
	if _, ok := check.RuleByID("nothing"); ok {
		t.Error("a rule that is not there is found")
	}
}

func TestAnExceptionIsCountedOnceForEachBinaryAndJudgedByTheTermsOfEach(t *testing.T) {
	p := parse(t, `version: 1
settings: {unlisted: allow}
binaries:
  tools:
    path: bin/**
    rules: [{entitlement: com.apple.security.cs.*, action: require-justification, max-lifetime: 30d}]
rules: [{entitlement: com.apple.security.cs.*, action: require-justification}]
exceptions:`+complete("EXC-1", jit, "team-id: A1B2C3D4E5"))
	both := machotest.Fat{Slices: []machotest.Slice{{Binary: hardened(jit, true)}, {Binary: func() machotest.Binary {
		b := hardened(jit, true)
		b.CPU, b.SubCPU = machotest.CPUX86_64, machotest.SubX86All
		return b
	}()}}}
	r := check.Evaluate(input(t, p, "release",
		binary(t, "app", both.Bytes()), binary(t, "bin/tool", hardened(jit, true).Bytes()), binary(t, "other", hardened(jit, true).Bytes())))
	if x := r.Exceptions[0]; x.Covers != 3 || x.Use != check.Used {
		t.Errorf("EXC-1 covers %d, %s", x.Covers, x.Use)
	}
	var failed []string
	for _, f := range r.Findings {
		if f.Rule == check.RuleInvalidException {
			failed = append(failed, f.Paths[0]+": "+f.Message)
		}
	}
	want := []string{"bin/tool: EXC-1 approves nothing: expires is 179 days after approved-on; max-lifetime is 30 days"}
	if diff := cmp.Diff(want, failed); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
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
