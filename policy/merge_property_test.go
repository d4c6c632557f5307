package policy_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/policy"
)

// chooser makes a random policy: it returns a number below n.
type chooser func(n int) int

func seeded(seed uint64) chooser { return rand.New(rand.NewPCG(seed, 42)).IntN }

func (c chooser) one(words ...string) string { return words[c(len(words))] }

// sometimes reports true in one of n cases.
func (c chooser) sometimes(n int) bool { return c(n) == 0 }

var (
	someKeys     = []string{"a", "a.b", "a.b.c", "a.c", "b.c", "c", "a.b.x", "z"}
	somePatterns = []string{"a", "a.b", "a.b.c", "a.c", "b.c", "a.*", "a.b.*", `"*.c"`, `"*"`, `"*b*"`, "a*c", "z"}
)

// draft is a random policy before it is written.
type draft struct {
	head   string
	stages map[string][]string // further keys of each, and its rules
	rules  map[string][]string // by where they stand: a stage, a group, or nothing
	groups map[string]string
	loose  bool // whether something is overridable
}

// draft makes a policy; name is for what must not be named alike.
func (c chooser) draft(name string, overridable bool) draft {
	d := draft{stages: map[string][]string{}, rules: map[string][]string{}, groups: map[string]string{}}
	over := func() string {
		if overridable && c.sometimes(3) {
			d.loose = true
			return ", overridable: true"
		}
		return ""
	}
	settings := []string{}
	for _, s := range []string{
		"unlisted: " + c.one("allow", "require-justification", "deny"), "fail-on: " + c.one("error", "warning", "never"),
		"max-lifetime: " + c.one("30d", "365d", "500d"), "min-justification: " + c.one("20", "40", "60"),
		"warn-before-expiry: " + c.one("0d", "30d", "60d"), "unused-exceptions: " + c.one("error", "warning", "note"),
		"opaque-payloads: " + c.one("error", "warning", "note"),
	} {
		if c.sometimes(3) {
			settings = append(settings, s)
		}
	}
	if o := over(); len(settings) > 0 || o != "" {
		d.head += "settings: {" + strings.TrimPrefix(strings.Join(settings, ", ")+o, ", ") + "}\n"
	}
	if c.sometimes(3) {
		d.head += "approvals: {" + c.one(
			"accept: [fields]", "accept: [base]", "accept: [base, signed]", "accept: [signed]", "accept: [review], review-teams: a/b",
			"accept: [base, signed, review], review-teams: [A/B, a/c]", "accept: [review, base], review-teams: [a/c, a/d]",
		) + ", allowed-signers: signers" + over() + "}\n"
	}
	for _, s := range []string{"release", "development"} {
		if s == "development" && c.sometimes(3) {
			continue
		}
		d.stages[s] = []string{
			c.one("", "", "require: []", "require: [signed]", "require: [valid, signed]"),
			c.one("", "", "team-ids: [A, B]", "team-ids: [A]", "team-ids: [B, C, A]"),
			c.one("", "", `min-runtime-version: "11.0"`, `min-runtime-version: "13.0.1"`),
			strings.TrimPrefix(over(), ", "),
		}
		d.rules["stage "+s] = c.rules(2, over)
	}
	if c.sometimes(2) {
		g := c.one("shared", name)
		d.groups[g] = "path: " + c.one("x/**", "y/**") + over()
		d.rules["group "+g] = c.rules(2, over)
	}
	d.rules[""] = c.rules(5, over)
	return d
}

// rules makes at most n rules.
func (c chooser) rules(n int, over func() string) []string {
	var list []string
	for range c(n + 1) {
		action := c.one("allow", "require-justification", "deny")
		terms := map[string][]string{
			"allow": {""}, "deny": {"", "", ", level: warning"},
			"require-justification": {
				"", "", ", level: note", ", categories: [drm, other]", ", categories: [other]", ", max-lifetime: 9d", ", max-lifetime: 99d",
				", evidence: required", ", evidence: required", ", evidence: reported", ", evidence: off", ", level: note, evidence: off",
			},
		}[action]
		list = append(list, fmt.Sprintf("{entitlement: [%s, %s], action: %s%s%s}",
			somePatterns[c(len(somePatterns))], somePatterns[c(len(somePatterns))], action, c.one(terms...), over()))
	}
	return list
}

