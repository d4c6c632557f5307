package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// MergedSchema names the format of [Policy.JSON]; schema/policy-show.v1.schema.json
// describes it. A field may be added to it; none is taken away or changes its meaning.
const MergedSchema = "codewarrant.policy/1"

// JSON returns what [Policy.YAML] does for programs: the texts that the policy is made
// of; the policy, with the keys that it has in YAML; and the places where its parts come
// from, by their JSON Pointers (RFC 6901). What has no place is a default, or built in.
func (p *Policy) JSON() ([]byte, error) {
	s := newShown(p)
	origins := map[string]jsonPlace{}
	var merged bytes.Buffer
	if err := s.json(&merged, s.root, "", origins); err != nil {
		return nil, err
	}
	out := struct {
		Schema  string               `json:"schema"`
		Sources []jsonText           `json:"sources"`
		Policy  json.RawMessage      `json:"policy"`
		Origins map[string]jsonPlace `json:"origins"`
	}{MergedSchema, nil, merged.Bytes(), origins}
	for _, source := range p.Sources {
		out.Sources = append(out.Sources, jsonText{source.Name(), source.SHA256})
	}
	if len(out.Sources) == 0 {
		out.Sources = []jsonText{{p.Name, p.SHA256}}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(out)
	return b.Bytes(), err
}

type jsonText struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

type jsonPlace struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// json writes a node, and notes the places of it and of what is in it.
func (s *shown) json(b *bytes.Buffer, n *yaml.Node, pointer string, origins map[string]jsonPlace) error {
	s.note(n, pointer, origins)
	switch n.Kind {
	case yaml.MappingNode:
		b.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			inner := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key.Value)
			s.note(key, inner, origins)
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeText(b, key.Value); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := s.json(b, n.Content[i+1], inner, origins); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := s.json(b, item, fmt.Sprintf("%s/%d", pointer, i), origins); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	default:
		switch n.Tag {
		case "!!int", "!!bool", "!!float":
			b.WriteString(n.Value)
		default:
			return writeText(b, n.Value)
		}
	}
	return nil
}

func (s *shown) note(n *yaml.Node, pointer string, origins map[string]jsonPlace) {
	if at := s.places[n]; at.Line > 0 {
		origins[pointer] = jsonPlace{at.File, at.Line, at.Column}
	}
}

func writeText(b *bytes.Buffer, s string) error {
	text, err := json.Marshal(s)
	b.Write(text)
	return err
}
