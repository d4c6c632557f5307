package policy

import (
	"fmt"
	"slices"
)

// Group is a named set of binaries, and what the policy says of them beyond what it
// says of all. A binary may be in several; then all of them count.
type Group struct {
	Name  string
	Scope Scope // never of versions, cdhashes or other groups

	Require []string // exact keys that must be there and grant something
	Exactly []string // the only keys that may be there
	IsExact bool     // whether Exactly is given; it may be empty
	Rules   []Rule   // with those of the stage they win over the policy's rules
	Stages  []Stage  // further demands, by the name of a stage

	Overridable bool     // a policy that extends this one may define the group anew
	Position    Position // of the name

	// Fields has the place of each key that is given, by its name in YAML.
	Fields map[string]Position
}

// Group returns the group of that name, nil for none. Those of the policy itself
// come before those that it extends.
func (p *Policy) Group(name string) *Group {
	i := slices.IndexFunc(p.Groups, func(g Group) bool { return g.Name == name })
	if i < 0 {
		return nil
	}
	return &p.Groups[i]
}

// ScopesOf returns the scopes of the groups that an exception names, by their names, as
// far as the policy has them; nil for none.
func (p *Policy) ScopesOf(e *Exception) map[string]Scope {
	var scopes map[string]Scope
	for _, name := range e.AppliesTo.Binaries {
		if g := p.Group(name); g != nil {
			if scopes == nil {
				scopes = map[string]Scope{}
			}
			scopes[name] = g.Scope
		}
	}
	return scopes
}

// GroupsOf returns the names of the groups that the target is in, in the order of
// the policy.
func (p *Policy) GroupsOf(t Target) []string { return p.Grouping()(t) }

// Grouping returns what does as GroupsOf does, for many targets.
func (p *Policy) Grouping() func(Target) []string {
	matchers := make([]*Matcher, len(p.Groups))
	for i := range p.Groups {
		matchers[i] = p.Groups[i].Scope.Matcher()
	}
	return func(t Target) []string {
		var names []string
		for i, m := range matchers {
			if m.Matches(t) {
				names = append(names, p.Groups[i].Name)
			}
		}
		return names
	}
}

// Types are the types of Mach-O files that a scope may name: the constants MH_* of
// <mach-o/loader.h> without the prefix, in lower case.
func Types() []string { return slices.Clone(types) }

var types = []string{"execute", "dylib", "bundle", "dylinker", "kext_bundle", "preload", "fileset", "fvmlib"}

// BundleKinds are the kinds of bundles that a scope may name: the suffixes that macOS
// knows, and bundle for any other.
func BundleKinds() []string { return slices.Clone(bundleKinds) }

var bundleKinds = []string{
	"aaxplugin", "action", "app", "appex", "bundle", "clap", "colorpicker", "component", "dext", "driver", "framework",
	"kext", "mdimporter", "osax", "plugin", "prefpane", "qlgenerator", "saver", "service", "systemextension", "vst",
	"vst3", "wdgt", "xctest", "xpc",
}

// dangling returns an error for each stage, group and file that the policy speaks of
// and that the whole of which it is part does not have.
func (p *Policy) dangling(whole *Policy) Errors {
	var errs Errors
	fail := func(at Position, hint, format string, args ...any) {
		errs = append(errs, &ParseError{Position: at, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	stages := make([]string, len(whole.Stages))
	for i, s := range whole.Stages {
		stages[i] = s.Name
	}
	groups := make([]string, len(whole.Groups))
	for i, g := range whole.Groups {
		groups[i] = g.Name
	}
	for _, g := range p.Groups {
		for _, s := range g.Stages {
			if !slices.Contains(stages, s.Name) {
				fail(s.Position, suggest(s.Name, stages), "the policy has no stage %s", quote(s.Name))
			}
		}
	}
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		for _, name := range e.AppliesTo.Binaries {
			if !slices.Contains(groups, name) {
				hint := "define it under binaries"
				if len(groups) > 0 {
					hint = suggest(name, groups)
				}
				fail(e.At(groupPlace(name)), hint, "no group of binaries is named %s", quote(name))
			}
		}
	}
	if _, ok := whole.Approvals.Fields["allowed-signers"]; !ok && slices.Contains(p.Approvals.Accept, SignedBy) {
		fail(p.Approvals.Fields["accept"], "name a file of those who may sign, in the form of ssh-keygen's allowed signers",
			"approvals are to be signed, and allowed-signers is missing")
	}
	return errs
}
