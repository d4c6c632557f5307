package policy_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

// withoutPlaces compares policies but for where in the file their parts are.
var withoutPlaces = cmp.Options{
	cmpopts.IgnoreTypes(policy.Position{}),
	cmpopts.IgnoreFields(policy.Exception{}, "Fields"),
	cmpopts.IgnoreFields(policy.Settings{}, "Fields"),
	cmpopts.IgnoreFields(policy.Approvals{}, "Fields"),
	cmpopts.IgnoreFields(policy.Stage{}, "Fields"),
	cmpopts.IgnoreFields(policy.Group{}, "Fields"),
	cmp.Comparer(func(a, b policy.Date) bool { return a == b }),
}

func TestEveryKeyOfTheLanguageIsRead(t *testing.T) {
	src := read(t, "../testdata/policy/full.yml")
	sum := sha256.Sum256(src)
	yes := entitlement.Bool(true)
	want := &policy.Policy{
		Name:   "full.yml",
		SHA256: hex.EncodeToString(sum[:]),
		ID:     "acme/desktop",
		Extends: []policy.Reference{
			{Preset: "hardened-runtime"},
			{File: "base/macos.yml"},
			{
				Repository: "acme/policies", Path: "macos/base.yml", Ref: "4f2a9c1d7e0b3a586c9d2e1f4a7b0c3d6e9f2a5b",
				SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
			},
		},
		Settings: policy.Settings{
			Unlisted: policy.RequireJustification, MinJustification: 60, MaxLifetime: 180, WarnBeforeExpiry: 14,
			UnusedExceptions: policy.Warning, OpaquePayloads: policy.Error, FailOn: policy.FailOnWarning, Overridable: true,
		},
		Approvals: policy.Approvals{
			Accept: []policy.Way{policy.SignedBy, policy.Review}, AllowedSigners: ".github/allowed_signers", Threshold: 2,
			ReviewTeams: []string{"acme/product-security", "acme/platform"},
		},
		Stages: []policy.Stage{
			{
				Name:    "release",
				Require: []policy.Requirement{policy.Signed, policy.HardenedRuntime},
				TeamIDs: []string{"26QKX55P9K", "0123456789", "12345E6789"}, MinRuntimeVersion: "13.0",
			}, {
				Name:    "development",
				Require: []policy.Requirement{policy.Signed},
				Rules: []policy.Rule{{
					Entitlements: []policy.Pattern{"com.apple.security.get-task-allow", "get-task-allow"},
					Action:       policy.Allow,
				}},
				Overridable: true,
			},
		},
		Groups: []policy.Group{
			{
				Name: "engine",
				Scope: policy.Scope{
					Path: []string{"Contents/Frameworks/*Renderer*.app/**"}, BundleKind: []string{"app"}, Type: []string{"execute"},
				},
				Require: []string{jit},
				Rules:   []policy.Rule{{Entitlements: []policy.Pattern{jit}, Action: policy.RequireJustification, Evidence: policy.EvidenceOff}},
				Stages: []policy.Stage{{
					Name: "release", Require: []policy.Requirement{policy.DeveloperID, policy.LibraryValidation},
					TeamIDs: []string{"26QKX55P9K"}, MinRuntimeVersion: "14.2.1",
				}},
				Overridable: true,
			}, {
				Name: "tools",
				Scope: policy.Scope{
					Identifier: []string{"com.acme.tool", "com.acme.tool.helper"}, TeamID: []string{"26QKX55P9K"},
					Arch: []string{"arm64", "x86_64"},
				},
				IsExact: true,
			},
		},
		Rules: []policy.Rule{
			{
				Entitlements: []policy.Pattern{"com.apple.security.cs.*"}, Action: policy.RequireJustification, Level: policy.Warning,
				Categories: []policy.Category{policy.JavaScriptEngine, policy.PlugInHost}, MaxLifetime: 90,
				Evidence: policy.EvidenceRequired, Overridable: true,
			},
			{Entitlements: []policy.Pattern{"com.apple.security.get-task-allow", "get-task-allow"}, Action: policy.Deny},
		},
		Exceptions: []policy.Exception{
			{
				ID: "EXC-2026-014", Entitlement: jit, Value: &yes, PolicyID: "acme/desktop",
				AppliesTo: policy.Scope{
					Path:       []string{"Acme.app/Contents/Frameworks/*Renderer*.app/**"},
					Identifier: []string{"com.acme.app.renderer"}, TeamID: []string{"0123456789"}, Arch: []string{"arm64"},
					Type: []string{"execute"}, BundleKind: []string{"app", "xpc"},
					Versions: []policy.VersionRange{{Text: "3.2"}, {Text: ">=3.4 <4"}},
					CDHash:   []string{"7a1d9f3c55b2e86041d7a0c9e3f5b8a24c6d1e90"}, Binaries: []string{"engine"},
				},
				Category: policy.JavaScriptEngine,
				Justification: "V8 in the renderer compiles JavaScript; jitless mode costs 6x on the editor benchmark " +
					"(https://bench.acme.example/editor).",
				Owner: "@acme/desktop", ApprovedBy: []string{"@acme/product-security"}, ApprovedOn: day(t, "2026-11-02"),
				Ticket: "https://github.com/acme/app/issues/4821", Expires: day(t, "2027-04-30"),
				CompensatingControls: []string{
					"The renderer is sandboxed and has no entitlement for the network.",
					"Site isolation, one process for each document.",
				},
				Renewals: []policy.Renewal{
					{ApprovedBy: []string{"@acme/product-security"}, ApprovedOn: day(t, "2025-11-03"), Expires: day(t, "2026-05-02")},
					{
						ApprovedBy: []string{"@acme/product-security", "@acme/release"},
						ApprovedOn: day(t, "2026-04-30"), Expires: day(t, "2026-10-27"),
					},
				},
				Signatures: []string{"-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQ==\n-----END SSH SIGNATURE-----\n"},
			}, {
				ID: "EXC-2026-016", Entitlement: "com.apple.security.application-groups", PolicyID: "acme/desktop",
				Values:    []entitlement.Value{entitlement.Str("group.com.acme"), entitlement.Str("26QKX55P9K.shared")},
				Matches:   []policy.Pattern{"group.com.acme.*"},
				AppliesTo: policy.Scope{Binaries: []string{"engine", "tools"}},
			}, {
				ID: "EXC-2026-015", Entitlement: "com.apple.security.cs.disable-library-validation", PolicyID: "acme/desktop",
				AppliesTo: policy.Scope{Identifier: []string{"com.acme.app", "com.acme.app.helper"}},
			},
		},
	}
	got, err := policy.Parse("full.yml", src)
	if err != nil {
		t.Fatal(err)
	}
	for i, names := range [][]string{{"engine"}, {"engine", "tools"}} {
		want.Exceptions[i].Groups = map[string]policy.Scope{}
		for _, name := range names {
			want.Exceptions[i].Groups[name] = want.Group(name).Scope
		}
	}
	if diff := cmp.Diff(want, got, withoutPlaces); diff != "" {
		t.Errorf("policy differs (-want +got):\n%s", diff)
	}
}

