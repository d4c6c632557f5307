package policy

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

// maxErrors is how many errors are kept; the rest are counted.
const maxErrors = 100

// maxKey bounds a key, in bytes. YAML takes no more than 1024 characters for one, in
// which six may stand for one byte.
const maxKey = 160

// reader walks the nodes of one document and collects what is wrong with it. Its
// methods take a node and the name of what it stands for, and return the zero
// value after an error.
type reader struct {
	file    string
	what    string // is read; empty: policy
	errs    Errors
	dropped int
	layout  layout
}

//go:noinline // it is called in many places, and copied into none: it is never hot
func (r *reader) position(n *yaml.Node) Position {
	return Position{File: r.file, Line: max(n.Line, 1), Column: max(n.Column, 1)}
}

//go:noinline // it is called in many places, and copied into none: it is never hot
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
	r.layout.keys.note(n, names)
	given := map[string]Position{}
	ok := r.entries(n, what, func(key, value *yaml.Node) {
		i := slices.Index(names, key.Value)
		if i < 0 {
			hint := suggest(key.Value, names)
			if n.Style&yaml.FlowStyle != 0 && isNull(value) && value.Value == "" {
				hint = "inside of { } a comma ends a value: quote the text that goes on after it"
			}
			r.fail(key, hint, "unknown key %s in %s", quote(key.Value), what)
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
			r.fail(n, missingHints[f.name], "%s has no %s", what, f.name)
		}
	}
	return given
}

// missingHints say what to write for a key that has to be there, where that is not plain.
var missingHints = map[string]string{
	"version": "begin with: version: 1",
	"ref":     "add ref: and the whole commit, 40 hexadecimal digits: a branch or a tag may be moved",
	"github":  "write github: owner/repository//path/of/the/policy.yml",
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
		if len(key.Value) > maxKey {
			r.fail(key, "", "a key of %s of %d bytes; the limit is %d", what, len(key.Value), maxKey)
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
		hint := ""
		if what == "the policy" {
			hint = "begin with: version: 1; rules and exceptions are keys beside it"
		}
		r.fail(n, hint, "%s must be %s, not %s", what, kindName(kind), describe(n))
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
		return "a single value"
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
