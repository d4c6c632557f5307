package check_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/machotest"
)

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
