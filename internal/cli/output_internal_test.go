package cli

import (
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a person wrote while a command worked is never lost.
func TestAFileIsRewrittenIfItIsAsItWasRead(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func() error
		err    string
		want   string
	}{
		{"nobody touched it", func() error { return nil }, "", "new"},
		{
			"somebody wrote to it", func() error { return os.WriteFile("f", []byte("old, and more"), 0o600) },
			"f was changed since it was read; it is left as it is now", "old, and more",
		},
		{
			"somebody replaced it", func() error { return os.Rename("other", "f") },
			"f was changed since it was read; it is left as it is now", "other",
		},
		{"somebody wrote the same", func() error { return os.WriteFile("f", []byte("old"), 0o600) }, "", "new"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for name, text := range map[string]string{"f": "old", "other": "other"} {
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := tt.change(); err != nil {
				t.Fatal(err)
			}
			err := rewriteFile("f", []byte("old"), []byte("new"))
			if err == nil && tt.err != "" || err != nil && err.Error() != tt.err {
				t.Errorf("error %v, want %s", err, tt.err)
			}
			got, err := os.ReadFile("f")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Error(diff)
			}
			left, err := fs.Glob(os.DirFS("."), temporary+"*")
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %s, error %v", strings.Join(left, ", "), err)
			}
		})
	}
	if err := rewriteFile("gone", nil, nil); err == nil {
		t.Error("a file that is gone is written")
	}
}

// Any name that the file system takes may be written to.
func TestAFileOfTheLongestNameIsWritten(t *testing.T) {
	t.Chdir(t.TempDir())
	name := strings.Repeat("n", 255) // NAME_MAX of Linux and macOS
	write := func(w io.Writer) error { _, err := io.WriteString(w, "text"); return err }
	for what, err := range map[string]error{
		"of the command line": writeFile(name, write, func() error { return nil }),
		"of the action":       new(job).write("r"+name[1:], write),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if left, err := fs.Glob(os.DirFS("."), temporary+"*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %s, error %v", strings.Join(left, ", "), err)
	}
}

// What cobra prints is lost no less than a report is.
func TestHelpThatCannotBeWrittenIsAnError(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"check", "--help"}, {"help", "check"}, {}, {"policy"}} {
		r, w := io.Pipe()
		r.Close()
		var stderr strings.Builder
		status := Main(Env{Args: args, Stdout: w, Stderr: &stderr, Getenv: func(string) string { return "" }})
		if status != exitUsage || !strings.Contains(stderr.String(), io.ErrClosedPipe.Error()) {
			t.Errorf("%v: status %d, %s", args, status, stderr.String())
		}
	}
}
