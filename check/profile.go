package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/profile"
)

const (
	appID  = "com.apple.application-identifier" // on a Mac
	iOSApp = "application-identifier"
	groups = "com.apple.security.application-groups"
)

// provisioned is a program that is held against the provisioning profile of its
// bundle.
type provisioned struct {
	subject
	binary  Binary
	slice   Slice
	mac     bool
	keys    []string         // claims that a profile has to authorize
	by      *profile.Profile // nil: there is none that proves anything
	because string           // why by is nil
}

// provisioning holds what a program claims against the provisioning profile of its
// bundle, as AMFI and amfid do before it starts; an unauthorized claim gets it killed
// (Apple DTS, "Resolving Trusted Execution Problems",
// https://developer.apple.com/forums/thread/706442). A profile is for the main
// executable of its bundle: others have none, wherever they are ("Signing a daemon with
// a restricted entitlement", https://developer.apple.com/forums/thread/743979).
//
// What Apple signs for the Mac App Store needs none, and simulators ask for none.
func (e *evaluation) provisioning(sub subject, b Binary, s Slice) {
	if b.Provisioning == nil || !s.IsProgram() || isForSimulator(s) || isApples(s.Signature) {
		return
	}
	p := provisioned{subject: sub, binary: b, slice: s, mac: s.IsForMac()}
	for _, key := range s.Signature.Claims.Set.Keys() {
		if NeedsProfile(s, key) && (key != groups || !p.mac) {
			p.keys = append(p.keys, key)
		}
	}
	e.profile(&p)
	for _, key := range p.keys {
		e.authorized(p, key, s.Signature.Claims.Set[key])
	}
	e.appGroups(p)
}

// NeedsProfile reports whether a program may need a provisioning profile to claim a
// key. Of app groups on a Mac that depends on their names.
func NeedsProfile(s Slice, key string) bool {
	return !s.IsForMac() || key == groups || entitlement.Restricted(key)
}

func isForSimulator(s Slice) bool {
	for _, b := range s.Builds {
		if !strings.HasSuffix(b.Platform, "-simulator") {
			return false
		}
	}
	return len(s.Builds) > 0
}

// isApples reports whether Apple is proven to have signed it, for itself or for the
// Mac App Store.
func isApples(s *codesign.Signature) bool {
	return s.Authenticated() && (s.Authentication.Kind == codesign.Apple || s.Authentication.Kind == codesign.MacAppStore)
}

// tell adds a finding about the profile as a whole. A Mac program that claims nothing
// that a profile has to authorize needs none, so that what is wrong with it is a
// warning.
func (e *evaluation) tell(p *provisioned, rule, hint, format string, args ...any) {
	f := p.finding(rule, fmt.Sprintf(format, args...))
	f.Hint = hint
	if p.mac && len(p.keys) == 0 {
		f.Level = policy.Warning
	}
	e.add(f)
}

// profile finds the profile that counts, and tells what is wrong with the one that is
// there.
func (e *evaluation) profile(p *provisioned) {
	there := p.binary.Provisioning
	switch {
	case there.Err != nil:
		p.because = "the provisioning profile of its bundle cannot be read"
		e.tell(p, RuleInvalidProfile, "embed the profile anew, as Apple issued it, and sign the bundle after that", "%s: %v", there.Path, there.Err)
		return
	case there.Profile == nil:
		p.because = "there is none for it"
		return
	case there.Profile.Problem != "":
		p.because = "the provisioning profile of its bundle does not verify"
		e.tell(p, RuleInvalidProfile, "embed the profile anew, as Apple issued it, and sign the bundle after that",
			"%s is not proven to be Apple's: %s", named(there.Profile), there.Profile.Problem)
		return
	}
	p.by = there.Profile
	if why := p.appIDProblem(); why != "" {
		p.by, p.because = nil, "the provisioning profile of its bundle names no app"
		e.tell(p, RuleInvalidProfile, "embed the profile anew, as Apple issued it, and sign the bundle after that", "%s %s", named(there.Profile), why)
		return
	}
	e.foreign(p)
	e.devices(p)
	e.signerInProfile(p)
	// Gatekeeper "will evaluate the validity of your Developer ID provisioning profile at
	// every app launch", and "if your Developer ID provisioning profile expires, the app
	// will no longer launch" (https://developer.apple.com/support/developer-id/). On its
	// last day a profile counts as expired.
	if last := policy.DateOf(p.by.Expires); !last.After(e.in.At) {
		e.tell(p, RuleExpiredProfile, "have a new profile issued, embed it and sign anew; one for a Developer ID is valid for 18 years",
			"%s expires on %s, and the day is %s", named(p.by), last, e.in.At)
	}
}

