package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/docs"
	"github.com/codewarrant/codewarrant/policy"
)

// Each page of a rule begins with its id and its title, shows a finding as the
// program makes it, and says what the finding does to the exit status.
func TestPageOfEachRuleAgreesWithTheProgram(t *testing.T) {
	for _, r := range check.Rules() {
		t.Run(r.ID, func(t *testing.T) {
			file := "rules/" + r.ID + ".md"
			page := read(t, file)
			if *update {
				page = replaceExample(page, shown(exampleOf(t, r.ID)))
				write(t, file, page)
			}
			if exampleOf(t, r.ID).Hint == "" {
				t.Error("the finding does not say what to do")
			}
			if head := "# " + r.ID + "\n\n" + r.Title + ".\n"; !strings.HasPrefix(page, head) {
				t.Errorf("the page does not begin with\n%s", head)
			}
			if diff := cmp.Diff([]string{"What it means", "Why it matters", "Example", "What to do", "Level"}, headings(page)); diff != "" {
				t.Errorf("headings (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{shown(exampleOf(t, r.ID))}, texts(blocks(t, page), "text")); diff != "" {
				t.Errorf("example (-want +got):\n%s", diff)
			}
			if _, level, _ := strings.Cut(page, "## Level\n\n"); !strings.HasPrefix(level, levelText(r)) {
				t.Errorf("the level is %q, want %q", level, levelText(r))
			}
		})
	}
}

func TestRuleReturnsThePage(t *testing.T) {
	for _, r := range check.Rules() {
		page, err := os.ReadFile("rules/" + r.ID + ".md")
		if err != nil || docs.Rule(r.ID) != string(page) || docs.Section(string(page), "What to do") == "" {
			t.Errorf("%s: %v", r.ID, err)
		}
	}
	if docs.Rule("nothing") != "" {
		t.Error("a page for a rule that is not there")
	}
}

// What a page links to is found from wherever the page is shown, and in a terminal as
// well.
func TestPageOfEachRuleLeadsElsewhereFromAnywhere(t *testing.T) {
	here := docs.URL("")
	var printed, led int
	for _, r := range check.Rules() {
		page := docs.Anywhere(r.ID)
		for i, link := range links(t, page) {
			own, ours := strings.CutPrefix(link, here)
			if was := links(t, docs.Rule(r.ID))[i]; link != was && (!ours || strings.Contains(was, "://")) {
				t.Errorf("%s: %s became %s", r.ID, was, link)
			}
			if file, _, _ := strings.Cut(own, "#"); ours {
				led++
				if _, err := os.Stat(filepath.Join("..", file)); err != nil {
					t.Errorf("%s: %v", r.ID, err)
				}
			}
		}
		page = docs.Printed(r.ID)
		if list := links(t, page); len(list) > 0 {
			t.Errorf("%s: printed with the links %v", r.ID, list)
		}
		for _, m := range regexp.MustCompile("\\(`codewarrant explain ([^`]+)`\\)").FindAllStringSubmatch(page, -1) {
			printed++
			if _, ok := check.RuleByID(m[1]); !ok {
				t.Errorf("%s: there is no rule %s", r.ID, m[1])
			}
		}
	}
	if printed < 3 || led < 8 {
		t.Errorf("only %d commands and %d links into the repository", printed, led)
	}
	if docs.Printed("nothing") != "" {
		t.Error("a page for a rule that is not there")
	}
}

func TestEachPageIsOfARule(t *testing.T) {
	pages, err := filepath.Glob("rules/*.md")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"rules/README.md"}
	for _, r := range check.Rules() {
		want = append(want, "rules/"+r.ID+".md")
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, pages); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

// rowOfRule is a row of a table of rules, with the id of the rule.
var rowOfRule = regexp.MustCompile("(?m)^\\| \\[`([a-z-]+)`\\].*$")

// The tables of the families, one after the other, list all rules in their order.
func TestTablesOfRulesListThemAll(t *testing.T) {
	const file = "rules/README.md"
	page := read(t, file)
	want := rowOfRule.ReplaceAllStringFunc(page, func(row string) string {
		if r, ok := check.RuleByID(rowOfRule.FindStringSubmatch(row)[1]); ok {
			return fmt.Sprintf("| [`%s`](%s.md) | %s | %s | %s |", r.ID, r.ID, r.Level, exitStatus(r), r.Title)
		}
		return row
	})
	if *update {
		write(t, file, want)
	} else if diff := cmp.Diff(want, page); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
	var all, listed []string
	for _, r := range check.Rules() {
		all = append(all, r.ID)
	}
	for _, row := range rowOfRule.FindAllStringSubmatch(page, -1) {
		listed = append(listed, row[1])
	}
	if diff := cmp.Diff(all, listed); diff != "" {
		t.Errorf("rules in %s (-want +got):\n%s", file, diff)
	}
}

// The README at the root has a row for each family of rules, and names in it only rules
// of that family.
func TestReadmeLeadsToEachFamilyOfRules(t *testing.T) {
	const index = "docs/rules/README.md"
	_, section, _ := strings.Cut(read(t, "../README.md"), "\n## The rules\n")
	section, _, _ = strings.Cut(section, "\n## ")
	families := strings.Split(read(t, "rules/README.md"), "\n## ")[1:]
	var want, got []string
	for _, f := range families {
		name, _, _ := strings.Cut(f, "\n")
		want = append(want, fmt.Sprintf("[%s](%s#%s)", name, index, strings.ReplaceAll(strings.ToLower(name), " ", "-")))
	}
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "| [") {
			continue
		}
		row := links(t, line)
		of := len(got)
		got = append(got, line[2:strings.Index(line, " |")])
		for _, link := range row[1:] {
			if of < len(families) && !strings.Contains(families[of], "]("+strings.TrimPrefix(link, "docs/rules/")+")") {
				t.Errorf("%s is not of the family in %s", link, line)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows in README.md (-want +got):\n%s", diff)
	}
}

func exitStatus(r check.Rule) string {
	switch {
	case r.Unreadable:
		return "3"
	case r.Level == policy.Error:
		return "1"
	case r.Level == policy.Warning:
		return "0, or 1 with `--fail-on warning`"
	default:
		return "0"
	}
}

func levelText(r check.Rule) string {
	switch {
	case r.Unreadable:
		return "Error. Exit status 3, whatever `--fail-on` says."
	case r.Level == policy.Error:
		return "Error. Exit status 1, unless `--fail-on never`."
	case r.Level == policy.Warning:
		return "Warning. Exit status 0, or 1 with `--fail-on warning`."
	default:
		return "Note. It does not change the exit status."
	}
}

// shown writes a finding as the text report does, without colour.
func shown(f check.Finding) string {
	var b strings.Builder
	fold(&b, "", "    ", fmt.Sprintf("%s[%s]: %s", f.Level, f.Rule, f.Message))
	if f.Position.File != "" {
		fmt.Fprintf(&b, "  --> %s\n", f.Position)
	}
	if f.Hint != "" {
		fold(&b, "  hint: ", "        ", f.Hint)
	}
	return b.String()
}

// fold writes a text in lines of at most 96 columns.
func fold(b *strings.Builder, first, rest, text string) {
	line := first
	for i, word := range strings.Fields(text) {
		if len(line)+1+len(word) > 96 && i > 0 {
			b.WriteString(line + "\n")
			line = rest
		} else if i > 0 {
			line += " "
		}
		line += word
	}
	b.WriteString(line + "\n")
}

// replaceExample puts the text between the fences of the page's example.
func replaceExample(page, text string) string {
	const fence = "```text\n"
	before, after, _ := strings.Cut(page, fence)
	_, after, _ = strings.Cut(after, "```")
	return before + fence + text + "```" + after
}

func headings(page string) (list []string) {
	for line := range strings.Lines(page) {
		if h, ok := strings.CutPrefix(line, "## "); ok {
			list = append(list, strings.TrimSpace(h))
		}
	}
	return list
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
