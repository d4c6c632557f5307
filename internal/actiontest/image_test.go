//go:build container

package actiontest

import (
	"os/exec"
	"strings"
	"testing"
)

func docker(t *testing.T, args ...string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", args...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func TestImageRunsOutOfNothing(t *testing.T) {
	out, err := docker(t, "run", "--rm", "--network", "none", "--read-only", "--cap-drop", "ALL", built.image, "version")
	if err != nil || !strings.HasPrefix(out, "codewarrant") {
		t.Errorf("codewarrant version: %v\n%s", err, out)
	}
}

func TestImageHasNoShell(t *testing.T) {
	for _, shell := range []string{"/bin/sh", "/busybox/sh", "/bin/bash"} {
		if out, err := docker(t, "run", "--rm", "--entrypoint", shell, built.image, "-c", "exit 0"); err == nil {
			t.Errorf("%s is in the image: %s", shell, out)
		}
	}
}

func TestImageRunsAsRoot(t *testing.T) {
	if out, err := docker(t, "image", "inspect", "--format", "{{.Config.User}}", built.image); err != nil || out != "" {
		t.Errorf("the image's user is %q, %v: GitHub requires root", out, err)
	}
}
