package source

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
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
// is part of the result. Like swift-build's parser it takes bytes, in whatever encoding. It
// is not whole when there are more lines than are read.
func parseConfig(d *document) (lines []line, whole bool) {
	p := &config{d: d, scanner: scanner{b: d.text}}
	if p.has("\xef\xbb\xbf") {
		p.pos = 3
	}
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
			lines = append(lines, p.wrong(p.pos, "no assignment"))
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
	c := &included{r: r, parsed: map[string][]line{}}
	c.read([]string{name}, []string{folder}, line{assignment: assignment{place: named}}, nil)
	return c.list
}

type included struct {
	r       *reader
	list    []assignment
	parsed  map[string][]line
	files   int
	stopped bool
}

// read reads the first of several files that is there. What it includes is looked for beside
// it, and then in the folders.
func (c *included) read(names, folders []string, by line, above []string) {
	if c.stopped {
		return
	}
	if c.files++; c.files > maxIncludes || len(c.list) > maxAssignments {
		c.stopped = true
		c.r.problem(Problem{Unreadable, by.place, "more files, or assignments, are included than are read", ""})
		return
	}
	name := names[max(slices.IndexFunc(names, c.r.there), 0)]
	if slices.Contains(above, name) { // which Xcode passes over
		c.r.problem(Problem{Incomplete, by.place, fmt.Sprintf("%s includes itself", c.r.told(name)), "take the #include away"})
		return
	}
	lines, ok := c.parsed[name]
	if !ok {
		lines = c.parse(name, names, by)
		c.parsed[name] = lines
	}
	folders = append([]string{path.Dir(name)}, folders...)
	above = append(slices.Clone(above), name)
	for _, l := range lines {
		switch {
		case c.stopped:
			return
		case l.wrong != "":
			c.r.problem(Problem{Incomplete, l.place, "a line that Xcode passes over: " + l.wrong, "write NAME = VALUE, or take it away"})
		case l.include != "":
			c.read(candidates(folders, l.include), folders, l, above)
		default:
			c.list = append(c.list, l.assignment)
		}
	}
}

// parse returns the lines of a file. One that is not there may be made by the build; of
// any other that cannot be read Xcode may know more.
func (c *included) parse(name string, names []string, by line) []line {
	b, err := c.r.read(name, maxConfig)
	switch {
	case strings.HasPrefix(name, "<"): // such as <DEVELOPER_DIR>, and from there anywhere
		err = errOutside
	case err == nil && len(b) > maxConfig:
		err = fmt.Errorf("it is larger than %d bytes", maxConfig)
	case isMissing(err):
		i := slices.IndexFunc(names, func(n string) bool { return c.r.likeIt(n) != "" })
		if i < 0 {
			if !by.optional {
				c.r.problem(Problem{Incomplete, by.place, fmt.Sprintf("what %s sets is not known: %s", c.r.told(name), reason(err)), "a file that the build makes may set entitlements, too; look at it after the build"})
			}
			return nil
		}
		err = fmt.Errorf("it is there as %s, which is the same file on most Macs", c.r.told(c.r.likeIt(names[i])))
	}
	if err != nil {
		told := c.r.told(name)
		if errors.Is(err, errOutside) {
			told = name
		}
		c.r.problem(Problem{Unreadable, by.place, fmt.Sprintf("what %s sets is not known: %s", told, reason(err)), "have the file in the folder that is looked at, under the name that it has"})
		return nil
	}
	lines, whole := parseConfig(newDocument(c.r.told(name), b))
	if !whole {
		c.r.problem(Problem{Unreadable, by.place, fmt.Sprintf("%s has more than %d lines", c.r.told(name), maxAssignments), ""})
	}
	return lines
}

// candidates returns the names under which an included file is looked for, in order: in each
// folder, with .xcconfig after it or not (MacroConfigFileLoader.swift in swift-build).
func candidates(folders []string, name string) []string {
	if path.IsAbs(name) || strings.HasPrefix(name, "<") {
		return []string{name} // which is no name in the tree, and so is told
	}
	var list []string
	for _, folder := range folders {
		list = append(list, path.Join(folder, name))
		if path.Ext(name) == "" {
			list = append(list, path.Join(folder, name)+".xcconfig")
		}
	}
	return list
}

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// there reports whether something may be of that name, be it readable or not. What is
// outside of the tree may be there.
func (r *reader) there(name string) bool {
	if !fs.ValidPath(name) {
		return true
	}
	_, err := fs.Stat(r.fsys, name)
	return !isMissing(err)
}

// likeIt returns the name of what is not there in the case in which it is, as the file
// systems of most Macs find it; empty: nothing is.
func (r *reader) likeIt(name string) string {
	if !fs.ValidPath(name) {
		return ""
	}
	at := "."
	for part := range strings.SplitSeq(name, "/") {
		next := path.Join(at, part)
		if !r.there(next) {
			entries, _ := fs.ReadDir(r.fsys, at)
			i := slices.IndexFunc(entries, func(e fs.DirEntry) bool { return alike(e.Name(), part) })
			if i < 0 {
				return ""
			}
			next = path.Join(at, entries[i].Name())
		}
		at = next
	}
	return at
}

// alike compares names as a Mac does. Letters that are not ASCII may be written in several
// ways, so that names with such are alike.
func alike(a, b string) bool {
	isASCII := func(s string) bool { return !strings.ContainsFunc(s, func(c rune) bool { return c >= 0x80 }) }
	return strings.EqualFold(a, b) || !isASCII(a) && !isASCII(b) && strings.EqualFold(path.Ext(a), path.Ext(b))
}
