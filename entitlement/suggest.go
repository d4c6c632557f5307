package entitlement

import (
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/near"
)

const (
	// maxSuggest bounds the keys that Suggest looks at, in bytes. The longest
	// documented key has under 100; the keys of a hostile file have what its
	// author likes, and each is compared with every entry.
	maxSuggest = 128

	// maxTypos is the most letters that may differ. One in eight, so that short
	// names are not mistaken for one another.
	maxTypos      = 3
	lettersPerTry = 8
)

// Suggest says what is wrong with a key in Apple's name space that has no entry
// of its own in the vocabulary: "did you mean com.apple.security.network.client?",
// or a sentence about a name that is commonly taken for an entitlement. It reports
// false when nothing fits, or when two keys fit equally well. The text holds
// nothing of the key itself.
func Suggest(key string) (string, bool) {
	if !strings.HasPrefix(key, applePrefix) || len(key) > maxSuggest {
		return "", false
	}
	v := vocabulary()
	if _, ok := v.find(key); ok {
		return "", false
	}
	meant, ok := "", false
	if m, listed := v.misspellings[key]; listed && m.Say != "" {
		return m.Say, true
	} else if listed {
		meant, ok = m.Meant, true
	}
	if !ok {
		meant, ok = v.nearest(key, typos)
	}
	if !ok {
		meant, ok = v.nearest(key, strayWords)
	}
	if !ok {
		return "", false
	}
	return "did you mean " + meant + "?", true
}

// nearest returns the one key of Apple's name space at the least distance from
// key. The distance is negative when two keys are too far apart.
func (v *lexicon) nearest(key string, distance func(a, b string) int) (string, bool) {
	key = strings.ToLower(strings.TrimPrefix(key, applePrefix))
	best, least, ties := "", -1, 0
	for _, k := range v.known {
		name, ok := strings.CutPrefix(k.Key, applePrefix)
		if !ok || strings.HasSuffix(name, "*") {
			continue
		}
		switch d := distance(key, strings.ToLower(name)); {
		case d < 0 || least >= 0 && d > least:
		case d == least:
			ties++
		default:
			best, least, ties = k.Key, d, 0
		}
	}
	return best, least >= 0 && ties == 0
}

// typos is the distance of two names, or -1 when it is above one letter in eight
// or above three.
func typos(a, b string) int { return near.Distance(a, b, typosIn(a)) }

// typosIn is how many letters of a name may differ.
func typosIn(name string) int { return min(maxTypos, max(1, len(name)/lettersPerTry)) }

// strayWords counts the words that one name has and the other lacks, whatever
// their order, when one has all words of the other: security.allow-jit lacks cs
// of security.cs.allow-jit. It is -1 when either has words of its own, or when
// more than half as many words are astray as agree.
func strayWords(a, b string) int {
	few, many := words(a), words(b)
	if len(few) > len(many) {
		few, many = many, few
	}
	stray := len(many) - len(few)
	if len(few) < 2 || stray > len(few)/2 {
		return -1
	}
	for _, w := range many {
		if len(few) > 0 && few[0] == w {
			few = few[1:]
		}
	}
	if len(few) > 0 {
		return -1
	}
	return stray
}

// words returns the words of a name in ascending order.
func words(name string) []string {
	w := strings.FieldsFunc(name, func(r rune) bool { return r == '.' || r == '-' || r == '_' })
	slices.Sort(w)
	return w
}
