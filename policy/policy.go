// Package policy is the language in which a team says which entitlements its
// code may claim: rules that allow, deny or ask for a justification, and
// exceptions that carry one.
//
// A policy is one YAML document. [Parse] keeps the position of every value and
// returns all errors at once; nothing in it is ignored: an unknown key, a
// duplicate key, a second document or an empty scope is an error. The package
// decides about single claims ([Policy.Decide], [Scope.Matches],
// [Exception.Defects]); package check puts the answers together.
package policy

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/codewarrant/codewarrant/entitlement"
)

// Policy is one parsed policy. Nothing changes it after [Parse]: what an
// exception was used for is derived by those who ask, never noted here.
type Policy struct {
	Name       string // where it came from, as named by the caller: a path, or preset:NAME
	SHA256     string // of the source bytes, lower-case hexadecimal
	ID         string // policy-id, to which signatures of approvals are bound; may be empty
	Extends    []Reference
	Settings   Settings
	Approvals  Approvals
	Stages     []Stage // in the order of the file; after Parse empty only if the policy extends another
	Groups     []Group
	Rules      []Rule
	Exceptions []Exception
	IDPosition Position // of the policy-id

	// Parents are the policies that this one extends, in the order of Extends. Their
	// rules go on to hold, see [Policy.Decide], which is why Rules are the policy's own
	// alone, as are those of Stages; all else of its parents is part of this policy
	// already. Empty after [Parse], which opens nothing; see [Load]. Those of [Trusted]
	// are the two policies that both hold.
	Parents []*Policy

	// Own is the policy as its own file has it, nil when nothing was merged into it.
	Own *Policy

	// Sources are the policy and all that it extends, each once, itself first. Empty
	// after Parse.
	Sources []Source
}

// Settings apply to the whole policy. Parse fills in the defaults.
type Settings struct {
	Unlisted         Action // what a key gets that no rule names; default RequireJustification
	MinJustification int    // characters; default 40
	MaxLifetime      int    // days from approved-on to expires; default 365
	WarnBeforeExpiry int    // days; default 30
	UnusedExceptions Level  // default Error
	OpaquePayloads   Level  // default Note
	FailOn           FailOn // default FailOnError

	// Overridable is whether a policy that extends this one may loosen what is set
	// here.
	Overridable bool
	// Fields has the place of each setting that is given, by its name in YAML.
	Fields map[string]Position
}

// Approvals says what proves that an exception was approved. The fields that name who
// approved it and when are always needed.
type Approvals struct {
	Accept         []Way  // any one of them is enough; Fields by default
	AllowedSigners string // the file of those who may sign, as [Reference].File; empty: none is named
	Threshold      int    // how many of them have to sign; 1 by default

	// ReviewTeams are the teams of which a member has to approve the pull request, as
	// ORGANISATION/TEAM on GitHub; one of them is enough.
	ReviewTeams []string

	Overridable bool
	Position    Position // of the key; zero when it is not given
	Fields      map[string]Position
}

// Way is a way in which an approval is proven.
type Way string

// The ways.
const (
	// Fields: the exception says who approved it. Nothing but a review of the policy
	// sees to it that it is true.
	Fields Way = "fields"

	// Base: the exception counts as it stands in the branch that the change is to be
	// merged into, see [Trusted].
	Base Way = "base"

	// SignedBy: those who may sign have signed the exception.
	SignedBy Way = "signed"

	// Review: the exception counts as it stands in the branch that the change is to be
	// merged into, as with Base, and before that when a member of the review teams has
	// approved the pull request that brings it.
	Review Way = "review"
)

// Action is what a rule says of an entitlement.
type Action string

// The actions, from lax to strict. Deny cannot be excepted.
const (
	Allow                Action = "allow"
	RequireJustification Action = "require-justification"
	Deny                 Action = "deny"
)

// Level says how much a finding weighs; it is what gates.
type Level string

// The levels, worst first.
const (
	Error   Level = "error"
	Warning Level = "warning"
	Note    Level = "note"
)

// Rank is the place of a level among all, the worst first, and one behind them for what is none.
func (l Level) Rank() int {
	if i := slices.Index(levels, l); i >= 0 {
		return i
	}
	return len(levels)
}

// FailOn is the lowest level at which findings fail a check.
type FailOn string

// The values of FailOn.
const (
	FailOnError   FailOn = "error"
	FailOnWarning FailOn = "warning"
	FailOnNever   FailOn = "never"
)

// Requirement is a demand of a stage on the code itself.
type Requirement string

// The requirements.
const (
	// Signed: every executable and library slice carries a code signature.
	// Object files, dSYMs and core files are never signed and are passed over.
	Signed Requirement = "signed"

	// HardenedRuntime: every main executable (MH_EXECUTE) has the
	// hardened-runtime flag, CS_RUNTIME; it counts for the whole process.
	HardenedRuntime Requirement = "hardened-runtime"

	// Valid: the signature is made by a certificate that leads to Apple, its
	// timestamp, if it has one, holds, and everything it covers is as it was signed.
	Valid Requirement = "valid"

	// DeveloperID: valid, and by a Developer ID Application certificate.
	DeveloperID Requirement = "developer-id"

	// AppleDistribution: valid, and by an Apple Distribution certificate.
	AppleDistribution Requirement = "apple-distribution"

	// SecureTimestamp: valid, and with a timestamp of Apple's service.
	SecureTimestamp Requirement = "secure-timestamp"

	// NotAdHoc: the signature has a signer, whoever that is.
	NotAdHoc Requirement = "not-ad-hoc"

	// LibraryValidation: every main executable has the library-validation flag, or
	// the hardened runtime without an entitlement that turns validation off.
	LibraryValidation Requirement = "library-validation"
)

