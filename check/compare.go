package check

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/source"
)

// byProfile are entitlements that no source claims: tools take them from the provisioning
// profile or the certificate, and they say who the program is.
var byProfile = []string{"application-identifier", "com.apple.application-identifier", "com.apple.developer.team-identifier"}

// compare holds what programs were to be signed with against what they are signed with,
// where both are part of the run.
func (e *evaluation) compare() {
	if len(e.in.Signings) == 0 || len(e.report.Binaries) == 0 {
		return
	}
	programs := programsOf(e.report.Binaries)
	apps := e.apps()
	if len(apps) == 1 && len(programs) == 1 && apps[0][0].Identifier == "" && apps[0][0].Prefix == "" {
		e.compareWith(programs[0], apps[0])
		return
	}
	of := map[*source.Signing]int{} // the app that each signing is of
	meant := make([]bool, len(apps))
	for i, app := range apps {
		for _, g := range app {
			of[g] = i
		}
	}
	for _, p := range programs {
		var fits []*source.Signing
		for _, app := range apps {
			own := slices.DeleteFunc(slices.Clone(app), func(g *source.Signing) bool { return !isOf(g, p.identifier) })
			fits = append(fits, e.built(p, own)...)
		}
		if len(fits) > 0 {
			meant[of[e.compareWith(p, fits)]] = true
		} else if p.claims {
			e.add(Finding{
				Rule: RuleUnmatchedSource, Paths: p.report.Paths,
				Message: fmt.Sprintf("compared with no source: none is for a program with the identifier %s", p.identifier),
				Hint:    "with --sources, give the folder of the project that it is built from, too",
			})
		}
	}
	for i, app := range apps {
		if !meant[i] {
			e.unmatched(app, programs)
		}
	}
}

// program is a main executable that is signed.
type program struct {
	report     *BinaryReport
	identifier string
	claims     bool
}

func programsOf(reports []BinaryReport) (list []program) {
	for i := range reports {
		p := program{report: &reports[i]}
		for _, s := range reports[i].Slices {
			if s.Err == nil && s.Signature != nil && s.IsProgram() {
				p.identifier = s.Signature.Directory().Identifier
				p.claims = p.claims || len(s.Signature.Claims.Set) > 0
			}
		}
		if p.identifier != "" {
			list = append(list, p)
		}
	}
	return list
}

// isOf reports whether a program of that identifier is the one that is signed so.
func isOf(g *source.Signing, identifier string) bool {
	if g.Prefix != "" {
		return identifier == g.Prefix || strings.HasPrefix(identifier, g.Prefix+".")
	}
	return g.Identifier != "" && g.Identifier == identifier
}

// apps returns the signings of each program, in what it may be built as: in stage
// development in any configuration, else in the one that is built by default.
func (e *evaluation) apps() [][]*source.Signing {
	type key struct{ tool, file, target string }
	var order []key
	by := map[key][]*source.Signing{}
	for i := range e.in.Signings {
		g := &e.in.Signings[i]
		if g.Type != "" && g.Type != "execute" {
			continue
		}
		k := key{string(g.Tool), g.Place.File, g.Target}
		if g.Tool != source.Xcode {
			k.file = path.Dir(k.file) // where it may be that of one configuration or of another
		}
		if by[k] == nil {
			order = append(order, k)
		}
		by[k] = append(by[k], g)
	}
	var apps [][]*source.Signing
	for _, k := range order {
		list := by[k]
		if e.in.Stage.Name != policy.Development && slices.ContainsFunc(list, func(g *source.Signing) bool { return g.Default }) {
			list = slices.DeleteFunc(list, func(g *source.Signing) bool { return !g.Default })
		}
		apps = append(apps, list)
	}
	return apps
}

