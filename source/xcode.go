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

// BuildSetting is a build setting of Xcode's that becomes an entitlement.
type BuildSetting struct {
	Name, Key string
	Access    bool // it is readonly or readwrite, and the key ends in .read-only or .read-write; else it is YES
}

// BuildSettings returns the build settings that become entitlements.
func BuildSettings() []BuildSetting { return slices.Concat(booleans, folders) }

// booleans are the build settings that Xcode makes entitlements of when they are YES
// (sandboxAndHardenedRuntimeBooleanEntitlements in swift-build's ProductPackaging.swift).
var booleans = []BuildSetting{
	{Name: "RUNTIME_EXCEPTION_ALLOW_DYLD_ENVIRONMENT_VARIABLES", Key: "com.apple.security.cs.allow-dyld-environment-variables"},
	{Name: "RUNTIME_EXCEPTION_ALLOW_JIT", Key: "com.apple.security.cs.allow-jit"},
	{Name: "RUNTIME_EXCEPTION_ALLOW_UNSIGNED_EXECUTABLE_MEMORY", Key: "com.apple.security.cs.allow-unsigned-executable-memory"},
	{Name: "RUNTIME_EXCEPTION_DEBUGGING_TOOL", Key: "com.apple.security.cs.debugger"},
	{Name: "RUNTIME_EXCEPTION_DISABLE_EXECUTABLE_PAGE_PROTECTION", Key: "com.apple.security.cs.disable-executable-page-protection"},
	{Name: "RUNTIME_EXCEPTION_DISABLE_LIBRARY_VALIDATION", Key: "com.apple.security.cs.disable-library-validation"},
	{Name: "ENABLE_APP_SANDBOX", Key: "com.apple.security.app-sandbox"},
	{Name: "ENABLE_INCOMING_NETWORK_CONNECTIONS", Key: "com.apple.security.network.server"},
	{Name: "ENABLE_OUTGOING_NETWORK_CONNECTIONS", Key: "com.apple.security.network.client"},
	{Name: "ENABLE_RESOURCE_ACCESS_AUDIO_INPUT", Key: "com.apple.security.device.audio-input"},
	{Name: "ENABLE_RESOURCE_ACCESS_BLUETOOTH", Key: "com.apple.security.device.bluetooth"},
	{Name: "ENABLE_RESOURCE_ACCESS_CALENDARS", Key: "com.apple.security.personal-information.calendars"},
	{Name: "ENABLE_RESOURCE_ACCESS_CAMERA", Key: "com.apple.security.device.camera"},
	{Name: "ENABLE_RESOURCE_ACCESS_CONTACTS", Key: "com.apple.security.personal-information.addressbook"},
	{Name: "ENABLE_RESOURCE_ACCESS_LOCATION", Key: "com.apple.security.personal-information.location"},
	{Name: "ENABLE_RESOURCE_ACCESS_PHOTO_LIBRARY", Key: "com.apple.security.personal-information.photos-library"},
	{Name: "ENABLE_RESOURCE_ACCESS_PRINTING", Key: "com.apple.security.print"},
	{Name: "ENABLE_RESOURCE_ACCESS_USB", Key: "com.apple.security.device.usb"},
	{Name: "AUTOMATION_APPLE_EVENTS", Key: "com.apple.security.automation.apple-events"},
	// Not of that table: it keeps what Xcode else takes out of builds that are
	// installed or archived (constructProductEntitlementsTasks in the same file).
	{Name: "ENTITLEMENTS_DONT_REMOVE_GET_TASK_ALLOW", Key: "com.apple.security.get-task-allow"},
}

// folders are those that become the entitlement with .read-only or .read-write after it
// (sandboxFileAccessSettingsAndEntitlements, there).
var folders = []BuildSetting{
	{Name: "ENABLE_FILE_ACCESS_DOWNLOADS_FOLDER", Key: "com.apple.security.files.downloads", Access: true},
	{Name: "ENABLE_FILE_ACCESS_PICTURE_FOLDER", Key: "com.apple.security.assets.pictures", Access: true},
	{Name: "ENABLE_FILE_ACCESS_MUSIC_FOLDER", Key: "com.apple.security.assets.music", Access: true},
	{Name: "ENABLE_FILE_ACCESS_MOVIES_FOLDER", Key: "com.apple.security.assets.movies", Access: true},
	{Name: "ENABLE_USER_SELECTED_FILES", Key: "com.apple.security.files.user-selected", Access: true},
}

