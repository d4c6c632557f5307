package source

import (
	"fmt"
	"path"
	"slices"
)

// forgeDefaults are what @electron/osx-sign signs an app with by default
// (entitlements/default.darwin.plist).
var forgeDefaults = []string{
	"com.apple.security.cs.allow-jit",
	"com.apple.security.device.audio-input",
	"com.apple.security.device.bluetooth",
	"com.apple.security.device.camera",
	"com.apple.security.device.print",
	"com.apple.security.device.usb",
	"com.apple.security.personal-information.location",
	"com.apple.security.personal-information.photos-library",
}

// pluginDefaults are what it signs the helper for plug-ins with in addition, by a file of its
// own (entitlements/default.darwin.plugin.plist).
var pluginDefaults = []string{
	"com.apple.security.cs.allow-unsigned-executable-memory",
	"com.apple.security.cs.disable-library-validation",
}

// osxSign notes that a program may be signed with @electron/osx-sign's defaults.
func (s *Signing) osxSign(defaults ...string) {
	s.Open = "the defaults depend on the version of @electron/osx-sign"
	for _, key := range defaults {
		s.Settings = append(s.Settings, Setting{Key: key, Place: s.Place, Text: "@electron/osx-sign's default", Fix: "name entitlements of your own in optionsForFile"})
	}
}

// forge reads what of Electron Forge's configuration is JSON. What signs each file is told
// by a function, which JSON has none of, so @electron/osx-sign's defaults apply. Its versions
// before 1.0 took the names of files instead, which later ones pass over (mergeOptionsForFile in
// sign.ts): which one it is only what is installed tells, so that either may be it.
func (r *reader) forge(d *document, forge *node, dir string) {
	if forge.kind == scalar {
		if name := path.Join(dir, forge.string()); !r.walked[name] {
			r.problem(Problem{Unresolved, d.at(forge.offset), fmt.Sprintf("the configuration of Electron Forge is %s, a program, and is not read", r.told(name)), scriptHint})
		}
		return
	}
	sign := forge.get("packagerConfig").pair("osxSign")
	if sign == nil || sign.value.is("false") || sign.value.isNull() {
		return
	}
	options := sign.value
	app := forge.get("packagerConfig", "appBundleId").string()
	s := Signing{Tool: ElectronForge, Target: "app", Default: true, Place: d.at(sign.offset), Identifier: app, Type: "execute", BundleKind: "app"}
	helpers := Signing{Tool: ElectronForge, Target: "helpers", Default: true, Place: s.Place}
	if app != "" {
		helpers.Prefix = app + ".helper"
	}
	for _, key := range []string{"hardenedRuntime", "hardened-runtime"} {
		if p := options.pair(key); p != nil && !p.value.is("true") && !p.value.isNull() {
			s.Unhardened, s.Why = d.at(p.offset), key+" is "+p.value.string()
		}
	}
	if p := options.pair("entitlements"); p != nil {
		s.Place = d.at(p.offset)
		r.named(&s, dir, p.value)
	}
	s.osxSign(forgeDefaults...)
	r.add(s)
	for _, key := range []string{"entitlements-inherit", "entitlementsInherit"} {
		if p := options.pair(key); p != nil {
			helpers.Place = d.at(p.offset)
			r.named(&helpers, dir, p.value)
		}
	}
	helpers.osxSign(slices.Concat(forgeDefaults, pluginDefaults)...)
	r.add(helpers)
}
