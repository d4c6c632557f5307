// Package check holds what was read from binaries and sources against a policy.
//
// It is pure: plain values and a date in, a [Report] out. It opens no file, knows
// no clock and prints nothing; equal inputs give equal reports, whatever order the
// work was done in.
package check

import (
	"slices"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/macho"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/profile"
	"github.com/codewarrant/codewarrant/seal"
)

// Binary is one Mach-O file, or several identical copies of it in one bundle.
type Binary struct {
	Paths  []string // as a person follows them; ascending, never empty
	Inside []string // the same inside their artifact, as policies match them
	Bundle *Bundle  // the innermost bundle around it, nil for none
	Outer  string   // path of the outermost bundle around it, empty for none
	Main   bool     // whether it is that bundle's main executable
	Given  bool     // whether it is a file that was given by name
	Part   bool     // whether it was met below a folder that only bundles have
	Size   int64    // bytes
	Fat    bool

	Slices    []Slice
	Anomalies []macho.Anomaly // of the fat header

	// Framework is what was found of the folder around the versions of a framework, of
	// which Bundle is one; nil when it is not, or was not looked at.
	Framework *Framework

	// Seal is what was found of the bundle's other files; nil when it was not
	// looked at, as for what is not a bundle's main executable.
	Seal *seal.Result

	// Provisioning is what authorizes the claims of a program; nil when it was not
	// looked for, as with --verify=slots and for what is no program.
	Provisioning *Provisioning
}

// Provisioning is the provisioning profile of the bundle whose main executable a
// program is. The zero value says that there is none.
type Provisioning struct {
	Path    string           // of the file
	Profile *profile.Profile // nil: there is none, or Err says why it could not be read
	Err     error
}

// Framework is the folder of a framework around its versions.
type Framework struct {
	Path string
	Seal seal.Result
}

// Bundle is a bundle and what its Info.plist says of it.
type Bundle struct {
	Path string
	Kind string // app, framework, xpc, …
	Info
}

// Info is what an Info.plist says of the code it goes with. It is the word of
// whoever wrote the file; the signature may bind it.
type Info struct {
	Identifier   string // CFBundleIdentifier
	Version      string // CFBundleVersion
	ShortVersion string // CFBundleShortVersionString
}

// Slice is the part of a binary for one architecture.
type Slice struct {
	macho.Slice
	Signature    *codesign.Signature // nil: unsigned, or SignatureErr says why not
	SignatureErr error               // why the signature could not be read
	InfoPlist    codesign.Binding    // of the bundle's Info.plist or the slice's own
	Info         *Info               // what the slice's own Info.plist says; nil: it has none
	Code         *evidence.Code      // what the code itself says; nil: not looked at
	Resources    codesign.Binding    // of the bundle's CodeResources, if there is one; empty: not looked at
}

// Package is an installer package, or a disk image. The code in it is among the binaries,
// below its path.
type Package struct {
	Path      string
	Size      int64
	Image     bool     // it is a disk image
	Algorithm string   // of the checksum of the table of contents, which is signed: sha1, sha256, sha512
	Signed    bool     // whether there is a signature at all
	Uncovered []string // the first few files that it does not cover

	// Authentication is what the signatures prove; nil when there are none, or when they
	// were not looked at, as with --verify=slots.
	Authentication *codesign.Authentication

	// Of a disk image: what its CodeDirectory says, and what is wrong with what that covers;
	// or why the signature could not be read.
	Identifier, CDHash string
	AdHoc              bool
	Problems           []codesign.Problem
	SignatureErr       error
}

// Authenticated reports whether it is proven who signed the package, and that it is what
// was signed.
func (p Package) Authenticated() bool {
	return p.Authentication != nil && p.Authentication.OK() &&
		!slices.ContainsFunc(p.Problems, func(p codesign.Problem) bool { return p.Kind != codesign.Unusual })
}

// noun says what it is.
func (p Package) noun() string {
	if p.Image {
		return "disk image"
	}
	return "package"
}

// Source is one .entitlements file, the input of signing, or a project that claims
// entitlements itself.
type Source struct {
	Path    string // as a person follows it
	Inside  string // as policies match it: below the folder that the check runs in
	Project bool   // it is no .entitlements file
	entitlement.Source
}

// Unread is something that was met and could not be looked at.
type Unread struct {
	Path string
	Err  error
	Hint string // what to do; empty: the general advice

	Position policy.Position // in a policy that cannot be used; zero: none
}

// Remark is something that was met on the way to the binaries and is a finding of its
// own: a link that leads out of the artifact, a bundle that nothing vouches for, an
// archive that readers take differently, something packed that is not read, or a script
// that the Installer runs.
type Remark struct {
	Rule    string // RuleLinkOutside, RuleBrokenSeal, RuleAmbiguousArchive, RuleOpaquePayload or RuleInstallerScript
	Path    string
	Message string
}

// Unsupported reports whether one of the remarks says that a disk image or a volume was not
// read, which is as much as that something could not be.
func Unsupported(remarks []Remark) bool {
	return slices.ContainsFunc(remarks, func(r Remark) bool { return r.Rule == RuleUnsupportedFileSystem })
}