// products are the kinds of target that are programs, and what becomes of them. Libraries
// and bundles have no entitlements of their own.
var products = map[string]struct{ fileType, bundleKind string }{
	"com.apple.product-type.application":                         {"execute", "app"},
	"com.apple.product-type.application.on-demand-install":       {"execute", "app"},
	"com.apple.product-type.app-extension":                       {"execute", "appex"},
	"com.apple.product-type.extensionkit-extension":              {"execute", "appex"},
	"com.apple.product-type.xcode-extension":                     {"execute", "appex"},
	"com.apple.product-type.xpc-service":                         {"execute", "xpc"},
	"com.apple.product-type.tool":                                {"execute", ""},
	"com.apple.product-type.system-extension":                    {"execute", "systemextension"},
	"com.apple.product-type.driver-extension":                    {"execute", "dext"},
	"com.apple.product-type.library.dynamic":                     {"dylib", ""},
	"com.apple.product-type.framework":                           {"dylib", "framework"},
	"com.apple.product-type.bundle":                              {"bundle", "bundle"},
	"com.apple.product-type.bundle.unit-test":                    {"bundle", "xctest"},
	"com.apple.product-type.bundle.ui-testing":                   {"bundle", "xctest"},
	"com.apple.product-type.kernel-extension":                    {"kext_bundle", "kext"},
	"com.apple.product-type.kernel-extension.iokit":              {"kext_bundle", "kext"},
	"com.apple.product-type.library.static":                      {},
	"com.apple.product-type.objfile":                             {},
	"com.apple.product-type.framework.static":                    {},
	"com.apple.product-type.in-app-purchase-content":             {},
	"com.apple.product-type.application.watchapp2":               {},
	"com.apple.product-type.application.watchapp2-container":     {},
	"com.apple.product-type.watchkit2-extension":                 {},
	"com.apple.product-type.application.messages":                {},
	"com.apple.product-type.app-extension.messages":              {},
	"com.apple.product-type.app-extension.messages-sticker-pack": {},
	"com.apple.product-type.tv-app-extension":                    {},
}

// project is a project.pbxproj.
type project struct {
	r       *reader
	doc     *document
	name    string // of the project
	folder  string // that paths are relative to, in the tree
	main    string // the id of the main group
	objects map[string]*node
	parents map[string][]string     // of files and groups below the main group, by their ids
	configs map[string][]assignment // of .xcconfig files
	read    map[*node][]assignment  // of build settings
}

// xcode reads a project.
func (r *reader) xcode(name string) {
	d := r.open(name, parsePlist)
	if d == nil {
		return
	}
	container := path.Dir(name)
	p := &project{
		r: r, doc: d, name: strings.TrimSuffix(path.Base(container), path.Ext(container)),
		objects: map[string]*node{}, parents: map[string][]string{}, configs: map[string][]assignment{}, read: map[*node][]assignment{},
	}
	objects := d.root.get("objects")
	root := p.index(objects, d.root.get("rootObject").string())
	p.scripts(objects)
	if root == nil {
		r.problem(Problem{Unreadable, Place{File: d.path}, "it has no project in it", ""})
		return
	}
	p.folder = path.Join(path.Dir(container), root.get("projectDirPath").string())
	own := root.get("buildConfigurationList").string()
	targets := root.get("targets")
	if targets == nil {
		return
	}
	for _, id := range targets.items {
		if t := p.objects[id.string()]; t != nil {
			p.target(t, own)
		}
	}
}

