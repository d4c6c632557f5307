package seal

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// folder looks at everything in a folder as ResourceBuilder::scan and
// SecStaticCode::validateResource do.
func (v *verifier) folder(rel string) {
	dir := path.Join(v.base, ".", rel)
	entries, err := v.list(dir)
	if err != nil {
		v.unreadable(dir, err)
	}
	for _, e := range entries {
		rel := path.Join(rel, e.Name())
		switch {
		case v.stopped(v.in(rel)):
			return
		case len(rel) > maxPath:
			v.problem(Stopped, v.in(rel), "a path longer than %d bytes", maxPath)
		case e.IsDir():
			v.subfolder(rel, e.Name())
		case e.Type().IsRegular():
			v.file(rel)
		case e.Type()&fs.ModeSymlink != 0:
			v.symlink(rel, e.Name())
		default:
			v.problem(NotRegular, v.in(rel), "neither file, folder nor link")
		}
	}
}

// subfolder goes into a folder, unless it is one whole thing: nested code, or the
// copy of a folder to which a link led.
func (v *verifier) subfolder(rel, name string) {
	r, excluded := v.rules.find(rel)
	switch s := v.sealed.lookup(rel); {
	case excluded:
	case s != nil && s.link && r != nil && !r.omit:
		if v.claim(s, rel) {
			v.flattened(s, rel, true)
		}
	case r == nil || !r.nested || !strings.Contains(name, "."):
		v.folder(rel)
	case !v.claim(s, rel):
	case s.isCode():
		v.nested(s, rel, true)
	case s.hashes != nil:
		v.problem(Changed, v.in(rel), "a folder, sealed as a file")
	}
}

func (v *verifier) file(rel string) {
	if r, _ := v.rules.find(rel); r == nil || r.omit {
		return
	}
	switch s := v.sealed.lookup(rel); {
	case !v.claim(s, rel):
	case s.link:
		v.flattened(s, rel, false)
	case s.isCode():
		v.nested(s, rel, false)
	case s.hashes != nil:
		v.compare(s, rel)
	}
}

func (v *verifier) symlink(rel, name string) {
	if strings.EqualFold(name, ".DS_Store") { // errSecCSDSStoreSymlink
		v.problem(BadLink, v.in(rel), "a link of this name is never taken")
		return
	}
	if r, _ := v.rules.find(rel); r == nil || r.omit {
		return
	}
	s := v.sealed.lookup(rel)
	if s == nil && v.sealed.version == 1 { // which ignores links
		return
	}
	if !v.claim(s, rel) {
		return
	}
	target, err := v.fsys.ReadLink(v.in(rel))
	switch {
	case err != nil:
		v.unreadable(v.in(rel), err)
	case !s.link && (s.isCode() || s.hashes != nil):
		v.problem(Changed, v.in(rel), "a link to %.200q, sealed as a file or as code", target)
	case !s.link:
	case target != s.target:
		v.problem(Changed, v.in(rel), "a link to %.200q, sealed as one to %.200q", target, s.target)
	default:
		v.checkTarget(s, rel)
	}
}

// claim notes that what is sealed as s was found as rel. It returns false when
// nothing is sealed under that name.
func (v *verifier) claim(s *sealed, rel string) bool {
	switch {
	case s == nil:
		v.problem(Unsealed, v.in(rel), "not in the seal")
		return false
	case s.found != "":
		v.problem(Unsealed, v.in(rel), "the same name as %.200q on macOS", s.found)
		return false
	case s.name != rel:
		v.problem(Renamed, v.in(rel), "sealed as %+.200q: the same characters in other bytes, which macOS compares", s.name)
	}
	s.found = rel
	return true
}

// nested takes code that the seal names by its requirement.
func (v *verifier) nested(s *sealed, rel string, dir bool) {
	v.result.Nested = append(v.result.Nested, Nested{v.in(rel), dir, dir && v.isDetached(v.in(rel)), s.requirement, s.cdhash})
}

// isDetached reports whether a bundle has its signature in files
// (BundleDiskRep::component).
func (v *verifier) isDetached(name string) bool {
	return slices.ContainsFunc([]string{"Contents", "Versions/Current", ""}, func(support string) bool {
		_, ok := v.stat(path.Join(name, support, signatureDir, "CodeDirectory"))
		return ok
	})
}

// leftovers tells what is sealed and was not found (checkOptionalResource).
func (v *verifier) leftovers() {
	if v.stopped(v.base) {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(v.sealed.files)) {
		s := v.sealed.files[key]
		if s.found != "" || s.optional {
			continue
		}
		r, excluded := v.rules.find(s.name)
		switch {
		case excluded || r == nil || r.omit:
			v.problem(Missing, v.in(s.name), "sealed, but the rules leave it out: macOS does not look for it")
		case s.link:
			v.problem(Missing, v.in(s.name), "sealed as a link to %.200q", s.target)
		case s.isCode():
			v.problem(Missing, v.in(s.name), "sealed as code")
		default:
			v.problem(Missing, v.in(s.name), "sealed, but not there")
		}
	}
}
