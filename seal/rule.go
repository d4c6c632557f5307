package seal

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

const (
	// maxRules and maxPatterns bound the rules and the bytes of all their patterns:
	// every path is matched with every one of them, in time that is the product of
	// both lengths. Those that codesign writes are 14 of 400 bytes.
	maxRules    = 100
	maxPatterns = 4096
)

// rules say which files of a bundle are to be sealed.
type rules struct {
	list       []rule
	executable string // the main executable, which is not
}

// rule is what to do with the files whose path its pattern matches. Of several
// that match, the one of most weight counts.
type rule struct {
	pattern string
	re      *regexp.Regexp
	plain   bool // the value true: nothing but the pattern
	weight  float64
	omit    bool // not sealed
	nested  bool // code
}

// newRules reads the rules (ResourceBuilder::addRule). One that cannot be followed
// is told, and matches nothing: what is left out is no more for that.
func newRules(dict map[string]any, bad func(pattern string, err error)) (rules, error) {
	var rs rules
	size := 0
	for pattern := range dict {
		size += len(pattern)
	}
	if len(dict) > maxRules || size > maxPatterns {
		return rs, fmt.Errorf("%d rules with patterns of %d bytes; the limits are %d and %d", len(dict), size, maxRules, maxPatterns)
	}
	for _, pattern := range slices.Sorted(maps.Keys(dict)) {
		r, err := newRule(pattern, dict[pattern])
		if err == nil {
			r.re, err = compile(pattern)
		}
		if err != nil {
			bad(pattern, err)
		}
		rs.list = append(rs.list, r)
	}
	// Of rules of equal weight Security.framework takes the one that comes first in
	// its dictionary, which has no order. Here it is the one that seals.
	inorder.By(rs.list, func(a, b rule) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), compareBool(a.omit, b.omit), compareBool(a.nested, b.nested))
	})
	return rs, nil
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func newRule(pattern string, value any) (rule, error) {
	r := rule{pattern: strings.Clone(pattern), weight: 1}
	if seal, ok := value.(bool); ok {
		r.plain, r.omit = seal, !seal
		return r, nil
	}
	dict, ok := value.(map[string]any)
	if !ok {
		return r, errors.New("neither a boolean nor a dictionary")
	}
	switch weight := dict["weight"].(type) {
	case nil:
	case float64:
		r.weight = math.Trunc(weight)
	case uint64:
		r.weight = float64(weight)
	default:
		return r, errors.New("weight is not a positive number")
	}
	if !(r.weight >= 0 && r.weight <= math.MaxUint32) {
		return r, fmt.Errorf("a weight of %v", r.weight)
	}
	// The others are optional, which is said again of every file, and top.
	r.omit, r.nested = dict["omit"] == true, dict["nested"] == true
	return r, nil
}

// find returns the rule for a path, nil for none: then it is not to be sealed.
// Excluded is what belongs to the signature, whatever the rules say
// (BundleDiskRep::adjustResources): of folders, with all that is in them.
func (rs rules) find(rel string) (r *rule, excluded bool) {
	if rel == rs.executable || isExcluded(rel) {
		return nil, true
	}
	for i := range rs.list {
		if r := &rs.list[i]; r.re != nil && r.re.MatchString(rel) {
			return r, false
		}
	}
	return nil, false
}

func isExcluded(rel string) bool {
	switch rel {
	case signatureDir,
		"CodeResources", // in old bundles a link to the seal, in new ones the stapled ticket
		"_MASReceipt":   // of the App Store, written at installation
		return true
	}
	return false
}

// includes reports whether a link may lead to rel (ResourceBuilder::includes).
func (rs rules) includes(rel string) bool {
	if rel == rs.executable {
		return true
	}
	if first, _, _ := strings.Cut(rel, "/"); isExcluded(first) {
		return false
	}
	r, _ := rs.find(rel)
	return r != nil && !r.omit
}

// weak reports rules that leave out more than may be left out
// (SecStaticCode::hasWeakResourceRules).
func (rs rules) weak(version int) error {
	all := "^.*"
	if version == 1 {
		all = "^Resources/"
	}
	covers := false
	for _, r := range rs.list {
		covers = covers || r.plain && (r.pattern == all || r.pattern == "^.*")
		if r.omit && !mayOmit(r.pattern) {
			return fmt.Errorf("rule %q leaves files out of the seal", r.pattern)
		}
	}
	if !covers {
		return fmt.Errorf("there is no rule %q, which seals all that no other rule is about", all)
	}
	return nil
}

// mayOmit is BundleDiskRep::allowedResourceOmissions.
func mayOmit(pattern string) bool {
	switch pattern {
	case `^(.*/)?\.DS_Store$`, `^Info\.plist$`, `^PkgInfo$`,
		`^Resources/.*\.lproj/locversion.plist$`, `^.*\.lproj/locversion.plist$`:
		return true
	}
	return false
}
