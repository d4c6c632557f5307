package report

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/blacktop/go-macho/types"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/macho"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/profile"
	"github.com/codewarrant/codewarrant/seal"
)

const (
	allowJIT   = "com.apple.security.cs.allow-jit"
	unsigned   = "com.apple.security.cs.allow-unsigned-executable-memory"
	libraries  = "com.apple.security.cs.disable-library-validation"
	camera     = "com.apple.security.device.camera"
	getTask    = "com.apple.security.get-task-allow"
	policySHA  = "9f2d1c0b7a6e5d4c3b2a19087f6e5d4c3b2a19087f6e5d4c3b2a19087f6e5d4c"
	acmePolicy = ".github/codewarrant.yml"
)

func date(t testing.TB, s string) policy.Date {
	t.Helper()
	d, err := policy.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// signed is a slice with a signature of the usual kind.
func signed(arch, identifier, team string, typ types.HeaderFileType) check.Slice {
	d := codesign.Directory{
		Version: 0x20500, Flags: codesign.FlagRuntime, HashType: codesign.SHA256, PageSize: 4096,
		Identifier: identifier, TeamID: team, Runtime: "14.5", CDHash: strings.Repeat("0123456789", 4),
	}
	return check.Slice{
		Slice: macho.Slice{
			Arch: arch, Type: typ, Range: macho.Range{Size: 4096},
			Builds: []macho.Build{{Platform: "macos", MinOS: "11.0", SDK: "14.5"}},
		},
		Signature: &codesign.Signature{Directories: []codesign.Directory{d}, CMSSize: 9000, Authentication: authentication(team)},
		InfoPlist: codesign.Bound,
		Info:      &check.Info{Identifier: identifier, Version: "1", ShortVersion: "1.0"},
	}
}

// authentication is what the CMS of a Developer ID proves.
func authentication(team string) *codesign.Authentication {
	signed := time.Date(2026, 8, 14, 9, 30, 0, 0, time.UTC)
	return &codesign.Authentication{
		Signer: "Developer ID Application: Example (" + team + ")", Kind: codesign.DeveloperID, TeamID: team,
		Chain:     []string{"Developer ID Application: Example (" + team + ")", "Developer ID Certification Authority", "Apple Root CA"},
		Timestamp: signed, SigningTime: signed.Add(-time.Second),
	}
}

// pgctl is what the preset says of a real program: three claims that need a
// justification and have none.
func pgctl(t testing.TB) *check.Report {
	path := []string{"package/native/bin/pg_ctl"}
	both := []string{"x86_64", "arm64"}
	r := &check.Report{
		Policy: "preset:hardened-runtime", PolicySHA256: policySHA, Stage: "release", At: date(t, "2026-11-02"),
		FailOn: policy.FailOnError,
	}
	b := check.BinaryReport{Binary: check.Binary{
		Paths: path, Inside: []string{"bin/pg_ctl"}, Size: 245792, Fat: true,
		Slices: []check.Slice{
			signed("x86_64", "pg_ctl", "26QKX55P9K", types.MH_EXECUTE),
			signed("arm64", "pg_ctl", "26QKX55P9K", types.MH_EXECUTE),
		},
	}}
	yes := entitlement.Bool(true)
	for i, key := range []string{allowJIT, unsigned, libraries} {
		b.Claims = append(b.Claims, check.Claim{
			Entitlement: key, Value: yes, Archs: both, Risk: "high", Verdict: check.Unapproved,
		})
		r.Findings = append(r.Findings, check.Finding{
			Rule: check.RuleUnapproved, Level: policy.Error, Paths: path, Archs: both,
			Message:     fmt.Sprintf("claims %s, which needs a justification, and no exception covers it", key),
			Hint:        "sign without it, or add an exception to the policy and have it approved",
			Entitlement: key, Value: &yes, Risk: "high",
			Position: policy.Position{File: "preset:hardened-runtime", Line: 30, Column: 5},
			Suggestion: fmt.Sprintf(`- id: EXC-2026-%03d
  entitlement: %s
  value: true
  applies-to:
    path: bin/pg_ctl
    identifier: pg_ctl
    team-id: "26QKX55P9K"
  category: ""         # javascript-engine, language-runtime, other
  justification: ""    # why the code needs it, and what doing without would cost
  owner: ""            # who answers for it
  approved-by: []      # who approved it
  approved-on: ""      # YYYY-MM-DD
  expires: ""          # YYYY-MM-DD, the last day it holds
`, i+1, key),
		})
	}
	r.Findings = append(r.Findings, check.Finding{
		Rule: check.RuleRedundant, Level: policy.Note, Paths: path, Archs: both, Entitlement: unsigned, Value: &yes, Risk: "high",
		Message: unsigned + " permits all that " + allowJIT + " does",
		Hint:    "claim only the narrowest one that the code works with; allow-jit is enough for code that uses MAP_JIT",
	})
	r.Binaries = []check.BinaryReport{b}
	return r
}

func exception(t testing.TB, id, key string) *policy.Exception {
	yes := entitlement.Bool(true)
	return &policy.Exception{
		ID: id, Entitlement: key, Value: &yes,
		AppliesTo: policy.Scope{
			Path: []string{"Acme.app/**"}, Identifier: []string{"com.acme.app"}, TeamID: []string{"A1B2C3D4E5"}, Arch: []string{"arm64"},
		},
		Category:      policy.JavaScriptEngine,
		Justification: "V8 in the renderer compiles JavaScript;\n  jitless mode costs 6x on the editor benchmark (https://bench.acme.example/jitless).",
		Owner:         "@acme/desktop", ApprovedBy: []string{"@acme/product-security", "@jo"},
		ApprovedOn: date(t, "2026-05-01"), Ticket: "https://github.com/acme/app/issues/4821", Expires: date(t, "2027-04-30"),
		Position: policy.Position{File: acmePolicy, Line: 21, Column: 5},
	}
}

// verified is what the signatures of as many as are needed but one come to.
func verified(signers ...string) *approval.Status {
	s := &approval.Status{Needed: len(signers) + 1, Signers: signers, Signatures: []approval.Signature{{Problem: approval.Malformed, Detail: "cannot be read"}}}
	for i, who := range signers {
		s.Signatures = append(s.Signatures, approval.Signature{Principals: who, KeyType: "ssh-ed25519", Fingerprint: fmt.Sprintf("SHA256:%043d", i)})
	}
	return s
}

// sealed is what was found of a bundle that is as it was sealed.
var sealed = &seal.Result{Files: 12, Ticket: true}

// provisioned is a profile that Apple signed.
var provisioned = &check.Provisioning{Path: "build/Acme.app/Contents/embedded.provisionprofile", Profile: &profile.Profile{
	Name: "Acme Developer ID", UUID: "11111111-2222-3333-4444-555555555555", AppIDName: "Acme", TeamName: "Acme Inc.",
	Teams: []string{"A1B2C3D4E5"}, Platforms: []string{"OSX"},
	Created: time.Date(2025, 6, 1, 9, 0, 0, 0, time.UTC), Expires: time.Date(2043, 6, 1, 9, 0, 0, 0, time.UTC),
	Entitlements: entitlement.Set{"keychain-access-groups": entitlement.List(entitlement.Str("A1B2C3D4E5.*")), "com.apple.application-identifier": entitlement.Str("A1B2C3D4E5.*")},
	AllDevices:   true, Certificates: [][32]byte{{1}}, Signer: "Mac OS X Provisioning Profile Signing",
}}

// forged is one in which every string is evil.
func forged() *check.Provisioning {
	return &check.Provisioning{Path: evil, Profile: &profile.Profile{
		Name: evil, UUID: evil, AppIDName: evil, TeamName: evil, Teams: []string{evil}, Platforms: []string{evil},
		Expires: time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC), Devices: 3, Signer: evil, Problem: evil,
		Entitlements: entitlement.Set{evil: entitlement.Str(evil)},
	}}
}