// index finds objects by their ids, and groups by what is in them: those only that the main
// group leads to. It returns the root.
func (p *project) index(objects *node, root string) *node {
	if objects == nil {
		return nil
	}
	for _, o := range objects.pairs {
		p.objects[o.key] = o.value
	}
	p.main = p.objects[root].get("mainGroup").string()
	left := []string{p.main}
	seen := map[string]bool{left[0]: true}
	for len(left) > 0 {
		id := left[0]
		left = left[1:]
		children := p.objects[id].get("children")
		if children == nil {
			continue
		}
		for _, item := range children.items {
			child := item.string()
			p.parents[child] = append(p.parents[child], id)
			if !seen[child] {
				seen[child] = true
				left = append(left, child)
			}
		}
	}
	return p.objects[root]
}

// scripts tells of scripts in a project that sign with entitlements: what they sign with
// only a build knows.
func (p *project) scripts(objects *node) {
	if objects == nil {
		return
	}
	for _, o := range objects.pairs {
		for _, key := range []string{"shellScript", "script", "buildArgumentsString"} {
			at := o.value.pair(key)
			if at == nil {
				continue
			}
			text := at.value.string()
			if at.value.kind == sequence {
				text = joined(at.value)
			}
			if signsWith(text) {
				p.r.problem(Problem{Unresolved, p.doc.at(at.offset), "a script of the project signs with entitlements, and which is not known", "have Xcode sign, with CODE_SIGN_ENTITLEMENTS, or check what is signed"})
			}
		}
	}
}

// signsWith reports whether a script calls codesign with entitlements.
func signsWith(script string) bool {
	return strings.Contains(unquoted(script), "codesign") && hasEntitlements(script)
}

// hasEntitlements reports whether arguments of codesign give or keep entitlements;
// getopt_long(3) takes the beginning of an option for it.
func hasEntitlements(arguments string) bool {
	arguments = unquoted(arguments)
	return strings.Contains(arguments, "--ent") || strings.Contains(arguments, "entitlements")
}

