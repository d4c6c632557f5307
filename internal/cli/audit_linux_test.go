package cli_test

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/githubtest"
)

// An audit shows on a terminal how far it is, ends when it is interrupted, and leaves nothing
// behind.
func TestAuditShowsProgressAndCanBeInterrupted(t *testing.T) {
	s, file := auditing(t)
	s.Repos["acme/app04"].Script = []http.HandlerFunc{githubtest.Silence}
	temp := t.TempDir()
	cmd := process("audit", "run", "--jobs", "1", file)
	cmd.Env = append(os.Environ(), "CI=", "TERM=xterm", "TMPDIR="+temp)
	person, program := terminal(t)
	var stderr screen
	cmd.Stderr = program
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = person.WriteTo(&stderr) // ends with an error when the last program has closed its end
	}()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	for !strings.Contains(stderr.String(), "5 of 12") && time.Since(begun) < time.Minute {
		time.Sleep(20 * time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); exitCode(err) != 130 {
		t.Errorf("%v, want exit status 130", err)
	}
	program.Close()
	<-read
	end, ever := stderr.shown()
	if diff := cmp.Diff([]string{"codewarrant: interrupted (interrupt)"}, end); diff != "" {
		t.Error(diff)
	}
	if !slices.ContainsFunc(ever, func(line string) bool { return strings.HasPrefix(line, "codewarrant: repositories 5 of 12: acme") }) {
		t.Errorf("%.2000q", stderr.String())
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("there is left: %v, %v", left, err)
	}
}
