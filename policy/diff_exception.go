package policy

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/entitlement"
)

// exceptions compares the exceptions, by their ids.
func (d *differ) exceptions() {
	from := map[string]*Exception{}
	for i := range d.from.Exceptions {
		from[d.from.Exceptions[i].ID] = &d.from.Exceptions[i]
	}
	kept := map[string]bool{}
	for i := range d.to.Exceptions {
		e := &d.to.Exceptions[i]
		if kept[e.ID] = true; from[e.ID] == nil {
			d.add(Looser, "exception", e.ID, e.Position, "%s is new: it permits %s", e.ID, e.text())
			continue
		}
		d.exception(from[e.ID], e)
	}
	for i := range d.from.Exceptions {
		if e := &d.from.Exceptions[i]; !kept[e.ID] {
			d.add(Stricter, "exception", e.ID, e.Position, "%s is gone: it permitted %s", e.ID, e.text())
		}
	}
}

// exception compares two exceptions of one id.
func (d *differ) exception(from, to *Exception) {
	say := func(direction Direction, field, format string, args ...any) {
		d.add(direction, "exception", to.ID, to.At(field), "%s "+format, append([]any{to.ID}, args...)...)
	}
	if from.Entitlement != to.Entitlement {
		say(Looser, "entitlement", "is for %s, was for %s", to.Entitlement, from.Entitlement)
	}
	how := func(wider, narrower bool) (Direction, string) {
		switch {
		case wider:
			return Looser, "more"
		case narrower:
			return Stricter, "less"
		}
		return Looser, "something else"
	}
	if wider, narrower, unclear := d.ofExceptions.compare(from.AppliesTo, to.AppliesTo); !wider || !narrower {
		direction, word := how(wider, narrower)
		say(direction, "applies-to", "applies to %s%s: %s; was %s", word, unclear, to.AppliesTo.Text(), from.AppliesTo.Text())
	}
	if wider, narrower := to.containsValues(from), from.containsValues(to); !wider || !narrower {
		direction, word := how(wider, narrower)
		say(direction, valueField(to), "covers %s: %s; was %s", word, to.valueText(), from.valueText())
	}
	if from.Expires != to.Expires {
		loosens := from.Expires.IsZero() || to.Expires.After(from.Expires)
		say(toward(loosens), "expires", "holds until %s, held until %s", orNone(to.Expires.String()), orNone(from.Expires.String()))
	}
	for _, f := range approvalFields {
		a, b := f.text(from), f.text(to)
		switch {
		case a == b:
		case f.needed && a == "":
			say(Looser, f.name, "has %s, had none: %s", f.name, b)
		case f.needed && b == "":
			say(Stricter, f.name, "has no %s, had: %s", f.name, a)
		case strings.HasSuffix(f.name, "s"):
			say(Neutral, f.name, "has other %s: %s; were %s", f.name, orNone(b), orNone(a))
		default:
			say(Neutral, f.name, "has another %s: %s; was %s", f.name, orNone(b), orNone(a))
		}
	}
}

// approvalFields are the fields of an exception that say nothing of what it covers,
// and whether it approves nothing without them.
var approvalFields = []struct {
	name   string
	needed bool
	text   func(e *Exception) string
}{
	{"approved-by", true, func(e *Exception) string { return joined(e.ApprovedBy) }},
	{"approved-on", true, func(e *Exception) string { return e.ApprovedOn.String() }},
	{"signatures", true, func(e *Exception) string { return counted(e.Signatures) }},
	{"owner", true, func(e *Exception) string { return e.Owner }},
	{"category", true, func(e *Exception) string { return string(e.Category) }},
	{"justification", true, func(e *Exception) string { return strings.Join(strings.Fields(e.Justification), " ") }},
	{"ticket", false, func(e *Exception) string { return e.Ticket }},
	{"compensating-controls", false, func(e *Exception) string { return joined(e.CompensatingControls) }},
	{"renewals", false, func(e *Exception) string {
		var list []string
		for _, r := range e.Renewals {
			list = append(list, fmt.Sprintf("%s on %s until %s", joined(r.ApprovedBy), r.ApprovedOn, r.Expires))
		}
		return joined(list)
	}},
}

// counted tells signatures apart by a digest, as their text says nothing to people.
func counted(signatures []string) string {
	if len(signatures) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(signatures, "\n")))
	return fmt.Sprintf("%d (sha256 %x…)", len(signatures), sum[:4])
}

// text says what an exception permits.
func (e *Exception) text() string {
	s := e.Entitlement
	if !e.isForAnyValue() {
		s += " (" + e.valueText() + ")"
	}
	until := "with no last day"
	if !e.Expires.IsZero() {
		until = "until " + e.Expires.String()
	}
	return fmt.Sprintf("%s for %s, %s", s, e.AppliesTo.Text(), until)
}

func valueField(e *Exception) string {
	names := []string{"value", "values", "matches"}
	i := slices.IndexFunc(names, func(name string) bool { _, ok := e.Fields[name]; return ok })
	return names[max(i, 0)]
}

// valueText says which values an exception covers.
func (e *Exception) valueText() string {
	if e.Value != nil {
		return "value " + e.Value.Text()
	}
	var list []string
	if e.Values != nil {
		list = append(list, "values "+entitlement.List(e.Values...).Text())
	}
	if e.Matches != nil {
		list = append(list, "matching "+joined(e.Matches))
	}
	return cmp.Or(strings.Join(list, " and "), "any value")
}

// Text says in words what a scope covers.
func (s Scope) Text() string {
	var parts []string
	for _, f := range s.fields() {
		if len(f.values) > 0 {
			parts = append(parts, f.name+" "+strings.Join(f.values, " or "))
		}
	}
	return strings.Join(parts, ", ")
}
