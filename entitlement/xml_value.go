package entitlement

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// value reads one element and all it holds.
func (p *xmlParser) value(depth int) (Value, *Note) {
	if depth > MaxDepth {
		return Value{}, p.fail("values nest deeper than %d", MaxDepth)
	}
	if p.values++; p.values > MaxValues {
		return Value{}, p.fail("more than %d values", MaxValues)
	}
	start := p.pos
	name, empty, err := p.open()
	if err != nil {
		return Value{}, err
	}
	switch name {
	case "dict":
		return p.dictionary(depth, empty)
	case "array":
		return p.array(depth, empty)
	case "true", "false":
		if !empty {
			return Value{}, &Note{start, "<" + name + "> that is not written <" + name + "/>"}
		}
		return Bool(name == "true"), nil
	case "string", "data", "integer", "real", "date":
		return p.scalar(start, name, empty)
	case "key":
		return Value{}, &Note{start, "<key> where a value belongs"}
	default:
		return Value{}, &Note{start, "an element that property lists do not have"}
	}
}

// open reads a start tag or an empty-element tag without attributes.
func (p *xmlParser) open() (name string, empty bool, err *Note) {
	start := p.pos
	if !p.take("<") {
		return "", false, p.fail("text or the end where an element belongs")
	}
	nameStart := p.pos
	for p.pos < len(p.b) && 'a' <= p.b[p.pos] && p.b[p.pos] <= 'z' {
		p.pos++
	}
	name = string(p.b[nameStart:min(p.pos, nameStart+16)])
	spaced := p.space()
	empty = p.take("/")
	if name == "" || !p.take(">") {
		p.pos = start
		return "", false, p.fail("markup that is not a plain element of a property list")
	}
	if spaced {
		p.sloppy(start, "white space inside a tag")
	}
	return name, empty, nil
}

func (p *xmlParser) dictionary(depth int, empty bool) (Value, *Note) {
	set := Set{}
	if empty {
		return Value{Kind: Dictionary, Dict: set}, nil
	}
	for {
		if err := p.misc(); err != nil {
			return Value{}, err
		}
		if p.take("</dict>") {
			return Value{Kind: Dictionary, Dict: set}, nil
		}
		at := p.pos
		key, err := p.key()
		if err != nil {
			return Value{}, err
		}
		if _, dup := set[key]; dup {
			return Value{}, &Note{at, "the key " + strconv.Quote(key) + " twice in one dictionary"}
		}
		if err := p.misc(); err != nil {
			return Value{}, err
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		set[key] = v
		if depth == 0 {
			p.offsets[key] = at
		}
	}
}

func (p *xmlParser) key() (string, *Note) {
	start := p.pos
	name, empty, err := p.open()
	if err != nil {
		return "", err
	}
	if name != "key" || empty {
		return "", &Note{start, "something other than <key> where a dictionary's key belongs"}
	}
	key, err := p.text("key")
	if err != nil {
		return "", err
	}
	if len(key) > MaxKey {
		return "", &Note{start, fmt.Sprintf("a key of more than %d bytes", MaxKey)}
	}
	if key == "" || key != strings.TrimSpace(key) {
		return "", &Note{start, "a key that is empty or has white space around it"}
	}
	return key, nil
}

func (p *xmlParser) array(depth int, empty bool) (Value, *Note) {
	v := Value{Kind: Array, Array: []Value{}}
	if empty {
		return v, nil
	}
	for {
		if err := p.misc(); err != nil {
			return Value{}, err
		}
		if p.take("</array>") {
			return v, nil
		}
		e, err := p.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		v.Array = append(v.Array, e)
	}
}

var entities = map[string]string{"amp": "&", "lt": "<", "gt": ">", "quot": `"`, "apos": "'"}

// text reads character data up to the end tag of the named element.
func (p *xmlParser) text(element string) (string, *Note) {
	var out strings.Builder
	for {
		n := bytes.IndexAny(p.b[p.pos:], "<&\r")
		if n < 0 {
			return "", p.fail("<%s> without an end", element)
		}
		out.Write(p.b[p.pos : p.pos+n])
		p.pos += n
		switch p.b[p.pos] {
		case '\r':
			return "", p.fail("a carriage return in text, which only some parsers turn into a line feed")
		case '<':
			if !p.take("</" + element + ">") {
				return "", p.fail("markup inside <%s>", element)
			}
			return out.String(), nil
		}
		name, _, _ := bytes.Cut(p.b[p.pos+1:min(len(p.b), p.pos+8)], []byte(";"))
		char, ok := entities[string(name)]
		if !ok || !p.take("&"+string(name)+";") {
			return "", p.fail("an entity other than &amp; &lt; &gt; &quot; and &apos;")
		}
		if char == `"` || char == "'" {
			p.refused(p.pos, "an entity other than &amp; &lt; and &gt;")
		}
		out.WriteString(char)
	}
}

// Numbers in the one form that every reader takes alike: no hexadecimal, no
// leading zero that might mean octal, no white space.
var (
	integerForm = regexp.MustCompile(`^-?(?:0|[1-9][0-9]{0,18})$`)
	realForm    = regexp.MustCompile(`^[+-]?[0-9]{1,32}(?:\.[0-9]{1,32})?(?:[eE][+-]?[0-9]{1,3})?$`)
)

// scalar reads the text of an element and the value it stands for.
func (p *xmlParser) scalar(start int, name string, empty bool) (Value, *Note) {
	var text string
	if !empty {
		var err *Note
		if text, err = p.text(name); err != nil {
			return Value{}, err
		}
	}
	if name == "real" || name == "date" {
		p.refused(start, "a real or a date")
	}
	v, ok := parseScalar(name, text)
	if !ok {
		return Value{}, &Note{start, "<" + name + "> whose text only some parsers accept"}
	}
	return v, nil
}

func parseScalar(name, text string) (Value, bool) {
	switch name {
	case "integer":
		i, err := strconv.ParseInt(text, 10, 64)
		return Int(i), err == nil && integerForm.MatchString(text)
	case "real":
		f, err := strconv.ParseFloat(text, 64)
		return Value{Kind: Real, Real: f}, err == nil && realForm.MatchString(text)
	case "date":
		t, err := time.Parse("2006-01-02T15:04:05Z", text)
		return Value{Kind: Date, Date: t}, err == nil
	case "data":
		b, err := base64.StdEncoding.Strict().DecodeString(strings.Map(dropSpace, text))
		return Value{Kind: Data, Data: b}, err == nil
	default:
		return Str(text), true
	}
}

func dropSpace(r rune) rune {
	if r < 0x80 && isSpace(byte(r)) {
		return -1
	}
	return r
}
