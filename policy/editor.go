package policy

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// editor changes the text of a policy in place, by the places of its nodes. What it
// cannot change without touching something else, such as a comment, is an error.
type editor struct {
	file string
	lined
	eol   string
	edits []edit
	errs  Errors
}

// edit replaces a run of bytes.
type edit struct {
	start, end int
	text       string
}

func newEditor(file string, src []byte) *editor {
	ed := &editor{file: file, lined: newLined(src), eol: "\n"}
	if bytes.Contains(src, []byte("\r\n")) {
		ed.eol = "\r\n"
	}
	return ed
}

func (ed *editor) replace(start, end int, text string) {
	ed.edits = append(ed.edits, edit{start, end, text})
}

// refuse says that what stands at a node cannot be changed.
func (ed *editor) refuse(n *yaml.Node) {
	ed.errs = append(ed.errs, &ParseError{
		Position: Position{ed.file, n.Line, n.Column},
		Message:  "this cannot be changed without changing more than it",
		Hint:     "write it on one line, without a comment inside, or renew this exception by hand",
	})
}

// span returns where a scalar on one line begins and ends, and whether it is one.
func (ed *editor) span(n *yaml.Node) (start, end int, ok bool) {
	if n.Kind != yaml.ScalarNode || n.Line < 1 || n.Line >= len(ed.lines) {
		return 0, 0, false
	}
	start = ed.offset(n)
	line := ed.src[:ed.lines[n.Line]]
	switch {
	case start > len(line):
		return 0, 0, false
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		end = endOfQuotes(line, start)
		return start, end, end <= len(line)
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 || n.Value == "":
		return 0, 0, false
	}
	return start, start + len(n.Value), bytes.HasPrefix(line[start:], []byte(n.Value))
}

// replaceScalar puts other YAML in the place of a scalar.
func (ed *editor) replaceScalar(n *yaml.Node, text string) {
	if start, end, ok := ed.span(n); ok {
		ed.replace(start, end, text)
	} else {
		ed.refuse(n)
	}
}

// replaceText gives a scalar another text, in the quotes that it has.
func (ed *editor) replaceText(n *yaml.Node, text string) {
	start, end, ok := ed.span(n)
	switch {
	case !ok:
		ed.refuse(n)
	case isPlain(n):
		ed.replace(start, end, text)
	default:
		ed.replace(start+1, end-1, text)
	}
}

func (ed *editor) insertAfterScalar(n *yaml.Node, text string) {
	if _, end, ok := ed.span(n); ok {
		ed.replace(end, end, text)
	} else {
		ed.refuse(n)
	}
}

// insertLine puts lines after the one with that number.
func (ed *editor) insertLine(after int, lines ...string) {
	at := ed.lines[after-1] + len(ed.line(after))
	ed.replace(at, at, ed.eol+strings.Join(lines, ed.eol))
}

// insertBeforeEnd puts an item at the end of a list in brackets.
func (ed *editor) insertBeforeEnd(n *yaml.Node, item string) {
	end, ok := ed.flowEnd(n)
	if !ok {
		ed.refuse(n)
		return
	}
	if len(n.Content) > 0 {
		item = ", " + item
	}
	ed.replace(end-1, end-1, item)
}

// flowEnd returns where a list in brackets ends. One with a comment inside is
// refused.
func (ed *editor) flowEnd(n *yaml.Node) (end int, ok bool) {
	depth := 0
	for i := ed.offset(n); i < len(ed.src); i++ {
		switch c := ed.src[i]; c {
		case '"', '\'':
			end := endOfQuotes(ed.src, i)
			if before := ed.src[i-1]; end > len(ed.src) || !strings.ContainsRune(" \t\n[{,:", rune(before)) {
				return 0, false
			}
			i = end - 1
		case '#':
			return 0, false
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return i + 1, true
			}
		}
	}
	return 0, false
}

// apply returns the edited text, and the lines that differ.
func (ed *editor) apply() ([]byte, []Hunk) {
	slices.SortStableFunc(ed.edits, func(a, b edit) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	var out []byte
	at := 0
	for _, e := range ed.edits {
		if e.start < at { // never, as edits are of different nodes
			continue
		}
		out = append(append(out, ed.src[at:e.start]...), e.text...)
		at = e.end
	}
	return append(out, ed.src[at:]...), ed.hunks()
}

// hunks groups the edits by the lines that they touch, those next to one another too.
func (ed *editor) hunks() []Hunk {
	var list []Hunk
	for i := 0; i < len(ed.edits); {
		first, last := ed.lineAt(ed.edits[i].start), ed.lineAt(ed.edits[i].end)
		j := i + 1
		for ; j < len(ed.edits) && ed.lineAt(ed.edits[j].start) <= last+1; j++ {
			last = max(last, ed.lineAt(ed.edits[j].end))
		}
		var text []byte
		at := ed.lines[first-1]
		for _, e := range ed.edits[i:j] {
			text = append(append(text, ed.src[at:e.start]...), e.text...)
			at = e.end
		}
		text = append(text, ed.src[at:ed.lines[last]]...)
		list = append(list, trimmed(Hunk{first, splitLines(ed.src[ed.lines[first-1]:ed.lines[last]]), splitLines(text)}))
		i = j
	}
	return list
}

// lineAt returns the line of an offset, the last one for the end of the text.
func (ed *editor) lineAt(offset int) int {
	i, ok := slices.BinarySearch(ed.lines, offset)
	if ok {
		i++
	}
	return min(i, len(ed.lines)-1)
}

func splitLines(text []byte) []string {
	var list []string
	for line := range bytes.Lines(text) {
		list = append(list, strings.TrimRight(string(line), "\r\n"))
	}
	return list
}

// trimmed leaves away the lines at both ends that do not differ.
func trimmed(h Hunk) Hunk {
	for len(h.Old) > 0 && len(h.New) > 0 && h.Old[0] == h.New[0] {
		h.Line, h.Old, h.New = h.Line+1, h.Old[1:], h.New[1:]
	}
	for len(h.Old) > 0 && len(h.New) > 0 && h.Old[len(h.Old)-1] == h.New[len(h.New)-1] {
		h.Old, h.New = h.Old[:len(h.Old)-1], h.New[:len(h.New)-1]
	}
	return h
}
