//go:build container

package actiontest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// The image has one program, the certificates, and a place to unpack into, and no more than
// docs/performance.md says.
func TestImageIsSmall(t *testing.T) {
	const most = 15_000_000 // bytes, unpacked
	out, err := docker(t, "image", "inspect", "--format", "{{.Size}}", built.image)
	if err != nil {
		t.Fatal(out, err)
	}
	if size, err := strconv.Atoi(out); err != nil || size >= most {
		t.Errorf("the image has %s bytes, %v, want less than %d", out, err, most)
	}
	got := strings.Fields(inImage(t, "tar -t | grep -v /$"))
	var others []string
	for _, name := range got {
		// What the engine puts into every container.
		if !regexp.MustCompile(`^(\.dockerenv|dev/console|etc/(hostname|hosts|mtab|resolv\.conf))$`).MatchString(name) {
			others = append(others, name)
		}
	}
	if diff := cmp.Diff([]string{"codewarrant", "etc/ssl/certs/ca-certificates.crt"}, others); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if out := inImage(t, "tar -tv tmp"); !strings.HasPrefix(out, "drwxrwxrwt") {
		t.Errorf("/tmp is %s, and has to be everybody's", out)
	}
}

// The program of the image is that of a release: the same source, flags and toolchain make it.
func TestImageHasTheProgramOfARelease(t *testing.T) {
	name := filepath.Join(t.TempDir(), "codewarrant")
	cmd := exec.CommandContext(t.Context(), "scripts/program", name)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := inImage(t, "tar -xO codewarrant"); got != string(want) {
		t.Errorf("the image has a program of %d bytes, and the release one of %d that is not the same", len(got), len(want))
	}
}

// inImage gives the files of the image, as a tar, to a script; nothing of the image runs.
func inImage(t *testing.T, script string) string {
	t.Helper()
	id, err := docker(t, "create", built.image)
	if err != nil {
		t.Fatal(id, err)
	}
	defer docker(t, "rm", id)
	out, err := exec.CommandContext(t.Context(), "bash", "-o", "pipefail", "-c", "docker export "+id+" | "+script).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
