package docs_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/policy"
)

// The YAML of the page is right, or wrong in the way that the block after it says.
func TestYAMLOfThePolicyPage(t *testing.T) {
	page := read(t, "policy.md")
	list := blocks(t, page)
	right, wrong := 0, 0
	for i, b := range list {
		switch b.info {
		case "yaml":
			right++
			if _, err := policy.Parse("codewarrant.yml", []byte(b.text)); err != nil {
				t.Errorf("%v in\n%s", err, b.text)
			}
		case "yaml wrong":
			wrong++
			if i+1 == len(list) || list[i+1].info != "text" {
				t.Fatalf("no block of text tells what is wrong with\n%s", b.text)
			}
			_, err := policy.Parse("codewarrant.yml", []byte(b.text))
			var errs policy.Errors
			if !errors.As(err, &errs) {
				t.Fatalf("nothing is wrong with\n%s", b.text)
			}
			told := errs.Format([]byte(b.text))
			if *update {
				page = strings.Replace(page, b.text+"```\n\n```text\n"+list[i+1].text, b.text+"```\n\n```text\n"+told, 1)
				write(t, "policy.md", page)
			} else if diff := gocmp.Diff(told, list[i+1].text); diff != "" {
				t.Errorf("what is told (-want +got):\n%s", diff)
			}
		}
	}
	if right == 0 || wrong == 0 {
		t.Errorf("%d right and %d wrong blocks of YAML", right, wrong)
	}
}

