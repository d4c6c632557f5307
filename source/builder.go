package source

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// builderFile reads a configuration of electron-builder's in a file of its own, for each
// project that is built with it.
func (r *reader) builderFile(name string) {
	d := r.open(name, parseByName(name))
	if d == nil {
		return
	}
	for _, dir := range r.configs[name] {
		r.builder(d, d.root, dir)
	}
}

// builderDefaults are what electron-builder signs with when a project has no entitlements of
// its own, in one version or another (templates/entitlements.mac.plist in app-builder-lib).
var builderDefaults = []string{
	"com.apple.security.cs.allow-dyld-environment-variables",
	"com.apple.security.cs.allow-jit",
	"com.apple.security.cs.allow-unsigned-executable-memory",
	"com.apple.security.cs.disable-library-validation",
}

// builder reads the keys mac, mas and masDev. A store build has the keys of mac where it has
// none of its own, or no section of its own: it is made when it is a target (pack in
// macPackager.ts).
func (r *reader) builder(d *document, root *node, dir string) {
	r.builds = true
	b := &builder{r: r, d: d, root: root, dir: dir, pkg: r.packages[dir]}
	b.resources = b.buildResources()
	mac := []*node{root.get("mac")}
	b.app("mac", mac)
	if root.get("mas") != nil || b.isTarget("mas") {
		b.app("mas", append([]*node{root.get("mas")}, mac...))
	}
	if root.get("masDev") != nil || b.isTarget("mas-dev") {
		b.app("mas-dev", append([]*node{root.get("masDev"), root.get("mas")}, mac...))
	}
}

type builder struct {
	r              *reader
	d              *document
	root           *node
	dir, resources string
	pkg            *npmPackage // of the project; nil: it has none
}

// buildResources returns the folder of the files that are taken by their names. It may come
// from a configuration that this one extends, or that it is taken to extend when it says
// nothing about it (getConfig in util/config/config.ts, presets/rectCra.ts).
func (b *builder) buildResources() string {
	depends := func(name string, sections ...string) bool {
		return b.pkg != nil && slices.ContainsFunc(sections, func(s string) bool { return b.pkg.d.root.get(s, name) != nil })
	}
	own := b.root.get("directories", "buildResources").string()
	byDefault := "build"
	switch e := b.root.pair("extends"); {
	case e != nil && e.value.isNull():
	case e != nil && e.value.string() == "react-cra", e == nil && depends("react-scripts", "dependencies", "devDependencies"):
		byDefault = "assets"
	case e != nil:
		b.r.problem(Problem{Unresolved, b.d.at(e.offset), "extends another configuration, which is not read", "name the entitlements in this one, or have the other one looked at by itself"})
	case depends("electron-webpack", "devDependencies") && own == "":
		b.r.problem(Problem{Unresolved, b.d.at(b.root.offset), "extends the configuration of electron-webpack, which is not read", "name directories.buildResources, or have extends null"})
	}
	switch {
	case own == "":
		return byDefault
	case path.IsAbs(own), strings.Contains(own, "${"):
		b.r.problem(Problem{Unresolved, b.d.at(b.root.get("directories").pair("buildResources").offset), fmt.Sprintf("takes entitlements from %s, which is not known here", own), "have it relative to the project"})
	}
	return own
}

var storeTargets = map[string]*regexp.Regexp{
	"mas":     regexp.MustCompile(`(?i)(?:^|[\s=,])mas(?:$|[\s:,;&|])`),
	"mas-dev": regexp.MustCompile(`(?i)(?:^|[\s=,])mas-dev(?:$|[\s:,;&|])`),
}

// isTarget reports whether a store build is a target of the configuration, or of a command in
// a script. A target may have an architecture after it (computeArchToTargetNamesMap in
// targets/targetFactory.ts).
func (b *builder) isTarget(store string) bool {
	is := func(n *node) bool {
		name, _, _ := strings.Cut(n.string(), ":")
		return strings.EqualFold(strings.TrimSpace(name), store)
	}
	for _, n := range []*node{b.root.get("mac", "target"), b.root.get("target")} {
		if is(n) || is(n.get("target")) || n != nil && slices.ContainsFunc(n.items, func(item *node) bool { return is(item) || is(item.get("target")) }) {
			return true
		}
	}
	return b.pkg.says(storeTargets[store])
}

// option returns an option of the first of several sections that has it, which may be null:
// then the default counts, whatever the other sections say. Version 27 moves some of them
// below sign.
func option(sections []*node, key string) *pair {
	for _, s := range sections {
		for _, in := range []*node{s, s.get("sign")} {
			if p := in.pair(key); p != nil {
				return p
			}
		}
	}
	return nil
}

