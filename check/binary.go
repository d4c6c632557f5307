package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/macho"
	"github.com/codewarrant/codewarrant/policy"
)

// binary judges one file and records it in the report.
func (e *evaluation) binary(b Binary) {
	for _, a := range b.Anomalies {
		e.add(anomaly(subject{paths: b.Paths}, a))
	}
	r := BinaryReport{Binary: b}
	var claims claimList
	subs := make([]subject, len(b.Slices))
	for i, s := range b.Slices {
		if subs[i] = e.subject(b, s); s.Err == nil {
			subs[i].weighed = e.weigh(subs[i], b, s)
		}
	}
	join(subs, b.Slices)
	for i, s := range b.Slices {
		sub := subs[i]
		e.container(sub, s)
		if s.Err != nil {
			continue
		}
		e.demands(sub, s)
		e.preflight(sub, s)
		if s.Signature != nil {
			e.exceptions.look(sub.target)
			e.signature(sub, s)
			e.infoPlist(sub, b, s)
			e.encodings(sub, s.Signature.Claims)
			e.advice(sub, s.Signature.Claims.Set)
			e.runtimeAdvice(sub, s)
			e.groups(sub, s.Signature.Claims.Set)
			e.provisioning(sub, b, s)
			claims.add(e.claims(sub, s.Signature.Claims.Set))
		}
	}
	e.slicesDiffer(b)
	e.inert(b)
	r.Claims = claims.sorted()
	e.report.Binaries = append(e.report.Binaries, r)
}

// subject is what a finding is about: a slice of a binary, or a source.
type subject struct {
	paths  []string
	arch   string // empty for a source
	target policy.Target
	groups policy.Membership
	places map[string]policy.Position // of a source's keys

	authenticated bool // the signature proves identifier and team
	variables     bool // a build replaces those in values

	weighed *weighed // what the code says; nil: nothing
}

// subject is a slice of a binary with all by which a policy may name it.
func (e *evaluation) subject(b Binary, s Slice) subject {
	sub := subject{paths: b.Paths, arch: s.Arch, target: policy.Target{Paths: b.Inside, Arch: s.Arch}}
	if b.Bundle != nil {
		sub.target.BundleKind = b.Bundle.Kind
	}
	if s.Err == nil {
		sub.target.Type = s.TypeName()
	}
	if s.Signature != nil {
		d := s.Signature.Directory()
		sub.target.Identifier, sub.target.TeamID, sub.target.CDHash = d.Identifier, d.TeamID, d.CDHash
		sub.target.Version = version(b, s)
		sub.authenticated = s.Signature.Authenticated()
	}
	sub.join(e.groupsOf(sub.target))
	return sub
}

// join notes the groups that the subject is in: those of all of its copies are part of the
// target that exceptions are matched against.
func (s *subject) join(m policy.Membership) { s.groups, s.target.Groups = m, m.All }

// version returns the version in the Info.plist that the signature binds, of the
// bundle whose main executable the slice is or inside of the slice; empty when it
// binds none.
func version(b Binary, s Slice) string {
	info := s.Info
	if b.Main && b.Bundle != nil {
		info = &b.Bundle.Info
	}
	if info == nil || s.InfoPlist != codesign.Bound {
		return ""
	}
	return cmp.Or(info.ShortVersion, info.Version)
}

// finding begins a finding about the subject.
//
//go:noinline // it is called in many places, and copied into none: it is never hot
func (s subject) finding(rule, message string) Finding {
	f := Finding{Rule: rule, Paths: s.paths, Message: message}
	if s.arch != "" {
		f.Archs = []string{s.arch}
	}
	return f
}

// about begins a finding about one claim of the subject.
func (s subject) about(rule, key string, v entitlement.Value, message string) Finding {
	f := s.finding(rule, message)
	f.Entitlement, f.Value, f.Risk, f.Position = key, &v, riskOf(key), s.places[key]
	f.Evidence = s.assess(key)
	return f
}

func riskOf(key string) string {
	if k, ok := entitlement.Lookup(key); ok {
		return k.Risk.String()
	}
	return ""
}