func TestPartsOfAPolicyKnowTheirPlace(t *testing.T) {
	p, err := policy.Parse("full.yml", read(t, "../testdata/policy/full.yml"))
	if err != nil {
		t.Fatal(err)
	}
	e := &p.Exceptions[0]
	got := map[string]string{
		"reference":      p.Extends[2].Position.String(),
		"setting":        p.Settings.Fields["unlisted"].String(),
		"approvals":      p.Approvals.Position.String(),
		"threshold":      p.Approvals.Fields["threshold"].String(),
		"stage":          p.Stages[1].Position.String(),
		"stage rule":     p.Stages[1].Rules[0].Position.String(),
		"group":          p.Groups[0].Position.String(),
		"stage of group": p.Groups[0].Stages[0].Position.String(),
		"rule":           p.Rules[1].Position.String(),
		"exception":      e.Position.String(),
		"owner":          e.At("owner").String(),
		"named group":    p.Exceptions[1].At("binaries/tools").String(),
		"not given":      p.Exceptions[2].At("ticket").String(),
	}
	want := map[string]string{
		"reference": "full.yml:7:5", "setting": "full.yml:12:3", "approvals": "full.yml:21:1", "threshold": "full.yml:25:3",
		"stage": "full.yml:33:3", "stage rule": "full.yml:36:9", "group": "full.yml:41:3", "stage of group": "full.yml:51:7",
		"rule": "full.yml:70:5", "exception": "full.yml:74:5", "owner": "full.yml:91:5", "named group": "full.yml:118:26",
		"not given": "full.yml:121:5",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("positions differ (-want +got):\n%s", diff)
	}
}

