package cli_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// pageStories are the stories of testdata/script, which TestScript runs, that a page shows
// parts of. Of those whose name ends in /yaml the page shows files, too.
var pageStories = map[string][]string{
	"docs/artifacts.md":    {"pages"},
	"docs/audit.md":        {"audit/yaml"},
	"docs/diff.md":         {"diff", "merge"},
	"docs/evidence.md":     {"pages"},
	"docs/faq.md":          {"pages"},
	"docs/organisation.md": {"organisation/yaml"},
	"docs/recipes.md":      {"recipes/yaml"},
	"docs/reports.md":      {"merge"},
	"docs/sources.md":      {"pages"},
	"docs/start.md":        {"start/yaml"},
}

// elsewhere are the commands that no story runs, and why.
var elsewhere = map[string]string{
	"go run . check testdata/binaries/pg_ctl": "TestReadme runs what it is built to",
	"go test ./...": "this is one of its tests",
	"go install github.com/codewarrant/codewarrant@v1": "it needs a release",
}

// story is what the scripts of a page say.
type story struct {
	commands string            // the scripts
	files    map[string]string // beside them
	yaml     bool
}

func storyOf(t *testing.T, page string) *story {
	t.Helper()
	s := &story{files: map[string]string{}}
	for _, name := range pageStories[page] {
		name, yaml := strings.CutSuffix(name, "/yaml")
		s.yaml = s.yaml || yaml
		a, err := txtar.ParseFile("../../testdata/script/" + name + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		s.commands += string(a.Comment) + "\n"
		for _, f := range a.Files {
			s.files[f.Name] = string(f.Data)
		}
	}
	return s
}

// TestPagesShowWhatTheStoriesDo holds the documentation to the stories: each command that a
// page shows is one of theirs, what it shows of the output is what they compare it with, and
// where pageStories says so, each block of YAML is a file. -update puts in what a story has,
// but for blocks with a line …, which stands for any lines.
func TestPagesShowWhatTheStoriesDo(t *testing.T) {
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		found, err := filepath.Glob("../../" + pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		pages = append(pages, found...)
	}
	shown := 0
	for _, file := range pages {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		page := strings.TrimPrefix(filepath.ToSlash(file), "../../")
		s, text := storyOf(t, page), string(b)
		for _, block := range fenced.FindAllStringSubmatch(text, -1) {
			switch info := block[1]; {
			case info == "sh":
				for line := range strings.Lines(block[2]) {
					shown++
					s.runs(t, page, line)
				}
			case info == "console" && page != "README.md": // TestReadme has that
				shown++
				want := s.console(t, page, block[2])
				text = strings.Replace(text, block[2], want, 1)
			case info == "yaml" && s.yaml && !strings.HasPrefix(block[2], "- ") && !s.hasFile(block[2]): // a step of a workflow is none
				t.Errorf("%s: no file of the story is\n%s", page, block[2])
			}
		}
		switch {
		case text == string(b):
		case !*update:
			t.Errorf("%s does not show what its story does; run go test ./internal/cli -update", page)
		default:
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if shown < 30 {
		t.Errorf("only %d commands", shown)
	}
}

// fenced is a fenced block: what stands after the fence, and the text.
var fenced = regexp.MustCompile("(?ms)^```(\\w*)$\\n(.*?)^```$")

func (s *story) hasFile(text string) bool {
	for name, data := range s.files {
		if path.Ext(name) == ".yml" && data == text {
			return true
		}
	}
	return false
}

// runs wants a command line in the scripts; a comment is not part of it.
func (s *story) runs(t *testing.T, page, line string) {
	t.Helper()
	command, _, _ := strings.Cut(line, " #")
	command = strings.TrimSpace(command)
	if command == "" || elsewhere[command] != "" {
		return
	}
	if ran, err := regexp.MatchString(`(?m)^(exits \d|exec) `+regexp.QuoteMeta(command)+`$`, s.commands); err != nil || !ran {
		t.Errorf("%s: none of its stories %q runs %s", page, pageStories[page], command)
	}
}

// console wants the commands of a block in the scripts, each followed by a comparison with
// a file that says what the block does, and returns the block as it should be.
func (s *story) console(t *testing.T, page, block string) string {
	t.Helper()
	var b strings.Builder
	for _, part := range regexp.MustCompile(`(?m)^\$ `).Split(block, -1)[1:] {
		line, shown, _ := strings.Cut(part, "\n")
		b.WriteString("$ " + line + "\n")
		s.runs(t, page, line)
		compared := regexp.MustCompile(`(?m)^(?:exits \d|exec) ` + regexp.QuoteMeta(line) + `\ncmp \S+ (?:\.\./)?(\S+)$`)
		var files []string
		for _, m := range compared.FindAllStringSubmatch(s.commands, -1) {
			files = append(files, s.files[m[1]])
		}
		switch {
		case shown == "" || slices.ContainsFunc(files, func(whole string) bool { return shows(shown, whole) }):
			b.WriteString(shown)
		case len(files) == 0:
			t.Errorf("%s: no story compares what is written by\n%s", page, line)
		case strings.Contains(shown, "…\n"):
			t.Errorf("%s: %s writes\n%s\nand not\n%s", page, line, files[0], shown)
		default:
			b.WriteString(files[0])
		}
	}
	return b.String()
}

// shows reports whether a text is a whole one with lines left out where it has a line ….
func shows(text, whole string) bool {
	pattern := regexp.QuoteMeta(text)
	pattern = regexp.MustCompile(`(?m)^…\n`).ReplaceAllString(pattern, `(?:.*\n)*?`)
	return regexp.MustCompile(`\A` + pattern + `\z`).MatchString(whole)
}
