package policy

import (
	"fmt"

	"go.yaml.in/yaml/v4"

	"github.com/codewarrant/codewarrant/entitlement"
)

func (s *shown) rule(r *Rule) *yaml.Node {
	m, at := &yaml.Node{Kind: yaml.MappingNode}, origin{Position: r.Position}
	s.add(m, "entitlement", s.list(words(r.Entitlements), at))
	s.add(m, "action", s.text(string(r.Action), at))
	if r.Level != "" {
		s.add(m, "level", s.text(string(r.Level), at))
	}
	if r.Categories != nil {
		s.add(m, "categories", s.list(words(r.Categories), at))
	}
	if r.MaxLifetime > 0 {
		s.add(m, "max-lifetime", s.text(fmt.Sprintf("%dd", r.MaxLifetime), at))
	}
	if r.Evidence != "" {
		s.add(m, "evidence", s.text(string(r.Evidence), at))
	}
	if r.Overridable {
		s.add(m, "overridable", s.boolean(true, at))
	}
	return m
}

func (s *shown) group(g *Group) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode}
	at := func(field string) origin { return origin{Position: g.Fields[field]} }
	s.scope(m, g.Scope, at)
	if len(g.Require) > 0 {
		s.add(m, "require", s.list(g.Require, at("require")))
	}
	if g.IsExact {
		s.add(m, "exactly", s.list(g.Exactly, at("exactly")))
	}
	if len(g.Rules) > 0 {
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range g.Rules {
			list.Content = append(list.Content, s.rule(&g.Rules[i]))
		}
		s.add(m, "rules", list)
	}
	if len(g.Stages) > 0 {
		stages := &yaml.Node{Kind: yaml.MappingNode}
		for i := range g.Stages {
			stage := &g.Stages[i]
			demands := &yaml.Node{Kind: yaml.MappingNode}
			s.add(demands, "require", s.list(words(stage.Require), s.at(stage.Fields["require"], "")))
			s.demands(demands, stage, func(Position) bool { return false })
			s.addAt(stages, stage.Name, demands, origin{Position: stage.Position})
		}
		s.add(m, "stages", stages)
	}
	if g.Overridable {
		s.add(m, "overridable", s.boolean(true, at("overridable")))
	}
	return m
}

// scope shows the fields of a scope, each with its place.
func (s *shown) scope(m *yaml.Node, scope Scope, at func(field string) origin) {
	for _, f := range scope.fields() {
		if len(f.values) > 0 {
			s.add(m, f.name, s.list(f.values, at(f.name)))
		}
	}
}

func (s *shown) exception(e *Exception) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode}
	at := func(field string) origin { return origin{Position: e.At(field)} }
	text := func(field, value string) {
		if value != "" {
			s.add(m, field, s.text(value, at(field)))
		}
	}
	list := func(field string, values []string) {
		if len(values) > 0 {
			s.add(m, field, s.list(values, at(field)))
		}
	}
	date := func(field string, d Date) {
		if !d.IsZero() {
			s.add(m, field, s.date(d, at(field)))
		}
	}
	text("id", e.ID)
	text("entitlement", e.Entitlement)
	if e.Value != nil {
		s.add(m, "value", s.value(*e.Value, at("value")))
	}
	if e.Values != nil {
		s.add(m, "values", s.value(entitlement.List(e.Values...), at("values")))
	}
	list("matches", words(e.Matches))
	applies := &yaml.Node{Kind: yaml.MappingNode}
	s.scope(applies, e.AppliesTo, func(string) origin { return at("applies-to") })
	s.add(m, "applies-to", applies)
	text("category", string(e.Category))
	text("justification", e.Justification)
	text("owner", e.Owner)
	list("approved-by", e.ApprovedBy)
	date("approved-on", e.ApprovedOn)
	text("ticket", e.Ticket)
	date("expires", e.Expires)
	list("compensating-controls", e.CompensatingControls)
	if len(e.Renewals) > 0 {
		renewals := &yaml.Node{Kind: yaml.SequenceNode}
		for _, r := range e.Renewals {
			n := &yaml.Node{Kind: yaml.MappingNode}
			s.add(n, "approved-by", s.list(r.ApprovedBy, at("renewals")))
			s.add(n, "approved-on", s.date(r.ApprovedOn, at("renewals")))
			s.add(n, "expires", s.date(r.Expires, at("renewals")))
			renewals.Content = append(renewals.Content, n)
		}
		s.add(m, "renewals", renewals)
	}
	list("signatures", e.Signatures)
	return m
}
