package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
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
	OpaquePayloads:   Note,
	FailOn:           FailOnError,
}

var defaultApprovals = Approvals{Accept: []Way{Fields}, Threshold: 1}

var (
	actions      = []Action{Allow, RequireJustification, Deny}
	levels       = []Level{Error, Warning, Note}
	evidences    = []Evidence{EvidenceRequired, EvidenceReported, EvidenceOff}
	failOns      = []FailOn{FailOnError, FailOnWarning, FailOnNever}
	requirements = []Requirement{
		Signed, HardenedRuntime, Valid, DeveloperID, AppleDistribution, SecureTimestamp, NotAdHoc, LibraryValidation,
	}
	ways       = []Way{Fields, Base, SignedBy, Review}
	categories = []Category{
		JavaScriptEngine, LanguageRuntime, RegexJIT, MacroLanguage, Emulator, PlugInHost, Debugger, DRM, Other,
	}
)

// runtimeVersion is the form in which CodeDirectories name a version: xxxx.yy.zz.
var runtimeVersion = regexp.MustCompile(`^[0-9]{1,5}\.[0-9]{1,3}(?:\.[0-9]{1,3})?$`)

// Parse reads a policy. The name is for positions and for [Policy.Name]. On
// failure the policy is nil and the error is of type [Errors], with everything
// that is wrong in the order of the lines.
func Parse(name string, src []byte) (*Policy, error) {
	p, _, err := (&reader{file: name}).read(src)
	return p, err
}

// Named returns a policy of which no more is known than its name and its text.
func Named(name string, src []byte) *Policy {
	sum := sha256.Sum256(src)
	return &Policy{Name: name, SHA256: hex.EncodeToString(sum[:])}
}

// read reads a policy and returns the root of the document with it.
func (r *reader) read(src []byte) (*Policy, *yaml.Node, error) {
	p := Named(r.file, src)
	root := r.document(src)
	if root != nil {
		r.refuse(root)
		r.policy(root, p)
	}
	if err := r.err(); err != nil {
		return nil, nil, err
	}
	return p, root, nil
}

func (r *reader) policy(n *yaml.Node, p *Policy) {
	p.Settings, p.Approvals = defaults, defaultApprovals
	var foreign *ParseError
	given := r.mapping(n, "the policy", []field{
		{"version", true, func(n *yaml.Node) { foreign = r.version(n) }},
		{"policy-id", false, func(n *yaml.Node) {
			p.ID = r.matching(n, "policy-id", policyID, "use letters, digits, and . _ / - between them, such as acme/desktop",
				"%s cannot be a policy-id")
		}},
		{"extends", false, func(n *yaml.Node) { p.Extends = r.extends(n) }},
		{"settings", false, func(n *yaml.Node) { r.settings(n, &p.Settings) }},
		{"approvals", false, func(n *yaml.Node) { r.approvals(n, &p.Approvals) }},
		{"stages", false, func(n *yaml.Node) { p.Stages = r.stages(n) }},
		{"binaries", false, func(n *yaml.Node) { p.Groups = r.groups(n) }},
		{"rules", false, func(n *yaml.Node) { p.Rules = r.rules(n) }},
		{"exceptions", false, func(n *yaml.Node) { p.Exceptions = r.exceptions(n) }},
	})
	p.IDPosition, p.Approvals.Position = given["policy-id"], given["approvals"]
	if foreign != nil {
		r.errs, r.dropped = Errors{foreign}, 0
	}
	if _, ok := given["stages"]; !ok && len(p.Extends) == 0 {
		p.Stages = builtinStages()
	}
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		e.PolicyID, e.Groups = p.ID, p.ScopesOf(e)
	}
	if len(p.Extends) == 0 && foreign == nil { // else it shows in Load, when those are known
		r.errs = append(r.errs, p.dangling(p)...)
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
	s.Fields = r.mapping(n, "settings", []field{
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
		{"opaque-payloads", false, func(n *yaml.Node) { s.OpaquePayloads = choice(r, n, "opaque-payloads", levels) }},
		{"fail-on", false, func(n *yaml.Node) { s.FailOn = choice(r, n, "fail-on", failOns) }},
		{"overridable", false, func(n *yaml.Node) { s.Overridable = r.boolean(n, "overridable") }},
	})
}

// builtinStages are the stages of a policy that names none.
func builtinStages() []Stage {
	return []Stage{
		{Name: DefaultStage, Require: []Requirement{Signed, HardenedRuntime}},
		{Name: Development, Require: []Requirement{Signed}},
	}
}

