// Package actiontest tests the action as its users meet it: action.yml, the
// Dockerfile, the workflows, the native action, and, behind the build tag container, the
// image itself under an emulated GitHub runner. For those tests see scripts/engine-up and
// scripts/base-images.
package actiontest

import (
	"bytes"
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
		"path": "", "sources": "", "policy": "", "stage": "", "fail-on": "", "preflight": "", "base": "", "baseline": "", "baseline-asset": "", "token": "${{ github.token }}", "summary": "true", "annotations": "true", "comment": "false",
		"sarif-file": "", "report-file": "", "attestation-file": "", "resource-uri": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

func TestOutputs(t *testing.T) {
	got := slices.Sorted(maps.Keys(manifest(t).Outputs))
	want := []string{"attestation", "findings", "predicate", "report", "result", "sarif", "subjects", "unapproved"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}

// GitHub's runner passes arguments through a shell's quoting and inputs through
// variables: the arguments are constant, and the image starts by itself. The commit of a
// release names the image by its digest, every other one is built.
func TestRuns(t *testing.T) {
	got := manifest(t).Runs
	if regexp.MustCompile(`^docker://ghcr\.io/codewarrant/codewarrant@sha256:[0-9a-f]{64}$`).MatchString(got.Image) {
		got.Image = "Dockerfile"
	}
	want := runner.Runs{Using: "docker", Image: "Dockerfile", Args: []string{"action"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
}

// The image is built by the toolchain that the programs of a release are built by.
func TestDockerfile(t *testing.T) {
	data := read(t, "Dockerfile")
	toolchain := regexp.MustCompile(`(?m)^toolchain go(\S+)$`).FindStringSubmatch(read(t, "go.mod"))
	if toolchain == nil {
		t.Fatal("go.mod names no toolchain")
	}
	pinned := regexp.MustCompile(`(?m)^ARG GO_IMAGE=golang:(\S+)-bookworm@sha256:[0-9a-f]{64}$`).FindStringSubmatch(data)
	if pinned == nil || pinned[1] != toolchain[1] {
		t.Errorf("the base image is %q, want one pinned by digest with Go %s", pinned, toolchain[1])
	}
	if froms := regexp.MustCompile(`(?m)^FROM .*$`).FindAllString(data, -1); len(froms) != 2 || froms[1] != "FROM scratch" {
		t.Errorf("stages %q, want one that builds and one on nothing", froms)
	}
	if regexp.MustCompile(`(?m)^USER\b`).MatchString(data) {
		t.Error("there is a USER: the outputs of a container action are written by root alone")
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A workflow as far as the tests look at it.
type workflow struct {
	Permissions map[string]string
	Jobs        map[string]struct {
		Permissions map[string]string
		Steps       []struct {
			Uses, Run string
			With      map[string]string
		}
	}
}

// The workflows of this project, and those that its readers copy, pin the same commits of
// the same actions, which their comments name, and give no job more than it says it needs.
func TestWorkflows(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "docs/workflows/*.yml"))
	hidden, errHidden := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	if files = append(files, hidden...); err != nil || errHidden != nil || len(files) < 6 {
		t.Fatalf("workflows: %q, %v, %v", files, err, errHidden)
	}
	inputs, commits := manifest(t).Inputs, map[string]string{}
	pinned := regexp.MustCompile(`^ +(?:- )?uses: ([^@/]+/[^@/]+)(\S*)@([0-9a-f]{40} # v\d+\.\d+\.\d+)$`)
	own := regexp.MustCompile(`^(codewarrant/codewarrant(/native)?@v1|\./)$`)
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
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
			if bytes.Contains(data, []byte("pull_request_target")) {
				t.Error("pull_request_target: what a pull request brings would run with the rights of the branch")
			}
			for name, job := range w.Jobs {
				if job.Permissions == nil {
					t.Errorf("job %s says nothing of its permissions", name)
				}
				for _, step := range job.Steps {
					if strings.Contains(step.Run, "${{") {
						t.Errorf("an expression in a script, where what it holds is commands:\n%s", step.Run)
					}
					if strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] != "false" {
						t.Errorf("job %s: a checkout that leaves the token behind", name)
					}
					if !own.MatchString(step.Uses) {
						continue
					}
					for input := range step.With {
						if _, ok := inputs[input]; !ok {
							t.Errorf("%s has no input %q", step.Uses, input)
						}
					}
				}
			}
			for line := range strings.Lines(string(data)) {
				_, uses, ok := strings.Cut(strings.TrimSpace(line), "uses: ")
				if !ok || own.MatchString(uses) {
					continue
				}
				m := pinned.FindStringSubmatch(strings.TrimRight(line, "\n"))
				if m == nil {
					t.Errorf("%s is not pinned to a commit, with its version in a comment", uses)
				} else if before, ok := commits[m[1]]; ok && before != m[3] {
					t.Errorf("%s is at %s, and elsewhere at %s", m[1], m[3], before)
				} else {
					commits[m[1]] = m[3]
				}
			}
		})
	}
}