// named says which profile it is.
func named(p *profile.Profile) string {
	return fmt.Sprintf("the provisioning profile %q", shorten(cmp.Or(p.Name, p.UUID, "without a name")))
}

// foreign tells of a profile that is for other code: of another team, another
// platform, or another app. Each executable with restricted entitlements has an App ID
// of its own, which ties it to the profile (Apple DTS,
// https://developer.apple.com/forums/thread/774766).
func (e *evaluation) foreign(p *provisioned) {
	const hint = "embed the profile that was issued for this code and its team, and sign the bundle after that"
	d := p.slice.Signature.Directory()
	if !slices.Contains(p.by.Teams, d.TeamID) {
		e.tell(p, RuleForeignProfile, hint, "%s is of team %s, and the signature of %s",
			named(p.by), shorten(strings.Join(p.by.Teams, ", ")), cmp.Or(d.TeamID, "none"))
	}
	// The first profiles name no platform.
	if len(p.by.Platforms) > 0 && p.mac != slices.Contains(p.by.Platforms, "OSX") {
		e.tell(p, RuleForeignProfile, hint, "%s is for %s, and the code for %s",
			named(p.by), shorten(strings.Join(p.by.Platforms, ", ")), platforms(p.slice))
	}
	app := p.appID().String
	identifiers := []string{d.Identifier}
	if p.binary.Bundle != nil {
		identifiers = append(identifiers, p.binary.Bundle.Identifier)
	}
	if !slices.ContainsFunc(identifiers, func(id string) bool { return isApp(app, id) }) {
		e.tell(p, RuleForeignProfile, hint, "%s is for the app %s, and the identifier of the code is %s",
			named(p.by), shorten(app), d.Identifier)
	}
	// The prefix is the team, or what Apple gave out before there were teams.
	prefix, _, _ := strings.Cut(app, ".")
	if app != "*" && slices.Contains(p.by.Teams, d.TeamID) && !slices.Contains(p.by.Teams, prefix) && !slices.Contains(p.by.Prefixes, prefix) {
		e.tell(p, RuleForeignProfile, hint, "%s is for the app %s, and neither its team nor its prefixes are %s",
			named(p.by), shorten(app), shorten(prefix))
	}
}

// appID returns the App ID of a profile.
func (p *provisioned) appID() entitlement.Value {
	if v, ok := p.by.Entitlements[appID]; ok && p.mac {
		return v // Catalyst has both
	}
	return p.by.Entitlements[iOSApp]
}

// appIDProblem says why a profile names no app; empty: it names one.
func (p *provisioned) appIDProblem() string {
	switch v := p.appID(); {
	case v.Kind == entitlement.Unknown:
		return "has no App ID"
	case v.Kind != entitlement.String || v.String == "":
		return "has an App ID that is no string"
	}
	return ""
}

// devices tells of a profile that lists devices where the code is for others, too: it starts
// on no other.
func (e *evaluation) devices(p *provisioned) {
	if e.in.Stage.Name != policy.Development && p.by.Devices > 0 && !p.by.AllDevices {
		e.tell(p, RuleForeignProfile, "embed a profile for distribution, and sign the bundle after that; builds for registered devices are for --stage development",
			"%s is for %d registered devices, so the code starts on no other", named(p.by), p.by.Devices)
	}
}

// isApp compares an identifier with an App ID, PREFIX.identifier, that may end in *.
func isApp(app, identifier string) bool {
	_, want, _ := strings.Cut(app, ".")
	if prefix, wild := strings.CutSuffix(want, "*"); wild {
		return strings.HasPrefix(identifier, prefix)
	}
	return app == "*" || want == identifier
}

func platforms(s Slice) string {
	var list []string
	for _, b := range s.Builds {
		list = append(list, b.Platform)
	}
	return cmp.Or(strings.Join(list, ", "), "no platform that it names")
}

