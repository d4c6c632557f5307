package check

import (
	"slices"

	"github.com/codewarrant/codewarrant/policy"
)

// Rule is one kind of finding. Its page is docs/rules/ID.md.
type Rule struct {
	ID         string
	Level      policy.Level // unless a policy's settings say otherwise
	Title      string       // what is the matter, a few words
	Unreadable bool         // something could not be read: exit status 3
}

// The ids of the rules.
const (
	// What could not be read.
	RuleUnreadable            = "unreadable"
	RuleMalformedSignature    = "malformed-signature"
	RuleMalformedEntitlements = "malformed-entitlements"
	RuleUnsupportedFileSystem = "unsupported-filesystem"
	RuleNoBinaries            = "no-binaries"

	// What readers disagree on, or what nothing vouches for.
	RuleAmbiguousBinary       = "ambiguous-binary"
	RuleAmbiguousSignature    = "ambiguous-signature"
	RuleAmbiguousEntitlements = "ambiguous-entitlements"
	RuleEntitlementsDiffer    = "entitlements-differ"
	RuleUnboundBlob           = "unbound-blob"
	RuleMissingBlob           = "missing-blob"
	RuleSlotMismatch          = "slot-mismatch"
	RuleModifiedCode          = "modified-code"
	RuleUncoveredBytes        = "uncovered-bytes"
	RuleBrokenSeal            = "broken-seal"
	RuleSymlinksFlattened     = "symlinks-flattened"
	RuleInvalidSignature      = "invalid-signature"
	RuleUntrustedSigner       = "untrusted-signer"
	RuleUnusualSignature      = "unusual-signature"
	RuleSloppyEntitlements    = "sloppy-entitlements"
	RuleSlicesDiffer          = "slices-differ"
	RuleLinkOutside           = "link-outside"
	RuleAmbiguousArchive      = "ambiguous-archive"
	RuleOpaquePayload         = "opaque-payload"
	RuleInstallerScript       = "installer-script"
	RuleTeamsDiffer           = "teams-differ"

	// What authorizes the claims of a program.
	RuleInvalidProfile     = "invalid-profile"
	RuleForeignProfile     = "foreign-profile"
	RuleSignerNotInProfile = "signer-not-in-profile"
	RuleExpiredProfile     = "expired-profile"
	RuleUnauthorized       = "unauthorized-entitlement"
	RuleBeyondProfile      = "entitlement-beyond-profile"

	// What sources leave open, and what becomes of them in signing.
	RuleUnresolvedSource   = "unresolved-source"
	RuleUnexpandedVariable = "unexpanded-variable"
	RuleDropped            = "dropped-entitlement"
	RuleAdded              = "added-entitlement"
	RuleUnmatchedSource    = "unmatched-source"

	// What a stage, or a service, demands of the code.
	RuleUnsigned          = "unsigned"
	RuleNoHardenedRuntime = "no-hardened-runtime"
	RuleTeamNotAllowed    = "team-not-allowed"
	RuleUnmetRequirement  = "unmet-requirement"
	RuleNotNotarizable    = "not-notarizable"

	// What the policy says of claims.
	RuleUntrustedPolicy       = "untrusted-policy"
	RuleMissingPolicy         = "missing-policy"
	RuleBeyondBaseline        = "beyond-baseline"
	RulePolicyRemark          = "policy-remark"
	RuleMissingEntitlement    = "missing-entitlement"
	RuleUnexpectedEntitlement = "unexpected-entitlement"

	RuleDenied           = "denied-entitlement"
	RuleUnapproved       = "unapproved-entitlement"
	RuleInvalidException = "invalid-exception"
	RuleExpiredException = "expired-exception"
	RuleUnauthenticated  = "unauthenticated-exception"
	RulePending          = "pending-exception"
	RuleExpiringSoon     = "exception-expires-soon"
	RuleUnusedException  = "unused-exception"

	// Advice on claims.
	RuleRedundant         = "redundant-entitlement"
	RuleUnknown           = "unknown-entitlement"
	RuleUnexpectedValue   = "unexpected-value"
	RuleInertEntitlements = "inert-entitlements"
	RuleCodeInjection     = "code-injection"

	// What the code says of claims.
	RuleUnsupported       = "unsupported-exception"
	RuleContradicted      = "contradicted-exception"
	RuleBroaderThanNeeded = "broader-than-needed"
	RuleUnclaimedJIT      = "unclaimed-jit"
)