// DefaultStage is the stage of a check that names none.
const DefaultStage = "release"

// Development is the stage in which exceptions hold for code that is not
// authenticated, too: builds of pull requests are ad hoc or not signed.
const Development = "development"

// Stage is a moment in the life of a build and what code must show in it.
type Stage struct {
	Name     string
	Require  []Requirement // empty: nothing is required of the code
	TeamIDs  []string      // when not empty: the team ids that signed code may carry
	Rules    []Rule        // where one of them matches, it wins over the policy's rules
	Position Position      // of the stage's name; zero for a built-in stage

	// Overridable is whether a policy that extends this one may demand less.
	Overridable bool

	// MinRuntimeVersion is the lowest version of the hardened runtime that main
	// executables may name, as dotted numbers; empty: any.
	MinRuntimeVersion string

	// Fields has the place of each key that is given, by its name in YAML.
	Fields map[string]Position
}

// Rule gives an action to entitlements.
type Rule struct {
	Entitlements []Pattern // at least one
	Action       Action
	Level        Level      // of findings about claims that it denies or finds unapproved; empty: Error
	Categories   []Category // of exceptions that it takes; nil: all
	MaxLifetime  int        // days, as in Settings; 0: what the settings say
	Evidence     Evidence   // that its exceptions need; empty: EvidenceReported
	Overridable  bool       // whether a policy that extends this one may loosen it
	Position     Position   // of the rule's first key
}

// Evidence says what becomes of evidence that code needs what it claims, where the policy
// asks for a justification.
type Evidence string

// The values of Evidence, from strict to lax.
const (
	// EvidenceRequired: an exception approves a claim only when the code shows evidence
	// that it is needed.
	EvidenceRequired Evidence = "required"

	// EvidenceReported: evidence is told, and an exception without any is told as a
	// warning.
	EvidenceReported Evidence = "reported"

	// EvidenceOff: evidence is not told.
	EvidenceOff Evidence = "off"
)

// Pattern names entitlements: an exact key, or a glob in which each * stands
// for any run of characters. There are no other metacharacters, and keys are
// compared byte for byte. See [Pattern.Match].
type Pattern string

// Exception permits one entitlement for a scope, for a reason and for a time.
type Exception struct {
	ID            string
	Entitlement   string             // one exact key
	Value         *entitlement.Value // the one value; nil: any that Values and Matches take
	Values        []entitlement.Value
	Matches       []Pattern // of strings; see Covers
	AppliesTo     Scope
	Category      Category
	Justification string
	Owner         string
	ApprovedBy    []string
	ApprovedOn    Date
	Ticket        string
	Expires       Date // the last day it holds

	CompensatingControls []string
	Renewals             []Renewal // former approvals, oldest first
	Signatures           []string  // armoured, as ssh-keygen -Y sign writes them

	PolicyID   string              // of the policy that it stands in
	Repository string              // on GitHub that this was read from, OWNER/NAME; empty: the one that is checked out
	Groups     map[string]Scope    // what AppliesTo.Binaries names, as the policy defines it
	Position   Position            // of the exception's first key
	Fields     map[string]Position // of each key that is given, by its name in YAML; of groups, as binaries/NAME
}

// Renewal is an approval that was followed by another one.
type Renewal struct {
	ApprovedBy []string
	ApprovedOn Date
	Expires    Date
}

// Scope says which binaries and sources an exception is for. Every field that
// is given must match; within a field any one of the values does. Parse refuses
// a scope with no field.
type Scope struct {
	Path       []string // globs, see Scope.Matches
	Identifier []string // exact code-signing identifiers
	TeamID     []string // exact
	Arch       []string // exact, such as arm64
	Type       []string // exact, of Types
	BundleKind []string // exact, of BundleKinds
	Versions   []VersionRange
	CDHash     []string // exact, 40 hexadecimal digits in lower case
	Binaries   []string // names of groups
}

// Target is what a scope is matched against: one slice of a binary, or an
// .entitlements source, of which only the paths are known.
type Target struct {
	Paths      []string // slash-separated, inside the artifact, without a leading slash
	Identifier string   // code-signing identifier; empty when there is none
	TeamID     string   // empty when there is none
	Arch       string   // such as arm64; empty when there is none
	Type       string   // such as execute; empty when there is none
	BundleKind string   // of the innermost bundle; empty outside of bundles
	Version    string   // of the bundle, where the signature vouches for it; else empty
	CDHash     string   // 40 hexadecimal digits; empty when there is none
	Groups     []string // that all of it is in, see [Membership]
}

// Category says for what kind of need an exception is.
type Category string

// The closed list of categories.
const (
	JavaScriptEngine Category = "javascript-engine"
	LanguageRuntime  Category = "language-runtime"
	RegexJIT         Category = "regex-jit"
	MacroLanguage    Category = "macro-language"
	Emulator         Category = "emulator"
	PlugInHost       Category = "plug-in-host"
	Debugger         Category = "debugger"
	DRM              Category = "drm"
	Other            Category = "other"
)

// Position is a place in a file. Line and Column count from 1, columns in
// characters; a zero Line means that no place in the file is meant.
type Position struct {
	File   string
	Line   int
	Column int
}

// String returns file:line:column, or the file alone when Line is zero.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// compare orders positions of one file as they come in it.
func (p Position) compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}
