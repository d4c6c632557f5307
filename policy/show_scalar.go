package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/codewarrant/codewarrant/entitlement"
)

// add adds a key without a place of its own to a mapping, and addAt one with.
func (s *shown) add(m *yaml.Node, key string, value *yaml.Node) { s.addAt(m, key, value, origin{}) }

//go:noinline // it is called in many places, and copied into none: it is never hot
func (s *shown) addAt(m *yaml.Node, key string, value *yaml.Node, at origin) {
	k := s.text(key, at)
	m.Content = append(m.Content, k, value)
}

// plainText is text that no reader of YAML takes for anything but text: words, and days.
var plainText = regexp.MustCompile(`^(?:[A-Za-z_/][A-Za-z0-9_./*@-]*|[0-9]+d)$`)

// foldedWidth is how long text is that is broken into lines.
const foldedWidth = 60

func (s *shown) text(v string, at origin) *yaml.Node {
	n := s.scalar("!!str", v, at)
	switch {
	case len(v) > foldedWidth && strings.Contains(v, "\n") && !strings.ContainsFunc(v, isHidden):
		n.Style = yaml.LiteralStyle
	case len(v) > foldedWidth && strings.Contains(v, " ") && !strings.ContainsFunc(v, isHidden):
		n.Style = yaml.FoldedStyle
	case !plainText.MatchString(v) || isOldBoolean(v) || slices.Contains([]string{"true", "false", "null"}, strings.ToLower(v)):
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func (s *shown) number(v int, at origin) *yaml.Node { return s.scalar("!!int", fmt.Sprint(v), at) }

func (s *shown) boolean(v bool, at origin) *yaml.Node { return s.scalar("!!bool", fmt.Sprint(v), at) }

func (s *shown) date(d Date, at origin) *yaml.Node { return s.scalar("!!timestamp", d.String(), at) }

func (s *shown) scalar(tag, v string, at origin) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: v}
	s.place(n, at)
	return n
}

// place notes where a node comes from.
func (s *shown) place(n *yaml.Node, at origin) {
	if c := at.String(); c != "" {
		n.LineComment = "# " + c
		s.places[n] = at
	}
}

// list shows a list on one line if there is room, else each item on its own.
func (s *shown) list(values []string, at origin) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	length := 0
	for _, v := range values {
		length += len(v) + 2
	}
	if length <= foldedWidth {
		n.Style = yaml.FlowStyle
		s.place(n, at)
		at = origin{}
	}
	for _, v := range values {
		n.Content = append(n.Content, s.text(v, at))
	}
	return n
}

// value shows the value of an entitlement, as [reader.value] reads it.
func (s *shown) value(v entitlement.Value, at origin) *yaml.Node {
	switch v.Kind {
	case entitlement.Boolean:
		return s.boolean(v.Bool, at)
	case entitlement.Integer:
		return s.scalar("!!int", v.Text(), at)
	case entitlement.Real:
		return s.scalar("!!float", v.Text(), at)
	case entitlement.Array:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range v.Array {
			n.Content = append(n.Content, s.value(item, at))
		}
		return n
	case entitlement.Dictionary:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for _, key := range v.Dict.Keys() {
			s.add(n, key, s.value(v.Dict[key], at))
		}
		return n
	}
	return s.text(v.String, at)
}
