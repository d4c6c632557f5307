package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Limits of a path glob, so that no pattern makes matching slow: doublestar goes
// back to the last * and the last ** for each.
const (
	maxGlob      = 1024 // bytes; PATH_MAX of macOS
	maxWildcards = 16
)

// Matches reports whether the scope covers the target. Every field that is given
// must match, in any one of its values. A target that lacks what a field asks for
// does not match, and neither does a scope without a field.
//
// All but paths and versions are compared byte for byte. A path is matched
// by globs in which * and ? do not match a slash, ** as a whole component matches
// any number of components, and [a-z] is a class of characters. A glob with a
// leading slash is matched from the artifact's root, another from any component of
// the path on; both to the path's end. Of a target with several paths every one
// must match: they are copies of the same code, and an exception for one place
// does not speak for another.
func (s Scope) Matches(t Target) bool { return s.Matcher().Matches(t) }

// isEmpty reports whether no field is given.
func (s Scope) isEmpty() bool {
	return len(s.Path)+len(s.Identifier)+len(s.TeamID)+len(s.Arch)+len(s.Type)+len(s.BundleKind)+
		len(s.Versions)+len(s.CDHash)+len(s.Binaries) == 0
}

// scopeField is a field of a scope with what is written in it; nil: it is not given.
type scopeField struct {
	name   string // in YAML
	values []string
}

// fields returns all fields of a scope, in the order of the documentation.
func (s Scope) fields() []scopeField {
	var versions []string
	for _, v := range s.Versions {
		versions = append(versions, v.Text)
	}
	return []scopeField{
		{"path", s.Path},
		{"identifier", s.Identifier},
		{"team-id", s.TeamID},
		{"arch", s.Arch},
		{"type", s.Type},
		{"bundle-kind", s.BundleKind},
		{"versions", versions},
		{"cdhash", s.CDHash},
		{"binaries", s.Binaries},
	}
}

// Field returns what is written in a field of the scope, by its name in YAML.
func (s Scope) Field(name string) []string {
	for _, f := range s.fields() {
		if f.name == name {
			return f.values
		}
	}
	return nil
}

func matchesExactly(want []string, got string) bool {
	return len(want) == 0 || got != "" && slices.Contains(want, got)
}

// checkGlob returns what is wrong with the text of a path glob.
func checkGlob(glob string) error {
	switch {
	case len(glob) > maxGlob:
		return fmt.Errorf("longer than %d bytes", maxGlob)
	case strings.Contains(glob, `\`):
		return errors.New(`separate components with /; there are no escapes: match \ with ?`)
	case strings.ContainsAny(glob, "{}"):
		return errors.New("there are no alternatives in braces; write a list")
	case strings.ContainsRune(glob, '\uFFFD'):
		return errors.New("contains the replacement character U+FFFD")
	case strings.Count(strings.ReplaceAll(glob, "**", "*"), "*")+strings.Count(glob, "?") > maxWildcards:
		return fmt.Errorf("more than %d wildcards", maxWildcards)
	}
	for component := range strings.SplitSeq(strings.TrimPrefix(glob, "/"), "/") {
		if err := checkComponent(component); err != nil {
			return err
		}
	}
	return nil
}

func checkComponent(component string) error {
	switch {
	case component == "":
		return errors.New("an empty component; to match what a folder holds end with /**")
	case component == "." || component == "..":
		return fmt.Errorf("a component %s; paths are matched as they are inside the artifact", component)
	case strings.Contains(component, "**") && component != "**":
		return errors.New("** must be a whole component")
	case !doublestar.ValidatePattern(component):
		return errors.New("a [ without its ]")
	}
	return checkClasses(component)
}

// checkClasses refuses a class of characters with a slash among them, such as
// [!a]: doublestar would let it match one, and so reach into another folder.
func checkClasses(component string) error {
	for {
		_, class, ok := strings.Cut(component, "[")
		if !ok {
			return nil
		}
		class, rest, _ := strings.Cut(class, "]")
		if doublestar.MatchUnvalidated("["+class+"]", "/") {
			return fmt.Errorf("[%s] would match a slash", class)
		}
		component = rest
	}
}
