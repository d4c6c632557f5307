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
func (e *evaluation) nested(all []Binary) {
	var at map[sealedPlace][]Binary
	for _, b := range all {
		if b.Seal == nil || b.Bundle == nil || len(b.Seal.Nested) == 0 {
			continue
		}
		if at == nil {
			at = codeAt(all)
		}
		for _, n := range b.Seal.Nested {
			e.nestedCode(b, n, at[sealedPlace{path.Join(b.Bundle.Path, n.Path), n.Dir}])
		}
	}
}

// nestedCode judges the code that was found where the seal names some.
func (e *evaluation) nestedCode(outer Binary, n seal.Nested, found []Binary) {
	isSigned, result, archs := false, requirement.Satisfied, []string(nil)
	for _, b := range found {
		for _, s := range b.Slices {
			if s.Signature == nil {
				continue // of which is told
			}
			isSigned = true
			if r := n.Requirement.Evaluate(s.Signature.Facts); r != requirement.Satisfied {
				result, archs = min(result, r), append(archs, s.Arch)
			}
		}
	}
	f := Finding{Rule: RuleBrokenSeal, Paths: outer.Paths, Archs: archs, Hint: "sign nested code before the bundle around it"}
	switch {
	case !isSigned:
		f.Message = fmt.Sprintf("nested code is sealed and no signed code was found there: %s", n.Path)
	case result == requirement.NotSatisfied:
		f.Message = fmt.Sprintf("nested code is not what was sealed: %s does not meet %s", n.Path, shorten(n.Requirement.Text))
	case result == requirement.NotEvaluated:
		f.Level, f.Hint = policy.Warning, "codesign --verify --deep --strict on a Mac can tell"
		f.Message = fmt.Sprintf("whether nested code is what was sealed cannot be told here: %s should meet %s", n.Path, shorten(n.Requirement.Text))
	default:
		return
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
