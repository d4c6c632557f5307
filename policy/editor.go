package policy

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// editor changes entries of a policy in its text. What it writes is in the form of
// [Format]; every other line stays as it is. What it cannot change without touching
// something else is an error.
type editor struct {
	formatter
	lined    // without the byte order mark
	name     string
	mark     []byte // the byte order mark, if there is one
	eol      string
	policy   *Policy
	root     *yaml.Node
	document *entry
	comments []string
	edits    []edit
	errs     Errors
}

func newEditor(name string, src []byte) (*editor, error) {
	body := bytes.TrimPrefix(src, byteOrderMark)
	r := &reader{file: name, layout: newLayout()}
	p, root, err := r.read(body)
	if err != nil {
		return nil, err
	}
	ed := &editor{
		formatter: formatter{layout: r.layout}, lined: newLined(body), name: name, mark: src[:len(src)-len(body)], eol: "\n", policy: p, root: root,
	}
	if bytes.Contains(body, []byte("\r\n")) {
		ed.eol = "\r\n"
	}
	if ed.document, ed.comments, err = arrange(root, body); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return ed, nil
}

// exception returns the exception with an id, nil for none.
func (ed *editor) exception(id string) *entry {
	if list := ed.document.kid("exceptions"); list != nil {
		for _, e := range list.kids {
			if e.kid("id").value.Value == id {
				return e
			}
		}
	}
	return nil
}

// kid returns the entry of a key, nil for none.
func (e *entry) kid(key string) *entry {
	i := slices.IndexFunc(e.kids, func(kid *entry) bool { return kid.key != nil && kid.key.Value == key })
	if i < 0 {
		return nil
	}
	return e.kids[i]
}

// set gives a key of a mapping a value. A key that is new goes behind the nearest of those
// that are to be before it. Comments of what the value replaces go above.
func (ed *editor) set(mapping *entry, key string, value *yaml.Node) {
	e := mapping.kid(key)
	if e == nil {
		name := textNode(key)
		mapping.value.Content = append(mapping.value.Content, name, value)
		ed.insert(ed.before(mapping, key), &entry{key: name, value: value, parent: mapping})
		return
	}
	for _, kid := range e.kids {
		e.above = append(e.above, kid.allComments()...)
	}
	e.above, e.below = append(e.above, e.below...), nil
	*e.value = *value
	e.grow(e.from)
	ed.rewrite(e)
}

// before returns the entry behind which a key goes that a mapping does not have.
func (ed *editor) before(mapping *entry, key string) *entry {
	order := ed.layout.keys[mapping.value]
	rank := func(key string) int { return slices.Index(order, key) }
	best := mapping.kids[0]
	for _, kid := range mapping.kids {
		if r := rank(kid.key.Value); r < rank(key) && r > rank(best.key.Value) {
			best = kid
		}
	}
	return best
}

// add puts an item at the end of a list that a key of a mapping has, or is given. A
// value that stands for a list of one becomes a list.
func (ed *editor) add(mapping *entry, key string, item *yaml.Node) {
	e := mapping.kid(key)
	switch {
	case e == nil || isEmpty(e.value):
		ed.set(mapping, key, listOf(item))
	case e.value.Kind == yaml.ScalarNode:
		only := *e.value
		ed.set(mapping, key, listOf(&only, item))
	default:
		e.value.Content = append(e.value.Content, item)
		kid := &entry{value: item, parent: e}
		if e.value.Style&yaml.FlowStyle == 0 {
			ed.insert(e.kids[len(e.kids)-1], kid)
			return
		}
		kid.grow(e.from)
		e.kids = append(e.kids, kid)
		ed.rewrite(e)
	}
}

// isEmpty reports whether a value is none, in one of the ways to write that.
func isEmpty(n *yaml.Node) bool {
	return isNull(n) || n.Kind == yaml.ScalarNode && n.Value == "" || n.Kind != yaml.ScalarNode && len(n.Content) == 0
}

// grow gives an entry that is new the kids that its value has, and the place of what
// it is in, for errors.
func (e *entry) grow(at place) {
	e.kids = nil
	n := e.value
	n.Line, n.Column = at.line, at.column
	for i := 0; i < len(n.Content); i++ {
		kid := &entry{parent: e}
		if n.Kind == yaml.MappingNode {
			kid.key = n.Content[i]
			i++
		}
		kid.value = n.Content[i]
		kid.grow(at)
		e.kids = append(e.kids, kid)
	}
}

