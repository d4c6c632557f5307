package report

import (
	"slices"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/compare"
)

// remarked are the rules for what an artifact has beside its code.
var remarked = []string{
	check.RuleLinkOutside, check.RuleBrokenSeal, check.RuleAmbiguousArchive, check.RuleOpaquePayload, check.RuleInstallerScript,
	check.RuleAmbiguousBinary, check.RuleAmbiguousEntitlements, check.RuleEntitlementsDiffer, check.RuleSymlinksFlattened,
}

// Side returns what a document says of a build.
func (d *Document) Side() compare.Side {
	side := compare.Side{Full: d.Verify == "full"}
	for _, b := range d.Binaries {
		side.Subjects = append(side.Subjects, binarySide(b))
	}
	for _, p := range d.Packages {
		side.Subjects = append(side.Subjects, packageSide(p))
	}
	for _, s := range d.Sources {
		side.Subjects = append(side.Subjects, compare.Subject{
			Kind: compare.Source, Paths: []string{s.Path}, Inside: []string{check.Inside(s.Path)},
			Slices: []compare.Slice{{Claims: claimsSide(s.Claims)}},
		})
	}
	unread := false
	for _, f := range d.Findings {
		rule, known := check.RuleByID(f.Rule)
		switch path := first(f.Paths); {
		case known && rule.Unreadable:
			unread = true
			side.Unread = append(side.Unread, compare.Unread{Path: path, Message: f.Message})
		case slices.Contains(remarked, f.Rule):
			side.Remarks = append(side.Remarks, compare.Remark{Rule: f.Rule, Path: path, Message: f.Message})
		}
	}
	if d.Result == check.Unreadable && !unread {
		side.Unread = append(side.Unread, compare.Unread{Message: "the report says that something could not be read"})
	}
	return side
}

func binarySide(b jsonBinary) compare.Subject {
	s := compare.Subject{Kind: compare.Binary, Paths: b.Paths, Inside: b.Inside}
	claims := map[string][]compare.Claim{}
	for i, c := range claimsSide(b.Claims) {
		for _, arch := range b.Claims[i].Archs {
			claims[arch] = append(claims[arch], c)
		}
	}
	for _, slice := range b.Slices {
		s.Slices = append(s.Slices, sliceSide(slice, claims[slice.Arch]))
	}
	return s
}

func sliceSide(s jsonSlice, claims []compare.Claim) compare.Slice {
	out := compare.Slice{Arch: s.Arch, Type: s.Type, Signing: s.Signing}
	switch {
	case s.Signing == "unreadable":
		out.Unreadable = "not readable"
		for _, why := range []string{s.SignatureError, s.Error} {
			if why != "" {
				out.Unreadable = why
			}
		}
		return out
	case s.Signature == nil:
		return out
	}
	sig := s.Signature
	out.Identifier, out.Team, out.Flags, out.Runtime = sig.Identifier, sig.TeamID, codesign.Flags(sig.Flags.Value), sig.RuntimeVersion
	out.Requirement, out.Authenticated, out.Problems = sig.Requirement, sig.Authenticated, problemsSide(sig.Problems)
	authenticationSide(&out, sig.Authentication)
	out.Claims = claims
	return out
}

func authenticationSide(s *compare.Slice, a *jsonAuthentication) {
	if a == nil {
		return
	}
	s.Signer, s.SignerKind, s.Timestamp = a.Signer, string(a.Kind), a.Timestamp != ""
	s.Problems = append(s.Problems, problemsSide(a.Problems)...)
}

func packageSide(p jsonPackage) compare.Subject {
	s := compare.Slice{Type: "package", Signing: map[bool]string{true: "cms", false: "unsigned"}[p.Signed], Authenticated: p.Authenticated}
	if p.Authenticated && p.Authentication != nil {
		s.Team = p.Authentication.TeamID
	}
	authenticationSide(&s, p.Authentication)
	return compare.Subject{Kind: compare.Package, Paths: []string{p.Path}, Inside: []string{check.Inside(p.Path)}, Slices: []compare.Slice{s}}
}

func problemsSide(list []jsonProblem) []compare.Problem {
	var out []compare.Problem
	for _, p := range list {
		out = append(out, compare.Problem{Kind: string(p.Kind), Detail: p.Detail})
	}
	return out
}

func claimsSide(claims []jsonClaim) []compare.Claim {
	var out []compare.Claim
	for _, c := range claims {
		claim := compare.Claim{Entitlement: c.Entitlement, Value: c.Value}
		if c.Evidence != nil {
			claim.Evidence = c.Evidence.Strength
		}
		out = append(out, claim)
	}
	return out
}
