// Package actiontest tests the action as its users meet it: action.yml, the
// Dockerfile, the workflows in the docs, and, behind the build tag container, the
// image itself under an emulated GitHub runner. For those tests see
// scripts/engine-up and scripts/base-images.
package actiontest

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/codewarrant/codewarrant/internal/runner"
)

// root is the folder of action.yml.
const root = "../.."

func manifest(t *testing.T) *runner.Manifest {
	t.Helper()
	m, err := runner.ReadManifest(root)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// An input that the policy can also set has no default: the default would win
// over the policy.
func TestDefaults(t *testing.T) {
	got := make(map[string]string)
	for name, in := range manifest(t).Inputs {
		got[name] = in.Default
	}
	want := map[string]string{
		"path": "", "sources": "", "policy": "", "stage": "", "fail-on": "", "preflight": "", "base": "", "token": "${{ github.token }}", "summary": "true", "annotations": "true",
		"sarif-file": "", "report-file": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

func TestOutputs(t *testing.T) {
	got := slices.Sorted(maps.Keys(manifest(t).Outputs))
	want := []string{"findings", "report", "result", "sarif", "unapproved"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}

// GitHub's runner passes arguments through a shell's quoting and inputs through
// variables: the arguments are constant, and the image starts by itself.
func TestRuns(t *testing.T) {
	want := runner.Runs{Using: "docker", Image: "Dockerfile", Args: []string{"action"}}
	if diff := cmp.Diff(want, manifest(t).Runs); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
}

func TestDockerfile(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	pinned := regexp.MustCompile(`(?m)^ARG (GO|BASE)_IMAGE=\S+:\S+@sha256:[0-9a-f]{64}$`)
	if n := len(pinned.FindAll(data, -1)); n != 2 {
		t.Errorf("%d base images are pinned by digest, want 2", n)
	}
	if regexp.MustCompile(`(?m)^USER\b`).Match(data) {
		t.Error("there is a USER: the outputs of a container action are written by root alone")
	}
}

// A workflow as far as the tests look at it.
type workflow struct {
	Permissions map[string]string
	Jobs        map[string]struct {
		Permissions map[string]string
		Steps       []struct {
			Uses string
			With map[string]string
		}
	}
}

func TestWorkflows(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "docs/workflows/*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	inputs := manifest(t).Inputs
	pinned := regexp.MustCompile(`@[0-9a-f]{40}$`)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var w workflow
			if err := yaml.Unmarshal(data, &w); err != nil {
				t.Fatal(err)
			}
			if w.Permissions == nil || len(w.Permissions) > 0 {
				t.Errorf("permissions of the workflow are %v, want none: each job has its own", w.Permissions)
			}
			for name, job := range w.Jobs {
				if job.Permissions == nil {
					t.Errorf("job %s says nothing of its permissions", name)
				}
				for _, step := range job.Steps {
					if !strings.HasPrefix(step.Uses, "codewarrant/codewarrant@") {
						if step.Uses != "" && !pinned.MatchString(step.Uses) {
							t.Errorf("%s is not pinned to a commit", step.Uses)
						}
						continue
					}
					for input := range step.With {
						if _, ok := inputs[input]; !ok {
							t.Errorf("%s has no input %q", step.Uses, input)
						}
					}
				}
			}
		})
	}
}
