package runner

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const testManifest = `
name: Test
description: An action
inputs:
  path:
    description: What to read
    required: true
  summary:
    description: Whether
    default: true
  old:
    description: Gone
    deprecationMessage: use path
outputs:
  result:
    description: pass or fail
runs:
  using: docker
  image: Dockerfile
  args: [action]
`

func TestParseManifest(t *testing.T) {
	got, err := parseManifest([]byte(testManifest))
	if err != nil {
		t.Fatal(err)
	}
	want := &Manifest{
		Name:        "Test",
		Description: "An action",
		Inputs: map[string]Input{
			"path":    {Description: "What to read", Required: "true"},
			"summary": {Description: "Whether", Default: "true"},
			"old":     {Description: "Gone", DeprecationMessage: "use path"},
		},
		Outputs: map[string]Output{"result": {Description: "pass or fail"}},
		Runs:    Runs{Using: "docker", Image: "Dockerfile", Args: []string{"action"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
}

func TestParseManifestRefuses(t *testing.T) {
	tests := []struct{ name, old, new, want string }{
		{"an action of another kind", "using: docker", "using: node24", `runs.using is "node24"`},
		{"an action without an image", "image: Dockerfile", "entrypoint: x", "runs.image is missing"},
		{"an expression", "default: true", "default: ${{ github.actor }}", "expressions are not evaluated"},
		{"a key that is not known", "description: Gone", "describtion: Gone", "describtion"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseManifest([]byte(strings.Replace(testManifest, tt.old, tt.new, 1)))
			if message := text(err); !strings.Contains(message, tt.want) {
				t.Errorf("error %q, want one with %q", message, tt.want)
			}
		})
	}
}

func TestInputs(t *testing.T) {
	m, err := parseManifest([]byte(testManifest))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		given    map[string]string
		want     map[string]string
		warnings []string
	}{
		{
			name: "defaults, and no check of what is required",
			want: map[string]string{"path": "", "summary": "true", "old": ""},
		},
		{
			name:  "names have no case",
			given: map[string]string{"PATH": "a\nb", "Summary": "false"},
			want:  map[string]string{"path": "a\nb", "summary": "false", "old": ""},
		},
		{
			name:  "an input that is not declared is passed on",
			given: map[string]string{"paths": "a", "args": "x", "entryPoint": "y"},
			want:  map[string]string{"path": "", "summary": "true", "old": "", "paths": "a", "args": "x", "entrypoint": "y"},
			warnings: []string{
				"Unexpected input(s) 'paths', valid inputs are ['entryPoint', 'args', 'old', 'path', 'summary']",
			},
		},
		{
			name:     "an input that is deprecated",
			given:    map[string]string{"old": "a"},
			want:     map[string]string{"path": "", "summary": "true", "old": "a"},
			warnings: []string{"Input 'old' has been deprecated with message: use path"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, warnings := m.inputs(tt.given)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.warnings, warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheTokenOfTheJobIsGivenWhereItIsTheDefault(t *testing.T) {
	m, err := parseManifest([]byte(strings.Replace(testManifest, "default: true", "default: ${{ github.token }}", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := m.inputs(nil); got["summary"] != jobToken {
		t.Errorf("the input is %q", got["summary"])
	}
}

func TestRegistryImage(t *testing.T) {
	m := &Manifest{Runs: Runs{Image: "Docker://ghcr.io/a/b@sha256:c"}}
	if name, ok := m.registryImage(); !ok || name != "ghcr.io/a/b@sha256:c" {
		t.Errorf("registryImage() = %q, %t", name, ok)
	}
	m.Runs.Image = "Dockerfile"
	if name, ok := m.registryImage(); ok {
		t.Errorf("registryImage() = %q for a Dockerfile", name)
	}
}
