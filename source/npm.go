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

// npmPackage is a package.json.
type npmPackage struct {
	d   *document
	dir string
}

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
	p := &npmPackage{d, path.Dir(name)}
	r.packages[p.dir] = p
	r.commands(p)
	if wrapper := p.wrapper(); wrapper != nil {
		r.problem(Problem{Unresolved, d.at(wrapper.offset), fmt.Sprintf("%s gives electron-builder a configuration, which is not read", wrapper.key), scriptHint})
	}
	build, uses := d.root.get("build"), p.usesBuilder()
	isBuilders := slices.ContainsFunc([]string{"mac", "mas", "masDev", "appId", "extends"}, func(key string) bool { return build.get(key) != nil })
	switch {
	case isBuilders, build != nil && (uses || p.dependency("electron") != nil):
		r.builder(d, build, p.dir)
	case uses && !r.configured(p.dir):
		r.bare = append(r.bare, Problem{Unresolved, Place{File: d.path}, "uses electron-builder, and its configuration is not beside it", scriptHint})
	}
	if forge := d.root.get("config", "forge"); forge != nil {
		r.forge(d, forge, p.dir)
	}
}

// bareBuilders tells of packages that use electron-builder without a configuration. Where
// another one has one, they may be the roots of workspaces.
func (r *reader) bareBuilders() {
	has := r.builds
	for name := range r.walked {
		has = has || strings.HasPrefix(strings.ToLower(path.Base(name)), "electron-builder")
	}
	for _, p := range r.bare {
		if has {
			p.Kind = Unread
		}
		r.problem(p)
	}
}

// dependencies are the keys of a package.json that list what is installed for it.
var dependencies = []string{"dependencies", "devDependencies", "optionalDependencies", "peerDependencies"}

// dependency returns the first dependency whose name has that in it.
func (p *npmPackage) dependency(name string) *pair {
	for _, key := range dependencies {
		list := p.d.root.get(key)
		if list == nil {
			continue
		}
		for i := range list.pairs {
			if o := &list.pairs[i]; strings.Contains(o.key, name) && !strings.HasPrefix(o.key, "@types/") {
				return o
			}
		}
	}
	return nil
}

// usesBuilder reports whether the package is built by electron-builder, or may be: npx gets
// one that it does not depend on.
func (p *npmPackage) usesBuilder() bool {
	return p.dependency("electron-builder") != nil || p.dependency("app-builder-lib") != nil ||
		slices.ContainsFunc(p.scripts(), func(s pair) bool { return strings.Contains(s.value.string(), "electron-builder") })
}

// wrapper returns a dependency that calls electron-builder with a configuration of its own,
// as vue-cli-plugin-electron-builder does.
func (p *npmPackage) wrapper() *pair {
	if o := p.dependency("-electron-builder"); o != nil {
		return o
	}
	return p.dependency("/electron-builder")
}

func (p *npmPackage) scripts() []pair {
	if scripts := p.d.root.get("scripts"); scripts != nil {
		return scripts.pairs
	}
	return nil
}

// says reports whether a script of the package matches; of none, none does.
func (p *npmPackage) says(what *regexp.Regexp) bool {
	return p != nil && slices.ContainsFunc(p.scripts(), func(s pair) bool { return what.MatchString(unquoted(s.value.string())) })
}

// configured reports whether a folder has a configuration of electron-builder's, which is
// read, or told of, by itself.
func (r *reader) configured(dir string) bool {
	entries, err := fs.ReadDir(r.fsys, dir)
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return strings.HasPrefix(strings.ToLower(e.Name()), "electron-builder") && kindOf(e.Name()) != otherFile
	})
}