func TestAPolicyOfOneLineHasTheDefaults(t *testing.T) {
	got := parse(t, "version: 1\n")
	want := &policy.Policy{
		Name: "test.yml", SHA256: got.SHA256,
		Settings: policy.Settings{
			Unlisted: policy.RequireJustification, MinJustification: 40, MaxLifetime: 365, WarnBeforeExpiry: 30,
			UnusedExceptions: policy.Error, OpaquePayloads: policy.Note, FailOn: policy.FailOnError,
		},
		Approvals: policy.Approvals{Accept: []policy.Way{policy.Fields}, Threshold: 1},
		Stages: []policy.Stage{
			{Name: "release", Require: []policy.Requirement{policy.Signed, policy.HardenedRuntime}},
			{Name: "development", Require: []policy.Requirement{policy.Signed}},
		},
	}
	if diff := cmp.Diff(want, got, withoutPlaces); diff != "" {
		t.Errorf("policy differs (-want +got):\n%s", diff)
	}
}

func TestValueKeepsItsKind(t *testing.T) {
	for _, tt := range []struct {
		name, yaml string
		want       entitlement.Value
	}{
		{"a plain true is a boolean", "true", entitlement.Bool(true)},
		{"a capital False is a boolean", "False", entitlement.Bool(false)},
		{"a quoted true is text", `"true"`, entitlement.Str("true")},
		{"digits are an integer", "42", entitlement.Int(42)},
		{"a sign makes a negative integer", "-7", entitlement.Int(-7)},
		{"quoted digits are text", "'42'", entitlement.Str("42")},
		{"a decimal point makes a real", "1.5", entitlement.Value{Kind: entitlement.Real, Real: 1.5}},
		{"a word is text", "com.acme.mach-service", entitlement.Str("com.acme.mach-service")},
		{"a list is an array", "[group.acme, 1]", entitlement.List(entitlement.Str("group.acme"), entitlement.Int(1))},
		{"an empty list is an array", "[]", entitlement.List()},
		{
			"a mapping is a dictionary", "{k: [true]}",
			entitlement.Value{Kind: entitlement.Dictionary, Dict: entitlement.Set{"k": entitlement.List(entitlement.Bool(true))}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := parse(t, exception("value: "+tt.yaml))
			if got := p.Exceptions[0].Value; got == nil || !got.Equal(tt.want) {
				t.Errorf("value: %s is %v, want %v", tt.yaml, got, tt.want)
			}
		})
	}
}

func TestValueThatCouldBeTwoThingsIsRefused(t *testing.T) {
	for _, yaml := range []string{
		"yes", "off", "N", "010", "0x10", "1_000", "1e3", ".inf", ".nan", "2026-11-02", "~", "",
		"99999999999999999999", "[yes]", "{k: on}", "{k: 1, k: 2}", strings.Repeat("[", 20) + strings.Repeat("]", 20),
	} {
		if p, err := policy.Parse("test.yml", []byte(exception("value: "+yaml))); err == nil {
			t.Errorf("value: %s was taken as %v", yaml, p.Exceptions[0].Value)
		}
	}
}