// assessed is evidence of each kind.
func assessed(key string) *evidence.Assessment {
	const main, framework = "build/Acme.app/Contents/MacOS/Acme", "build/Acme.app/Contents/Frameworks/Engine.framework/Versions/A/Engine"
	return &evidence.Assessment{
		Entitlement: key, Strength: evidence.Proves, More: 3,
		Items: []evidence.Cited{
			{Path: framework, Item: evidence.Item{Need: evidence.MapJIT, Strength: evidence.Proves, Symbol: "_mmap", Address: 0x1017510d4, Text: "calls mmap with MAP_JIT on some path"}},
			{Path: main, Item: evidence.Item{Need: evidence.MapJIT, Strength: evidence.Suggests, Symbol: "_pthread_jit_write_protect_np", Text: "imports pthread_jit_write_protect_np, which is for memory mapped with MAP_JIT alone"}},
			{Path: "build/Acme.app/Contents/PlugIns/regex.bundle", May: true, Item: evidence.Item{Need: evidence.MapJIT, Strength: evidence.Suggests, Symbol: "10.46 2025-08-27", Text: "has PCRE with sljit 10.46, which maps memory with MAP_JIT"}},
		},
		Gaps: []evidence.Missed{{Path: framework, Text: "functions are looked up with dlsym by names that are known only when it runs"}},
	}
}

