package source

import (
	"path"
	"regexp"
	"slices"
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
