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
