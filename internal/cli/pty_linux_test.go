package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

// columns is the width of the terminals here.
const columns = 40

// terminal opens a pseudo-terminal: the end of whoever sits in front of it, and that of
// programs.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	t.Cleanup(func() { person.Close() })
	fd := int(person.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns})
	}
	if err == nil {
		program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return person, program
}

// screen is what a terminal was sent.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// shown returns the lines that a person sees in the end, and all that were ever seen.
func (s *screen) shown() (end, ever []string) {
	var line []string // by columns
	at := 0
	text := func() string { return strings.TrimRight(strings.Join(line, ""), " ") }
	for _, r := range s.String() {
		switch {
		case r == '\n':
			end, line, at = append(end, text()), nil, 0
		case r == '\r':
			ever, at = append(ever, text()), 0
		default:
			cells := []string{string(r)}
			if r > 0x2e80 {
				cells = append(cells, "")
			}
			for _, c := range cells {
				line = append(line[:at], append([]string{c}, line[min(at+1, len(line)):]...)...)
				at++
			}
			if at > columns {
				ever = append(ever, "a line of more columns than there are")
			}
		}
	}
	if rest := text(); rest != "" {
		end = append(end, rest)
	}
	return end, ever
}

func TestARunThatTakesLongShowsProgressOnATerminalAndCanBeInterrupted(t *testing.T) {
	app := filepath.Join(t.TempDir(), "app")
	first := filepath.Join(app, "000-日本語日本語\x1b[31m")
	machotest.WriteTree(t, app, map[string][]byte{filepath.Base(first): machotest.Large()})
	for i := range 400 { // 45 GB to read, which nobody waits for
		if err := os.Link(first, filepath.Join(app, fmt.Sprintf("%03d-日本語日本語\x1b[31m", i+1))); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		name     string
		flags    []string
		env      string
		terminal bool
		progress bool
		signal   syscall.Signal
		status   int
		told     string
	}{
		{"on a terminal", nil, "", true, true, syscall.SIGINT, 130, "codewarrant: interrupted (interrupt)"},
		{"with --quiet", []string{"--quiet"}, "", true, false, syscall.SIGINT, 130, "codewarrant: interrupted (interrupt)"},
		{"in CI", nil, "CI=true", true, false, syscall.SIGTERM, 143, "codewarrant: interrupted (terminated)"},
		{"without a terminal", nil, "", false, false, syscall.SIGTERM, 143, "codewarrant: interrupted (terminated)"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			output := filepath.Join(dir, "report.json")
			if err := os.WriteFile(output, []byte("of the run before\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			var stdout bytes.Buffer
			var stderr screen
			cmd := exec.Command("codewarrant", append([]string{"check", "--policy", "preset:strict", "--format", "json", "--output", output, app}, row.flags...)...)
			cmd.Env = append(os.Environ(), "CI=", "TERM=xterm", row.env)
			cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
			read := make(chan struct{})
			if row.terminal {
				person, program := terminal(t)
				cmd.Stderr = program
				defer func() { <-read }()
				go func() {
					defer close(read)
					_, _ = person.WriteTo(&stderr) // ends with an error when the last program has closed its end
				}()
				defer program.Close()
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			for time.Since(begun) < 1500*time.Millisecond || row.progress && !strings.Contains(stderr.String(), "files") && time.Since(begun) < time.Minute {
				time.Sleep(20 * time.Millisecond)
			}
			if err := cmd.Process.Signal(row.signal); err != nil {
				t.Fatal(err)
			}
			err := cmd.Wait()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != row.status {
				t.Errorf("%v, want exit status %d", err, row.status)
			}
			if f, ok := cmd.Stderr.(*os.File); ok {
				f.Close()
				<-read
			}
			end, ever := stderr.shown()
			if diff := cmp.Diff([]string{row.told}, end); diff != "" {
				t.Error(diff)
			}
			isProgress := func(line string) bool {
				return strings.HasPrefix(line, "codewarrant: files ") && len(line) >= columns-2
			}
			if slices.ContainsFunc(ever, isProgress) != row.progress || slices.ContainsFunc(ever, func(line string) bool { return strings.HasPrefix(line, "a line") }) {
				t.Errorf("%.2000q", stderr.String())
			}
			if strings.Contains(stderr.String(), "\x1b") {
				t.Error("an escape sequence out of a file's name was sent")
			}
			if stdout.Len() > 0 {
				t.Errorf("standard output: %s", stdout.Bytes())
			}
			if b, err := os.ReadFile(output); err != nil || string(b) != "of the run before\n" {
				t.Errorf("%s %v", b, err)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
				t.Errorf("%v %v", entries, err)
			}
		})
	}
}