// anomaly tells what loaders read differently in a Mach-O file.
func anomaly(sub subject, a macho.Anomaly) Finding {
	f := sub.finding(RuleAmbiguousBinary, fmt.Sprintf("%s: %s", a.Kind, a.Detail))
	if a.Kind == macho.StrayBytes {
		f.Rule = RuleUncoveredBytes
	}
	f.Hint = "build the file anew with lipo or the linker; no tool writes this by itself"
	if a.Kind == macho.WideFatHeader {
		f.Hint = "build the file anew with lipo, without -fat64: the kernel starts no such file"
	}
	return f
}

// container tells what is wrong with a slice as a Mach-O image.
func (e *evaluation) container(sub subject, s Slice) {
	for _, a := range s.Anomalies {
		e.add(anomaly(sub, a))
	}
	if s.Err != nil {
		f := sub.finding(RuleUnreadable, s.Err.Error())
		f.Hint = unreadHint
		e.add(f)
	}
	if s.SignatureErr != nil {
		f := sub.finding(RuleMalformedSignature, s.SignatureErr.Error())
		f.Hint = "sign the file anew"
		e.add(f)
	}
}

// problemRules gives the rule for each kind of problem of a signature.
var problemRules = map[codesign.ProblemKind]string{
	codesign.Malformed:  RuleMalformedSignature,
	codesign.Ambiguous:  RuleAmbiguousSignature,
	codesign.Unbound:    RuleUnboundBlob,
	codesign.Missing:    RuleMissingBlob,
	codesign.Mismatch:   RuleSlotMismatch,
	codesign.Modified:   RuleModifiedCode,
	codesign.Uncovered:  RuleUncoveredBytes,
	codesign.Unverified: RuleUnreadable,
	codesign.Unusual:    RuleUnusualSignature,

	codesign.MalformedCMS:      RuleInvalidSignature,
	codesign.SignerCount:       RuleInvalidSignature,
	codesign.OtherContent:      RuleInvalidSignature,
	codesign.BadSignature:      RuleInvalidSignature,
	codesign.OtherSigner:       RuleInvalidSignature,
	codesign.BadTimestamp:      RuleInvalidSignature,
	codesign.OutsideValidity:   RuleInvalidSignature,
	codesign.TeamMismatch:      RuleInvalidSignature,
	codesign.AgilityMismatch:   RuleInvalidSignature,
	codesign.UnsignedDirectory: RuleInvalidSignature,
	codesign.Unsatisfied:       RuleInvalidSignature,
	codesign.UntrustedChain:    RuleUntrustedSigner,
	codesign.UnknownSigner:     RuleUntrustedSigner,
	codesign.Expired:           RuleUntrustedSigner,
}

// signature tells what is wrong with a signature, whatever the policy requires.
func (e *evaluation) signature(sub subject, s Slice) {
	problems := s.Signature.Problems
	if a := s.Signature.Authentication; a != nil {
		problems = slices.Concat(problems, a.Problems)
	}
	for _, p := range problems {
		f := sub.finding(problemRules[p.Kind], p.Detail)
		switch {
		case p.Kind == codesign.Unusual:
		case p.Kind == codesign.Unsatisfied && s.Signature.Authentication == nil:
			f.Rule = RuleUnusualSignature // nobody relies on that of ad hoc code
		case f.Rule == RuleUntrustedSigner:
			f.Hint = "sign it with a certificate that Apple issued, and with a secure timestamp"
			if e.in.Stage.Name == policy.Development {
				f.Level = policy.Note
			}
		default:
			f.Hint = "sign the file anew; if it comes from somebody else, ask them, and do not trust what it claims"
		}
		e.add(f)
	}
}

