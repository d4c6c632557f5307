package source

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/entitlement"
)

// hardened tells where a program may be signed without the Hardened Runtime: Xcode's default
// is not to turn it on.
func hardened(s *Signing, all *settings) {
	const name = "ENABLE_HARDENED_RUNTIME"
	if flags, ok := all.value(signFlags); ok && runtimeOption.MatchString(unquoted(flags.text)) {
		return
	}
	list := all.values(name)
	if !all.closed(name) {
		list = append(list, setting{known: true, place: s.Place})
	}
	for _, v := range list {
		switch {
		case v.known && isTrue(v.text):
			continue
		case v.place == s.Place:
			s.Why = name + " is not set"
		case v.known:
			s.Why = name + " is " + v.text
		default:
			s.Why = fmt.Sprintf("%s is %s, which only a build knows", name, v.text)
		}
		s.Unhardened = v.place
		return
	}
}

// runtimeOption is what has codesign turn the Hardened Runtime on.
var runtimeOption = regexp.MustCompile(`(?:^|\s)(?:--options[ =]|-o ?)(?:[a-z-]+,)*runtime(?:$|[\s,])`)

const signFlags = "OTHER_CODE_SIGN_FLAGS"

// signer tells of settings that have Xcode's signing take entitlements from elsewhere.
func (p *project) signer(s *Signing, all *settings) {
	for _, v := range all.values(signFlags) {
		if hasEntitlements(v.text) || !v.known {
			s.Open = signFlags + " may give other entitlements"
			p.r.problem(Problem{Unresolved, v.place, fmt.Sprintf("%s of %s is %s, which may give other entitlements", signFlags, s.Name(), v.text), "name the file with CODE_SIGN_ENTITLEMENTS"})
		}
	}
	const modify = "CODE_SIGN_ALLOW_ENTITLEMENTS_MODIFICATION"
	for _, v := range all.values(modify) {
		if !v.known || isTrue(v.text) {
			s.Open = modify + " lets the build change the entitlements"
			p.r.problem(Problem{Unresolved, v.place, fmt.Sprintf("%s of %s lets a script change the entitlements before it is signed", modify, s.Name()), "take the build setting away, and have what is signed in the file"})
		}
	}
}

// isForMac reports whether a target may be built for the Mac: neither of its settings says
// that it is for something else only.
func isForMac(all *settings) bool {
	if all.may("SUPPORTS_MACCATALYST") {
		return true
	}
	sdk, known := all.value("SDKROOT")
	platforms := all.values("SUPPORTED_PLATFORMS")
	supported := slices.ContainsFunc(platforms, func(v setting) bool { return !v.known || slices.Contains(strings.Fields(v.text), "macosx") })
	others := []string{"iphone", "appletv", "watch", "xr"}
	switch {
	case !known:
		return true
	case sdk.text == "auto":
		return len(platforms) == 0 || supported
	case slices.ContainsFunc(others, func(o string) bool { return strings.HasPrefix(sdk.text, o) }):
		return supported
	}
	return true
}

// identity reads who the program will be.
func (p *project) identity(s *Signing, all *settings) {
	if v, ok := all.value("PRODUCT_BUNDLE_IDENTIFIER"); ok {
		s.Identifier = v.text
	}
	if v, ok := all.value("DEVELOPMENT_TEAM"); ok && !strings.ContainsAny(v.text, " \t") {
		s.TeamID = v.text
	}
}

// entitlements finds the .entitlements file.
func (p *project) entitlements(s *Signing, all *settings) {
	const name = "CODE_SIGN_ENTITLEMENTS"
	for _, v := range all.values(name) {
		if !v.known {
			p.r.problem(Problem{
				Unresolved, v.place, fmt.Sprintf("%s of %s is %s, which only a build knows", name, s.Name(), v.text),
				"name the file without variables other than SRCROOT, TARGET_NAME and what the project sets",
			})
			s.Open = name + " is not known"
			continue
		}
		if v.text == "" {
			continue
		}
		file := path.Join(p.folder, strings.Trim(v.text, `"`))
		if path.IsAbs(v.text) {
			file = v.text
		}
		p.r.file(file, v.place)
		s.Files = append(s.Files, p.r.told(file))
		for _, f := range p.r.tree.Files {
			if f.Path == p.r.told(file) {
				s.expand(entitlement.Value{Kind: entitlement.Dictionary, Dict: f.Set}, all)
			}
		}
	}
	if !all.certain(name) {
		s.Open = name + " depends on what is built"
	}
	for _, v := range all.values("CODE_SIGN_ENTITLEMENTS_CONTENTS") {
		if v.text != "" {
			s.Open = "CODE_SIGN_ENTITLEMENTS_CONTENTS claims more"
			p.r.problem(Problem{Unresolved, v.place, s.Open + ", which is not read", "name a file with " + name})
		}
	}
}

// SetByProfile matches the variables that Xcode takes from the provisioning profile, whatever
// the project says.
var SetByProfile = regexp.MustCompile(`\$[({](?:App|Team)IdentifierPrefix[)}]`)

// variable is what Xcode replaces in entitlements.
var variable = regexp.MustCompile(`\$[({]`)

// expand notes what texts with variables become, where all of them are known.
func (s *Signing) expand(v entitlement.Value, all *settings) {
	switch v.Kind {
	case entitlement.Array:
		for _, item := range v.Array {
			s.expand(item, all)
		}
	case entitlement.Dictionary:
		for _, key := range v.Dict.Keys() {
			s.expand(v.Dict[key], all)
		}
	case entitlement.String:
		rest := SetByProfile.ReplaceAllString(v.String, "")
		if !variable.MatchString(rest) || strings.Count(rest, "$") != len(variable.FindAllString(rest, -1)) {
			return
		}
		with := *all
		with.builtin = maps.Clone(all.builtin)
		for _, name := range []string{"SRCROOT", "PROJECT_DIR", "SOURCE_ROOT"} {
			delete(with.builtin, name) // which is another path on each Mac
		}
		for _, name := range []string{"AppIdentifierPrefix", "TeamIdentifierPrefix"} {
			with.builtin[name] = "$(" + name + ")"
		}
		if s.Identifier != "" {
			with.builtin["CFBundleIdentifier"] = s.Identifier
		}
		if text, known := with.expand(v.String, "", 0, new(int)); known {
			if s.Expanded == nil {
				s.Expanded = map[string]string{}
			}
			s.Expanded[v.String] = text
		}
	}
}

// settings finds the settings that Xcode makes entitlements of. One that is not known may
// be on.
func (p *project) settings(s *Signing, all *settings) {
	claim := func(name, key string, v setting, certain bool) {
		c := Setting{Key: key, Value: entitlement.Bool(true), Place: v.place, Text: name + " = " + v.text, Fix: "take the build setting away"}
		if !v.known || !certain {
			c.Value = entitlement.Value{}
			s.Open = name + " is not known"
		}
		s.Settings = append(s.Settings, c)
	}
	for _, b := range booleans {
		for _, v := range all.values(b.Name) {
			if !v.known || isTrue(v.text) {
				claim(b.Name, b.Key, v, all.certain(b.Name))
				break
			}
		}
	}
	for _, f := range folders {
		certain := all.certain(f.Name)
		for _, access := range []string{"read-only", "read-write"} {
			for _, v := range all.values(f.Name) {
				if !v.known || strings.EqualFold(v.text, strings.ReplaceAll(access, "-", "")) {
					claim(f.Name, f.Key+"."+access, v, certain)
					break
				}
			}
		}
	}
}
