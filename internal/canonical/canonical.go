// Package canonical brings JSON into the one form that stands for all that mean the same:
// names in ascending order, no white space, no escape that is not needed, and numbers as they
// were written. What readers take differently has no such form: a name that is twice in one
// object is an error.
package canonical

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

const (
	// maxDepth bounds how deep values are in one another. That of a report is ten, with
	// the value of an entitlement in it; the reader of those takes 32 more.
	maxDepth = 100

	// maxFields bounds the members of an object. Dictionaries of entitlements have some
	// hundred at most.
	maxFields = 100_000

	// maxValues bounds all values together: reading one takes a microsecond or two. In
	// reports one takes 20 bytes.
	maxValues = 10_000_000
)

// JSON returns the form of one value. It takes some times as much memory as b has bytes, and
// moves a byte once at most for each object that it is in, of which there are maxDepth: only
// members that are not in order are moved, and what stands behind the first of them.
func JSON(b []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	w := &writer{dec: dec}
	if err := w.value(0); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("byte %d: %w", dec.InputOffset(), err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("byte %d: there is more after the value", dec.InputOffset())
	}
	return w.out, nil
}

type writer struct {
	dec    *json.Decoder
	out    []byte
	values int
	room   []byte // what is moved meanwhile; one for all objects
}

// member is where a member of an object stands in what is written.
type member struct {
	name       string
	start, end int
}

func (w *writer) value(depth int) error {
	token, err := w.dec.Token()
	if err != nil {
		return err
	}
	if w.values++; w.values > maxValues {
		return fmt.Errorf("more than %d values", maxValues)
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return w.scalar(token)
	}
	if depth == maxDepth {
		return fmt.Errorf("more than %d values in one another", maxDepth)
	}
	if delim == '[' {
		return w.array(depth)
	}
	return w.object(depth)
}

func (w *writer) scalar(token json.Token) error {
	if n, ok := token.(json.Number); ok {
		w.out = append(w.out, n...)
		return nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(token); err != nil {
		return err
	}
	w.out = append(w.out, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
	return nil
}

func (w *writer) array(depth int) error {
	w.out = append(w.out, '[')
	for first := true; w.dec.More(); first = false {
		if !first {
			w.out = append(w.out, ',')
		}
		if err := w.value(depth + 1); err != nil {
			return err
		}
	}
	w.out = append(w.out, ']')
	_, err := w.dec.Token()
	return err
}

func (w *writer) object(depth int) error {
	w.out = append(w.out, '{')
	var members []member
	for w.dec.More() {
		if len(members) > 0 {
			w.out = append(w.out, ',')
		}
		if len(members) == maxFields {
			return fmt.Errorf("an object of more than %d members", maxFields)
		}
		m := member{start: len(w.out)}
		token, err := w.dec.Token()
		if err != nil {
			return err
		}
		name, ok := token.(string)
		if !ok {
			return errors.New("a name that is no string")
		}
		if err := w.scalar(name); err != nil {
			return err
		}
		w.out = append(w.out, ':')
		if err := w.value(depth + 1); err != nil {
			return err
		}
		m.name, m.end = name, len(w.out)
		members = append(members, m)
	}
	if _, err := w.dec.Token(); err != nil {
		return err
	}
	if err := w.sort(members); err != nil {
		return err
	}
	w.out = append(w.out, '}')
	return nil
}

// sort puts the members of an object, which are written, in order. Those that stand where they
// belong are left there, up to the first that does not.
func (w *writer) sort(members []member) error {
	byName := func(a, b member) int { return strings.Compare(a.name, b.name) }
	sorted := members
	if !slices.IsSortedFunc(members, byName) {
		sorted = inorder.Copied(members, byName)
	}
	first := len(members)
	for i, m := range sorted {
		if i > 0 && sorted[i-1].name == m.name {
			return fmt.Errorf("the name %q is there twice", m.name)
		}
		if m.start != members[i].start {
			first = min(first, i)
		}
	}
	if first == len(members) {
		return nil
	}
	start := members[first].start
	w.room = append(w.room[:0], w.out[start:]...)
	w.out = w.out[:start]
	for i, m := range sorted[first:] {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = append(w.out, w.room[m.start-start:m.end-start]...)
	}
	return nil
}
