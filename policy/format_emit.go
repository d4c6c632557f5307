package policy

import (
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// step is how much further in the entries of a mapping or list are.
const step = 2

// formatter writes entries in their form.
type formatter struct{ layout layout }

// tidy brings the keys of a mapping in their order, and comments to where they can be
// written. Indent is that of the entry.
func (f *formatter) tidy(e *entry, indent int) {
	for _, kid := range e.kids {
		f.tidy(kid, indent+step)
	}
	if order := f.layout.keys[e.value]; order != nil {
		slices.SortStableFunc(e.kids, func(a, b *entry) int {
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
	for i, text := range e.beside {
		if isItem || i < len(e.beside)-1 {
			e.raise(comment{text: text})
		}
	}
	e.beside = e.beside[max(0, len(e.beside)-1):]
	if isItem {
		e.beside = nil
		e.adopt(e.kids[0])
	}
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

// flow returns the text of a value on one line, if it can have one: a list of short
// things without comments among them.
func (f *formatter) flow(e *entry, inside bool) (string, bool) {
	switch {
	case e.value.Kind == yaml.ScalarNode:
		prose := inside && (f.layout.prose[e.value] || strings.Contains(e.value.Value, "\n") || isNull(e.value))
		return f.scalar(e.value, inside), !prose
	case e.value.Kind == yaml.MappingNode:
		return "{}", len(e.kids) == 0
	case len(e.below) > 0:
		return "", false
	}
	items := make([]string, len(e.kids))
	for i, kid := range e.kids {
		text, ok := f.flow(kid, true)
		if !ok || len(kid.above)+len(kid.beside) > 0 {
			return "", false
		}
		items[i] = text
	}
	return "[" + strings.Join(items, ", ") + "]", true
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
	beside := ""
	if len(e.beside) > 0 {
		beside = " " + e.beside[0]
	}
	text, onLine := f.onLine(e, indent)
	switch {
	case e.value.Kind == yaml.ScalarNode:
		lines := f.scalarLines(e.value, text, lead, indent+step)
		lines[0] += beside
		return lines
	case onLine:
		return []string{lead + " " + text + beside}
	case e.key == nil:
		return f.kids(e, lead+" ", indent+step)
	}
	return append([]string{lead + beside}, f.kids(e, spaces(indent+step), indent+step)...)
}
