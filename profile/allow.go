package profile

import (
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/entitlement"
)

// Verdict is what a profile says to one claim.
type Verdict uint8

// The verdicts.
const (
	Absent  Verdict = iota // it has no such key
	Beyond                 // it has the key, and not for that value
	Allowed                // it has the key for that value
)

// Allows returns what the profile says to a claim. Whether it counts, being Apple's
// and not expired, is for the caller to see.
//
// The rules are those of MISEntitlementDictionaryAllowsEntitlementValue of
// libmis.dylib, as a public reimplementation has it (MISEntitlement.c). That the
// program that asks on a Mac, taskgated-helper, follows them is not documented:
//
//   - the string "*" allows any value;
//   - a boolean allows the same boolean;
//   - a string allows the same string, or those with its prefix when it ends in *;
//   - an array of strings allows each of them, and arrays of nothing else, in any
//     order; its strings may end in * as well.
//
// Profiles for drivers have lists of dictionaries, which are not among them: there one
// of the list has to have the same keys, those of "*" aside, with values that it
// allows. Anything else allows what is equal to it.
func (p *Profile) Allows(key string, claimed entitlement.Value) Verdict {
	granted, ok := p.Entitlements[key]
	switch {
	case !ok:
		return Absent
	case allows(granted, claimed):
		return Allowed
	}
	return Beyond
}

func allows(granted, claimed entitlement.Value) bool {
	switch {
	case isAny(granted):
		return true
	case granted.Kind == entitlement.String:
		return claimed.Kind == entitlement.String && matches(granted.String, claimed.String)
	case granted.Kind == entitlement.Array && claimed.Kind == entitlement.Array:
		return !slices.ContainsFunc(claimed.Array, func(v entitlement.Value) bool { return !listed(granted.Array, v) })
	case granted.Kind == entitlement.Array:
		return claimed.Kind == entitlement.String && listed(granted.Array, claimed)
	case granted.Kind == entitlement.Dictionary && claimed.Kind == entitlement.Dictionary:
		return allowsDict(granted.Dict, claimed.Dict)
	}
	return granted.Equal(claimed)
}

func isAny(v entitlement.Value) bool { return v.Kind == entitlement.String && v.String == "*" }

// listed reports whether one value of a list allows v.
func listed(list []entitlement.Value, v entitlement.Value) bool {
	return slices.ContainsFunc(list, func(granted entitlement.Value) bool {
		return allows(granted, v)
	})
}

func allowsDict(granted, claimed entitlement.Set) bool {
	for key, v := range claimed {
		if g, ok := granted[key]; !ok || !allows(g, v) {
			return false
		}
	}
	for key, g := range granted {
		if _, ok := claimed[key]; !ok && !isAny(g) {
			return false // without the key it is a wider claim
		}
	}
	return true
}

// matches compares a string with a pattern, whose last character may be *. The empty
// one matches nothing.
func matches(pattern, s string) bool {
	if prefix, wild := strings.CutSuffix(pattern, "*"); wild {
		return strings.HasPrefix(s, prefix)
	}
	return s == pattern && s != ""
}
