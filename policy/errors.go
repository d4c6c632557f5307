package policy

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

// ParseError is one thing that is wrong with the text of a policy.
type ParseError struct {
	Position           // Line is 1 or more
	Message  string    // lower case, no final period
	Hint     string    // what to write instead; may be empty
	Related  []Related // other places that it is about

	// Excerpt is what [Position.Snippet] returns for the place; empty: the source is
	// still to be asked.
	Excerpt string
}

// Related is a place that an error elsewhere is about, too.
type Related struct {
	Position        // Line is 0 where a file as a whole is meant
	Message  string // such as "set here"
	Excerpt  string
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

// Format returns the errors as a person wants to read them: each with the line that
// it is about, a caret under the place, the other places that it is about, and its
// hint. An error that has no excerpt is about a line of src. Nothing of the source that
// could act on a terminal is in it: such characters are escaped.
func (errs Errors) Format(src []byte) string {
	lines := bytes.Split(src, []byte("\n"))
	var b strings.Builder
	for i, e := range errs {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s\n", visible(e.Error()))
		switch {
		case e.Excerpt != "":
			b.WriteString(e.Excerpt)
		case e.Line >= 1 && e.Line <= len(lines):
			b.WriteString(e.under(lines[e.Line-1]))
		}
		for _, r := range e.Related {
			fmt.Fprintf(&b, "%s: %s\n%s", visible(r.Position.String()), visible(r.Message), r.Excerpt)
		}
		if e.Hint != "" {
			fmt.Fprintf(&b, "hint: %s\n", visible(e.Hint))
		}
	}
	return b.String()
}

// Remarks returns the errors as remarks, of level error.
func (errs Errors) Remarks() []Remark {
	list := make([]Remark, len(errs))
	for i, e := range errs {
		list[i] = Remark{Level: Error, Position: e.Position, Message: e.Message}
		if e.Hint != "" {
			list[i].Message += "; " + e.Hint
		}
	}
	return list
}

// sorted orders the errors by their place, keeping those of one place as found.
func (errs Errors) sorted() Errors {
	inorder.By(errs, func(a, b *ParseError) int { return a.compare(b.Position) })
	return errs
}
