package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codewarrant/codewarrant/check"
)

func TestSubjectIsTheFileThatWasChecked(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(t *testing.T, file string)
		want string // in the error; empty: there is none
	}{
		{"a file that stays as it is", func(*testing.T, string) {}, ""},
		{"one that grows", func(t *testing.T, file string) { fileOf(t, file, "code and more") }, "was changed while it was checked"},
		{"one that is written anew", func(t *testing.T, file string) {
			later := time.Now().Add(time.Minute)
			if err := os.Chtimes(file, later, later); err != nil {
				t.Fatal(err)
			}
		}, "was changed while it was checked"},
		{"one that is gone", func(t *testing.T, file string) {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}, "no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			fileOf(t, "app/Acme", "code")
			a := attesting{file: "out.json"}
			var err error
			if a.begun, err = fileStates(t.Context(), []string{"./app/"}); err != nil {
				t.Fatal(err)
			}
			tt.edit(t, "app/Acme")
			r := &check.Report{Binaries: []check.BinaryReport{{Binary: check.Binary{Paths: []string{"app/Acme"}}}}}
			_, err = a.subjects(t.Context(), r)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

func TestSubjectOfWhatIsPackedIsTheArchive(t *testing.T) {
	t.Chdir(t.TempDir())
	fileOf(t, "app/Acme.zip", "an archive")
	fileOf(t, "app/readme", "text")
	states, err := fileStates(t.Context(), []string{"app", "nowhere"})
	if err != nil {
		t.Fatal(err)
	}
	a := attesting{file: "out.json", begun: states}
	of := func(path string) *check.Report {
		return &check.Report{Binaries: []check.BinaryReport{{Binary: check.Binary{Paths: []string{path, path + ".copy"}}}}}
	}
	list, err := a.subjects(t.Context(), of("app/Acme.zip/inner.tar/Acme"))
	if err != nil || len(list) != 1 || list[0].Name != "app/Acme.zip" ||
		list[0].SHA256 != "9e691d5adacf0e102f203100842ffaba4e2a7dfe3dbd536827d3c0db8c7e88f1" {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := a.subjects(t.Context(), of("app/late")); err == nil || !strings.Contains(err.Error(), "was not there when the check began") {
		t.Errorf("a file that came later: %v", err)
	}
}

func fileOf(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