// unmatched tells that what a program will be signed with was compared with nothing.
func (e *evaluation) unmatched(app []*source.Signing, programs []program) {
	i := slices.IndexFunc(app, func(g *source.Signing) bool { return len(g.Files)+len(g.Settings) > 0 })
	if i < 0 {
		return // it says nothing
	}
	g := app[i]
	why := "nothing tells the identifier of the program"
	switch {
	case slices.ContainsFunc(programs, func(p program) bool { return isOf(g, p.identifier) }):
		why = "one of the same identifier is signed as another target is to be"
	case g.Identifier != "":
		why = "none that was checked has the identifier " + g.Identifier
	case g.Prefix != "":
		why = "none that was checked has an identifier that begins with " + g.Prefix
	}
	e.add(Finding{
		Rule: RuleUnmatchedSource, Paths: []string{g.Place.File}, Position: positionOf(g.Place),
		Message: fmt.Sprintf("%s is compared with no program: %s", g.Name(), why),
		Hint:    "check the app that is built from it in the same run",
	})
}

// built leaves away what a program is not, of an app that is built for the store and for
// elsewhere: that is told by what the stage requires, else by who signed it.
func (e *evaluation) built(p program, fits []*source.Signing) []*source.Signing {
	store, elsewhere := slices.Contains(e.in.Stage.Require, policy.AppleDistribution), slices.Contains(e.in.Stage.Require, policy.DeveloperID)
	if store == elsewhere {
		store, elsewhere = false, false
		for _, s := range p.report.Slices {
			if s.Err != nil || s.Signature == nil || !s.Signature.Authenticated() {
				continue
			}
			switch s.Signature.Authentication.Kind {
			case codesign.DeveloperID:
				elsewhere = true
			case codesign.MacAppStore, codesign.AppleDistribution:
				store = true
			}
		}
	}
	left := slices.DeleteFunc(slices.Clone(fits), func(g *source.Signing) bool {
		forStore := strings.HasPrefix(g.Configuration, "mas")
		return g.Tool == source.ElectronBuilder && store != elsewhere && forStore != store
	})
	if len(left) == 0 {
		return fits
	}
	return left
}

// compareWith holds a program against what it may have been signed with, of one target or of
// several with one identifier: the one that it differs least from is taken for what was meant,
// and returned. Where it differs from all that are known, it may be one that is not.
func (e *evaluation) compareWith(p program, fits []*source.Signing) *source.Signing {
	var meant, open *source.Signing
	var best []Finding
	for _, g := range fits {
		if e.compared > maxCompared {
			e.add(Finding{
				Rule: RuleUnmatchedSource, Paths: p.report.Paths, Message: "not compared with its source: there is more to compare in one run than is done", Hint: "check the apps in parts",
			})
			return g
		}
		if e.open(g) != "" {
			open = cmp.Or(open, g)
		} else if found := e.differences(p, g); meant == nil || len(found) < len(best) {
			best, meant = found, g
		}
	}
	if open != nil && (meant == nil || len(best) > 0) {
		e.add(Finding{
			Rule: RuleUnmatchedSource, Paths: p.report.Paths, Position: positionOf(open.Place),
			Message: fmt.Sprintf("not compared with %s: %s", open.Name(), e.open(open)), Hint: "see what else is told of the project",
		})
		return open
	}
	for _, f := range best {
		e.add(f)
	}
	return meant
}

// open says why what a program will claim is not all known; empty: it is.
func (e *evaluation) open(g *source.Signing) string {
	if g.Open != "" {
		return g.Open
	}
	for _, name := range g.Files {
		s := e.files[name]
		if s == nil {
			return name + " could not be read"
		}
		if s.Class == entitlement.Ambiguous {
			return name + " is read differently by different parsers"
		}
	}
	return ""
}

