package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// The version of the language that Parse reads.
const version = 1

// Bounds of the settings. Under ten characters nothing is explained; a lifetime
// of over ten years is none.
const (
	leastJustification, mostJustification = 10, 1000
	leastLifetime, mostLifetime           = 1, 3650
	leastWarning, mostWarning             = 0, 365
)

// defaults are the settings of a policy that gives none.
var defaults = Settings{
	Unlisted:         RequireJustification,
	MinJustification: 40,
	MaxLifetime:      365,
	WarnBeforeExpiry: 30,
	UnusedExceptions: Error,
	FailOn:           FailOnError,
}

var (
	actions      = []Action{Allow, RequireJustification, Deny}
	levels       = []Level{Error, Warning, Note}
	failOns      = []FailOn{FailOnError, FailOnWarning, FailOnNever}
	requirements = []Requirement{Signed, HardenedRuntime}
	categories   = []Category{
		JavaScriptEngine, LanguageRuntime, RegexJIT, MacroLanguage, Emulator, PlugInHost, Debugger, DRM, Other,
	}
)

// Parse reads a policy. The name is for positions and for [Policy.Name]. On
// failure the policy is nil and the error is of type [Errors], with everything
// that is wrong in the order of the lines.
func Parse(name string, src []byte) (*Policy, error) {
	r := &reader{file: name}
	sum := sha256.Sum256(src)
	p := &Policy{Name: name, SHA256: hex.EncodeToString(sum[:])}
	if root := r.document(src); root != nil {
		r.refuse(root)
		r.policy(root, p)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return p, nil
}

func (r *reader) policy(n *yaml.Node, p *Policy) {
	p.Settings = defaults
	var foreign *ParseError
	given := r.mapping(n, "the policy", []field{
		{"version", true, func(n *yaml.Node) { foreign = r.version(n) }},
		{"settings", false, func(n *yaml.Node) { r.settings(n, &p.Settings) }},
		{"stages", false, func(n *yaml.Node) { p.Stages = r.stages(n) }},
		{"rules", false, func(n *yaml.Node) { p.Rules = r.rules(n) }},
		{"exceptions", false, func(n *yaml.Node) { p.Exceptions = r.exceptions(n) }},
	})
	if foreign != nil {
		r.errs, r.dropped = Errors{foreign}, 0
	}
	if _, ok := given["stages"]; !ok {
		p.Stages = builtinStages()
	}
}

// version reads the version of the language. Of a policy in another version it
// returns the one error that matters: nothing else in it can be judged.
func (r *reader) version(n *yaml.Node) *ParseError {
	before := r.total()
	v := r.integer(n, "version", 0, 1<<30)
	if v == version || r.total() > before || n.Kind != yaml.ScalarNode {
		return nil
	}
	return &ParseError{
		Position: r.position(n),
		Message:  fmt.Sprintf("the policy is in version %d of the language; only version %d is known", v, version),
	}
}

func (r *reader) settings(n *yaml.Node, s *Settings) {
	r.mapping(n, "settings", []field{
		{"unlisted", false, func(n *yaml.Node) { s.Unlisted = choice(r, n, "unlisted", actions) }},
		{"min-justification", false, func(n *yaml.Node) {
			s.MinJustification = r.integer(n, "min-justification", leastJustification, mostJustification)
		}},
		{"max-lifetime", false, func(n *yaml.Node) {
			s.MaxLifetime = r.days(n, "max-lifetime", leastLifetime, mostLifetime)
		}},
		{"warn-before-expiry", false, func(n *yaml.Node) {
			s.WarnBeforeExpiry = r.days(n, "warn-before-expiry", leastWarning, mostWarning)
		}},
		{"unused-exceptions", false, func(n *yaml.Node) { s.UnusedExceptions = choice(r, n, "unused-exceptions", levels) }},
		{"fail-on", false, func(n *yaml.Node) { s.FailOn = choice(r, n, "fail-on", failOns) }},
	})
}

// builtinStages are the stages of a policy that names none.
func builtinStages() []Stage {
	return []Stage{
		{Name: DefaultStage, Require: []Requirement{Signed, HardenedRuntime}},
		{Name: "development", Require: []Requirement{Signed}},
	}
}

func (r *reader) stages(n *yaml.Node) []Stage {
	var stages []Stage
	ok := r.entries(n, "stages", func(key, value *yaml.Node) {
		if strings.Trim(key.Value, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || key.Value == "" {
			r.fail(key, "use lower-case letters, digits and -", "%s cannot name a stage", quote(key.Value))
		}
		stages = append(stages, r.stage(key, value))
	})
	if ok && len(n.Content) == 0 {
		r.fail(n, "remove it for the built-in stages", "stages is empty")
	}
	return stages
}

func (r *reader) stage(key, n *yaml.Node) Stage {
	s := Stage{Name: key.Value, Position: r.position(key)}
	r.mapping(n, "a stage", []field{
		{"require", false, func(n *yaml.Node) {
			for _, w := range r.words(n, "require", true, func(n *yaml.Node, w string) {
				pick(r, n, "require", w, requirements)
			}) {
				s.Require = append(s.Require, Requirement(w))
			}
		}},
		{"team-ids", false, func(n *yaml.Node) { s.TeamIDs = r.exact(n, "team-ids") }},
		{"rules", false, func(n *yaml.Node) { s.Rules = r.rules(n) }},
	})
	return s
}

func (r *reader) rules(n *yaml.Node) []Rule {
	var rules []Rule
	r.list(n, "rules", func(n *yaml.Node) { rules = append(rules, r.rule(n)) })
	return rules
}

func (r *reader) rule(n *yaml.Node) Rule {
	rule := Rule{Position: r.position(n)}
	r.mapping(n, "a rule", []field{
		{"entitlement", true, func(n *yaml.Node) {
			for _, w := range r.words(n, "entitlement", false, func(n *yaml.Node, w string) {
				r.check(n, "entitlement", checkPattern(w))
			}) {
				rule.Entitlements = append(rule.Entitlements, Pattern(w))
			}
		}},
		{"action", true, func(n *yaml.Node) { rule.Action = choice(r, n, "action", actions) }},
	})
	return rule
}

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

// Categories returns the closed list of categories, in the order of the documentation.
func Categories() []Category { return slices.Clone(categories) }
