package check

import (
	"fmt"
	"maps"
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
	{seal.WeakEnvelope, policy.Error, "its CodeResources is of the form before OS X 10.9, which seals neither links nor nested code"},
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
	at, sealed := codeAt(all), sealedBundles(all)
	frameworks := map[string]*Framework{}
	for _, b := range all {
		switch {
		case b.Seal != nil:
			b.Seal = withinOuter(b, all)
			e.sealed(b, b.Bundle != nil && sealed[b.Bundle.Path] || b.Framework != nil && sealed[b.Framework.Path])
		case !b.Given:
			e.unheld(b)
		}
		if b.Framework != nil {
			frameworks[b.Framework.Path] = b.Framework
		}
	}
	for _, place := range slices.Sorted(maps.Keys(frameworks)) {
		n := len(e.findings)
		e.seal([]string{place}, &frameworks[place].Seal, sealed[place])
		e.versions(frameworks[place], at)
		if !sealed[place] && !slices.ContainsFunc(at[sealedPlace{place, true}], isSealing) {
			e.excuse(n)
		}
	}
	e.nested(all, at)
}

// withinOuter returns the seal without the problems of links that lead into a bundle
// around it whose seal was looked at, too, as SecStaticCode::validateSymlinkResource lets
// them.
func withinOuter(b Binary, all []Binary) *seal.Result {
	if b.Bundle == nil || !slices.ContainsFunc(b.Seal.Problems, func(p seal.Problem) bool { return p.Outward != "" }) {
		return b.Seal
	}
	r := *b.Seal
	r.Problems = slices.DeleteFunc(slices.Clone(r.Problems), func(p seal.Problem) bool {
		return p.Outward != "" && slices.ContainsFunc(all, func(o Binary) bool {
			return o.Seal != nil && o.Bundle != nil && strings.HasPrefix(b.Bundle.Path, o.Bundle.Path+"/") &&
				strings.HasPrefix(path.Join(b.Bundle.Path, p.Outward), o.Bundle.Path+"/")
		})
	})
	return &r
}

// sealed holds a bundle against what its main executable seals. Nested is whether a
// bundle around it seals it as code.
func (e *evaluation) sealed(b Binary, nested bool) {
	n := len(e.findings)
	e.seal(b.Paths, b.Seal, nested)
	for _, s := range b.Slices {
		e.resources(b, s)
	}
	if nested {
		return // that all of its slices are signed is looked at from there
	}
	e.signedInPart(b)
	if !isSealing(b) {
		e.excuse(n)
	}
}

// isSealing reports whether the file was signed by more than the linker, which seals no
// bundle.
func isSealing(b Binary) bool {
	return slices.ContainsFunc(b.Slices, func(s Slice) bool { return s.Signature != nil && s.Signature.Signing() != "linker-signed" })
}

// excuse makes notes of what was found from the nth finding on, while a bundle is
// developed: only the linker has signed its program.
func (e *evaluation) excuse(n int) {
	for i := range e.findings[n:] {
		if f := &e.findings[n+i]; e.in.Stage.Name == policy.Development && f.Rule != RuleUnreadable {
			f.Level = policy.Note
		}
	}
}

// sealedBundles returns the folders of all bundles that one around them seals as code.
func sealedBundles(all []Binary) map[string]bool {
	sealed := map[string]bool{}
	for _, b := range all {
		if b.Seal == nil || b.Bundle == nil {
			continue
		}
		for _, n := range b.Seal.Nested {
			if n.Dir {
				sealed[path.Join(b.Bundle.Path, n.Path)] = true
			}
		}
	}
	return sealed
}

// signedInPart tells of a main executable that is not signed in all of its slices.
func (e *evaluation) signedInPart(b Binary) {
	var archs []string
	for _, s := range b.Slices {
		if s.Err == nil && s.SignatureErr == nil && s.Signature == nil {
			archs = append(archs, s.Arch)
		}
	}
	if archs != nil {
		e.add(Finding{
			Rule: RuleBrokenSeal, Paths: b.Paths, Archs: archs, Message: "the main executable is signed in part, and for these architectures nothing is sealed",
			Hint: "sign all slices in one run",
		})
	}
}

// unheld tells of code whose signature seals a bundle that was not recognised, or of
// which it is not the main executable: its files were not held against the seal.
func (e *evaluation) unheld(b Binary) {
	for _, s := range b.Slices {
		if s.Resources != codesign.NotPresent {
			continue
		}
		f := Finding{
			Rule: RuleBrokenSeal, Paths: b.Paths, Archs: []string{s.Arch}, Level: policy.Warning,
			Message: "the signature seals the files of a bundle (slot 3), and none was found of which this is the main executable, so none of them was looked at",
			Hint:    "check the whole bundle, from the folder that its signing was told, with its Info.plist",
		}
		if b.Bundle != nil || b.Part {
			f.Level = policy.Error
		}
		e.add(f)
	}
}

// seal tells what of a bundle is not as it is sealed: one finding for each kind of
// problem. Nested is whether a bundle around it seals it as code.
func (e *evaluation) seal(paths []string, r *seal.Result, nested bool) {
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
		case w.kind == seal.NoSeal && e.in.Stage.Name == policy.Development && !nested:
			f.Level = policy.Note // only the program was signed
		case w.kind == seal.WeakEnvelope && e.in.Stage.Name == policy.Development:
			f.Level = policy.Warning
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
		if b.Framework != nil && b.Framework.Path != b.Bundle.Path {
			places = append(places, b.Framework.Path)
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
func (e *evaluation) nested(all []Binary, at map[sealedPlace][]Binary) {
	for _, b := range all {
		if b.Seal == nil || b.Bundle == nil {
			continue
		}
		for _, n := range b.Seal.Nested {
			e.nestedCode(b, n, at[sealedPlace{path.Join(b.Bundle.Path, n.Path), n.Dir}])
		}
	}
}

// versions tells of versions of a framework that have no signed code: macOS validates
// each (SecStaticCode::validateOtherVersions). Where none is signed that is told of
// their code.
func (e *evaluation) versions(f *Framework, at map[sealedPlace][]Binary) {
	if !f.Seal.Versioned {
		e.add(Finding{
			Rule: RuleBrokenSeal, Paths: []string{f.Path},
			Message: "a framework with versions has a layout of its own beside them, so that what is sealed depends on who reads it",
			Hint:    "leave nothing beside Versions but links to what is in the current version",
		})
	}
	signed := slices.ContainsFunc(at[sealedPlace{f.Path, true}], isSigned)
	for _, v := range f.Seal.Versions {
		found := at[sealedPlace{path.Join(f.Path, "Versions", v), true}]
		if len(found) > 0 && (!signed || slices.ContainsFunc(found, isSigned)) {
			continue
		}
		e.add(Finding{
			Rule: RuleBrokenSeal, Paths: []string{f.Path},
			Message: "a version of the framework has no signed Mach-O file as its main executable, so nothing seals it: " + path.Join("Versions", v),
			Hint:    "sign every version that is handed over, with its Info.plist, or remove those that nothing needs",
		})
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
	case len(found) == 0 && n.Detached:
		e.add(Finding{
			Rule: RuleBrokenSeal, Paths: outer.Paths,
			Message: "nested code without an executable is sealed, and its signature, which is in files of its own, is not read here: " + n.Path,
			Hint:    "keep bundles of data in Resources, where the seal has the hashes of their files; of this one codesign --verify --deep --strict on a Mac can tell",
		})
		return
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