// differences tells what a program claims and its source does not, and the other way round.
func (e *evaluation) differences(p program, g *source.Signing) (list []Finding) {
	set, places := e.effective(g)
	from := positionOf(g.Place)
	if len(g.Files) > 0 {
		from = policy.Position{File: g.Files[0], Line: 1, Column: 1}
	}
	for _, s := range p.report.Slices {
		if s.Err != nil || s.Signature == nil {
			continue
		}
		signed := s.Signature.Claims.Set
		e.compared += len(set) + len(signed)
		for _, key := range entitlement.Union(set, signed).Keys() {
			want, inSource := set[key]
			is, inSignature := signed[key]
			inSource, inSignature = inSource && want.Grants(), inSignature && is.Grants()
			f := Finding{Paths: p.report.Paths, Archs: []string{s.Arch}, Entitlement: key, Risk: riskOf(key)}
			switch {
			case inSource && !inSignature:
				f.Rule, f.Value, f.Position = RuleDropped, &want, places[key]
				f.Message = fmt.Sprintf("%s claims %s, and the program is signed without it", g.Name(), claimText(key, want))
			case inSource && !same(want, is):
				f.Rule, f.Value, f.Position = RuleDropped, &is, places[key]
				f.Message = fmt.Sprintf("%s claims %s, and the program is signed with %s", g.Name(), claimText(key, want), shorten(is.Text()))
			case inSignature && !inSource && !e.isTools(g, key, signed):
				f.Rule, f.Value, f.Position = RuleAdded, &is, from
				f.Message = fmt.Sprintf("the program is signed with %s, which %s does not claim", claimText(key, is), g.Name())
			default:
				continue
			}
			f.Hint = differenceHint(f.Rule, key)
			list = append(list, f)
		}
	}
	return list
}

// same reports whether a value in a source may have become the one in a signature: element by
// element. What the variables of a text become, and that is left in it, is not known.
func same(want, is entitlement.Value) bool {
	switch {
	case want.Kind == entitlement.Unknown || is.Kind == entitlement.Unknown:
		return true
	case want.Kind != is.Kind:
		return false
	case want.Kind == entitlement.String:
		return want.String == is.String || mayBecome(want.String, is.String)
	case want.Kind == entitlement.Array:
		return slices.EqualFunc(want.Array, is.Array, same)
	case want.Kind == entitlement.Dictionary:
		return maps.EqualFunc(want.Dict, is.Dict, same)
	}
	return want.Equal(is)
}

// mayBecome reports whether a text with variables may become another one.
func mayBecome(text, is string) bool {
	var literals []string // before, between and after the variables
	for {
		at := variable.FindStringIndex(text)
		if at == nil {
			break
		}
		literals = append(literals, text[:at[0]])
		text = text[variableEnd(text, at[0]):]
	}
	if len(literals) == 0 || !strings.HasPrefix(is, literals[0]) {
		return false
	}
	is = is[len(literals[0]):]
	for _, literal := range literals[1:] {
		n := strings.Index(is, literal)
		if n < 0 {
			return false
		}
		is = is[n+len(literal):]
	}
	return strings.HasSuffix(is, text)
}

// variableEnd returns where the variable at an offset ends.
func variableEnd(text string, at int) int {
	depth := 0
	for i := at + 1; i < len(text); i++ {
		switch text[i] {
		case '(', '{':
			depth++
		case ')', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// isTools reports whether a tool adds the entitlement by itself.
func (e *evaluation) isTools(g *source.Signing, key string, signed entitlement.Set) bool {
	_, sandboxed := signed["com.apple.security.app-sandbox"]
	switch {
	case slices.Contains(byProfile, key):
		return true
	case key == getTaskAllow:
		return g.Tool == source.Xcode && e.in.Stage.Name == policy.Development
	case key == "com.apple.security.application-groups": // preAutoEntitlements in @electron/osx-sign
		return sandboxed && (g.Tool == source.ElectronBuilder || g.Tool == source.ElectronForge)
	}
	return false
}

const getTaskAllow = "com.apple.security.get-task-allow"

func differenceHint(rule, key string) string {
	switch {
	case rule == RuleDropped:
		return "look at every call of codesign: one without --entitlements drops them, and so does a file that it could not read; or take it out of the source"
	case key == getTaskAllow:
		return "Xcode adds it for debugging: archive the app, or set CODE_SIGN_INJECT_BASE_ENTITLEMENTS = NO"
	}
	return "find out what adds it: another .entitlements file, a script, or what a tool signs with by default"
}
