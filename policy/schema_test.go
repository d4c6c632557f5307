package policy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/codewarrant/codewarrant/policy"
)

const schemaFile = "../schema/policy.v1.schema.json"

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What the parser takes the schema takes too, so that no editor marks a policy that is
// right: the presets, the policies of the tests and of the documentation.
func TestSchemaTakesWhatTheParserTakes(t *testing.T) {
	s := schema(t)
	documents := map[string]string{}
	for _, pattern := range []string{"presets/*.yml", "../testdata/policy/*.yml", "../testdata/policy/fmt/*"} {
		for _, file := range glob(t, pattern) {
			documents[file] = string(read(t, file))
		}
	}
	block := regexp.MustCompile("(?ms)^```yaml[^\n]*\n(.*?)^```")
	for _, page := range append(glob(t, "../docs/*.md"), glob(t, "../docs/*/*.md")...) {
		for i, m := range block.FindAllSubmatch(read(t, page), -1) {
			documents[fmt.Sprintf("%s, block %d", page, i+1)] = string(m[1])
		}
	}
	taken := 0
	for name, src := range documents {
		if _, err := policy.Parse(name, []byte(src)); err != nil {
			continue
		}
		taken++
		if err := s.Validate(asJSON(t, src)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if taken < 12 {
		t.Errorf("only %d policies were found", taken)
	}
}

// unseen are the mistakes of testdata/policy/err that the schema lets pass, and why.
var unseen = map[string]string{
	"alias":                  "an editor gives it what the alias stands for",
	"tag":                    "an editor gives it the value without its tag",
	"duplicate-key":          "in JSON a key is there once; editors tell of a second one themselves",
	"duplicate-stage":        "in JSON a key is there once; editors tell of a second one themselves",
	"duplicate-exception-id": "it compares no two places",
	"group-contradiction":    "it compares no two places",
	"group-undefined":        "it compares no two places",
	"group-unknown":          "it compares no two places",
	"second-document":        "an editor gives it one document after the other",
	"glob-wildcards":         "it counts no characters of a kind",
	"escaped-control":        "the patterns are about what people write, not about what hides",
	"hidden-line-break":      "the patterns are about what people write, not about what hides",
	"reordered-text":         "the patterns are about what people write, not about what hides",
	"value-ambiguous":        "it sees what an editor read, not how it was written",
	"version-decimal":        "in JSON 1.0 and 1 are one number",
	"runtime-version":        "in JSON 13.0 and 13 are one number",
	"utf-16":                 "it sees what an editor read, not how it was written",
	"versions-none":          "it compares no numbers in text",
}

func TestSchemaRefusesWhatTheParserRefuses(t *testing.T) {
	s := schema(t)
	seen := 0
	for _, file := range glob(t, "../testdata/policy/err/*.yml") {
		name := strings.TrimSuffix(filepath.Base(file), ".yml")
		var root yaml.Node
		if yaml.Unmarshal(read(t, file), &root) != nil || len(root.Content) == 0 {
			continue // an editor tells what is no YAML
		}
		err := s.Validate(asJSON(t, string(read(t, file))))
		switch reason, ok := unseen[name]; {
		case err == nil && !ok:
			t.Errorf("%s: the schema takes it, and nothing says why", name)
		case err != nil && ok:
			t.Errorf("%s: the schema sees it, though %s", name, reason)
		case err != nil:
			seen++
		}
	}
	if seen < 50 {
		t.Errorf("only %d mistakes are seen", seen)
	}
	for name := range unseen {
		if _, err := os.Stat("../testdata/policy/err/" + name + ".yml"); err != nil {
			t.Error(err)
		}
	}
}

// Each value of a policy that has every key is taken away, misspelt or replaced by
// one of another type: both take what comes out, or neither does.
func TestSchemaAndParserAgreeOnMutations(t *testing.T) {
	s := schema(t)
	root := asJSON(t, string(read(t, "../testdata/policy/full.yml")))
	agreed := map[bool]int{}
	mutate(root, root, "", func(path string) {
		src, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		_, parsed := policy.Parse("test.yml", src)
		valid := s.Validate(asJSON(t, string(src)))
		if (parsed == nil) != (valid == nil) && !blind(path) {
			t.Errorf("%s: the parser says %v, the schema %v", path, parsed, valid)
		}
		agreed[parsed == nil]++
	})
	if agreed[true] < 100 || agreed[false] < 500 {
		t.Errorf("%d mutations were taken and %d refused", agreed[true], agreed[false])
	}
}

// blind reports whether a mutation is one that the schema cannot see.
func blind(path string) bool {
	return strings.HasSuffix(path, "/min-runtime-version is 42") // which is also 42.0
}

// mutate changes what is below v in the document in each way, calls try, and changes
// it back.
func mutate(root, v any, path string, try func(path string)) {
	set := func(at string, put func(any), old any) {
		for _, other := range []any{nil, true, 42, "text", "", []any{}, map[string]any{}, []any{7}, map[string]any{"a": 1}, []any{nil}} {
			put(other)
			try(fmt.Sprintf("%s is %#v", at, other))
		}
		put(old)
		mutate(root, old, at, try)
	}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			old, at := v[key], path+"/"+key
			set(at, func(other any) { v[key] = other }, old)
			delete(v, key)
			try(at + " is missing")
			v[key+"x"] = old
			try(at + " is misspelt")
			delete(v, key+"x")
			v[key] = old
		}
	case []any:
		for i, old := range v {
			set(fmt.Sprintf("%s/%d", path, i), func(other any) { v[i] = other }, old)
		}
	}
}