// nothing is what is told where nothing was found.
func nothing(key string) *evidence.Assessment {
	return &evidence.Assessment{
		Entitlement: key, Strength: evidence.None, Text: "no memory that is writable and executable without MAP_JIT",
		Gaps: []evidence.Missed{{Text: "loads @rpath/libacme.dylib, which is not part of what was checked"}},
	}
}

// vicious is evidence in which every string is evil.
func vicious() *evidence.Assessment {
	return &evidence.Assessment{
		Entitlement: evil, Strength: evidence.Suggests, Text: evil, Gaps: []evidence.Missed{{Path: evil, Text: evil}},
		Items: []evidence.Cited{{Path: evil, Item: evidence.Item{Need: evidence.MapJIT, Strength: evidence.Suggests, Symbol: evil, Text: evil}}},
	}
}

// packages are a package that is signed, one that is not, and one of which it was not
// looked into.
func packages() []check.Package {
	a := authentication("A1B2C3D4E5")
	a.Signer, a.Kind = "Developer ID Installer: Example (A1B2C3D4E5)", codesign.DeveloperIDInstaller
	a.Chain = []string{a.Signer, "Developer ID Certification Authority", "Apple Root CA"}
	a.Problems = []codesign.Problem{{Kind: codesign.Unusual, Detail: "what is signed is the SHA-1 checksum of the table of contents"}}
	return []check.Package{
		{Path: "build/Acme.pkg", Size: 1 << 20, Signed: true, Algorithm: "sha1", Authentication: a},
		{Path: "build/Tools.pkg", Size: 8192, Algorithm: "sha256"},
		{Path: "build/Update.pkg", Size: 8192, Algorithm: "sha256", Signed: true},
	}
}

// clean is a report of one app whose one exception is approved.
func clean(t testing.TB) *check.Report {
	e := exception(t, "EXC-2026-014", allowJIT)
	return &check.Report{
		Repository: "acme/App", Policy: acmePolicy, PolicySHA256: policySHA, Stage: "release", At: date(t, "2026-11-02"), FailOn: policy.FailOnError,
		Binaries: []check.BinaryReport{
			{
				Binary: check.Binary{
					Paths: []string{"build/Acme.app/Contents/MacOS/Acme"}, Inside: []string{"Acme.app/Contents/MacOS/Acme"},
					Bundle: &check.Bundle{Path: "build/Acme.app", Kind: "app", Info: check.Info{Identifier: "com.acme.app", Version: "4821", ShortVersion: "3.2"}},
					Outer:  "build/Acme.app", Seal: sealed, Provisioning: provisioned,
					Main: true, Size: 8192, Slices: []check.Slice{signed("arm64", "com.acme.app", "A1B2C3D4E5", types.MH_EXECUTE)},
				},
				Claims: []check.Claim{
					{Entitlement: allowJIT, Value: entitlement.Bool(true), Archs: []string{"arm64"}, Risk: "high", Verdict: check.Approved, Exception: e, Evidence: assessed(allowJIT)},
					{Entitlement: libraries, Value: entitlement.Bool(false), Archs: []string{"arm64"}, Risk: "high", Verdict: check.NotGranted},
					{Entitlement: camera, Value: entitlement.Bool(true), Archs: []string{"arm64"}, Risk: "medium", Verdict: check.Allowed},
				},
			},
			{Binary: check.Binary{
				Paths:  []string{"build/Acme.app/Contents/Frameworks/libz.dylib"},
				Inside: []string{"Acme.app/Contents/Frameworks/libz.dylib"},
				Size:   4096, Slices: []check.Slice{signed("arm64", "libz", "A1B2C3D4E5", types.MH_DYLIB)},
			}},
		},
		Exceptions: []check.ExceptionReport{{Exception: e, Use: check.Used, Covers: 1}},
	}
}