// yaml writes the policy, its rules in the order of mix.
func (d draft) yaml(mix func([]string), extends ...string) string {
	var b strings.Builder
	b.WriteString("version: 1\n")
	if len(extends) > 0 {
		fmt.Fprintf(&b, "extends: [%s]\n", strings.Join(extends, ", "))
	}
	b.WriteString(d.head)
	rules := func(where string) string {
		list := slices.Clone(d.rules[where])
		mix(list)
		return "[" + strings.Join(list, ", ") + "]"
	}
	if len(d.stages) > 0 {
		b.WriteString("stages:\n")
	}
	for _, s := range slices.Sorted(maps.Keys(d.stages)) {
		fields := slices.DeleteFunc(slices.Clone(d.stages[s]), func(f string) bool { return f == "" })
		fmt.Fprintf(&b, "  %s: {%s}\n", s, strings.Join(append(fields, "rules: "+rules("stage "+s)), ", "))
	}
	if len(d.groups) > 0 {
		b.WriteString("binaries:\n")
	}
	for _, g := range slices.Sorted(maps.Keys(d.groups)) {
		fmt.Fprintf(&b, "  %s: {%s, rules: %s}\n", g, d.groups[g], rules("group "+g))
	}
	fmt.Fprintf(&b, "rules: %s\n", rules(""))
	return b.String()
}

// written writes drafts into files; what each extends follows its name after a colon.
func written(drafts map[string]draft, mix func([]string), names ...string) files {
	f := files{}
	for _, name := range names {
		name, extends, _ := strings.Cut(name, ":")
		var list []string
		for e := range strings.FieldsSeq(extends) {
			list = append(list, e+".yml")
		}
		f[name+".yml"] = drafts[name].yaml(mix, list...)
	}
	return f
}

func asWritten([]string) {}

// verdicts writes all that a policy says of some keys; nil for one that is not valid.
func verdicts(f files) []string {
	p, err := policy.Load(policy.Location{Path: "top.yml"}, f.read)
	if err != nil {
		return nil
	}
	lines := outline(p)
	slices.Sort(lines)
	for _, q := range questions(p) {
		d := p.Decide(q.stage, q.groups, q.key)
		lines = append(lines, fmt.Sprintf("%s %v %s: %s by %s", q.stage.Name, q.groups, q.key, decides(d), d.Pattern))
	}
	return lines
}

type question struct {
	stage  *policy.Stage
	groups []string
	key    string
}

func questions(p *policy.Policy) []question {
	var list []question
	var all []string
	for _, g := range p.Groups {
		all = append(all, g.Name)
	}
	slices.Sort(all)
	stages := slices.Clone(p.Stages)
	slices.SortFunc(stages, func(a, b policy.Stage) int { return strings.Compare(a.Name, b.Name) })
	for i := range stages {
		for _, key := range someKeys {
			list = append(list, question{&stages[i], nil, key})
			if len(all) > 0 {
				list = append(list, question{&stages[i], all, key})
			}
		}
	}
	return list
}

// laxer returns in what one decision is laxer than another, and nothing if in nothing.
func laxer(d, than policy.Decision, p, q *policy.Policy) string {
	rank := map[policy.Action]int{policy.Allow: 0, policy.RequireJustification: 1, policy.Deny: 2}
	levels := map[policy.Level]int{policy.Note: 0, policy.Warning: 1, policy.Error: 2}
	evidence := map[policy.Evidence]int{policy.EvidenceOff: 1, policy.EvidenceReported: 2, policy.EvidenceRequired: 3}
	switch {
	case evidence[d.Evidence] == 0:
		return "evidence, of which nothing is said"
	case rank[d.Action] < rank[than.Action]:
		return "action"
	case than.Action == policy.Allow:
		return ""
	case levels[d.Level] < levels[than.Level]:
		return "level"
	case d.Action == policy.Deny:
		return ""
	case evidence[d.Evidence] < evidence[than.Evidence]:
		return "evidence"
	}
	mine, theirs := p.Terms(d), q.Terms(than)
	switch {
	case mine.MaxLifetime > theirs.MaxLifetime:
		return "max-lifetime"
	case mine.MinJustification < theirs.MinJustification:
		return "min-justification"
	case theirs.Categories != nil && (mine.Categories == nil || slices.ContainsFunc(mine.Categories, func(c policy.Category) bool { return !slices.Contains(theirs.Categories, c) })):
		return "categories"
	}
	return ""
}