// app tells how an app is signed, its helpers, and a login helper that has entitlements of
// its own.
func (b *builder) app(configuration string, sections []*node) {
	s := Signing{Tool: ElectronBuilder, Configuration: configuration, Default: configuration != "mas-dev", Place: b.d.at(b.root.offset)}
	if identity := option(sections, "identity"); identity != nil && identity.value.isNull() && configuration == "mac" {
		hook := b.hook(sections)
		if hook == nil {
			return // the app is not signed
		}
		s.Open = "a script may sign it"
		b.r.problem(Problem{Unresolved, b.d.at(hook.offset), fmt.Sprintf("the app is not signed by electron-builder, and %s may sign it with anything", hook.key), "have electron-builder sign it, or check what the script signs"})
	}
	for _, key := range []string{configuration, "appId"} {
		if p := b.root.pair(strings.Replace(key, "mas-dev", "masDev", 1)); p != nil {
			s.Place = b.d.at(p.offset)
			break
		}
	}
	if sign := option(sections, "sign"); sign != nil && sign.value.string() != "" {
		s.Open = "a script signs it"
		b.r.problem(Problem{Unresolved, b.d.at(sign.offset), "a script signs the app, and what with is not known", "give the entitlements to the script by way of this configuration, or check what it signs"})
	}
	if args := option(sections, "additionalArguments"); args != nil && hasEntitlements(args.value.string()+joined(args.value)) {
		s.Open = "codesign is given other entitlements"
		b.r.problem(Problem{Unresolved, b.d.at(args.offset), "gives codesign entitlements by way of its arguments, which are not read", "name them with entitlements and entitlementsInherit"})
	}
	app := ""
	for _, p := range []*pair{option(sections, "appId"), b.root.pair("appId")} {
		if p == nil || p.value.isNull() {
			continue
		}
		if !strings.Contains(p.value.string(), "${") {
			app = p.value.string()
		}
		break
	}
	if h := option(sections, "hardenedRuntime"); h != nil && !h.value.is("true") && !h.value.isNull() && configuration == "mac" {
		s.Unhardened, s.Why = b.d.at(h.offset), "hardenedRuntime is "+h.value.string()
	}
	suffix := "mac"
	if configuration != "mac" {
		suffix = "mas"
	}
	main := s
	main.Target, main.Identifier, main.Type, main.BundleKind = "app", app, "execute", "app"
	b.files(&main, option(sections, "entitlements"), "entitlements."+suffix+".plist")
	helpers := s
	helpers.Target, helpers.Unhardened = "helpers", Place{}
	if app != "" {
		helpers.Prefix = app + ".helper"
	}
	b.files(&helpers, option(sections, "entitlementsInherit"), "entitlements."+suffix+".inherit.plist")
	l := s
	l.Target, l.Unhardened = "login helper", Place{}
	if login := option(sections, "entitlementsLoginHelper"); login != nil && !login.value.isNull() {
		b.files(&l, login, "")
	} else if configuration == "mac" && mentions(b.root, "library/loginitems") {
		l.osxSign(forgeDefaults...) // which it leaves this one to, as getOptionsForFile has no other
		for i := range l.Settings {
			l.Settings[i].Fix = "name entitlements of your own with entitlementsLoginHelper"
		}
		b.r.add(l)
	}
}

// mentions reports whether a text is in a configuration, in any case.
func mentions(n *node, text string) bool {
	return strings.Contains(strings.ToLower(n.text), text) ||
		slices.ContainsFunc(n.items, func(item *node) bool { return mentions(item, text) }) ||
		slices.ContainsFunc(n.pairs, func(o pair) bool { return mentions(o.value, text) })
}

// hook returns what runs a script that may sign the app.
func (b *builder) hook(sections []*node) *pair {
	for _, key := range []string{"afterPack", "afterSign", "afterAllArtifactBuild"} {
		for _, n := range append([]*node{b.root}, sections...) {
			if p := n.pair(key); p != nil && !p.value.isNull() {
				return p
			}
		}
	}
	return nil
}

// files finds the entitlements of a program: what the configuration names, else the file of
// that name among the resources of the build, else electron-builder's own.
func (b *builder) files(s *Signing, named *pair, byDefault string) {
	switch {
	case named != nil && !named.value.isNull():
		s.Place = b.d.at(named.offset)
		b.r.named(s, b.dir, named.value)
	case b.r.exists(path.Join(b.dir, b.resources, byDefault)):
		name := path.Join(b.dir, b.resources, byDefault)
		b.r.file(name, s.Place)
		s.Files = []string{b.r.told(name)}
	default:
		s.Open = "which of them its defaults claim depends on the version of electron-builder"
		for _, key := range builderDefaults {
			s.Settings = append(s.Settings, Setting{
				Key: key, Place: s.Place, Text: "electron-builder's default, for want of " + path.Join(b.resources, byDefault),
				Fix: "add that file with what is needed",
			})
		}
	}
	b.r.add(*s)
}

// named reads the entitlements that a configuration names.
func (r *reader) named(s *Signing, dir string, value *node) {
	name := value.string()
	switch {
	case value.kind != scalar || name == "":
		s.Open = "the entitlements are not in a file"
		r.problem(Problem{Unresolved, s.Place, "the entitlements of " + s.Name() + " are not in a file, and are not read", "put them into a file, and name that"})
		return
	case strings.Contains(name, "${"):
		s.Open = "the name of its file is not known"
		r.problem(Problem{Unresolved, s.Place, fmt.Sprintf("names the entitlements %s, which only a build knows", name), "name the file without variables"})
		return
	case !path.IsAbs(name):
		name = path.Join(dir, name)
	}
	r.file(name, s.Place)
	s.Files = []string{r.told(name)}
}

// exists reports whether there is a file of that name in the tree.
func (r *reader) exists(name string) bool {
	_, err := r.read(name, 0)
	return err == nil
}
