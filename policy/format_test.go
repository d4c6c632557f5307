package policy_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/codewarrant/codewarrant/policy"
)

// Each testdata/policy/fmt/NAME.yml is formatted as NAME.out.
func TestFormatWritesOneForm(t *testing.T) {
	for _, file := range glob(t, "../testdata/policy/fmt/*.yml") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yml"), func(t *testing.T) {
			src := read(t, file)
			got, golden := string(checkFormat(t, src)), strings.TrimSuffix(file, ".yml")+".out"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(read(t, golden)), got); diff != "" {
				t.Errorf("output differs from %s (-want +got):\n%s", golden, diff)
			}
		})
	}
}

func TestPresetsAreFormatted(t *testing.T) {
	for _, file := range glob(t, "presets/*.yml") {
		src := read(t, file)
		if diff := cmp.Diff(string(src), string(checkFormat(t, src))); diff != "" {
			t.Errorf("%s (-file +formatted):\n%s", file, diff)
		}
	}
}

func TestFormatRefusesWhatIsNoPolicy(t *testing.T) {
	if out, err := policy.Format("test.yml", []byte("version: 1\nrule: []\n")); err == nil || out != nil {
		t.Errorf("Format = %q, %v", out, err)
	}
}

// A comment survives wherever it is put.
func TestFormatKeepsEveryComment(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, file := range append(glob(t, "../testdata/policy/*.yml"), glob(t, "../testdata/policy/fmt/*.yml")...) {
		lines := strings.Split(string(read(t, file)), "\n")
		want := parse(t, strings.Join(lines, "\n"))
		for i := range lines {
			text := []string{
				lines[i] + " # here",
				strings.Repeat(" ", random.IntN(12)) + "# here\n" + lines[i],
				"\n# here\n\n" + strings.Repeat(" ", random.IntN(8)) + "# and here\n" + lines[i],
			}[random.IntN(3)]
			src := strings.Join(slices.Concat(lines[:i], []string{text}, lines[i+1:]), "\n")
			p, err := policy.Parse("test.yml", []byte(src))
			if err != nil || !cmp.Equal(want, p, sameMeaning) {
				continue // inside of a block of text it is no comment
			}
			if out := string(checkFormat(t, []byte(src))); !strings.Contains(out, "# here") {
				t.Fatalf("a comment in %s after line %d is lost:\n%s", file, i, out)
			}
		}
	}
}

// Several comments and empty lines at once, between and inside of lines.
func TestFormatIsSettledWhereverCommentsAre(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	files := append(glob(t, "../testdata/policy/*.yml"), glob(t, "../testdata/policy/fmt/*.yml")...)
	formatted := 0
	for range 400 {
		lines := strings.Split(string(read(t, files[random.IntN(len(files))])), "\n")
		for range 1 + random.IntN(8) {
			line := &lines[random.IntN(len(lines))]
			indent := strings.Repeat(" ", random.IntN(12))
			*line = []string{
				*line + " # c",
				indent + "# c\n" + *line,
				"\n" + indent + "# c\n\n" + *line,
				*line + "\n",
				strings.Replace(*line, ", ", ", # c\n"+indent, 1),
				strings.Replace(*line, "[", "[ # c\n"+indent, 1),
				strings.Replace(*line, ": ", ": # c\n"+indent, 1),
			}[random.IntN(7)]
		}
		if src := []byte(strings.Join(lines, "\n")); isPolicy(src) {
			formatted++
			checkFormat(t, src)
		}
	}
	if formatted < 200 {
		t.Errorf("only %d policies", formatted)
	}
}

