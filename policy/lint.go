package policy

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

// Remark is something that [Lint] has to say of a policy that parsed.
type Remark struct {
	Level     Level
	Exception string // the id
	Field     string // the key in YAML that it is about
	Position  Position
	Message   string
}

// How remarks on the day on which an exception runs out go on after its name.
const (
	expired     = "expired after "
	expiresSoon = "expires after "
)

// IsExpiry reports whether the remark is about the day on which an exception runs out: an
// error from the day after it, and a warning when it is near.
func (m Remark) IsExpiry() bool {
	return m.Field == "expires" && (strings.Contains(m.Message, ": "+expired) || strings.Contains(m.Message, ": "+expiresSoon))
}

// Lint returns what is wrong with the policy on the day at, in the order of the
// lines: the defects of each exception and whether it has expired, which are errors,
// as it approves nothing; whether it will soon, whether it holds for any team,
// whether it has no effect or covers what another one does, which rules decide
// nothing, and which names nothing has, near to some that are, which are warnings;
// and advice, in notes.
func Lint(p *Policy, at Date) []Remark {
	var remarks []Remark
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		add := func(level Level, field, format string, args ...any) {
			remarks = append(remarks, e.remark(level, field, format, args...))
		}
		for _, d := range e.Told(p.Defects(e, at)) {
			add(Error, d.Field, "%s", d.Message)
		}
		if days, soon := e.ExpiresSoon(p.Settings, at); e.Expired(at) {
			add(Error, "expires", expired+"%s", e.Expires)
		} else if soon {
			add(Warning, "expires", expiresSoon+"%s, in %d days", e.Expires, days)
		}
		if e.Value != nil && !e.Value.Grants() {
			add(Warning, "value", "has no effect: a value of false grants nothing")
		}
		if anybody(p, e) {
			add(Note, "applies-to", "names no team-id, and no stage does: it holds for code of anybody to whom Apple has given a certificate")
		}
		if level, message := effect(p, e.Entitlement); message != "" {
			add(level, "entitlement", "%s", message)
		}
	}
	remarks = append(remarks, p.typos()...)
	return sorted(append(remarks, p.advice(at)...))
}

// sorted orders remarks by their place, those of one place as they were made.
func sorted(remarks []Remark) []Remark {
	inorder.By(remarks, func(a, b Remark) int { return a.Position.compare(b.Position) })
	return remarks
}

// anybody reports whether an exception holds whoever signed the code: neither it nor
// any stage names a team. Sources are not signed.
func anybody(p *Policy, e *Exception) bool {
	isSource := func(glob string) bool { return strings.HasSuffix(glob, ".entitlements") }
	return len(e.AppliesTo.TeamID) == 0 && !slices.ContainsFunc(e.AppliesTo.Path, isSource) &&
		!slices.ContainsFunc(p.Stages, func(s Stage) bool { return len(s.TeamIDs) > 0 })
}

// decisions yields what each stage says of a key: of code in no group, and of code in
// each of the groups.
func (p *Policy) decisions(key string) iter.Seq2[*Stage, Decision] {
	return func(yield func(*Stage, Decision) bool) {
		for i := range p.Stages {
			s := &p.Stages[i]
			if !yield(s, p.Decide(s, nil, key)) {
				return
			}
			for _, g := range p.Groups {
				if !yield(s, p.Decide(s, []string{g.Name}, key)) {
					return
				}
			}
		}
	}
}

// Justifiable reports whether some stage asks for a justification of the key, so
// that an exception for it can have an effect.
func (p *Policy) Justifiable(key string) bool {
	for _, d := range p.decisions(key) {
		if d.Action == RequireJustification {
			return true
		}
	}
	return false
}

// Told returns defects of the exception as they are told: of fields that are missing, where they are more than
// one, the exception is still to be filled in, and the first defect says all of it, of no field
// and at the place of the exception.
func (e *Exception) Told(defects []Defect) []Defect {
	var fields []string
	var rest []Defect
	for _, d := range defects {
		if d.Missing {
			fields = append(fields, d.Field)
		} else {
			rest = append(rest, d)
		}
	}
	if len(fields) < 2 {
		return defects
	}
	return append([]Defect{{Position: e.Position, Message: joined(fields) + " are missing", Missing: true}}, rest...)
}

// Defects returns the defects of an exception in any stage that asks for one.
func (p *Policy) Defects(e *Exception, at Date) []Defect {
	defects := e.Defects(p.Terms(Decision{}), at)
	for _, d := range p.decisions(e.Entitlement) {
		if d.Action != RequireJustification {
			continue
		}
		for _, defect := range e.Defects(p.Terms(d), at) {
			if !slices.Contains(defects, defect) {
				defects = append(defects, defect)
			}
		}
	}
	return defects
}

// effect says in which stages an exception for the key changes nothing. That a
// stage allows what another asks a reason for is as it should be.
func effect(p *Policy, key string) (Level, string) {
	var denied []string
	justified := 0
	for s, d := range p.decisions(key) {
		switch {
		case d.Action == Deny && d.Group != "": // which is not all code of the stage
		case d.Action == Deny:
			if !slices.Contains(denied, s.Name) {
				denied = append(denied, s.Name)
			}
		case d.Action == RequireJustification:
			justified++
		}
	}
	switch {
	case justified > 0 && len(denied) == 0:
		return "", ""
	case justified > 0:
		return Note, fmt.Sprintf("has no effect in the stages that deny %s: %s", key, strings.Join(denied, ", "))
	case len(denied) == 0:
		return Warning, fmt.Sprintf("has no effect: every stage allows %s", key)
	default:
		return Warning, fmt.Sprintf("has no effect: no stage asks for a justification of %s; denied in: %s",
			key, strings.Join(denied, ", "))
	}
}
