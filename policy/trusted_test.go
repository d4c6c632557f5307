package policy_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/policy"
)

// merged is a policy at the trusted ref.
const merged = `version: 1
policy-id: acme/desktop
approvals: {accept: [base]}
exceptions:
  - id: EXC-1
    entitlement: com.apple.security.cs.allow-jit
    applies-to: {path: "Acme.app/**"}
    expires: 2027-04-30
`

// trusted parses both policies and asks for the judge. Whoever is named signer has
// signed.
func trusted(t *testing.T, head, base string) (*policy.Policy, []policy.Pending) {
	t.Helper()
	b, err := policy.Parse("base:test.yml", []byte(base))
	if err != nil {
		t.Fatal(err)
	}
	return policy.Trusted(parse(t, head), b, func(e *policy.Exception) bool { return e.Owner == "signer" && e.PolicyID == b.ID })
}

func TestExceptionsCountAsTheyAreMerged(t *testing.T) {
	const second = `  - id: EXC-2
    entitlement: com.apple.security.cs.debugger
    value: true
    applies-to: {binaries: [tools], arch: arm64}
    category: debugger
    expires: 2027-01-31
`
	const tools = "binaries:\n  tools: {path: tools/**}\n"
	both := strings.Replace(merged, "accept: [base]", "accept: [base, signed], allowed-signers: signers", 1)
	for _, tt := range []struct {
		name       string
		head, base string
		count      []string // id and file of what counts
		pending    []string // id and difference
	}{
		{"the same counts, with its place in the change", merged, merged, []string{"EXC-1 test.yml"}, nil},
		{
			"written in another way it is the same",
			strings.Replace(merged, `{path: "Acme.app/**"}`, "\n      path:\n        - Acme.app/**", 1),
			merged,
			[]string{"EXC-1 test.yml"},
			nil,
		},
		{
			"a new one is pending, with what limits it",
			merged + second + tools,
			merged,
			[]string{"EXC-1 test.yml"},
			[]string{
				"EXC-2 value: true", "EXC-2 arch: arm64",
				"EXC-2 binaries: tools", "EXC-2 expires: 2027-01-31",
			},
		},
		{"a removed one is gone", strings.Replace(merged, "EXC-1", "EXC-9", 1), merged, nil, []string{
			"EXC-9 path: Acme.app/**", "EXC-9 expires: 2027-04-30",
		}},
		{
			"of an altered one the merged one counts",
			strings.NewReplacer("Acme.app/**", "**/*", "2027-04-30", "2027-09-30").Replace(merged),
			merged,
			[]string{"EXC-1 base:test.yml"},
			[]string{"EXC-1 path: **/*, was Acme.app/**", "EXC-1 expires: 2027-09-30, was 2027-04-30"},
		},
		{
			"a narrower one is an altered one",
			strings.Replace(merged, "Acme.app/**", "Acme.app/Contents/MacOS/Acme", 1),
			merged,
			[]string{"EXC-1 base:test.yml"},
			[]string{"EXC-1 path: Acme.app/Contents/MacOS/Acme, was Acme.app/**"},
		},
		{
			"what a group is now alters the exceptions for it",
			merged + second + strings.Replace(tools, "tools/**", `"**/*"`, 1),
			merged + second + tools,
			[]string{"EXC-1 test.yml", "EXC-2 base:test.yml"},
			[]string{"EXC-2 binaries: tools (changed), was tools"},
		},
		{
			"the approvals of the change do not count",
			strings.Replace(merged, "accept: [base]", "accept: [fields]", 1) + second + tools,
			merged,
			[]string{"EXC-1 test.yml"},
			[]string{
				"EXC-2 value: true", "EXC-2 arch: arm64",
				"EXC-2 binaries: tools", "EXC-2 expires: 2027-01-31",
			},
		},
		{
			"one that is signed counts at once, if base takes signatures",
			both + strings.Replace(second, "category:", "owner: signer\n    category:", 1) + tools,
			both,
			[]string{"EXC-1 test.yml", "EXC-2 test.yml"},
			nil,
		},
		{
			"the change cannot choose the policy-id that was signed for",
			strings.Replace(both, "acme/desktop", "acme/other", 1) + strings.Replace(second, "category:", "owner: signer\n    category:", 1) + tools,
			both,
			[]string{"EXC-1 test.yml", "EXC-2 test.yml"},
			nil,
		},
		{
			"one that is signed waits, if base takes none",
			merged + strings.Replace(second, "    category: debugger\n", "    owner: signer\n", 1) + tools,
			merged,
			[]string{"EXC-1 test.yml"},
			[]string{
				"EXC-2 value: true", "EXC-2 arch: arm64",
				"EXC-2 binaries: tools", "EXC-2 expires: 2027-01-31",
			},
		},
		{
			"where base takes nothing but signatures, all are left to these",
			merged + second + tools,
			strings.Replace(both, "[base, signed]", "[signed]", 1),
			[]string{"EXC-1 test.yml", "EXC-2 test.yml"},
			nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			judge, pending := trusted(t, tt.head, tt.base)
			var count, waits []string
			for _, e := range judge.Exceptions {
				count = append(count, e.ID+" "+e.Position.File)
			}
			for _, p := range pending {
				for _, d := range p.Diff {
					waits = append(waits, p.ID+" "+d)
				}
			}
			if diff := cmp.Diff(tt.count, count); diff != "" {
				t.Errorf("what counts (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.pending, waits); diff != "" {
				t.Errorf("what waits (-want +got):\n%s", diff)
			}
		})
	}
}

