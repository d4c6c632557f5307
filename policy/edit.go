package policy

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// AppendToList returns the source of a policy with one more item at the end of a list
// of an exception, such as approved-by or signatures. A value that stands for a list of
// one becomes a list, and a list that is not there is added. What is written is in the
// form of [Format]; every other line stays as it is.
//
// The error is of type [Errors] where the source can be shown with it, as for an
// exception in braces.
func AppendToList(name string, src []byte, id, key, text string) ([]byte, error) {
	return editException(name, src, id, func(ed *editor, e *entry) { ed.add(e, key, textNode(text)) })
}

// SetDate returns the source of a policy with a day for a key of an exception, such as
// approved-on. All else is as for [AppendToList].
func SetDate(name string, src []byte, id, key string, day Date) ([]byte, error) {
	return editException(name, src, id, func(ed *editor, e *entry) { ed.set(e, key, ed.dateNode(day)) })
}

func editException(name string, src []byte, id string, change func(*editor, *entry)) ([]byte, error) {
	ed, err := newEditor(name, src)
	if err != nil {
		return nil, err
	}
	e := ed.exception(id)
	if e == nil {
		return nil, fmt.Errorf("%s has no exception %s", name, quote(id))
	}
	if e.value.Style&yaml.FlowStyle != 0 { // a signature has lines
		return nil, Errors{{
			Position: Position{name, e.from.line, e.from.column},
			Message:  fmt.Sprintf("exception %s is written in braces", quote(id)),
			Hint:     "give it a line for each key, as codewarrant policy fmt does",
		}}
	}
	change(ed, e)
	out, _, err := ed.finish()
	return out, err
}