// demandsLess returns in what the settings and stages of one policy are laxer than those
// of another.
func demandsLess(p, than *policy.Policy) string {
	s, t := p.Settings, than.Settings
	unlisted := func(s policy.Settings) policy.Decision {
		return policy.Decision{Action: s.Unlisted, Level: policy.Error, Evidence: policy.EvidenceReported}
	}
	failOn := map[policy.FailOn]int{policy.FailOnNever: 0, policy.FailOnError: 1, policy.FailOnWarning: 2}
	levels := map[policy.Level]int{policy.Note: 0, policy.Warning: 1, policy.Error: 2}
	_, written := t.Fields["unused-exceptions"] // whose default may be loosened
	if laxer(unlisted(s), unlisted(t), p, than) != "" || s.MinJustification < t.MinJustification ||
		s.MaxLifetime > t.MaxLifetime || s.WarnBeforeExpiry < t.WarnBeforeExpiry ||
		written && levels[s.UnusedExceptions] < levels[t.UnusedExceptions] || levels[s.OpaquePayloads] < levels[t.OpaquePayloads] ||
		failOn[s.FailOn] < failOn[t.FailOn] {
		return "settings"
	}
	for _, w := range p.Approvals.Accept {
		if !slices.Contains(than.Approvals.Accept, w) && !slices.Contains(than.Approvals.Accept, policy.Fields) {
			return "approvals"
		}
	}
	for _, team := range p.Approvals.ReviewTeams {
		same := func(o string) bool { return strings.EqualFold(o, team) }
		if len(than.Approvals.ReviewTeams) > 0 && !slices.ContainsFunc(than.Approvals.ReviewTeams, same) {
			return "review-teams"
		}
	}
	for _, stage := range p.Stages {
		other, err := than.Stage(stage.Name)
		if err != nil {
			return "stages"
		}
		for _, r := range other.Require {
			if !slices.Contains(stage.Require, r) {
				return "require"
			}
		}
		for _, id := range stage.TeamIDs {
			if len(other.TeamIDs) > 0 && !slices.Contains(other.TeamIDs, id) {
				return "team-ids"
			}
		}
		if len(stage.TeamIDs) == 0 && len(other.TeamIDs) > 0 || stage.MinRuntimeVersion < other.MinRuntimeVersion {
			return "team-ids, min-runtime-version"
		}
	}
	return ""
}

// childIsNoLaxer makes a child, two parents and a grandparent, and holds the child to
// what those decide. That some of them loosen what they may not is told elsewhere; here
// it must have no effect.
func childIsNoLaxer(t *testing.T, c chooser) {
	drafts := map[string]draft{}
	overridable := c.sometimes(2)
	loose := false
	for _, name := range []string{"top", "a", "b", "base"} {
		drafts[name] = c.draft(name, overridable && name != "top")
		loose = loose || drafts[name].loose
	}
	f := written(drafts, asWritten, "top:a b", "a:base", "b", "base")
	p, ok := policy.LoadAnyway(policy.Location{Path: "top.yml"}, f.read)
	if !ok {
		t.Fatalf("not valid: %v", f)
	}
	fail := func(what string) {
		t.Helper()
		t.Errorf("the child is laxer in %s:\n%s", what, f)
	}
	if !loose {
		for _, parent := range p.Parents {
			if what := demandsLess(p, parent); what != "" {
				fail(what)
			}
			for _, q := range questions(p) {
				d, than := p.Decide(q.stage, q.groups, q.key), parent.Decide(stageOf(parent, q), q.groups, q.key)
				if what := laxer(d, than, p, parent); what != "" {
					fail(fmt.Sprintf("%s of %s in %s", what, q.key, q.stage.Name))
				}
			}
		}
	}
	locked(t, p, f)
}