// Each key that an exception may have makes it another one: all are tried that an
// error about an unknown key lists.
func TestAnyFieldThatIsChangedMakesAnExceptionAnother(t *testing.T) {
	other := map[string]string{
		"id": "", "signatures": "", "applies-to": "",
		"entitlement": "com.apple.security.cs.debugger", "value": "1", "values": "[a]", "matches": "a*",
		"category": "debugger", "justification": "another reason", "owner": `"@jo"`, "approved-by": `["@jo"]`,
		"approved-on": "2026-11-03", "ticket": "T-1", "expires": "2027-05-01", "compensating-controls": "[sandbox]",
		"renewals": "[{approved-by: [jo], approved-on: 2025-01-01, expires: 2026-01-01}]",

		"path": "a/**", "identifier": "com.acme.b", "team-id": "A1B2C3D4E5", "arch": "arm64", "type": "execute", "bundle-kind": "app",
		"versions": "3.2", "cdhash": strings.Repeat("0", 40), "binaries": "tools",
	}
	_, err := policy.Parse("x", []byte("version: 1\nexceptions: [{x: 1, applies-to: {x: 1}}]"))
	var errs policy.Errors
	if !errors.As(err, &errs) {
		t.Fatal(err)
	}
	const groups = "version: 1\nbinaries:\n  tools: {path: tools/**}\n"
	base := strings.Replace(exception("ticket: T-0"), "version: 1\n", groups, 1)
	tried := 0
	for _, e := range errs {
		_, list, _ := strings.Cut(e.Hint, "valid: ")
		for key := range strings.SplitSeq(list, ", ") {
			value, ok := other[key]
			if !ok && key != "" {
				t.Errorf("there is a key %s that is not tried", key)
			}
			if value == "" {
				continue
			}
			tried++
			head := strings.Replace(base, "ticket: T-0", fmt.Sprintf("ticket: T-0\n    %s: %s", key, value), 1)
			switch {
			case strings.Contains(e.Message, "applies-to"):
				head = strings.Replace(base, "identifier: com.acme.app", key+": "+value, 1)
			case key == "entitlement":
				head = strings.Replace(base, jit, value, 1)
			case key == "ticket":
				head = strings.Replace(base, "T-0", value, 1)
			}
			_, pending := trusted(t, head, base)
			if len(pending) != 1 || !slices.ContainsFunc(pending[0].Diff, func(d string) bool { return strings.HasPrefix(d, key+": ") }) {
				t.Errorf("%s: %s: pending is %+v", key, value, pending)
			}
		}
	}
	if tried != 22 {
		t.Errorf("%d keys were tried", tried)
	}
}

func TestWithoutABaseNothingCounts(t *testing.T) {
	judge, pending := policy.Trusted(parse(t, merged), nil, nil)
	if len(judge.Exceptions) != 0 || len(pending) != 1 || pending[0].ID != "EXC-1" {
		t.Errorf("%d exceptions count, pending are %+v", len(judge.Exceptions), pending)
	}
}

