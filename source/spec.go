package source

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

const scriptHint = "check the files of entitlements that it names, by their names and without --sources, and what is signed"

// script tells of a configuration that is not read.
func (r *reader) script(name string) {
	what := "is a program, and what it names is not read"
	if path.Ext(name) == ".toml" {
		what = "is not read: TOML is not"
	}
	r.problem(Problem{Unresolved, Place{File: r.told(name)}, "the configuration " + what, scriptHint})
}

// spec tells of what XcodeGen or Tuist makes a project from, which is not read. It is an error
// where the project is not there.
func (r *reader) spec(name string, all []string) {
	b, err := r.read(name, MaxProject)
	if err == nil && isUnrelated(name, b) {
		return
	}
	kind := Unresolved
	if slices.ContainsFunc(all, func(p string) bool { return kindOf(p) == xcodeProject && path.Dir(path.Dir(p)) == path.Dir(name) }) {
		kind = Unread
	}
	r.problem(Problem{kind, Place{File: r.told(name)}, "a project of Xcode's is made from it, and it is not read", "have XcodeGen or Tuist make the project before the check"})
}

// isUnrelated reports whether a file of such a name is certain to be something else: Tuist's
// has its module in it, and XcodeGen's has targets, or includes files that have
// (Docs/ProjectSpec.md in XcodeGen).
func isUnrelated(name string, b []byte) bool {
	if strings.EqualFold(path.Ext(name), ".swift") {
		return !bytes.Contains(b, []byte("ProjectDescription"))
	}
	root, err := parseYAML(b)
	return err == nil && !slices.ContainsFunc(root.pairs, func(o pair) bool {
		return strings.HasPrefix(o.key, "targets") || strings.HasPrefix(o.key, "include")
	})
}
