package docs_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/evidence"
	m "github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/macho"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/profile"
	"github.com/codewarrant/codewarrant/seal"
	"github.com/codewarrant/codewarrant/source"
)

const (
	jit      = "com.apple.security.cs.allow-jit"
	unsigned = "com.apple.security.cs.allow-unsigned-executable-memory"
	debug    = "com.apple.security.get-task-allow"
	keychain = "keychain-access-groups"
)

// lax permits everything that a policy can permit.
const lax = "version: 1\nsettings: {unlisted: allow}\nstages:\n  release: {require: []}\n"

// example is what has to be read for a finding of a rule.
type example struct {
	policy string // empty: preset:hardened-runtime
	file   []byte // of the program Acme.app/Contents/MacOS/Acme; nil: there is none
	plist  []byte // its bundle's Info.plist
	edit   func(*check.Input)
}

// examples has one for each rule.
var examples = map[string]example{
	check.RuleUnreadable:            {file: m.Fat{Slices: []m.Slice{{Raw: []byte("not Mach-O")}}}.Bytes()},
	check.RuleMalformedSignature:    {policy: lax, file: signed(m.Signature{Count: new(uint32(1 << 30))})},
	check.RuleMalformedEntitlements: {policy: lax, file: signed(m.Signature{EntitlementsDER: append(m.DER(jit, true), 0)})},
	check.RuleNoBinaries: {edit: func(in *check.Input) {
		in.Empty = []check.Unread{{Path: "build/Acme.app", Err: errors.New("no Mach-O file was found here")}}
	}},

	check.RuleAmbiguousBinary:       {file: m.Fat{Slices: []m.Slice{{Binary: intel()}, {Binary: program()}}, NFat: new(uint32(1))}.Bytes()},
	check.RuleAmbiguousSignature:    {policy: lax, file: signed(m.Signature{HashTypes: []uint8{m.HashSHA1, m.HashSHA256}, DirectorySlots: []uint32{0, 0x1001}})},
	check.RuleAmbiguousEntitlements: {policy: lax, file: signed(m.Signature{Entitlements: xml("<dict>", "<dict><!---->")})},
	check.RuleEntitlementsDiffer:    {policy: lax, file: signed(m.Signature{Entitlements: m.XML(), EntitlementsDER: m.DER(jit, true)})},
	check.RuleUnboundBlob:           {policy: lax, file: signed(m.Signature{Entitlements: m.XML(jit, true), Unbound: []uint32{m.SlotEntitlements}})},
	check.RuleMissingBlob:           {policy: lax, file: signed(m.Signature{Entitlements: m.XML(jit, true), Missing: []uint32{m.SlotEntitlements}})},
	check.RuleSlotMismatch:          {policy: lax, file: signed(m.Signature{InfoPlist: []byte("as signed")}), plist: []byte("as it is now")},
	check.RuleModifiedCode: {policy: lax, file: program().Bytes(), edit: func(in *check.Input) {
		sig := in.Binaries[0].Slices[0].Signature
		sig.Problems = append(sig.Problems, codesign.Problem{Kind: codesign.Modified, Detail: "1 of 4 pages are not what CodeDirectory (slot 0) hashes (sha256): pages [2]"})
	}},
	check.RuleUncoveredBytes: {policy: lax, file: m.Fat{Slices: []m.Slice{{Binary: intel()}, {Binary: program()}}, TrailingBytes: []byte("text")}.Bytes()},
	check.RuleBrokenSeal: {policy: lax, file: program().Bytes(), edit: func(in *check.Input) {
		in.Binaries[0].Seal = &seal.Result{Problems: []seal.Problem{{Kind: seal.Changed, Path: "Contents/Resources/main.js"}}}
	}},
	check.RuleSymlinksFlattened: {policy: lax, file: program().Bytes(), edit: func(in *check.Input) {
		in.Binaries[0].Seal = &seal.Result{Flattened: []string{"Contents/Frameworks/Crash.framework/Crash"}}
	}},
	check.RuleInvalidSignature: {policy: lax, file: program().Bytes(), edit: authentication(codesign.Problem{
		Kind: codesign.TeamMismatch, Detail: `the CodeDirectory names team "A1B2C3D4E5", the certificate "26QKX55P9K"`,
	})},
	check.RuleUntrustedSigner: {policy: lax, file: program().Bytes(), edit: authentication(codesign.Problem{
		Kind: codesign.UntrustedChain, Detail: "x509: certificate signed by unknown authority",
	})},
	check.RuleUnusualSignature:   {policy: lax, file: signed(m.Signature{ExtraBlobs: []m.Blob{{Slot: 0x20000, Magic: 1, Payload: []byte("text")}}})},
	check.RuleSloppyEntitlements: {policy: lax, file: signed(m.Signature{Entitlements: xml("<?xml", " <?xml")})},
	check.RuleSlicesDiffer:       {policy: lax, file: m.Fat{Slices: []m.Slice{{Binary: intel()}, {Binary: program(jit, true)}}}.Bytes()},
	check.RuleLinkOutside: {file: program().Bytes(), edit: func(in *check.Input) {
		in.Remarks = []check.Remark{{Rule: check.RuleLinkOutside, Path: "Acme.app/Contents/Frameworks/Crash.framework", Message: `link to "../../../Shared/Crash.framework" leads out of the artifact`}}
	}},

	check.RuleUnsupportedFileSystem: {file: program().Bytes(), edit: func(in *check.Input) {
		in.Remarks = []check.Remark{{Rule: check.RuleUnsupportedFileSystem, Path: "Acme.dmg", Message: "a disk with the file system ISO 9660, which is not read"}}
	}},
	check.RuleAmbiguousArchive: {file: program().Bytes(), edit: func(in *check.Input) {
		in.Remarks = []check.Remark{{Rule: check.RuleAmbiguousArchive, Path: "Acme.zip", Message: `two entries are named "Acme.app/Contents/MacOS/Acme"`}}
	}},
	check.RuleOpaquePayload: {file: program().Bytes(), edit: func(in *check.Input) {
		in.Remarks = []check.Remark{{Rule: check.RuleOpaquePayload, Path: "Acme.app/Contents/Resources/helpers.7z", Message: "7-Zip, which is not read here"}}
	}},

	check.RuleInstallerScript: {file: program().Bytes(), edit: func(in *check.Input) {
		in.Remarks = []check.Remark{{Rule: check.RuleInstallerScript, Path: "Acme.pkg/Scripts/postinstall", Message: "a script that the Installer runs as root"}}
	}},
	check.RuleTeamsDiffer: {policy: lax, file: program().Bytes(), edit: func(in *check.Input) {
		in.Binaries[0].Slices[0].Signature.Authentication = &codesign.Authentication{Kind: codesign.DeveloperID, TeamID: "A1B2C3D4E5"}
		in.Binaries[0].Paths = []string{"Acme.pkg/Payload/Acme.app/Contents/MacOS/Acme"}
		in.Packages = []check.Package{{Path: "Acme.pkg", Signed: true, Authentication: &codesign.Authentication{Kind: codesign.DeveloperIDInstaller, TeamID: "26QKX55P9K"}}}
	}},

	check.RuleInvalidProfile: {policy: lax, file: program(keychain, []any{"A1B2C3D4E5.shared"}).Bytes(), edit: provisioned(func(p *profile.Profile) {
		p.Problem = "the message digest is not that of the content"
	})},
	check.RuleForeignProfile: {policy: lax, file: program(keychain, []any{"A1B2C3D4E5.shared"}).Bytes(), edit: provisioned(func(p *profile.Profile) {
		p.Teams = []string{"26QKX55P9K"}
	})},
	check.RuleSignerNotInProfile: {policy: lax, file: program(keychain, []any{"A1B2C3D4E5.shared"}).Bytes(), edit: func(in *check.Input) {
		provisioned(func(*profile.Profile) {})(in)
		in.Binaries[0].Slices[0].Signature.Facts.Certificates = []*x509.Certificate{{
			Raw: []byte("DER"), Subject: pkix.Name{CommonName: "Developer ID Application: Acme (A1B2C3D4E5)"},
		}}
	}},
	check.RuleExpiredProfile: {policy: lax, file: program(keychain, []any{"A1B2C3D4E5.shared"}).Bytes(), edit: provisioned(func(p *profile.Profile) {
		p.Expires = time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	})},
	check.RuleUnauthorized: {policy: lax, file: program(keychain, []any{"A1B2C3D4E5.shared"}).Bytes(), edit: func(in *check.Input) {
		in.Binaries[0].Main, in.Binaries[0].Provisioning = true, &check.Provisioning{}
	}},
	check.RuleBeyondProfile: {policy: lax, file: program(keychain, []any{"26QKX55P9K.shared"}).Bytes(), edit: provisioned(func(*profile.Profile) {})},

	check.RuleUnresolvedSource: {policy: lax, edit: func(in *check.Input) {
		in.Unresolved = []source.Problem{{
			Kind: source.Unresolved, Place: place("Acme.xcodeproj/project.pbxproj", 84), Message: "CODE_SIGN_ENTITLEMENTS of target Acme (Release) is $(SIGN_WITH), which only a build knows",
			Hint: "name the file without variables other than SRCROOT, TARGET_NAME and what the project sets",
		}}
	}},
	check.RuleUnexpandedVariable: {policy: lax, edit: func(in *check.Input) {
		list := "<array><string>$(TeamIdentifierPrefix)com.acme.app</string></array>"
		in.Sources = []check.Source{entitlements("build/entitlements.mac.plist", strings.Replace(string(m.XML(jit, true)), "<true/>", list, 1))}
		in.Sources[0].Set = entitlement.Set{"com.apple.security.application-groups": in.Sources[0].Set[jit]}
		in.Sources[0].Lines = map[string]entitlement.Place{"com.apple.security.application-groups": {Line: 5, Column: 2}}
		in.Signings = []source.Signing{{Tool: source.ElectronBuilder, Target: "app", Place: place("package.json", 9), Files: []string{"build/entitlements.mac.plist"}}}
	}},
	check.RuleDropped:         {policy: lax, file: program().Bytes(), edit: acme(m.XML(jit, true))},
	check.RuleAdded:           {policy: lax, file: program(jit, true).Bytes(), edit: acme(m.XML())},
	check.RuleUnmatchedSource: {policy: lax, file: library().Bytes(), edit: acme(m.XML(jit, true))},

	check.RuleUnsigned:          {file: m.Binary{}.Bytes()},
	check.RuleNoHardenedRuntime: {file: signed(m.Signature{})},
	check.RuleTeamNotAllowed:    {policy: "version: 1\nstages:\n  release:\n    team-ids: [A1B2C3D4E5]\n", file: signed(m.Signature{TeamID: "26QKX55P9K"})},

	check.RuleNotNotarizable:   {policy: lax, file: program(debug, true).Bytes(), edit: func(in *check.Input) { in.Preflight = check.Notarization }},
	check.RuleUnmetRequirement: {policy: "version: 1\nstages:\n  release:\n    require: [developer-id]\n", file: program().Bytes(), edit: unverified},
	check.RuleUnauthenticated:  {policy: exception("", ""), file: program(jit, true).Bytes(), edit: unverified},

	check.RuleUntrustedPolicy: {policy: lax, file: program().Bytes(), edit: func(in *check.Input) {
		in.Base = &check.Base{Ref: "main", Commit: "4821abc0174e5d1f6f1b3b6d1ea0f3d1d5b1a9c2"}
	}},
	check.RuleMissingPolicy: {policy: lax, edit: func(in *check.Input) {
		in.Audit = &check.Audit{Missing: "there is no .github/codewarrant.yml on main (4821abc0174e)"}
	}},
	check.RuleBeyondBaseline: {policy: lax, edit: func(in *check.Input) {
		in.Audit = &check.Audit{Baseline: "macos/base.yml", Beyond: []policy.Change{{
			Direction: policy.Looser, Message: debug + ": allow, was deny, in every stage", Position: policy.Position{File: "codewarrant.yml", Line: 3, Column: 5},
		}}}
	}},
	check.RulePolicyRemark: {policy: "version: 1\nrules:\n  - entitlement: com.apple.security.cs.alow-jit\n    action: deny\n", edit: func(in *check.Input) {
		in.Audit = &check.Audit{Remarks: policy.Lint(in.Policy, in.At)}
	}},
	check.RuleMissingEntitlement: {
		policy: "version: 1\nsettings: {unlisted: allow}\nbinaries:\n  engine:\n    path: MacOS/Acme\n    require: " + jit + "\n", file: program().Bytes(),
	},
	check.RuleUnexpectedEntitlement: {
		policy: "version: 1\nsettings: {unlisted: allow}\nbinaries:\n  engine:\n    path: MacOS/Acme\n    exactly: " + jit + "\n", file: program(jit, true, debug, true).Bytes(),
	},

	check.RuleDenied:           {policy: "version: 1\nrules:\n  - entitlement: " + debug + "\n    action: deny\n", file: program(debug, true).Bytes()},
	check.RuleUnapproved:       {policy: "version: 1\nrules:\n  - entitlement: com.apple.security.cs.*\n    action: require-justification\n", file: program(jit, true).Bytes()},
	check.RuleInvalidException: {policy: exception("owner: \"@acme/desktop\"", "owner: \"\""), file: program(jit, true).Bytes()},
	check.RuleExpiredException: {policy: exception("2027-04-30", "2026-11-09"), file: program(jit, true).Bytes()},
	check.RulePending: {policy: exception("", ""), file: program(jit, true).Bytes(), edit: func(in *check.Input) {
		base := *in.Policy
		base.Exceptions = nil
		in.Policy, in.Pending = policy.Trusted(in.Policy, &base, nil)
		in.Base = &check.Base{Ref: "main", Commit: "4821abc0174e5d1f6f1b3b6d1ea0f3d1d5b1a9c2", Policy: "base:codewarrant.yml"}
	}},
	check.RuleExpiringSoon:    {policy: exception("2027-04-30", "2026-12-05"), file: program(jit, true).Bytes()},
	check.RuleUnusedException: {policy: exception("", ""), file: program().Bytes()},

	check.RuleRedundant:         {policy: lax, file: program(jit, true, unsigned, true).Bytes()},
	check.RuleUnknown:           {policy: lax, file: program("com.apple.security.network.clients", true).Bytes()},
	check.RuleInertEntitlements: {policy: lax, file: library(jit, true).Bytes()},
	check.RuleUnexpectedValue:   {policy: lax, file: program(jit, "true").Bytes()},
	check.RuleCodeInjection:     {policy: lax, file: program("com.apple.security.cs.allow-dyld-environment-variables", true, "com.apple.security.cs.disable-library-validation", true).Bytes()},

	check.RuleUnsupported:       {policy: exception("", ""), file: program(jit, true).Bytes(), edit: code(evidence.Code{})},
	check.RuleContradicted:      {policy: exception("javascript-engine", "regex-jit"), file: program(jit, true).Bytes(), edit: code(v8)},
	check.RuleBroaderThanNeeded: {policy: lax, file: program(unsigned, true).Bytes(), edit: code(v8)},
	check.RuleUnclaimedJIT:      {policy: lax, file: program().Bytes(), edit: code(v8)},
}

