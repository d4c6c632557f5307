package policy

import (
	"fmt"
	"slices"
)

// evident are the entitlements for which code can show evidence: the exceptions of the
// Hardened Runtime that are about memory, libraries and other processes. What lets
// debuggers attach to a program is nothing that its code needs.
var evident = []string{
	"com.apple.security.cs.allow-jit",
	"com.apple.security.cs.allow-unsigned-executable-memory",
	"com.apple.security.cs.disable-executable-page-protection",
	"com.apple.security.cs.disable-library-validation",
	"com.apple.security.cs.allow-dyld-environment-variables",
	"com.apple.security.cs.debugger",
}

// EvidentKeys returns the closed list of entitlements for which code can show evidence
// that they are needed, in the order of the documentation.
func EvidentKeys() []string { return slices.Clone(evident) }

// isEvident reports whether the pattern names an entitlement for which code can show
// evidence.
func (p Pattern) isEvident() bool { return slices.ContainsFunc(evident, p.Match) }

// idleEvidence tells of the policy's own rules that say something of evidence where there
// is never any: where they require it, no exception approves what they name.
func (p *Policy) idleEvidence() []Remark {
	var remarks []Remark
	for _, in := range p.ruleLists() {
		for _, r := range *in.rules {
			mute := slices.DeleteFunc(slices.Clone(r.Entitlements), Pattern.isEvident)
			all := len(mute) == len(r.Entitlements)
			switch {
			case r.Evidence == EvidenceRequired && len(mute) > 0:
				remarks = append(remarks, Remark{Warning, "", "rules", r.Position, fmt.Sprintf(
					"the rule for %s: evidence required is never met for %s, for which code shows none, so that no exception approves it: leave it out, or say deny",
					quote(joined(r.Entitlements)), quote(joined(mute)))})
			case r.Evidence != EvidenceRequired && r.Evidence != "" && all:
				remarks = append(remarks, Remark{Note, "", "rules", r.Position, fmt.Sprintf(
					"the rule for %s: evidence %s has no effect, as code shows none for what it names: remove it", quote(joined(r.Entitlements)), r.Evidence)})
			}
		}
	}
	return remarks
}
