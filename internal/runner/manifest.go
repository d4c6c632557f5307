package runner

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Manifest is an action.yml, as far as a container action uses it.
// https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax
type Manifest struct {
	Name        string            `yaml:"name"`
	Description string            `yaml:"description"`
	Author      string            `yaml:"author"`
	Branding    map[string]string `yaml:"branding"`
	Inputs      map[string]Input  `yaml:"inputs"`
	Outputs     map[string]Output `yaml:"outputs"`
	Runs        Runs              `yaml:"runs"`
}

// Input is one of the action's inputs.
type Input struct {
	Description        string `yaml:"description"`
	Required           string `yaml:"required"` // the runner does not enforce it
	Default            string `yaml:"default"`
	DeprecationMessage string `yaml:"deprecationMessage"`
}

// Output is one of the action's outputs.
type Output struct {
	Description string `yaml:"description"`
}

// Runs says how the action starts.
type Runs struct {
	Using      string            `yaml:"using"`
	Image      string            `yaml:"image"`
	Entrypoint string            `yaml:"entrypoint"`
	Args       []string          `yaml:"args"`
	Env        map[string]string `yaml:"env"`
}

// ReadManifest reads the action.yml, or else the action.yaml, of a folder. A key
// that is not known here is an error, and so is an expression other than that of the
// job's token.
func ReadManifest(dir string) (*Manifest, error) {
	name := filepath.Join(dir, "action.yml")
	data, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		name = filepath.Join(dir, "action.yaml")
		data, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, err
	}
	m, err := parseManifest(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

func parseManifest(data []byte) (*Manifest, error) {
	if bytes.Contains(bytes.ReplaceAll(data, []byte(tokenExpression), nil), []byte("${{")) {
		return nil, fmt.Errorf("expressions are not evaluated here")
	}
	var m Manifest
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&m); err != nil {
		return nil, err
	}
	if !strings.EqualFold(m.Runs.Using, "docker") {
		return nil, fmt.Errorf("runs.using is %q, and only docker is run here", m.Runs.Using)
	}
	if m.Runs.Image == "" {
		return nil, fmt.Errorf("runs.image is missing")
	}
	return &m, nil
}

// registryImage returns the image's name when it is not built from a Dockerfile.
func (m *Manifest) registryImage() (string, bool) {
	const scheme = "docker://"
	if len(m.Runs.Image) < len(scheme) || !strings.EqualFold(m.Runs.Image[:len(scheme)], scheme) {
		return "", false
	}
	return m.Runs.Image[len(scheme):], true
}

// inputs returns the values of all inputs, the defaults filled in, and the
// runner's warnings about them (ActionRunner.cs). Names differ in case only at
// the user's whim: an input is the same in any case.
func (m *Manifest) inputs(given map[string]string) (values map[string]string, warnings []string) {
	values = make(map[string]string)
	declared := make(map[string]Input)
	for name, in := range m.Inputs {
		values[strings.ToLower(name)] = strings.ReplaceAll(in.Default, tokenExpression, jobToken)
		declared[strings.ToLower(name)] = in
	}
	var unexpected []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		key := strings.ToLower(name)
		values[key] = given[name]
		in, ok := declared[key]
		switch {
		case !ok && key != "args" && key != "entrypoint":
			unexpected = append(unexpected, name)
		case in.DeprecationMessage != "":
			warnings = append(warnings, fmt.Sprintf("Input '%s' has been deprecated with message: %s", name, in.DeprecationMessage))
		}
	}
	if len(unexpected) > 0 {
		valid := append([]string{"entryPoint", "args"}, slices.Sorted(maps.Keys(m.Inputs))...)
		warnings = append(warnings, fmt.Sprintf("Unexpected input(s) '%s', valid inputs are ['%s']",
			strings.Join(unexpected, "', '"), strings.Join(valid, "', '")))
	}
	return values, warnings
}