// locked holds a policy to each decision above that may not be loosened.
func locked(t *testing.T, p *policy.Policy, f files) {
	var above []*policy.Policy
	var climb func(p *policy.Policy)
	climb = func(p *policy.Policy) {
		for _, parent := range p.Parents {
			layer := parent
			if parent.Own != nil {
				layer = parent.Own
			}
			above = append(above, layer)
			climb(parent)
		}
	}
	climb(p)
	for _, layer := range above {
		for _, q := range questions(p) {
			than := layer.Decide(stageOf(layer, q), nil, q.key)
			if than.Rule == nil || than.Overridable {
				continue
			}
			if what := laxer(p.Decide(q.stage, nil, q.key), than, p, layer); what != "" && what != "max-lifetime" && what != "min-justification" {
				t.Errorf("%s of %s in %s is laxer than %s, which may not be loosened:\n%s", what, q.key, q.stage.Name, layer.Name, f)
			}
		}
	}
}

func stageOf(p *policy.Policy, q question) *policy.Stage {
	s, err := p.Stage(q.stage.Name)
	if err != nil {
		return nil
	}
	return s
}

func TestAChildNeverPermitsMoreThanItsParents(t *testing.T) {
	for seed := range uint64(500) {
		childIsNoLaxer(t, seeded(seed))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzChildNeverPermitsMoreThanItsParents(f *testing.F) {
	for seed := range uint64(20) {
		c := seeded(seed)
		choices := make([]byte, 300)
		for i := range choices {
			choices[i] = byte(c(256))
		}
		f.Add(choices)
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		childIsNoLaxer(t, func(n int) int {
			if len(choices) == 0 {
				return 0
			}
			i := int(choices[0]) % n
			choices = choices[1:]
			return i
		})
	})
}

// What is promised of how policies are put together, whatever is in them.
func TestHowPoliciesArePutTogetherDoesNotMatter(t *testing.T) {
	valid, total := 0, 0
	for seed := range uint64(500) {
		c := seeded(seed)
		drafts := map[string]draft{"m": {}}
		overridable := c.sometimes(2)
		loose := false
		for _, name := range []string{"top", "a", "b", "d"} {
			drafts[name] = c.draft(name, overridable)
			loose = loose || drafts[name].loose
		}
		if c.sometimes(2) { // few random rules are no attempts to loosen
			drafts["top"] = draft{}
		}
		shuffled := func(list []string) {
			for i := range list {
				j := c(i + 1)
				list[i], list[j] = list[j], list[i]
			}
		}
		type row struct {
			name string
			a, b files
		}
		rows := []row{
			{
				"extends [a, b] is extends [b, a]",
				written(drafts, asWritten, "top:a b", "a", "b"), written(drafts, asWritten, "top:b a", "a", "b"),
			}, {
				"a parent that is there twice changes nothing",
				written(drafts, asWritten, "top:a b", "a", "b"), written(drafts, asWritten, "top:a b a", "a", "b"),
			}, {
				"parents may be put together in another policy",
				written(drafts, asWritten, "top:a b d", "a", "b", "d"), written(drafts, asWritten, "top:m d", "m:a b", "a", "b", "d"),
			}, {
				"and in whichever way",
				written(drafts, asWritten, "top:m d", "m:a b", "a", "b", "d"), written(drafts, asWritten, "top:a m", "m:b d", "a", "b", "d"),
			}, {
				"the order of rules does not matter in any of them",
				written(drafts, asWritten, "top:a d", "a:b", "b", "d"), written(drafts, shuffled, "top:a d", "a:b", "b", "d"),
			},
		}
		if !loose {
			rows = append(rows, row{
				"what a parent extends may be said again",
				written(drafts, asWritten, "top:a", "a:b", "b"), written(drafts, asWritten, "top:a b", "a:b", "b"),
			})
		}
		for _, row := range rows {
			a, b := verdicts(row.a), verdicts(row.b)
			if diff := gocmp.Diff(a, b); diff != "" {
				t.Fatalf("seed %d: %s (-one +other):\n%s\n%s\n%s", seed, row.name, diff, row.a, row.b)
			}
			if total++; a != nil {
				valid++
			}
		}
	}
	if valid*10 < total {
		t.Errorf("only %d of %d were valid", valid, total)
	}
}

// String writes the files for a failure.
func (f files) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(f)) {
		fmt.Fprintf(&b, "-- %s --\n%s", name, f[name])
	}
	return b.String()
}