func TestWhatIsWrongWithAValueIsSaid(t *testing.T) {
	const range64 = "an integer is from -9223372036854775808 to 9223372036854775807"
	for _, tt := range []struct{ name, yaml, message, hint string }{
		{"null is no value", "null", "value is null, which no claim can have", "quote what is meant as text"},
		{"nor is nothing", "", "value is empty", "give it a value"},
		{"an integer over 64 bits", "18446744073709551615", range64, "quote what is meant as text"},
		{"one that YAML takes for a real", "99999999999999999999", range64, "quote what is meant as text"},
		{"one below", "-9223372036854775809", range64, "quote what is meant as text"},
		{"an octal number", "010", "could be read in more than one way", "an integer in decimal"},
		{"a real without a point", "1e5", "could be read in more than one way", "a real with a decimal point"},
		{"no number", ".nan", "could be read in more than one way", "a real with a decimal point"},
		{"a word for a boolean", "yes", "could be read in more than one way", "write true or false"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := policy.Parse("test.yml", []byte(exception("value: "+tt.yaml)))
			errs, _ := err.(policy.Errors)
			if len(errs) != 1 || !strings.Contains(errs[0].Message, tt.message) || !strings.Contains(errs[0].Hint, tt.hint) {
				t.Errorf("%v", err)
			}
		})
	}
}

