package cli_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/codewarrant/codewarrant/internal/cli"
)

// TestReadme keeps README.md equal to what the program does; -update rewrites it.
func TestReadme(t *testing.T) {
	t.Chdir("../..")
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := os.ReadFile("testdata/readme/codewarrant.yml")
	if err != nil {
		t.Fatal(err)
	}
	want := string(b)
	const command = "codewarrant check --policy testdata/readme/codewarrant.yml testdata/binaries/pg_ctl"
	want = replace(t, want, "```console\n", "```\n", "$ "+command+"\n"+run(t, command))
	want = replace(t, want, "## The policy\n\n```yaml\n", "```\n", string(policy))
	if want == string(b) {
		return
	}
	if !*update {
		t.Fatal("README.md does not say what the program does; run go test ./internal/cli -update")
	}
	if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// replace puts text between the two marks, of which the first must be there.
func replace(t *testing.T, s, begin, end, text string) string {
	t.Helper()
	before, rest, ok := strings.Cut(s, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("README.md has no %q", begin)
	}
	return before + begin + text + end + after
}

// run runs a command as if in a shell and returns its standard output.
func run(t *testing.T, command string) string {
	t.Helper()
	var out bytes.Buffer
	cli.Main(cli.Env{
		Args: strings.Fields(command)[1:], Stdout: &out, Stderr: os.Stderr,
		Getenv: func(string) string { return "" }, Now: func() time.Time { return today },
	})
	return out.String()
}
