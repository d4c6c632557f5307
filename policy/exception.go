package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/entitlement"
)

// Defect is one reason why an exception approves nothing.
type Defect struct {
	Field    string   // the key in YAML, such as approved-by; empty: several that are missing
	Position Position // of the field, or of the exception when it is not given
	Message  string   // such as "approved-by is missing"
	Missing  bool     // it says no more than that
}

// At returns the place of a field, or of the exception when it is not given.
func (e *Exception) At(field string) Position {
	if p, ok := e.Fields[field]; ok {
		return p
	}
	return e.Position
}

// Covers reports whether the exception is for a claim of key with the value v.
//
// Value is compared as a whole. Of an array, Values and Matches must take every
// element, so that a claim to fewer things is covered and one to more is not; of
// any other value they must take the value itself. Values takes what is equal to
// one of them, Matches a string that one of the patterns names. A value that could
// not be read is covered only by an exception for any value.
func (e *Exception) Covers(key string, v entitlement.Value) bool {
	switch {
	case e.Entitlement != key:
		return false
	case e.Value != nil:
		return e.Value.Equal(v)
	case e.Values == nil && e.Matches == nil:
		return true
	case v.Kind == entitlement.Array:
		return !slices.ContainsFunc(v.Array, func(v entitlement.Value) bool { return !e.takes(v) })
	default:
		return e.takes(v)
	}
}

// takes reports whether Values or Matches take a value that is no array.
func (e *Exception) takes(v entitlement.Value) bool {
	return slices.ContainsFunc(e.Values, v.Equal) ||
		v.Kind == entitlement.String && slices.ContainsFunc(e.Matches, func(p Pattern) bool { return p.Match(v.String) })
}

// Terms are what an exception has to keep to.
type Terms struct {
	MinJustification int        // characters
	MaxLifetime      int        // days
	Categories       []Category // nil: all
}

// Terms returns what exceptions have to keep to where the decision asks for one.
func (p *Policy) Terms(d Decision) Terms {
	t := Terms{p.Settings.MinJustification, p.Settings.MaxLifetime, d.Categories}
	if d.MaxLifetime > 0 {
		t.MaxLifetime = min(t.MaxLifetime, d.MaxLifetime)
	}
	return t
}

// Expired reports whether the exception's last day was before the day at. An
// exception without an end has a defect and is not expired.
func (e *Exception) Expired(at Date) bool { return !e.Expires.IsZero() && at.After(e.Expires) }

// ExpiresSoon returns how many days the exception still holds after the day at,
// and whether they are few enough for a warning. It never is when it has expired,
// or when warn-before-expiry is 0d.
func (e *Exception) ExpiresSoon(s Settings, at Date) (days int, soon bool) {
	if e.Expires.IsZero() {
		return 0, false
	}
	days = e.Expires.DaysSince(at)
	return days, days >= 0 && s.WarnBeforeExpiry > 0 && days <= s.WarnBeforeExpiry
}

// Defects returns why the exception approves nothing on the day at, however well
// it fits: what is missing, in the order owner, approved-by, approved-on,
// category, expires, justification, and then what is wrong with the dates. That
// it has expired is not among them, see [Exception.Expired].
func (e *Exception) Defects(t Terms, at Date) []Defect {
	var defects []Defect
	add := func(field, format string, args ...any) {
		message := field + " " + fmt.Sprintf(format, args...)
		defects = append(defects, Defect{Field: field, Position: e.At(field), Message: message})
	}
	lacks := func(field string) {
		defects = append(defects, Defect{field, e.At(field), field + " is missing", true})
	}
	for _, f := range []struct {
		name    string
		missing bool
	}{
		{"owner", !isName(e.Owner)},
		{"approved-by", len(e.ApprovedBy) == 0 || slices.ContainsFunc(e.ApprovedBy, func(s string) bool { return !isName(s) })},
		{"approved-on", e.ApprovedOn.IsZero()},
		{"category", e.Category == ""},
		{"expires", e.Expires.IsZero()},
	} {
		if f.missing {
			lacks(f.name)
		}
	}
	if t.Categories != nil && e.Category != "" && !slices.Contains(t.Categories, e.Category) {
		add("category", "is %s; for %s only these are taken: %s", e.Category, e.Entitlement, cmp.Or(joined(t.Categories), "none"))
	}
	if length(e.Justification) == 0 {
		lacks("justification")
	} else {
		for _, problem := range judge(e.Justification, e.Entitlement, t.MinJustification) {
			add("justification", "%s", problem)
		}
	}
	if e.ApprovedOn.IsZero() {
		return defects
	}
	if e.ApprovedOn.After(at) {
		add("approved-on", "is %s: not approved yet on %s", e.ApprovedOn, at)
	}
	if e.Expires.IsZero() {
		return defects
	}
	if days := e.Expires.DaysSince(e.ApprovedOn); days < 0 {
		add("expires", "is %s, before approved-on, %s", e.Expires, e.ApprovedOn)
	} else if days > t.MaxLifetime {
		add("expires", "is %d days after approved-on; max-lifetime is %d days", days, t.MaxLifetime)
	}
	return defects
}

// joined lists words in a sentence.
func joined[T ~string](list []T) string { return strings.Join(words(list), ", ") }
