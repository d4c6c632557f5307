package runner

import (
	"path"
	"strconv"
	"strings"
)

// Limits of an annotation in ExecutionContext.cs.
const (
	maxShown   = 10   // _maxCountPerIssueType
	maxMessage = 4096 // _maxIssueMessageLength, in characters
)

// Annotation is an error, a warning or a notice that the step gave.
type Annotation struct {
	Type    string // error, warning or notice
	Title   string
	Message string
	File    string // relative to the workspace where it is in it
	Line    int    // 0 when not given
	EndLine int
	Col     int
	EndCol  int
	Shown   bool // GitHub shows the first ten of a type and step
}

// Annotations returns the annotations that a step with this output has.
func Annotations(output string) []Annotation {
	l := newListener(nil, nil)
	_ = l.listen(strings.NewReader(output)) // a string is read without errors
	return l.result.Annotations
}

// annotate takes an error, warning or notice command (IssueCommandExtension).
func (l *listener) annotate(c Command) {
	number := func(name string) int {
		n, _ := strconv.Atoi(c.Properties[name]) // what is no number is left out
		return n
	}
	a := Annotation{
		Type:    c.Name,
		Title:   l.masked(c.Properties["title"]),
		Message: cut(l.masked(c.Data), maxMessage),
		File:    l.hostFile(c.Properties["file"]),
		Line:    number("line"),
		EndLine: number("endline"),
		Col:     number("col"),
		EndCol:  number("endcolumn"),
	}
	before := 0
	for _, other := range l.result.Annotations {
		if other.Type == a.Type {
			before++
		}
	}
	a.Shown = before < maxShown
	l.result.Annotations = append(l.result.Annotations, a)
	l.write("##[" + c.Name + "]" + c.Data)
}

// hostFile translates a path of the container's to the machine's, and makes it
// relative to the workspace, which is the first of the paths.
func (l *listener) hostFile(file string) string {
	if file == "" || len(l.paths) == 0 {
		return file
	}
	file = toHost(l.paths, file)
	if rel, ok := strings.CutPrefix(file, l.paths[0].host+"/"); ok {
		return path.Clean(rel)
	}
	return file
}

// cut returns the first n characters of s.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
