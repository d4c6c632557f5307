package source

import (
	"strings"
)

const (
	// maxConfig bounds one .xcconfig file, in bytes. Real ones have under 50 KB.
	maxConfig = 1 << 20

	// maxIncludes bounds the files that one leads to, each counted as often as it is
	// included.
	maxIncludes = 200

	// maxAssignments bounds what the files of one configuration assign.
	maxAssignments = 20_000
)

// assignment gives a build setting a value, perhaps under conditions.
type assignment struct {
	name       string
	conditions []condition
	value      string
	place      Place
}

// condition is one pair of brackets, such as [sdk=macosx*].
type condition struct{ parameter, pattern string }

// line is a line of an .xcconfig file: an assignment, or what it includes.
type line struct {
	assignment
	include  string
	optional bool
	wrong    string // what the line is, when it is neither
}

// parseConfig reads an .xcconfig file, leniently as Xcode does: what is wrong with a line
// is part of the result. Like swift-build's parser it takes bytes, in whatever encoding, and
// knows no byte order mark, so that one makes the first line wrong. It is not whole when there
// are more lines than are read.
func parseConfig(d *document) (lines []line, whole bool) {
	p := &config{d: d, scanner: scanner{b: d.text}}
	for p.pos < len(p.b) {
		if len(lines) == maxAssignments {
			return lines, false
		}
		p.blank()
		switch c := p.peek(); {
		case p.atEnd():
		case c == '#':
			lines = append(lines, p.directive())
		case isName(c) && !isDigit(c):
			lines = append(lines, p.assignment())
		default:
			what := "no assignment"
			if p.pos == 0 && p.has("\xef\xbb\xbf") {
				what = "a byte order mark before it"
			}
			lines = append(lines, p.wrong(p.pos, what))
		}
		p.rest()
		p.newline()
	}
	return lines, true
}

type config struct {
	scanner
	d *document
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isName(c byte) bool {
	return c == '_' || isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// blank consumes what may stand between the parts of a line: spaces and a comment.
func (p *config) blank() {
	for !p.atEnd() {
		switch {
		case strings.IndexByte(" \t\v\f", p.peek()) >= 0:
			p.pos++
		case p.has("//"):
			p.rest()
		default:
			return
		}
	}
}

func (p *config) wrong(at int, what string) line {
	return line{assignment: assignment{place: p.d.at(at)}, wrong: what}
}

// directive = "#include" ["?"] string
func (p *config) directive() line {
	at := p.pos
	p.pos++
	p.blank()
	start := p.pos
	for !p.atEnd() && strings.IndexByte(" \t\v\f", p.peek()) < 0 {
		p.pos++
	}
	word := string(p.b[start:p.pos])
	l := line{assignment: assignment{place: p.d.at(at)}, optional: word == "include?"}
	if word != "include" && !l.optional {
		return p.wrong(at, "a directive other than #include")
	}
	p.blank()
	if p.peek() != '"' {
		return p.wrong(at, "#include without a name in quotes")
	}
	p.pos++
	start = p.pos
	for !p.atEnd() && p.peek() != '"' {
		p.pos++
	}
	l.include = string(p.b[start:p.pos])
	if p.peek() != '"' || l.include == "" {
		return p.wrong(at, "#include without a name in quotes")
	}
	p.pos++
	if p.blank(); !p.atEnd() {
		return p.wrong(at, "text after the name of what it includes")
	}
	return l
}

// assignment = name {"[" parameter "=" pattern "]"} "=" value
func (p *config) assignment() line {
	at := p.pos
	for p.pos < len(p.b) && isName(p.b[p.pos]) {
		p.pos++
	}
	l := line{assignment: assignment{name: string(p.b[at:p.pos]), place: p.d.at(at)}}
	p.blank()
	for p.peek() == '[' && !p.atEnd() {
		start := p.pos + 1
		for !p.atEnd() && p.peek() != ']' {
			p.pos++
		}
		parameter, pattern, ok := strings.Cut(string(p.b[start:p.pos]), "=")
		if p.peek() != ']' || !ok {
			return p.wrong(at, "a condition that does not end, or without =")
		}
		p.pos++
		l.conditions = append(l.conditions, condition{parameter, pattern})
		p.blank()
	}
	if p.peek() != '=' {
		return p.wrong(at, "no =")
	}
	p.pos++
	l.value = p.value()
	return l
}

// value reads up to the end of the line, and of those that a backslash joins to it.
func (p *config) value() string {
	var chunks []string
	for {
		p.blank()
		start := p.pos
		for !p.atEnd() && !p.has("//") {
			p.pos++
		}
		chunk := strings.TrimRight(string(p.b[start:p.pos]), " \t\v\f")
		chunk = strings.TrimRight(strings.TrimSuffix(chunk, ";"), " \t\v\f")
		p.rest()
		more, goesOn := strings.CutSuffix(chunk, `\`)
		if more = strings.TrimSpace(more); more != "" {
			chunks = append(chunks, more)
		}
		if !goesOn || p.pos >= len(p.b) {
			return strings.Join(chunks, " ")
		}
		p.newline()
	}
}
