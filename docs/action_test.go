package docs_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// manifest is the part of action.yml that the page repeats.
type manifest struct {
	Inputs  []entry
	Outputs []entry
}

// entry is an input or an output.
type entry struct {
	Name        string
	Description string
	Required    bool
	Default     string
}

// readManifest reads action.yml, keeping the order of the entries.
func readManifest(t *testing.T) manifest {
	t.Helper()
	var file struct{ Inputs, Outputs yaml.Node }
	if err := yaml.Load([]byte(read(t, "../action.yml")), &file); err != nil {
		t.Fatal(err)
	}
	entries := func(n yaml.Node) (list []entry) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			e := entry{Name: n.Content[i].Value}
			if err := n.Content[i+1].Decode(&e); err != nil {
				t.Fatal(err)
			}
			e.Description = strings.ReplaceAll(strings.Join(strings.Fields(e.Description), " "), "|", `\|`)
			list = append(list, e)
		}
		return list
	}
	m := manifest{Inputs: entries(file.Inputs), Outputs: entries(file.Outputs)}
	if len(m.Inputs) == 0 || len(m.Outputs) == 0 {
		t.Fatal("action.yml has no inputs or no outputs")
	}
	return m
}

func (m manifest) hasInput(name string) bool  { return has(m.Inputs, name) }
func (m manifest) hasOutput(name string) bool { return has(m.Outputs, name) }

func has(list []entry, name string) bool {
	for _, e := range list {
		if e.Name == name {
			return true
		}
	}
	return false
}

func TestTablesOfTheActionAreThoseOfItsManifest(t *testing.T) {
	m := readManifest(t)
	var b strings.Builder
	b.WriteString("| input | required | default | what it is |\n| --- | --- | --- | --- |\n")
	for _, in := range m.Inputs {
		required, value := "no", "none"
		if in.Required {
			required = "yes"
		}
		if in.Default != "" {
			value = "`" + in.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", in.Name, required, value, in.Description)
	}
	checkTable(t, "action.md", b.String())
	b.Reset()
	b.WriteString("| output | what it is |\n| --- | --- |\n")
	for _, out := range m.Outputs {
		fmt.Fprintf(&b, "| `%s` | %s |\n", out.Name, out.Description)
	}
	checkTable(t, "action.md", b.String())
}

// The examples use inputs and outputs that there are.
func TestExamplesOfTheActionAreOfItsManifest(t *testing.T) {
	m := readManifest(t)
	output := regexp.MustCompile(`steps\.codewarrant\.outputs\.([a-z-]+)`)
	used := 0
	sources := texts(blocks(t, read(t, "action.md")), "yaml")
	for _, src := range texts(blocks(t, read(t, "recipes.md")), "yaml") {
		if strings.HasPrefix(src, "- ") { // else it is a policy
			sources = append(sources, src)
		}
	}
	for _, src := range sources {
		if strings.HasPrefix(src, "repos:") {
			checkHooks(t, src)
			continue
		}
		if strings.HasPrefix(src, "on:") || strings.HasPrefix(src, "permissions:") {
			var part map[string]map[string]any
			if err := yaml.Load([]byte(src), &part); err != nil {
				t.Errorf("%v in\n%s", err, src)
			}
			continue
		}
		var steps []struct {
			Uses string
			With map[string]string
		}
		if err := yaml.Load([]byte(src), &steps); err != nil {
			t.Fatalf("%v in\n%s", err, src)
		}
		for _, step := range steps {
			if step.Uses != "codewarrant/codewarrant@v1" && step.Uses != "codewarrant/codewarrant/native@v1" {
				continue
			}
			used++
			for name := range step.With {
				if !m.hasInput(name) {
					t.Errorf("there is no input %s in\n%s", name, src)
				}
			}
			if step.With["path"] == "" && step.With["sources"] == "" {
				t.Errorf("neither path nor sources in\n%s", src)
			}
		}
		for _, ref := range output.FindAllStringSubmatch(src, -1) {
			if !m.hasOutput(ref[1]) {
				t.Errorf("there is no output %s in\n%s", ref[1], src)
			}
		}
	}
	if used == 0 {
		t.Error("the page uses the action nowhere")
	}
}

// checkHooks wants the hooks of a pre-commit configuration to be those that there are.
func checkHooks(t *testing.T, config string) {
	t.Helper()
	type hook struct{ ID string }
	var used struct{ Repos []struct{ Hooks []hook } }
	var defined []hook
	if err := yaml.Load([]byte(config), &used); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Load([]byte(read(t, "../.pre-commit-hooks.yaml")), &defined); err != nil {
		t.Fatal(err)
	}
	if len(defined) == 0 || len(used.Repos) != 1 || !slices.Equal(used.Repos[0].Hooks, defined) {
		t.Errorf("the page uses the hooks %v, and there are %v", used.Repos, defined)
	}
}
