package source

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

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
			c.r.problem(Problem{Unresolved, l.place, "a line that is an error for Xcode: " + l.wrong, "write NAME = VALUE, or take it away"})
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
	d := newDocument(c.r.told(name), b)
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		return []line{{assignment: assignment{place: d.at(0)}, wrong: "UTF-16, as are all others"}} // told once
	}
	lines, whole := parseConfig(d)
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
