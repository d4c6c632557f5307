package policy

import (
	"cmp"
	"strings"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

// Hunk is a run of lines that an edit replaces.
type Hunk struct {
	Line     int // of the first one in the old text, from 1
	Old, New []string
}

// edit replaces a run of bytes.
type edit struct {
	start, end int
	text       string
}

// apply returns the edited text, and the lines that differ. Edits do not overlap.
func (l lined) apply(edits []edit) ([]byte, []Hunk) {
	inorder.By(edits, func(a, b edit) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	return l.replaced(0, len(l.src), edits), l.hunks(edits)
}

// replaced returns a part of the text with the edits in it.
func (l lined) replaced(from, to int, edits []edit) []byte {
	var out []byte
	for _, e := range edits {
		out = append(append(out, l.src[from:e.start]...), e.text...)
		from = e.end
	}
	return append(out, l.src[from:to]...)
}

// hunks groups the edits by the lines that they touch, those next to one another too.
func (l lined) hunks(edits []edit) []Hunk {
	var list []Hunk
	for len(edits) > 0 {
		first, last := l.lineAt(edits[0].start), l.lineAt(edits[0].end)
		n := 1
		for ; n < len(edits) && l.lineAt(edits[n].start) <= last+1; n++ {
			last = max(last, l.lineAt(edits[n].end))
		}
		from, to := l.lines[first-1], l.lines[last]
		list = append(list, trimmed(Hunk{first, splitLines(l.src[from:to]), splitLines(l.replaced(from, to, edits[:n]))}))
		edits = edits[n:]
	}
	return list
}

func splitLines(text []byte) []string {
	var list []string
	for line := range strings.Lines(string(text)) {
		list = append(list, strings.TrimRight(line, "\r\n"))
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
