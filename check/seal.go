package check

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/codesign/requirement"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/seal"
)

// sealWords say what each kind of problem means, for a list of the files that have
// it.
var sealWords = []struct {
	kind  seal.Kind
	level policy.Level
	words string
}{
	{seal.NoSeal, policy.Error, "the bundle has no CodeResources, so nothing but its main executable is signed"},
	{seal.Malformed, policy.Error, "its CodeResources is malformed"},
	{seal.BadRule, policy.Error, "its CodeResources has a rule that cannot be followed"},
	{seal.WeakRules, policy.Error, "its CodeResources leaves out what may not be left out"},
	{seal.WeakEnvelope, policy.Warning, "its CodeResources is of the form before OS X 10.9, which seals neither links nor nested code"},
	{seal.Missing, policy.Error, "sealed and not there"},
	{seal.Changed, policy.Error, "changed since it was sealed"},
	{seal.Unsealed, policy.Error, "there and not sealed"},
	{seal.BadLink, policy.Error, "a link to what the seal does not cover"},
	{seal.NotRegular, policy.Error, "neither file, folder nor link"},
	{seal.Renamed, policy.Warning, "sealed under a name of other bytes that spell the same"},
	{seal.Unreadable, policy.Error, "not readable"},
	{seal.Stopped, policy.Error, "not looked at to the end"},
}

// bundles holds bundles against what their main executables seal, the folders around
// the versions of frameworks, and nested code against the seals around it.
func (e *evaluation) bundles(all []Binary) {
	frameworks := map[string]*seal.Result{}
	for _, b := range all {
		if f := b.Framework; f != nil && frameworks[f.Path] == nil {
			frameworks[f.Path] = &f.Seal
			e.seal([]string{f.Path}, &f.Seal)
		}
		if b.Seal != nil {
			e.seal(b.Paths, b.Seal)
			for _, s := range b.Slices {
				e.resources(b, s)
			}
		}
	}
	e.nested(all, frameworks)
}

// seal tells what of a bundle is not as it is sealed: one finding for each kind of
// problem.
func (e *evaluation) seal(paths []string, r *seal.Result) {
	for _, w := range sealWords {
		var names []string
		for _, p := range r.Problems {
			if p.Kind == w.kind {
				names = append(names, strings.TrimSuffix(p.Path+": "+p.Detail, ": "))
			}
		}
		if len(names) == 0 {
			continue
		}
		f := Finding{
			Rule: RuleBrokenSeal, Level: w.level, Paths: paths, Message: w.words + ": " + enumerate(names),
			Hint: "sign the bundle after the last change to any of its files, and hand it over as it was signed",
		}
		switch {
		case w.kind == seal.Unreadable || w.kind == seal.Stopped:
			f.Rule = RuleUnreadable
		case w.kind == seal.NoSeal && e.in.Stage.Name == policy.Development:
			f.Level = policy.Note // only the program was signed, perhaps by the linker
		}
		e.add(f)
	}
	if len(r.Flattened) > 0 {
		e.add(Finding{
			Rule: RuleSymlinksFlattened, Paths: paths,
			Message: fmt.Sprintf("sealed links were found as copies of what they lead to: %s", enumerate(r.Flattened)),
			Hint:    "pack the bundle with tar before actions/upload-artifact, which follows links",
		})
	}
}

// resources tells whether the list of sealed files is itself the one that was
// signed (slot 3).
func (e *evaluation) resources(b Binary, s Slice) {
	f := Finding{Paths: b.Paths, Archs: []string{s.Arch}, Hint: "sign the bundle anew"}
	switch s.Resources {
	case codesign.WrongHash:
		f.Rule, f.Message = RuleSlotMismatch, "the CodeResources is not the one that was signed (slot 3)"
	case codesign.NotPresent:
		f.Rule, f.Message = RuleMissingBlob, "the signature binds a CodeResources (slot 3), and the bundle has none"
	case codesign.NotBound:
		f.Rule, f.Message = RuleUnboundBlob, "the bundle has a CodeResources that the signature does not bind (slot 3)"
	default:
		return
	}
	e.add(f)
}

// sealedPlace is where code is that a bundle seals by its signature: a file, or the
// folder of a bundle.
type sealedPlace struct {
	path string
	dir  bool
}

// codeAt finds the code at each place: the file itself, or the main executable of
// the bundle there, of a framework those of all its versions
// (SecStaticCode::validateOtherVersions).
func codeAt(all []Binary) map[sealedPlace][]Binary {
	at := map[sealedPlace][]Binary{}
	for _, b := range all {
		for _, p := range b.Paths {
			at[sealedPlace{p, false}] = append(at[sealedPlace{p, false}], b)
		}
		if !b.Main || b.Bundle == nil {
			continue
		}
		places := []string{b.Bundle.Path}
		if versions := path.Dir(b.Bundle.Path); path.Base(versions) == "Versions" {
			places = append(places, path.Dir(versions))
		}
		for _, p := range places {
			at[sealedPlace{p, true}] = append(at[sealedPlace{p, true}], b)
		}
	}
	return at
}