// unquoted takes off what a shell does.
func unquoted(s string) string { return strings.NewReplacer(`"`, "", "'", "", `\`, "").Replace(s) }

func joined(n *node) string {
	var parts []string
	for _, item := range n.items {
		parts = append(parts, item.string())
	}
	return strings.Join(parts, " ")
}

// target reads the configurations of a target.
func (p *project) target(t *node, own string) {
	product := t.get("productType").string()
	kind, known := products[product]
	if t.get("isa").string() != "PBXNativeTarget" || known && kind.fileType == "" {
		return // which runs a script, or is not signed for the Mac
	}
	list := p.objects[t.get("buildConfigurationList").string()]
	configurations := list.get("buildConfigurations")
	if configurations == nil {
		return
	}
	byDefault := list.get("defaultConfigurationName").string()
	for _, id := range configurations.items {
		c := p.objects[id.string()]
		if c == nil {
			continue
		}
		name := c.get("name").string()
		s := Signing{
			Tool: Xcode, Target: t.get("name").string(), Configuration: name, Default: name == byDefault,
			Place: p.doc.at(c.offset), Type: kind.fileType, BundleKind: kind.bundleKind,
		}
		p.configuration(&s, c, p.named(own, name))
	}
}

// named returns the configuration of that name in a list, or else its default.
func (p *project) named(id, name string) *node {
	list := p.objects[id]
	var byDefault *node
	if configurations := list.get("buildConfigurations"); configurations != nil {
		for _, id := range configurations.items {
			c := p.objects[id.string()]
			switch c.get("name").string() {
			case name:
				return c
			case list.get("defaultConfigurationName").string():
				byDefault = c
			}
		}
	}
	return byDefault
}

// configuration reads one configuration of a target: its settings go before those of its
// .xcconfig file, and these before the ones of the project.
func (p *project) configuration(s *Signing, target, whole *node) {
	all := &settings{map[string][]assignment{}, s.Configuration, map[string]string{
		"TARGET_NAME": s.Target, "TARGETNAME": s.Target, "PROJECT_NAME": p.name, "CONFIGURATION": s.Configuration,
		"PLATFORM_NAME": "macosx", "SRCROOT": ".", "PROJECT_DIR": ".", "SOURCE_ROOT": ".",
	}, &p.r.work}
	for _, level := range []*node{whole, target} {
		all.push(p.base(level))
		all.push(p.assignments(level.get("buildSettings")))
	}
	if p.r.work < 0 {
		p.r.tooMuch(s.Place)
		return
	}
	if !isForMac(all) {
		return
	}
	p.identity(s, all)
	p.entitlements(s, all)
	p.settings(s, all)
	p.signer(s, all)
	if s.Type == "execute" || s.Type == "" {
		hardened(s, all)
	}
	if p.r.work < 0 {
		p.r.tooMuch(s.Place)
	}
	p.r.add(*s)
}

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

// assignments returns build settings. Xcode takes them in the order of their names, so that
// what has conditions counts more than what has none (createTableFromUserSettings in
// swift-build).
func (p *project) assignments(n *node) []assignment {
	if n == nil {
		return nil
	}
	if list, ok := p.read[n]; ok {
		return list
	}
	var out []assignment
	sorted := slices.SortedStableFunc(slices.Values(n.pairs), func(a, b pair) int { return strings.Compare(a.key, b.key) })
	for _, o := range sorted {
		if len(out) == maxAssignments {
			p.r.problem(Problem{Unreadable, p.doc.at(o.offset), fmt.Sprintf("more than %d build settings", maxAssignments), ""})
			break
		}
		// As swift-build does, which takes the last line of it.
		lines, _ := parseConfig(newDocument(p.doc.path, []byte(o.key+"=")))
		i := len(lines) - 1
		for i >= 0 && (lines[i].wrong != "" || lines[i].include != "") {
			i--
		}
		if i != 0 || len(lines) > 1 {
			p.r.problem(Problem{Incomplete, p.doc.at(o.offset), fmt.Sprintf("the name of the build setting %q is not one", o.key), "write NAME or NAME[CONDITION=PATTERN]"})
		}
		if i < 0 {
			continue
		}
		a := lines[i].assignment
		a.place, a.value = p.doc.at(o.offset), o.value.text
		if o.value.kind == sequence {
			a.value = joined(o.value)
		}
		out = append(out, a)
	}
	p.read[n] = out
	return out
}

// base returns what the .xcconfig file of a configuration assigns.
func (p *project) base(c *node) []assignment {
	id := c.get("baseConfigurationReference")
	name, at := "", Place{}
	switch anchor := c.get("baseConfigurationReferenceAnchor"); {
	case id != nil:
		at = p.doc.at(c.pair("baseConfigurationReference").offset)
		name = p.path(id.string(), 0)
	case anchor != nil: // in a folder that Xcode 16 keeps in step with the disk
		at = p.doc.at(c.pair("baseConfigurationReferenceAnchor").offset)
		if folder := p.path(anchor.string(), 0); folder != "" {
			name = path.Join(folder, c.get("baseConfigurationReferenceRelativePath").string())
		}
	default:
		return nil
	}
	if name == "" {
		p.r.problem(Problem{Unresolved, at, "where the .xcconfig file of the configuration is cannot be told", "put it below the project"})
		return nil
	}
	list, ok := p.configs[name]
	if !ok {
		list = p.r.configuration(name, p.folder, at)
		p.configs[name] = list
	}
	return list
}

// path returns where a file or a group is in the tree; empty: that is not known.
func (p *project) path(id string, depth int) string {
	o := p.objects[id]
	if o == nil || depth > maxNesting {
		return ""
	}
	name := o.get("path").string()
	switch tree := o.get("sourceTree").string(); tree {
	case "SOURCE_ROOT":
		return path.Join(p.folder, name)
	case "<group>":
		parents := p.parents[id]
		switch {
		case id == p.main:
			return path.Join(p.folder, name)
		case len(parents) != 1:
			return "" // the main group does not lead to it, or in several ways
		}
		if folder := p.path(parents[0], depth+1); folder != "" {
			return path.Join(folder, name)
		}
	}
	return ""
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
