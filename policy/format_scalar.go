package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// scalar returns a scalar on one line. What is not text stays as it is.
func (f *formatter) scalar(n *yaml.Node, inside bool) string {
	switch {
	case isNull(n):
		return ""
	case f.layout.typed[n] && n.Value != "":
		return n.Value
	}
	return quoted(n.Value, inside)
}

// scalarLines returns a scalar after lead, on one line as text or else as a block.
func (f *formatter) scalarLines(n *yaml.Node, text, lead string, indent int) []string {
	width := listWidth
	if n.Style&yaml.FoldedStyle != 0 {
		width = proseWidth
	}
	long := utf8.RuneCountInString(lead)+1+utf8.RuneCountInString(text) > width
	lines := strings.Contains(n.Value, "\n")
	wanted := f.layout.prose[n] || n.Style&yaml.FoldedStyle != 0
	switch {
	case lines && n.Style&yaml.LiteralStyle != 0 && isLiteral(n.Value):
		return block(lead+" |", n.Value, strings.Split(strings.TrimSuffix(n.Value, "\n"), "\n"), indent)
	case wanted && (long || lines) && isFoldable(n.Value):
		return block(lead+" >", n.Value, folded(n.Value, proseWidth-indent), indent)
	case lines && isLiteral(n.Value) && !trailing.MatchString(n.Value):
		return block(lead+" |", n.Value, strings.Split(strings.TrimSuffix(n.Value, "\n"), "\n"), indent)
	case text == "":
		return []string{lead}
	}
	return []string{lead + " " + text}
}

// block returns a block scalar of text that ends with a line feed or with none.
func block(head, text string, lines []string, indent int) []string {
	if !strings.HasSuffix(text, "\n") {
		head += "-"
	}
	list := []string{head}
	for _, line := range lines {
		if line != "" {
			line = spaces(indent) + line
		}
		list = append(list, line)
	}
	return list
}

// White space that a block of text hides, and that it cannot have in YAML or in a
// policy: at the ends of lines; before the first line, after the last one, and tabs
// before a line.
var (
	trailing = regexp.MustCompile(`[ \t](\n|$)`)
	unfit    = regexp.MustCompile(`^[ \t\n]|\n\n$|\n *\t`)
)

// isLiteral reports whether text can be written as it is, in a block.
func isLiteral(text string) bool {
	return text != "" && !unfit.MatchString(text) && !strings.ContainsFunc(text, mustEscape)
}

// isFoldable reports whether text can be written in a block whose lines are folded.
// Lines that begin with white space would not be.
func isFoldable(text string) bool {
	for line := range strings.SplitSeq(text, "\n") {
		if strings.Trim(line, " \t") != line {
			return false
		}
	}
	return isLiteral(text)
}

// folded returns the lines of a text, each of its own line feeds as an empty one.
func folded(text string, width int) []string {
	var lines []string
	for i, paragraph := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if i > 0 {
			lines = append(lines, "")
		}
		if paragraph != "" {
			lines = append(lines, wrapped(paragraph, width)...)
		}
	}
	return lines
}

// wrapped breaks a line at single blanks, the only ones that folding gives back.
func wrapped(text string, width int) []string {
	var lines []string
	line := ""
	for i, word := range strings.Split(text, " ") {
		switch {
		case i == 0:
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width,
			word == "", strings.HasSuffix(line, " "), isBlankAt(word, 0), isBlankAt(line, len(line)-1):
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

func isBlankAt(text string, i int) bool { return i >= 0 && i < len(text) && isBlank(rune(text[i])) }

// Scalar returns text as a YAML scalar on one line, as [Format] writes it outside of
// brackets.
func Scalar(text string) string { return quoted(text, false) }

// quoted returns text as a scalar on one line, in quotes only where they are needed:
// YAML would take it for something else, some readers would, or it is not plain.
func quoted(text string, inside bool) string {
	switch {
	case isPlainText(text, inside) && !isAmbiguous(text):
		return text
	case strings.ContainsFunc(text, func(c rune) bool { return isBlank(c) && c != ' ' || mustEscape(c) }):
		return escaped(text)
	case strings.ContainsAny(text, `"\`):
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	return `"` + text + `"`
}

// isPlainText reports whether text without quotes is one scalar, inside of brackets or
// not.
func isPlainText(text string, inside bool) bool {
	return text != "" && !strings.ContainsRune("-?:,[]{}#&*!|>'\"%@`= ", rune(text[0])) &&
		!strings.HasSuffix(text, " ") && !strings.HasSuffix(text, ":") &&
		!strings.Contains(text, ": ") && !strings.Contains(text, " #") && !strings.ContainsAny(text, "\t\n") &&
		!(inside && strings.ContainsAny(text, ",[]{}")) && !strings.ContainsFunc(text, mustEscape)
}

// sexagesimal are numbers of YAML 1.1, such as 190:20:30.
var sexagesimal = regexp.MustCompile(`^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`)

// isAmbiguous reports whether a reader of YAML may take plain text for something else
// than text: yes, null, 0123, 1e3, 2026-11-02.
func isAmbiguous(text string) bool {
	if isOldBoolean(text) || slices.Contains([]string{"~", "null", "true", "false", "<<"}, strings.ToLower(text)) {
		return true
	}
	if !strings.ContainsRune("+.0123456789", rune(text[0])) {
		return false
	}
	var n yaml.Node
	err := yaml.Unmarshal([]byte(text), &n)
	return err != nil || len(n.Content) != 1 || n.Content[0].Tag != "!!str" || sexagesimal.MatchString(text)
}

// mustEscape reports whether c cannot stand in YAML as it is, or not be seen there.
func mustEscape(c rune) bool {
	return isHidden(c) || c == 0xFFFE || c == 0xFFFF
}

// escaped returns text in double quotes.
func escaped(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case mustEscape(c) && c > 0xFFFF:
			fmt.Fprintf(&b, `\U%08X`, c)
		case mustEscape(c):
			fmt.Fprintf(&b, `\u%04X`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
