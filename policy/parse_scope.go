package policy

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// scopeNames are the fields of a scope, in the order of the documentation.
var scopeNames = []string{"path", "identifier", "team-id", "arch", "type", "bundle-kind", "versions", "cdhash", "binaries"}

func (r *reader) scope(n *yaml.Node) Scope {
	var s Scope
	if isNull(n) || n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		r.fail(n, suggest("", scopeNames), "applies-to is empty: an exception needs a scope")
		return s
	}
	r.mapping(n, "applies-to", r.scopeFields(&s, scopeNames...))
	return s
}

// groupPlaces notes where a scope names groups: whether there are such is known later.
func (r *reader) groupPlaces(scope *yaml.Node, places map[string]Position) {
	for i := 0; i+1 < len(scope.Content) && scope.Kind == yaml.MappingNode; i += 2 {
		if n := scope.Content[i+1]; scope.Content[i].Value == "binaries" {
			for _, item := range append([]*yaml.Node{n}, n.Content...) {
				places[groupPlace(item.Value)] = r.position(item)
			}
		}
	}
}

// groupPlace is the key of [Exception.Fields] for a group that the scope names.
func groupPlace(name string) string { return "binaries/" + name }

// scopeFields returns what reads the named fields of a scope.
func (r *reader) scopeFields(s *Scope, names ...string) []field {
	all := []field{
		{"path", false, func(n *yaml.Node) {
			s.Path = r.words(n, "path", false, func(n *yaml.Node, w string) { r.check(n, "path", checkGlob(w)) })
		}},
		{"identifier", false, func(n *yaml.Node) { s.Identifier = r.exact(n, "identifier") }},
		{"team-id", false, func(n *yaml.Node) { s.TeamID = r.exact(n, "team-id") }},
		{"arch", false, func(n *yaml.Node) { s.Arch = r.archs(n) }},
		{"type", false, func(n *yaml.Node) { s.Type = r.oneOf(n, "type", types) }},
		{"bundle-kind", false, func(n *yaml.Node) { s.BundleKind = r.oneOf(n, "bundle-kind", bundleKinds) }},
		{"versions", false, func(n *yaml.Node) { s.Versions = r.versions(n) }},
		{"cdhash", false, func(n *yaml.Node) {
			s.CDHash = r.words(n, "cdhash", false, func(n *yaml.Node, w string) {
				if !hex40.MatchString(w) {
					r.fail(n, "write what codewarrant show prints as CDHash", "cdhash %s is not 40 hexadecimal digits in lower case", quote(w))
				}
			})
		}},
		{"binaries", false, func(n *yaml.Node) { s.Binaries = r.exact(n, "binaries") }},
	}
	return slices.DeleteFunc(all, func(f field) bool { return !slices.Contains(names, f.name) })
}

// foreignArchs are names that others have for architectures, and Apple's for them.
var foreignArchs = map[string]string{
	"amd64": "x86_64", "x64": "x86_64", "x86-64": "x86_64", "intel": "x86_64", "aarch64": "arm64", "apple-silicon": "arm64",
}

// archs reads names of architectures. The list of them is not closed.
func (r *reader) archs(n *yaml.Node) []string {
	return r.words(n, "arch", false, func(n *yaml.Node, w string) {
		switch name := foreignArchs[fold(w)]; {
		case name != "" && name != w:
			r.fail(n, "write "+name, "arch %s is not what macOS calls it", quote(w))
		case fold(w) == "universal":
			r.fail(n, "name each architecture, or leave arch out for all", "arch %s is no slice of a binary", quote(w))
		case strings.Contains(w, "*"):
			r.fail(n, "name each one", "arch is compared exactly and takes no globs")
		}
	})
}

// oneOf reads words of a closed list.
func (r *reader) oneOf(n *yaml.Node, what string, valid []string) []string {
	return r.words(n, what, false, func(n *yaml.Node, w string) { pick(r, n, what, w, valid) })
}

func (r *reader) versions(n *yaml.Node) []VersionRange {
	var list []VersionRange
	for _, item := range append([]*yaml.Node{n}, n.Content...) {
		if item.Style&(yaml.FoldedStyle|yaml.LiteralStyle) != 0 {
			r.fail(item, `quote it: ">=3.2 <4"`, "versions: a bound that begins with > begins a block of text in YAML")
			return nil
		}
	}
	r.words(n, "versions", false, func(n *yaml.Node, w string) {
		v, err := parseVersionRange(w)
		switch {
		case err != nil:
			r.fail(n, `write 3.2, or ">=3.2 <4": one to four dotted numbers, and no blank after the sign`, "versions: %v", err)
		case v.isEmpty():
			r.fail(n, "all bounds of a range must hold; write a list of ranges where one is enough", "no version is in %s", quote(w))
		}
		list = append(list, v)
	})
	return list
}

// exact reads one or more values that are compared as they stand.
func (r *reader) exact(n *yaml.Node, what string) []string {
	return r.words(n, what, false, func(n *yaml.Node, w string) {
		if strings.Contains(w, "*") {
			r.fail(n, "name each one", "%s is compared exactly and takes no globs", what)
		}
	})
}
