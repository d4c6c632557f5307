package approval

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/codewarrant/codewarrant/internal/sshsig"
	"github.com/codewarrant/codewarrant/policy"
)

// Diff returns what the new file of allowed signers says differently from the old one
// about who may sign exceptions, in the order of the new one; the places are in the
// files. Lines are compared by their keys. How they are written and ordered, and the
// comments, do not matter.
func Diff(from, to Demand) []policy.Change {
	d := signersDiff{needed: 1}
	if to.Policy != nil {
		d.needed = to.Policy.Approvals.Threshold
	}
	seen := map[string]bool{}
	for _, e := range slices.Concat(to.Signers, from.Signers) {
		if !seen[e.Fingerprint] {
			seen[e.Fingerprint] = true
			d.key(linesOf(from.Signers, e.Fingerprint), linesOf(to.Signers, e.Fingerprint))
		}
	}
	return d.changes
}

// linesOf returns the lines that have a key.
func linesOf(signers sshsig.AllowedSigners, fingerprint string) (lines []sshsig.Entry) {
	for _, e := range signers {
		if e.Fingerprint == fingerprint {
			lines = append(lines, e)
		}
	}
	return lines
}

type signersDiff struct {
	needed  int // how many people have to sign
	changes []policy.Change
}

func (d *signersDiff) add(direction policy.Direction, e sshsig.Entry, format string, args ...any) {
	message := string(e.Principals) + " " + strings.ReplaceAll(fmt.Sprintf(format, args...), "KEY", e.KeyType+" "+e.Fingerprint)
	d.changes = append(d.changes, policy.Change{
		Direction: direction, Subject: "signer", Name: string(e.Principals), Message: message, Position: policy.Position(e.Position),
	})
}

// key compares the lines of one key.
func (d *signersDiff) key(was, is []sshsig.Entry) {
	kept := len(is) > 0
	// Whose a key is its lines for other things tell, too: as whoever counts signers knows.
	told := d.needed > 1 && slices.ContainsFunc(is, maySign)
	pair := func(alike func(a, b sshsig.Entry) bool, tell func(a, b sshsig.Entry)) {
		is = slices.DeleteFunc(slices.Clone(is), func(b sshsig.Entry) bool {
			i := slices.IndexFunc(was, func(a sshsig.Entry) bool { return alike(a, b) })
			if i < 0 {
				return false
			}
			tell(was[i], b)
			was = slices.Delete(slices.Clone(was), i, i+1)
			return true
		})
	}
	pair(sameLine, func(a, b sshsig.Entry) {})
	pair(func(a, b sshsig.Entry) bool { return a.Principals == b.Principals }, d.line)
	pair(func(a, b sshsig.Entry) bool { return true }, func(a, b sshsig.Entry) {
		direction := d.counts(policy.Looser, a, b)
		if told {
			direction = policy.Looser
		}
		d.add(direction, b, "signs with KEY, with which %s signed", a.Principals)
		d.line(a, b)
	})
	for _, e := range is {
		if maySign(e) {
			d.add(policy.Looser, e, "may sign exceptions with KEY%s", limits(e))
		} else {
			d.add(policy.Neutral, e, "is listed with KEY, which may not sign exceptions%s", limits(e))
		}
	}
	for _, e := range was {
		switch {
		case !maySign(e) && told:
			d.add(policy.Looser, e, "is no longer listed with KEY, with which others may sign exceptions: it may count as another person")
		case !maySign(e):
			d.add(policy.Neutral, e, "is no longer listed with KEY, which could not sign exceptions")
		case kept && d.needed > 1: // the key may count beside more of the others
			d.add(policy.Looser, e, "may no longer sign exceptions with KEY, with which others may: it may count as another person")
		default:
			d.add(policy.Stricter, e, "may no longer sign exceptions with KEY")
		}
	}
}

// sameLine reports whether two lines of a key say the same.
func sameLine(a, b sshsig.Entry) bool {
	return a.Principals == b.Principals && a.Namespaces == b.Namespaces && a.ValidAfter.Equal(b.ValidAfter) && a.ValidBefore.Equal(b.ValidBefore)
}

// maySign reports whether the line is for exceptions.
func maySign(e sshsig.Entry) bool { return e.Namespaces == "" || e.Namespaces.Match(Namespace) }

// counts returns the direction where one of the lines is for exceptions.
func (d *signersDiff) counts(direction policy.Direction, a, b sshsig.Entry) policy.Direction {
	if maySign(a) || maySign(b) {
		return direction
	}
	return policy.Neutral
}

// line compares what two lines say of one key beside whose it is.
func (d *signersDiff) line(a, b sshsig.Entry) {
	if a.Namespaces != b.Namespaces {
		was, is := cmp.Or(a.Namespaces, "(any)"), cmp.Or(b.Namespaces, "(any)")
		switch {
		case maySign(a) == maySign(b):
			d.add(policy.Neutral, b, "signs with KEY: namespaces are %s, were %s", is, was)
		case maySign(b):
			d.add(policy.Looser, b, "may sign exceptions with KEY: namespaces are %s, were %s", is, was)
		default:
			d.add(policy.Stricter, b, "may no longer sign exceptions with KEY: namespaces are %s, were %s", is, was)
		}
	}
	for _, f := range []struct {
		name    string
		was, is time.Time
		looser  bool
	}{
		{"valid-after", a.ValidAfter, b.ValidAfter, b.ValidAfter.Before(a.ValidAfter)},
		{"valid-before", a.ValidBefore, b.ValidBefore, b.ValidBefore.IsZero() || !a.ValidBefore.IsZero() && b.ValidBefore.After(a.ValidBefore)},
	} {
		if f.was.Equal(f.is) {
			continue
		}
		direction := policy.Stricter
		if f.looser {
			direction = policy.Looser
		}
		d.add(d.counts(direction, a, b), b, "signs with KEY: %s is %s, was %s", f.name, moment(f.is), moment(f.was))
	}
}

// limits says when the key of a line is valid, and for what, if the line does.
func limits(e sshsig.Entry) string {
	text := ""
	for _, f := range []struct{ name, value string }{
		{"valid-after", moment(e.ValidAfter)}, {"valid-before", moment(e.ValidBefore)}, {"namespaces", string(e.Namespaces)},
	} {
		if f.value != "" && f.value != none {
			text += ", " + f.name + " " + f.value
		}
	}
	return text
}

const none = "(none)"

func moment(t time.Time) string {
	if t.IsZero() {
		return none
	}
	return t.UTC().Format(time.RFC3339)
}
