package policy_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/policy"
)

const (
	jit       = "com.apple.security.cs.allow-jit"
	getTask   = "com.apple.security.get-task-allow"
	sandbox   = "com.apple.security.app-sandbox"
	allowlist = "com.apple.security.cs.jit-write-allowlist"
)

func TestTheMostSpecificRuleDecides(t *testing.T) {
	for _, tt := range []struct {
		name         string
		rules, stage []policy.Rule
		want         policy.Action
	}{
		{"no rule: what settings say of unlisted keys", nil, nil, policy.RequireJustification},
		{"a rule for another key says nothing", rules("allow", sandbox), nil, policy.RequireJustification},
		{"an exact key before a glob", rules("deny", "com.apple.security.cs.allow-*", "allow", jit), nil, policy.Allow},
		{"a longer literal prefix before a shorter", rules("deny", "com.apple.*", "allow", "com.apple.security.*"), nil, policy.Allow},
		{"the prefix counts and not the whole length", rules("deny", "com.apple.*allow-jit", "allow", "com.apple.s*"), nil, policy.Allow},
		{"between equal prefixes the strictest", rules("allow", "com.apple.*-jit", "require-justification", "com.apple.*"), nil, policy.RequireJustification},
		{"between equal patterns the strictest", rules("deny", jit, "allow", jit), nil, policy.Deny},
		{"a stage's glob before an exact general rule", rules("deny", jit), rules("allow", "*"), policy.Allow},
		{"a stage without a rule for the key leaves it to the general ones", rules("deny", jit), rules("allow", sandbox), policy.Deny},
		{"a key in other letters is another key", rules("allow", strings.ToUpper(jit)), nil, policy.RequireJustification},
		{"one pattern of a list is enough", []policy.Rule{{Entitlements: []policy.Pattern{sandbox, jit}, Action: policy.Allow}}, nil, policy.Allow},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &policy.Policy{Rules: tt.rules}
			if got := p.Decide(&policy.Stage{Rules: tt.stage}, nil, jit).Action; got != tt.want {
				t.Errorf("action = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestADecisionNamesItsRule(t *testing.T) {
	p := parse(t, "version: 1\nrules:\n  - entitlement: [get-task-allow, com.apple.*]\n    action: deny\n")
	want := policy.Decision{
		Action: policy.Deny, Level: policy.Error, Evidence: policy.EvidenceReported, Rule: &p.Rules[0], Pattern: "com.apple.*",
		Position: policy.Position{File: "test.yml", Line: 3, Column: 5},
	}
	if diff := cmp.Diff(want, p.Decide(nil, nil, jit)); diff != "" {
		t.Errorf("decision differs (-want +got):\n%s", diff)
	}
}

func TestTheOrderOfRulesNeverMatters(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"com.apple.", "*", "security.", "cs.", "allow-", "jit", "a"}
	common := []policy.Pattern{jit, "com.apple.*", "*", sandbox}
	actions := []policy.Action{policy.Allow, policy.RequireJustification, policy.Deny}
	for range 2000 {
		p := &policy.Policy{}
		for range 1 + random.IntN(8) {
			var pattern strings.Builder
			for range 1 + random.IntN(5) {
				pattern.WriteString(pieces[random.IntN(len(pieces))])
			}
			p.Rules = append(p.Rules, policy.Rule{
				Entitlements: []policy.Pattern{policy.Pattern(pattern.String()), common[random.IntN(len(common))]},
				Action:       actions[random.IntN(len(actions))],
			})
		}
		want := p.Decide(nil, nil, jit)
		random.Shuffle(len(p.Rules), func(i, j int) { p.Rules[i], p.Rules[j] = p.Rules[j], p.Rules[i] })
		got := p.Decide(nil, nil, jit)
		if got.Action != want.Action || got.Pattern != want.Pattern {
			t.Fatalf("%s by %s after shuffling, %s by %s before:\n%v", got.Action, got.Pattern, want.Action, want.Pattern, p.Rules)
		}
	}
}

func TestAPatternIsMatchedInTimeLinearInTheKey(t *testing.T) {
	// With backtracking, this would not end.
	pattern := policy.Pattern(strings.Repeat("*a", 200) + "*b")
	if key := strings.Repeat("a", 1<<20); pattern.Match(key) {
		t.Errorf("%s matches a key without a b", pattern)
	}
}

func TestPatternsMatch(t *testing.T) {
	for _, tt := range []struct {
		pattern policy.Pattern
		key     string
		want    bool
	}{
		{jit, jit, true},
		{jit, jit + "\x00", false},
		{jit, "", false},
		{"*", "", true},
		{"*", jit, true},
		{"com.apple.*", "com.apple.", true},
		{"com.apple.*", "com.apple", false},
		{"*.allow-jit", jit, true},
		{"*.allow-jit", jit + "2", false},
		{"com.*.cs.*", jit, true},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"*ab*ab*", "abab", true},
		{"*ab*ab*", "aba", false},
		{"a*bc", "abcbc", true},
		{"com.apple.?s", "com.apple.cs", false},
		{"é*", "e\u0301x", false},
		{"\xff*", "\xffx", true},
	} {
		if got := tt.pattern.Match(tt.key); got != tt.want {
			t.Errorf("Pattern(%q).Match(%q) = %v", tt.pattern, tt.key, got)
		}
	}
}

func TestAnUnknownStageNamesTheStagesThereAre(t *testing.T) {
	p := parse(t, "version: 1\n")
	if s, err := p.Stage(policy.DefaultStage); err != nil || s.Name != "release" {
		t.Errorf("Stage(release) = %v, %v", s, err)
	}
	const want = `test.yml has no stage "nightly"; its stages are: release, development`
	if _, err := p.Stage("nightly"); err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func TestPresetsDecide(t *testing.T) {
	for _, tt := range []struct {
		preset, stage, key string
		want               policy.Action
	}{
		{"hardened-runtime", "release", jit, policy.RequireJustification},
		{"hardened-runtime", "release", "com.apple.private.anything", policy.RequireJustification},
		{"hardened-runtime", "release", "task_for_pid-allow", policy.RequireJustification},
		{"hardened-runtime", "release", "platform-application", policy.RequireJustification},
		{"hardened-runtime", "release", getTask, policy.Deny},
		{"hardened-runtime", "release", "get-task-allow", policy.Deny},
		{"hardened-runtime", "development", getTask, policy.Allow},
		{"hardened-runtime", "development", "get-task-allow", policy.Allow},
		{"hardened-runtime", "development", jit, policy.RequireJustification},
		{"hardened-runtime", "release", allowlist, policy.Allow},
		{"hardened-runtime", "release", allowlist + "-freeze-late", policy.Allow},
		{"hardened-runtime", "release", allowlist + "-anything", policy.RequireJustification},
		{"hardened-runtime", "release", "com.apple.security.hardened-process", policy.Allow},
		{"hardened-runtime", "release", "com.apple.security.hardened-process.hardened-heap", policy.Allow},
		{"hardened-runtime", "release", "com.apple.security.hardened-process.no-guard-objects", policy.RequireJustification},
		{"hardened-runtime", "release", sandbox, policy.Allow},
		{"strict", "release", jit, policy.RequireJustification},
		{"strict", "release", "com.apple.security.network.client", policy.RequireJustification},
		{"strict", "release", getTask, policy.Deny},
		{"strict", "development", getTask, policy.Allow},
		{"strict", "release", sandbox, policy.Allow},
		{"report-only", "release", jit, policy.Allow},
		{"report-only", "release", getTask, policy.Allow},
	} {
		t.Run(tt.preset+" in "+tt.stage+": "+tt.key, func(t *testing.T) {
			p, err := policy.Preset(tt.preset)
			if err != nil {
				t.Fatal(err)
			}
			s, err := p.Stage(tt.stage)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Decide(s, nil, tt.key).Action; got != tt.want {
				t.Errorf("action = %s, want %s", got, tt.want)
			}
		})
	}
}

// rules makes rules of pairs of an action and a pattern.
func rules(pairs ...string) []policy.Rule {
	var rules []policy.Rule
	for i := 0; i < len(pairs); i += 2 {
		rules = append(rules, policy.Rule{
			Entitlements: []policy.Pattern{policy.Pattern(pairs[i+1])},
			Action:       policy.Action(pairs[i]),
		})
	}
	return rules
}