func TestAChangeOnlyTightens(t *testing.T) {
	const base = `version: 1
policy-id: acme/desktop
settings: {unlisted: allow, min-justification: 60, max-lifetime: 90d, warn-before-expiry: 10d, unused-exceptions: warning, opaque-payloads: error, fail-on: error}
approvals: {accept: [base]}
stages:
  release: {require: [signed, valid], team-ids: [A1B2C3D4E5, 26QKX55P9K], min-runtime-version: "13.0"}
  nightly: {require: [signed]}
binaries:
  tools: {path: tools/**, rules: [{entitlement: com.apple.security.cs.debugger, action: allow}]}
rules:
  - {entitlement: com.apple.security.cs.*, action: require-justification, overridable: true}
  - {entitlement: com.apple.security.cs.debugger, action: deny}
`
	const head = `version: 1
policy-id: acme/other
settings: {unlisted: require-justification, min-justification: 40, max-lifetime: 30d, warn-before-expiry: 30d, unused-exceptions: error, fail-on: never}
approvals: {accept: [fields]}
stages:
  release: {require: [hardened-runtime], team-ids: [26QKX55P9K, ZZZZZZZZZZ], min-runtime-version: "12.3"}
  beta: {require: [signed]}
binaries:
  tools: {path: "**/*", rules: [{entitlement: com.apple.security.cs.debugger, action: allow}]}
  engines: {path: "*Renderer*/**", require: com.apple.security.cs.allow-jit}
rules:
  - {entitlement: com.apple.security.cs.allow-jit, action: allow}
  - {entitlement: com.apple.security.device.camera, action: deny}
`
	judge, _ := trusted(t, head, base)
	type outcome struct {
		ID        string
		Settings  policy.Settings
		Approvals []policy.Way
		Stages    []policy.Stage
		Groups    []string
	}
	got := outcome{judge.ID, judge.Settings, judge.Approvals.Accept, judge.Stages, nil}
	for _, g := range judge.Groups {
		got.Groups = append(got.Groups, g.Name)
	}
	want := outcome{
		ID: "acme/desktop",
		Settings: policy.Settings{
			Unlisted: policy.RequireJustification, MinJustification: 60, MaxLifetime: 30, WarnBeforeExpiry: 30, UnusedExceptions: policy.Error, OpaquePayloads: policy.Error, FailOn: policy.FailOnError,
		},
		Approvals: []policy.Way{policy.Base},
		Stages: []policy.Stage{
			{Name: "release", Require: []policy.Requirement{policy.Signed, policy.Valid, policy.HardenedRuntime}, TeamIDs: []string{"26QKX55P9K"}, MinRuntimeVersion: "13.0"},
			{Name: "nightly", Require: []policy.Requirement{policy.Signed}},
		},
		Groups: []string{"tools", "tools (changed)", "engines"},
	}
	if diff := cmp.Diff(want, got, withoutPlaces); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		name, path, key string
		want            policy.Action
	}{
		{"a rule that base calls overridable is not overridden", "a", jit, policy.RequireJustification},
		{"base's deny stays", "a", "com.apple.security.cs.debugger", policy.Deny},
		{"base's group is what it is in base", "tools/a", "com.apple.security.cs.debugger", policy.Allow},
		{"head's deny counts", "a", "com.apple.security.device.camera", policy.Deny},
		{"head's word on unlisted keys counts", "a", sandbox, policy.RequireJustification},
	} {
		t.Run(tt.name, func(t *testing.T) {
			groups := judge.GroupsOf(policy.Target{Paths: []string{tt.path}})
			if got := judge.Decide(&judge.Stages[0], groups, tt.key).Action; got != tt.want {
				t.Errorf("action = %s, want %s", got, tt.want)
			}
		})
	}
}

