package policy

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// YAML returns the policy with all that was merged into it as one document, in which a
// comment on each value says where it comes from, and whether a setting or what a stage
// demands may be loosened. It is a policy itself, in which the rules of each of the
// policies are listed one after the other: only while they are apart does each policy
// decide by itself, as [Policy.Decide] says.
func (p *Policy) YAML() ([]byte, error) {
	s := newShown(p)
	var head strings.Builder
	if len(p.Parents) > 0 {
		fmt.Fprintf(&head, "# %s, merged with what it extends:\n", visible(p.Name))
		for _, source := range p.Sources[min(1, len(p.Sources)):] {
			fmt.Fprintf(&head, "#   %s (sha256 %s)\n", visible(source.Name()), source.SHA256)
		}
		head.WriteString("# Each of them decides by its own rules, and the strictest decision holds.\n")
	}
	body, err := yaml.Dump(s.root, yaml.WithV4Defaults(), yaml.WithCompactSeqIndent(false))
	if err != nil {
		return nil, err
	}
	return append([]byte(head.String()), body...), nil
}

// shown is a policy as the tree of a document.
type shown struct {
	p      *Policy
	layers []*Policy // the policy and what it extends, as their files have it, each once
	root   *yaml.Node
	places map[*yaml.Node]origin
}

// origin is where a part of a merged policy comes from.
type origin struct {
	Position
	note string // beside the place, or instead of one
}

// String returns the origin as a comment has it, without the column.
func (o origin) String() string {
	var parts []string
	if o.Line > 0 {
		parts = append(parts, visible(fmt.Sprintf("%s:%d", o.File, o.Line)))
	}
	if o.note != "" {
		parts = append(parts, o.note)
	}
	return strings.Join(parts, ", ")
}

func newShown(p *Policy) *shown {
	s := &shown{p: p, places: map[*yaml.Node]origin{}}
	for layer := range p.layers() {
		if !slices.ContainsFunc(s.layers, func(o *Policy) bool { return o.Name == layer.Name }) {
			s.layers = append(s.layers, layer)
		}
	}
	s.root = &yaml.Node{Kind: yaml.MappingNode}
	s.add(s.root, "version", s.number(version, origin{}))
	if p.ID != "" {
		s.add(s.root, "policy-id", s.text(p.ID, origin{Position: p.layer().IDPosition}))
	}
	s.add(s.root, "settings", s.settings())
	s.add(s.root, "approvals", s.approvals())
	stages := &yaml.Node{Kind: yaml.MappingNode}
	for i := range p.Stages {
		stage := &p.Stages[i]
		s.addAt(stages, stage.Name, s.stage(stage), s.at(stage.Position, "built-in"))
	}
	s.add(s.root, "stages", stages)
	if len(p.Groups) > 0 {
		groups := &yaml.Node{Kind: yaml.MappingNode}
		for i := range p.Groups {
			s.addAt(groups, p.Groups[i].Name, s.group(&p.Groups[i]), origin{Position: p.Groups[i].Position})
		}
		s.add(s.root, "binaries", groups)
	}
	s.rules(s.root, func(layer *Policy) []Rule { return layer.Rules })
	if len(p.Exceptions) > 0 {
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range p.Exceptions {
			list.Content = append(list.Content, s.exception(&p.Exceptions[i]))
		}
		s.add(s.root, "exceptions", list)
	}
	return s
}

// at is a place, or what is said where there is none.
func (s *shown) at(p Position, otherwise string) origin {
	if p.Line == 0 {
		return origin{note: otherwise}
	}
	return origin{Position: p}
}

// layer returns the policy in which a place is.
func (s *shown) layer(at Position) *Policy {
	i := slices.IndexFunc(s.layers, func(p *Policy) bool { return p.Name == at.File })
	if i < 0 {
		return &Policy{}
	}
	return s.layers[i]
}

// loose says whether something may be loosened.
func loose(overridable bool) string {
	if overridable {
		return "overridable"
	}
	return ""
}

