package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

// ofStage is what one policy demands in a stage.
type ofStage struct {
	*Stage
	policy *Policy
}

// stages merges what each stage demands. There are the stages that all parents have: in
// another one, a parent that does not know it would demand nothing.
func (m *merger) stages() {
	m.whole.Stages = nil
	for _, s := range m.parents[0].Stages {
		if !slices.ContainsFunc(m.parents, func(p *Policy) bool { return p.namesake(&s) == nil }) {
			m.whole.Stages = append(m.whole.Stages, m.stage(s.Name))
		}
	}
	if len(m.whole.Stages) == 0 {
		m.fail(m.own.Extends[0].Position, nil, "", "the policies that are extended have no stage in common")
	}
	for i := range m.own.Stages {
		s := &m.own.Stages[i]
		for _, p := range m.parents {
			if p.namesake(s) == nil {
				m.loosens(s.Position, Related{Position: Position{File: p.Name}, Message: "its stages are: " + strings.Join(p.stageNames(), ", ")},
					"%s has no stage %s", p.Name, quote(s.Name))
			}
		}
	}
}

func (p *Policy) stageNames() []string {
	names := make([]string, len(p.Stages))
	for i, s := range p.Stages {
		names[i] = s.Name
	}
	return names
}

// stage merges the demands of one stage, which all parents have.
func (m *merger) stage(name string) Stage {
	s := Stage{Name: name}
	own := &s // with nothing given
	if mine := m.own.namesake(&s); mine != nil {
		own = mine
	}
	merged := Stage{Name: name, Rules: own.Rules, Overridable: own.Overridable, Position: own.Position, Fields: map[string]Position{}}
	maps.Copy(merged.Fields, own.Fields)
	var parents, locks []ofStage
	for _, p := range m.parents {
		parents = append(parents, ofStage{p.namesake(&s), p})
	}
	for layer := range m.above() {
		if l := layer.namesake(&s); l != nil && !l.Overridable {
			locks = append(locks, ofStage{l, layer})
		}
	}
	inorder.By(parents, ofStage.compare)
	inorder.By(locks, ofStage.compare)
	for _, p := range parents {
		if merged.Position.Line == 0 {
			merged.Position = p.Position
		}
	}
	m.require(&merged, own, parents, locks)
	m.teams(&merged, own, parents, locks)
	m.runtime(&merged, own, parents, locks)
	return merged
}

// compare orders them by where they are.
func (s ofStage) compare(o ofStage) int { return s.Position.compareIn(o.Position) }

// set is where a stage demands something.
func (s ofStage) set(name string) Related {
	if _, ok := s.Fields[name]; !ok && s.Position.Line == 0 {
		return Related{Position: Position{File: s.policy.Name}, Message: "the built-in stage " + s.Name}
	}
	return s.policy.set(s.Fields, name)
}

// require merges the requirements: those of all, of which a policy may leave out only
// what is overridable.
func (m *merger) require(merged, own *Stage, parents, locks []ofStage) {
	at, given := own.Fields["require"]
	from := parents
	if given {
		from = locks
	}
	list := slices.Clone(own.Require)
	for _, s := range from {
		list = append(list, s.Require...)
		if p, ok := s.Fields["require"]; ok && !given && merged.Fields["require"].File == "" {
			merged.Fields["require"] = p
		}
	}
	merged.Require = slices.DeleteFunc(Requirements(), func(r Requirement) bool { return !slices.Contains(list, r) })
	i := slices.IndexFunc(locks, func(s ofStage) bool { return len(s.Require) > 0 })
	if given && len(own.Require) == 0 && i >= 0 {
		m.loosens(at, locks[i].set("require"), "require is empty, and %s requires %s", locks[i].policy.Name, joined(locks[i].Require))
	}
}

// teams merges the teams that may sign: those that all allow.
func (m *merger) teams(merged, own *Stage, parents, locks []ofStage) {
	if at, given := own.Fields["team-ids"]; given {
		merged.TeamIDs = own.TeamIDs
		for _, s := range locks {
			kept := slices.DeleteFunc(slices.Clone(merged.TeamIDs), func(id string) bool { return !s.allows(id) })
			switch {
			case len(kept) == len(merged.TeamIDs):
				continue
			case len(merged.TeamIDs) == len(own.TeamIDs):
				m.loosens(at, s.set("team-ids"), "team-ids %s loosens %s, which allows %s",
					strings.Join(own.TeamIDs, ", "), s.policy.Name, strings.Join(s.TeamIDs, ", "))
			}
			if merged.TeamIDs = kept; len(kept) == 0 { // which would allow any
				merged.TeamIDs = s.TeamIDs
			}
		}
		return
	}
	var first ofStage
	for _, s := range parents {
		switch {
		case len(s.TeamIDs) == 0 || slices.Equal(s.TeamIDs, merged.TeamIDs):
		case merged.TeamIDs == nil:
			first, merged.TeamIDs = s, s.TeamIDs
			merged.Fields["team-ids"] = s.Fields["team-ids"]
		default:
			both := slices.DeleteFunc(slices.Sorted(slices.Values(merged.TeamIDs)), func(id string) bool { return !s.allows(id) })
			if len(both) == 0 { // which would allow any
				m.fail(m.own.Extends[0].Position, []Related{first.set("team-ids"), s.set("team-ids")}, "",
					"in stage %s, no team is allowed by all that is extended", s.Name)
				return
			}
			merged.TeamIDs = both
		}
	}
}

// allows reports whether a team may sign.
func (s *Stage) allows(id string) bool { return len(s.TeamIDs) == 0 || slices.Contains(s.TeamIDs, id) }

// runtime merges the lowest version of the hardened runtime: the highest of them.
func (m *merger) runtime(merged, own *Stage, parents, locks []ofStage) {
	const name = "min-runtime-version"
	at, given := own.Fields[name]
	if !given {
		for _, s := range parents {
			if compareVersions(s.MinRuntimeVersion, merged.MinRuntimeVersion) > 0 {
				merged.MinRuntimeVersion, merged.Fields[name] = s.MinRuntimeVersion, s.Fields[name]
			}
		}
		return
	}
	merged.MinRuntimeVersion = own.MinRuntimeVersion
	lock := ofStage{Stage: merged}
	for _, s := range locks {
		if compareVersions(s.MinRuntimeVersion, lock.MinRuntimeVersion) > 0 {
			lock = s
		}
	}
	if lock.policy != nil {
		m.loosens(at, lock.set(name), "%s %s loosens %s, which says %s", name, own.MinRuntimeVersion, lock.policy.Name, lock.MinRuntimeVersion)
		merged.MinRuntimeVersion, merged.Fields[name] = lock.MinRuntimeVersion, lock.Fields[name]
	}
}

// compareVersions compares dotted numbers, of which none is the lowest.
func compareVersions(a, b string) int {
	v, _ := parseVersion(a) // what is no version was refused when it was parsed
	w, _ := parseVersion(b)
	return slices.Compare(v, w)
}
