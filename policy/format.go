package policy

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v4"
)

// Widths of the lines that [Format] makes, in characters.
const (
	proseWidth = 90  // of justifications that are folded
	listWidth  = 100 // of what stands on one line
)

// Format returns a policy in the one form that all policies are meant to have: the
// keys in the order of the documentation, two blanks for each level, short lists on
// one line, and short mappings that are in braces, long justifications folded, quotes
// only where a reader of YAML could take the text for something else, an empty line
// between sections and exceptions. What the policy says stays the same, and so does
// every comment, in its column where it is aligned.
//
// The error for a policy that does not parse is of type [Errors].
func Format(name string, src []byte) ([]byte, error) {
	r := &reader{file: name, layout: newLayout()}
	p, root, err := r.read(src)
	if err != nil {
		return nil, err
	}
	document, comments, err := arrange(root, src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	f := formatter{layout: r.layout}
	out := f.document(document)
	if err := unchanged(p, comments, out); err != nil {
		return nil, fmt.Errorf("%s: formatted, %w", name, err)
	}
	return out, nil
}

// unchanged returns an error unless the text says what the policy does and has the
// comments. It is there for what the formatter and the editor do not foresee: a policy
// is never changed behind the back of those who approved it.
func unchanged(p *Policy, comments []string, text []byte) error {
	r := &reader{file: p.Name}
	q, root, err := r.read(text)
	if err != nil {
		return fmt.Errorf("it would not be a policy: %v", err) // whose places are not in what was read
	}
	_, kept, err := arrange(root, text)
	if err != nil {
		return err
	}
	slices.Sort(comments)
	slices.Sort(kept)
	p.forgetPlaces()
	q.forgetPlaces()
	if !reflect.DeepEqual(p, q) || !slices.Equal(comments, kept) {
		return errors.New("it would say something else")
	}
	return nil
}

// forgetPlaces takes out of a policy what says where in the text its parts are.
func (p *Policy) forgetPlaces() {
	p.SHA256 = ""
	p.Settings.Fields, p.Approvals.Fields, p.Approvals.Position, p.IDPosition = nil, nil, Position{}, Position{}
	for i := range p.Extends {
		p.Extends[i].Position = Position{}
	}
	forgetPlacesOfRules(p.Rules)
	forgetPlacesOfStages(p.Stages)
	for i := range p.Groups {
		p.Groups[i].Position, p.Groups[i].Fields = Position{}, nil
		forgetPlacesOfRules(p.Groups[i].Rules)
		forgetPlacesOfStages(p.Groups[i].Stages)
	}
	for i := range p.Exceptions {
		p.Exceptions[i].Position, p.Exceptions[i].Fields = Position{}, nil
	}
}

func forgetPlacesOfStages(stages []Stage) {
	for i := range stages {
		stages[i].Position, stages[i].Fields = Position{}, nil
		forgetPlacesOfRules(stages[i].Rules)
	}
}

func forgetPlacesOfRules(rules []Rule) {
	for i := range rules {
		rules[i].Position = Position{}
	}
}

// layout is what the parser knows of the nodes that it has read and the formatter has
// to know. Its zero value notes nothing.
type layout struct {
	keys  notes[[]string] // of a mapping: the keys that it may have, in their order
	typed notes[bool]     // scalars that are not read as text: their quotes matter, or are none
	prose notes[bool]     // text that may be folded
}

func newLayout() layout { return layout{notes[[]string]{}, notes[bool]{}, notes[bool]{}} }

// notes are kept only where somebody wants them.
type notes[T any] map[*yaml.Node]T

func (l notes[T]) note(n *yaml.Node, what T) {
	if l != nil {
		l[n] = what
	}
}
