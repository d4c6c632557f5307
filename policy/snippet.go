package policy

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Snippet returns the line of src at p and, on a second line, a caret under the
// column; or nothing when src has no such line. Control characters are escaped
// and a long line is shortened around the caret.
func (p Position) Snippet(src []byte) string {
	for line := 1; p.Line >= line; line++ {
		text, rest, more := bytes.Cut(src, []byte("\n"))
		if line == p.Line {
			return p.under(text)
		}
		if !more {
			break
		}
		src = rest
	}
	return ""
}

// snippetWidth is how many columns of a source line are shown, beside the gutter.
const snippetWidth = 96

// under draws the text of p's line with a caret under p's column.
func (p Position) under(text []byte) string {
	text = bytes.TrimPrefix(bytes.TrimSuffix(text, []byte("\r")), byteOrderMark)
	cells, caret := render(around(text, p.Column))
	start, column := 0, 0
	for i := caret; i > 0 && column < snippetWidth*2/3; i-- {
		column += cells[i-1].width
		start = i - 1
	}
	var line strings.Builder
	if start > 0 {
		line.WriteString("…")
		column++
	}
	width := 0
	for i, c := range cells[start:] {
		if width += c.width; width > snippetWidth && start+i > caret {
			line.WriteString("…")
			break
		}
		line.WriteString(c.text)
	}
	gutter := fmt.Sprintf("%5d | ", p.Line)
	return strings.TrimRight(gutter+line.String(), " ") + "\n" +
		strings.Repeat(" ", len(gutter)-2) + "| " + strings.Repeat(" ", column) + "^\n"
}

// cell is one character as it is shown, and how many columns it takes.
type cell struct {
	text  string
	width int
}

// around returns the part of a line that can be shown with the column in it, and
// the column in that part.
func around(text []byte, column int) ([]byte, int) {
	column = min(column, utf8.RuneCount(text)+1)
	for ; column > snippetWidth; column-- {
		_, size := utf8.DecodeRune(text)
		text = text[size:]
	}
	end := 0
	for n := 0; n < 2*snippetWidth+1 && end < len(text); n++ {
		_, size := utf8.DecodeRune(text[end:])
		end += size
	}
	return text[:end], column
}

// render returns the cells of a line and the index of the one at the column, which
// is one past the last for a place at the end of the line.
func render(text []byte, column int) (cells []cell, caret int) {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		cells = append(cells, cellOf(r, text[:size]))
		text = text[size:]
	}
	return cells, max(0, min(column-1, len(cells)))
}

func cellOf(r rune, raw []byte) cell {
	switch {
	case r == '\t':
		return cell{"    ", 4}
	case r == utf8.RuneError && len(raw) == 1:
		return cell{fmt.Sprintf(`\x%02x`, raw[0]), 4}
	case !unicode.IsPrint(r):
		s := strings.Trim(fmt.Sprintf("%+q", r), "'")
		return cell{s, len(s)}
	case unicode.In(r, unicode.Mn, unicode.Me):
		return cell{string(r), 0}
	case isWide(r):
		return cell{string(r), 2}
	default:
		return cell{string(r), 1}
	}
}

// isWide reports whether a terminal gives r two columns: the blocks that are wide
// throughout in Unicode's EastAsianWidth.txt, and the emoji.
func isWide(r rune) bool {
	return r >= 0x1100 && r <= 0x115F || r >= 0x2E80 && r <= 0xA4CF || r >= 0xAC00 && r <= 0xD7A3 ||
		r >= 0xF900 && r <= 0xFAFF || r >= 0xFE30 && r <= 0xFE6F || r >= 0xFF00 && r <= 0xFF60 ||
		r >= 0xFFE0 && r <= 0xFFE6 || r >= 0x1F300 && r <= 0x1FAFF || r >= 0x20000 && r <= 0x3FFFD
}

// visible returns s with every character escaped that is not plainly printable.
func visible(s string) string {
	var b strings.Builder
	cells, _ := render([]byte(s), 1)
	for _, c := range cells {
		b.WriteString(c.text)
	}
	return b.String()
}
