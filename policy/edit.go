package policy

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// AppendToList returns the source of a policy with one more item at the end of a list
// of an exception, such as approved-by or signatures, and every other byte as it
// was. A value that stands for a list of one becomes a list, and a list that is not
// there is added at the end of the exception. Text of several lines is written as a
// block where it can be.
//
// What comes of it is read again: unless it has the item and differs in nothing else,
// there is an error, as there is for an exception in braces, which has to be edited
// by hand.
func AppendToList(src []byte, id, key, text string) ([]byte, error) {
	e, err := openException(src, id)
	if err != nil {
		return nil, err
	}
	list, err := e.with(key, text)
	if err != nil {
		return nil, e.byHand(key, err.Error())
	}
	return e.verified(list, key, append(items(e.field(key)), text))
}

// SetField returns the source of a policy with a value for a key of an exception that
// was not given or empty, and every other byte as it was. The text is written as it
// is, without quotes. Errors are those of [AppendToList].
func SetField(src []byte, id, key, text string) ([]byte, error) {
	e, err := openException(src, id)
	if err != nil {
		return nil, err
	}
	var out []byte
	switch n := e.field(key); {
	case n == nil:
		out = e.add(key, " "+text)
	case len(items(n)) > 0:
		return nil, e.byHand(key, "it has a value")
	default:
		out = e.fill(n, text)
	}
	return e.verified(out, key, []string{text})
}

// exceptionEditor is the source of a policy, and where in it an exception is.
type exceptionEditor struct {
	id              string
	mark            []byte // the byte order mark, if there is one
	lined                  // what follows it
	root, exception *yaml.Node
}

func openException(src []byte, id string) (*exceptionEditor, error) {
	body, marked := bytes.CutPrefix(src, byteOrderMark)
	e := &exceptionEditor{id: id, lined: newLined(body)}
	if marked {
		e.mark = byteOrderMark
	}
	r := &reader{file: "policy"}
	if e.root = r.document(e.src); e.root == nil {
		return nil, r.err()
	}
	if list := valueOf(e.root, "exceptions"); list != nil && list.Kind == yaml.SequenceNode {
		i := slices.IndexFunc(list.Content, func(n *yaml.Node) bool { v := valueOf(n, "id"); return v != nil && v.Value == id })
		if i >= 0 {
			e.exception = list.Content[i]
		}
	}
	switch {
	case e.exception == nil:
		return nil, fmt.Errorf("there is no exception %s", quote(id))
	case e.exception.Style&yaml.FlowStyle != 0:
		return nil, fmt.Errorf("exception %s is written in braces and has to be edited by hand, or written with a line for each key", quote(id))
	}
	return e, nil
}

// valueOf returns the value of a key, nil for none.
func valueOf(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func (e *exceptionEditor) field(key string) *yaml.Node { return valueOf(e.exception, key) }

func (e *exceptionEditor) byHand(key, why string) error {
	return fmt.Errorf("%s of exception %s cannot be edited, do it by hand: %s", key, quote(e.id), why)
}

// items returns the texts of a list, of a value that stands for one, or of neither.
func items(n *yaml.Node) (list []string) {
	switch {
	case n == nil || isNull(n):
	case n.Kind != yaml.ScalarNode:
		for _, item := range n.Content {
			list = append(list, item.Value)
		}
	case n.Value != "":
		list = []string{n.Value}
	}
	return list
}

// with returns the source with the item, written as the list is.
func (e *exceptionEditor) with(key, text string) ([]byte, error) {
	n := e.field(key)
	if n == nil {
		return e.add(key, e.lineEnding()+e.item(e.exception.Column+1, text)), nil
	}
	block := n.Kind == yaml.SequenceNode && n.Style&yaml.FlowStyle == 0
	switch from := e.offset(n); {
	case block:
		return e.insertLines(e.endOfList(n), e.item(n.Column-1, text)), nil
	case n.Kind == yaml.SequenceNode:
		to, ok := closing(e.src, from)
		if !ok {
			return nil, fmt.Errorf("the end of the list on line %d is not found", n.Line)
		}
		if len(n.Content) == 0 && strings.Contains(text, "\n") {
			return e.below(from, to+1, e.item(e.exception.Column+1, text)), nil
		}
		return e.splice(to, to, separator(e.src[from+1:to])+inQuotes(text)), nil
	case len(items(n)) == 0:
		if strings.Contains(text, "\n") {
			return e.below(from, e.endOfEmpty(n), e.item(e.exception.Column+1, text)), nil
		}
		return e.fill(n, "["+inQuotes(text)+"]"), nil
	case n.Kind == yaml.ScalarNode:
		to, ok := endOfScalar(e.src, from, n)
		if !ok {
			return nil, fmt.Errorf("the value on line %d has several lines", n.Line)
		}
		return e.splice(from, to, "["+string(e.src[from:to])+", "+inQuotes(text)+"]"), nil
	}
	return nil, fmt.Errorf("on line %d there is no list", n.Line)
}

// verified returns out if it differs from the source in the items of the key alone.
func (e *exceptionEditor) verified(out []byte, key string, want []string) ([]byte, error) {
	got, err := openException(out, e.id)
	if err != nil || !slices.Equal(items(got.field(key)), want) {
		return nil, e.byHand(key, "it is written in a way that is not understood")
	}
	drop(e.exception, key)
	drop(got.exception, key)
	if !alike(e.root, got.root) {
		return nil, e.byHand(key, "what is beside it would change")
	}
	return append(slices.Clone(e.mark), out...), nil
}

// drop takes a key out of a mapping.
func drop(n *yaml.Node, key string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			n.Content = slices.Delete(n.Content, i, i+2)
			return
		}
	}
}

// alike reports whether two trees say the same.
func alike(a, b *yaml.Node) bool {
	return a.Kind == b.Kind && a.Tag == b.Tag && a.Value == b.Value && slices.EqualFunc(a.Content, b.Content, alike)
}
