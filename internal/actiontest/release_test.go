//go:build unix

package actiontest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/runner"
)

// The commit of a release names its programs and its image, and is held against them.
func TestReleaseCommit(t *testing.T) {
	const image = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	tree := files{"action.yml": read(t, "action.yml"), "native/checksums.txt": "", "scripts/release": read(t, "scripts/release")}
	sums := ""
	for _, name := range []string{"darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64", "windows_amd64.exe", "windows_arm64.exe"} {
		name = "codewarrant_v1.2.3_" + name
		tree["dist/"+name] = "the program " + name
		sums += fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(tree["dist/"+name])), name)
	}
	tree["dist/SHA256SUMS"] = sums
	dir := tree.write(t)
	run := func(want int, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "bash", append([]string{filepath.Join(dir, "scripts/release")}, args...)...)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Errorf("release %q: exit %d, want %d\n%s", args, got, want, out)
		}
	}
	run(2)
	run(2, "verify", "1.2.3")
	run(2, "pin", "v1.2.3", "sha256:abc")
	run(2, "pin", "v1.2.4", image) // another version than dist/ has
	run(2, "verify", "v1.2.3")     // nothing is pinned
	run(0, "pin", "v1.2.3", image)
	run(0, "verify", "v1.2.3")
	run(2, "verify", "v1.2.4")
	m, err := runner.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := "docker://ghcr.io/codewarrant/codewarrant@" + image; m.Runs.Image != want {
		t.Errorf("the image is %s, want %s", m.Runs.Image, want)
	}
	list, err := os.ReadFile(filepath.Join(dir, "native/checksums.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if string(list) != sums {
		t.Errorf("the checksums are\n%s, want\n%s", list, sums)
	}
	checkChecksums(t, string(list))
	// A second release goes over the first.
	run(0, "pin", "v1.2.3", strings.Replace(image, "0", "f", 1))
	run(0, "verify", "v1.2.3")
	if err := os.WriteFile(filepath.Join(dir, "dist/codewarrant_v1.2.3_linux_amd64"), []byte("another"), 0o644); err != nil {
		t.Fatal(err)
	}
	run(2, "verify", "v1.2.3")
}
