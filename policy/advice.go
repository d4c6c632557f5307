package policy

import (
	"fmt"
	"slices"
	"strings"
)

// advice returns what could be said better in a policy that is right, on the day at.
func (p *Policy) advice(at Date) []Remark {
	var remarks []Remark
	for i := range p.Exceptions {
		remarks = append(remarks, p.Exceptions[i].advice()...)
	}
	remarks = append(remarks, p.overlaps(at)...)
	remarks = append(remarks, p.oneDay()...)
	remarks = append(remarks, p.deadRules()...)
	remarks = append(remarks, p.idleGroups()...)
	remarks = append(remarks, p.idleLifetimes()...)
	remarks = append(remarks, p.idleEvidence()...)
	return append(append(remarks, p.idleBase()...), p.unsignable()...)
}

// remark is about a field of an exception.
func (e *Exception) remark(level Level, field, format string, args ...any) Remark {
	message := fmt.Sprintf("exception %s: ", quote(e.ID)) + fmt.Sprintf(format, args...)
	return Remark{level, e.ID, field, e.At(field), message}
}

// advice is about the exception alone.
func (e *Exception) advice() []Remark {
	var remarks []Remark
	if e.AppliesTo.isWide() {
		remarks = append(remarks, e.remark(Warning, "applies-to", "holds whatever the code is called: name an identifier, a team-id or a path"))
	}
	if _, ok := e.Fields["compensating-controls"]; ok && len(e.CompensatingControls) == 0 {
		remarks = append(remarks, e.remark(Note, "compensating-controls", "compensating-controls is empty: say what limits the harm, or remove it"))
	}
	for i, v := range e.Values {
		if slices.ContainsFunc(e.Values[:i], v.Equal) {
			remarks = append(remarks, e.remark(Note, "values", "item %d of values is there twice", i+1))
			break
		}
	}
	return remarks
}

// isWide reports whether nothing in the scope names code: it has no path, or one
// that every path matches.
func (s Scope) isWide() bool {
	everything := func(glob string) bool {
		return strings.Trim(glob, "*/") == "" && (glob == "*" || strings.Contains(glob, "**"))
	}
	return len(s.Identifier)+len(s.TeamID)+len(s.CDHash)+len(s.Binaries) == 0 &&
		(len(s.Path) == 0 || slices.ContainsFunc(s.Path, everything))
}

// maxCompared bounds the exceptions for one entitlement of which each is compared
// with each: it takes time with their square.
const maxCompared = 500

// overlaps tells of exceptions that cover nothing that another one does not cover as
// long. One that has run out is told of already.
func (p *Policy) overlaps(at Date) []Remark {
	var remarks []Remark
	var keys []string
	by := map[string][]*Exception{}
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		if e.Expired(at) {
			continue
		}
		if by[e.Entitlement] == nil {
			keys = append(keys, e.Entitlement)
		}
		by[e.Entitlement] = append(by[e.Entitlement], e)
	}
	var c containment
	for _, key := range keys {
		list := by[key]
		if len(list) > maxCompared {
			remarks = append(remarks, list[0].remark(Note, "entitlement", "is one of %d for %s: only the first %d are compared with one another", len(list), key, maxCompared))
			list = list[:maxCompared]
		}
		for i, e := range list {
			if j := slices.IndexFunc(list, func(o *Exception) bool { return o != e && o.outdoes(e, &c) }); j >= 0 && !(i < j && e.outdoes(list[j], &c)) {
				remarks = append(remarks, e.overlap(list[j], &c))
			}
			if c.unclear {
				return append(remarks, e.remark(Note, "applies-to", "there are too many path globs to compare: of this exception, and those after it, nothing tells whether another one covers them"))
			}
		}
	}
	return remarks
}

// outdoes reports whether e covers all that o does, and as long.
func (e *Exception) outdoes(o *Exception, c *containment) bool {
	return !o.Expires.After(e.Expires) && c.exception(e, o)
}

func (e *Exception) overlap(o *Exception, c *containment) Remark {
	if c.exception(e, o) {
		return e.remark(Warning, "applies-to", "covers the same as %s %s", quote(o.ID), o.Position.seenFrom(e.Position))
	}
	return e.remark(Warning, "applies-to", "covers nothing that %s %s does not", quote(o.ID), o.Position.seenFrom(e.Position))
}

