package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/entitlement"
)

// differences returns how an exception differs from another one, a field each: "expires:
// 2027-04-30, was 2027-01-31". Where they stand and who signed them makes no difference.
func (e *Exception) differences(was *Exception) []string {
	var list []string
	for _, f := range exceptionFields {
		if f.same(e, was) {
			continue
		}
		// A justification is read in the policy, not in a line of a report.
		const longest = 120
		is, before := f.text(e), f.text(was)
		if len(is)+len(before) > longest {
			list = append(list, f.name+": changed")
			continue
		}
		list = append(list, fmt.Sprintf("%s: %s, was %s", f.name, is, before))
	}
	return list
}

// Same reports whether two exceptions say the same, and the groups that they name are the
// same, where and however they are written.
func (e *Exception) Same(o *Exception) bool {
	groups := len(e.Groups) == len(o.Groups)
	for name, scope := range e.Groups {
		other, ok := o.Groups[name]
		groups = groups && ok && reflect.DeepEqual(scope, other)
	}
	return groups && len(e.differences(o)) == 0
}

// permits returns for which values an exception permits its entitlement, where, and until
// when, a field each.
func (e *Exception) permits() []string {
	var list []string
	for _, f := range exceptionFields {
		if f.permits && !f.same(e, &Exception{}) {
			list = append(list, f.name+": "+f.text(e))
		}
	}
	return list
}

// exceptionField is one thing that an exception says.
type exceptionField struct {
	name    string
	permits bool // it limits what is permitted
	same    func(a, b *Exception) bool
	text    func(e *Exception) string
}

// exceptionFields are all fields but signatures, which are about the others.
var exceptionFields = slices.Concat([]exceptionField{
	wordsField("entitlement", false, func(e *Exception) []string { return one(e.Entitlement) }),
	valuesField("value", func(e *Exception) []entitlement.Value {
		if e.Value == nil {
			return nil
		}
		return []entitlement.Value{*e.Value}
	}),
	valuesField("values", func(e *Exception) []entitlement.Value { return e.Values }),
	wordsField("matches", true, func(e *Exception) []string { return words(e.Matches) }),
}, scopeFields(), []exceptionField{
	wordsField("category", false, func(e *Exception) []string { return one(string(e.Category)) }),
	wordsField("justification", false, func(e *Exception) []string { return one(e.Justification) }),
	wordsField("owner", false, func(e *Exception) []string { return one(e.Owner) }),
	wordsField("approved-by", false, func(e *Exception) []string { return e.ApprovedBy }),
	wordsField("approved-on", false, func(e *Exception) []string { return one(e.ApprovedOn.String()) }),
	wordsField("ticket", false, func(e *Exception) []string { return one(e.Ticket) }),
	wordsField("expires", true, func(e *Exception) []string { return one(e.Expires.String()) }),
	wordsField("compensating-controls", false, func(e *Exception) []string { return e.CompensatingControls }),
	wordsField("renewals", false, func(e *Exception) (list []string) {
		for _, r := range e.Renewals {
			list = append(list, fmt.Sprintf("%s by %q until %s", r.ApprovedOn, r.ApprovedBy, r.Expires))
		}
		return list
	}),
})

// scopeFields are those of what an exception applies to.
func scopeFields() []exceptionField {
	var list []exceptionField
	for i, f := range (Scope{}).fields() {
		list = append(list, wordsField(f.name, true, func(e *Exception) []string { return e.AppliesTo.fields()[i].values }))
	}
	return list
}

// wordsField is a field of words, of which none is the same as no list.
func wordsField(name string, permits bool, of func(*Exception) []string) exceptionField {
	return exceptionField{
		name, permits,
		func(a, b *Exception) bool { return slices.Equal(of(a), of(b)) },
		func(e *Exception) string { return listed(of(e)) },
	}
}

// valuesField is a field of values. Matches and Values that are empty and that are not
// there differ in what they take, see [Exception.Covers]; Parse makes no empty ones.
func valuesField(name string, of func(*Exception) []entitlement.Value) exceptionField {
	return exceptionField{
		name, true,
		func(a, b *Exception) bool { return slices.EqualFunc(of(a), of(b), entitlement.Value.Equal) },
		func(e *Exception) string {
			var list []string
			for _, v := range of(e) {
				list = append(list, v.Text())
			}
			return listed(list)
		},
	}
}

func listed(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// one is a list of a word, or of nothing.
func one(word string) []string {
	if word == "" {
		return nil
	}
	return []string{word}
}
