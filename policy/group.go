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

// Membership says which groups a target is in. The copies of one file are one target with
// several paths, and each of them is in groups of its own: what the policy demands of a
// group it demands of every copy that is in it, and what is permitted to a group is
// permitted to the file where all of its copies are in it.
type Membership struct {
	All  []string   // the groups that every copy is in
	Any  []string   // those that at least one is in
	Each [][]string // those of each copy, without repetition; never empty
}

// GroupsOf returns the names of the groups that the target is in with all of its paths,
// in the order of the policy.
func (p *Policy) GroupsOf(t Target) []string { return p.Grouping()(t).All }

// Grouping returns what finds the groups of targets, in the order of the policy.
func (p *Policy) Grouping() func(Target) Membership {
	matchers := make([]*Matcher, len(p.Groups))
	for i := range p.Groups {
		matchers[i] = p.Groups[i].Scope.Matcher()
	}
	of := func(t Target) []string {
		var names []string
		for i, m := range matchers {
			if m.Matches(t) {
				names = append(names, p.Groups[i].Name)
			}
		}
		return names
	}
	return func(t Target) Membership {
		if len(t.Paths) < 2 {
			names := of(t)
			return Membership{names, names, [][]string{names}}
		}
		return p.ofCopies(t, of)
	}
}

// ofCopies returns the membership of a target with several paths.
func (p *Policy) ofCopies(t Target, of func(Target) []string) Membership {
	var m Membership
	count := map[string]int{}
	for i := range t.Paths {
		at := t
		at.Paths = t.Paths[i : i+1]
		names := of(at)
		for _, name := range names {
			count[name]++
		}
		if !slices.ContainsFunc(m.Each, func(o []string) bool { return slices.Equal(o, names) }) {
			m.Each = append(m.Each, names)
		}
	}
	for i := range p.Groups {
		name := p.Groups[i].Name
		if count[name] > 0 {
			m.Any = append(m.Any, name)
		}
		if count[name] == len(t.Paths) {
			m.All = append(m.All, name)
		}
	}
	return m
}

// hasRules reports whether the policy, or one that it extends, has rules for the key in
// the group of that name.
func (p *Policy) hasRules(name, key string) bool {
	for layer := range p.layers() {
		if g := layer.Group(name); g != nil && (Decision{}).among(g.Rules, Decision{}, key).Rule != nil {
			return true
		}
	}
	return false
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
	if len(whole.Approvals.ReviewTeams) == 0 && slices.Contains(p.Approvals.Accept, Review) {
		fail(p.Approvals.Fields["accept"], "name the teams, such as review-teams: [acme/product-security]",
			"approvals are to be reviews, and review-teams is missing")
	}
	return errs
}
