package source

import (
	"fmt"
	"path"
	"strings"
)

// builderFile reads a configuration of electron-builder's in a file of its own.
func (r *reader) builderFile(name string) {
	if d := r.open(name, parseByName(name)); d != nil {
		r.builder(d, d.root, path.Dir(name))
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
// none of its own.
func (r *reader) builder(d *document, root *node, dir string) {
	if e := root.pair("extends"); e != nil && !e.value.isNull() {
		r.problem(Problem{Unresolved, d.at(e.offset), "extends another configuration, which is not read", "name the entitlements in this one, or have the other one looked at by itself"})
	}
	resources := "build"
	if name := root.get("directories", "buildResources").string(); name != "" {
		resources = name
	}
	b := &builder{r: r, d: d, root: root, dir: dir, resources: resources}
	mac := []*node{root.get("mac")}
	b.app("mac", mac)
	if root.get("mas") != nil {
		b.app("mas", append([]*node{root.get("mas")}, mac...))
	}
	if root.get("masDev") != nil {
		b.app("mas-dev", append([]*node{root.get("masDev"), root.get("mas")}, mac...))
	}
}

type builder struct {
	r              *reader
	d              *document
	root           *node
	dir, resources string
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
	if login := option(sections, "entitlementsLoginHelper"); login != nil && !login.value.isNull() {
		l := s
		l.Target, l.Unhardened = "login helper", Place{}
		b.files(&l, login, "")
	}
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
