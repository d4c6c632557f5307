package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

// Draft writes a policy that describes what the binaries and sources of a report
// claim: it extends the policy of the report, names the teams that are proven, and
// has the narrowest exception for each claim that needs one, with nothing filled in
// that people have to write. It is in the form of [policy.Format]. of says what was
// looked at. The error means that the policy would not parse; the number is that of the
// exceptions.
func Draft(r *check.Report, of string) (src []byte, exceptions int, err error) {
	d := &draft{told: map[string]string{}}
	d.comment("", fmt.Sprintf("What %s claims, as of %s. Written by codewarrant init.", of, r.At))
	d.line("#")
	d.comment("", "Each exception waits for what only people know: what kind of need it is, why the code needs it, "+
		"who answers for it, who approves it, and until when. Until that is written, codewarrant check fails. "+
		"Better than a reason is to sign without what is not needed, and to remove its exception.")
	d.line("#")
	d.comment("", "Categories: "+categoryList()+".")
	d.line("version: 1\nextends: %s", r.Policy)
	d.teams(r)
	d.exceptions(r)
	src, err = policy.Format("the draft", []byte(d.b.String()))
	return src, d.count, err
}

// draft builds the text of a policy.
type draft struct {
	b     strings.Builder
	count int               // exceptions
	told  map[string]string // by entitlement, the exception above which it is explained
}

func (d *draft) line(format string, args ...any) { fmt.Fprintf(&d.b, format+"\n", args...) }

// comment writes a paragraph, of which nothing was sanitised yet.
func (d *draft) comment(indent, s string) {
	const width = 98
	mark := indent + "# "
	for _, l := range wrap(sanitise.Text(s), width-len(mark), width-len(mark)) {
		d.line("%s%s", mark, l)
	}
}

// teams limits the stage to the teams that signed, where every signature proves one.
func (d *draft) teams(r *check.Report) {
	t := teamsOf(r)
	if len(t.proven) == 0 {
		return
	}
	all := slices.Concat(t.proven, t.claimed)
	slices.Sort(all)
	for i, team := range all {
		all[i] = policy.Scalar(team)
	}
	stage := fmt.Sprintf("stages:\n  %s:\n    team-ids: [%s]", r.Stage, strings.Join(all, ", "))
	d.line("")
	if t.unproven == 0 {
		d.comment("", "Who may sign: those who signed this code, as their certificates prove.")
		d.line("%s", stage)
		return
	}
	text := fmt.Sprintf("Slices that do not prove who signed them: %d.", t.unproven)
	if len(t.claimed) > 0 {
		text += fmt.Sprintf(" Teams that these name, and nothing proves: %s.", strings.Join(t.claimed, ", "))
	}
	if t.nameless > 0 {
		text += fmt.Sprintf(" Of these slices name no team: %d; add the one that will sign them.", t.nameless)
	}
	d.comment("", text+" When all prove it, this lets nobody else sign:")
	d.line("# %s", strings.ReplaceAll(stage, "\n", "\n# "))
}

// teams are those who signed, as far as a policy can name them, in ascending order.
type teams struct {
	proven, claimed []string
	unproven        int // signed slices that prove no team
	nameless        int // of these, the ones that claim none either
}

func teamsOf(r *check.Report) teams {
	var t teams
	for _, b := range r.Binaries {
		for _, s := range b.Slices {
			switch {
			case s.Signature == nil:
			case s.Signature.Authenticated() && isTeam(s.Signature.Authentication.TeamID):
				t.proven = append(t.proven, s.Signature.Authentication.TeamID)
			case isTeam(s.Signature.Directory().TeamID):
				t.unproven++
				t.claimed = append(t.claimed, s.Signature.Directory().TeamID)
			default:
				t.unproven++
				t.nameless++
			}
		}
	}
	slices.Sort(t.proven)
	t.proven = slices.Compact(t.proven)
	t.claimed = slices.DeleteFunc(t.claimed, func(id string) bool { return slices.Contains(t.proven, id) })
	slices.Sort(t.claimed)
	t.claimed = slices.Compact(t.claimed)
	return t
}

func isTeam(id string) bool { return parses(fmt.Sprintf("stages: {s: {team-ids: %q}}", id)) }

// exceptions tells what cannot be excepted, and writes an exception for each claim
// that needs one.
func (d *draft) exceptions(r *check.Report) {
	var needed []check.Finding
	unwritable := false
	for _, f := range r.Findings {
		switch {
		case f.Rule == check.RuleDenied:
			d.line("")
			d.comment("", fmt.Sprintf("%s claims %s, which %s denies: sign without it.", first(f.Paths), f.Entitlement, r.Policy))
		case f.Rule == check.RuleUnapproved && fits(f.Suggestion):
			needed = append(needed, f)
		case f.Rule == check.RuleUnapproved:
			unwritable = true
			d.line("")
			d.comment("", fmt.Sprintf("%s claims %s in a way that no exception can be written for: sign it anew.", first(f.Paths), f.Entitlement))
		}
	}
	if len(needed) == 0 && unwritable {
		return
	}
	d.line("")
	if len(needed) == 0 {
		d.comment("", "No claim needs an exception.")
		return
	}
	d.line("exceptions:")
	for i, f := range needed {
		if i > 0 {
			d.line("")
		}
		d.exception(f)
	}
	d.count = len(needed)
}

// Suggested returns the exceptions that a report suggests, each once, as items of a list
// without indentation, with nothing filled in that people have to write. Left out is what a
// policy cannot hold, or what would not be seen where it is shown.
func Suggested(r *check.Report) []string {
	return slices.DeleteFunc(suggestions(r), func(s string) bool {
		return !fits(s) || sanitise.Text(strings.ReplaceAll(s, "\n", "")) != strings.ReplaceAll(s, "\n", "")
	})
}

// fits reports whether a policy can hold a suggestion: a claim may be named as no
// policy would name it.
func fits(suggestion string) bool { return suggestion != "" && parses("exceptions:\n"+suggestion) }

func parses(yaml string) bool {
	_, err := policy.Parse("", []byte("version: 1\n"+yaml))
	return err == nil
}

func (d *draft) exception(f check.Finding) {
	id, _, _ := strings.Cut(strings.TrimPrefix(f.Suggestion, "- id: "), "\n")
	if before, told := d.told[f.Entitlement]; told {
		d.comment("  ", "See "+before+" for what it permits.")
	} else if k, ok := entitlement.Lookup(f.Entitlement); ok {
		d.comment("  ", fmt.Sprintf("%s (%s risk). %s", k.Title, k.Risk, k.Permits))
		d.line("  #")
		d.comment("  ", k.Advice)
	} else {
		d.comment("  ", "Apple does not document what this permits.")
	}
	if d.told[f.Entitlement] == "" {
		d.told[f.Entitlement] = id
	}
	if f.Evidence != nil {
		head, items := evidenceLines(f.Evidence, f.Paths)
		d.line("  #")
		d.comment("  ", "Evidence: "+head)
		for _, s := range items {
			d.comment("  ", "- "+s)
		}
	}
	for l := range strings.Lines(f.Suggestion) {
		d.b.WriteString("  " + l)
	}
}
