package policy

import (
	"fmt"
	"slices"

	"github.com/codewarrant/codewarrant/entitlement"
)

// Defect is one reason why an exception approves nothing.
type Defect struct {
	Field    string   // the key in YAML, such as approved-by
	Position Position // of the field, or of the exception when it is not given
	Message  string   // such as "approved-by is missing"
}

// At returns the place of a field, or of the exception when it is not given.
func (e *Exception) At(field string) Position {
	if p, ok := e.Fields[field]; ok {
		return p
	}
	return e.Position
}

// Covers reports whether the exception is for a claim of key with the value v. A
// value that could not be read is covered only by an exception for any value.
func (e *Exception) Covers(key string, v entitlement.Value) bool {
	return e.Entitlement == key && (e.Value == nil || e.Value.Equal(v))
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
func (e *Exception) Defects(s Settings, at Date) []Defect {
	var defects []Defect
	add := func(field, format string, args ...any) {
		message := field + " " + fmt.Sprintf(format, args...)
		defects = append(defects, Defect{field, e.At(field), message})
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
			add(f.name, "is missing")
		}
	}
	for _, problem := range judge(e.Justification, e.Entitlement, s.MinJustification) {
		add("justification", "%s", problem)
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
	} else if days > s.MaxLifetime {
		add("expires", "is %d days after approved-on; max-lifetime is %d days", days, s.MaxLifetime)
	}
	return defects
}
