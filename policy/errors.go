package policy

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ParseError is one thing that is wrong with the text of a policy.
type ParseError struct {
	Position        // Line is 1 or more
	Message  string // lower case, no final period
	Hint     string // what to write instead; may be empty
}

// Error returns file:line:column: message.
func (e *ParseError) Error() string { return e.Position.String() + ": " + e.Message }

// Errors is everything that is wrong with a policy, in the order of the lines.
type Errors []*ParseError

// Error returns the errors, one on each line.
func (errs Errors) Error() string {
	lines := make([]string, len(errs))
	for i, e := range errs {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Format returns the errors as a person wants to read them: each with the line of
// src that it is about, a caret under the place, and its hint. Nothing of the
// source that could act on a terminal is in it: such characters are escaped.
func (errs Errors) Format(src []byte) string {
	lines := bytes.Split(src, []byte("\n"))
	var b strings.Builder
	for i, e := range errs {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s\n", visible(e.Error()))
		if e.Line >= 1 && e.Line <= len(lines) {
			b.WriteString(e.under(lines[e.Line-1]))
		}
		if e.Hint != "" {
			fmt.Fprintf(&b, "hint: %s\n", visible(e.Hint))
		}
	}
	return b.String()
}

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

// quoteLimit is how many characters of a value an error message repeats.
const quoteLimit = 64

// quote returns s in double quotes, escaped as in Go, and shortened.
func quote(s string) string {
	n := 0
	for i := range s {
		if n++; n > quoteLimit {
			return fmt.Sprintf("%q…", s[:i])
		}
	}
	return fmt.Sprintf("%q", s)
}

// suggest returns the hint for a name that is not one of the valid ones: the
// nearest of them if one is near, and all of them.
func suggest(name string, valid []string) string {
	hint := "valid: " + strings.Join(valid, ", ")
	best, at := 3, -1
	for i, v := range valid {
		if d := distance(name, v); d < best && d*2 < len(v) {
			best, at = d, i
		}
	}
	if at < 0 {
		return hint
	}
	return fmt.Sprintf("did you mean %q? %s", valid[at], hint)
}

// distance returns the Levenshtein distance of two names in bytes, taking - and _
// for one and letters in either case. For a long name, it returns its length.
func distance(a, b string) int {
	if len(a) > quoteLimit {
		return len(a)
	}
	fold := strings.NewReplacer("_", "-")
	a, b = fold.Replace(strings.ToLower(a)), fold.Replace(strings.ToLower(b))
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// sorted orders the errors by their place, keeping those of one place as found.
func (errs Errors) sorted() Errors {
	slices.SortStableFunc(errs, func(a, b *ParseError) int { return a.compare(b.Position) })
	return errs
}
