package report

import (
	"fmt"
	"io"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

// SuiteRun is what became of the cases of one file, or of the question whether the
// cases of all files exercise a policy.
type SuiteRun struct {
	Suite    string // name of the file; empty: the run is about what is not tested
	Policy   *policy.Policy
	Results  []*check.CaseResult
	Untested []check.Untested
}

// Failures returns how many cases did not pass.
func Failures(runs []SuiteRun) int {
	n := 0
	for _, r := range runs {
		for _, c := range r.Results {
			if !c.Passed() {
				n++
			}
		}
	}
	return n
}

// SuiteText writes what became of the cases for people to read: each with a mark,
// and those that fail with what was expected, after -, and what is so instead,
// after +.
func SuiteText(w io.Writer, runs []SuiteRun, o TextOptions) error {
	t := newText(w, o)
	cases, untested := 0, 0
	for _, r := range runs {
		cases, untested = cases+len(r.Results), untested+len(r.Untested)
		if r.Suite == "" {
			t.untested(r)
			continue
		}
		t.line("%s", t.bold(sanitise.Text(r.Suite)))
		t.line("  policy %s (sha256 %s)", sanitise.Text(r.Policy.Name), r.Policy.SHA256)
		for _, c := range r.Results {
			t.caseResult(c)
		}
		t.line("")
	}
	failed := Failures(runs)
	result := t.green("pass")
	if failed+untested > 0 {
		result = t.red("fail")
	}
	line := fmt.Sprintf("%s: cases %d, failures %d", result, cases, failed)
	if untested > 0 {
		line += fmt.Sprintf(", not tested %d", untested)
	}
	t.line("%s", line)
	return t.w.Flush()
}

func (t *text) caseResult(c *check.CaseResult) {
	if c.Passed() {
		t.line("  %s %s", t.green("✓"), sanitise.Text(c.Name))
		return
	}
	t.line("  %s %s (%s)", t.red("✗"), sanitise.Text(c.Name), sanitise.Text(c.Position.String()))
	for _, s := range c.Missing {
		t.prose("      - ", "        ", sanitise.Text(s))
	}
	for _, s := range c.Instead {
		t.prose("      + ", "        ", sanitise.Text(s))
	}
	for _, s := range c.Hints {
		t.prose("      hint: ", "            ", sanitise.Text(s))
	}
}

// untested lists what of a policy no case exercises.
func (t *text) untested(r SuiteRun) {
	if len(r.Untested) == 0 {
		return
	}
	t.line("%s", t.bold(sanitise.Text("Not tested in "+r.Policy.Name)))
	for _, u := range r.Untested {
		t.line("  %s %s", t.red("✗"), sanitise.Text(untestedText(u)))
	}
	t.line("")
}

func untestedText(u check.Untested) string {
	if u.Exception != nil {
		return fmt.Sprintf("%s: exception %s", u.Position, u.Exception.ID)
	}
	text := fmt.Sprintf("%s: the rule for %s", u.Position, u.Rule.Entitlements[0])
	if n := len(u.Rule.Entitlements); n > 1 {
		text += fmt.Sprintf(" and %d more", n-1)
	}
	return text
}
