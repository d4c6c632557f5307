package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/policy"
)

func TestLintTellsWhatIsWrongInTheOrderOfTheLines(t *testing.T) {
	const complete = `category: other, owner: "@acme/audio", approved-by: "@acme/security", approved-on: 2026-06-01,` +
		` justification: The plug-in host loads audio units that other companies sign.}`
	p := parse(t, `version: 1
stages:
  release:
    require: signed
    rules:
      - {entitlement: denied-in-release, action: deny}
  development:
    require: signed
rules:
  - {entitlement: allowed, action: allow}
  - {entitlement: denied, action: deny}
exceptions:
  - {id: sound, entitlement: a, applies-to: {team-id: TTTTTTTTT1}, expires: 2027-05-01, `+complete+`
  - {id: old, entitlement: a, applies-to: {team-id: TTTTTTTTT2}, expires: 2026-11-22, `+complete+`
  - {id: soon, entitlement: a, applies-to: {team-id: TTTTTTTTT3}, expires: 2026-11-30, `+complete+`
  - {id: bare, entitlement: a, applies-to: {team-id: TTTTTTTTT4}, expires: 2027-05-01, owner: "@acme/audio"}
  - {id: idle, entitlement: allowed, applies-to: {team-id: TTTTTTTTT5}, expires: 2027-05-01, `+complete+`
  - {id: hopeless, entitlement: denied, applies-to: {team-id: TTTTTTTTT6}, expires: 2027-05-01, `+complete+`
  - {id: partly, entitlement: denied-in-release, applies-to: {team-id: TTTTTTTTT7}, expires: 2027-05-01, `+complete+`
  - {id: untrue, entitlement: a, value: false, applies-to: {team-id: TTTTTTTTT8}, expires: 2027-05-01, `+complete+`
`)
	anybody := parse(t, "version: 1\nexceptions:\n  - {id: e, entitlement: a, applies-to: {identifier: com.acme.app}, expires: 2027-05-01, "+complete+"\n")
	for _, r := range policy.Lint(anybody, day(t, "2026-11-23")) {
		if !strings.Contains(r.Message, "names no team-id") || r.Level != policy.Note {
			t.Errorf("%+v", r)
		}
	}
	want := []string{
		`14 error: exception "old": expired after 2026-11-22`,
		`15 warning: exception "soon": expires after 2026-11-30, in 7 days`,
		`16 error: exception "bare": approved-by, approved-on, category, justification are missing`,
		`17 warning: exception "idle": has no effect: every stage allows allowed`,
		`18 warning: exception "hopeless": has no effect: no stage asks for a justification of denied; denied in: release, development`,
		`19 note: exception "partly": has no effect in the stages that deny denied-in-release: release`,
		`20 warning: exception "untrue": has no effect: a value of false grants nothing`,
	}
	var got []string
	for _, r := range policy.Lint(p, day(t, "2026-11-23")) {
		got = append(got, fmt.Sprintf("%d %s: %s", r.Position.Line, r.Level, r.Message))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("remarks differ (-want +got):\n%s", diff)
	}
}