// examplePolicy is the policy at the top of the page.
func examplePolicy(t *testing.T) *policy.Policy {
	t.Helper()
	src := texts(blocks(t, read(t, "policy.md")), "yaml")[0]
	p, err := policy.Parse("codewarrant.yml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestExampleOfAPolicyIsComplete(t *testing.T) {
	p := examplePolicy(t)
	day, err := policy.ParseDate("2026-11-23")
	if err != nil {
		t.Fatal(err)
	}
	if remarks := policy.Lint(p, day); len(remarks) > 0 {
		t.Errorf("%+v", remarks)
	}
	if lines := strings.Count(texts(blocks(t, read(t, "policy.md")), "yaml")[0], "\n"); lines > 50 {
		t.Errorf("the example has %d lines: it does not fit on a screen", lines)
	}
}

// All examples of the page together show every key of the language.
func TestExamplesShowEveryKey(t *testing.T) {
	// Errors about unknown keys list the valid ones, which shows every key there is.
	_, err := policy.Parse("x", []byte(`{x: 1, extends: {x: 1}, settings: {x: 1}, approvals: {x: 1}, stages: {a: {x: 1}},
binaries: {a: {x: 1, stages: {a: {x: 1}}}}, rules: [{x: 1}], exceptions: [{x: 1, applies-to: {x: 1}, renewals: [{x: 1}]}]}`))
	var errs policy.Errors
	if !errors.As(err, &errs) {
		t.Fatal(err)
	}
	src := strings.Join(texts(blocks(t, read(t, "policy.md")), "yaml"), "\n")
	keys := 0
	for _, e := range errs {
		if !strings.HasPrefix(e.Message, "unknown key") {
			continue
		}
		_, list, _ := strings.Cut(e.Hint, "valid: ")
		for key := range strings.SplitSeq(list, ", ") {
			keys++
			if !strings.Contains(src, key+":") {
				t.Errorf("no example shows the key %s", key)
			}
		}
	}
	if keys < 70 {
		t.Errorf("only %d keys were found", keys)
	}
}

func TestPolicyPageNamesDefaultsCategoriesAndPresets(t *testing.T) {
	page := read(t, "policy.md")
	p, err := policy.Parse("x", []byte("version: 1"))
	if err != nil {
		t.Fatal(err)
	}
	s := p.Settings
	got := map[string]string{}
	for _, row := range table(t, page, "| setting | values | default |") {
		got[row[0]] = row[2]
	}
	want := map[string]string{
		"unlisted": string(s.Unlisted), "min-justification": fmt.Sprint(s.MinJustification),
		"max-lifetime": fmt.Sprintf("%dd", s.MaxLifetime), "warn-before-expiry": fmt.Sprintf("%dd", s.WarnBeforeExpiry),
		"unused-exceptions": string(s.UnusedExceptions), "opaque-payloads": string(s.OpaquePayloads),
		"fail-on": string(s.FailOn), "overridable": fmt.Sprint(s.Overridable),
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	for _, c := range policy.Categories() {
		if !strings.Contains(page, "`"+string(c)+"`") {
			t.Errorf("the category %s is not named", c)
		}
	}
	for _, name := range policy.PresetNames() {
		if !strings.Contains(page, "\n- `"+name+"`") {
			t.Errorf("the preset %s is not named", name)
		}
	}
}

func TestPolicyPageTellsWhichRuleDecides(t *testing.T) {
	p := examplePolicy(t)
	stage, err := p.Stage(policy.DefaultStage)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range table(t, read(t, "policy.md"), "| entitlement | action | decided by |") {
		d := p.Decide(stage, nil, row[0])
		if diff := gocmp.Diff(row[1:], []string{string(d.Action), cmp.Or(string(d.Pattern), "unlisted")}); diff != "" {
			t.Errorf("%s (-page +policy):\n%s", row[0], diff)
		}
	}
}

// What the page says of evidence is true of the policy that it shows there.
func TestPolicyPageTellsWhatBecomesOfEvidence(t *testing.T) {
	page := read(t, "policy.md")
	_, section, _ := strings.Cut(page, "\n## Evidence\n")
	p, err := policy.Parse("codewarrant.yml", []byte(texts(blocks(t, section), "yaml")[0]))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range table(t, section, "| entitlement | stage | group | evidence |") {
		stage, err := p.Stage(row[1])
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Decide(stage, strings.Fields(row[2]), row[0]).Evidence; string(got) != row[3] {
			t.Errorf("%s: %s", row, got)
		}
	}
	var keys []string
	for _, row := range table(t, section, "| entitlement | what is evidence, in short |") {
		keys = append(keys, row[0])
	}
	if diff := gocmp.Diff(policy.EvidentKeys(), keys); diff != "" {
		t.Errorf("entitlements (-policy +page):\n%s", diff)
	}
	var words []string
	for _, row := range table(t, section, "| `evidence` | what becomes of it |") {
		words = append(words, row[0])
	}
	want := []string{string(policy.EvidenceRequired), string(policy.EvidenceReported), string(policy.EvidenceOff)}
	if diff := gocmp.Diff(want, words); diff != "" {
		t.Errorf("words (-policy +page):\n%s", diff)
	}
}

func TestPolicyPageTellsWhatValuesCover(t *testing.T) {
	exception := func(line string) *policy.Exception {
		p, err := policy.Parse("x", []byte("version: 1\nexceptions:\n  - {id: a, entitlement: a, applies-to: {arch: arm64}, "+line+"}\n"))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		return &p.Exceptions[0]
	}
	for _, row := range table(t, read(t, "policy.md"), "| the exception | covers the claim | and not |") {
		e := exception(row[0])
		if !e.Covers("a", *exception("value: " + row[1]).Value) || e.Covers("a", *exception("value: " + row[2]).Value) {
			t.Errorf("%s", row)
		}
	}
	if exception("value: 1").Covers("a", *exception("value: 1.0").Value) {
		t.Error("1 is 1.0")
	}
}

func TestPolicyPageTellsWhichVersionsAreInARange(t *testing.T) {
	for _, row := range table(t, read(t, "policy.md"), "| range | holds for | and not for |") {
		p, err := policy.Parse("x", []byte("version: 1\nexceptions:\n  - {id: a, entitlement: a, applies-to: {versions: '"+row[0]+"'}}\n"))
		if err != nil {
			t.Fatal(err)
		}
		if r := p.Exceptions[0].AppliesTo.Versions[0]; !r.Contains(row[1]) || r.Contains(row[2]) {
			t.Errorf("%s", row)
		}
	}
}

func TestPolicyPageNamesEachFieldOfAScopeAndEachType(t *testing.T) {
	page := read(t, "policy.md")
	fields := map[string]bool{}
	for _, row := range table(t, page, "| field | compared with | how |") {
		fields[row[0]] = true
	}
	_, err := policy.Parse("x", []byte("version: 1\nexceptions: [{id: a, entitlement: a, applies-to: {}}]"))
	var errs policy.Errors
	if !errors.As(err, &errs) {
		t.Fatal(err)
	}
	for key := range strings.SplitSeq(strings.TrimPrefix(errs[0].Hint, "valid: "), ", ") {
		if !fields[key] {
			t.Errorf("the table of fields lacks %s", key)
		}
	}
	for _, name := range policy.Types() {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("the type %s is not named", name)
		}
	}
}

func TestPolicyPageTellsWhatGlobsMatch(t *testing.T) {
	for _, row := range table(t, read(t, "policy.md"), "| glob | matches | does not match |") {
		scope := policy.Scope{Path: row[:1]}
		if !scope.Matches(policy.Target{Paths: row[1:2]}) || scope.Matches(policy.Target{Paths: row[2:3]}) {
			t.Errorf("%s", row)
		}
	}
}

// table returns the cells of the table with that head, without their backticks.
func table(t *testing.T, page, head string) (rows [][]string) {
	t.Helper()
	_, rest, _ := strings.Cut(page, head+"\n")
	_, rest, _ = strings.Cut(rest, "\n") // | --- | --- |
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|\n"), "|") {
			cells = append(cells, strings.Trim(cell, "` "))
		}
		rows = append(rows, cells)
	}
	if len(rows) == 0 {
		t.Fatalf("no table %s", head)
	}
	return rows
}

func TestTableOfRequirementsListsThemAll(t *testing.T) {
	page, err := os.ReadFile("policy.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range policy.Requirements() {
		if !strings.Contains(string(page), "| `"+string(r)+"` | ") {
			t.Errorf("policy.md does not say what %s requires", r)
		}
	}
}

// What the pages show as a whole policy is in the form of policy fmt.
func TestPoliciesOfThePagesAreFormatted(t *testing.T) {
	shown := 0
	pages, err := filepath.Glob("frameworks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../README.md", "policy.md", "policy-tests.md", "organisation.md", "action.md", "entitlements.md", "start.md", "recipes.md") {
		for _, src := range texts(blocks(t, read(t, page)), "yaml") {
			if _, err := policy.Parse(page, []byte(src)); err != nil {
				continue
			}
			shown++
			out, err := policy.Format(page, []byte(src))
			if diff := gocmp.Diff(string(out), src); diff != "" || err != nil {
				t.Errorf("%s: %v (-formatted +shown):\n%s", page, err, diff)
			}
		}
	}
	if shown < 20 {
		t.Errorf("only %d policies", shown)
	}
}
