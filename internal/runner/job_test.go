package runner

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testJob is a job under /work that has no folders.
func testJob() *job {
	return &job{
		pipeline:  "/work/demo",
		workspace: "/work/demo/demo",
		temp:      "/work/_temp",
		commands:  "/work/_temp/_runner_file_commands",
		suffix:    "1",
		event:     "/work/_temp/_github_workflow/event.json",
		name:      "push",
		paths: []mapping{
			{"/work/demo/demo", "/github/workspace"},
			{"/work/_temp/_runner_file_commands", "/github/file_commands"},
			{"/work/_temp/_github_workflow", "/github/workflow"},
			{"/work/_temp/_github_home", "/github/home"},
			{"/work/_temp", "/github/runner_temp"},
		},
	}
}

func TestPaths(t *testing.T) {
	tests := []struct{ name, host, container string }{
		{"the folder itself", "/work/demo/demo", "/github/workspace"},
		{"a file in it", "/work/demo/demo/a", "/github/workspace/a"},
		{"the narrower of two folders", "/work/_temp/_github_home/a", "/github/home/a"},
		{"the wider of two folders", "/work/_temp/a", "/github/runner_temp/a"},
		{"a folder whose name starts alike", "/work/demo/demo2", "/work/demo/demo2"},
		{"a path that is not at the start", "a\n/work/demo/demo", "a\n/work/demo/demo"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			paths := testJob().paths
			if got := toContainer(paths, tt.host); got != tt.container {
				t.Errorf("toContainer(%q) = %q, want %q", tt.host, got, tt.container)
			}
			if got := toHost(paths, tt.container); got != tt.host {
				t.Errorf("toHost(%q) = %q, want %q", tt.container, got, tt.host)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	o := Options{Env: map[string]string{"CI": "no", "HOME": "/home/me", "A": "/work/demo/demo/a", "INPUT_PATH": "lost"}}
	m := &Manifest{Runs: Runs{Env: map[string]string{"A": "lost", "B": "b"}}}
	inputs := map[string]string{"path": "x", "fail-on": "", "two words": "y"}
	env := environment(o, m, inputs, testJob())
	want := map[string]string{
		"A":                   "/github/workspace/a",
		"B":                   "b",
		"CI":                  "no",
		"HOME":                "/github/home",
		"INPUT_PATH":          "x",
		"INPUT_FAIL-ON":       "",
		"INPUT_TWO_WORDS":     "y",
		"GITHUB_ACTIONS":      "true",
		"GITHUB_EVENT_NAME":   "push",
		"GITHUB_EVENT_PATH":   "/github/workflow/event.json",
		"GITHUB_OUTPUT":       "/github/file_commands/set_output_1",
		"GITHUB_STEP_SUMMARY": "/github/file_commands/step_summary_1",
		"GITHUB_WORKSPACE":    "/github/workspace",
		"RUNNER_TEMP":         "/github/runner_temp",
		"RUNNER_WORKSPACE":    "/work/demo",
	}
	got := make(map[string]string)
	for name := range want {
		value, ok := env[name]
		if !ok {
			t.Errorf("%s is not set", name)
		}
		got[name] = value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if _, ok := env["GITHUB_TOKEN"]; ok {
		t.Error("the token is given to an action that was not given it")
	}
}

func TestArguments(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///run/engine.sock")
	o := Options{RunFlags: []string{"--network", "none"}}
	m := &Manifest{Runs: Runs{Args: []string{"action"}}}
	got := o.arguments("image:1", m, nil, map[string]string{"B": "2", "A": "1"}, testJob())
	want := []string{
		"run", "--name", "codewarrant_runner_1", "--label", "codewarrant-runner", "--workdir", "/github/workspace", "--rm",
		"-e", "A", "-e", "B",
		"-v", "/run/engine.sock:/var/run/docker.sock",
		"-v", "/work/_temp:/github/runner_temp",
		"-v", "/work/_temp/_github_home:/github/home",
		"-v", "/work/_temp/_github_workflow:/github/workflow",
		"-v", "/work/_temp/_runner_file_commands:/github/file_commands",
		"-v", "/work/demo/demo:/github/workspace",
		"--network", "none", "image:1", "action",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
}

func TestLayOut(t *testing.T) {
	source, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(source, "a"), []byte("a"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a", filepath.Join(source, "link")); err != nil {
		t.Fatal(err)
	}
	j := testJob()
	j.workspace, j.commands = filepath.Join(dir, "w"), filepath.Join(dir, "c")
	j.event = filepath.Join(dir, "event.json")
	j.paths = []mapping{{host: j.workspace}, {host: j.commands}}
	if err := j.layOut(Options{Workspace: source}); err != nil {
		t.Fatal(err)
	}
	if target, err := os.Readlink(filepath.Join(j.workspace, "link")); target != "a" {
		t.Errorf("the link leads to %q, %v", target, err)
	}
	got, err := filepath.Glob(filepath.Join(j.commands, "*"))
	if err != nil || len(got) != len(fileCommands) {
		t.Errorf("file commands: %q, %v", got, err)
	}
	if event, err := os.ReadFile(j.event); string(event) != pushed {
		t.Errorf("event %q, %v", event, err)
	}
}

func TestNotOwned(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := notOwned(dir, os.Getuid()); len(got) != 0 || err != nil {
		t.Errorf("owned by this user: %q, %v", got, err)
	}
	if got, err := notOwned(dir, os.Getuid()+1); !cmp.Equal(got, []string{".", "a"}) || err != nil {
		t.Errorf("owned by another: %q, %v", got, err)
	}
}