func TestLintAdvises(t *testing.T) {
	const complete = `, category: other, owner: "@acme/audio", approved-by: "@acme/security", approved-on: 2026-06-01,` +
		` justification: The plug-in host loads audio units that other companies sign.`
	exception := func(id, more string) string {
		return "  - {id: " + id + ", entitlement: a" + complete + ", " + more + "}\n"
	}
	n := 0
	typed := func(key, value string) string { // each for code and until a day of its own
		n++
		e := exception(fmt.Sprintf("e%d", n), fmt.Sprintf("%s, applies-to: {team-id: TTTTTTTTT%d}, expires: 2027-05-0%d", value, n, n))
		return strings.Replace(e, "entitlement: a", "entitlement: "+key, 1)
	}
	for _, tt := range []struct {
		name, policy string
		want         []string
	}{
		{
			"scopes that overlap",
			"exceptions:\n" +
				exception("narrow", "applies-to: {team-id: TTTTTTTTTT, identifier: com.acme.app}, expires: 2027-05-01") +
				exception("wide", "applies-to: {team-id: TTTTTTTTTT}, expires: 2027-05-02") +
				exception("longer", "applies-to: {team-id: TTTTTTTTTT, arch: arm64}, expires: 2027-05-03") +
				exception("other", "applies-to: {team-id: UUUUUUUUUU}, expires: 2027-05-03"),
			[]string{`3 warning: exception "narrow": covers nothing that "wide" on line 4 does not`},
		},
		{
			"a group that denies is not the stage",
			"binaries:\n  plug-ins:\n    bundle-kind: appex\n    rules: [{entitlement: a, action: deny}]\nexceptions:\n" +
				exception("app", "applies-to: {team-id: TTTTTTTTTT}, expires: 2027-05-01"),
			nil,
		},
		{
			"of two that are the same the one that ends first, or the later one",
			"exceptions:\n" +
				exception("one", "applies-to: {team-id: TTTTTTTTTT}, expires: 2027-05-02") +
				exception("two", "applies-to: {team-id: TTTTTTTTTT}, expires: 2027-05-01") +
				exception("three", "applies-to: {team-id: TTTTTTTTTT}, expires: 2027-05-02") +
				exception("gone", "applies-to: {team-id: TTTTTTTTTT}, expires: 2026-11-01"),
			[]string{
				`4 warning: exception "two": covers the same as "one" on line 3`,
				`5 warning: exception "three": covers the same as "one" on line 3`,
				`6 error: exception "gone": expired after 2026-11-01`,
			},
		},
		{
			"values within others",
			"exceptions:\n" +
				exception("all", "matches: [group.*], applies-to: {team-id: TTTTTTTTTT}, expires: 2027-05-02") +
				exception("some", "values: [group.a, group.b, group.a], applies-to: {team-id: TTTTTTTTTT}, expires: 2027-05-01") +
				exception("else", "values: [team.a], applies-to: {team-id: TTTTTTTTTT}, expires: 2027-05-01"),
			[]string{
				`4 note: exception "some": item 3 of values is there twice`,
				`4 warning: exception "some": covers nothing that "all" on line 3 does not`,
			},
		},
		{
			"a scope that names no code",
			"stages: {release: {team-ids: TTTTTTTTTT}}\nexceptions:\n" +
				exception("arch", "applies-to: {arch: arm64}, expires: 2027-05-01") +
				exception("path", `value: 1, applies-to: {path: ["**/*"]}, expires: 2027-05-02`) +
				exception("group", `value: 2, applies-to: {path: "**", binaries: g}, expires: 2027-05-03`) +
				"binaries: {g: {identifier: com.acme.app}}\n",
			[]string{
				`4 warning: exception "arch": holds whatever the code is called: name an identifier, a team-id or a path`,
				`5 warning: exception "path": holds whatever the code is called: name an identifier, a team-id or a path`,
			},
		},
		{
			"controls that are none",
			"exceptions:\n" + exception("e", "compensating-controls: [], applies-to: {team-id: TTTTTTTTTT}, expires: 2027-05-01"),
			[]string{`3 note: exception "e": compensating-controls is empty: say what limits the harm, or remove it`},
		},
		{
			"all run out on one day",
			"exceptions:\n" +
				exception("e1", "applies-to: {team-id: TTTTTTTTTT}, expires: 2027-05-01") +
				exception("e2", "applies-to: {team-id: UUUUUUUUUU}, expires: 2027-05-01") +
				exception("e3", "applies-to: {team-id: VVVVVVVVVV}, expires: 2027-05-01"),
			[]string{"3 note: all 3 exceptions run out on one day, 2027-05-01: spread them, so that each gets a look of its own"},
		},
		{
			"a group of which nothing is said",
			"binaries: {idle: {type: dylib}, busy: {type: execute, exactly: []}}\n",
			[]string{`2 note: group "idle": says nothing of its binaries, and no exception names it`},
		},
		{
			"a lifetime that the settings do not let be",
			`settings: {max-lifetime: 90d}
stages: {release: {rules: [{entitlement: d, action: require-justification, max-lifetime: 180d}]}}
rules:
  - {entitlement: [a, b], action: require-justification, max-lifetime: 180d}
  - {entitlement: c, action: require-justification, max-lifetime: 90d}
  - {entitlement: e, action: require-justification, max-lifetime: 89d}
`,
			[]string{
				`3 warning: the rule for "d": max-lifetime 180d has no effect, as the settings say 90d on line 2: lower it, raise that of the settings, or remove it`,
				`5 warning: the rule for "a, b": max-lifetime 180d has no effect, as the settings say 90d on line 2: lower it, raise that of the settings, or remove it`,
				`6 note: the rule for "c": max-lifetime 90d has no effect, as the settings say 90d on line 2: remove it`,
			},
		},
		{
			"a lifetime that the default does not let be",
			"rules: [{entitlement: a, action: require-justification, max-lifetime: 400d}]\n",
			[]string{`2 warning: the rule for "a": max-lifetime 400d has no effect, as the settings say 365d by default: lower it, raise that of the settings, or remove it`},
		},
		{
			"evidence where there is never any",
			`stages: {release: {rules: [{entitlement: d, action: require-justification, evidence: required}]}}
binaries: {g: {type: dylib, rules: [{entitlement: e, action: require-justification, evidence: off}]}}
rules:
  - {entitlement: [a, com.apple.security.cs.allow-jit], action: require-justification, evidence: required}
  - {entitlement: b, action: require-justification, evidence: reported}
`,
			[]string{
				`2 warning: the rule for "d": evidence required is never met for "d", for which code shows none, so that no exception approves it: leave it out, or say deny`,
				`3 note: the rule for "e": evidence off has no effect, as code shows none for what it names: remove it`,
				`5 warning: the rule for "a, com.apple.security.cs.allow-jit": evidence required is never met for "a", for which code shows none, so that no exception approves it: leave it out, or say deny`,
				`6 note: the rule for "b": evidence reported has no effect, as code shows none for what it names: remove it`,
			},
		},
		{
			"evidence where there may be some",
			`rules:
  - {entitlement: com.apple.security.cs.*, action: require-justification, evidence: required}
  - {entitlement: [com.apple.security.cs.debugger, get-task-allow], action: require-justification, evidence: off}
  - {entitlement: "*", action: require-justification, evidence: reported}
`,
			nil,
		},
		{
			"signatures without a policy-id, before there is an exception",
			"approvals: {accept: [base, signed], allowed-signers: s}\n",
			[]string{"1 note: approvals are signed for a policy-id, and there is none: add policy-id: OWNER/REPOSITORY before there is an exception"},
		},
		{
			"signatures without a policy-id, told once",
			"approvals: {accept: signed, allowed-signers: s}\nexceptions:\n" +
				exception("e1", "applies-to: {team-id: TTTTTTTTTT}, expires: 2027-05-01") +
				exception("e2", "applies-to: {team-id: UUUUUUUUUU}, expires: 2027-05-02"),
			[]string{`4 warning: exception "e1": signatures, which are made for a policy-id, cannot approve it: the policy has no policy-id: add policy-id: OWNER/REPOSITORY to test.yml`},
		},
		{
			"signatures with a policy-id",
			"policy-id: acme/desktop\napprovals: {accept: signed, allowed-signers: s}\n", nil,
		},
		{
			"a base beside reviews",
			"approvals: {accept: [base, review], review-teams: acme/a}\n",
			[]string{"2 note: base has no effect beside review, by which an exception counts once it is merged, too: remove it"},
		},
		{
			"rules that decide nothing",
			`rules:
  - {entitlement: com.apple.*, action: require-justification}
  - {entitlement: com.apple.*-jit, action: allow}
  - {entitlement: [a, b], action: allow}
  - {entitlement: a, action: deny}
  - {entitlement: b, action: require-justification}
  - {entitlement: [c, d], action: allow}
  - {entitlement: d, action: deny}
`,
			[]string{
				`4 warning: the rule for "com.apple.*-jit" decides nothing: for all that it names another one does, such as the rule for "com.apple.*" on line 3`,
				`5 warning: the rule for "a, b" decides nothing: for all that it names another one does, such as the rule for "a" on line 6`,
			},
		},
		{
			"names near to those of entitlements",
			`rules:
  - {entitlement: com.apple.security.cs.alow-jit, action: deny}
  - {entitlement: [allow-jit, com.acme.allow-jit], action: deny}
  - {entitlement: com.apple.securty.cs.*, action: deny}
stages: {release: {rules: [{entitlement: com.apple.security.get_task_allow, action: deny}]}}
binaries: {g: {type: dylib, require: com.apple.security.cs.alow-jit, exactly: [com.apple.security.cs.alow-jit, app-sandbox]}}
exceptions:
` + strings.Replace(exception("e", "applies-to: {team-id: TTTTTTTTTT}, expires: 2027-05-01"), "entitlement: a", "entitlement: com.apple.security.cs.allow-jitt", 1),
			[]string{
				`3 warning: the rule for "com.apple.security.cs.alow-jit" names nothing that Apple documents: did you mean com.apple.security.cs.allow-jit?`,
				`4 warning: the rule for "allow-jit" names nothing that Apple documents: did you mean com.apple.security.cs.allow-jit?`,
				`5 warning: the rule for "com.apple.securty.cs.*" names nothing that Apple documents: did you mean com.apple.security.cs.*?`,
				`6 warning: the rule for "com.apple.security.get_task_allow" names nothing that Apple documents: did you mean com.apple.security.get-task-allow?`,
				`7 warning: group "g": "com.apple.security.cs.alow-jit" names nothing that Apple documents: did you mean com.apple.security.cs.allow-jit?`,
				`7 warning: group "g": "com.apple.security.cs.alow-jit" names nothing that Apple documents: did you mean com.apple.security.cs.allow-jit?`,
				`7 warning: group "g": "app-sandbox" names nothing that Apple documents: did you mean com.apple.security.app-sandbox?`,
				`9 warning: exception "e": "com.apple.security.cs.allow-jitt" names nothing that Apple documents: did you mean com.apple.security.cs.allow-jit?`,
			},
		},
		{
			"architectures and teams that there are not",
			`stages: {release: {team-ids: [A1B2C3D4E5, a1b2c3d4e5]}}
binaries: {g: {arch: [arm46, arm64e, cpu-0x100000c-7], exactly: [], stages: {release: {team-ids: TEAM}}}}
exceptions:
` + exception("e", "applies-to: {team-id: A1B2C3D4E5F, arch: sparc}, expires: 2027-05-01"),
			[]string{
				`2 warning: stage "release": no team has the id "a1b2c3d4e5": Apple's are ten capital letters and digits`,
				`3 warning: group "g": no architecture is called "arm46": did you mean arm64?`,
				`3 warning: group "g", stage "release": no team has the id "TEAM": Apple's are ten capital letters and digits`,
				`5 warning: exception "e": no architecture is called "sparc"`,
				`5 warning: exception "e": no team has the id "A1B2C3D4E5F": Apple's are ten capital letters and digits`,
			},
		},
		{
			"values of another kind than Apple documents",
			"exceptions:\n" +
				typed("com.apple.security.cs.allow-jit", `value: "true"`) +
				typed("com.apple.security.cs.allow-jit", "values: [true, 1]") +
				typed("com.apple.security.cs.allow-jit", "matches: tru*") +
				typed("com.apple.security.application-groups", "value: [a]") +
				typed("com.apple.security.application-groups", "values: [a], matches: b*") +
				typed("com.apple.security.application-groups", "value: a"),
			[]string{
				`3 warning: exception "e1": value is of the kind string, and Apple documents the kind boolean for com.apple.security.cs.allow-jit: it covers no such claim`,
				`4 warning: exception "e2": values is of the kind integer, and Apple documents the kind boolean for com.apple.security.cs.allow-jit: it covers no such claim`,
				`5 warning: exception "e3": matches is of the kind string, and Apple documents the kind boolean for com.apple.security.cs.allow-jit: it covers no such claim`,
				`8 warning: exception "e6": value is of the kind string, and Apple documents the kind array for com.apple.security.application-groups: it covers no such claim`,
			},
		},
		{
			"the same rule twice is dead once",
			"rules:\n  - {entitlement: a, action: deny}\n  - {entitlement: a, action: deny}\n",
			[]string{`3 warning: the rule for "a" decides nothing: for all that it names another one does, such as the rule for "a" on line 4`},
		},
		{
			"a rule that every stage overrules, and one that one does",
			`stages:
  release: {rules: [{entitlement: "a*", action: deny}, {entitlement: b, action: deny}]}
  development: {rules: [{entitlement: "*", action: allow}]}
rules:
  - {entitlement: ab, action: allow}
  - {entitlement: c, action: deny}
`,
			[]string{`6 warning: the rule for "ab" decides nothing: for all that it names another one does, such as the rule for "a*" on line 3`},
		},
		{
			"a rule of a group that a stage overrules",
			`stages: {release: {rules: [{entitlement: "a*", action: deny}]}}
binaries:
  g: {type: dylib, rules: [{entitlement: "a*", action: allow}, {entitlement: ab, action: allow}]}
`,
			[]string{`4 warning: the rule for "a*" decides nothing: for all that it names another one does, such as the rule for "a*" on line 2`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, r := range policy.Lint(parse(t, "version: 1\n"+tt.policy), day(t, "2026-11-23")) {
				got = append(got, fmt.Sprintf("%d %s: %s", r.Position.Line, r.Level, r.Message))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("remarks differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLintLooksForOwnersInCodeowners(t *testing.T) {
	p := parse(t, `version: 1
exceptions:
  - {id: handle, entitlement: a, applies-to: {team-id: TTTTTTTTTT}, owner: "@Acme/Audio"}
  - {id: mail, entitlement: a, applies-to: {team-id: TTTTTTTTTT}, owner: Jo Doe <jo@acme.example>}
  - {id: nobody, entitlement: a, applies-to: {team-id: TTTTTTTTTT}}
  - {id: stranger, entitlement: a, applies-to: {team-id: TTTTTTTTTT}, owner: "@acme/design"}
  - {id: nameless, entitlement: a, applies-to: {team-id: TTTTTTTTTT}, owner: the audio team}
`)
	const src = "# who @acme/design\n*.c @acme/desktop @acme/audio # and @acme/design\r\n/docs jo@acme.example\n\n@acme/design\n"
	var got []string
	for _, r := range policy.LintOwners(p, ".github/CODEOWNERS", []byte(src)) {
		got = append(got, fmt.Sprintf("%d %s: %s", r.Position.Line, r.Level, r.Message))
	}
	want := []string{
		`6 note: exception "stranger": owner "@acme/design" is not among those whom .github/CODEOWNERS names`,
		`7 note: exception "nameless": owner "the audio team" is not among those whom .github/CODEOWNERS names`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("remarks differ (-want +got):\n%s", diff)
	}
}

func TestLintTakesBoundedTime(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: 1\nrules:\n")
	for i := range 10_000 {
		fmt.Fprintf(&b, "  - {entitlement: a%d*, action: deny}\n", i)
	}
	b.WriteString("exceptions:\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "  - {id: e%d, entitlement: b, applies-to: {identifier: i%d}}\n", i, i)
	}
	told := map[string]bool{}
	for _, r := range policy.Lint(parse(t, b.String()), day(t, "2026-11-23")) {
		told[r.Message] = true
	}
	for _, want := range []string{
		"too many rules to look for those that decide nothing",
		`exception "e0": is one of 1000 for b: only the first 500 are compared with one another`,
	} {
		if !told[want] {
			t.Errorf("not told: %s", want)
		}
	}
}