// asJSON returns a YAML document as an editor gives it to a schema: numbers and null
// as YAML 1.2 has them, dates as text.
func asJSON(t *testing.T, src string) any {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(src), &root); err != nil {
		t.Fatalf("%v in\n%s", err, src)
	}
	return jsonOf(root.Content[0])
}

func jsonOf(n *yaml.Node) any {
	switch n.Kind {
	case yaml.AliasNode:
		return jsonOf(n.Alias)
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = jsonOf(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			list[i] = jsonOf(item)
		}
		return list
	}
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return f
		}
	}
	return n.Value
}

// places are where the schema has what the parser calls so.
var places = map[string]string{
	"the policy": "", "extends": "/$defs/reference/anyOf/2", "settings": "/$defs/settings", "approvals": "/$defs/approvals",
	"a stage": "/$defs/stage", "a group": "/$defs/group", "a stage of a group": "/$defs/groupStage", "a rule": "/$defs/rule",
	"an exception": "/$defs/exception", "applies-to": "/$defs/scope", "a renewal": "/$defs/renewal",
}

func TestSchemaHasTheKeysOfTheParser(t *testing.T) {
	// Errors about unknown keys list the valid ones, and others tell what is missing.
	_, err := policy.Parse("x", []byte(`{x: 1, extends: {x: 1}, settings: {x: 1}, approvals: {x: 1}, stages: {a: {x: 1}},
binaries: {a: {x: 1, stages: {a: {x: 1}}}}, rules: [{x: 1}], exceptions: [{x: 1, applies-to: {x: 1}, renewals: [{x: 1}]}]}`))
	var errs policy.Errors
	if !errors.As(err, &errs) {
		t.Fatal(err)
	}
	unknown := regexp.MustCompile(`^unknown key "x" in (.+)$`)
	missing := regexp.MustCompile(`^(.+) has no ([a-z-]+)$`)
	keys, required := map[string][]string{}, map[string][]string{}
	for _, e := range errs {
		if m := unknown.FindStringSubmatch(e.Message); m != nil {
			_, list, _ := strings.Cut(e.Hint, "valid: ")
			keys[m[1]] = sorted(strings.Split(list, ", "))
		} else if m := missing.FindStringSubmatch(e.Message); m != nil {
			required[m[1]] = sorted(append(required[m[1]], m[2]))
		}
	}
	// An exception of the test has applies-to, which is required all the same.
	required["an exception"] = sorted(append(required["an exception"], "applies-to"))
	gotKeys, gotRequired := map[string][]string{}, map[string][]string{}
	for what, at := range places {
		object := pointer(t, at).(map[string]any)
		gotKeys[what] = slices.Sorted(maps.Keys(object["properties"].(map[string]any)))
		if list, ok := object["required"].([]any); ok {
			gotRequired[what] = sorted(texts(list))
		}
		if object["additionalProperties"] != false {
			t.Errorf("%s may have other keys", what)
		}
	}
	if diff := cmp.Diff(keys, gotKeys); diff != "" {
		t.Errorf("keys (-parser +schema):\n%s", diff)
	}
	if diff := cmp.Diff(required, gotRequired); diff != "" {
		t.Errorf("required keys (-parser +schema):\n%s", diff)
	}
}

