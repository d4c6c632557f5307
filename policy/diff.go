package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

// Direction is what a change of a policy does to what passes.
type Direction string

// The directions, those that matter most first.
const (
	Looser   Direction = "looser"   // something may pass that did not
	Stricter Direction = "stricter" // something may fail that passed
	Neutral  Direction = "neutral"  // neither
)

var directions = []Direction{Looser, Stricter, Neutral}

// Change is one thing that two policies say differently.
type Change struct {
	Direction Direction
	Subject   string // setting, approvals, signer, extends, stage, group, rule or exception
	Name      string // of what is changed: a setting, a stage, a group, the id of an exception, the principals of a signer; of a rule empty

	// Of a rule: the entitlements and globs about which the policy says something else,
	// and in which stages; nil: in all that both policies have.
	Entitlements []string
	Stages       []string

	Message  string   // in words, as a sentence without a period
	Position Position // in the new policy, or in the old one of what is gone
}

// subjects are the subjects of changes in the order in which they are told.
var subjects = []string{"rule", "exception", "stage", "group", "approvals", "signer", "extends", "setting"}

// Subjects returns the closed list of subjects, in that order.
func Subjects() []string { return slices.Clone(subjects) }

// Diff returns what the new policy says differently from the old one, that by which
// more may pass first. Rules are compared by what they decide, for each key and glob
// that either policy names and each documented entitlement, and not by how they are
// written. Who may sign stands in files that are not read here.
func Diff(from, to *Policy) []Change {
	d := &differ{from: from, to: to}
	d.rules()
	d.exceptions()
	d.stages()
	d.groups()
	d.approvals()
	d.extends()
	d.settings()
	SortChanges(d.changes)
	return d.changes
}

// SortChanges orders changes as [Diff] does.
func SortChanges(list []Change) {
	inorder.By(list, func(a, b Change) int {
		return cmp.Or(
			cmp.Compare(slices.Index(directions, a.Direction), slices.Index(directions, b.Direction)),
			cmp.Compare(slices.Index(subjects, a.Subject), slices.Index(subjects, b.Subject)),
		)
	})
}

// differ collects the changes between two policies.
type differ struct {
	from, to *Policy
	changes  []Change

	// Whether exceptions, and groups, contain others: one does not use up the steps of
	// the other.
	ofExceptions, ofGroups containment
}

// compare reports whether the new scope contains the old one, and the old one the new;
// and what to add to a sentence that says so, if that could not be told.
func (c *containment) compare(from, to Scope) (wider, narrower bool, unclear string) {
	c.unclear = false
	was, is := from.extent(), to.extent()
	wider, narrower = c.scope(is, was), c.scope(was, is)
	if c.unclear {
		unclear = " (these are too many path globs to tell what is in both)"
	}
	return wider, narrower, unclear
}

//go:noinline // it is called in many places, and copied into none: it is never hot
func (d *differ) add(direction Direction, subject, name string, at Position, format string, args ...any) {
	d.changes = append(d.changes, Change{
		Direction: direction, Subject: subject, Name: name, Position: at, Message: fmt.Sprintf(format, args...),
	})
}

// toward returns Looser for a change that loosens, else Stricter.
func toward(loosens bool) Direction {
	if loosens {
		return Looser
	}
	return Stricter
}

// settings compares the settings but unlisted, which shows in what is decided.
func (d *differ) settings() {
	from, to := d.from.Settings, d.to.Settings
	days := func(n int) string { return fmt.Sprintf("%dd", n) }
	for _, s := range []struct {
		name, from, to string
		direction      Direction
	}{
		{"min-justification", fmt.Sprint(from.MinJustification), fmt.Sprint(to.MinJustification), toward(to.MinJustification < from.MinJustification)},
		{"max-lifetime", days(from.MaxLifetime), days(to.MaxLifetime), toward(to.MaxLifetime > from.MaxLifetime)},
		{"warn-before-expiry", days(from.WarnBeforeExpiry), days(to.WarnBeforeExpiry), Neutral},
		{"unused-exceptions", string(from.UnusedExceptions), string(to.UnusedExceptions), toward(levelRank(to.UnusedExceptions) > levelRank(from.UnusedExceptions))},
		{"opaque-payloads", string(from.OpaquePayloads), string(to.OpaquePayloads), toward(levelRank(to.OpaquePayloads) > levelRank(from.OpaquePayloads))},
		{"fail-on", string(from.FailOn), string(to.FailOn), toward(failOnRank(to.FailOn) > failOnRank(from.FailOn))},
		{"overridable", fmt.Sprint(from.Overridable), fmt.Sprint(to.Overridable), toward(to.Overridable)},
	} {
		if s.from != s.to {
			d.add(s.direction, "setting", s.name, to.Fields[s.name], "%s is %s, was %s", s.name, s.to, s.from)
		}
	}
}

