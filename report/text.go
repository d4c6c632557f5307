package report

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

// maxValue bounds the value of a claim, in bytes. The other reports have all of it.
const maxValue = 1000

// TextOptions are the options of [Text] and [ShowText].
type TextOptions struct {
	Color   bool  // with the escape sequences of terminals
	Width   int   // columns at which prose is broken; 0: 100
	Verbose bool  // tell of binaries that claim nothing and have no findings, too, and of compensating controls
	Folds   Folds // nil: what is told of an artifact is not folded
}

// Folds marks what is told of each artifact, for logs in which it can be folded. It
// writes to where the text goes.
type Folds interface {
	Artifact(path string) string // that a file is part of
	Begin(artifact string) error
	End() error
}

// Text writes the report for people to read: first which policy was used, then
// each package and who signed it, each binary with its claims, what approves them and what is wrong, worst first;
// what is wrong with the policy; its exceptions; the YAML that would approve what
// is not approved yet; and the result in one line.
func Text(w io.Writer, r *check.Report, o TextOptions) error {
	t := newText(w, o)
	t.answers, t.verbose = exceptionsOf(r), o.Verbose
	t.head(r)
	groups, others := groupByPath(r)
	told := slices.DeleteFunc(slices.Clone(groups), func(g *group) bool { return len(g.findings)+len(g.claims) == 0 && g.pkg == nil && !o.Verbose })
	if err := t.groups(told, o.Folds); err != nil {
		return err
	}
	if len(others) > 0 {
		t.line("")
		t.line("%s", t.bold("Policy"))
		for _, f := range others {
			t.finding(f, "  ", nil)
		}
	}
	t.exceptions(r)
	t.pending(r)
	t.suggestions(r)
	t.summary(r, len(groups)-len(told))
	return t.w.Flush()
}

// text writes lines. What it is given to write is sanitised by the caller.
type text struct {
	style
	w       *bufio.Writer // keeps the first error until it is flushed
	width   int
	verbose bool
	answers map[*policy.Exception]check.ExceptionReport
}

func newText(w io.Writer, o TextOptions) *text {
	return &text{style: style{o.Color}, w: bufio.NewWriter(w), width: cmp.Or(o.Width, 100)}
}

