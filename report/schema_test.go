package report

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/runner"
)

// published is where the schemas are, as they name one another.
const published = "https://raw.githubusercontent.com/codewarrant/codewarrant/main/schema/"

// compile reads a JSON Schema.
func compile(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, name := range []string{"policy.v1.schema.json", "report.v1.schema.json"} {
		if err := c.AddResource(published+name, readJSON(t, "../schema/"+name)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// decode writes a report and reads it as JSON.
func decode(t *testing.T, r *check.Report, write func(io.Writer, *check.Report, string) error) any {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, r, "1.0.0"); err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestJSONIsWhatItsSchemaSays(t *testing.T) {
	s := compile(t, "../schema/report.v1.schema.json")
	written := map[string]bool{}
	for name, r := range reports(t) {
		v := decode(t, r, JSON)
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		keys(v, func(key string) { written[key] = true })
	}
	// And the other way round: every field of the schema is written by some report.
	schema := readJSON(t, "../schema/report.v1.schema.json")
	for _, p := range properties(t, schema) {
		if !written[p] {
			t.Errorf("the schema has the property %s, which no report of the tests has", p)
		}
	}
}

func TestJSONPrintedInAJobHasNoCommands(t *testing.T) {
	for _, f := range formats {
		if f.suffix != "json" && f.suffix != "sarif" {
			continue
		}
		var b bytes.Buffer
		if err := f.write(&b, hostile(t)); err != nil {
			t.Fatal(err)
		}
		if got := runner.Annotations(b.String()); len(got) > 0 || strings.Contains(b.String(), "##[") {
			t.Errorf("%s: the runner finds %v", f.suffix, got)
		}
	}
}

func TestJSONSchemaDescribesEveryField(t *testing.T) {
	walk(readJSON(t, "../schema/report.v1.schema.json"), func(o map[string]any) {
		p, ok := o["properties"].(map[string]any)
		if !ok {
			return
		}
		if o["additionalProperties"] != false {
			t.Errorf("additional properties are allowed beside %v", p)
		}
		for name, field := range p {
			if d, _ := field.(map[string]any)["description"].(string); !strings.HasSuffix(d, ".") {
				t.Errorf("%s: description %q is not a sentence", name, d)
			}
		}
	})
}

// asValue reads what is written as JSON.
func asValue(t *testing.T, write func(io.Writer) error) any {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// holds holds values to a schema, and the schema to the values: each of its properties
// is in one of them, is described, and no others are allowed.
func holds(t *testing.T, file string, values ...any) {
	t.Helper()
	s := compile(t, file)
	written := map[string]bool{}
	for _, v := range values {
		if err := s.Validate(v); err != nil {
			t.Error(err)
		}
		keys(v, func(key string) { written[key] = true })
	}
	walk(readJSON(t, file), func(o map[string]any) {
		fields, _ := o["properties"].(map[string]any)
		for name, field := range fields {
			if d, _ := field.(map[string]any)["description"].(string); !strings.HasSuffix(d, ".") || !written[name] {
				t.Errorf("%s: written %v, description %q", name, written[name], d)
			}
		}
		if fields != nil && o["additionalProperties"] != false {
			t.Errorf("additional properties are allowed beside %v", fields)
		}
	})
}

func readJSON(t *testing.T, file string) any {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// walk calls f for each object in v.
func walk(v any, f func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		f(v)
		for _, e := range v {
			walk(e, f)
		}
	case []any:
		for _, e := range v {
			walk(e, f)
		}
	}
}

// keys calls f for each key of each object in v.
func keys(v any, f func(string)) {
	walk(v, func(o map[string]any) {
		for k := range o {
			f(k)
		}
	})
}

// properties returns the names of all properties that a schema defines.
func properties(t *testing.T, schema any) []string {
	var list []string
	walk(schema, func(o map[string]any) {
		if p, ok := o["properties"].(map[string]any); ok {
			for name := range p {
				list = append(list, name)
			}
		}
	})
	if slices.Sort(list); len(list) < 50 {
		t.Fatalf("the schema defines %d properties", len(list))
	}
	return slices.Compact(list)
}
