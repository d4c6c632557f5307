package boundedplist

import (
	"errors"
	"fmt"
	"strings"
)

// content is what an element may hold.
type content int

const (
	unknown content = iota
	nothing
	text
	one   // value
	many  // values
	pairs // of a key and a value
)

// holds says it for each element of PropertyList-1.0.dtd.
func holds(name string) content {
	switch name {
	case "plist":
		return one
	case "dict":
		return pairs
	case "array":
		return many
	case "key", "string", "data", "date", "integer", "real":
		return text
	case "true", "false":
		return nothing
	}
	return unknown
}

// start opens the element name, whose content begins at offset text.
func (s *xmlScanner) start(name string, text int) error {
	if holds(name) == unknown {
		return fmt.Errorf("unknown element %.40q", name)
	}
	if len(s.open) == maxDepth {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	if err := s.total.add(name == "dict", s.limits); err != nil {
		return err
	}
	if err := s.place(name); err != nil {
		return err
	}
	s.open = append(s.open, element{name: name, text: text})
	return nil
}

// place checks that an element may stand where it does.
func (s *xmlScanner) place(name string) error {
	if len(s.open) == 0 {
		if name != "plist" || s.done {
			return fmt.Errorf("<%s> is not inside the one <plist>", name)
		}
		return nil
	}
	parent := &s.open[len(s.open)-1]
	parent.children++
	switch kind := holds(parent.name); {
	case name == "plist",
		kind == nothing, kind == text,
		kind == one && parent.children > 1,
		kind != pairs && name == "key":
		return fmt.Errorf("<%s> inside <%s>", name, parent.name)
	case kind == pairs && parent.key == (name == "key"):
		return fmt.Errorf("<%s> where a <dict> has its other half", name)
	}
	parent.key = name == "key"
	return nil
}

// end closes the innermost open element, which must be name.
func (s *xmlScanner) end(name string) error {
	if len(s.open) == 0 || s.open[len(s.open)-1].name != name {
		return fmt.Errorf("</%.40s> closes nothing", name)
	}
	e := s.open[len(s.open)-1]
	s.open = s.open[:len(s.open)-1]
	switch {
	case name == "plist" && e.children == 0:
		return errors.New("<plist> holds no value")
	case name == "dict" && e.key:
		return errors.New("key without a value")
	case name == "key":
		return s.newKey(string(s.b[min(e.text, s.pos):s.pos]))
	}
	s.done = len(s.open) == 0
	return nil
}

// newKey notes a key of the innermost dict. A key may not be spelled in ways
// that would hide a duplicate.
func (s *xmlScanner) newKey(key string) error {
	if len(key) > maxKey {
		return fmt.Errorf("key longer than %d bytes", maxKey)
	}
	if strings.Contains(key, "&#") || strings.Contains(key, "\r") {
		return errors.New("key with a character reference or a carriage return")
	}
	if strings.Contains(key, "&") {
		key = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&apos;", "'", "&amp;", "&").Replace(key)
	}
	dict := &s.open[len(s.open)-1]
	if dict.keys[key] {
		return fmt.Errorf("duplicate key %.80q", key)
	}
	if dict.keys == nil {
		dict.keys = map[string]bool{}
	}
	dict.keys[key] = true
	return nil
}
