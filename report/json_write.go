package report

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"

	"github.com/codewarrant/codewarrant/internal/sanitise"
)

// jsonList is a member of an object that is written an element at a time.
type jsonList struct {
	name     string
	elements iter.Seq[any]
}

// listOf returns a list of what convert makes of each element.
func listOf[T, J any](name string, list []T, convert func(T) J) jsonList {
	return jsonList{name, func(yield func(any) bool) {
		for _, e := range list {
			if !yield(convert(e)) {
				return
			}
		}
	}}
}

// writeJSON writes the members of head, a struct that has some, and the lists after
// them as one object, indented and fit to be printed, with a newline at its end. No
// more than one element of a list is in memory in this form.
func writeJSON(w io.Writer, head any, lists ...jsonList) error {
	j := &jsonWriter{w: w}
	j.write(bytes.TrimSuffix(j.encode(head, ""), []byte("\n}")))
	for _, l := range lists {
		j.list(l)
	}
	j.write([]byte("\n}\n"))
	return j.err
}

// jsonWriter keeps the first error.
type jsonWriter struct {
	w   io.Writer
	err error
}

func (j *jsonWriter) list(l jsonList) {
	j.write([]byte(",\n  \"" + l.name + "\": ["))
	before, after := "\n    ", "]"
	for e := range l.elements {
		j.write([]byte(before))
		j.write(j.encode(e, "    "))
		if j.err != nil {
			return
		}
		before, after = ",\n    ", "\n  ]"
	}
	j.write([]byte(after))
}

// encode returns v as it is written where every line begins with the indent.
func (j *jsonWriter) encode(v any, indent string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent(indent, "  ")
	if err := enc.Encode(v); err != nil && j.err == nil {
		j.err = err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// line returns v on one line.
func (j *jsonWriter) line(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil && j.err == nil {
		j.err = err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func (j *jsonWriter) write(b []byte) {
	if j.err == nil {
		_, j.err = j.w.Write(sanitise.JSON(b))
	}
}
