package report

import (
	"fmt"
	"io"

	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

// Renewal is which exceptions of a policy run out soon, and what was done about it.
type Renewal struct {
	Policy     *policy.Policy
	At         policy.Date
	Within     int // days
	Exceptions []*policy.Exception
	Inherited  []*policy.Exception // that run out too, and stand in what the policy extends
	Until      policy.Date         // the new last day of each; zero: they were not renewed
	Hunks      []policy.Hunk       // what differs in the text
	DryRun     bool                // whether it was not written
}

// RenewalText lists the exceptions, and shows which lines differ when they were
// renewed.
func RenewalText(w io.Writer, r *Renewal, o TextOptions) error {
	t := newText(w, o)
	name := sanitise.Text(r.Policy.Name)
	until := r.At.AddDays(r.Within)
	if len(r.Exceptions) > 0 {
		t.line("%s", t.bold(fmt.Sprintf("%s: exceptions that run out until %s", name, until)))
		t.table(expiring(r.Exceptions, r.At))
	} else {
		of := ""
		if len(r.Inherited) > 0 {
			of = " of its own"
		}
		t.line("%s: no exception%s runs out until %s", name, of, until)
	}
	if len(r.Inherited) > 0 {
		rows := expiring(r.Inherited, r.At)
		for i, e := range r.Inherited {
			rows[i] = append(rows[i], sanitise.Text(e.Position.String()))
		}
		t.line("")
		t.line("%s", t.bold(fmt.Sprintf("%s extends policies with exceptions that do; renew them there", name)))
		t.table(rows)
	}
	if !r.Until.IsZero() {
		t.hunks(r.Hunks)
		done := "rewritten"
		if r.DryRun {
			done = "not written, as of --dry-run"
		}
		t.line("")
		t.line("%s: %s; they hold until %s once they are approved anew", name, done, r.Until)
	}
	return t.w.Flush()
}

// expiring returns a row for each exception.
func expiring(list []*policy.Exception, at policy.Date) [][]string {
	var rows [][]string
	for _, e := range list {
		rows = append(rows, []string{sanitise.Text(e.ID), sanitise.Text(e.Entitlement), ends(e, at), sanitise.Text(e.Owner)})
	}
	return rows
}

// ends says when an exception ends or ended.
func ends(e *policy.Exception, at policy.Date) string {
	if days, soon := e.Expires.DaysSince(at), !e.Expired(at); soon {
		return fmt.Sprintf("until %s, in %d days", e.Expires, days)
	}
	return fmt.Sprintf("ran out on %s", e.Expires)
}

// hunks shows lines before and after an edit.
func (t *text) hunks(list []policy.Hunk) {
	for _, h := range list {
		t.line("")
		t.line("%s", t.cyan(fmt.Sprintf("line %d", h.Line)))
		for _, l := range h.Old {
			t.line("%s", t.red("- "+sanitise.Text(l)))
		}
		for _, l := range h.New {
			t.line("%s", t.green("+ "+sanitise.Text(l)))
		}
	}
}
