package policy

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

func (r *reader) exceptions(n *yaml.Node) []Exception {
	var exceptions []Exception
	lines := map[string]int{}
	r.list(n, "exceptions", func(n *yaml.Node) {
		e, id := r.exception(n)
		if first, ok := lines[e.ID]; ok && e.ID != "" {
			r.fail(id, "", "duplicate exception id %s, first given on line %d", quote(e.ID), first)
		} else if id != nil {
			lines[e.ID] = id.Line
		}
		exceptions = append(exceptions, e)
	})
	return exceptions
}

// exception reads an exception and returns the node of its id with it.
func (r *reader) exception(n *yaml.Node) (e Exception, id *yaml.Node) {
	e.Position = r.position(n)
	e.Fields = r.mapping(n, "an exception", []field{
		{"id", true, func(n *yaml.Node) { e.ID, id = r.word(n, "id"), n }},
		{"entitlement", true, func(n *yaml.Node) { e.Entitlement = r.oneEntitlement(n) }},
		{"value", false, func(n *yaml.Node) { e.Value = r.value(n) }},
		{"applies-to", true, func(n *yaml.Node) { e.AppliesTo = r.scope(n) }},
		{"category", false, func(n *yaml.Node) {
			if !isNull(n) && (n.Kind != yaml.ScalarNode || n.Value != "") {
				e.Category = choice(r, n, "category", categories)
			}
		}},
		{"justification", false, func(n *yaml.Node) { e.Justification = r.optional(n, "justification") }},
		{"owner", false, func(n *yaml.Node) { e.Owner = strings.TrimSpace(r.optional(n, "owner")) }},
		{"approved-by", false, func(n *yaml.Node) {
			if !isNull(n) && (n.Kind != yaml.ScalarNode || n.Value != "") {
				e.ApprovedBy = r.words(n, "approved-by", true, func(*yaml.Node, string) {})
			}
		}},
		{"approved-on", false, func(n *yaml.Node) { e.ApprovedOn = r.date(n, "approved-on") }},
		{"ticket", false, func(n *yaml.Node) { e.Ticket = strings.TrimSpace(r.optional(n, "ticket")) }},
		{"expires", false, func(n *yaml.Node) { e.Expires = r.date(n, "expires") }},
	})
	return e, id
}

// oneEntitlement reads the key that an exception is for.
func (r *reader) oneEntitlement(n *yaml.Node) string {
	const hint = "write one exception for each entitlement"
	if n.Kind == yaml.SequenceNode {
		r.fail(n, hint, "an exception is for one entitlement, not for a list")
		return ""
	}
	before := r.total()
	key := r.word(n, "entitlement")
	switch {
	case r.total() > before:
	case strings.Contains(key, "*"):
		r.fail(n, hint, "an exception is for one entitlement, not for the glob %s", quote(key))
	default:
		r.check(n, "entitlement", checkPattern(key))
	}
	return key
}

func (r *reader) scope(n *yaml.Node) Scope {
	var s Scope
	fields := []field{
		{"path", false, func(n *yaml.Node) {
			s.Path = r.words(n, "path", false, func(n *yaml.Node, w string) { r.check(n, "path", checkGlob(w)) })
		}},
		{"identifier", false, func(n *yaml.Node) { s.Identifier = r.exact(n, "identifier") }},
		{"team-id", false, func(n *yaml.Node) { s.TeamID = r.exact(n, "team-id") }},
		{"arch", false, func(n *yaml.Node) { s.Arch = r.exact(n, "arch") }},
	}
	if isNull(n) || n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		r.fail(n, suggest("", []string{"path", "identifier", "team-id", "arch"}), "applies-to is empty: an exception needs a scope")
		return s
	}
	r.mapping(n, "applies-to", fields)
	return s
}

// exact reads one or more values that are compared as they stand.
func (r *reader) exact(n *yaml.Node, what string) []string {
	return r.words(n, what, false, func(n *yaml.Node, w string) {
		if strings.Contains(w, "*") {
			r.fail(n, "name each one", "%s is compared exactly and takes no globs", what)
		}
	})
}

// check reports what a checker of one value found.
func (r *reader) check(n *yaml.Node, what string, err error) {
	if err != nil {
		r.fail(n, "", "%s %s: %v", what, quote(n.Value), err)
	}
}
