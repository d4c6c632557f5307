package cli_test

import (
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestDiffPage holds docs/diff.md to the stories of diff and merge, which TestScript runs:
// what it shows is what they compare with, and each command is one of theirs. -update puts
// in what the story has.
func TestDiffPage(t *testing.T) {
	const file = "../../docs/diff.md"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var commands, shown string
	for _, name := range []string{"diff", "merge"} {
		story, err := txtar.ParseFile("../../testdata/script/" + name + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		commands += string(story.Comment)
		for _, f := range story.Files {
			if f.Name == "diff.txt" {
				shown = string(f.Data)
			}
		}
	}
	page := replace(t, string(b), "```console\n", "```\n", "$ codewarrant diff old new\n"+shown)
	if page != string(b) {
		if !*update {
			t.Error("the page does not show what the story does; run go test ./internal/cli -update")
		} else if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for _, block := range fenced.FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(block[2]) {
			command, _, _ := strings.Cut(strings.TrimPrefix(line, "$ "), "#")
			if command = strings.TrimSpace(command); !strings.HasPrefix(command, "codewarrant ") {
				continue
			}
			if n++; !strings.Contains(commands, " "+command+"\n") {
				t.Errorf("no story runs %s", command)
			}
		}
	}
	if n < 5 {
		t.Errorf("%d commands", n)
	}
}