// Whatever a change says, what base decides about code is decided, and so is what comes
// of it.
func TestTheJudgeIsAsStrictAsEachPolicy(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	strictness := map[policy.Action]int{policy.Allow: 0, policy.RequireJustification: 1, policy.Deny: 2}
	severity := func(d policy.Decision) int {
		if d.Action == policy.Allow {
			return 0
		}
		return map[policy.Level]int{policy.Note: 1, policy.Warning: 2, policy.Error: 3}[d.Level]
	}
	evidence := func(d policy.Decision) int { // which nothing but what is to be justified says
		if d.Action != policy.RequireJustification {
			return 0
		}
		return map[policy.Evidence]int{policy.EvidenceOff: 1, policy.EvidenceReported: 2, policy.EvidenceRequired: 3}[d.Evidence]
	}
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	action := func() string { return pick("allow", "require-justification", "deny") }
	rule := func() string {
		does := action()
		if does != "allow" {
			does += ", level: " + pick("note", "warning", "error")
		}
		if strings.HasPrefix(does, "require-justification") {
			does += pick("", ", evidence: required", ", evidence: reported", ", evidence: off")
		}
		return fmt.Sprintf("{entitlement: %s, action: %s, overridable: %s}", pick(`"*"`, `"com.apple.*"`, jit, sandbox), does, pick("true", "false"))
	}
	source := func() string {
		return fmt.Sprintf("version: 1\nsettings: {unlisted: %s, overridable: %s}\nstages:\n  release: {rules: [%s]}\n  %s: {}\nbinaries:\n  a: {path: %s, rules: [%s]}\nrules: [%s, %s]\n",
			action(), pick("true", "false"), pick("", rule()), pick("beta", "nightly"), pick("a", `"*"`), pick("", rule()), rule(), pick(rule(), rule()))
	}
	for range 2000 {
		head, base := parse(t, source()), parse(t, source())
		judge, _ := policy.Trusted(head, base, nil)
		for _, name := range []string{"release", "beta", "nightly"} {
			stage, err := judge.Stage(name)
			if err != nil {
				continue
			}
			for _, path := range []string{"a", "b"} {
				for _, key := range []string{jit, sandbox} {
					target := policy.Target{Paths: []string{path}}
					got := judge.Decide(stage, judge.GroupsOf(target), key)
					one, other := decided(base, name, target, key), decided(head, name, target, key)
					if strictness[got.Action] != max(strictness[one.Action], strictness[other.Action]) || severity(got) != max(severity(one), severity(other)) ||
						got.Action == policy.RequireJustification && evidence(got) != max(evidence(one), evidence(other)) {
						t.Fatalf("%s of %s in %s: %+v, and by itself base says %+v, head %+v\nbase: %+v\nhead: %+v", key, path, name, got, one, other, base, head)
					}
				}
			}
		}
	}
}

// decided is what a policy by itself says of a key; without the stage, its general rules.
func decided(p *policy.Policy, stage string, t policy.Target, key string) policy.Decision {
	s, _ := p.Stage(stage)
	return p.Decide(s, p.GroupsOf(t), key)
}

// Reviews are taken for what a change adds or alters, beside what is merged; whose, is said
// by the base.
func TestReviewsAreThoseThatTheBaseTakes(t *testing.T) {
	const rules = "version: 1\npolicy-id: acme/app\n"
	const merged = "exceptions:\n  - {id: OLD, entitlement: a, applies-to: {path: a}}\n"
	const brought = merged + "  - {id: NEW, entitlement: b, applies-to: {path: a}}\n"
	all := func(*policy.Exception) bool { return true }
	for _, tt := range []struct {
		name       string
		base, head string // approvals
		approved   func(*policy.Exception) bool
		count      []string
		teams      []string
	}{
		{"one that is approved", "review, review-teams: acme/a", "review, review-teams: acme/a", all, []string{"OLD", "NEW"}, []string{"acme/a"}},
		{"one that is not", "review, review-teams: acme/a", "review, review-teams: acme/a", nil, []string{"OLD"}, []string{"acme/a"}},
		{"by other teams of the change", "review, review-teams: acme/a", "review, review-teams: evil/b", nil, []string{"OLD"}, []string{"acme/a"}},
		{"where the change alone takes reviews", "base", "review, review-teams: evil/b", all, []string{"OLD"}, nil},
		{"where the change takes fields", "review, review-teams: acme/a", "fields", nil, []string{"OLD"}, []string{"acme/a"}},
		{
			"beside signatures, which are not asked of what is left", "[signed, review], allowed-signers: s, review-teams: acme/a",
			"[signed, review], allowed-signers: s, review-teams: acme/a", nil,
			[]string{"OLD"},
			[]string{"acme/a"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base := parse(t, rules+"approvals: {accept: "+tt.base+"}\n"+merged)
			head := parse(t, rules+"approvals: {accept: "+tt.head+"}\n"+brought)
			judge, pending := policy.Trusted(head, base, tt.approved)
			var count []string
			for _, e := range judge.Exceptions {
				count = append(count, e.ID)
			}
			if diff := cmp.Diff(tt.count, count); diff != "" || len(count)+len(pending) != 2 {
				t.Errorf("what counts (-want +got):\n%s, pending %v", diff, pending)
			}
			if diff := cmp.Diff(tt.teams, judge.Approvals.ReviewTeams); diff != "" {
				t.Errorf("teams (-want +got):\n%s", diff)
			}
		})
	}
}