// nested holds the code that a bundle seals by its signature against the requirement
// that the seal names (SecStaticCode::validateNestedCode). What else is wrong with
// that code is told of itself.
func (e *evaluation) nested(all []Binary, frameworks map[string]*seal.Result) {
	var at map[sealedPlace][]Binary
	for _, b := range all {
		if b.Seal == nil || b.Bundle == nil || len(b.Seal.Nested) == 0 {
			continue
		}
		if at == nil {
			at = codeAt(all)
		}
		for _, n := range b.Seal.Nested {
			place := path.Join(b.Bundle.Path, n.Path)
			e.nestedCode(b, n, at[sealedPlace{place, n.Dir}])
			if f := frameworks[place]; f != nil && n.Dir {
				e.versions(b, n, place, f.Versions, at)
			}
		}
	}
}

// versions tells of versions of a nested framework that have no signed code: macOS
// validates each (SecStaticCode::validateOtherVersions).
func (e *evaluation) versions(outer Binary, n seal.Nested, place string, versions []string, at map[sealedPlace][]Binary) {
	for _, v := range versions {
		if !slices.ContainsFunc(at[sealedPlace{path.Join(place, "Versions", v), true}], isSigned) {
			e.broken(outer, policy.Error, nil, "nested code is sealed and no signed Mach-O code was found there: "+path.Join(n.Path, "Versions", v))
		}
	}
}

// isSigned reports whether there is a signature in the file.
func isSigned(b Binary) bool {
	return slices.ContainsFunc(b.Slices, func(s Slice) bool { return s.Signature != nil })
}

// nestedCode judges the code that was found where the seal names some: all of its
// slices have to meet the requirement, since any may run.
func (e *evaluation) nestedCode(outer Binary, n seal.Nested, found []Binary) {
	var unsigned []string
	unmet := map[requirement.Result][]string{}
	for _, b := range found {
		for _, s := range b.Slices {
			if s.Signature == nil {
				unsigned = append(unsigned, s.Arch)
				continue
			}
			r := n.Requirement.Evaluate(s.Signature.Facts)
			unmet[r] = append(unmet[r], s.Arch)
		}
	}
	switch {
	case !slices.ContainsFunc(found, isSigned):
		e.broken(outer, policy.Error, nil, "nested code is sealed and no signed Mach-O code was found there: "+n.Path)
		return
	case unsigned != nil:
		e.broken(outer, policy.Error, unsigned, "nested code is sealed and not all of it is signed: "+n.Path)
	}
	if archs := unmet[requirement.NotSatisfied]; archs != nil {
		e.broken(outer, policy.Error, archs, fmt.Sprintf("nested code is not what was sealed: %s does not meet %s", n.Path, shorten(n.Requirement.Text)))
	}
	if archs := unmet[requirement.NotEvaluated]; archs != nil {
		e.broken(outer, policy.Warning, archs, fmt.Sprintf("whether nested code is what was sealed cannot be told here: %s should meet %s", n.Path, shorten(n.Requirement.Text)))
	}
}

func (e *evaluation) broken(outer Binary, level policy.Level, archs []string, message string) {
	f := Finding{
		Rule: RuleBrokenSeal, Level: level, Paths: outer.Paths, Archs: archs, Message: message,
		Hint: "sign nested code before the bundle around it; of scripts and other code that is no Mach-O file the signature is not seen here",
	}
	if level == policy.Warning {
		f.Hint = "codesign --verify --deep --strict on a Mac can tell"
	}
	e.add(f)
}

// inert tells of entitlements that do nothing: they count for the process, and so
// for its main executable. It is said where the signature proves that the file is
// what it seems.
func (e *evaluation) inert(b Binary) {
	var keys []string
	for _, s := range b.Slices {
		if s.Err != nil || s.IsProgram() || s.Signature == nil || !s.Signature.Authenticated() {
			return
		}
		for _, key := range s.Signature.Claims.Set.Keys() {
			if s.Signature.Claims.Set[key].Grants() && !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	if len(keys) > 0 {
		e.add(Finding{
			Rule: RuleInertEntitlements, Paths: b.Paths, Message: "entitlements do nothing in code that is no main executable: " + enumerate(keys),
			Hint: "sign libraries and plug-ins without entitlements",
		})
	}
}