var rules = []Rule{
	{RuleUnreadable, policy.Error, "Something could not be read", true},
	{RuleMalformedSignature, policy.Error, "Malformed code signature", true},
	{RuleMalformedEntitlements, policy.Error, "Malformed DER entitlements", true},
	{RuleUnsupportedFileSystem, policy.Error, "Disk image or volume that is not read", true},
	{RuleNoBinaries, policy.Error, "Nothing to check was found", true},

	{RuleAmbiguousBinary, policy.Error, "Mach-O file that loaders read differently", false},
	{RuleAmbiguousSignature, policy.Error, "Code signature that readers take differently", false},
	{RuleAmbiguousEntitlements, policy.Error, "Entitlements that parsers read differently", false},
	{RuleEntitlementsDiffer, policy.Error, "XML and DER entitlements differ", false},
	{RuleUnboundBlob, policy.Error, "Blob that the signature does not cover", false},
	{RuleMissingBlob, policy.Error, "Blob that the signature covers is missing", false},
	{RuleSlotMismatch, policy.Error, "Content is not what was signed", false},
	{RuleModifiedCode, policy.Error, "Code is not what was signed", false},
	{RuleUncoveredBytes, policy.Error, "Bytes that no signature covers", false},
	{RuleBrokenSeal, policy.Error, "Bundle that is not as it was sealed", false},
	{RuleSymlinksFlattened, policy.Warning, "Links of a bundle that became copies", false},
	{RuleInvalidSignature, policy.Error, "Signature that does not verify", false},
	{RuleUntrustedSigner, policy.Error, "Signer whom Apple does not vouch for", false},
	{RuleUnusualSignature, policy.Note, "Unusual code signature", false},
	{RuleSloppyEntitlements, policy.Note, "Entitlements in a form that codesign does not write", false},
	{RuleSlicesDiffer, policy.Warning, "Slices of one binary differ", false},
	{RuleLinkOutside, policy.Warning, "Link that leads out of the artifact", false},
	{RuleAmbiguousArchive, policy.Error, "Archive that readers take differently", false},
	{RuleOpaquePayload, policy.Note, "Packed code that is not read", false},
	{RuleInstallerScript, policy.Note, "Script that the Installer runs", false},
	{RuleTeamsDiffer, policy.Warning, "Package with the code of another team", false},

	{RuleInvalidProfile, policy.Error, "Provisioning profile that does not verify", false},
	{RuleForeignProfile, policy.Error, "Provisioning profile that is for other code", false},
	{RuleSignerNotInProfile, policy.Error, "Signer who is not in the provisioning profile", false},
	{RuleExpiredProfile, policy.Error, "Provisioning profile that has expired", false},
	{RuleUnauthorized, policy.Error, "Entitlement that no provisioning profile authorizes", false},
	{RuleBeyondProfile, policy.Error, "Entitlement beyond what the provisioning profile allows", false},

	{RuleUnresolvedSource, policy.Error, "Source that only a build knows", false},
	{RuleUnexpandedVariable, policy.Error, "Variable that is signed as it is written", false},
	{RuleDropped, policy.Error, "Entitlement that was lost in signing", false},
	{RuleAdded, policy.Warning, "Entitlement that no source claims", false},
	{RuleUnmatchedSource, policy.Note, "Source and binary that were not compared", false},

	{RuleUnsigned, policy.Error, "Code is not signed", false},
	{RuleNoHardenedRuntime, policy.Error, "Hardened Runtime is off", false},
	{RuleTeamNotAllowed, policy.Error, "Code of a team that is not allowed", false},
	{RuleUnmetRequirement, policy.Error, "Demand of the stage that is not met", false},
	{RuleNotNotarizable, policy.Error, "Code that Apple's notary service rejects", false},

	{RuleUntrustedPolicy, policy.Warning, "Policy that is not merged yet", false},
	{RuleMissingPolicy, policy.Error, "Repository without a policy", false},
	{RuleBeyondBaseline, policy.Error, "Policy that permits more than the baseline", false},
	{RulePolicyRemark, policy.Warning, "Remark on the policy itself", false},
	{RuleMissingEntitlement, policy.Error, "Entitlement that has to be there and is not", false},
	{RuleUnexpectedEntitlement, policy.Error, "Entitlement outside of a closed list", false},
	{RuleDenied, policy.Error, "Entitlement that the policy denies", false},
	{RuleUnapproved, policy.Error, "Entitlement without an approved justification", false},
	{RuleInvalidException, policy.Error, "Exception that approves nothing", false},
	{RuleExpiredException, policy.Error, "Exception that has run out", false},
	{RuleUnauthenticated, policy.Error, "Exception for code that is not authenticated", false},
	{RulePending, policy.Error, "Exception that is not merged yet", false},
	{RuleExpiringSoon, policy.Warning, "Exception that runs out soon", false},
	{RuleUnusedException, policy.Error, "Exception that nothing needs", false},

	{RuleRedundant, policy.Note, "Entitlement that another one includes", false},
	{RuleUnknown, policy.Warning, "Entitlement that Apple does not document", false},
	{RuleUnexpectedValue, policy.Warning, "Entitlement with a value of another type", false},
	{RuleInertEntitlements, policy.Note, "Entitlements where they do nothing", false},
	{RuleCodeInjection, policy.Warning, "Program into which anybody may load code", false},

	{RuleUnsupported, policy.Warning, "Exception that nothing in the code supports", false},
	{RuleContradicted, policy.Warning, "Exception of another category than the code", false},
	{RuleBroaderThanNeeded, policy.Warning, "Entitlement where a narrower one should do", false},
	{RuleUnclaimedJIT, policy.Warning, "Code that maps memory for a JIT and may not", false},
}

// Rules returns all rules, in the order of the documentation.
func Rules() []Rule { return slices.Clone(rules) }

// RuleByID returns the rule of that id, and whether there is one.
func RuleByID(id string) (Rule, bool) {
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, false
	}
	return rules[i], true
}