// What is drawn as nothing stands nowhere, but for joiners in what only people read.
func TestTextThatIsNotSeenIsRefused(t *testing.T) {
	rule := func(key string) string { return "version: 1\nrules:\n  - {entitlement: " + key + ", action: deny}\n" }
	scope := func(s string) string { return strings.Replace(exception(), "com.acme.app", s, 1) }
	for _, tt := range []struct {
		name, src string
		want      string // in the error; empty: there is none
	}{
		{"a zero width space in a key that is denied", rule("com.apple.security.cs.allow-jit\u200b"), "character U+200B makes text look different"},
		{"a soft hyphen", rule("com.apple.security.cs.allow\u00ad-jit"), "character U+00AD makes text look different"},
		{"a word joiner", rule("com.apple.security.cs.allow-jit\u2060"), "character U+2060 makes text look different"},
		{"a mark of direction", rule("com.apple.security.cs.allow-jit\u200e"), "character U+200E makes text look different"},
		{"a filler of Hangul", rule("com.apple.security.cs.allow-jit\u3164"), "character U+3164 makes text look different"},
		{"a tag", rule("com.apple.security.cs.allow-jit\U000e0061"), "character U+E0061 makes text look different"},
		{"a joiner", rule("com.apple.security.cs.allow-jit\u200d"), "entitlement contains character U+200D"},
		{"a variation selector", rule("com.apple.security.cs.allow-jit\ufe0f"), "entitlement contains character U+FE0F"},
		{"an escape", rule(`"com.apple.security.cs.allow-jit\u200b"`), "entitlement contains character U+200B"},
		{"a space of another kind", rule("com.apple.security.cs\u2003.allow-jit"), "contains white space"},
		{"a joiner in a scope", scope("com.acme\u200c.app"), "identifier contains character U+200C"},
		{"a joiner in the name of a group", "version: 1\nbinaries: {to\u200dols: {path: a}}\n", `"to\u200dols" cannot name a group`},
		{"a joiner in a value", exception("value: {\"k\u200d\": true}"), "a key of value contains character U+200D"},
		{"a note of music that is drawn as nothing", rule("com.apple.security.cs.allow-jit\U0001d159"), "character U+1D159 makes text look different"},
		{"a comment", "version: 1 # \u200b\n", "character U+200B"},
		{"a joiner in a comment", "version: 1 # \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645\n", ""},
		{"a joiner in a justification", exception("justification: \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"), ""},
		{"joiners in an emoji in a name", exception("owner: \"\U0001f469\u200d\U0001f4bb \u2764\ufe0f\""), ""},
		{"a sign before a number in Arabic", exception("justification: \u0600\u0661"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := policy.Parse("test.yml", []byte(tt.src))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

func TestTextIsTakenAsItIsWritten(t *testing.T) {
	for _, id := range []string{"0123456789", "12345E6789", "1_000", "0x1F", "2026-11-02", "1.50", "null-ish", "yes"} {
		p := parse(t, strings.Replace(exception(), "EXC-1", id, 1))
		if got := p.Exceptions[0].ID; got != id {
			t.Errorf("id: %s was read as %q", id, got)
		}
	}
}

func TestAllMistakesAreReportedUpToALimit(t *testing.T) {
	src := "version: 1\nrules:\n" + strings.Repeat("  - action: forbid\n", 80)
	_, err := policy.Parse("test.yml", []byte(src))
	var errs policy.Errors
	if !errors.As(err, &errs) || len(errs) != 101 || errs[100].Message != "60 more errors are not shown" {
		t.Errorf("Parse = %d errors, the last %v; want 100 and a count of the 60 others", len(errs), errs[len(errs)-1])
	}
}

func TestAPolicyOverTheLimitIsRefused(t *testing.T) {
	src := []byte("version: 1\n#" + strings.Repeat("x", 1<<20))
	if _, err := policy.Parse("test.yml", src); err == nil {
		t.Error("a policy over 1 MiB was parsed")
	}
}

func TestSnippetPointsAtTheColumn(t *testing.T) {
	src := []byte("a\n\tb: é漢x\r\ne\u0301f: g\nlast")
	for _, tt := range []struct {
		name         string
		line, column int
		want         string
	}{
		{"at the start of a line", 1, 1, "    1 | a\n      | ^\n"},
		{"after a tab", 2, 2, "    2 |     b: é漢x\n      |     ^\n"},
		{"after a wide character", 2, 7, "    2 |     b: é漢x\n      |           ^\n"},
		{"after a combining mark", 3, 3, "    3 | e\u0301f: g\n      |  ^\n"},
		{"past the end of a line", 4, 99, "    4 | last\n      |     ^\n"},
		{"on a line that is not there", 5, 1, ""},
		{"nowhere", 0, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := policy.Position{Line: tt.line, Column: tt.column}.Snippet(src)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("snippet differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPresetsParse(t *testing.T) {
	want := []string{"hardened-runtime", "report-only", "strict"}
	if diff := cmp.Diff(want, policy.PresetNames()); diff != "" {
		t.Fatalf("presets differ (-want +got):\n%s", diff)
	}
	for _, name := range policy.PresetNames() {
		p, err := policy.Preset(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		src := read(t, "presets/"+name+".yml")
		if sum := sha256.Sum256(src); p.Name != "preset:"+name || p.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: name %q, SHA-256 %s", name, p.Name, p.SHA256)
		}
	}
	if _, err := policy.Preset("../policy"); err == nil || !strings.Contains(err.Error(), "hardened-runtime, report-only, strict") {
		t.Errorf("unknown preset: error %v does not list the valid ones", err)
	}
}

// exception returns a policy with one complete but empty exception and more of
// its lines.
func exception(lines ...string) string {
	var b strings.Builder
	b.WriteString("version: 1\nexceptions:\n  - id: EXC-1\n    entitlement: com.apple.security.cs.allow-jit\n" +
		"    applies-to: {identifier: com.acme.app}\n")
	for _, l := range lines {
		fmt.Fprintf(&b, "    %s\n", l)
	}
	return b.String()
}

func parse(tb testing.TB, src string) *policy.Policy {
	tb.Helper()
	p, err := policy.Parse("test.yml", []byte(src))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func day(tb testing.TB, s string) policy.Date {
	tb.Helper()
	d, err := policy.ParseDate(s)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}
