package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/inorder"
	"github.com/codewarrant/codewarrant/policy"
)

// packages judges the installer packages and disk images, by the stage alone: groups are of binaries.
func (e *evaluation) packages(code []Binary) {
	list := inorder.Copied(e.in.Packages, func(a, b Package) int { return strings.Compare(a.Path, b.Path) })
	e.report.Packages = list
	for _, p := range list {
		e.installer(p, code)
	}
}

// finding begins a finding about the package.
//
//go:noinline // it is called in many places, and copied into none: it is never hot
func (p Package) finding(rule, message string) Finding {
	return Finding{Rule: rule, Paths: []string{p.Path}, Message: message}
}

// covers reports whether a path leads into the package.
func (p Package) covers(path string) bool { return strings.HasPrefix(path, p.Path+"/") }

// installer judges one package.
func (e *evaluation) installer(p Package, code []Binary) {
	if p.Image {
		e.image(p, code)
		return
	}
	e.preflightPackage(p)
	if !p.Signed {
		e.unsignedPackage(p)
		return
	}
	if a := p.Authentication; a != nil {
		for _, problem := range a.Problems {
			e.packageProblem(p, problem)
		}
	}
	if len(p.Uncovered) > 0 {
		f := p.finding(RuleUncoveredBytes, fmt.Sprintf("the table of contents, which is what is signed, has no checksum of %s", enumerate(p.Uncovered)))
		f.Hint = "build the package anew with pkgbuild or productbuild"
		e.add(f)
	}
	for _, r := range e.in.Stage.Require {
		e.demandPackage(p, r)
	}
	e.packageTeam(p)
	e.teamsDiffer(p, code)
}

// image judges one disk image. Nothing asks for a signature of one: the system looks at what
// is on it. One that is there has to hold, and be of a team that may sign.
func (e *evaluation) image(p Package, code []Binary) {
	if p.SignatureErr != nil {
		f := p.finding(RuleMalformedSignature, p.SignatureErr.Error())
		f.Hint = imageHint
		e.add(f)
		return
	}
	for _, problem := range p.Problems {
		e.packageProblem(p, problem)
	}
	a := p.Authentication
	if a == nil { // unsigned, signed by nobody, or not looked at
		return
	}
	for _, problem := range a.Problems {
		e.packageProblem(p, problem)
	}
	for _, r := range e.in.Stage.Require {
		e.demandPackage(p, r)
	}
	e.packageTeam(p)
	e.teamsDiffer(p, code)
}

const imageHint = "sign the image anew with codesign, as the last step; if it comes from somebody else, ask them, and do not open it"

func (e *evaluation) packageProblem(p Package, problem codesign.Problem) {
	f := p.finding(problemRules[problem.Kind], problem.Detail)
	switch f.Rule {
	case RuleUnusualSignature:
	case RuleUntrustedSigner:
		f.Hint = "sign it with a Developer ID Installer certificate, and with a secure timestamp (productsign --timestamp)"
		if p.Image {
			f.Hint = "sign it with a Developer ID Application certificate, and with a secure timestamp (codesign --timestamp)"
		}
		if e.in.Stage.Name == policy.Development {
			f.Level = policy.Note
		}
	default:
		f.Hint = "sign the package anew; if it comes from somebody else, ask them, and do not install it"
		if p.Image {
			f.Hint = imageHint
		}
	}
	e.add(f)
}

// unsignedPackage tells of a package without a signature: an error where the stage
// demands one, unless a package around it that somebody is proven to have signed has its
// checksum. There are no ad hoc signatures of packages, so that in development "signed"
// demands none.
func (e *evaluation) unsignedPackage(p Package) {
	f := p.finding(RuleUnsigned, "the installer package is not signed")
	f.Level = policy.Note
	covered := slices.ContainsFunc(e.in.Packages, func(o Package) bool { return !o.Image && o.Authenticated() && o.covers(p.Path) })
	if what := e.needsSignedPackage(); what != "" && !covered {
		f.Level = policy.Error
		f.Message += fmt.Sprintf(", and stage %s requires %s", e.in.Stage.Name, what)
		f.Hint = "sign it with productsign, with a Developer ID Installer certificate, or choose another stage for builds that are not signed yet"
	}
	e.add(f)
}

// needsSignedPackage returns what the stage demands that only the signature of a
// package can show, empty for nothing.
func (e *evaluation) needsSignedPackage() string {
	for _, r := range e.in.Stage.Require {
		switch r {
		case policy.HardenedRuntime, policy.LibraryValidation:
		case policy.Signed:
			if e.in.Stage.Name != policy.Development {
				return string(r)
			}
		default:
			return string(r)
		}
	}
	if len(e.in.Stage.TeamIDs) > 0 {
		return "a team"
	}
	return ""
}

// installerOf gives the kind of signer of packages for what is required of code.
var installerOf = map[policy.Requirement]codesign.SignerKind{
	policy.DeveloperID:       codesign.DeveloperIDInstaller,
	policy.AppleDistribution: codesign.MacInstaller,
}

// signerFor returns the kind of signer that a requirement asks for. Disk images are signed as
// code is.
func (p Package) signerFor(r policy.Requirement) codesign.SignerKind {
	switch {
	case !p.Image:
		return installerOf[r]
	case r == policy.AppleDistribution:
		return codesign.AppleDistribution
	}
	return codesign.DeveloperID
}