// infoPlist tells how the Info.plist relates to the signature: of the bundle whose
// main executable this is, else the one inside the code. That a file which was
// taken out of its bundle has none is no news.
func (e *evaluation) infoPlist(sub subject, b Binary, s Slice) {
	switch {
	case s.InfoPlist == codesign.WrongHash:
		f := sub.finding(RuleSlotMismatch, "the Info.plist is not the one that was signed (slot 1)")
		f.Hint = "sign the bundle after the last change to its Info.plist"
		e.add(f)
	case s.InfoPlist == codesign.NotPresent && b.Bundle != nil:
		f := sub.finding(RuleMissingBlob, "the signature binds an Info.plist (slot 1), and there is none in the bundle for this file")
		f.Hint = "hand over the bundle as it was signed; its Info.plist names the main executable"
		e.add(f)
	case s.InfoPlist == codesign.NotBound:
		e.add(sub.finding(RuleUnusualSignature, "the Info.plist is not bound by the signature, so nothing vouches for what it says"))
	}
}

// encodings tells how far the two encodings of the claims can be trusted.
func (e *evaluation) encodings(sub subject, c entitlement.Claims) {
	if c.XML != nil {
		for _, n := range c.XML.Notes {
			f := sub.finding(RuleSloppyEntitlements, fmt.Sprintf("XML entitlements, byte %d: %s", n.Offset, n.Text))
			if c.XML.Class == entitlement.Ambiguous {
				f.Rule = RuleAmbiguousEntitlements
				f.Hint = "what it may claim is judged as claimed; sign the file anew with a plain .entitlements file"
			}
			e.add(f)
		}
	}
	if c.DER != nil && c.DER.Err != nil {
		f := sub.finding(RuleMalformedEntitlements, "DER entitlements, "+c.DER.Err.Error())
		f.Hint = "what it may claim is judged as claimed; sign the file anew with a current tool"
		e.add(f)
	}
	if keys := c.Differ(); len(keys) > 0 {
		f := sub.finding(RuleEntitlementsDiffer, "the XML and the DER disagree on "+enumerate(keys))
		f.Hint = "macOS 12 and later obey the DER, earlier ones the XML; all of both is judged. Sign the file anew"
		e.add(f)
	}
}

// enumerate lists the first few of a list.
func enumerate(list []string) string {
	const most = 5
	if len(list) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
	}
	return strings.Join(list, ", ")
}

// slicesDiffer compares what the slices of a file are signed with: a user runs
// one of them, a reviewer looks at another.
func (e *evaluation) slicesDiffer(b Binary) {
	var code []Slice
	for _, s := range b.Slices {
		if s.Err == nil && s.SignatureErr == nil && s.IsSignable() {
			code = append(code, s)
		}
	}
	if len(code) < 2 {
		return
	}
	first := code[0]
	for _, s := range code[1:] {
		for _, what := range differences(first, s) {
			e.add(Finding{
				Rule: RuleSlicesDiffer, Paths: b.Paths, Archs: []string{first.Arch, s.Arch}, Message: what,
				Hint: "sign all slices in one run with the same options",
			})
		}
	}
}

func differences(a, b Slice) []string {
	if signed, other := a, b; (a.Signature == nil) != (b.Signature == nil) {
		if a.Signature == nil {
			signed, other = b, a
		}
		return []string{fmt.Sprintf("%s is signed and %s is not", signed.Arch, other.Arch)}
	}
	if a.Signature == nil {
		return nil
	}
	var list []string
	da, db := a.Signature.Directory(), b.Signature.Directory()
	if da.TeamID != db.TeamID {
		list = append(list, fmt.Sprintf("%s has team id %q, %s has %q", a.Arch, da.TeamID, b.Arch, db.TeamID))
	}
	if da.Flags != db.Flags {
		list = append(list, fmt.Sprintf("%s has flags %s, %s has %s", a.Arch, da.Flags, b.Arch, db.Flags))
	}
	sa, sb := a.Signature.Claims.Set, b.Signature.Claims.Set
	var keys []string
	for _, k := range entitlement.Union(sa, sb).Keys() {
		va, inA := sa[k]
		vb, inB := sb[k]
		if inA != inB || !va.Equal(vb) {
			keys = append(keys, k)
		}
	}
	if len(keys) > 0 {
		list = append(list, fmt.Sprintf("%s and %s differ in %s", a.Arch, b.Arch, enumerate(keys)))
	}
	return list
}
