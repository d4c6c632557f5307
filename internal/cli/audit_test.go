package cli_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/codewarrant/codewarrant/internal/githubtest"
	"github.com/codewarrant/codewarrant/internal/machotest"
)

// auditing is a GitHub with some repositories, and what is audited of it.
func auditing(t *testing.T) (s *githubtest.Server, file string) {
	t.Helper()
	s = githubtest.New()
	t.Cleanup(s.Close)
	const token = "ghp_YXVkaXRzQWxsT2ZBY21l"
	program := string(machotest.Binary{Signature: &machotest.Signature{Identifier: "com.acme.app", Flags: machotest.FlagAdHoc | machotest.FlagRuntime}}.Bytes())
	s.Tokens[token] = githubtest.Permissions{}
	for i := range 12 {
		r := &githubtest.Repo{
			ID: i + 1, Private: true, Branches: map[string]githubtest.Branch{"main": {Commit: commit}},
			Commits: map[string]githubtest.Tree{commit: {".github/codewarrant.yml": {Data: "version: 1\nextends: [base.yml]\n"}, ".github/base.yml": {Data: "version: 1\n"}}},
		}
		if i%3 == 0 {
			r.Latest = &githubtest.Release{ID: 1, Tag: "v1", Assets: []githubtest.Asset{{ID: 1, Name: "Acme", Data: program}}}
		}
		if i == 5 {
			delete(r.Commits[commit], ".github/codewarrant.yml")
		}
		name := fmt.Sprintf("acme/app%02d", i)
		s.Repos[name] = r
		s.Tokens[token][name] = githubtest.Contents
	}
	t.Setenv("GITHUB_TOKEN", token)
	t.Setenv("GITHUB_API_URL", s.URL)
	file = filepath.Join(t.TempDir(), "audit.yml")
	if err := os.WriteFile(file, []byte("version: 1\nrepositories: [acme/app03]\ndiscover: [{org: acme}]\nrelease: {assets: Acme}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, file
}

// process is the program itself, in a process of its own.
func process(args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Args[0] = "codewarrant" // by which TestMain knows what it is to be
	return cmd
}

// An audit that was killed goes on where it stopped, and comes to the same bytes as one that
// was not.
func TestAuditThatIsKilledGoesOn(t *testing.T) {
	s, file := auditing(t)
	dir := t.TempDir()
	audit := func(name, state string) *exec.Cmd {
		return process("audit", "run", "--jobs", "2", "--state", filepath.Join(dir, state), "--output", filepath.Join(dir, name), file)
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if out, err := audit("whole.json", "whole").CombinedOutput(); exitCode(err) != 0 {
		t.Fatalf("%v\n%s", err, out)
	}
	whole, requests := read("whole.json"), len(s.Requests())
	if requests < 40 {
		t.Fatalf("only %d requests", requests)
	}
	for n := 1; n <= requests; n += 4 {
		name, state := fmt.Sprintf("%d.json", n), fmt.Sprint(n)
		cmd := audit(name, state)
		before := len(s.Requests())
		reached, killed, ended := make(chan struct{}), make(chan struct{}), make(chan error)
		s.Set(func() {
			s.Watch = func(i int) {
				if i == before+n {
					close(reached)
					<-killed
				}
			}
		})
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { ended <- cmd.Wait() }()
		select {
		case <-reached:
			cmd.Process.Kill()
			close(killed)
			if err := <-ended; exitCode(err) != -1 {
				t.Errorf("killed at request %d of %d: %v", n, requests, err)
			}
		case err := <-ended:
			t.Fatalf("there was no request %d: %v", n, err)
		}
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("killed at request %d: there is a report", n)
		}
		s.Set(func() { s.Watch = nil })
		resumed := len(s.Requests())
		if out, err := audit(name, state).CombinedOutput(); exitCode(err) != 0 {
			t.Fatalf("killed at request %d: %v\n%s", n, err, out)
		}
		if read(name) != whole {
			t.Errorf("killed at request %d: the report is another one", n)
		}
		if asked := len(s.Requests()) - resumed; n > requests/2 && asked > requests-n/3 {
			t.Errorf("killed at request %d of %d, it asked for %d again", n, requests, asked)
		}
		if left, err := filepath.Glob(filepath.Join(dir, state, "*")); err != nil || len(left) != 3 { // the answers, those of the next run, and what tells the folder
			t.Errorf("there is left of the run: %q, %v", left, err)
		}
	}
}

// exitCode is the status of a process that has ended, -1 if a signal ended it.
func exitCode(err error) int {
	var e *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e):
		return e.ExitCode()
	}
	return -2
}
