package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// scalar reports whether n is a single value and not an empty one.
func (r *reader) scalar(n *yaml.Node, what string) bool {
	if isNull(n) {
		r.fail(n, "", "%s is empty", what)
		return false
	}
	return r.is(n, yaml.ScalarNode, what)
}

// text reads a scalar as it is written, so that an id of digits stays what it is.
// What YAML takes for a boolean or for nothing must be quoted to be text.
func (r *reader) text(n *yaml.Node, what string) string {
	if !r.scalar(n, what) {
		return ""
	}
	if isPlain(n) && n.Tag == "!!bool" {
		r.fail(n, fmt.Sprintf(`quote it: "%s"`, n.Value), "%s must be text, not %s", what, describe(n))
		return ""
	}
	if !r.shows(n, what) {
		return ""
	}
	return n.Value
}

// shows reports whether all of a text can be seen, and says so when not.
func (r *reader) shows(n *yaml.Node, what string) bool {
	for _, c := range n.Value {
		if isHidden(c) || isJoiner(c) && !slices.Contains(forPeople, what) {
			r.fail(n, "remove it: nobody would see it", "%s contains character U+%04X", what, c)
			return false
		}
	}
	return true
}

// optional reads text that may be left empty.
func (r *reader) optional(n *yaml.Node, what string) string {
	if isNull(n) {
		return ""
	}
	return r.text(n, what)
}

// word reads text in which there is something to see, and which neither begins nor ends with white space.
func (r *reader) word(n *yaml.Node, what string) string {
	before := r.total()
	s := r.text(n, what)
	switch {
	case r.total() > before || n.Kind == yaml.AliasNode:
	case length(s) == 0:
		r.fail(n, "", "%s is empty", what)
	case s != strings.TrimSpace(s) || strings.ContainsAny(s, "\t\n"):
		r.fail(n, "", "%s %s has white space around it or a line break in it", what, quote(s))
	}
	return s
}

// matching reads a word of a form. The format is that of the error about another
// one, which it is given in quotes.
func (r *reader) matching(n *yaml.Node, what string, form *regexp.Regexp, hint, format string) string {
	before := r.total()
	s := r.word(n, what)
	if r.total() == before && n.Kind == yaml.ScalarNode && !form.MatchString(s) {
		r.fail(n, hint, format, quote(s))
	}
	return s
}

// total returns how many errors were found so far.
func (r *reader) total() int { return len(r.errs) + r.dropped }

// words reads one word or a list of them, and checks each. The list may be empty
// only if emptyOK.
func (r *reader) words(n *yaml.Node, what string, emptyOK bool, check func(item *yaml.Node, s string)) []string {
	items := []*yaml.Node{n}
	switch n.Kind {
	case yaml.SequenceNode:
		items = n.Content
	case yaml.MappingNode:
		r.fail(n, "", "%s must be one value or a list of them, not a mapping", what)
		return nil
	}
	if len(items) == 0 && !emptyOK {
		r.fail(n, "", "%s is empty", what)
	}
	var words []string
	for _, item := range items {
		before := r.total()
		if s := r.word(item, what); r.total() == before && item.Kind == yaml.ScalarNode {
			check(item, s)
			words = append(words, s)
		}
	}
	return words
}

// integer reads a whole number in plain decimal from low to high.
func (r *reader) integer(n *yaml.Node, what string, low, high int) int {
	r.layout.typed.note(n, true)
	if !r.scalar(n, what) {
		return 0
	}
	i, err := strconv.Atoi(n.Value)
	if err != nil || strconv.Itoa(i) != n.Value {
		r.fail(n, "", "%s must be a whole number, not %s", what, quote(n.Value))
		return 0
	}
	if !isPlain(n) {
		r.fail(n, "remove the quotes", "%s must be a number, not text", what)
		return 0
	}
	if i < low || i > high {
		r.fail(n, "", "%s must be from %d to %d", what, low, high)
	}
	return i
}

// days reads a duration such as 365d from low to high days.
func (r *reader) days(n *yaml.Node, what string, low, high int) int {
	if !r.scalar(n, what) {
		return 0
	}
	digits, ok := strings.CutSuffix(n.Value, "d")
	i, err := strconv.Atoi(digits)
	if !ok || err != nil || strconv.Itoa(i) != digits {
		r.fail(n, "write a number of days, such as 90d", "%s is %s, not a duration in days", what, quote(n.Value))
		return 0
	}
	if i < low || i > high {
		r.fail(n, "", "%s must be from %dd to %dd", what, low, high)
	}
	return i
}

// date reads a date that may be left empty.
func (r *reader) date(n *yaml.Node, what string) Date {
	r.layout.typed.note(n, true)
	s := r.optional(n, what)
	if s == "" {
		return Date{}
	}
	d, err := ParseDate(s)
	if err != nil {
		r.fail(n, dateHint(s), "%s: %v", what, err)
	}
	return d
}

// dateHint says how to write a date; where a day with dots was meant, that one.
func dateHint(s string) string {
	if t, err := time.Parse("2.1.2006", s); err == nil {
		return "write " + t.Format(time.DateOnly)
	}
	return "write year, month and day, YYYY-MM-DD, such as 2027-04-30"
}

// day reads a date that has to be there.
func (r *reader) day(n *yaml.Node, what string) Date {
	before := r.total()
	d := r.date(n, what)
	if d.IsZero() && r.total() == before && n.Kind == yaml.ScalarNode {
		r.fail(n, "", "%s is empty", what)
	}
	return d
}

// choice reads one of a closed list of words.
func choice[T ~string](r *reader, n *yaml.Node, what string, valid []T) T {
	if !r.scalar(n, what) {
		return ""
	}
	return pick(r, n, what, n.Value, valid)
}

// pick checks that s, read from n, is one of a closed list of words.
func pick[T ~string](r *reader, n *yaml.Node, what, s string, valid []T) T {
	if slices.Contains(valid, T(s)) {
		return T(s)
	}
	r.fail(n, suggest(s, words(valid)), "unknown value %s for %s", quote(s), what)
	return ""
}

// words returns words of the language as text.
func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// boolean reads true or false, and no other word for them.
func (r *reader) boolean(n *yaml.Node, what string) bool {
	r.layout.typed.note(n, true)
	if !r.scalar(n, what) {
		return false
	}
	switch {
	case n.Value != "true" && n.Value != "false":
		r.fail(n, "", "%s is true or false, not %s", what, quote(n.Value))
	case !isPlain(n):
		r.fail(n, "remove the quotes", "%s must be a boolean, not text", what)
	}
	return n.Value == "true"
}
