package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

// CheckJUnit writes the report in the XML that test reporters read: a suite for each file,
// in which each claim is a case that passes when the policy allows it, and each other
// finding a case that fails when it fails the check.
func CheckJUnit(w io.Writer, r *check.Report) error {
	all := junitSuites{Name: "codewarrant check"}
	for _, s := range junitSuitesOf(r) {
		all.add(s)
	}
	return all.write(w)
}

// junitSuitesOf returns the suites of a report.
func junitSuitesOf(r *check.Report) []junitSuite {
	var all []junitSuite
	groups, others := groupByPath(r)
	for _, g := range groups {
		s := junitSuite{Name: sanitise.Text(first(g.paths))}
		ofClaims, rest := g.byClaim()
		for i, c := range g.claims {
			s.Cases = append(s.Cases, claimCase(r, g, c, ofClaims[i]))
		}
		for _, f := range rest {
			s.Cases = append(s.Cases, findingCase(r, g, f))
		}
		if len(s.Cases) == 0 {
			s.Cases = []junitCase{{Name: "nothing to object", Class: s.Name, File: s.Name}}
		}
		all = append(all, s)
	}
	if len(others) > 0 {
		s := junitSuite{Name: sanitise.Text(r.Policy)}
		for _, f := range others {
			s.Cases = append(s.Cases, findingCase(r, &group{paths: []string{r.Policy}}, f))
		}
		all = append(all, s)
	}
	return all
}

// claimCase is a claim with what was found about it.
func claimCase(r *check.Report, g *group, c check.Claim, findings []check.Finding) junitCase {
	out := junitCase{Name: sanitise.Text(strings.Join(append([]string{c.Entitlement}, g.some(c.Archs)...), " ")), Class: sanitise.Text(first(g.paths)), File: sanitise.Text(first(g.paths))}
	var lines []string
	for _, f := range findings {
		if fails(r, f) {
			lines = append(lines, findingText(f)...)
			if out.Failure == nil {
				out.Failure = &junitFailure{Message: sanitise.Text(f.Message), Type: sanitise.Text(f.Rule)}
			}
		}
	}
	if out.Failure != nil {
		out.Failure.Text = strings.Join(lines, "\n")
	}
	return out
}

func findingCase(r *check.Report, g *group, f check.Finding) junitCase {
	out := junitCase{
		Name: sanitise.Text(f.Rule + ": " + cut(f.Message, maxValue, "…")), Class: sanitise.Text(first(g.paths)),
		File: sanitise.Text(first(g.paths)), Line: f.Position.Line,
	}
	if f.Position.File != "" {
		out.File = sanitise.Text(f.Position.File)
	}
	if fails(r, f) {
		out.Failure = &junitFailure{sanitise.Text(f.Message), sanitise.Text(f.Rule), strings.Join(findingText(f), "\n")}
	}
	return out
}

// fails reports whether a finding fails the check.
func fails(r *check.Report, f check.Finding) bool {
	if rule, ok := check.RuleByID(f.Rule); ok && rule.Unreadable {
		return true
	}
	return f.Level == policy.Error && r.FailOn != policy.FailOnNever || f.Level == policy.Warning && r.FailOn == policy.FailOnWarning
}

func findingText(f check.Finding) []string {
	lines := []string{sanitise.Text(fmt.Sprintf("%s[%s]: %s", f.Level, f.Rule, f.Message))}
	if f.Position.File != "" {
		lines = append(lines, "--> "+sanitise.Text(f.Position.String()))
	}
	if f.Hint != "" {
		lines = append(lines, "hint: "+sanitise.Text(f.Hint))
	}
	return lines
}
