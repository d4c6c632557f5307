package policy

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/codewarrant/codewarrant/internal/inorder"
	"go.yaml.in/yaml/v4"
)

// step is how much further in the entries of a mapping or list are.
const step = 2

// formatter writes entries in their form.
type formatter struct{ layout layout }

// tidy brings the keys of a mapping in their order, and comments to where they can be
// written. Indent is that of the entry.
func (f *formatter) tidy(e *entry, indent int) {
	f.handDown(e, indent)
	for _, kid := range e.kids {
		f.tidy(kid, indent+step)
	}
	if order := f.layout.keys[e.value]; order != nil {
		inorder.By(e.kids, func(a, b *entry) int {
			return slices.Index(order, a.key.Value) - slices.Index(order, b.key.Value)
		})
	}
	if e.parent == nil {
		return
	}
	if len(e.above) > 0 {
		e.blank, e.gap, e.above[0].blank = e.above[0].blank, e.blank, false
	}
	_, onLine := f.onLine(e, indent)
	isItem := e.key == nil && !onLine // its line is that of its first entry
	for i, c := range e.beside {
		if isItem || i < len(e.beside)-1 {
			e.raise(c)
		}
	}
	e.beside = e.beside[max(0, len(e.beside)-1):]
	if isItem {
		e.beside = nil
		e.adopt(e.kids[0])
	}
}

// handDown gives a comment behind brackets that does not stand on the line on which
// they are opened to the last of what is in them, if that gets a line of its own.
func (f *formatter) handDown(e *entry, indent int) {
	if e.parent == nil || len(e.kids) == 0 || len(e.beside) == 0 {
		return
	}
	n := len(e.beside) - 1
	c, last := e.beside[n], e.kids[len(e.kids)-1]
	if _, onLine := f.onLine(e, indent); onLine || c.at.line == e.from.line || c.at.line != last.to.line {
		return
	}
	last.beside, e.beside = append(last.beside, c), e.beside[:n]
}

// raise adds a comment above an entry.
func (e *entry) raise(c comment) {
	c.blank, e.gap = e.gap, false
	e.above = append(e.above, c)
}

// adopt takes over the comments above the first entry of an item.
func (e *entry) adopt(first *entry) {
	for i, c := range first.above {
		if i == 0 {
			c.blank = first.blank && len(e.above) > 0
		}
		e.gap = first.gap
		e.above = append(e.above, c)
	}
	first.above, first.gap = nil, false
}

// onLine returns the text of a value that stands on the line of its entry.
func (f *formatter) onLine(e *entry, indent int) (string, bool) {
	text, ok := f.flow(e, false)
	width := indent + 1
	if e.key != nil {
		width += utf8.RuneCountInString(quoted(e.key.Value, false))
	}
	return text, ok && (len(e.kids) == 0 || width+1+utf8.RuneCountInString(text) <= listWidth)
}

// flow returns the text of a value on one line, and whether it is meant to have one: a
// list of short things without comments among them, or a mapping of such things that
// is written in braces.
func (f *formatter) flow(e *entry, inside bool) (text string, ok bool) {
	if e.value.Kind == yaml.ScalarNode {
		prose := inside && (f.layout.prose[e.value] || strings.Contains(e.value.Value, "\n") || isNull(e.value))
		return f.scalar(e.value, inside), !prose
	}
	isMapping := e.value.Kind == yaml.MappingNode
	ok = len(e.below) == 0 && (!isMapping || len(e.kids) == 0 || e.value.Style&yaml.FlowStyle != 0 && !inside)
	items := make([]string, len(e.kids))
	for i, kid := range e.kids {
		text, short := f.flow(kid, true)
		ok = ok && short && len(kid.above)+len(kid.beside) == 0
		if isMapping {
			text = quoted(kid.key.Value, true) + ": " + text
		}
		items[i] = text
	}
	if text = strings.Join(items, ", "); isMapping {
		return "{" + text + "}", ok
	}
	return "[" + text + "]", ok
}

// document returns the whole policy.
func (f *formatter) document(e *entry) []byte {
	f.tidy(e, -step)
	lines := comments(e.above, 0)
	if len(lines) > 0 {
		if e.above[0].blank {
			lines = lines[1:]
		}
		lines = append(lines, "")
	}
	lines = append(lines, f.kids(e, "", 0)...)
	return []byte(strings.Join(lines, "\n") + "\n")
}

// comments returns comments on lines of their own.
func comments(list []comment, indent int) []string {
	var lines []string
	for _, c := range list {
		if c.blank {
			lines = append(lines, "")
		}
		lines = append(lines, spaces(indent)+c.text)
	}
	return lines
}

func spaces(n int) string { return strings.Repeat(" ", n) }

// kids returns the entries of a mapping or list. Lead is what the first line begins
// with: blanks, or the dash of an item.
func (f *formatter) kids(e *entry, lead string, indent int) []string {
	isDocument := e.parent == nil
	areExceptions := !isDocument && e.parent.parent == nil && e.key.Value == "exceptions"
	var lines []string
	wasLong := false
	for i, kid := range e.kids {
		text := comments(kid.above, indent)
		if kid.gap {
			text = append(text, "")
		}
		own := f.entry(kid, lead, indent)
		text = append(text, own...)
		isLong := len(own) > 1
		if i > 0 && (kid.blank || areExceptions || isDocument && (isLong || wasLong)) {
			lines = append(lines, "")
		}
		lines = append(lines, text...)
		lead, wasLong = spaces(indent), isLong
	}
	return append(lines, comments(e.below, indent)...)
}

// entry returns the lines of an entry. Lead is what the first one begins with.
func (f *formatter) entry(e *entry, lead string, indent int) []string {
	if e.key == nil {
		lead += "-"
	} else {
		lead += quoted(e.key.Value, false) + ":"
	}
	text, onLine := f.onLine(e, indent)
	switch {
	case e.value.Kind == yaml.ScalarNode:
		lines := f.scalarLines(e.value, text, lead, indent+step)
		lines[0] = e.withComment(lines[0])
		return lines
	case onLine:
		return []string{e.withComment(lead + " " + text)}
	case e.key == nil:
		return f.kids(e, lead+" ", indent+step)
	}
	return append([]string{e.withComment(lead)}, f.kids(e, spaces(indent+step), indent+step)...)
}

// withComment returns the line of an entry with the comment beside it, in its column
// where that is meant and free, and else as far from what it is beside as it is.
func (e *entry) withComment(line string) string {
	if len(e.beside) == 0 {
		return line
	}
	c := e.beside[0]
	if c.aligned {
		c.gap = c.at.column - 1 - utf8.RuneCountInString(line)
	}
	return line + spaces(max(c.gap, 1)) + c.text
}
