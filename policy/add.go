package policy

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// AddExceptions returns the source of a policy with more exceptions at its end, which are
// given as items of a list without indentation. Source and result are in the form of
// [Format], and all that stands in the source stands in the result as it is: a source in
// another form is an error, and so are exceptions that approve anything, or that the policy
// cannot hold. The hunk is what differs.
func AddExceptions(name string, src []byte, items []string) ([]byte, Hunk, error) {
	out, err := withExceptions(name, src, items)
	if err != nil {
		return nil, Hunk{}, err
	}
	h := trimmed(Hunk{1, splitLines(src), splitLines(out)})
	if len(h.Old) > 0 && !slices.Equal(h.Old, []string{"exceptions: []"}) {
		return nil, Hunk{}, errors.New("what is added changes something else")
	}
	return out, h, nil
}

func withExceptions(name string, src []byte, items []string) ([]byte, error) {
	formatted, err := Format(name, src)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(formatted, src) {
		return nil, fmt.Errorf("%s is not in the form of policy fmt", name)
	}
	was, err := Parse(name, src)
	if err != nil {
		return nil, err
	}
	text := string(src)
	if len(was.Exceptions) == 0 {
		// In that form they are the last section, which may be there and hold none.
		text = strings.TrimSuffix(text, "\nexceptions: []\n") + "\nexceptions:\n"
	}
	for _, item := range items {
		text += "\n"
		for line := range strings.Lines(strings.TrimRight(item, "\n") + "\n") {
			text += "  " + line
		}
	}
	out, err := Format(name, []byte(text))
	if err != nil {
		return nil, err
	}
	is, err := Parse(name, out)
	if err != nil {
		return nil, err
	}
	if len(is.Exceptions) != len(was.Exceptions)+len(items) {
		return nil, errors.New("what is added is not an exception each")
	}
	added := is.Exceptions[len(was.Exceptions):]
	if slices.ContainsFunc(added, func(e Exception) bool {
		return len(e.ApprovedBy) > 0 || !e.ApprovedOn.IsZero() || !e.Expires.IsZero() || len(e.Signatures) > 0 || e.Justification != ""
	}) {
		return nil, errors.New("what is added approves something")
	}
	if is.Exceptions = is.Exceptions[:len(was.Exceptions)]; len(is.Exceptions) == 0 {
		is.Exceptions = was.Exceptions // none, or an empty list
	}
	was.forgetPlaces()
	is.forgetPlaces()
	if !reflect.DeepEqual(was, is) {
		return nil, errors.New("what is added changes something else")
	}
	return out, nil
}
