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

// composite is native/action.yml.
type composite struct {
	Inputs  map[string]runner.Input
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []struct {
			ID, Shell, Run string
			Env            map[string]string
		}
	}
}

func native(t *testing.T) composite {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "native/action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var c composite
	if err := yaml.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	if c.Runs.Using != "composite" || len(c.Runs.Steps) != 1 {
		t.Fatalf("native/action.yml is %s with %d steps, want a composite of one", c.Runs.Using, len(c.Runs.Steps))
	}
	return c
}

func TestNativeActionTakesAndGivesWhatTheContainerDoes(t *testing.T) {
	c, m := native(t), manifest(t)
	if diff := cmp.Diff(m.Inputs, c.Inputs); diff != "" {
		t.Errorf("inputs (-action.yml +native/action.yml):\n%s", diff)
	}
	outputs := map[string]runner.Output{}
	for name, out := range c.Outputs {
		outputs[name] = runner.Output{Description: out.Description}
		if want := "${{ steps.run.outputs." + name + " }}"; out.Value != want {
			t.Errorf("output %s is %s, want %s", name, out.Value, want)
		}
	}
	if diff := cmp.Diff(m.Outputs, outputs); diff != "" {
		t.Errorf("outputs (-action.yml +native/action.yml):\n%s", diff)
	}
}

// The expressions of a script are put into it before a shell reads it: an input there would
// be commands. In the environment it is text.
func TestInputsOfTheNativeActionAreNotCommands(t *testing.T) {
	c := native(t)
	step := c.Runs.Steps[0]
	if strings.Contains(step.Run, "${{") {
		t.Errorf("an expression in the script: %s", step.Run)
	}
	want := map[string]string{}
	for name := range c.Inputs {
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(name) {
			t.Errorf("input %s: run.sh gives back one hyphen for each _", name)
		}
		// run.sh gives names with hyphens to env(1), whose arguments all users see.
		if strings.Contains(name, "token") && strings.Contains(name, "-") {
			t.Errorf("input %s: a secret may not have a hyphen in its name", name)
		}
		want[variable(name)] = "${{ inputs." + name + " }}"
	}
	if diff := cmp.Diff(want, step.Env); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

// variable is what native/action.yml calls an input.
func variable(input string) string {
	return "INPUT_" + strings.ToUpper(strings.ReplaceAll(input, "-", "_"))
}

// The list is that of one release, of all platforms, or empty.
func TestChecksums(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "native/checksums.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 0 {
		checkChecksums(t, string(data))
	}
}

func checkChecksums(t *testing.T, list string) {
	t.Helper()
	form := regexp.MustCompile(`^[0-9a-f]{64}  codewarrant_(v[0-9]\S*?)_([a-z]+_[a-z0-9]+)(\.exe)?\n$`)
	versions, platforms := map[string]bool{}, []string{}
	for line := range strings.Lines(list) {
		m := form.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("a line of checksums: %q", line)
		}
		versions[m[1]] = true
		platforms = append(platforms, m[2]+m[3])
	}
	want := []string{"darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64", "windows_amd64.exe", "windows_arm64.exe"}
	if diff := cmp.Diff(want, platforms); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
	if len(versions) != 1 {
		t.Errorf("versions %q, want one", slices.Sorted(maps.Keys(versions)))
	}
}