// acme has something of everything: it writes every field that there is.
func acme(t testing.TB) *check.Report {
	r := clean(t)
	r.FailOn = policy.FailOnWarning
	r.Extends = []policy.Source{
		{Location: policy.Location{Repository: "acme/policies", Path: "base.yml", Ref: strings.Repeat("0123456789", 4)}, SHA256: policySHA},
		{Location: policy.Location{Preset: "strict"}, SHA256: policySHA},
	}
	expired := exception(t, "EXC-2025-002", unsigned)
	expired.Expires = date(t, "2026-10-31")
	unused, elsewhere := exception(t, "EXC-2026-020", libraries), exception(t, "EXC-2026-021", camera)
	e := r.Exceptions[0].Exception
	e.CompensatingControls = []string{"The renderer runs in a sandbox of its own,\n  without the network.", "Pages come from us alone."}
	r.Exceptions[0].Signed = verified("alice@acme.example", "bob@acme.example")
	r.Exceptions[0].Reviewed = []string{"carol"}
	unused.Position.Line, elsewhere.Position.Line = 52, 66
	elsewhere.Value = nil
	r.Exceptions = append(r.Exceptions,
		check.ExceptionReport{Exception: expired, Use: check.Used, Covers: 1},
		check.ExceptionReport{Exception: unused, Use: check.Unused},
		check.ExceptionReport{Exception: elsewhere, Use: check.NotLookedAt})
	r.Packages = packages()
	waits := exception(t, "EXC-2026-020", libraries)
	waits.CompensatingControls = []string{"Plug-ins run in a process of their own."}
	r.Base = &check.Base{Ref: "main", Commit: "4821abc0174e5d1f6f1b3b6d1ea0f3d1d5b1a9c2", Policy: "base:" + acmePolicy, SHA256: policySHA}
	r.Pending = []check.PendingReport{
		{Pending: policy.Pending{Exception: waits, Was: unused, Diff: []string{"path: Acme.app/**, was Acme.app/Contents/MacOS/Acme", "justification: changed"}}},
		{Pending: policy.Pending{Exception: exception(t, "EXC-2026-023", camera), Diff: []string{"path: Acme.app/**", "expires: 2027-04-30"}}, Covers: 1},
	}

	helper := []string{
		"build/Acme.app/Contents/Frameworks/Helper.framework/Helper",
		"build/Acme.app/Contents/Frameworks/Helper.framework/Versions/A/Helper",
	}
	arm := signed("arm64", "com.acme.helper", "A1B2C3D4E5", types.MH_EXECUTE)
	arm.Signature.Problems = []codesign.Problem{{Kind: codesign.Unusual, Slot: 0x10001, Detail: "a blob of 12 bytes in unknown (slot 0x10001)"}}
	arm.Anomalies = []macho.Anomaly{{Kind: macho.DuplicateSignature, Detail: "2 LC_CODE_SIGNATURE load commands; the first is read"}}
	intel := signed("x86_64", "com.acme.helper", "", types.MH_EXECUTE)
	intel.Signature.Directories[0].Flags = codesign.FlagAdhoc
	intel.Signature.Directories[0].Runtime = ""
	intel.Signature.CMSSize = 0
	broken := check.Slice{Slice: macho.Slice{Arch: "x86_64h", Err: errors.New("the slice ends inside its header")}}
	refused := signed("arm64e", "", "", types.MH_EXECUTE)
	refused.Signature, refused.SignatureErr = nil, errors.New("a SuperBlob of 99 bytes in 12")
	list := entitlement.List(entitlement.Str("A1B2C3D4E5.com.acme.shared"), entitlement.Str("<all>"))
	yes := entitlement.Bool(true)
	r.Binaries = append(r.Binaries, check.BinaryReport{
		Binary: check.Binary{
			Paths: helper, Inside: []string{strings.TrimPrefix(helper[0], "build/"), strings.TrimPrefix(helper[1], "build/")},
			Size: 1 << 20, Fat: true, Slices: []check.Slice{intel, arm, broken, refused},
			Anomalies: []macho.Anomaly{{Kind: macho.HiddenSlice, Detail: "an arm64 entry past the count of 3"}},
		},
		Claims: []check.Claim{
			{Entitlement: "com.apple.security.application-groups", Value: list, Archs: []string{"x86_64", "arm64"}, Risk: "low", Verdict: check.Allowed},
			{Entitlement: unsigned, Value: yes, Archs: []string{"arm64"}, Risk: "high", Verdict: check.Unapproved, Evidence: nothing(unsigned)},
			{Entitlement: getTask, Value: yes, Archs: []string{"x86_64"}, Risk: "high", Verdict: check.Denied},
		},
	})
	source := check.SourceReport{
		Source: check.Source{Path: "mac/Acme.entitlements"}, UsedBy: []string{"target Acme (Release)", "target Acme (Debug)"},
		Claims: []check.Claim{
			{
				Entitlement: libraries, Value: yes, Risk: "high", Verdict: check.Unapproved,
				Position: policy.Position{File: "mac/Acme.entitlements", Line: 7, Column: 2},
			},
			{Entitlement: "com.acme.when", Value: entitlement.Value{Kind: entitlement.Date, Date: time.Unix(1_780_000_000, 0).UTC()}, Verdict: check.Allowed},
			{Entitlement: "com.acme.unclear", Verdict: check.Allowed},
		},
	}
	r.Sources = []check.SourceReport{source}
	r.Findings = []check.Finding{
		{
			Rule: check.RuleUnreadable, Level: policy.Error, Paths: []string{"build/notes.bin"}, Message: "permission denied",
			Hint: "what cannot be read cannot be judged; repair it or leave it out of what is checked",
		},
		{
			Rule: check.RuleDenied, Level: policy.Error, Paths: helper, Archs: []string{"x86_64"}, Entitlement: getTask, Value: &yes, Risk: "high",
			Message: "claims " + getTask + ", which the policy denies", Hint: "sign without it; no exception can allow it",
			Position: policy.Position{File: acmePolicy, Line: 14, Column: 5},
		},
		{
			Rule: check.RuleExpiredException, Level: policy.Error, Paths: helper, Archs: []string{"arm64"}, Entitlement: unsigned, Value: &yes, Risk: "high",
			Message: "EXC-2025-002 ran out on 2026-10-31, 2 days before 2026-11-02", Exception: expired, Evidence: nothing(unsigned),
			Hint:     "have it approved anew with a later expires, or sign without the entitlement",
			Position: policy.Position{File: acmePolicy, Line: 44, Column: 14},
		},
		{
			Rule: check.RuleAmbiguousBinary, Level: policy.Error, Paths: helper, Message: "hidden-slice: an arm64 entry past the count of 3",
			Hint: "build the file anew with lipo or the linker; no tool writes this by itself",
		},
		{
			Rule: check.RuleUnapproved, Level: policy.Error, Paths: []string{"mac/Acme.entitlements"}, Entitlement: libraries, Value: &yes, Risk: "high",
			Message: "claims " + libraries + ", which needs a justification, and no exception covers it",
			Hint:    `EXC-2026-020 does not cover it: its path Acme.entitlements does not match "mac/Acme.entitlements"`, Position: source.Claims[0].Position,
			Suggestion: "- id: EXC-2026-022\n  entitlement: " + libraries + "\n  value: true\n  applies-to:\n    path: mac/Acme.entitlements\n  owner: \"\"\n",
		},
		{
			Rule: check.RuleUnusedException, Level: policy.Error, Entitlement: libraries, Exception: unused, Position: unused.Position,
			Message: "EXC-2026-020 permits " + libraries + " where nothing that was looked at claims it",
			Hint:    "remove it, so that it cannot cover something new",
		},
		{Rule: check.RuleSlicesDiffer, Level: policy.Warning, Paths: helper, Message: "x86_64 and arm64 claim different entitlements"},
		{Rule: check.RuleUnusualSignature, Level: policy.Note, Paths: helper, Archs: []string{"arm64"}, Message: "a blob of 12 bytes in unknown (slot 0x10001)"},
	}
	return r
}

