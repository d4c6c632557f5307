package policy_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/policy"
)

func TestDiffTellsWhatPassesAndWhatDoesNot(t *testing.T) {
	const reason = "justification: V8 in the renderer compiles JavaScript with a JIT of its own., owner: me, category: other, approved-by: you"
	exception := func(more string) string {
		return "exceptions:\n  - {id: E, entitlement: a, " + reason + ", approved-on: 2026-11-02, " + more + "}\n"
	}
	for _, tt := range []struct {
		name, from, to string
		want           []string
	}{
		{"nothing", "", "", nil},
		{
			"the same, written differently",
			"rules:\n  - {entitlement: [a, b], action: allow}\n  - {entitlement: c*, action: deny}\n",
			"rules:\n  - {entitlement: c*, action: deny}\n  - {entitlement: b, action: allow}\n  - {entitlement: a, action: allow}\n  - {entitlement: ca, action: deny}\n",
			nil,
		},
		{
			"a key that is listed", "", "rules: [{entitlement: a, action: allow}]\n",
			[]string{"looser rule: a: allow, was require-justification, in every stage (2)"},
		},
		{
			"a glob stands for what it names",
			"rules: [{entitlement: com.apple.security.cs.*, action: require-justification}]\n",
			"rules: [{entitlement: com.apple.security.cs.*, action: deny}, {entitlement: com.apple.security.cs.allow-jit, action: allow}]\n",
			[]string{
				"looser rule: com.apple.security.cs.allow-jit: allow, was require-justification, in every stage (2)",
				"stricter rule: com.apple.security.cs.*: deny, was require-justification, in every stage (2)",
			},
		},
		{
			"what no rule names", "rules: [{entitlement: a, action: deny}]\n", "settings: {unlisted: allow}\nrules: [{entitlement: a, action: deny}]\n",
			[]string{"looser rule: what no rule names: allow, was require-justification, in every stage"},
		},
		{
			"a rule of one stage",
			"", "stages:\n  release: {require: [signed, hardened-runtime]}\n  development: {require: signed, rules: [{entitlement: [a, b], action: deny}]}\n",
			[]string{"stricter rule: a, b: deny, was require-justification, in stage development (4)"},
		},
		{
			"a rule of a group",
			"binaries: {g: {type: dylib}}\n", "binaries: {g: {type: dylib, rules: [{entitlement: a, action: allow}]}}\n",
			[]string{"looser rule: a: allow, was require-justification, for code of group g, in every stage (2)"},
		},
		{
			"a rule for all is not told again of a group",
			"binaries: {g: {type: dylib}}\n", "binaries: {g: {type: dylib}}\nrules: [{entitlement: a, action: allow}]\n",
			[]string{"looser rule: a: allow, was require-justification, in every stage (3)"},
		},
		{
			"terms of rules",
			"rules: [{entitlement: a, action: require-justification, categories: drm, max-lifetime: 90d}, {entitlement: b, action: deny}, {entitlement: c, action: require-justification}]\n",
			"rules: [{entitlement: a, action: require-justification, categories: [debugger, drm], max-lifetime: 30d}, {entitlement: b, action: deny, level: warning}, {entitlement: c, action: require-justification, max-lifetime: 30d}]\n",
			[]string{
				"looser rule: a: require-justification (categories debugger drm, max-lifetime 30d), was require-justification (categories drm, max-lifetime 90d), in every stage (2)",
				"looser rule: b: deny (level warning), was deny, in every stage (2)",
				"stricter rule: c: require-justification (max-lifetime 30d), was require-justification, in every stage (2)",
			},
		},
		{
			"evidence of rules",
			"rules: [{entitlement: a, action: require-justification, evidence: required}, {entitlement: b, action: require-justification, evidence: required}, {entitlement: c, action: require-justification}, {entitlement: d, action: require-justification}, {entitlement: e, action: require-justification, evidence: off}]\n",
			"rules: [{entitlement: a, action: require-justification, evidence: reported}, {entitlement: b, action: require-justification, evidence: off}, {entitlement: c, action: require-justification, evidence: off}, {entitlement: d, action: require-justification, evidence: required}, {entitlement: e, action: deny}]\n",
			[]string{
				"looser rule: a: require-justification, was require-justification (evidence required), in every stage (2)",
				"looser rule: b: require-justification (evidence off), was require-justification (evidence required), in every stage (2)",
				"looser rule: c: require-justification (evidence off), was require-justification, in every stage (2)",
				"stricter rule: d: require-justification (evidence required), was require-justification, in every stage (2)",
				"stricter rule: e: deny, was require-justification (evidence off), in every stage (2)",
			},
		},
		{
			"evidence that is said to be as it is by default",
			"rules: [{entitlement: a, action: require-justification}]\n", "rules: [{entitlement: a, action: require-justification, evidence: reported}]\n",
			nil,
		},
		{
			"evidence that is lax with a level that is stricter",
			"rules: [{entitlement: a, action: require-justification, level: note}]\n", "rules: [{entitlement: a, action: require-justification, evidence: off}]\n",
			[]string{"looser rule: a: require-justification (evidence off), was require-justification (level note), in every stage (2)"},
		},
		{
			"a rule that may be loosened by others",
			"rules: [{entitlement: a, action: deny}]\n", "rules: [{entitlement: a, action: deny, overridable: true}]\n",
			[]string{"looser rule: a: deny, overridable, was deny, in every stage (2)"},
		},
		{
			"an exception that is new", "", exception("value: true, applies-to: {team-id: [T, U], path: \"A.app/**\"}, expires: 2027-04-30"),
			[]string{"looser exception: E is new: it permits a (value true) for path A.app/**, team-id T or U, until 2027-04-30 (3)"},
		},
		{
			"an exception that is gone", exception("applies-to: {team-id: T}"), "",
			[]string{"stricter exception: E is gone: it permitted a for team-id T, with no last day (3)"},
		},
		{
			"an exception that is wider, and holds longer",
			exception("values: [x], applies-to: {team-id: T}, expires: 2027-04-30"), exception("matches: [x*], values: [x], applies-to: {team-id: [T, U]}, expires: 2027-05-30"),
			[]string{
				"looser exception: E applies to more: team-id T or U; was team-id T (3)",
				`looser exception: E covers more: values ["x"] and matching x*; was values ["x"] (3)`,
				"looser exception: E holds until 2027-05-30, held until 2027-04-30 (3)",
			},
		},
		{
			"an exception that is narrower, and ends earlier",
			exception("applies-to: {team-id: T}, expires: 2027-04-30"), exception("value: 1, applies-to: {team-id: T, arch: arm64}, expires: 2027-03-30"),
			[]string{
				"stricter exception: E applies to less: team-id T, arch arm64; was team-id T (3)",
				"stricter exception: E covers less: value 1; was any value (3)",
				"stricter exception: E holds until 2027-03-30, held until 2027-04-30 (3)",
			},
		},
		{
			"an exception for something else",
			exception("applies-to: {team-id: T}"), strings.Replace(exception("applies-to: {team-id: U}"), "entitlement: a", "entitlement: b", 1),
			[]string{
				"looser exception: E is for b, was for a (3)",
				"looser exception: E applies to something else: team-id U; was team-id T (3)",
			},
		},
		{
			"what is written of an exception",
			exception("applies-to: {team-id: T}, signatures: [x]"),
			strings.NewReplacer("approved-by: you", `approved-by: ""`, "V8", "JavaScriptCore", "owner: me, ", "").Replace(exception("applies-to: {team-id: T}, ticket: T-1")),
			[]string{
				"stricter exception: E has no approved-by, had: you (3)",
				"stricter exception: E has no signatures, had: 1 (sha256 2d711642…) (3)",
				"stricter exception: E has no owner, had: me (3)",
				"neutral exception: E has another justification: JavaScriptCore in the renderer compiles JavaScript with a JIT of its own.; was V8 in the renderer compiles JavaScript with a JIT of its own. (3)",
				"neutral exception: E has another ticket: T-1; was (none) (3)",
			},
		},
		{
			"stages",
			"stages: {release: {require: [signed, hardened-runtime], team-ids: [T]}, beta: {require: signed}}\n",
			"stages: {release: {require: [signed, developer-id], team-ids: [T, U], min-runtime-version: '13.0'}, nightly: {}}\n",
			[]string{
				"looser stage: stage release no longer requires hardened-runtime (2)",
				"looser stage: stage release takes code of the teams U, too (2)",
				"looser stage: stage nightly is new, and can be chosen with --stage (2)",
				"stricter stage: stage release requires developer-id (2)",
				"stricter stage: stage release: min-runtime-version is 13.0, was (none) (2)",
				"stricter stage: stage beta is gone: a check that names it fails (2)",
			},
		},
		{
			"a requirement that includes the one before it",
			"stages: {release: {require: [signed, hardened-runtime]}, beta: {require: not-ad-hoc}}\n",
			"stages: {release: {require: [developer-id, hardened-runtime]}, beta: {require: [secure-timestamp, signed]}}\n",
			[]string{
				"stricter stage: stage release requires developer-id (2)",
				"stricter stage: stage beta requires secure-timestamp (2)",
			},
		},
		{
			"a requirement that the one before it included",
			"stages: {release: {require: [developer-id]}}\n",
			"stages: {release: {require: [valid, signed]}}\n",
			[]string{"looser stage: stage release no longer requires developer-id (2)"},
		},
		{
			"a closed list that is opened",
			"binaries: {g: {type: execute, exactly: []}, h: {type: dylib, exactly: [a]}}\n",
			"binaries: {g: {type: execute}, h: {type: dylib}}\n",
			[]string{
				"looser group: group g may claim any entitlement, could claim no entitlement at all (2)",
				"looser group: group h may claim any entitlement, could claim nothing but a (2)",
			},
		},
		{
			"signatures of others",
			exception("applies-to: {team-id: T}, signatures: [x]"), exception("applies-to: {team-id: T}, signatures: [y]"),
			[]string{"neutral exception: E has other signatures: 1 (sha256 a1fce436…); were 1 (sha256 2d711642…) (3)"},
		},
		{
			"teams that are no longer asked for",
			"stages: {release: {team-ids: T}}\n", "stages: {release: {}}\n",
			[]string{"looser stage: stage release takes code of any team, took that of T alone (2)"},
		},
		{
			"groups",
			"binaries: {gone: {type: dylib, require: [a]}, g: {type: execute, require: [a], exactly: [a, b], stages: {release: {require: valid}}}}\n",
			"binaries: {new: {type: bundle, exactly: []}, g: {type: [execute, dylib], exactly: [a, c], stages: {development: {require: valid}}}}\n",
			[]string{
				"looser group: group g no longer has to claim a (2)",
				"looser group: group g may claim c, too (2)",
				"looser group: group g in stage release no longer requires valid (2)",
				"looser group: group gone no longer has to claim a (2)",
				"stricter group: group new may claim no entitlement at all (2)",
				"stricter group: group g has more binaries: type execute or dylib; were type execute (2)",
				"stricter group: group g may no longer claim b (2)",
				"stricter group: group g in stage development requires valid (2)",
				"neutral group: group new is new: type bundle (2)",
				"neutral group: group gone is gone: type dylib (2)",
			},
		},
		{
			"settings, approvals and what is extended",
			"policy-id: acme/a\napprovals: {accept: [signed, base], allowed-signers: s, threshold: 2}\nextends: preset:strict\nstages: {release: {}}\n",
			"settings: {min-justification: 20, max-lifetime: 90d, warn-before-expiry: 10d, unused-exceptions: note, opaque-payloads: error, fail-on: never}\n" +
				"approvals: {accept: signed, allowed-signers: t}\nextends: {github: acme/p//p.yml, ref: 0123456789012345678901234567890123456789}\nstages: {release: {}}\n",
			[]string{
				"looser approvals: 1 have to sign, were 2 (3)",
				"looser extends: no longer extends preset:strict (4)",
				"looser setting: min-justification is 20, was 40 (2)",
				"looser setting: unused-exceptions is note, was error (2)",
				"looser setting: fail-on is never, was error (2)",
				"stricter approvals: approvals by base are no longer taken (3)",
				"stricter setting: max-lifetime is 90d, was 365d (2)",
				"stricter setting: opaque-payloads is error, was note (2)",
				"neutral approvals: who may sign is said by t, was by s (3)",
				"neutral extends: extends github:acme/p//p.yml@0123456789012345678901234567890123456789 (4)",
				"neutral setting: policy-id is (none), was acme/a: signatures of approvals do not hold across it",
				"neutral setting: warn-before-expiry is 10d, was 30d (2)",
			},
		},
		{
			"whose reviews are taken",
			"approvals: {accept: review, review-teams: [acme/a, acme/b]}\n",
			"approvals: {accept: [base, review], review-teams: [Acme/A, acme/c]}\n",
			[]string{
				"looser approvals: approvals by base are taken (2)",
				"looser approvals: reviews by members of acme/c are taken (2)",
				"stricter approvals: reviews by members of acme/b are no longer taken (2)",
			},
		},
		{
			"reviews in place of a base",
			"approvals: {accept: base}\n",
			"approvals: {accept: review, review-teams: acme/a}\n",
			[]string{
				"looser approvals: approvals by review are taken (2)",
				"looser approvals: reviews by members of acme/a are taken (2)",
				"stricter approvals: approvals by base are no longer taken (2)",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, c := range policy.Diff(parse(t, "version: 1\n"+tt.from), parse(t, "version: 1\n"+tt.to)) {
				line := fmt.Sprintf("%s %s: %s", c.Direction, c.Subject, c.Message)
				if c.Position.Line > 0 {
					line += fmt.Sprintf(" (%d)", c.Position.Line)
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("changes differ (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever a change of rules lets pass is told as looser, and what it does not as
// stricter.
func TestDiffMissesNoChangeOfRules(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	actions := []policy.Action{policy.Allow, policy.RequireJustification, policy.Deny}
	patterns := []policy.Pattern{"a", "ab", "aba", "b", "a*", "ab*", "*", "*b", "a*a", "*b*"}
	some := func() []policy.Rule {
		var list []policy.Rule
		for range random.IntN(3) {
			list = append(list, policy.Rule{Entitlements: []policy.Pattern{patterns[random.IntN(len(patterns))]}, Action: actions[random.IntN(3)], Overridable: random.IntN(2) == 0})
		}
		return list
	}
	build := func() *policy.Policy {
		return &policy.Policy{
			Settings: policy.Settings{Unlisted: actions[random.IntN(3)], Overridable: random.IntN(2) == 0}, Rules: some(),
			Stages: []policy.Stage{{Name: "s", Rules: some()}, {Name: "t"}},
			Groups: []policy.Group{{Name: "g", Rules: some()}, {Name: "h", Rules: some()}},
		}
	}
	extended := func() *policy.Policy {
		p := build()
		if random.IntN(3) == 0 {
			p.Parents = []*policy.Policy{build()}
		}
		return p
	}
	rank := map[policy.Action]int{policy.Allow: 0, policy.RequireJustification: 1, policy.Deny: 2}
	for range 200 {
		from, to := extended(), extended()
		told := map[policy.Direction]bool{}
		for _, c := range policy.Diff(from, to) {
			told[c.Direction] = told[c.Direction] || c.Subject == "rule"
		}
		want := map[policy.Direction]bool{}
		for _, key := range []string{"a", "b", "ab", "ba", "aba", "abb", "c", "aca", "cbc", ""} {
			for i := range from.Stages {
				for _, groups := range [][]string{nil, {"g"}, {"h"}, {"g", "h"}} {
					a := rank[from.Decide(&from.Stages[i], groups, key).Action]
					b := rank[to.Decide(&to.Stages[i], groups, key).Action]
					want[policy.Looser] = want[policy.Looser] || b < a
					want[policy.Stricter] = want[policy.Stricter] || b > a
				}
			}
		}
		for direction, is := range want {
			if is && !told[direction] {
				t.Fatalf("a change is %s and is not told:\n%+v\n%+v", direction, from, to)
			}
		}
	}
}

func TestDiffTakesBoundedTime(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: 1\nrules:\n")
	for i := range 5000 {
		fmt.Fprintf(&b, "  - {entitlement: a%d*, action: deny}\n", i)
	}
	changes := policy.Diff(parse(t, b.String()), parse(t, strings.ReplaceAll(b.String(), "*", "*b")))
	if len(changes) != 1 || changes[0].Direction != policy.Looser || !strings.Contains(changes[0].Message, "too many rules") {
		t.Errorf("%+v", changes)
	}
}

// What cannot be compared in the time there is counts as looser, and is said so.
func TestDiffOfManyGlobsTellsThatTheyWereNotCompared(t *testing.T) {
	write := func(head, tail string) *policy.Policy {
		var b strings.Builder
		b.WriteString("version: 1\n" + head)
		for i := range 300 {
			fmt.Fprintf(&b, "        - \"%sx%d*/**%s\"\n", strings.Repeat("a/", 400), i, strings.Repeat("/b*", 10)+tail)
		}
		return parse(t, b.String())
	}
	for _, tt := range []struct{ name, head, want string }{
		{"an exception", "exceptions:\n  - id: E\n    entitlement: a\n    applies-to:\n      path:\n", "looser exception E applies to something else (these are too many path globs to tell what is in both): path "},
		{"a group", "binaries:\n  g:\n    exactly: []\n    path:\n", "looser group group g has other binaries (these are too many path globs to tell what is in both): path "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list := policy.Diff(write(tt.head, ""), write(tt.head, "c"))
			if len(list) != 1 {
				t.Fatalf("%d changes", len(list))
			}
			if got := fmt.Sprintf("%s %s %s", list[0].Direction, list[0].Subject, list[0].Message); !strings.HasPrefix(got, tt.want) {
				t.Errorf("%.200s", got)
			}
		})
	}
}
