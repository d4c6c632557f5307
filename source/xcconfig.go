package source

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
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
// is part of the result.
func parseConfig(d *document) []line {
	p := &config{d: d, scanner: scanner{b: d.text}}
	if p.has("\xef\xbb\xbf") {
		p.pos = 3
	}
	var lines []line
	for p.pos < len(p.b) && len(lines) < maxAssignments {
		p.blank()
		switch c := p.peek(); {
		case p.atEnd():
		case c == '#':
			lines = append(lines, p.directive())
		case isName(c) && !isDigit(c):
			lines = append(lines, p.assignment())
		default:
			lines = append(lines, p.wrong(p.pos, "no assignment"))
		}
		p.rest()
		p.newline()
	}
	return lines
}

type config struct {
	scanner
	d *document
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isName(c byte) bool {
	return c == '_' || isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// lineEnds are what ends a line: \r\n counts once.
var lineEnds = []string{"\r\n", "\n", "\r", "\u2028", "\u2029"}

func (p *config) atEnd() bool {
	return p.pos >= len(p.b) || slices.ContainsFunc(lineEnds, p.has)
}

func (p *config) newline() {
	for _, end := range lineEnds {
		if p.has(end) {
			p.pos += len(end)
			return
		}
	}
}

func (p *config) rest() {
	for !p.atEnd() {
		p.pos++
	}
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

// configuration reads an .xcconfig file of a project in that folder, and all that it
// includes, in the order in which it assigns.
func (r *reader) configuration(name, folder string, named Place) []assignment {
	c := &included{r: r, folder: folder}
	c.read(name, named, false, nil)
	return c.list
}

type included struct {
	r      *reader
	folder string
	list   []assignment
	files  int
}

func (c *included) read(name string, named Place, optional bool, above []string) {
	if slices.Contains(above, name) {
		c.r.problem(Problem{Unresolved, named, fmt.Sprintf("%s includes itself", c.r.told(name)), "take the #include away"})
		return
	}
	if c.files++; c.files > maxIncludes || len(c.list) > maxAssignments {
		c.r.problem(Problem{Unreadable, named, "more files, or assignments, are included than are read", ""})
		return
	}
	b, err := c.r.read(name, maxConfig)
	switch {
	case err == nil && len(b) > maxConfig:
		err = fmt.Errorf("it is larger than %d bytes", maxConfig)
	case err == nil && !utf8.Valid(b):
		err = errors.New("the text is not UTF-8")
	}
	if err != nil {
		if !optional || !isMissing(err) {
			c.r.problem(Problem{Incomplete, named, fmt.Sprintf("what %s sets is not known: %s", c.r.told(name), reason(err)), "a file that the build makes may set entitlements, too; look at it after the build"})
		}
		return
	}
	for _, l := range parseConfig(newDocument(c.r.told(name), b)) {
		switch {
		case l.wrong != "":
			c.r.problem(Problem{Incomplete, l.place, "a line that Xcode passes over: " + l.wrong, "write NAME = VALUE, or take it away"})
		case l.include != "":
			c.read(c.resolve(name, l), l.place, l.optional, append(slices.Clone(above), name))
		default:
			c.list = append(c.list, l.assignment)
		}
	}
}

// resolve returns the name of an included file. It is looked for beside the one that includes
// it, and then in the folder of the project.
func (c *included) resolve(from string, l line) string {
	if path.IsAbs(l.include) || strings.Contains(l.include, "$(") || strings.HasPrefix(l.include, "<") {
		return l.include // which is no name in the tree, and so is told
	}
	name := path.Join(path.Dir(from), l.include)
	if other := path.Join(c.folder, l.include); !c.r.exists(name) && c.r.exists(other) {
		return other
	}
	return name
}

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
