package check

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/codesign"
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

// seal tells what of a bundle is not as its main executable seals it: one finding
// for each kind of problem.
func (e *evaluation) seal(b Binary) {
	if b.Seal == nil {
		return
	}
	for _, w := range sealWords {
		var names []string
		for _, p := range b.Seal.Problems {
			if p.Kind == w.kind {
				names = append(names, strings.TrimSuffix(p.Path+": "+p.Detail, ": "))
			}
		}
		if len(names) == 0 {
			continue
		}
		f := Finding{
			Rule: RuleBrokenSeal, Level: w.level, Paths: b.Paths, Message: w.words + ": " + enumerate(names),
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
	if n := len(b.Seal.Flattened); n > 0 {
		e.add(Finding{
			Rule: RuleSymlinksFlattened, Paths: b.Paths,
			Message: fmt.Sprintf("sealed links were found as copies of what they lead to: %s", enumerate(b.Seal.Flattened)),
			Hint:    "pack the bundle with tar before actions/upload-artifact, which follows links",
		})
	}
	for _, s := range b.Slices {
		e.resources(b, s)
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

// nested tells of code that a bundle seals by its signature and that has none.
func (e *evaluation) nested(all []Binary) {
	files, bundles := signedCode(all)
	for _, b := range all {
		if b.Seal == nil || b.Bundle == nil {
			continue
		}
		for _, n := range b.Seal.Nested {
			at := path.Join(b.Bundle.Path, n.Path)
			if n.Dir && !bundles[at] || !n.Dir && !files[at] {
				e.add(Finding{
					Rule: RuleBrokenSeal, Paths: b.Paths, Message: fmt.Sprintf("nested code is sealed and no signed code was found there: %s", n.Path),
					Hint: "sign nested code before the bundle around it",
				})
			}
		}
	}
}

// signedCode returns the paths at which there is signed code: those of files, and
// those of bundles whose main executable is one. That of a framework is in one of
// its Versions.
func signedCode(all []Binary) (files, bundles map[string]bool) {
	files, bundles = map[string]bool{}, map[string]bool{}
	for _, b := range all {
		if !isSigned(b) {
			continue
		}
		for _, p := range b.Paths {
			files[p] = true
		}
		if !b.Main || b.Bundle == nil {
			continue
		}
		at := b.Bundle.Path
		bundles[at] = true
		for i := strings.LastIndex(at, versions); i >= 0; i = strings.LastIndex(at[:i+1], versions) {
			bundles[at[:i]] = true
		}
	}
	return files, bundles
}

const versions = "/Versions/"

func isSigned(b Binary) bool {
	return slices.ContainsFunc(b.Slices, func(s Slice) bool { return s.Signature != nil })
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