// v8 is what the code of a program with that engine says.
var v8 = evidence.Code{
	Items: []evidence.Item{
		{Need: evidence.MapJIT, Strength: evidence.Proves, Symbol: "_mmap", Address: 0x100a1b2c8, Text: "calls mmap with MAP_JIT on some path"},
	},
	Engines: []evidence.Engine{{Name: "V8", Version: "12.4.254.21", Category: "javascript-engine", Generates: true}},
}

// code says what the code of the program says.
func code(c evidence.Code) func(*check.Input) {
	return func(in *check.Input) { in.Binaries[0].Slices[0].Code = &c }
}

// provisioned gives the program a provisioning profile, in which something is changed.
func provisioned(change func(*profile.Profile)) func(*check.Input) {
	return func(in *check.Input) {
		p := &profile.Profile{
			Name: "Acme Developer ID", Teams: []string{"A1B2C3D4E5"}, Platforms: []string{"OSX"},
			Expires:      time.Date(2043, 6, 1, 9, 0, 0, 0, time.UTC),
			Entitlements: entitlement.Set{keychain: entitlement.List(entitlement.Str("A1B2C3D4E5.*")), "com.apple.application-identifier": entitlement.Str("A1B2C3D4E5.*")},
			AllDevices:   true, Certificates: make([][32]byte, 2),
		}
		change(p)
		b := &in.Binaries[0]
		b.Main, b.Provisioning = true, &check.Provisioning{Path: "Acme.app/Contents/embedded.provisionprofile", Profile: p}
	}
}

