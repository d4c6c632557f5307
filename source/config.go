package source

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// packageJSON reads the configurations in the package.json of a project: the key build is
// electron-builder's, config.forge Electron Forge's. Others than those of Electron apps are
// not looked into, and may be wrong.
func (r *reader) packageJSON(name string) {
	b, err := r.read(name, MaxProject)
	if _, wrong := parseJSON(b); err == nil && wrong != nil && !bytes.Contains(b, []byte("electron")) && !bytes.Contains(b, []byte(`"mac"`)) && !bytes.Contains(b, []byte(`"mas"`)) {
		return
	}
	d := r.parse(name, b, err, parseJSON)
	if d == nil {
		return
	}
	r.commands(d, path.Dir(name))
	depends := false
	for _, key := range []string{"dependencies", "devDependencies", "optionalDependencies"} {
		depends = depends || d.root.get(key, "electron-builder") != nil
	}
	build := d.root.get("build")
	isBuilders := slices.ContainsFunc([]string{"mac", "mas", "masDev", "appId", "extends"}, func(key string) bool { return build.get(key) != nil })
	switch {
	case isBuilders, depends && build != nil:
		r.builder(d, build, path.Dir(name))
	case depends && !r.configured(path.Dir(name)):
		p := Problem{Kind: Unresolved, Place: Place{File: d.path}, Message: "depends on electron-builder, and its configuration is not beside it", Hint: scriptHint}
		for other := range r.walked {
			if base := strings.ToLower(path.Base(other)); strings.HasPrefix(base, "electron-builder") {
				p.Kind = Unread // as at the root of a workspace
			}
		}
		r.problem(p)
	}
	if forge := d.root.get("config", "forge"); forge != nil {
		r.forge(d, forge, path.Dir(name))
	}
}

// configured reports whether a folder has a configuration of electron-builder's, which is
// read, or told of, by itself.
func (r *reader) configured(dir string) bool {
	entries, err := fs.ReadDir(r.fsys, dir)
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return strings.HasPrefix(strings.ToLower(e.Name()), "electron-builder") && kindOf(e.Name()) != otherFile
	})
}

// givesConfig is a command of electron-builder's or Tauri's that names a configuration, or
// sets a part of one.
var givesConfig = regexp.MustCompile(`\b(?:electron-builder|tauri)\b[^&|;]*?\s(?:--config|-c)(\.[\w.]+|[= ]+[^\s&|;]+)`)

// commands tells of configurations that scripts of a package.json give, and that are not
// looked at.
func (r *reader) commands(d *document, dir string) {
	scripts := d.root.get("scripts")
	if scripts == nil {
		return
	}
	for _, s := range scripts.pairs {
		for _, m := range givesConfig.FindAllStringSubmatch(unquoted(s.value.string()), -1) {
			given := strings.TrimLeft(m[1], "= ")
			key, isPart := strings.CutPrefix(given, ".")
			key, _, _ = strings.Cut(key, ".")
			switch {
			case isPart && !slices.Contains([]string{"mac", "mas", "masDev", "extends", "directories", "afterPack", "afterSign", "afterAllArtifactBuild"}, key):
				continue
			case !isPart && r.walked[path.Join(dir, given)]:
				continue
			}
			r.problem(Problem{Unresolved, d.at(s.offset), fmt.Sprintf("the script %s gives the configuration %s, which is not read", s.key, given), "have all of it in a configuration that is found by its name"})
		}
	}
}

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

const (
	forgeText = "@electron/osx-sign's default"
	forgeFix  = "name entitlements of your own in optionsForFile"
)

// forge reads what of Electron Forge's configuration is JSON. What signs each file is told
// by a function, which JSON has none of, so @electron/osx-sign's defaults apply; its versions
// before 1.0 took the names of files.
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
	} else {
		s.Open = "the defaults depend on the version of @electron/osx-sign"
		for _, key := range forgeDefaults {
			s.Settings = append(s.Settings, Setting{Key: key, Place: s.Place, Text: forgeText, Fix: forgeFix})
		}
	}
	r.add(s)
	helpers.Open = "the defaults depend on the version of @electron/osx-sign"
	for _, key := range []string{"entitlements-inherit", "entitlementsInherit"} {
		if p := options.pair(key); p != nil {
			helpers.Open, helpers.Place = "", d.at(p.offset)
			r.named(&helpers, dir, p.value)
		}
	}
	if helpers.Open != "" {
		helpers.Settings = []Setting{{Key: "com.apple.security.cs.allow-jit", Place: helpers.Place, Text: forgeText, Fix: forgeFix}}
	}
	r.add(helpers)
}