// calls are the scripts that lead to a tool, by themselves or by way of others that they run.
func (p *npmPackage) calls(tool string) map[string]bool {
	runs := map[string][]string{} // scripts, by the words in them
	calls := map[string]bool{}
	var left []string
	for _, s := range p.scripts() {
		text := commandEnd.ReplaceAllString(unquoted(s.value.string()), " ")
		for word := range strings.FieldsSeq(text) {
			runs[word] = append(runs[word], s.key)
		}
		if strings.Contains(text, tool) && !calls[s.key] {
			calls[s.key], left = true, append(left, s.key)
		}
	}
	for len(left) > 0 {
		name := left[0]
		left = left[1:]
		for _, s := range runs[name] {
			if !calls[s] {
				calls[s], left = true, append(left, s)
			}
		}
		delete(runs, name)
	}
	return calls
}

var (
	// givesConfig is an option of electron-builder's or Tauri's that names a configuration,
	// or sets a part of one. A letter may have others before it, and its value after it.
	givesConfig = regexp.MustCompile(`(?:^|\s)(?:-[a-z]*?c(\.[\w.-]+|[=\s]+[^\s-]\S*|[^\s=.-]\S*)|--c(?:onf\w*)?(\.[\w.-]+|[=\s]+[^\s-]\S*))`)

	commandEnd = regexp.MustCompile(`[&|;\n]+`)

	// packagerSigns is a command of @electron/packager's that signs.
	packagerSigns = regexp.MustCompile(`(?i)electron[-/]packager.*--osx-?sign`)
)

// parts are the keys of electron-builder's configuration that decide about entitlements, and
// who claims them.
var parts = []string{"mac", "mas", "masDev", "appId", "extends", "directories", "target", "afterPack", "afterSign", "afterAllArtifactBuild"}

// commands looks at what scripts of a package.json give to electron-builder and Tauri: a
// configuration that is not found by its name is read, or else told.
func (r *reader) commands(p *npmPackage) {
	for _, tool := range []string{"electron-builder", "tauri"} {
		calls := p.calls(tool)
		for _, s := range p.scripts() {
			if !calls[s.key] {
				continue
			}
			for _, command := range commandEnd.Split(unquoted(s.value.string()), -1) {
				for _, m := range givesConfig.FindAllStringSubmatch(arguments(command, tool, calls), -1) {
					given := m[1] + m[2]
					if key, isPart := strings.CutPrefix(given, "."); isPart {
						key, _, _ = strings.Cut(key, ".")
						if !slices.Contains(parts, key) {
							continue
						}
					} else if given = strings.TrimLeft(given, "= \t"); r.given(p.dir, given, tool) {
						continue
					}
					r.problem(Problem{Unresolved, p.d.at(s.offset), fmt.Sprintf("the script %s gives the configuration %s, which is not read", s.key, given), "have all of it in a configuration that is found by its name"})
				}
			}
		}
	}
	for _, s := range p.scripts() {
		if packagerSigns.MatchString(unquoted(s.value.string())) {
			r.problem(Problem{Unresolved, p.d.at(s.offset), fmt.Sprintf("the script %s has @electron/packager sign, and with which entitlements is not known", s.key), "check what is signed"})
		}
	}
}

// arguments returns what a command gives to a tool: what is behind its name, or behind that of
// a script that leads to it.
func arguments(command, tool string, calls map[string]bool) string {
	words := strings.Fields(command)
	i := slices.IndexFunc(words, func(word string) bool { return strings.Contains(word, tool) || calls[word] })
	if i < 0 {
		return ""
	}
	return strings.Join(words[i+1:], " ")
}

// given reports whether a configuration that a command names, which is run in that folder,
// is read. For electron-builder the folder is the project's, which names in the
// configuration are relative to, wherever that is (getConfig in util/config/load.ts).
func (r *reader) given(dir, name, tool string) bool {
	file := path.Join(dir, name)
	if tool != "electron-builder" || !isRelative(name) {
		return r.walked[file]
	}
	if kind := kindOf(file); kind == scriptFile || !slices.Contains([]string{".yml", ".yaml", ".json", ".json5"}, strings.ToLower(path.Ext(file))) {
		return kind == scriptFile && r.walked[file] // which is told by itself
	}
	if !r.exists(file) {
		return false
	}
	if !slices.Contains(r.configs[file], dir) {
		r.configs[file] = append(r.configs[file], dir)
	}
	return true
}
