package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"github.com/sethvargo/go-githubactions"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

const (
	// MaxAnnotations is how many of a type GitHub shows of one step.
	MaxAnnotations = 10

	// maxAnnotation bounds a message in bytes. GitHub cuts it at 4,096 characters.
	maxAnnotation = 4000
)

// Annotation is a finding as GitHub shows it on a line of a file. Its text is
// sanitised for reading, not yet escaped for a workflow command.
type Annotation struct {
	Level   policy.Level
	File    string // empty: none
	Line    int    // from 1; 0: of the file as a whole
	Column  int
	Title   string
	Message string // in lines
}

// Annotations returns what to show of the findings: the worst first, and of each
// level no more than GitHub shows. The last of a level says how many more there
// are.
func Annotations(r *check.Report) []Annotation {
	var list []Annotation
	for _, level := range levels {
		shown := 0
		for _, f := range r.Findings {
			if f.Level != level {
				continue
			}
			if shown++; shown > MaxAnnotations {
				break
			}
			more := ""
			if n := r.Count(level); shown == MaxAnnotations && n > shown {
				more = fmt.Sprintf("\n(and %s that GitHub would not show here: see the summary of the job or the report)", plural(n-shown, "more "+string(level)))
			}
			list = append(list, annotation(f, more))
		}
	}
	return list
}

func annotation(f check.Finding, more string) Annotation {
	a := Annotation{Level: f.Level}
	a.Title = f.Rule
	if rule, ok := check.RuleByID(f.Rule); ok {
		a.Title = fmt.Sprintf("%s [%s]", rule.Title, f.Rule)
	}
	if len(f.Paths) > 0 {
		a.File = sanitise.Text(cut(f.Paths[0], maxText, "…"))
	}
	a.Message = sanitise.Text(cut(f.Message, maxAnnotation, "…"))
	if inFile(f.Position) {
		if len(f.Paths) > 0 && f.Paths[0] != f.Position.File {
			a.Message = a.File + ": " + a.Message
		}
		a.File, a.Line, a.Column = sanitise.Text(cut(f.Position.File, maxText, "…")), f.Position.Line, f.Position.Column
	}
	if f.Hint != "" {
		a.Message += "\nhint: " + sanitise.Text(cut(f.Hint, maxAnnotation, "…"))
	}
	a.Message = cut(a.Message, maxAnnotation-len(more), "…") + more
	return a
}

// GitHub writes the annotations as workflow commands. It must have the stream to
// itself: a command counts at the start of a line, and a writer of
// [sanitise.Log] would make it text.
func GitHub(w io.Writer, r *check.Report) error {
	var b bytes.Buffer // the library panics where a write fails
	action := githubactions.New(githubactions.WithWriter(&b), githubactions.WithGetenv(func(string) string { return "" }))
	for _, a := range Annotations(r) {
		fields := map[string]string{"title": a.Title}
		if a.File != "" {
			fields["file"] = a.File
		}
		if a.Line > 0 {
			fields["line"] = strconv.Itoa(a.Line)
		}
		if a.Column > 0 {
			fields["col"] = strconv.Itoa(a.Column)
		}
		command := action.WithFieldsMap(fields)
		switch a.Level {
		case policy.Error:
			command.Errorf("%s", a.Message)
		case policy.Warning:
			command.Warningf("%s", a.Message)
		default:
			command.Noticef("%s", a.Message)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}