func TestFormatKeepsTextAsItIs(t *testing.T) {
	for _, text := range []string{
		"a", "yes", "No", "null", "~", "true", "0123", "1e3", "12:30:45", "190:20:30", "2026-11-02", ".inf", "+1", "0x1F", "<<", "=",
		"- a", "-", "? a", ": a", "a: b", "a:", "a #b", "#a", "@acme", "`a`", "*", "&a", "!a", "%a", "|", ">", "{a}", "[a]", "a, b",
		`"`, `'`, `it's "q"`, `\`, "a  b", "é漢", "a\u00a0b", "\u00a0a", "\U0001F600", "a\ufffd", "---", "...", "1_000", "a'b", "12abc",
		strings.Repeat("word ", 30) + "end", strings.Repeat("two  blanks ", 12) + "end", strings.Repeat("x", 200),
	} {
		for _, context := range []string{
			exception("justification: %s"), exception("value: %s"), exception("value: {%s: [%[1]s, [%[1]s]]}"), exception("values: [%s]"),
			exception("compensating-controls: [%s, b]"), exception("owner: %s"), exception("approved-by: [%s]"),
		} {
			q := "'" + strings.ReplaceAll(text, "'", "''") + "'"
			if src := fmt.Appendf(nil, context, q); isPolicy(src) {
				checkFormat(t, src)
			}
		}
	}
	for _, text := range []string{
		`"\u00e9\t\"\\"`, `"a\nb"`, `"a\n\nb\n"`, `"\na"`, `"a\n\n"`, `" a\nb"`, `"a \nb"`, `"a\n b"`, `"a\n\tb"`, `"\n"`, `" "`, `"a "`, `"\ufffe"`, `""`,
	} {
		for _, context := range []string{exception("justification: %s"), exception("value: [%s]"), exception("signatures: [%s]"), exception("owner: %s")} {
			if src := fmt.Appendf(nil, context, text); isPolicy(src) {
				checkFormat(t, src)
			}
		}
	}
}

// FuzzFormat holds Format to its promises on any policy: the same meaning, all
// comments, and nothing to do for a second run.
func FuzzFormat(f *testing.F) {
	for _, pattern := range []string{"presets/*.yml", "../testdata/policy/*.yml", "../testdata/policy/fmt/*.yml", "../testdata/policy/fmt/*.out"} {
		for _, file := range glob(f, pattern) {
			f.Add(read(f, file))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if isPolicy(src) {
			checkFormat(t, src)
		}
	})
}

func isPolicy(src []byte) bool {
	_, err := policy.Parse("test.yml", src)
	return err == nil
}

// sameMeaning compares policies but for their texts.
var sameMeaning = cmp.Options{
	withoutPlaces, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".SHA256" && len(p) == 3 }, cmp.Ignore()),
}

// checkFormat formats a policy and returns the text after it has seen that nothing was
// lost.
func checkFormat(t *testing.T, src []byte) []byte {
	t.Helper()
	before := parse(t, string(src))
	out, err := policy.Format("test.yml", src)
	if err != nil {
		t.Fatalf("%v for\n%s", err, src)
	}
	if diff := cmp.Diff(before, parse(t, string(out)), sameMeaning); diff != "" {
		t.Errorf("another policy (-before +after):\n%s\nof\n%s\nis\n%s", diff, src, out)
	}
	for _, c := range yamlComments(t, src) {
		if !strings.Contains(string(out), c) {
			t.Errorf("the comment %q is lost in\n%s", c, out)
		}
	}
	again, err := policy.Format("test.yml", out)
	if err != nil {
		t.Fatalf("%v for\n%s", err, out)
	}
	if diff := cmp.Diff(string(out), string(again)); diff != "" {
		t.Errorf("a second run changes (-first +second):\n%s\nof\n%s", diff, src)
	}
	for line := range strings.Lines(string(again)) {
		if strings.TrimRight(line, " \n") != strings.TrimRight(line, "\n") && !strings.Contains(string(src)+"\n", " \n") {
			t.Errorf("white space at the end of %q", line)
		}
	}
	return out
}

// yamlComments returns the comments that the YAML library finds, line by line.
func yamlComments(t *testing.T, src []byte) (list []string) {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal(src, &root); err != nil {
		t.Fatal(err)
	}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for _, c := range []string{n.HeadComment, n.LineComment, n.FootComment} {
			for line := range strings.Lines(c) {
				list = append(list, strings.TrimSpace(line))
			}
		}
		for _, kid := range n.Content {
			walk(kid)
		}
	}
	walk(&root)
	return list
}

// The policies of the scripts that are read as examples, and that of the README.
func TestExamplesAreFormatted(t *testing.T) {
	var examples []string
	for name, src := range policies(t) {
		file, _, _ := strings.Cut(strings.TrimPrefix(name, "../testdata/"), ":")
		if !slices.Contains([]string{
			"readme/codewarrant.yml", "script/approve.txtar", "script/bundles.txtar", "script/explain_verdict.txtar", "script/init.txtar",
			"script/organisation.txtar", "script/policy_show.txtar", "script/policy_test.txtar", "script/story.txtar",
		}, file) {
			continue
		}
		examples = append(examples, name)
		if diff := cmp.Diff(string(src), string(checkFormat(t, src))); diff != "" {
			t.Errorf("%s (-file +formatted):\n%s", name, diff)
		}
	}
	if len(examples) < 20 {
		t.Errorf("only %q", examples)
	}
}
