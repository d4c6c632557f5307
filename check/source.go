package check

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/inorder"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/source"
)

// Inside returns what a policy can match of the path of a source that leads out of the
// current folder: what is below the folders above.
func Inside(name string) string {
	name = strings.TrimPrefix(name, "/")
	for strings.HasPrefix(name, "../") {
		name = name[len("../"):]
	}
	return name
}

// sources judges what programs will be signed with, by the same policy as binaries.
func (e *evaluation) sources() {
	sorted := inorder.Copied(e.in.Sources, func(a, b Source) int { return strings.Compare(a.Path, b.Path) })
	e.files = make(map[string]*Source, len(sorted))
	for i := range sorted {
		e.files[sorted[i].Path] = &sorted[i]
	}
	for _, s := range sorted {
		e.source(s)
	}
	e.projects()
	for i := range e.in.Signings {
		e.signing(&e.in.Signings[i])
	}
	for _, p := range e.in.Unresolved {
		e.unresolved(p)
	}
	e.compare()
}

// user is what is known of the programs that are signed with a source, as far as a policy
// may ask for it, and which ones these are. Of one that nobody is known to sign with, it
// is nothing.
type user struct {
	target   policy.Target
	names    []string
	complete bool              // all of what they claim is known
	expanded map[string]string // what texts with variables become
}

// maxJudged bounds the claims of files times their users, and maxCompared those of programs
// and what they are compared with: each may become a finding. Real projects have some
// hundreds.
const (
	maxJudged   = 50_000
	maxCompared = 100_000
)

// usersOf returns the users of a file. Signings that a policy cannot tell apart are one, and
// so are those beyond the bound: then only an exception covers the file that asks for
// nothing but its path.
func (e *evaluation) usersOf(s Source) []user {
	var list []user
	for i := range e.in.Signings {
		g := &e.in.Signings[i]
		if !slices.Contains(g.Files, s.Path) {
			continue
		}
		t := targetOf(g, s.Inside)
		n := slices.IndexFunc(list, func(u user) bool {
			return maps.Equal(u.expanded, g.Expanded) && u.target.Identifier == t.Identifier && u.target.TeamID == t.TeamID && u.target.Type == t.Type && u.target.BundleKind == t.BundleKind
		})
		if n < 0 {
			n = len(list)
			list = append(list, user{target: t, complete: true, expanded: g.Expanded})
		}
		list[n].names = append(list[n].names, g.Name())
		list[n].complete = list[n].complete && g.Open == ""
	}
	if e.judged += len(s.Set) * len(list); e.judged > maxJudged && len(list) > 1 {
		all := user{target: policy.Target{Paths: []string{s.Inside}}}
		for _, u := range list {
			all.names = append(all.names, u.names...)
		}
		list = []user{all}
	}
	if list == nil {
		list = []user{{target: policy.Target{Paths: []string{s.Inside}}, complete: true}}
	}
	return list
}

// targetOf returns what a policy may ask for of a program that is not built yet.
func targetOf(g *source.Signing, inside string) policy.Target {
	return policy.Target{Paths: []string{inside}, Identifier: g.Identifier, TeamID: g.TeamID, Type: g.Type, BundleKind: g.BundleKind}
}

// source judges one file of entitlements, as signed with by each of its users: an
// exception has to cover all of them.
func (e *evaluation) source(s Source) {
	sub := subject{paths: []string{s.Path}, places: map[string]policy.Position{}, variables: true}
	for key, place := range s.Lines {
		sub.places[key] = position(s.Path, place)
	}
	for _, n := range s.Notes {
		f := sub.finding(RuleSloppyEntitlements, n.Text)
		f.Position = position(s.Path, n.Place)
		if s.Class == entitlement.Ambiguous {
			f.Rule, f.Hint = RuleAmbiguousEntitlements, n.Fix
		}
		e.add(f)
	}
	report := SourceReport{Source: s}
	e.advice(sub, s.Set)
	users := e.usersOf(s)
	var claims claimList
	for _, u := range users {
		sub.target = u.target
		sub.join(e.groupsOf(u.target))
		if u.complete {
			e.exceptions.look(sub.target)
		}
		if len(u.names) == 0 {
			e.groups(sub, s.Set)
		}
		n := len(e.findings)
		claims.add(e.claims(sub, expandSet(s.Set, u.expanded)))
		if len(users) > 1 {
			e.remark(n, "for "+some(u.names))
		}
		report.UsedBy = append(report.UsedBy, u.names...)
	}
	e.variables(sub, s)
	report.Claims = claims.sorted()
	e.report.Sources = append(e.report.Sources, report)
}

