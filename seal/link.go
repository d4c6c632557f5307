package seal

import (
	"errors"
	"path"
	"slices"
	"strings"
)

// maxLinks is how many links may lead on to one another: MAXSYMLINKS of macOS.
const maxLinks = 32

// flattened takes a file or folder where a link was sealed. It passes for the link
// when it is like what the link leads to, which the seal covers in its own place.
func (v *verifier) flattened(s *sealed, rel string, dir bool) {
	if path.IsAbs(s.target) {
		v.problem(Changed, v.in(rel), "sealed as a link to %.200q", s.target)
		return
	}
	target, err := v.resolve(path.Dir(rel), s.target)
	if err != nil {
		v.problem(Changed, v.in(rel), "sealed as a link to %.200q, which %v", s.target, err)
		return
	}
	v.copyOf(Changed, v.in(rel), v.in(target), dir)
}

// copyOf notes that name is a copy of original where macOS has a link, or tells
// with kind that it is not.
func (v *verifier) copyOf(kind Kind, name, original string, dir bool) {
	switch err := v.same(name, original, dir); {
	case err == nil:
		v.result.Flattened = append(v.result.Flattened, strings.Clone(name))
	case !v.stopped(name):
		v.problem(kind, name, "no copy of %.200q, to which a link should be here: %v", original, err)
	}
}

// checkTarget tells of a link that leads to what is not sealed
// (SecStaticCode::validateSymlinkResource, errSecCSInvalidSymlink).
// Security.framework also accepts one that leads to what an outer bundle has, of which
// nothing is known here: see [Problem.Outward].
func (v *verifier) checkTarget(s *sealed, rel string) {
	if path.IsAbs(s.target) {
		clean := path.Clean(s.target)
		if !strings.HasPrefix(clean, "/System/") && !strings.HasPrefix(clean, "/Library/") {
			v.problem(BadLink, v.in(rel), "leads to %.200q, which is no place of the system", s.target)
		}
		return
	}
	if _, err := v.resolve(path.Dir(rel), s.target); err != nil {
		before := len(v.result.Problems)
		v.problem(BadLink, v.in(rel), "leads to %.200q, which %v", s.target, err)
		if len(v.result.Problems) > before {
			v.result.Problems[before].Outward = outward(path.Dir(v.in(rel)), s.target)
		}
	}
}

// outward returns where a link in a folder of the bundle leads if that is out of it, and
// nothing that might be a link itself is on the way.
func outward(dir, target string) string {
	up := strings.TrimLeft(target, "./")
	if slices.Contains(strings.Split(up, "/"), "..") {
		return ""
	}
	if to := path.Join(dir, target); strings.HasPrefix(to, "../") {
		return strings.Clone(to)
	}
	return ""
}

// resolve returns what a link in dir leads to, by way of the other links in the
// seal: that is what realpath(3) finds where the bundle is as it was sealed.
func (v *verifier) resolve(dir, target string) (string, error) {
	at := dir
	rest := strings.Split(target, "/")
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == ".." {
			if at == "." {
				return "", errors.New("is outside of the seal")
			}
			at = path.Dir(at)
			continue
		}
		next := path.Join(at, name)
		s := v.sealed.lookup(next)
		if s == nil || !s.link || next == at {
			at = next
			continue
		}
		links++
		switch {
		case links == maxLinks:
			return "", errors.New("leads in a circle")
		case path.IsAbs(s.target):
			return "", errors.New("leads on to an absolute path")
		}
		rest = append(strings.Split(s.target, "/"), rest...)
	}
	if !v.rules.includes(at) {
		return "", errors.New("the rules leave out of the seal")
	}
	return at, nil
}