func (s *shown) settings() *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range settings {
		at := s.at(s.p.Settings.Fields[f.name], s.defaultOf(f))
		if at.Line > 0 {
			at.note = loose(s.layer(at.Position).Settings.Overridable)
		}
		value := s.text(f.text(s.p.Settings), at)
		if f.name == "min-justification" {
			value = s.number(s.p.Settings.MinJustification, at)
		}
		s.add(m, f.name, value)
	}
	return m
}

// defaultOf says whose default a setting is that no policy gives as strictly.
func (s *shown) defaultOf(f setting) string {
	for _, layer := range s.layers {
		_, given := layer.Settings.Fields[f.name]
		if len(s.layers) > 1 && len(layer.Extends) == 0 && !given && f.strictness(layer.Settings) == f.strictness(s.p.Settings) {
			return "default of " + visible(layer.Name)
		}
	}
	return "default"
}

func (s *shown) approvals() *yaml.Node {
	m, a := &yaml.Node{Kind: yaml.MappingNode}, s.p.Approvals
	at := func(name string) origin {
		at := s.at(a.Fields[name], "default")
		if at.Line > 0 {
			at.note = loose(s.layer(at.Position).Approvals.Overridable)
		}
		return at
	}
	s.add(m, "accept", s.list(words(a.Accept), at("accept")))
	if a.AllowedSigners != "" {
		s.add(m, "allowed-signers", s.text(a.AllowedSigners, at("allowed-signers")))
	}
	if slices.Contains(a.Accept, SignedBy) {
		s.add(m, "threshold", s.number(a.Threshold, at("threshold")))
	}
	if len(a.ReviewTeams) > 0 {
		s.add(m, "review-teams", s.list(a.ReviewTeams, at("review-teams")))
	}
	return m
}

// stage shows what a stage demands.
func (s *shown) stage(stage *Stage) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode}
	require := &yaml.Node{Kind: yaml.SequenceNode}
	for _, r := range stage.Require {
		require.Content = append(require.Content, s.text(string(r), s.requires(stage, r)))
	}
	s.add(m, "require", require)
	s.demands(m, stage, func(at Position) bool {
		own := s.layer(at).namesake(stage)
		return own != nil && own.Overridable
	})
	s.rules(m, func(layer *Policy) []Rule {
		if own := layer.namesake(stage); own != nil {
			return own.Rules
		}
		return nil
	})
	return m
}

// requires returns where the requirement of a stage comes from: the first policy that has
// it, or rather one that does not let it be loosened.
func (s *shown) requires(stage *Stage, r Requirement) (at origin) {
	for _, layer := range s.layers {
		own := layer.namesake(stage)
		if own == nil || !slices.Contains(own.Require, r) || own.Overridable && at != (origin{}) {
			continue
		}
		at = s.at(own.Fields["require"], "built-in stage of "+visible(layer.Name))
		if !own.Overridable {
			return at
		}
		at.note = loose(true)
	}
	return at
}

// demands shows what is demanded beside requirements.
func (s *shown) demands(m *yaml.Node, stage *Stage, overridable func(Position) bool) {
	at := func(name string) origin {
		p := stage.Fields[name]
		return origin{p, loose(overridable(p))}
	}
	if len(stage.TeamIDs) > 0 {
		s.add(m, "team-ids", s.list(stage.TeamIDs, at("team-ids")))
	}
	if stage.MinRuntimeVersion != "" {
		s.add(m, "min-runtime-version", s.text(stage.MinRuntimeVersion, at("min-runtime-version")))
	}
}

// rules adds the rules that each policy has in one place.
func (s *shown) rules(m *yaml.Node, of func(layer *Policy) []Rule) {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, layer := range s.layers {
		for i, r := range of(layer) {
			n := s.rule(&r)
			if i == 0 && len(s.layers) > 1 {
				n.HeadComment = "# of " + visible(layer.Name)
			}
			list.Content = append(list.Content, n)
		}
	}
	if len(list.Content) > 0 {
		s.add(m, "rules", list)
	}
}