// remark adds to what the findings from the nth on say.
func (e *evaluation) remark(n int, text string) {
	for i := range e.findings[n:] {
		e.findings[n+i].Message += " (" + text + ")"
	}
}

// some lists the first two of several names.
func some(names []string) string {
	if len(names) > 2 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:2], ", "), len(names)-2)
	}
	return strings.Join(names, " and ")
}

func position(path string, p entitlement.Place) policy.Position {
	return policy.Position{File: path, Line: p.Line, Column: p.Column}
}

func positionOf(p source.Place) policy.Position { return position(p.File, p.Place) }

// expandSet replaces texts with variables by what they become.
func expandSet(set entitlement.Set, expanded map[string]string) entitlement.Set {
	if len(expanded) == 0 {
		return set
	}
	out := make(entitlement.Set, len(set))
	for key, v := range set {
		out[key] = expandValue(v, expanded)
	}
	return out
}

func expandValue(v entitlement.Value, expanded map[string]string) entitlement.Value {
	switch v.Kind {
	case entitlement.String:
		if text, ok := expanded[v.String]; ok {
			v.String = text
		}
	case entitlement.Array:
		v.Array = slices.Clone(v.Array)
		for i := range v.Array {
			v.Array[i] = expandValue(v.Array[i], expanded)
		}
	case entitlement.Dictionary:
		v.Dict = expandSet(v.Dict, expanded)
	}
	return v
}

// isOpen reports whether a value has a variable that a project may set, and that is not known.
func isOpen(v entitlement.Value) bool {
	return variable.MatchString(source.SetByProfile.ReplaceAllString(v.Text(), ""))
}

// variable is a variable as Xcode replaces them in entitlements.
var variable = regexp.MustCompile(`\$[({][A-Za-z_]`)

// variables tells of variables that nothing replaces, so that they are signed as they are
// written.
func (e *evaluation) variables(sub subject, s Source) {
	var users []*source.Signing
	for i := range e.in.Signings {
		if g := &e.in.Signings[i]; slices.Contains(g.Files, s.Path) {
			users = append(users, g)
		}
	}
	for _, key := range s.Set.Keys() {
		v := s.Set[key]
		text := v.Text()
		inKey := variable.MatchString(key)
		if !inKey && !variable.MatchString(text) {
			continue
		}
		f := sub.about(RuleUnexpandedVariable, key, v, fmt.Sprintf("%s has a variable in it, and nothing that was found replaces it", claimText(key, v)))
		f.Level, f.Hint = policy.Warning, "write out the value, or have the build write the file; with --sources, targets of Xcode are found, which replaces variables"
		i := slices.IndexFunc(users, func(g *source.Signing) bool { return !g.Tool.Expands() })
		switch {
		case inKey:
			f.Level, f.Message = policy.Error, fmt.Sprintf("the key %s has a variable in it, so that nothing says what is claimed", shorten(key))
			f.Hint = "write out the key"
		case i >= 0:
			f.Level, f.Message = policy.Error, fmt.Sprintf("%s has a variable in it, which %s does not replace", claimText(key, v), users[i].Tool)
			f.Hint = "write out the value, or have the build write the file"
		case len(users) > 0:
			continue
		}
		e.add(f)
	}
}