// allComments returns the comments around an entry and in it.
func (e *entry) allComments() []comment {
	list := slices.Concat(e.above, e.beside)
	for _, kid := range e.kids {
		list = append(list, kid.allComments()...)
	}
	return append(list, e.below...)
}

// rewrite writes an entry anew, with the comments in it.
func (ed *editor) rewrite(e *entry) {
	e.above = slices.DeleteFunc(e.above, func(c comment) bool { return c.at.before(e.from) }) // they stay where they are
	if e.parent.value.Style&yaml.FlowStyle != 0 {
		if slices.ContainsFunc(e.allComments(), func(c comment) bool { return c.at.before(e.to) }) {
			ed.refuse(e)
			return
		}
		ed.replace(ed.offset(e.from), ed.offset(e.to), ed.inBraces(e))
		return
	}
	start, indent := ed.lines[e.from.line-1], e.from.column-1
	lead := string(ed.src[start:ed.offset(e.from)])
	if strings.Trim(lead, " -") != "" {
		ed.refuse(e)
		return
	}
	for i := range e.above {
		e.above[i].blank = false
	}
	e.blank = false
	ed.tidy(e, indent)
	own := ed.entry(e, spaces(indent), indent)
	own[0] = lead + own[0][indent:]
	ed.replace(start, ed.endOf(e.to.line), strings.Join(append(comments(e.above, indentation([]rune(lead))), own...), ed.eol))
}

// insert writes an entry that is new behind another one.
func (ed *editor) insert(before, e *entry) {
	e.grow(before.parent.from)
	if before.parent.value.Style&yaml.FlowStyle != 0 {
		at := ed.offset(before.to)
		ed.replace(at, at, ", "+ed.inBraces(e))
		return
	}
	at, indent := ed.endOf(before.to.line), before.from.column-1
	ed.tidy(e, indent)
	ed.replace(at, at, ed.eol+strings.Join(ed.entry(e, spaces(indent), indent), ed.eol))
}

func (ed *editor) inBraces(e *entry) string {
	text, _ := ed.flow(e, true)
	return quoted(e.key.Value, true) + ": " + text
}

func (ed *editor) replace(start, end int, text string) {
	ed.edits = append(ed.edits, edit{start, end, text})
}

// refuse says that an entry cannot be changed.
func (ed *editor) refuse(e *entry) {
	ed.errs = append(ed.errs, &ParseError{
		Position: Position{ed.name, e.from.line, e.from.column},
		Message:  "this cannot be changed without changing more than it",
		Hint:     "write the exception with a line for each key, as codewarrant policy fmt does",
	})
}

// finish returns the edited policy, and the lines that differ. It says what is meant,
// and has all comments, or there is an error.
func (ed *editor) finish() ([]byte, []Hunk, error) {
	if len(ed.errs) > 0 {
		return nil, nil, ed.errs.sorted()
	}
	r, p := &reader{file: ed.name}, &Policy{Name: ed.name}
	if r.policy(ed.root, p); len(r.errs) > 0 {
		return nil, nil, r.err()
	}
	out, hunks := ed.apply(ed.edits)
	if n := len(ed.edits); n > 0 && ed.edits[n-1].end == len(ed.src) {
		out = append(out, ed.eol...) // a block of text would lose its last one
	}
	if err := unchanged(p, ed.comments, out); err != nil {
		return nil, nil, fmt.Errorf("%s cannot be edited in place: %w", ed.name, err)
	}
	return append(slices.Clone(ed.mark), out...), hunks, nil
}

// textNode returns the node of a text.
func textNode(text string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	if strings.Contains(text, "\n") {
		n.Style = yaml.LiteralStyle
	}
	return n
}

// dateNode returns the node of a day, none for the zero one.
func (ed *editor) dateNode(d Date) *yaml.Node {
	n := textNode("")
	if n.Style = yaml.DoubleQuotedStyle; !d.IsZero() {
		n.Value, n.Style = d.String(), 0
	}
	ed.layout.typed.note(n, true)
	return n
}

func listOf(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Content: items}
}