func (t *text) line(format string, args ...any) {
	t.w.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

// head tells by what the check judged.
func (t *text) head(r *check.Report) {
	line := fmt.Sprintf("codewarrant: policy %s (sha256 %s)%s, stage %s, on %s",
		sanitise.Text(r.Policy), sanitise.Text(r.PolicySHA256), extended(r, sanitise.Text), sanitise.Text(r.Stage), r.At)
	t.line("%s", strings.Join(append([]string{line}, manner(r, sanitise.Text)...), ", "))
}

// summary tells the result.
func (t *text) summary(r *check.Report, left int) {
	n := count(r)
	if left > 0 {
		t.line("")
		t.line("%s", t.dim(plural(left, "more file")+" with no claims and no findings"))
	}
	result := string(r.Result())
	paint := t.red
	if r.Result() == check.Pass {
		paint = t.green
	}
	line := fmt.Sprintf("%s: %s", paint(result), n.findings())
	if n.unapproved > 0 {
		line += "; " + plural(n.unapproved, "unapproved claim")
	}
	line += " in " + n.subjects()
	if r.FailOn != "" && r.FailOn != policy.FailOnError {
		line += fmt.Sprintf(" (fail-on: %s)", r.FailOn)
	}
	t.line("")
	t.line("%s", line)
}

// groups tells of binaries, packages and sources: with folds artifact by artifact, in the order
// of the worst of each.
func (t *text) groups(list []*group, folds Folds) error {
	if folds == nil {
		for _, g := range list {
			t.group(g)
		}
		return nil
	}
	var artifacts []string
	parts := map[string][]*group{}
	for _, g := range list {
		name := folds.Artifact(first(g.paths))
		if parts[name] == nil {
			artifacts = append(artifacts, name)
		}
		parts[name] = append(parts[name], g)
	}
	for _, name := range artifacts {
		if err := errors.Join(t.w.Flush(), folds.Begin(name)); err != nil {
			return err
		}
		for _, g := range parts[name] {
			t.group(g)
		}
		if err := errors.Join(t.w.Flush(), folds.End()); err != nil {
			return err
		}
	}
	return nil
}

// group tells of one binary, package or source.
func (t *text) group(g *group) {
	g = g.worstFirst()
	t.line("")
	for _, p := range g.paths {
		t.line("%s", t.bold(sanitise.Text(p)))
	}
	if g.binary != nil {
		for _, a := range slicesAlike(g.binary.Slices) {
			t.prose("  ", "    ", sanitise.Text(strings.Join(a.archs, ", ")+": "+a.facts))
		}
		if line := profileLine(g.binary.Provisioning); line != "" {
			t.prose("  ", "    ", sanitise.Text("profile: "+line))
		}
	}
	if g.source != nil && len(g.source.UsedBy) > 0 {
		t.prose("  ", "    ", sanitise.Text("signs "+usedBy(g.source.UsedBy)))
	}
	if g.pkg != nil {
		t.prose("  ", "    ", sanitise.Text(packageFacts(*g.pkg)))
	}
	ofClaims, rest := g.byClaim()
	if len(rest) > 0 && (g.binary != nil || g.pkg != nil) {
		t.line("")
	}
	for _, f := range rest {
		t.finding(f, "  ", g.some(f.Archs))
	}
	width := claimWidth(g)
	apart := len(rest) > 0 || g.binary != nil
	for i, c := range g.claims {
		detailed := len(ofClaims[i]) > 0 || c.Exception != nil
		if apart || detailed && i > 0 {
			t.line("")
		}
		apart = detailed
		t.claim(g, c, width, ofClaims[i])
	}
}

// usedBy lists the first few of those that sign with a source. The JSON has all.
func usedBy(names []string) string {
	const most = 6
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// claimWidth returns the width of the column of claims, so that the verdicts stand
// below one another unless a claim is very long.
func claimWidth(g *group) int {
	n := 0
	for _, c := range g.claims {
		if w := utf8.RuneCountInString(claimText(g, c)); w <= 72 {
			n = max(n, w)
		}
	}
	return n
}

// claimText is a claim with its value, and with its slices when others of the
// binary do not make it.
func claimText(g *group, c check.Claim) string {
	s := sanitise.Text(c.Entitlement + ": " + cut(c.Value.Text(), maxValue, "…"))
	if archs := g.some(c.Archs); len(archs) > 0 {
		s += sanitise.Text(" (" + strings.Join(archs, ", ") + ")")
	}
	return s
}

// claim tells of one claim, what approves it, and what is wrong with it.
func (t *text) claim(g *group, c check.Claim, width int, findings []check.Finding) {
	mark, word := "·", verdict(c)
	switch c.Verdict {
	case check.Unapproved, check.Denied:
		mark, word = t.red("✗"), t.red(word)
	case check.Approved:
		mark, word = t.green("✓"), t.green(word)
	}
	if c.Risk != "" && c.Verdict != check.NotGranted {
		word += ", " + c.Risk + " risk"
	}
	lines := wrap(claimText(g, c), max(t.width-24, width), t.width-24) // 24: room for the verdict
	last := len(lines) - 1
	if last > 0 {
		width -= 2 // the lines after the first are indented
	}
	lines[last] += strings.Repeat(" ", max(width-utf8.RuneCountInString(lines[last]), 0)) + "  " + word
	for _, l := range lines {
		t.line("  %s %s", mark, l)
		mark = "   "
	}
	if c.Exception != nil {
		t.approval(c.Exception, "    ")
	}
	t.evidence(c.Evidence, g.paths, "    ")
	for i, f := range findings {
		if i > 0 && f.Hint == findings[i-1].Hint {
			f.Hint = "" // said once for the whole claim
		}
		t.finding(f, "    ", otherThan(g.some(f.Archs), g.some(c.Archs)))
		if f.Exception != nil && f.Exception != c.Exception {
			t.approval(f.Exception, "      ")
		}
	}
}

// otherThan returns archs unless they are those that were named already.
func otherThan(archs, named []string) []string {
	if slices.Equal(archs, named) {
		return nil
	}
	return archs
}

// approval shows an exception and its justification.
func (t *text) approval(e *policy.Exception, indent string) {
	t.prose(indent, indent+"  ", sanitise.Text(strings.Join(append([]string{e.ID}, answerable(e, t.answers[e])...), ", ")))
	if e.Justification != "" {
		t.prose(indent+"| ", indent+"| ", sanitise.Text(strings.Join(strings.Fields(e.Justification), " ")))
	}
	for _, c := range e.CompensatingControls {
		if t.verbose {
			t.prose(indent+"- ", indent+"  ", sanitise.Text(strings.Join(strings.Fields(c), " ")))
		}
	}
}

// finding tells of one finding; archs are the slices to name.
func (t *text) finding(f check.Finding, indent string, archs []string) {
	head := sanitise.Text(fmt.Sprintf("%s[%s]: ", f.Level, f.Rule)) // of a report that was read back
	message := sanitise.Text(f.Message)
	if len(archs) > 0 {
		message += sanitise.Text(" (" + strings.Join(archs, ", ") + ")")
	}
	painted := t.level(f.Level)(head[:len(head)-2]) + ": "
	lines := wrap(message, t.width-len(indent)-len(head), t.width-len(indent)-4)
	t.line("%s%s%s", indent, painted, lines[0])
	for _, l := range lines[1:] {
		t.line("%s    %s", indent, l)
	}
	if f.Position.File != "" {
		t.line("%s  --> %s", indent, sanitise.Text(f.Position.String()))
	}
	if f.Hint != "" {
		t.prose(indent+"  hint: ", indent+"        ", sanitise.Text(f.Hint))
	}
}