// acme puts a target of Xcode into the input that is signed with the XML.
func acme(xml []byte) func(*check.Input) {
	return func(in *check.Input) {
		in.Sources = []check.Source{entitlements("App/Acme.entitlements", string(xml))}
		in.Signings = []source.Signing{{
			Tool: source.Xcode, Target: "Acme", Configuration: "Release", Default: true, Place: place("Acme.xcodeproj/project.pbxproj", 84),
			Identifier: "com.acme.app", Type: "execute", BundleKind: "app", Files: []string{"App/Acme.entitlements"},
		}}
	}
}

func entitlements(path, xml string) check.Source {
	return check.Source{Path: path, Inside: path, Source: entitlement.ReadSource([]byte(xml))}
}

func place(file string, line int) source.Place {
	return source.Place{File: file, Place: entitlement.Place{Line: line, Column: 5}}
}

// authentication puts a problem into what the CMS was found to prove.
func authentication(p codesign.Problem) func(*check.Input) {
	return func(in *check.Input) {
		in.Binaries[0].Slices[0].Signature.Authentication = &codesign.Authentication{Problems: []codesign.Problem{p}}
	}
}

// unverified takes back that the CMS was verified.
func unverified(in *check.Input) { in.Binaries[0].Slices[0].Signature.Authentication = nil }

