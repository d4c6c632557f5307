// Package report tells the outcome of a check. Each output is one function over
// a [check.Report]: [Text] for people, [JSON] for programs, [SARIF] for code
// scanning, [Markdown] for the summary of a job, [GitHub] for annotations, [HTML] for a
// browser. [ShowText] and [ShowJSON] tell what binaries are signed with, and other functions of
// such names what other commands come to. [ReadDocument] reads what [JSON] wrote, and a
// [Merger] joins such reports.
//
// Equal reports give equal bytes. Whatever came out of a file goes through
// package sanitise before it is written.
package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/docs"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

// docURL returns the address of a rule's page.
func docURL(rule string) string { return docs.URL("docs/rules/" + rule + ".md") }

// inFile reports whether a position is in a file of the workspace, see [policy.IsFile].
func inFile(p policy.Position) bool { return policy.IsFile(p.File) }

// maxExtended is how many of the policies that are extended are named to people.
const maxExtended = 5

// extended says what the policy extends, shortly: the JSON has all of it.
func extended(r *check.Report, show func(string) string) string {
	var names []string
	for i, s := range r.Extends {
		if i == maxExtended {
			names = append(names, fmt.Sprintf("%d more", len(r.Extends)-i))
			break
		}
		names = append(names, fmt.Sprintf("%s (%.12s…)", show(s.Name()), s.SHA256))
	}
	if names == nil {
		return ""
	}
	return ", which extends " + strings.Join(names, " and ")
}

// tally counts what a report is about.
type tally struct {
	errors, warnings, notes, unapproved, packages, binaries, slices, sources int

	source string // noun
}

func count(r *check.Report) tally {
	t := tally{
		errors: r.Count(policy.Error), warnings: r.Count(policy.Warning), notes: r.Count(policy.Note),
		unapproved: r.Unapproved(), packages: len(r.Packages), binaries: len(r.Binaries), sources: len(r.Sources),
		source: ".entitlements file",
	}
	if slices.ContainsFunc(r.Sources, func(s check.SourceReport) bool { return s.Project }) {
		t.source = "source"
	}
	for _, b := range r.Binaries {
		t.slices += len(b.Slices)
	}
	return t
}

// findings says how many there are of each level, such as "2 errors, 1 note".
func (t tally) findings() string {
	var parts []string
	for i, n := range []int{t.errors, t.warnings, t.notes} {
		if n > 0 {
			parts = append(parts, plural(n, string(levels[i])))
		}
	}
	if parts == nil {
		return "no findings"
	}
	return strings.Join(parts, ", ")
}

// subjects says what was looked at, such as "3 binaries (5 slices)".
func (t tally) subjects() string {
	s := fmt.Sprintf("%s (%s)", plural(t.binaries, "binary"), plural(t.slices, "slice"))
	if t.packages > 0 {
		s = plural(t.packages, "package") + ", " + s
	}
	switch {
	case t.sources > 0 && t.binaries+t.packages > 0:
		return s + ", " + plural(t.sources, t.source)
	case t.sources > 0:
		return plural(t.sources, t.source)
	}
	return s
}

// plural returns a number with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		noun = stem + "ie"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// cut returns at most n bytes of s without dividing a character; what was longer
// ends in mark.
func cut(s string, n int, mark string) string {
	if len(s) <= n {
		return s
	}
	n = max(n-len(mark), 0)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + mark
}

// suggestions returns the YAML of all suggestions, each once, as items of one
// list without indentation. Empty: none.
func suggestions(r *check.Report) []string {
	var list []string
	seen := map[string]bool{}
	for _, f := range r.Findings {
		s := strings.TrimRight(f.Suggestion, "\n")
		if s != "" && !seen[s] {
			list = append(list, s)
		}
		seen[s] = true
	}
	return list
}

// policyToEdit names the policy that an exception belongs into.
func policyToEdit(r *check.Report) string {
	if strings.HasPrefix(r.Policy, policy.PresetPrefix) {
		return "a policy of your own, which begins as `codewarrant policy show " + sanitise.Text(r.Policy) + "`"
	}
	return "the policy"
}

// categoryList lists what a category may be.
func categoryList() string {
	var names []string
	for _, c := range policy.Categories() {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}