func TestSchemaHasTheWordsOfTheParser(t *testing.T) {
	for _, tt := range []struct{ at, src string }{
		{"/$defs/action", "settings: {unlisted: x}"},
		{"/$defs/action", "rules: [{entitlement: a, action: x}]"},
		{"/$defs/level", "settings: {unused-exceptions: x}"},
		{"/$defs/level", "settings: {opaque-payloads: x}"},
		{"/$defs/level", "rules: [{entitlement: a, action: deny, level: x}]"},
		{"/$defs/settings/properties/fail-on", "settings: {fail-on: x}"},
		{"/$defs/rule/properties/evidence", "rules: [{entitlement: a, action: require-justification, evidence: x}]"},
		{"/$defs/way", "approvals: {accept: x}"},
		{"/$defs/category", "rules: [{entitlement: a, action: require-justification, categories: x}]"},
		{"/$defs/category", "exceptions: [{id: a, entitlement: a, applies-to: {arch: arm64}, category: x}]"},
		{"/$defs/requirement", "stages: {a: {require: x}}"},
		{"/$defs/requirement", "stages: {a: {}}\nbinaries: {g: {arch: arm64, stages: {a: {require: x}}}}"},
		{"/$defs/type", "binaries: {a: {type: x}}"},
		{"/$defs/bundleKind", "binaries: {a: {bundle-kind: x}}"},
		{"/$defs/reference/anyOf/0", "extends: preset:x"},
	} {
		_, err := policy.Parse("x", []byte("version: 1\n"+tt.src))
		var errs policy.Errors
		if !errors.As(err, &errs) || len(errs) != 1 {
			t.Errorf("%s: %v", tt.src, err)
			continue
		}
		_, list, _ := strings.Cut(errs[0].Hint, "valid: ")
		got := texts(pointer(t, tt.at).(map[string]any)["enum"].([]any))
		if diff := cmp.Diff(strings.Split(list, ", "), got); diff != "" {
			t.Errorf("%s for %s (-parser +schema):\n%s", tt.at, tt.src, diff)
		}
	}
}

func TestSchemaExplainsEachKeyAndHasTheDefaults(t *testing.T) {
	for what, at := range places {
		for key, v := range pointer(t, at+"/properties").(map[string]any) {
			property := v.(map[string]any)
			for _, text := range []string{"title", "description"} {
				if s, ok := property[text].(string); !ok || s == "" {
					t.Errorf("%s of %s has no %s", key, what, text)
				}
			}
		}
	}
	s := parse(t, "version: 1").Settings
	want := map[string]any{
		"unlisted": string(s.Unlisted), "min-justification": float64(s.MinJustification), "overridable": s.Overridable,
		"max-lifetime": fmt.Sprintf("%dd", s.MaxLifetime), "warn-before-expiry": fmt.Sprintf("%dd", s.WarnBeforeExpiry),
		"unused-exceptions": string(s.UnusedExceptions), "opaque-payloads": string(s.OpaquePayloads), "fail-on": string(s.FailOn),
	}
	got := map[string]any{}
	for key, v := range pointer(t, "/$defs/settings/properties").(map[string]any) {
		got[key] = v.(map[string]any)["default"]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-parser +schema):\n%s", diff)
	}
}

// pointer returns what is at a place of the schema.
func pointer(t *testing.T, at string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(read(t, schemaFile), &v); err != nil {
		t.Fatal(err)
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(at, "/"), "/") {
		switch parent := v.(type) {
		case map[string]any:
			if part != "" {
				v = parent[part]
			}
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(parent) {
				t.Fatalf("the schema has nothing at %s", at)
			}
			v = parent[i]
		}
	}
	if v == nil {
		t.Fatalf("the schema has nothing at %s", at)
	}
	return v
}

func texts(list []any) []string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = fmt.Sprint(v)
	}
	return words
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
