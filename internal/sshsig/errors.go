package sshsig

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxErrors is how many errors of a file are told.
const maxErrors = 100

// Position is a place in a file. Line and Column count from 1, columns in
// characters; a zero Line means the whole file.
type Position struct {
	File         string
	Line, Column int
}

// String returns file:line:column, or the file alone when Line is zero.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// ParseError is one thing that is wrong with an allowed_signers file.
type ParseError struct {
	Position
	Message string // lower case, no final period
	Hint    string // what to write instead; may be empty
}

// Error returns file:line:column: message.
func (e *ParseError) Error() string { return e.Position.String() + ": " + e.Message }

// Errors is everything that is wrong with an allowed_signers file, the first 100
// of it, in the order of the lines.
type Errors []*ParseError

// Error returns the errors, one on each line.
func (errs Errors) Error() string {
	lines := make([]string, len(errs))
	for i, e := range errs {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

func (p *parser) fail(at Position, hint, format string, args ...any) {
	p.errs = append(p.errs, &ParseError{Position: at, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// full reports whether the errors are as many as are told, and tells that.
func (p *parser) full() bool {
	if len(p.errs) < maxErrors-1 {
		return false
	}
	p.errs = p.errs[:maxErrors-1]
	p.fail(Position{p.file, p.line, 1}, "", "too many errors; what is below this line is not read")
	return true
}

// position returns the place of the byte at off in the line.
func (p *parser) position(off int) Position {
	return Position{p.file, p.line, 1 + utf8.RuneCountInString(p.text[:off])}
}