// demandPackage holds a signed package against one requirement.
func (e *evaluation) demandPackage(p Package, r policy.Requirement) {
	unmet := func(why, hint string) {
		f := p.finding(RuleUnmetRequirement, fmt.Sprintf("stage %s requires %s, and %s", e.in.Stage.Name, r, why))
		f.Position, f.Hint = e.in.Stage.Position, hint
		e.add(f)
	}
	kind := p.kind()
	switch r {
	case policy.Valid:
		if kind == "" {
			unmet("the "+p.noun()+" is not authenticated", "sign it with a certificate that Apple issued; with --verify=slots nothing is authenticated")
		}
	case policy.DeveloperID, policy.AppleDistribution:
		if want := p.signerFor(r); kind != want {
			unmet("the "+p.noun()+" is "+signedBy(kind), "sign it with the certificate that goes with it, of the kind "+string(want))
		}
	case policy.SecureTimestamp:
		if kind == "" || p.Authentication.Timestamp.IsZero() {
			unmet("there is no secure timestamp of the "+p.noun()+" that holds", map[bool]string{false: "sign it with productsign --timestamp", true: "sign it with codesign --timestamp"}[p.Image])
		}
	}
}

// kind returns the kind of signer that is proven, "" for none.
func (p Package) kind() codesign.SignerKind {
	if !p.Authenticated() {
		return ""
	}
	return p.Authentication.Kind
}

// packageTeam holds a signed package against the teams that may sign. In development
// one whose signer is not proven may be of any.
func (e *evaluation) packageTeam(p Package) {
	s, proven := e.in.Stage, p.Authenticated()
	if len(s.TeamIDs) == 0 || !proven && s.Name == policy.Development || proven && slices.Contains(s.TeamIDs, p.Authentication.TeamID) {
		return
	}
	team := "a team that nothing proves"
	if proven {
		team = "no team id"
		if id := p.Authentication.TeamID; id != "" {
			team = "team id " + id
		}
	}
	f := p.finding(RuleTeamNotAllowed, fmt.Sprintf("the %s is signed with %s, and stage %s allows %s", p.noun(), team, s.Name, strings.Join(s.TeamIDs, ", ")))
	f.Position, f.Hint = s.Position, "sign it with your own certificate, or add the team to team-ids"
	e.add(f)
}

// teamsDiffer tells of code in a package that another team is proven to have signed.
//
// Those who hand out software also hand out parts by others, as they came: drivers,
// runtimes, tools. That is a note for each of the teams. A package in which no code is of
// its own team may be one that somebody else packed anew, and is a warning. What Apple
// signed has no team of its own to compare.
func (e *evaluation) teamsDiffer(p Package, code []Binary) {
	if !p.Authenticated() || p.Authentication.TeamID == "" {
		return
	}
	own, teams := false, map[string][]string{}
	for _, b := range code {
		if !p.covers(b.Paths[0]) {
			continue
		}
		for _, s := range b.Slices {
			if s.Signature == nil || !s.Signature.Authenticated() || isApples(s.Signature) {
				continue
			}
			switch team := s.Signature.Authentication.TeamID; team {
			case "":
			case p.Authentication.TeamID:
				own = true
			default:
				if !slices.Contains(teams[team], b.Paths[0]) {
					teams[team] = append(teams[team], b.Paths[0])
				}
			}
		}
	}
	const most = 5
	told := 0
	for _, team := range sortedKeys(teams) {
		if told++; told > most {
			break
		}
		list := teams[team]
		f := p.finding(RuleTeamsDiffer, fmt.Sprintf("the %s is signed by team %s, and %s by team %s", p.noun(), p.Authentication.TeamID, files(list, p.Path), team))
		if told == most && len(teams) > most {
			f.Message += fmt.Sprintf(", and others by %d more teams", len(teams)-most)
		}
		f.Hint = "if the " + p.noun() + " is yours, look whether the code is to be in it, as its makers signed it; if it is not, get it from those who made the code"
		if own {
			f.Level = policy.Note
		}
		e.add(f)
	}
}

// files says which file, below a package, and how many more.
func files(list []string, pkg string) string {
	name := strings.TrimPrefix(list[0], pkg+"/")
	switch n := len(list) - 1; n {
	case 0:
		return name
	case 1:
		return name + " and one more file"
	default:
		return fmt.Sprintf("%s and %d more files", name, n)
	}
}

func sortedKeys(m map[string][]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	inorder.By(keys, func(a, b string) int { return cmp.Or(len(m[b])-len(m[a]), strings.Compare(a, b)) })
	return keys
}

// preflightPackage holds the package that is submitted against what Apple's notary
// service asks for: it takes "signed flat installer packages", signed with a Developer
// ID
// (https://developer.apple.com/documentation/security/customizing-the-notarization-workflow).
// The messages are those for code.
func (e *evaluation) preflightPackage(p Package) {
	if e.in.Preflight != Notarization {
		return
	}
	reject := func(log, hint string) {
		f := p.finding(RuleNotNotarizable, "Apple's notary service would say of the package: "+log)
		f.Hint = hint
		e.add(f)
	}
	switch {
	case slices.ContainsFunc(e.in.Packages, func(o Package) bool { return !o.Image && o.covers(p.Path) }):
		// Not what is submitted.
	case !p.Signed:
		reject("The binary is not signed.", "sign it with productsign")
	case p.kind() != codesign.DeveloperIDInstaller:
		reject("The binary is not signed with a valid Developer ID certificate.", "sign it with a Developer ID Installer certificate")
	}
}