// projects judges the entitlements that no file claims, but a project: each on its line, for
// the program that it is for.
func (e *evaluation) projects() {
	byFile := map[string]*projectReport{}
	for i := range e.in.Signings {
		g := &e.in.Signings[i]
		for _, c := range g.Settings {
			p := byFile[c.Place.File]
			if p == nil {
				p = &projectReport{}
				byFile[c.Place.File] = p
			}
			p.claims.add(e.setting(g, c))
			if name := g.Name(); !slices.Contains(p.users, name) {
				p.users = append(p.users, name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byFile)) {
		p := byFile[name]
		e.report.Sources = append(e.report.Sources, SourceReport{
			Source: Source{Path: name, Inside: Inside(name), Project: true}, UsedBy: p.users, Claims: p.claims.sorted(),
		})
	}
}

// setting judges what a setting of a project claims for a program.
func (e *evaluation) setting(g *source.Signing, c source.Setting) []Claim {
	at := positionOf(c.Place)
	sub := subject{paths: []string{at.File}, target: targetOf(g, Inside(at.File)), places: map[string]policy.Position{c.Key: at}}
	sub.join(e.groupsOf(sub.target))
	if g.Open == "" {
		e.exceptions.look(sub.target)
	}
	n := len(e.findings)
	claims := e.claims(sub, entitlement.Set{c.Key: c.Value})
	e.remark(n, c.Text+", for "+g.Name())
	for i := range e.findings[n:] {
		f := &e.findings[n+i]
		f.Hint = strings.Replace(f.Hint, "sign without it", cmp.Or(c.Fix, "sign without it"), 1)
	}
	return claims
}

// projectReport is what a project's file claims.
type projectReport struct {
	claims claimList
	users  []string
}

// signing holds all that a program will be signed with against what its groups say, and
// what the project says of the Hardened Runtime against what the stage asks for.
func (e *evaluation) signing(g *source.Signing) {
	paths := g.Files
	if len(paths) == 0 {
		paths = []string{g.Place.File}
	}
	sub := subject{paths: paths[:1], target: targetOf(g, Inside(paths[0]))}
	sub.join(e.groupsOf(sub.target))
	if g.Open == "" && len(sub.groups.Any) > 0 {
		var set entitlement.Set
		set, sub.places = e.effective(g)
		e.groups(sub, set)
	}
	if g.Unhardened.File == "" || g.Type != "execute" && g.Type != "" {
		return
	}
	for _, d := range e.demanders(sub) {
		if slices.Contains(d.Require, policy.HardenedRuntime) {
			f := Finding{Rule: RuleNoHardenedRuntime, Paths: []string{g.Unhardened.File}, Position: positionOf(g.Unhardened)}
			f.Message = fmt.Sprintf("%s is not certain to have the Hardened Runtime, and %s requires it: %s", g.Name(), d.name, cmp.Or(g.Why, "it is turned off"))
			f.Hint = "turn it on in every configuration"
			e.add(f)
		}
	}
}

// effective returns all that a program will claim, as far as it is known, and where that
// stands. What a build setting claims goes before the file, as in Xcode.
func (e *evaluation) effective(g *source.Signing) (entitlement.Set, map[string]policy.Position) {
	set, places := entitlement.Set{}, map[string]policy.Position{}
	for _, name := range g.Files {
		s := e.files[name]
		if s == nil {
			continue
		}
		for key, v := range s.Set {
			set[key], places[key] = expandValue(v, g.Expanded), position(s.Path, s.Lines[key])
		}
	}
	for _, c := range g.Settings {
		set[c.Key], places[c.Key] = c.Value, positionOf(c.Place)
	}
	return set, places
}

// unresolved tells what of the sources is not known.
func (e *evaluation) unresolved(p source.Problem) {
	f := Finding{Rule: RuleUnresolvedSource, Paths: []string{p.Place.File}, Message: p.Message, Hint: p.Hint}
	if p.Place.Line > 0 {
		f.Position = positionOf(p.Place)
	}
	switch p.Kind {
	case source.Unreadable:
		f.Rule = RuleUnreadable
		if f.Hint == "" {
			f.Hint = unreadHint
		}
	case source.Missing:
		f.Level = policy.Error
	case source.Unread:
		f.Level = policy.Warning
	case source.Incomplete:
		f.Level = policy.Note
	}
	e.add(f)
}