func (r *reader) stages(n *yaml.Node) []Stage {
	var stages []Stage
	ok := r.entries(n, "stages", func(key, value *yaml.Node) {
		r.name(key, "a stage")
		stages = append(stages, r.stage(key, value))
	})
	if ok && len(n.Content) == 0 {
		r.fail(n, "remove it for the built-in stages", "stages is empty")
	}
	return stages
}

func (r *reader) stage(key, n *yaml.Node) Stage {
	s := Stage{Name: key.Value, Position: r.position(key)}
	s.Fields = r.mapping(n, "a stage", append(r.demandFields(&s),
		field{"rules", false, func(n *yaml.Node) { s.Rules = r.rules(n) }},
		field{"overridable", false, func(n *yaml.Node) { s.Overridable = r.boolean(n, "overridable") }},
	))
	return s
}

// name refuses what cannot name a stage or a group.
func (r *reader) name(key *yaml.Node, what string) {
	if strings.Trim(key.Value, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || key.Value == "" {
		r.fail(key, "use lower-case letters, digits and -", "%s cannot name %s", quote(key.Value), what)
	}
}

// demandFields are the keys that say what code must show.
func (r *reader) demandFields(s *Stage) []field {
	return []field{
		{"require", false, func(n *yaml.Node) {
			for _, w := range r.words(n, "require", true, func(n *yaml.Node, w string) {
				pick(r, n, "require", w, requirements)
			}) {
				s.Require = append(s.Require, Requirement(w))
			}
		}},
		{"team-ids", false, func(n *yaml.Node) { s.TeamIDs = r.exact(n, "team-ids") }},
		{"min-runtime-version", false, func(n *yaml.Node) {
			s.MinRuntimeVersion = r.matching(n, "min-runtime-version", runtimeVersion, "write two or three dotted numbers, such as 13.0",
				"%s is not a version")
		}},
	}
}

func (r *reader) rules(n *yaml.Node) []Rule {
	var rules []Rule
	r.list(n, "rules", func(n *yaml.Node) { rules = append(rules, r.rule(n)) })
	return rules
}

func (r *reader) rule(n *yaml.Node) Rule {
	rule := Rule{Position: r.position(n)}
	given := r.mapping(n, "a rule", []field{
		{"entitlement", true, func(n *yaml.Node) {
			for _, w := range r.words(n, "entitlement", false, func(n *yaml.Node, w string) {
				r.check(n, "entitlement", checkPattern(w))
			}) {
				rule.Entitlements = append(rule.Entitlements, Pattern(w))
			}
		}},
		{"action", true, func(n *yaml.Node) { rule.Action = choice(r, n, "action", actions) }},
		{"level", false, func(n *yaml.Node) { rule.Level = choice(r, n, "level", levels) }},
		{"categories", false, func(n *yaml.Node) {
			for _, w := range r.words(n, "categories", false, func(n *yaml.Node, w string) { pick(r, n, "categories", w, categories) }) {
				rule.Categories = append(rule.Categories, Category(w))
			}
		}},
		{"max-lifetime", false, func(n *yaml.Node) { rule.MaxLifetime = r.days(n, "max-lifetime", leastLifetime, mostLifetime) }},
		{"evidence", false, func(n *yaml.Node) { rule.Evidence = choice(r, n, "evidence", evidences) }},
		{"overridable", false, func(n *yaml.Node) { rule.Overridable = r.boolean(n, "overridable") }},
	})
	r.pointless(rule, given)
	return rule
}

// pointless refuses what says nothing beside the action of a rule.
func (r *reader) pointless(rule Rule, given map[string]Position) {
	for _, f := range []struct {
		name  string
		needs []Action
	}{
		{"level", []Action{RequireJustification, Deny}},
		{"categories", []Action{RequireJustification}},
		{"max-lifetime", []Action{RequireJustification}},
		{"evidence", []Action{RequireJustification}},
	} {
		if at, ok := given[f.name]; ok && rule.Action != "" && !slices.Contains(f.needs, rule.Action) {
			r.add(at, "it goes with action: "+strings.Join(words(f.needs), " or "), "%s says nothing beside action: %s", f.name, rule.Action)
		}
	}
}

// Categories returns the closed list of categories, in the order of the documentation.
func Categories() []Category { return slices.Clone(categories) }

// Requirements returns the closed list of requirements, in the order of the documentation.
func Requirements() []Requirement { return slices.Clone(requirements) }
