package source

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

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
