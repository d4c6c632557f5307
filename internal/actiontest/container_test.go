//go:build container

package actiontest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/runner"
)

// built is what TestMain builds: the image of the action, and the same program
// for this machine.
var built struct{ image, program string }

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "actiontest")
	if err == nil {
		err = build(context.Background(), dir)
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, "actiontest:", err)
	} else {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// build builds the image and the program. The `docker build` flags that stand in
// for a registry come from IMAGE_BUILD_FLAGS (scripts/base-images prints them).
func build(ctx context.Context, dir string) error {
	if out, err := exec.CommandContext(ctx, "docker", "info").CombinedOutput(); err != nil {
		return fmt.Errorf("no container engine (scripts/engine-up starts one): %w\n%s", err, out)
	}
	built.image = "codewarrant:actiontest"
	flags := strings.Fields(os.Getenv("IMAGE_BUILD_FLAGS"))
	if err := runner.Build(ctx, "", filepath.Join(root, "Dockerfile"), built.image, flags...); err != nil {
		return err
	}
	built.program = filepath.Join(dir, "codewarrant")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", built.program, ".")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return nil
}

// act runs the action on a workspace, with no network and nothing of the image
// that can be written to: it needs neither.
func act(t *testing.T, f files, inputs map[string]string) *runner.Result {
	t.Helper()
	r, err := runner.Run(t.Context(), runner.Options{
		Action:    root,
		Workspace: f.write(t),
		Inputs:    inputs,
		Image:     built.image,
		RunFlags:  []string{"--network", "none", "--read-only"},
		Dir:       t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("exit %d, log:\n%s", r.Exit, r.Log)
		}
	})
	return r
}

// command runs the program on this machine, in a folder.
func command(t *testing.T, dir string, args ...string) (stdout string, exit int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), built.program, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")} // and nothing of a job that these tests run in
	var errors strings.Builder
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%q: exit %d, standard error:\n%s", args, cmd.ProcessState.ExitCode(), errors.String())
		}
	})
	return string(out), cmd.ProcessState.ExitCode()
}
