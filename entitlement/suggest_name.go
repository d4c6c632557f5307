package entitlement

import (
	"strings"

	"github.com/codewarrant/codewarrant/internal/near"
)

const (
	// shortest is the fewest bytes of a name that may be the end of a key: what is
	// shorter ends many.
	shortest = 6

	// maxMeant is how many keys a suggestion names. Where more fit, none is meant.
	maxMeant = 3
)

// SuggestName says which documented keys a name may stand for that is none: what
// [Suggest] says of one in Apple's name space, and else the keys that end in the name,
// such as allow-jit, or nearly do. It reports false for a key with an entry of its own,
// and where none or too many fit. As of Suggest, the text holds nothing of the name.
func SuggestName(name string) (string, bool) {
	if say, ok := Suggest(name); ok {
		return say, true
	}
	v := vocabulary()
	if _, ok := v.find(name); ok || len(name) < shortest || len(name) > maxSuggest {
		return "", false
	}
	name = strings.ToLower(name)
	for distance := range typosIn(name) + 1 {
		switch meant := v.ending(name, distance); {
		case len(meant) > maxMeant:
			return "", false
		case len(meant) > 0:
			return "did you mean " + strings.Join(meant, " or ") + "?", true
		}
	}
	return "", false
}

// ending returns the keys of which as many components as the name has, from the end, are
// at that distance from it.
func (v *lexicon) ending(name string, distance int) []string {
	var keys []string
	n := strings.Count(name, ".") + 1
	for _, k := range v.known {
		parts := strings.Split(strings.ToLower(k.Key), ".")
		if len(parts) < n || strings.HasSuffix(k.Key, "*") {
			continue
		}
		if near.Distance(name, strings.Join(parts[len(parts)-n:], "."), distance) == distance {
			keys = append(keys, k.Key)
		}
	}
	return keys
}

// SuggestGlob says of a glob with one * at its end, after a dot, what was meant by the
// components before it, where no documented key begins with them and some begin with
// nearly the same.
func SuggestGlob(glob string) (string, bool) {
	name, ok := strings.CutSuffix(glob, ".*")
	if !ok || strings.Contains(name, "*") || len(name) < shortest || len(name) > maxSuggest {
		return "", false
	}
	n := strings.Count(name, ".") + 1
	best, least := "", -1
	for _, k := range vocabulary().known {
		parts := strings.Split(strings.TrimSuffix(strings.TrimSuffix(k.Key, "*"), "."), ".")
		if len(parts) < n {
			continue
		}
		prefix := strings.Join(parts[:n], ".")
		d := near.Distance(name, prefix, typosIn(name))
		switch {
		case d == 0:
			return "", false
		case d > 0 && (least < 0 || d < least):
			best, least = prefix, d
		}
	}
	if least < 0 {
		return "", false
	}
	return "did you mean " + best + ".*?", true
}