// evil does something in every sink if it is let through.
const evil = "x\n::error::y\r\n##[error]z `a` ``` | <script>alert(1)</script> --> [l](https://e.example) " +
	"@octocat #1 \x1b[31mred\u202egnp\u2028 \xff {0} 100%d %0A ${{ github.token }} $(id)"

// hostile is a report in which every string that a file may choose is evil.
func hostile(t testing.TB) *check.Report {
	e := exception(t, "EXC-1", evil)
	e.Justification, e.Owner, e.Ticket, e.ApprovedBy = evil, evil, evil, []string{evil, evil}
	e.CompensatingControls = []string{evil, evil}
	e.AppliesTo = policy.Scope{Path: []string{evil}, Identifier: []string{evil}, TeamID: []string{evil}, Arch: []string{evil}}
	e.Position = policy.Position{File: evil, Line: 3, Column: 7}
	s := signed("arm64", evil, evil, types.MH_EXECUTE)
	s.Anomalies = []macho.Anomaly{{Kind: macho.HiddenSlice, Detail: evil}}
	s.Signature.Problems = []codesign.Problem{{Kind: codesign.Unusual, Detail: evil}}
	failed := check.Slice{Slice: macho.Slice{Arch: "x86_64", Err: errors.New(evil)}}
	refused := check.Slice{Slice: macho.Slice{Arch: "i386", Type: types.MH_DYLIB}, SignatureErr: errors.New(evil)}
	v := entitlement.Value{Kind: entitlement.Dictionary, Dict: entitlement.Set{evil: entitlement.Str(evil)}}
	finding := func(rule string, l policy.Level) check.Finding {
		return check.Finding{
			Rule: rule, Level: l, Message: evil, Hint: evil, Paths: []string{evil, evil + "2"}, Archs: []string{"arm64"}, Evidence: vicious(),
			Entitlement: evil, Value: &v, Exception: e, Position: e.Position, Suggestion: "- id: " + evil,
		}
	}
	whole := finding(check.RuleUnreadable, policy.Error)
	whole.Entitlement, whole.Position, whole.Paths = "", policy.Position{}, []string{"/" + evil}
	of := finding(check.RuleUnusedException, policy.Warning)
	of.Paths = nil
	return &check.Report{
		Repository: evil, Policy: evil, PolicySHA256: policySHA, Extends: []policy.Source{{Location: policy.Location{Path: evil}, SHA256: policySHA}}, Stage: evil, At: date(t, "2026-11-02"), Preflight: check.Notarization, NoExceptions: true, FailOn: policy.FailOnNever,
		Binaries: []check.BinaryReport{{
			Binary: check.Binary{
				Paths: []string{evil, evil + "2"}, Inside: []string{evil, evil + "2"}, Slices: []check.Slice{s, failed, refused},
				Bundle:    &check.Bundle{Path: evil, Kind: evil, Info: check.Info{Identifier: evil, Version: evil, ShortVersion: evil}},
				Anomalies: s.Anomalies, Provisioning: forged(),
			},
			Claims: []check.Claim{
				{Entitlement: evil, Value: v, Archs: []string{"arm64"}, Risk: "high", Verdict: check.Unapproved, Evidence: vicious()},
				{Entitlement: evil + "2", Value: v, Archs: []string{"arm64"}, Verdict: check.Approved, Exception: e, Evidence: vicious()},
			},
		}},
		Packages: []check.Package{{Path: "p" + evil, Signed: true, Algorithm: "sha1", Authentication: &codesign.Authentication{
			Signer: evil, TeamID: evil, Kind: codesign.DeveloperIDInstaller, Chain: []string{evil, evil},
			Problems: []codesign.Problem{{Kind: codesign.BadSignature, Detail: evil}},
		}}, {Path: "q" + evil, Signed: true, Authentication: &codesign.Authentication{Signer: evil, TeamID: evil, Kind: codesign.DeveloperIDInstaller}}},
		Sources:    []check.SourceReport{{Source: check.Source{Path: "s" + evil}, UsedBy: []string{evil}, Claims: []check.Claim{{Entitlement: evil, Value: v, Verdict: check.Denied, Position: e.Position}}}},
		Exceptions: []check.ExceptionReport{{Exception: e, Use: check.Used, Covers: 2, Signed: verified(evil), Reviewed: []string{evil}}},
		Base:       &check.Base{Ref: evil, Commit: evil, Policy: evil},
		Pending:    []check.PendingReport{{Pending: policy.Pending{Exception: e, Diff: []string{evil}}}},
		Findings:   []check.Finding{whole, finding(check.RuleUnapproved, policy.Error), of, finding(check.RuleRedundant, policy.Note)},
	}
}

// many is a report of n binaries with two findings each.
func many(t testing.TB, n int) *check.Report {
	r := pgctl(t)
	b, unapproved, redundant := r.Binaries[0], r.Findings[0], r.Findings[3]
	r.Binaries, r.Findings = nil, nil
	for i := range n {
		b.Paths = []string{fmt.Sprintf("build/bin/program-%04d", i)}
		unapproved.Paths, redundant.Paths = b.Paths, b.Paths
		unapproved.Suggestion = fmt.Sprintf("- id: EXC-2026-%04d\n  entitlement: %s\n", i, allowJIT)
		r.Binaries, r.Findings = append(r.Binaries, b), append(r.Findings, unapproved)
	}
	for i := range n {
		redundant.Paths = r.Binaries[i].Paths
		r.Findings = append(r.Findings, redundant)
	}
	return r
}
