package cli

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const referenceFile = "../../docs/cli.md"

// The commands and their help stand between this line of the page and its end.
const helpMark = "<!-- what --help prints -->\n"

// TestReferenceOfTheCommandsIsTheirHelp holds docs/cli.md to the program: -update puts in
// what --help prints.
func TestReferenceOfTheCommandsIsTheirHelp(t *testing.T) {
	root := newRoot(Env{})
	root.InitDefaultHelpCmd()
	var list, pages strings.Builder
	list.WriteString("| command | what it does |\n| --- | --- |\n")
	for _, cmd := range documented(root) {
		name := cmd.CommandPath()
		if cmd != root && !cmd.HasSubCommands() {
			fmt.Fprintf(&list, "| [`%s`](#%s) | %s |\n", name, strings.ReplaceAll(name, " ", "-"), cmd.Short)
		}
		fmt.Fprintf(&pages, "\n## %s\n\n```text\n%s```\n", name, helpOf(t, cmd))
	}
	b, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	before, _, ok := strings.Cut(string(b), helpMark)
	if !ok {
		t.Fatalf("%s has no %q", referenceFile, helpMark)
	}
	want := before + helpMark + "\n" + list.String() + pages.String()
	switch {
	case want == string(b):
	case flag.Lookup("update").Value.String() == "true":
		if err := os.WriteFile(referenceFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("docs/cli.md does not say what --help prints; run go test ./internal/cli -update")
	}
}

// documented are the commands that people are told of, by their names, the root first.
func documented(root *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{root}
	for _, cmd := range commandsBelow(root) {
		if !cmd.Hidden {
			list = append(list, cmd)
		}
	}
	slices.SortFunc(list, func(a, b *cobra.Command) int { return strings.Compare(a.CommandPath(), b.CommandPath()) })
	return list
}

func helpOf(t *testing.T, cmd *cobra.Command) string {
	t.Helper()
	var b bytes.Buffer
	cmd.SetOut(&b)
	cmd.InitDefaultHelpFlag()
	if err := cmd.Help(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Each command line in the documentation and in the help is one of a command that there is,
// with flags that it has; and each flag that is named alone is one of some command's.
func TestCommandsAndFlagsOfTheDocumentationExist(t *testing.T) {
	root := newRoot(Env{})
	root.InitDefaultHelpCmd()
	flags := map[string]bool{"--help": true}
	for _, cmd := range append(commandsBelow(root), root) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { flags["--"+f.Name] = true })
	}
	n := 0
	for _, page := range documentation(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range code(string(text)) {
			if alone := flagAlone.FindStringSubmatch(line); alone != nil {
				n++
				if !flags[alone[1]] && !ofOthers[alone[1]] {
					t.Errorf("%s: no command has the flag %s", page, alone[1])
				}
			}
			words := strings.Fields(line)
			if len(words) < 2 || words[0] != "codewarrant" || strings.HasPrefix(line, "codewarrant:") {
				continue
			}
			n++
			checkCommand(t, root, page, words[1:])
		}
	}
	if n < 150 {
		t.Errorf("only %d commands and flags were found", n)
	}
}

// code returns what a page marks as code: in its text, and the lines of its blocks that run
// the program.
func code(page string) (list []string) {
	for _, m := range block.FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(m[2]) {
			command, shown := strings.CutPrefix(strings.TrimPrefix(line, "$ "), "  ")
			if (shown || m[1] != "text") && strings.HasPrefix(command, "codewarrant ") {
				list = append(list, strings.TrimSpace(command))
			}
		}
	}
	for _, m := range span.FindAllStringSubmatch(block.ReplaceAllString(page, ""), -1) {
		list = append(list, m[1])
	}
	return list
}

var (
	block     = regexp.MustCompile("(?ms)^```(\\w*)[^\n]*\n(.*?)^```$")
	span      = regexp.MustCompile("`([^`\n]+)`")
	flagAlone = regexp.MustCompile(`^(--[a-z-]+)(?:[= ][A-Za-z0-9/.]+)?$`)
)

// ofOthers are flags of other programs that the documentation names alone.
var ofOthers = map[string]bool{
	"--code-signature-flags":  true, // rcodesign
	"--codesign-identity":     true, // PyInstaller
	"--config":                true, // electron-builder, Tauri
	"--entitlements":          true, // codesign
	"--flag":                  true, // any
	"--mac-entitlements":      true, // jpackage
	"--osx-entitlements-file": true, // PyInstaller
	"--preserve-metadata":     true, // codesign
	"--tmpfs":                 true, // docker
}

// checkCommand wants a command line to name a command, and flags that it has.
func checkCommand(t *testing.T, root *cobra.Command, page string, words []string) {
	t.Helper()
	cmd, rest, err := root.Find(words)
	if err != nil || cmd == root && !strings.HasPrefix(words[0], "-") && !strings.HasPrefix(words[0], "[") && strings.ToLower(words[0]) == words[0] {
		t.Errorf("%s: there is no command codewarrant %s", page, strings.Join(words, " "))
		return
	}
	for _, word := range rest {
		if word == "|" || word == ">" || word == "#" {
			return
		}
		name, isFlag := strings.CutPrefix(word, "--")
		if name, _, _ = strings.Cut(name, "="); !isFlag || name == "" || name == "help" {
			continue
		}
		if cmd.Flags().Lookup(name) == nil {
			t.Errorf("%s: %s has no flag --%s", page, cmd.CommandPath(), name)
		}
	}
}

// documentation are the pages that people read.
func documentation(t *testing.T) (pages []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		found, err := filepath.Glob("../../" + pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		pages = append(pages, found...)
	}
	return pages
}

// What the program takes from the environment is on the page.
func TestReferenceNamesTheEnvironment(t *testing.T) {
	b, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, "_test.go") })
	asked := regexp.MustCompile(`[gG]etenv\("([A-Z_]+)"\)`)
	n := 0
	for _, file := range append(files, "../../main.go") {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range asked.FindAllStringSubmatch(string(src), -1) {
			if n++; !strings.Contains(string(b), "`"+m[1]+"`") {
				t.Errorf("%s asks for %s, which is not on the page", file, m[1])
			}
		}
	}
	if n < 15 {
		t.Errorf("only %d variables", n)
	}
}
