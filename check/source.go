package check

import (
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

// source judges one .entitlements file against the same policy as binaries. Of
// what an exception may name, only the path can match it: which program will be
// signed with it is not known yet.
func (e *evaluation) source(s Source) {
	sub := subject{paths: []string{s.Path}, target: policy.Target{Paths: []string{s.Inside}}, places: map[string]policy.Position{}}
	sub.target.Groups = e.groupsOf(sub.target)
	for key, place := range s.Lines {
		sub.places[key] = position(s.Path, place)
	}
	e.exceptions.look(sub.target)
	for _, n := range s.Notes {
		f := sub.finding(RuleSloppyEntitlements, n.Text)
		f.Position = position(s.Path, n.Place)
		if s.Class == entitlement.Ambiguous {
			f.Rule = RuleAmbiguousEntitlements
			f.Hint = "write it as plutil -convert xml1 does: signing would fail on it, or sign something else than it seems to say"
		}
		e.add(f)
	}
	e.advice(sub, s.Set)
	e.groups(sub, s.Set)
	e.report.Sources = append(e.report.Sources, SourceReport{Source: s, Claims: e.claims(sub, s.Set)})
}

func position(path string, p entitlement.Place) policy.Position {
	return policy.Position{File: path, Line: p.Line, Column: p.Column}
}
