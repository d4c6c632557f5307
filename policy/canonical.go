package policy

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/inorder"
)

// canonicalFormat names the form of [Exception.Canonical]. A field that the language
// gains is one more member, which exceptions without it do not have, so that what was
// signed stays signed. Writing a field in another way makes another format.
const canonicalFormat = "codewarrant.exception/1"

// ErrNoPolicyID is why an exception has no canonical text: what is signed has to
// name the policy that it is signed for.
var ErrNoPolicyID = errors.New("the policy has no policy-id, so that a signature could be used in another repository")

// Canonical returns what those who approve the exception sign: all that it says, in
// the one text that does not depend on how the YAML is written.
//
// The text is one line: a JSON object in the form of RFC 8785 and a line feed. Its
// members have the names of the keys in YAML, and one that is not given, or empty,
// is left out; format, id, entitlement, applies-to and policy-id are always there.
//
//	text    = object LF
//	object  = {"applies-to":scope, "approved-on":date, "category":string,
//	          "compensating-controls":set of prose, "entitlement":string,
//	          "expires":date, "format":"codewarrant.exception/1",
//	          "groups":{name:scope, …}, "id":string, "justification":prose,
//	          "matches":set of string, "owner":prose, "policy-id":string,
//	          "ticket":prose, "value":value, "values":set of value}
//	scope   = {"arch":set of string, "binaries":…, "bundle-kind":…, "cdhash":…,
//	          "identifier":…, "path":…, "team-id":…, "type":…, "versions":…}
//	set     = an array, its items in ascending order of their bytes as they are
//	          written here, none twice
//	prose   = a string in which each run of spaces, tabs and line breaks is one
//	          space, and none is at its beginning or end
//	date    = "YYYY-MM-DD"
//	value   = {"boolean":true} or {"boolean":false} | {"integer":"decimal digits"} |
//	          {"real":"digits, exponent"} as in 1.5e+00, the shortest that reads back |
//	          {"string":string} | {"array":[value, …]} in its order |
//	          {"dictionary":{key:value, …}}
//	versions are bounds with an operator each (= where none is written) and without
//	          zeros that say nothing, in ascending order of their bytes, with one
//	          space between them: "<4 >=3.2"
//
// Text is compared byte for byte elsewhere and is not normalised here: what Unicode
// can write in two ways differs. Not part of the text are approved-by, renewals and
// signatures, and what the policy says beside the exception. Of that only groups has a
// part: the scopes of those that the exception names under binaries, since they are
// what it applies to.
//
// The error is [ErrNoPolicyID], or says what cannot be written, such as a group that is
// defined in a policy that is extended and was not read.
func (e *Exception) Canonical() ([]byte, error) {
	if e.PolicyID == "" {
		return nil, ErrNoPolicyID
	}
	var c canonical
	text := c.object(map[string]string{
		"format":                c.text(canonicalFormat),
		"policy-id":             c.text(e.PolicyID),
		"id":                    c.text(e.ID),
		"entitlement":           c.text(e.Entitlement),
		"value":                 c.optional(e.Value),
		"values":                c.values(e.Values),
		"matches":               jsonSet(jsonWords(&c, e.Matches), e.Matches != nil),
		"applies-to":            c.scope(e.AppliesTo),
		"groups":                c.groups(e),
		"category":              c.given(string(e.Category)),
		"justification":         c.given(collapse(e.Justification)),
		"owner":                 c.given(collapse(e.Owner)),
		"ticket":                c.given(collapse(e.Ticket)),
		"approved-on":           c.given(e.ApprovedOn.String()),
		"expires":               c.given(e.Expires.String()),
		"compensating-controls": c.controls(e.CompensatingControls),
	})
	if c.err != nil {
		return nil, fmt.Errorf("exception %s: %w", quote(e.ID), c.err)
	}
	return []byte(text + "\n"), nil
}

// collapse returns prose as it is however its lines are broken.
func collapse(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n", r) }), " ")
}

// canonical writes JSON in the form of RFC 8785. Its methods return the text of what
// they are given, and nothing for what is left out.
type canonical struct{ err error } // the first

func (c *canonical) fail(format string, args ...any) string {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
	return ""
}

