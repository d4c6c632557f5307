package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxErrors is how many errors are kept; the rest are counted.
const maxErrors = 100

// reader walks the nodes of one document and collects what is wrong with it. Its
// methods take a node and the name of what it stands for, and return the zero
// value after an error.
type reader struct {
	file    string
	errs    Errors
	dropped int
}

func (r *reader) position(n *yaml.Node) Position {
	return Position{File: r.file, Line: max(n.Line, 1), Column: max(n.Column, 1)}
}

func (r *reader) fail(n *yaml.Node, hint, format string, args ...any) {
	r.add(r.position(n), hint, format, args...)
}

func (r *reader) add(at Position, hint, format string, args ...any) {
	if len(r.errs) == maxErrors {
		r.dropped++
		return
	}
	at.File = r.file
	r.errs = append(r.errs, &ParseError{Position: at, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// err returns the errors in the order of the lines, or nil when there are none.
func (r *reader) err() error {
	if len(r.errs) == 0 {
		return nil
	}
	r.errs.sorted()
	if r.dropped > 0 {
		r.errs = append(r.errs, &ParseError{
			Position: r.errs[len(r.errs)-1].Position,
			Message:  fmt.Sprintf("%d more errors are not shown", r.dropped),
		})
	}
	return r.errs
}

// refuse reports everything in the tree of n that makes YAML mean something that
// is not written at the place itself: anchors, aliases, merge keys and tags.
func (r *reader) refuse(n *yaml.Node) {
	const writeOut = "write it out"
	switch {
	case n.Kind == yaml.AliasNode:
		r.fail(n, writeOut, "aliases are not supported")
		return
	case n.Anchor != "":
		r.fail(n, writeOut, "anchors are not supported")
	case n.Style&yaml.TaggedStyle != 0 || n.Tag == "!":
		r.fail(n, "quote what is meant as text", "tags are not supported")
	}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && isMerge(c) {
			r.fail(c, writeOut, "merge keys are not supported")
		} else if n.Kind != yaml.MappingNode || i%2 == 0 || !isMerge(n.Content[i-1]) {
			r.refuse(c)
		}
	}
}

func isMerge(key *yaml.Node) bool { return key.Tag == "!!merge" }

func isPlain(n *yaml.Node) bool {
	const other = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	return n.Kind == yaml.ScalarNode && n.Style&other == 0
}

func isNull(n *yaml.Node) bool { return isPlain(n) && n.Tag == "!!null" }

// field is one key that a mapping may have, and what reads its value.
type field struct {
	name     string
	required bool
	read     func(value *yaml.Node)
}

// mapping reads a mapping whose keys are known and returns the places of those
// that are given, or nil when n is no mapping.
func (r *reader) mapping(n *yaml.Node, what string, fields []field) map[string]Position {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	given := map[string]Position{}
	ok := r.entries(n, what, func(key, value *yaml.Node) {
		i := slices.Index(names, key.Value)
		if i < 0 {
			r.fail(key, suggest(key.Value, names), "unknown key %s in %s", quote(key.Value), what)
			return
		}
		given[key.Value] = r.position(key)
		fields[i].read(value)
	})
	if !ok {
		return nil
	}
	for _, f := range fields {
		if _, ok := given[f.name]; f.required && !ok {
			r.fail(n, "", "%s has no %s", what, f.name)
		}
	}
	return given
}

// entries calls read for each key of a mapping, and reports whether n is one.
// Keys are strings and given once.
func (r *reader) entries(n *yaml.Node, what string, read func(key, value *yaml.Node)) bool {
	if !r.is(n, yaml.MappingNode, what) {
		return false
	}
	lines := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if isMerge(key) || key.Kind == yaml.AliasNode {
			continue
		}
		if key.Kind != yaml.ScalarNode || isPlain(key) && key.Tag != "!!str" {
			r.fail(key, "quote the key", "a key of %s is %s, not text", what, describe(key))
			continue
		}
		if line, ok := lines[key.Value]; ok {
			r.fail(key, "", "duplicate key %s, first given on line %d", quote(key.Value), line)
			continue
		}
		lines[key.Value] = key.Line
		read(key, value)
	}
	return true
}

// is reports whether n is of the kind, and says so when it is not. Of aliases
// refuse has spoken already.
func (r *reader) is(n *yaml.Node, kind yaml.Kind, what string) bool {
	if n.Kind == kind {
		return true
	}
	switch {
	case n.Kind == yaml.AliasNode:
	case isNull(n):
		r.fail(n, "remove the key, or give it a value", "%s is empty", what)
	default:
		r.fail(n, "", "%s must be %s, not %s", what, kindName(kind), describe(n))
	}
	return false
}

func kindName(k yaml.Kind) string {
	switch k {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		return "text"
	}
}

// describe names what a node is, for an error about what it should be.
func describe(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode {
		return kindName(n.Kind)
	}
	if isPlain(n) {
		switch n.Tag {
		case "!!null":
			return "null"
		case "!!bool":
			return "the boolean " + n.Value
		case "!!int", "!!float":
			return "a number"
		case "!!timestamp":
			return "a date"
		}
	}
	return "text"
}

// list reads a list of any length.
func (r *reader) list(n *yaml.Node, what string, read func(item *yaml.Node)) {
	if !r.is(n, yaml.SequenceNode, what) {
		return
	}
	for _, item := range n.Content {
		read(item)
	}
}

// text reads a scalar as it is written, so that an id of digits stays what it is.
// What YAML takes for a boolean or for nothing must be quoted to be text.
func (r *reader) text(n *yaml.Node, what string) string {
	if !r.is(n, yaml.ScalarNode, what) {
		return ""
	}
	if isPlain(n) && n.Tag == "!!bool" {
		r.fail(n, fmt.Sprintf(`quote it: "%s"`, n.Value), "%s must be text, not %s", what, describe(n))
		return ""
	}
	if isNull(n) {
		r.fail(n, "", "%s is empty", what)
		return ""
	}
	if i := strings.IndexFunc(n.Value, isHidden); i >= 0 {
		r.fail(n, "", "%s contains character U+%04X", what, []rune(n.Value[i:])[0])
		return ""
	}
	return n.Value
}

// optional reads text that may be left empty.
func (r *reader) optional(n *yaml.Node, what string) string {
	if isNull(n) {
		return ""
	}
	return r.text(n, what)
}

// word reads text that is neither empty nor begins or ends with white space.
func (r *reader) word(n *yaml.Node, what string) string {
	before := r.total()
	s := r.text(n, what)
	switch {
	case r.total() > before || n.Kind == yaml.AliasNode:
	case strings.TrimSpace(s) == "":
		r.fail(n, "", "%s is empty", what)
	case s != strings.TrimSpace(s) || strings.ContainsAny(s, "\t\n"):
		r.fail(n, "", "%s %s has white space around it or a line break in it", what, quote(s))
	}
	return s
}

// total returns how many errors were found so far.
func (r *reader) total() int { return len(r.errs) + r.dropped }

// words reads one word or a list of them, and checks each. The list may be empty
// only if emptyOK.
func (r *reader) words(n *yaml.Node, what string, emptyOK bool, check func(item *yaml.Node, s string)) []string {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	if len(items) == 0 && !emptyOK {
		r.fail(n, "", "%s is empty", what)
	}
	var words []string
	for _, item := range items {
		before := r.total()
		if s := r.word(item, what); r.total() == before {
			check(item, s)
			words = append(words, s)
		}
	}
	return words
}

// integer reads a whole number in plain decimal from low to high.
func (r *reader) integer(n *yaml.Node, what string, low, high int) int {
	if !r.is(n, yaml.ScalarNode, what) {
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
	if !r.is(n, yaml.ScalarNode, what) {
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
	s := r.optional(n, what)
	if s == "" {
		return Date{}
	}
	d, err := ParseDate(s)
	if err != nil {
		r.fail(n, "", "%s: %v", what, err)
	}
	return d
}

// choice reads one of a closed list of words.
func choice[T ~string](r *reader, n *yaml.Node, what string, valid []T) T {
	before := r.total()
	s := r.text(n, what)
	if r.total() > before || n.Kind == yaml.AliasNode {
		return ""
	}
	return pick(r, n, what, s, valid)
}

// pick checks that s, read from n, is one of a closed list of words.
func pick[T ~string](r *reader, n *yaml.Node, what, s string, valid []T) T {
	if slices.Contains(valid, T(s)) {
		return T(s)
	}
	names := make([]string, len(valid))
	for i, v := range valid {
		names[i] = string(v)
	}
	r.fail(n, suggest(s, names), "unknown value %s for %s", quote(s), what)
	return ""
}
