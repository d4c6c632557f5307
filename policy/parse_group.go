package policy

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

func (r *reader) groups(n *yaml.Node) []Group {
	var groups []Group
	ok := r.entries(n, "binaries", func(key, value *yaml.Node) {
		r.name(key, "a group of binaries")
		groups = append(groups, r.group(key, value))
	})
	if ok && len(n.Content) == 0 {
		r.fail(n, "remove it, or name a group", "binaries is empty")
	}
	return groups
}

// groupFields are the keys of a group that say which binaries are in it.
var groupFields = []string{"path", "identifier", "team-id", "arch", "type", "bundle-kind"}

func (r *reader) group(key, n *yaml.Node) Group {
	g := Group{Name: key.Value, Position: r.position(key)}
	fields := append(r.scopeFields(&g.Scope, groupFields...),
		field{"require", false, func(n *yaml.Node) { g.Require = r.keys(n, "require", false) }},
		field{"exactly", false, func(n *yaml.Node) { g.Exactly, g.IsExact = r.keys(n, "exactly", true), true }},
		field{"rules", false, func(n *yaml.Node) { g.Rules = r.rules(n) }},
		field{"stages", false, func(n *yaml.Node) { g.Stages = r.groupStages(n) }},
		field{"overridable", false, func(n *yaml.Node) { g.Overridable = r.boolean(n, "overridable") }},
	)
	given := r.mapping(n, "a group", fields)
	g.Fields = given
	r.contradiction(g, given)
	if given != nil && !slices.ContainsFunc(groupFields, func(f string) bool { _, ok := given[f]; return ok }) {
		r.fail(key, suggest("", groupFields), "the group %s does not say which binaries are in it", quote(key.Value))
	}
	return g
}

// contradiction refuses a group that no binary can satisfy.
func (r *reader) contradiction(g Group, given map[string]Position) {
	for _, key := range g.Require {
		if at, ok := given["exactly"]; ok && g.IsExact && !slices.Contains(g.Exactly, key) {
			r.add(at, "add it to exactly", "require asks for %s, and exactly does not list it", quote(key))
		}
	}
}

// groupStages reads what a group demands in some stages.
func (r *reader) groupStages(n *yaml.Node) []Stage {
	var stages []Stage
	ok := r.entries(n, "stages", func(key, value *yaml.Node) {
		s := Stage{Name: key.Value, Position: r.position(key)}
		s.Fields = r.mapping(value, "a stage of a group", r.demandFields(&s))
		stages = append(stages, s)
	})
	if ok && len(n.Content) == 0 {
		r.fail(n, "remove it, or name a stage", "stages is empty")
	}
	return stages
}

// keys reads whole entitlement keys.
func (r *reader) keys(n *yaml.Node, what string, emptyOK bool) []string {
	return r.words(n, what, emptyOK, func(n *yaml.Node, w string) {
		if !Pattern(w).isExact() {
			r.fail(n, "name each one", "%s takes whole entitlements, not the glob %s", what, quote(w))
			return
		}
		r.check(n, what, checkPattern(w))
	})
}