// groups writes who is in the groups that an exception names. One that a change defines
// in another way has its name, and its own scope.
func (c *canonical) groups(e *Exception) string {
	members := map[string]string{}
	for _, name := range e.AppliesTo.Binaries {
		name = strings.TrimSuffix(name, changed)
		scope, ok := e.Groups[name]
		if !ok {
			return c.fail("group %s is not defined here", quote(name))
		}
		members[name] = c.scope(scope)
	}
	if len(members) == 0 {
		return ""
	}
	return c.object(members)
}

func (c *canonical) scope(s Scope) string {
	binaries := make([]string, len(s.Binaries))
	for i, name := range s.Binaries {
		binaries[i] = strings.TrimSuffix(name, changed)
	}
	field := func(list []string) string { return jsonSet(jsonWords(c, list), len(list) > 0) }
	versions := make([]string, len(s.Versions))
	for i, r := range s.Versions {
		if versions[i] = r.canonical(); versions[i] == "" {
			return c.fail("versions %s is no range", quote(r.Text))
		}
	}
	return c.object(map[string]string{
		"path": field(s.Path), "identifier": field(s.Identifier), "team-id": field(s.TeamID),
		"arch": field(s.Arch), "type": field(s.Type), "bundle-kind": field(s.BundleKind),
		"versions": field(versions), "cdhash": field(s.CDHash), "binaries": field(binaries),
	})
}

// controls are prose, and say the same in any order.
func (c *canonical) controls(list []string) string {
	items := make([]string, len(list))
	for i, s := range list {
		items[i] = c.text(collapse(s))
	}
	return jsonSet(items, len(items) > 0)
}

func (c *canonical) optional(v *entitlement.Value) string {
	if v == nil {
		return ""
	}
	return c.value(*v)
}

// values keeps a list of none, which takes no value, apart from no list, which takes
// any.
func (c *canonical) values(list []entitlement.Value) string {
	items := make([]string, len(list))
	for i, v := range list {
		items[i] = c.value(v)
	}
	return jsonSet(items, list != nil)
}

// value writes a value with its type, since numbers of JSON have none.
func (c *canonical) value(v entitlement.Value) string {
	var text string
	switch v.Kind {
	case entitlement.Boolean:
		text = strconv.FormatBool(v.Bool)
	case entitlement.Integer:
		text = c.text(strconv.FormatInt(v.Int, 10))
	case entitlement.Real:
		text = c.text(strconv.FormatFloat(v.Real, 'e', -1, 64))
	case entitlement.String:
		text = c.text(v.String)
	case entitlement.Array:
		items := make([]string, len(v.Array))
		for i, item := range v.Array {
			items[i] = c.value(item)
		}
		text = jsonArray(items)
	case entitlement.Dictionary:
		members := map[string]string{}
		for key, item := range v.Dict {
			members[key] = c.value(item)
		}
		text = c.object(members)
	default:
		return c.fail("a value of type %s has no text in a policy", v.Kind)
	}
	return c.object(map[string]string{v.Kind.String(): text})
}

// object writes the members that have a text, ordered by the UTF-16 code units of
// their names (RFC 8785, section 3.2.3).
func (c *canonical) object(members map[string]string) string {
	var names []string
	for name, text := range members {
		if text != "" {
			names = append(names, name)
		}
	}
	inorder.By(names, func(a, b string) int {
		return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
	})
	for i, name := range names {
		names[i] = c.text(name) + ":" + members[name]
	}
	return "{" + strings.Join(names, ",") + "}"
}

// given writes a string that is not empty.
func (c *canonical) given(s string) string {
	if s == "" {
		return ""
	}
	return c.text(s)
}

// text writes a string as RFC 8785, section 3.2.2.2, has it: what JSON demands is
// escaped, and nothing else.
func (c *canonical) text(s string) string {
	if !utf8.ValidString(s) {
		return c.fail("%s is not UTF-8", quote(s))
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch i := strings.IndexRune("\b\t\n\f\r\"\\", r); {
		case i >= 0:
			b.WriteString(`\` + `btnfr"\`[i:i+1])
		case r < ' ':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func jsonWords[T ~string](c *canonical, list []T) []string {
	items := make([]string, len(list))
	for i, s := range list {
		items[i] = c.text(string(s))
	}
	return items
}

// jsonSet writes a list in which neither order nor repetition says anything.
func jsonSet(items []string, given bool) string {
	if !given {
		return ""
	}
	slices.Sort(items)
	return jsonArray(slices.Compact(items))
}

func jsonArray(items []string) string { return "[" + strings.Join(items, ",") + "]" }