// exampleOf returns the finding of the rule that its example leads to.
func exampleOf(t *testing.T, rule string) check.Finding {
	t.Helper()
	ex, ok := examples[rule]
	if !ok {
		t.Fatal("no example")
	}
	in := check.Input{Policy: policyOf(t, ex.policy)}
	var err error
	if in.At, err = policy.ParseDate("2026-11-23"); err != nil {
		t.Fatal(err)
	}
	if in.Stage, err = in.Policy.Stage(policy.DefaultStage); err != nil {
		t.Fatal(err)
	}
	if ex.file != nil {
		in.Binaries = []check.Binary{binaryOf(t, ex.file, ex.plist)}
		for _, s := range in.Binaries[0].Slices { // as if the CMS had been verified
			if s.Signature != nil && s.Signature.CMSSize > 0 {
				s.Signature.Authentication = &codesign.Authentication{Kind: codesign.DeveloperID}
			}
		}
	}
	if ex.edit != nil {
		ex.edit(&in)
	}
	findings := check.Evaluate(in).Findings
	i := slices.IndexFunc(findings, func(f check.Finding) bool { return f.Rule == rule })
	if i < 0 {
		t.Fatalf("the example leads to other findings: %+v", findings)
	}
	return findings[i]
}

func policyOf(t *testing.T, src string) *policy.Policy {
	t.Helper()
	p, err := policy.Preset(policy.DefaultPreset)
	if src != "" {
		p, err = policy.Parse("codewarrant.yml", []byte(src))
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func binaryOf(t *testing.T, b, plist []byte) check.Binary {
	t.Helper()
	path := []string{"Acme.app/Contents/MacOS/Acme"}
	f, err := macho.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	bin := check.Binary{Paths: path, Inside: path, Size: int64(len(b)), Fat: f.Fat, Anomalies: f.Anomalies}
	for _, s := range f.Slices {
		slice := check.Slice{Slice: s}
		if s.Signature != nil {
			if slice.Signature, slice.SignatureErr = codesign.Read(bytes.NewReader(b), s); slice.Signature != nil {
				slice.InfoPlist = slice.Signature.InfoPlist(plist)
			}
		}
		bin.Slices = append(bin.Slices, slice)
	}
	return bin
}

// program is a main executable for arm64, signed and hardened, that claims keys and values.
func program(claims ...any) m.Binary {
	return m.Binary{Signature: &m.Signature{
		Identifier: "com.acme.app", TeamID: "A1B2C3D4E5", Flags: m.FlagRuntime, CMS: []byte("not looked into"),
		Entitlements: m.XML(claims...), EntitlementsDER: m.DER(claims...),
	}}
}

// intel is the same for x86_64, without claims.
func intel() m.Binary {
	b := program()
	b.CPU, b.SubCPU = m.CPUX86_64, m.SubX86All
	return b
}

// library is a library as signed as program.
func library(claims ...any) m.Binary {
	b := program(claims...)
	b.FileType = m.MHDylib
	return b
}

func signed(s m.Signature) []byte { return m.Binary{Signature: &s}.Bytes() }

// xml is a claim of allow-jit with a piece of its text replaced.
func xml(old, new string) []byte {
	return []byte(strings.Replace(string(m.XML(jit, true)), old, new, 1))
}

// exception is a policy with a complete exception, in which a piece is replaced.
func exception(old, new string) string {
	return strings.Replace(`version: 1
exceptions:
  - id: EXC-2026-014
    entitlement: com.apple.security.cs.allow-jit
    applies-to:
      identifier: com.acme.app
    category: javascript-engine
    justification: >-
      V8 in the renderer compiles JavaScript; jitless mode costs 6x on the
      editor benchmark.
    owner: "@acme/desktop"
    approved-by: ["@acme/product-security"]
    approved-on: 2026-11-02
    expires: 2027-04-30
`, old, new, 1)
}
