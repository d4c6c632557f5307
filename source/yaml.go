package source

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// maxYAML bounds a configuration in YAML, in bytes: its parser takes some hundred bytes of
// memory for one of text. Real ones have under 10 KB.
const maxYAML = 1 << 20

// parseYAML reads a configuration in YAML. Aliases are resolved; merge keys are refused.
func parseYAML(b []byte) (*node, error) {
	if len(b) > maxYAML {
		return nil, fmt.Errorf("it is larger than %d bytes", maxYAML)
	}
	if !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0 {
		return nil, &syntaxError{0, "the text is not UTF-8"}
	}
	// YAML 1.1 ends lines, and comments, at these. YAML 1.2 does not (line breaks, section
	// 5.4), and neither does js-yaml, with which electron-builder reads it.
	if i := bytes.IndexAny(b, "\u0085\u2028\u2029"); i >= 0 {
		return nil, &syntaxError{i, "a character that ends a line for some parsers of YAML, and for others does not"}
	}
	var root yaml.Node
	if err := yaml.Load(b, &root); err != nil {
		return nil, err
	}
	if len(root.Content) == 0 {
		return nil, errors.New("there is nothing in it")
	}
	c := &yamlTree{doc: newDocument("", b)}
	return c.node(root.Content[0], 0)
}

type yamlTree struct {
	doc   *document
	nodes int
}

// offset turns a line and a column into an offset.
func (c *yamlTree) offset(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(c.doc.lines) {
		return 0
	}
	offset := c.doc.lines[n.Line-1]
	for range min(n.Column-1, 1<<12) {
		_, size := utf8.DecodeRune(c.doc.text[min(offset, len(c.doc.text)):])
		offset += size
	}
	return min(offset, len(c.doc.text))
}

func (c *yamlTree) node(y *yaml.Node, depth int) (*node, error) {
	// Of aliases inside of one another, each is counted as often as it is used.
	if c.nodes++; c.nodes > maxNodes>>4 || depth > maxNesting {
		return nil, &syntaxError{c.offset(y), "more, or deeper, values than are read"}
	}
	n := &node{offset: c.offset(y)}
	switch y.Kind {
	case yaml.AliasNode:
		return c.node(y.Alias, depth+1)
	case yaml.ScalarNode:
		n.text, n.plain = y.Value, y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
		switch y.ShortTag() { // as it is written, or what the text is without
		case "!!bool":
			n.text, n.plain = strings.ToLower(y.Value), true
		case "!!null":
			n.text, n.plain = "null", true
		case "!!str":
			n.plain = false
		}
	case yaml.SequenceNode:
		n.kind = sequence
		for _, item := range y.Content {
			v, err := c.node(item, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, v)
		}
	case yaml.MappingNode:
		n.kind = dictionary
		for i := 0; i+1 < len(y.Content); i += 2 {
			key := y.Content[i]
			if key.Value == "<<" || key.Kind != yaml.ScalarNode {
				return nil, &syntaxError{c.offset(key), "a key that is merged, or no string"}
			}
			if n.pair(key.Value) != nil && len(n.pairs) < 1000 {
				return nil, &syntaxError{c.offset(key), "the key " + key.Value + " twice"}
			}
			v, err := c.node(y.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			n.pairs = append(n.pairs, pair{key.Value, c.offset(key), v})
		}
	}
	return n, nil
}

// parseByName reads a configuration in the format that its name tells.
func parseByName(name string) func([]byte) (*node, error) {
	if ext := strings.ToLower(path.Ext(name)); ext == ".json" || ext == ".json5" {
		return parseJSON
	}
	return parseYAML
}