// failOnRank orders values of fail-on, that with which the least passes first.
func failOnRank(f FailOn) int {
	return slices.Index([]FailOn{FailOnWarning, FailOnError, FailOnNever}, f)
}

// approvals compares how approvals are proven.
func (d *differ) approvals() {
	from, to := d.from.Approvals, d.to.Approvals
	at := cmp.Or(to.Position, from.Position)
	d.set("approvals", "accept", at, "approvals by %s are taken", "approvals by %s are no longer taken", words(from.Accept), words(to.Accept), Looser)
	if was, is := from.signersFile(), to.signersFile(); was != is {
		d.add(Neutral, "approvals", "allowed-signers", at, "who may sign is said by %s, was by %s", is, was)
	}
	if from.Threshold != to.Threshold {
		d.add(toward(to.Threshold < from.Threshold), "approvals", "threshold", at, "%d have to sign, were %d", to.Threshold, from.Threshold)
	}
	d.set("approvals", "review-teams", at, "reviews by members of %s are taken", "reviews by members of %s are no longer taken",
		lower(from.ReviewTeams), lower(to.ReviewTeams), Looser)
	if from.Overridable != to.Overridable {
		d.add(toward(to.Overridable), "approvals", "overridable", at, "approvals: overridable is %v, was %v", to.Overridable, from.Overridable)
	}
	if d.from.ID != d.to.ID {
		d.add(Neutral, "setting", "policy-id", Position{}, "policy-id is %s, was %s: signatures of approvals do not hold across it", orNone(d.to.ID), orNone(d.from.ID))
	}
}

// signersFile names the file of those who may sign, and beside what it is where that is a
// policy of another repository.
func (a Approvals) signersFile() string {
	if beside := a.Fields["allowed-signers"].File; strings.HasPrefix(beside, RepositoryPrefix) {
		return a.AllowedSigners + " beside " + beside
	}
	return orNone(a.AllowedSigners)
}

// lower returns the names as GitHub compares them.
func lower(list []string) []string {
	list = slices.Clone(list)
	for i := range list {
		list[i] = strings.ToLower(list[i])
	}
	return list
}

func orNone(s string) string { return cmp.Or(s, "(none)") }

// extends compares what the policies extend. What those say shows in what is
// decided, where it is known.
func (d *differ) extends() {
	from, to := map[string]Reference{}, map[string]Reference{}
	for _, r := range d.from.Extends {
		from[r.file()] = r
	}
	for _, r := range d.to.Extends {
		to[r.file()] = r
		switch was, ok := from[r.file()]; {
		case !ok:
			d.add(Neutral, "extends", r.String(), r.Position, "extends %s", r.pinned())
		case r.pinned() != was.pinned():
			d.add(Neutral, "extends", r.String(), r.Position, "extends %s, extended %s", r.pinned(), was.pinned())
		}
	}
	for _, r := range d.from.Extends {
		if _, ok := to[r.file()]; !ok {
			d.add(Looser, "extends", r.String(), r.Position, "no longer extends %s", r.pinned())
		}
	}
}

// file returns the reference without what pins it.
func (r Reference) file() string {
	r.Ref, r.SHA256 = "", ""
	return r.String()
}

// pinned returns the reference with what pins it.
func (r Reference) pinned() string {
	return strings.TrimSuffix(r.String()+" (sha256 "+r.SHA256+")", " (sha256 )")
}

// set compares two lists of which the order does not matter, and tells what was added
// in the direction, and what was taken away in the other one.
func (d *differ) set(subject, name string, at Position, added, gone string, from, to []string, direction Direction) {
	back := Looser
	if direction == Looser {
		back = Stricter
	}
	if extra := without(to, from); len(extra) > 0 {
		d.add(direction, subject, name, at, added, joined(extra))
	}
	if extra := without(from, to); len(extra) > 0 {
		d.add(back, subject, name, at, gone, joined(extra))
	}
}

// without returns those of a list that are not in another one.
func without(list, other []string) []string {
	not := setOf(other).has
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return not[s] })
}
