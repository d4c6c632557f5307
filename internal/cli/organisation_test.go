package cli_test

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

const (
	organisationPage  = "../../docs/organisation.md"
	organisationStory = "../../testdata/script/organisation.txtar"
)

// TestOrganisationPage holds docs/organisation.md to the story of the same name, which
// TestScript runs: each block of YAML is a file of it, and what a block of a console
// shows is what the story compares the command's output with.
func TestOrganisationPage(t *testing.T) {
	page, err := os.ReadFile(organisationPage)
	if err != nil {
		t.Fatal(err)
	}
	story, err := txtar.ParseFile(organisationStory)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range story.Files {
		files[f.Name] = string(f.Data)
	}
	kinds := map[string]int{}
	for _, block := range fenced.FindAllStringSubmatch(string(page), -1) {
		info, text := block[1], block[2]
		kinds[info]++
		switch info {
		case "yaml":
			if !isFile(files, text) {
				t.Errorf("no file of the story is\n%s", text)
			}
		case "console":
			checkConsole(t, string(story.Comment), files, text)
		default:
			t.Errorf("a block of %q, which nothing holds to the story", info)
		}
	}
	if kinds["yaml"] < 5 || kinds["console"] < 5 {
		t.Errorf("too few blocks: %v", kinds)
	}
	if lines := strings.Count(string(page), "\n"); lines >= 270 {
		t.Errorf("the page has %d lines", lines)
	}
}

// fenced is a fenced block: what stands after the fence, and the text.
var fenced = regexp.MustCompile("(?ms)^```(\\w*)$\\n(.*?)^```$")

func isFile(files map[string]string, text string) bool {
	for name, data := range files {
		if path.Ext(name) == ".yml" && data == text {
			return true
		}
	}
	return false
}

// checkConsole wants the command of a block in the story, followed by a comparison with
// a file that says what the block does. A line … of the block stands for any lines.
func checkConsole(t *testing.T, script string, files map[string]string, block string) {
	t.Helper()
	line, shown, _ := strings.Cut(block, "\n")
	command, ok := strings.CutPrefix(line, "$ ")
	if !ok {
		t.Fatalf("no command in\n%s", block)
	}
	compared := regexp.MustCompile(`(?m)^exits \d ` + regexp.QuoteMeta(command) + `\ncmp std(?:out|err) \.\./(\S+)$`)
	matches := compared.FindAllStringSubmatch(script, -1)
	if len(matches) == 0 {
		t.Fatalf("the story does not compare what is written by\n%s", command)
	}
	for _, m := range matches {
		if shows(shown, files[m[1]]) {
			return
		}
	}
	t.Errorf("%s writes, according to %s\n%s\nand not\n%s", command, matches[0][1], files[matches[0][1]], shown)
}

// shows reports whether a text is a whole one with lines left out where it has a line ….
func shows(text, whole string) bool {
	pattern := regexp.QuoteMeta(text)
	pattern = regexp.MustCompile(`(?m)^…\n`).ReplaceAllString(pattern, `(?:.*\n)*?`)
	return regexp.MustCompile(`\A` + pattern + `\z`).MatchString(whole)
}