// signerInProfile tells of a signer whom the profile does not list. One who is not
// proven has been told of.
func (e *evaluation) signerInProfile(p *provisioned) {
	chain := p.slice.Signature.Facts.Certificates
	if len(chain) == 0 || p.by.Includes(chain[0].Raw) {
		return
	}
	e.tell(p, RuleSignerNotInProfile, "sign with a certificate that the profile lists, or have one issued that lists this certificate",
		"%s lists %d certificates, and that of %q is not among them", named(p.by), len(p.by.Certificates), shorten(chain[0].Subject.CommonName))
}

// authorized holds one claim against the profile.
func (e *evaluation) authorized(p provisioned, key string, v entitlement.Value) {
	verdict := profile.Absent
	if p.by != nil {
		verdict = p.by.Allows(key, v)
	}
	var f Finding
	switch verdict {
	case profile.Allowed:
		return
	case profile.Beyond:
		f = p.about(RuleBeyondProfile, key, v, fmt.Sprintf("claims %s, and %s allows %s", claimText(key, v), named(p.by), shorten(p.by.Entitlements[key].Text())))
		f.Hint = "claim no more than the profile allows, or have one issued that allows it"
	default:
		f = p.about(RuleUnauthorized, key, v, fmt.Sprintf("claims %s, which a provisioning profile has to authorize, and %s", claimText(key, v), e.unauthorizing(p)))
		f.Hint = "embed a profile that authorizes it, or sign without it"
		switch {
		case isLoose(p.binary):
			f.Hint = "check the bundle that it belongs to; a program without one has no profile"
		case p.by == nil && !p.binary.Main:
			f.Hint = "a profile is for the main executable of its bundle: give this program a bundle of its own with a profile, or sign it without the entitlement"
		}
	}
	f.Level = e.unauthorizedLevel(p, f.Rule, key, v)
	e.add(f)
}

// unauthorizing says why nothing authorizes a claim.
func (e *evaluation) unauthorizing(p provisioned) string {
	switch {
	case p.by != nil:
		return named(p.by) + " does not"
	case isLoose(p.binary):
		return "the file was given without its bundle, in which one would be"
	}
	return p.because
}

// isLoose reports whether a file may be the main executable of a bundle that was not
// looked at.
func isLoose(b Binary) bool { return b.Bundle == nil && (b.Given || b.Part) }

// unauthorizedLevel weighs a claim that nothing authorizes: empty for the rule's own.
//
// The weaker ones are those of which it is not certain that AMFI refuses the program.
// A value of false is no grant for who asks, but AMFI looks at the key. The name of the
// app is "soft restricted", and ad hoc programs that claim it alone are known to run. A
// name that is not Apple's is in none of AMFI's tables, which makes it restricted; that
// is known from one analysis alone.
func (e *evaluation) unauthorizedLevel(p provisioned, rule, key string, v entitlement.Value) policy.Level {
	_, known := entitlement.Lookup(key)
	switch {
	case e.in.Stage.Name == policy.Development && p.slice.Signature.Signing() != "cms":
		return policy.Note // it is signed anew before anybody else gets it
	case !p.mac && v.Grants():
		return ""
	case !v.Grants(), isLoose(p.binary), key == appID && len(p.keys) == 1 && rule == RuleUnauthorized, !known && !strings.HasPrefix(key, "com.apple."):
		return policy.Warning
	}
	return ""
}

// appGroups tells of the app groups of a Mac program that are named as on iOS, or by another
// team. It
// starts without a profile for them; since macOS 15 the user is asked before it gets
// at the data ("Accessing app group containers in your existing macOS app",
// https://developer.apple.com/documentation/xcode/accessing-app-group-containers).
func (e *evaluation) appGroups(p provisioned) {
	v, ok := p.slice.Signature.Claims.Set[groups]
	if !ok || !p.mac {
		return
	}
	var named []entitlement.Value
	team := p.slice.Signature.Directory().TeamID
	for _, g := range v.Array {
		if strings.HasPrefix(g.String, "group.") || team != "" && !strings.HasPrefix(g.String, team+".") {
			named = append(named, g)
		}
	}
	if len(named) == 0 || p.by != nil && p.by.Allows(groups, entitlement.List(named...)) == profile.Allowed {
		return
	}
	f := p.about(RuleUnauthorized, groups, v, fmt.Sprintf("claims the app group %s, which no provisioning profile authorizes, so the user is asked before it gets at the data of the group", shorten(named[0].String)))
	f.Hint, f.Level = "embed a profile that authorizes the groups that begin with group., or begin the name with the own team and a period", policy.Warning
	e.add(f)
}