// tauri reads a configuration of Tauri's, and what the one for macOS beside it changes
// (JSON Merge Patch, RFC 7396). Version 1 has the keys below tauri.
func (r *reader) tauri(name string) {
	d := r.open(name, parseJSON)
	if d == nil {
		return
	}
	layers := []*layer{{d, d.root}}
	type given struct {
		name string
		doc  *document
	}
	var others []given
	entries, _ := fs.ReadDir(r.fsys, path.Dir(name))
	for _, e := range entries {
		m := tauriLayer.FindStringSubmatch(e.Name())
		if m == nil || slices.Contains(notMac, strings.ToLower(m[1])) {
			continue
		}
		over := r.open(path.Join(path.Dir(name), e.Name()), parseJSON)
		switch {
		case over == nil:
		case strings.EqualFold(m[1], "macos"):
			layers = append([]*layer{{over, over.root}}, layers...)
		default:
			others = append(others, given{m[1], over})
		}
	}
	r.tauriApp(name, "", layers)
	for _, o := range others {
		r.tauriApp(name, o.name, append([]*layer{{o.doc, o.doc.root}}, layers...))
	}
}

// tauriLayer is a configuration that Tauri merges: that for macOS by itself, others when
// --config names them.
var tauriLayer = regexp.MustCompile(`(?i)^tauri\.([a-z0-9_-]+)\.conf\.json5?$`)

// notMac are those for other systems.
var notMac = []string{"android", "ios", "linux", "windows"}

// tauriApp reads what an app is signed with that is built with those layers, of which the
// first counts most.
func (r *reader) tauriApp(name, configuration string, layers []*layer) {
	base := layers[len(layers)-1]
	d := base.d
	s := Signing{Tool: Tauri, Target: "app", Configuration: configuration, Default: configuration == "", Place: d.at(d.root.offset), Type: "execute", BundleKind: "app"}
	if configuration != "" {
		s.Place = layers[0].d.at(layers[0].root.offset)
	}
	find := func(keys ...string) (*layer, *pair) {
		for _, l := range layers {
			for _, top := range [][]string{nil, {"tauri"}} {
				n := l.root.get(append(top, keys[:len(keys)-1]...)...)
				if p := n.pair(keys[len(keys)-1]); p != nil {
					return l, p
				}
			}
		}
		return base, nil
	}
	for _, keys := range [][]string{{"identifier"}, {"bundle", "identifier"}} {
		if _, p := find(keys...); p != nil && s.Identifier == "" {
			s.Identifier = p.value.string()
		}
	}
	for _, key := range []string{"hardenedRuntime", "hardened-runtime"} {
		if l, p := find("bundle", "macOS", key); p != nil && !p.value.is("true") && !p.value.isNull() {
			s.Unhardened, s.Why = l.d.at(p.offset), key+" is "+p.value.string()
		}
	}
	if l, p := find("bundle", "macOS", "entitlements"); p != nil && !p.value.isNull() {
		s.Place = l.d.at(p.offset)
		r.named(&s, path.Dir(name), p.value)
	}
	for _, l := range layers {
		if l.root.get("bundle") != nil && l.root.get("tauri", "bundle") != nil {
			s.Open = "it is for both versions of Tauri"
			r.problem(Problem{Unresolved, l.d.at(l.root.pair("tauri").offset), "a configuration for both versions of Tauri, which decides about entitlements twice", "take out the part that is for the other version"})
		}
	}
	r.add(s)
}

// layer is one of several configurations that are merged.
type layer struct {
	d    *document
	root *node
}

const scriptHint = "check the files of entitlements that it names, by their names and without --sources, and what is signed"

// script tells of a configuration that is not read.
func (r *reader) script(name string) {
	what := "is a program, and what it names is not read"
	if path.Ext(name) == ".toml" {
		what = "is not read: TOML is not"
	}
	r.problem(Problem{Unresolved, Place{File: r.told(name)}, "the configuration " + what, scriptHint})
}

// isSpec is what a configuration of XcodeGen's or Tuist's has.
var isSpec = regexp.MustCompile(`(?m)^targets:|^import ProjectDescription`)

// spec tells of what XcodeGen or Tuist makes a project from, which is not read. It is an error
// where the project is not there.
func (r *reader) spec(name string, all []string) {
	b, err := r.read(name, MaxProject)
	if err == nil && !isSpec.Match(b) {
		return
	}
	kind := Unresolved
	if slices.ContainsFunc(all, func(p string) bool { return kindOf(p) == xcodeProject && path.Dir(path.Dir(p)) == path.Dir(name) }) {
		kind = Unread
	}
	r.problem(Problem{kind, Place{File: r.told(name)}, "a project of Xcode's is made from it, and it is not read", "have XcodeGen or Tuist make the project before the check"})
}
