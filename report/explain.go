package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

// Explain writes how the verdicts in the report's traces came about: for each binary
// and source that claims an entitlement every rule and exception that was considered,
// which one decided and why the others did not, and what would change the verdict.
// Slices for which all of that is the same are told of together.
func Explain(w io.Writer, r *check.Report, o TextOptions) error {
	t := newText(w, o)
	t.answers, t.verbose = exceptionsOf(r), true
	t.head(r)
	claimed := slices.DeleteFunc(slices.Clone(r.Traces), func(x check.Trace) bool { return x.Claim == nil })
	for _, group := range tracesAlike(claimed, t.width) {
		t.trace(r, group)
	}
	t.unclaimed(r, len(claimed))
	return t.w.Flush()
}

// tracesAlike groups the traces of one file that are told alike.
func tracesAlike(list []check.Trace, width int) [][]check.Trace {
	var groups [][]check.Trace
	var bodies []string
	for _, x := range list {
		var body strings.Builder
		t := newText(&body, TextOptions{Width: width})
		t.account(x)
		t.w.Flush() // of a strings.Builder there are no errors
		key := strings.Join(x.Paths, "\x00") + "\x00" + body.String()
		i := slices.Index(bodies, key)
		if i < 0 {
			i, bodies, groups = len(bodies), append(bodies, key), append(groups, nil)
		}
		groups[i] = append(groups[i], x)
	}
	return groups
}

// trace explains the verdict on one claim, the same in the slices of the group.
func (t *text) trace(r *check.Report, group []check.Trace) {
	x := group[0]
	t.line("")
	for _, p := range x.Paths {
		t.line("%s", t.bold(sanitise.Text(p)))
	}
	var archs []string
	for _, x := range group {
		if x.Target.Arch != "" {
			archs = append(archs, x.Target.Arch)
		}
	}
	if len(archs) > 0 {
		t.line("  %s", sanitise.Text(strings.Join(archs, ", ")))
	}
	t.account(x)
	t.heading("What would change it")
	for _, s := range changes(x) {
		t.prose("    - ", "      ", sanitise.Text(s))
	}
	if s := suggestionFor(r, x); s != "" {
		t.line("    - an exception of its own, filled in and approved:")
		t.line("")
		for l := range strings.Lines(s) {
			t.line("      %s", sanitise.Text(strings.TrimRight(l, "\n")))
		}
	}
}

func (t *text) heading(s string) {
	t.line("")
	t.line("  %s", t.bold(s))
}

// account tells what the code is, the verdict, and all that was considered.
func (t *text) account(x check.Trace) {
	t.prose("  ", "    ", sanitise.Text(strings.Join(identity(x), ", ")))
	t.line("")
	t.claim(&group{paths: x.Paths}, *x.Claim, 0, nil)
	t.heading("Rules that name it, in the order in which they count")
	t.rules(x)
	t.heading("Exceptions for it")
	if len(x.Exceptions) == 0 {
		t.line("    none")
	}
	for _, c := range x.Exceptions {
		t.considered(x, c)
	}
}

// identity says by what the policy knows the code.
func identity(x check.Trace) []string {
	parts := []string{"path " + strings.Join(x.Target.Paths, " and ")}
	for _, f := range []struct{ name, value string }{
		{"identifier", x.Target.Identifier},
		{"team", x.Target.TeamID},
		{"type", x.Target.Type},
		{"bundle kind", x.Target.BundleKind},
		{"version", x.Target.Version},
		{"in the groups", strings.Join(x.Target.Groups, " and ")},
	} {
		if f.value != "" {
			parts = append(parts, f.name+" "+f.value)
		}
	}
	switch {
	case x.Target.Arch == "":
		parts = append(parts, "not signed yet")
	case x.Accepted:
		parts = append(parts, "on which exceptions may rely")
	default:
		parts = append(parts, "which nothing proves")
	}
	return parts
}

// rules lists the rules that were considered.
func (t *text) rules(x check.Trace) {
	for _, c := range x.Rules {
		where := ""
		switch {
		case c.Stage != "":
			where = ", of stage " + c.Stage
		case c.Group != "":
			where = ", of group " + c.Group
		}
		mark := "·"
		if c.Decides {
			mark = t.green("✓")
		}
		t.line("    %s %s", mark, sanitise.Text(fmt.Sprintf("%s: %s%s (%s)", c.Pattern, c.Action, where, c.Position)))
		if c.Why != "" {
			t.prose("      ", "      ", sanitise.Text(c.Why))
		}
	}
	if x.Decision.Rule == nil {
		t.line("    %s", t.green("✓")+fmt.Sprintf(" what no rule names: %s (settings.unlisted)", x.Decision.Action))
	}
}

// considered tells what was found of one exception.
func (t *text) considered(x check.Trace, c check.Considered) {
	mark := t.red("✗")
	if c.Approves {
		mark = t.green("✓")
	}
	t.line("    %s %s", mark, sanitise.Text(fmt.Sprintf("%s (%s)", c.ID, c.Position)))
	for _, why := range standing(x, c, t.answers[c.Exception]) {
		t.prose("      ", "        ", sanitise.Text(why))
	}
}

// standing says what an exception comes to.
func standing(x check.Trace, c check.Considered, answers check.ExceptionReport) []string {
	if c.Approves {
		return []string{strings.Join(append([]string{"approves it"}, answerable(c.Exception, answers)...), ", ")}
	}
	why := slices.Clone(c.Mismatches)
	if len(why) == 0 && !x.Accepted {
		why = append(why, "it does not hold for code that is not authenticated")
	}
	for _, d := range c.Defects {
		why = append(why, d.Message)
	}
	if c.Expired {
		why = append(why, "ran out on "+c.Expires.String())
	}
	if c.Pending {
		why = append(why, "does not count before it is merged")
	}
	if len(why) > 0 {
		return why
	}
	if len(x.ClosedTo) > 0 {
		return []string{fmt.Sprintf("would approve it, and group %s does not list it under exactly", x.ClosedTo[0].Name)}
	}
	if x.Decision.Action != policy.RequireJustification {
		return []string{fmt.Sprintf("would approve it, and is not asked: the policy says %s", x.Decision.Action)}
	}
	return []string{"would approve it, and another one that holds longer does"}
}

// unclaimed tells of what does not claim the entitlement; where nothing does, also
// what the policy would say.
func (t *text) unclaimed(r *check.Report, claimed int) {
	paths := map[string]bool{}
	var first *check.Trace
	for i := range r.Traces {
		if x := &r.Traces[i]; x.Claim == nil {
			paths[x.Paths[0]] = true
			first = cmp.Or(first, x)
		}
	}
	if first == nil {
		return
	}
	t.line("")
	if claimed > 0 {
		t.line("%s", t.dim(sanitise.Text(fmt.Sprintf("files with slices that do not claim it: %d", len(paths)))))
		return
	}
	t.prose("", "", sanitise.Text(fmt.Sprintf("Nothing of what was looked at (%s) claims %s. If it did, the policy would say %s.",
		plural(len(paths), "file"), first.Key, first.Decision.Action)))
	t.heading("Rules that name it, in the order in which they count")
	t.rules(*first)
}