// seenFrom names a place to who reads another one: by its line in the same file.
func (p Position) seenFrom(q Position) string {
	if p.File == q.File {
		return fmt.Sprintf("on line %d", p.Line)
	}
	return "at " + p.String()
}

// oneDay tells of exceptions that all run out together, so that all work of their
// renewal does.
func (p *Policy) oneDay() []Remark {
	const few = 3
	if len(p.Exceptions) < few || p.Exceptions[0].Expires.IsZero() ||
		slices.ContainsFunc(p.Exceptions, func(e Exception) bool { return e.Expires != p.Exceptions[0].Expires }) {
		return nil
	}
	e := &p.Exceptions[0]
	return []Remark{{
		Note, "", "expires", e.At("expires"),
		fmt.Sprintf("all %d exceptions run out on one day, %s: spread them, so that each gets a look of its own", len(p.Exceptions), e.Expires),
	}}
}

// idleGroups tells of the policy's own groups that demand nothing and that no exception
// names.
func (p *Policy) idleGroups() []Remark {
	var remarks []Remark
	for _, g := range p.layer().Groups {
		used := slices.ContainsFunc(p.Exceptions, func(e Exception) bool { return slices.Contains(e.AppliesTo.Binaries, g.Name) })
		if len(g.Require)+len(g.Rules)+len(g.Stages) == 0 && !g.IsExact && !used {
			remarks = append(remarks, Remark{
				Note, "", "binaries", g.Position,
				fmt.Sprintf("group %s: says nothing of its binaries, and no exception names it", quote(g.Name)),
			})
		}
	}
	return remarks
}

// idleLifetimes tells of the policy's own rules whose max-lifetime is not shorter than
// that of the settings, which holds as well.
func (p *Policy) idleLifetimes() []Remark {
	by := "by default"
	at, written := p.Settings.Fields["max-lifetime"]
	var remarks []Remark
	for _, in := range p.ruleLists() {
		for _, r := range *in.rules {
			if r.MaxLifetime == 0 || r.MaxLifetime < p.Settings.MaxLifetime {
				continue
			}
			if written {
				by = at.seenFrom(r.Position)
			}
			level, fix := Warning, "lower it, or remove it"
			switch {
			case r.MaxLifetime == p.Settings.MaxLifetime:
				level, fix = Note, "remove it"
			case len(p.Parents) == 0: // which else may not let be more
				fix = "lower it, raise that of the settings, or remove it"
			}
			remarks = append(remarks, Remark{level, "", "rules", r.Position, fmt.Sprintf(
				"the rule for %s: max-lifetime %dd has no effect, as the settings say %dd %s: %s",
				quote(joined(r.Entitlements)), r.MaxLifetime, p.Settings.MaxLifetime, by, fix)})
		}
	}
	return remarks
}

// idleBase tells that base is among what is accepted beside review, which takes what is
// merged, too.
func (p *Policy) idleBase() []Remark {
	a := p.layer().Approvals
	if !slices.Contains(a.Accept, Review) || !slices.Contains(a.Accept, Base) {
		return nil
	}
	return []Remark{{Note, "", "approvals", a.Fields["accept"], "base has no effect beside review, by which an exception counts once it is merged, too: remove it"}}
}

// unsignable tells, where the policy accepts signatures, which exceptions none can
// approve, whoever makes them: once for each file that has no policy-id, or one that may
// not stand there.
func (p *Policy) unsignable() []Remark {
	if !slices.Contains(p.Approvals.Accept, SignedBy) {
		return nil
	}
	var remarks []Remark
	told := map[string]bool{}
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		problem, hint := p.Foreign(e, "")
		if e.PolicyID == "" {
			problem, hint = "the policy has no policy-id", "add policy-id: OWNER/REPOSITORY to "+e.Position.File
		}
		if problem != "" && !told[e.Position.File] {
			told[e.Position.File] = true
			remarks = append(remarks, e.remark(Warning, "policy-id", "signatures, which are made for a policy-id, cannot approve it: %s: %s", problem, hint))
		}
	}
	if p.ID == "" && !told[p.Name] {
		remarks = append(remarks, Remark{
			Note, "", "policy-id",
			Position{File: p.Name, Line: 1, Column: 1},
			"approvals are signed for a policy-id, and there is none: add policy-id: OWNER/REPOSITORY before there is an exception",
		})
	}
	return remarks
}
