package policy

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// emptyList makes the value of a key, a word or a list, an empty list. Comments stay.
func (ed *editor) emptyList(mapping *yaml.Node, key string, v *yaml.Node) {
	switch {
	case v.Kind == yaml.ScalarNode:
		ed.replaceScalar(v, "[]")
	case v.Style&yaml.FlowStyle != 0:
		if end, ok := ed.flowEnd(v); ok {
			ed.replace(ed.offset(v), end, "[]")
		} else {
			ed.refuse(v)
		}
	default:
		ed.emptyBlock(mapping, key, v)
	}
}

// emptyBlock takes the items of a list with dashes away, and puts [] after the key.
func (ed *editor) emptyBlock(mapping *yaml.Node, key string, list *yaml.Node) {
	k := keyOf(mapping, key)
	_, end, ok := ed.span(k)
	colon := strings.TrimLeft(string(ed.src[end:ed.lines[k.Line]]), " ")
	if !ok || !strings.HasPrefix(colon, ":") {
		ed.refuse(k)
		return
	}
	at := ed.lines[k.Line] - len(colon) + 1
	ed.replace(at, at, " []")
	for _, item := range list.Content {
		ed.removeItem(list, item)
	}
}

func keyOf(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i]
		}
	}
	return nil
}

// removeItem takes the lines of one item away. A comment behind it stays.
func (ed *editor) removeItem(list, item *yaml.Node) {
	before := ed.line(item.Line)[:ed.offset(item)-ed.lines[item.Line-1]]
	if strings.Trim(before, " -") != "" || strings.Count(before, "-") != 1 || indentOf(before) != list.Column-1 {
		ed.refuse(item)
		return
	}
	if item.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		ed.replace(ed.lines[item.Line-1], ed.lines[ed.lastOfBlock(item)], "")
		return
	}
	_, end, ok := ed.span(item)
	if !ok {
		ed.refuse(item)
		return
	}
	switch rest := strings.TrimSpace(string(ed.src[end:ed.lines[item.Line]])); {
	case rest == "":
		ed.replace(ed.lines[item.Line-1], ed.lines[item.Line], "")
	case rest[0] == '#':
		dash := ed.lines[item.Line-1] + list.Column - 1
		ed.replace(dash, end+strings.IndexByte(string(ed.src[end:]), '#'), "")
	default:
		ed.refuse(item)
	}
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// lastOfBlock returns the last line of a block scalar: those after its head that are
// indented as its first one is.
func (ed *editor) lastOfBlock(n *yaml.Node) int {
	last, indent := n.Line, 0
	for i := n.Line + 1; i < len(ed.lines); i++ {
		line := ed.line(i)
		if strings.TrimSpace(line) == "" {
			continue
		}
		if indent == 0 {
			indent = indentOf(line)
		}
		if indentOf(line) < indent || indent == 0 {
			break
		}
		last = i
	}
	return last
}

// lastLine returns the last line of a list with dashes that is no comment.
func (ed *editor) lastLine(list *yaml.Node) int {
	last := list.Line
	for i := list.Line; i < len(ed.lines); i++ {
		line := ed.line(i)
		text := strings.TrimSpace(line)
		indent := indentOf(line)
		switch {
		case text == "" || text[0] == '#':
		case i == list.Line || indent > list.Column-1 || indent == list.Column-1 && text[0] == '-':
			last = i
		default:
			return last
		}
	}
	return last
}
