package docs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// The parts of the schema that have a section of their own, in this order, and what they are called.
var schemaParts = [][2]string{
	{"", "The policy"},
	{"settings", "Settings"},
	{"approvals", "Approvals"},
	{"stage", "A stage"},
	{"group", "A group of binaries"},
	{"groupStage", "A stage of a group"},
	{"rule", "A rule"},
	{"exception", "An exception"},
	{"scope", "A scope"},
	{"renewal", "A renewal"},
	{"reference", "A policy that is extended"},
}

// schemaWords say in words what a pattern of the schema takes.
var schemaWords = map[string]string{
	"date": "a day, such as `2027-04-30`", "optionalDate": "a day, such as `2027-04-30`, or empty", "optionalText": "text, or empty",
	"exactWord": "text", "word": "text", "hex40": "40 hexadecimal digits", "lifetime": "days from `1d` to `3650d`",
	"key": "a whole key", "pattern": "a key, or a glob with `*`", "path": "a glob", "match": "a pattern with `*`",
	"versionRange": "a range, such as `>=3.2 <4`", "value": "any value", "runtimeVersion": "a version, such as `13.0`",
}

const referenceHead = `# Reference of the policy

Every key of a policy, with what it takes. It is made from [the schema](../schema/policy.v1.schema.json), which editors use, and
which tests hold to the parser. [The policy](policy.md) says how the parts work together, with examples.

Where a list is meant, a single value may stand for a list of one, where this says so.
`

// schema is the schema of policies, in the order that it is written in.
type schema struct {
	t    *testing.T
	root *yaml.Node
}

// get returns what a mapping has under a key, nil for nothing.
func get(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n != nil && n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// scalar returns what stands under a key, empty for none.
func scalar(n *yaml.Node, key string) string {
	if v := get(n, key); v != nil {
		return v.Value
	}
	return ""
}

func (s schema) part(name string) *yaml.Node {
	if name == "" {
		return s.root
	}
	return get(get(s.root, "$defs"), name)
}

// values says what a part of the schema takes.
func (s schema) values(n *yaml.Node) string {
	s.t.Helper()
	if ref, ok := strings.CutPrefix(scalar(n, "$ref"), "#/$defs/"); ok {
		if words := schemaWords[ref]; words != "" {
			return words
		}
		if i := slices.IndexFunc(schemaParts, func(p [2]string) bool { return p[0] == ref }); i >= 0 {
			title := strings.ToLower(schemaParts[i][1])
			return fmt.Sprintf("[%s](#%s)", title, strings.ReplaceAll(title, " ", "-"))
		}
		return s.values(s.part(ref))
	}
	switch one := s.oneOrList(n); {
	case one != nil:
		return s.values(one) + "; or a list"
	case get(n, "anyOf") != nil:
		var list []string
		for _, v := range get(n, "anyOf").Content {
			list = append(list, s.values(v))
		}
		return strings.Join(slices.Compact(list), "; or ")
	case get(n, "const") != nil:
		return "`" + scalar(n, "const") + "`"
	case get(n, "enum") != nil:
		var list []string
		for _, v := range get(n, "enum").Content {
			if v.Value == "" || v.Tag == "!!null" {
				list = append(list, "empty")
			} else {
				list = append(list, "`"+v.Value+"`")
			}
		}
		list = slices.Compact(list)
		return strings.Join(list, ", ")
	case get(n, "items") != nil:
		return "a list of: " + s.values(get(n, "items"))
	case get(n, "additionalProperties") != nil && get(n, "additionalProperties").Kind == yaml.MappingNode:
		return "by name: " + s.values(get(n, "additionalProperties"))
	case scalar(n, "type") == "boolean":
		return "`true`, `false`"
	case scalar(n, "type") == "integer":
		return fmt.Sprintf("a whole number from %s to %s", scalar(n, "minimum"), scalar(n, "maximum"))
	}
	if examples := get(n, "examples"); examples != nil && examples.Content[0].Kind == yaml.ScalarNode {
		return "text, such as `" + examples.Content[0].Value + "`"
	}
	return "text"
}

// oneOrList returns what may stand alone for a list of one, nil where nothing may.
func (s schema) oneOrList(n *yaml.Node) *yaml.Node {
	either := get(n, "anyOf")
	if either == nil || len(either.Content) != 2 || get(either.Content[1], "items") == nil {
		return nil
	}
	return either.Content[0]
}

// section writes the keys of a part of the schema as a table.
func (s schema) section(b *strings.Builder, n *yaml.Node) {
	var required []string
	if list := get(n, "required"); list != nil {
		for _, v := range list.Content {
			required = append(required, v.Value)
		}
	}
	b.WriteString("| key | required | what | values | default |\n| --- | --- | --- | --- | --- |\n")
	keys := get(n, "properties").Content
	for i := 0; i < len(keys); i += 2 {
		name, about := keys[i].Value, keys[i+1]
		must := "no"
		if slices.Contains(required, name) {
			must = "yes"
		}
		byDefault := ""
		if v := scalar(about, "default"); v != "" {
			byDefault = "`" + v + "`"
		}
		what := strings.TrimSuffix(scalar(about, "title"), ".")
		if !strings.HasSuffix(what, "?") {
			what += "."
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", name, must, cell(what+" "+scalar(about, "description")), cell(s.values(about)), byDefault)
	}
}

func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

// The reference is what the schema says.
func TestReferenceOfThePolicyIsItsSchema(t *testing.T) {
	var doc yaml.Node
	if err := yaml.Load([]byte(read(t, "../schema/policy.v1.schema.json")), &doc); err != nil {
		t.Fatal(err)
	}
	root := &doc
	if doc.Kind == yaml.DocumentNode {
		root = doc.Content[0]
	}
	s := schema{t, root}
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, p := range schemaParts {
		n := s.part(p[0])
		b.WriteString("\n## " + p[1] + "\n\n")
		if p[0] == "reference" { // one of three
			forms := get(n, "anyOf").Content
			fmt.Fprintf(&b, "A preset (%s), the path of a file beside the policy or below it, or a mapping for a file of a repository:\n\n", s.values(forms[0]))
			n = forms[2]
		}
		s.section(&b, n)
	}
	if *update {
		write(t, "policy-reference.md", b.String())
	} else if diff := cmp.Diff(b.String(), read(t, "policy-reference.md")); diff != "" {
		t.Errorf("(-schema +page):\n%s", diff)
	}
	defs := get(s.root, "$defs").Content
	for i := 0; i < len(defs); i += 2 {
		name := defs[i].Value
		isTold := slices.ContainsFunc(schemaParts, func(p [2]string) bool { return p[0] == name })
		if scalar(defs[i+1], "type") == "object" && get(defs[i+1], "properties") != nil && !isTold {
			t.Errorf("%s has no section", name)
		}
	}
}
