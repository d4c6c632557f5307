package check_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/policy"
)

func TestEvaluateJudgesClaims(t *testing.T) {
	const head = "version: 1\nsettings: {unlisted: allow}\nrules:\n  - {entitlement: com.apple.security.cs.*, action: require-justification}\n" +
		"  - {entitlement: [com.apple.security.get-task-allow], action: deny}\n"
	const exceptions = head + "exceptions:"
	for _, row := range []struct {
		name   string
		policy string
		claims []any
		want   []string
	}{
		{"a program that claims nothing passes", head, nil, nil},
		{"a claim without an exception is unapproved", head, []any{jit, true}, []string{"error unapproved-entitlement " + jit}},
		{"a claim with a complete exception passes", exceptions + complete("E1", jit, "identifier: com.acme.app"), []any{jit, true}, nil},
		{"a claim of false grants nothing", head, []any{jit, false}, nil},
		{"a claim of an integer is judged and told", head, []any{jit, 0}, []string{"error unapproved-entitlement " + jit, "warning unexpected-value " + jit}},
		{"a claim of a string is judged and told", head, []any{jit, "false"}, []string{"error unapproved-entitlement " + jit, "warning unexpected-value " + jit}},
		{
			"an exception for true does not cover a string", strings.Replace(exceptions+complete("E1", jit, "identifier: com.acme.app"), "category:", "value: true\n    category:", 1),
			[]any{jit, "true"},
			[]string{"error unapproved-entitlement " + jit, "error unused-exception " + jit, "warning unexpected-value " + jit},
		},
		{"a denied claim fails", head, []any{"com.apple.security.get-task-allow", true}, []string{"error denied-entitlement com.apple.security.get-task-allow"}},
		{
			"an exception does not help against deny", exceptions + complete("E1", "com.apple.security.get-task-allow", "identifier: com.acme.app"),
			[]any{"com.apple.security.get-task-allow", true},
			[]string{"error denied-entitlement com.apple.security.get-task-allow", "error unused-exception com.apple.security.get-task-allow"},
		},
		{"an exception for another identifier does not help", exceptions + complete("E1", jit, "identifier: com.acme.other"), []any{jit, true}, []string{"error unapproved-entitlement " + jit}},
		{"an exception for another team does not help", exceptions + complete("E1", jit, "team-id: ZZZZZZZZZZ"), []any{jit, true}, []string{"error unapproved-entitlement " + jit}},
		{"an exception for another slice does not help", exceptions + complete("E1", jit, "arch: x86_64"), []any{jit, true}, []string{"error unapproved-entitlement " + jit}},
		{"an exception for another path does not help", exceptions + complete("E1", jit, "path: other"), []any{jit, true}, []string{"error unapproved-entitlement " + jit}},
		{"every field of a scope counts", exceptions + complete("E1", jit, "identifier: com.acme.app, path: other"), []any{jit, true}, []string{"error unapproved-entitlement " + jit}},
		{"an exception that ran out fails", strings.Replace(exceptions+complete("E1", jit, "identifier: com.acme.app"), "2027-04-30", "2026-11-22", 1), []any{jit, true}, []string{"error expired-exception " + jit}},
		{"an exception holds through its last day and warns", strings.Replace(exceptions+complete("E1", jit, "identifier: com.acme.app"), "2027-04-30", "2026-11-23", 1), []any{jit, true}, []string{"warning exception-expires-soon " + jit}},
		{"an exception without an owner approves nothing", strings.Replace(exceptions+complete("E1", jit, "identifier: com.acme.app"), `"@acme/desktop"`, `""`, 1), []any{jit, true}, []string{"error invalid-exception " + jit}},
		{
			"fields that are missing are told at once", strings.Replace(strings.Replace(exceptions+complete("E1", jit, "identifier: com.acme.app"), `"@acme/desktop"`, `""`, 1), "javascript-engine", `""`, 1),
			[]any{jit, true},
			[]string{"error invalid-exception " + jit},
		},
		{"one exception that holds is enough", strings.Replace(exceptions+complete("E1", jit, "identifier: com.acme.app"), `"@acme/desktop"`, `""`, 1) + complete("E2", jit, "team-id: A1B2C3D4E5"), []any{jit, true}, nil},
		{"an exception that nothing claims is unused", exceptions + complete("E1", jit, "identifier: com.acme.app"), nil, []string{"error unused-exception " + jit}},
		{"an exception for what was not looked at is no finding", exceptions + complete("E1", jit, "identifier: com.acme.other"), nil, nil},
		{"two keys on executable memory are redundant", "version: 1\nsettings: {unlisted: allow}\n", []any{jit, true, unsigned, true}, []string{"note redundant-entitlement " + unsigned}},
		{"three keys on executable memory are redundant once", "version: 1\nsettings: {unlisted: allow}\n", []any{jit, true, unsigned, true, pages, true}, []string{"note redundant-entitlement " + pages}},
		{"a key that grants nothing is not redundant", "version: 1\nsettings: {unlisted: allow}\n", []any{jit, true, unsigned, false}, nil},
		{"an undocumented key of Apple's is told", "version: 1\nsettings: {unlisted: allow}\n", []any{"com.apple.security.hardened-runtime", true}, []string{"warning unknown-entitlement com.apple.security.hardened-runtime"}},
		{"an unlisted key needs a justification by default", "version: 1\n", []any{"com.acme.own", true}, []string{"error unapproved-entitlement com.acme.own"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := binary(t, "Acme.app/Contents/MacOS/Acme", hardened(row.claims...).Bytes())
			r := check.Evaluate(input(t, parse(t, row.policy), "release", b))
			if diff := cmp.Diff(row.want, lines(r)); diff != "" {
				t.Errorf("%s\n%+v", diff, r.Findings)
			}
		})
	}
}

func TestEvaluateTellsUseOfExceptions(t *testing.T) {
	p := parse(t, "version: 1\nexceptions:"+complete("used", jit, "identifier: com.acme.app")+
		complete("unused", unsigned, "identifier: com.acme.app")+complete("elsewhere", jit, "identifier: com.acme.other"))
	b := hardened(jit, true).Bytes()
	r := check.Evaluate(input(t, p, "release", binary(t, "b", b), binary(t, "a", b)))
	var got []string
	for _, e := range r.Exceptions {
		got = append(got, fmt.Sprintf("%s %s %d", e.Exception.ID, e.Use, e.Covers))
	}
	if diff := cmp.Diff([]string{"used used 2", "unused unused 0", "elsewhere not-looked-at 0"}, got); diff != "" {
		t.Error(diff)
	}
	in := input(t, p, "release", binary(t, "b", b))
	in.NoExceptions = true
	r = check.Evaluate(in)
	if diff := cmp.Diff([]string{"error unapproved-entitlement " + jit}, lines(r)); diff != "" || len(r.Exceptions) > 0 {
		t.Error(diff, r.Exceptions)
	}
}

func TestEvaluateOfNothingIsUnreadable(t *testing.T) {
	r := check.Evaluate(input(t, parse(t, "version: 1\n"), "release"))
	if diff := cmp.Diff([]string{"error no-binaries"}, lines(r)); diff != "" || r.Result() != check.Unreadable {
		t.Error(diff, r.Result())
	}
	in := input(t, parse(t, "version: 1\n"), "release")
	in.Unread = []check.Unread{{Path: "x", Err: errors.New("permission denied")}}
	in.FailOn = policy.FailOnNever
	if r = check.Evaluate(in); r.Result() != check.Unreadable {
		t.Error("what could not be read passed under fail-on never")
	}
}

func TestResultFollowsFailOn(t *testing.T) {
	p := parse(t, "version: 1\nsettings: {unlisted: allow}\n")
	b := binary(t, "x", hardened("com.apple.security.hardened-runtime", true).Bytes())
	for failOn, want := range map[policy.FailOn]check.Result{policy.FailOnError: check.Pass, policy.FailOnWarning: check.Fail, policy.FailOnNever: check.Pass} {
		in := input(t, p, "release", b)
		in.FailOn = failOn
		if got := check.Evaluate(in).Result(); got != want {
			t.Errorf("fail-on %s: %s, want %s", failOn, got, want)
		}
	}
}

func TestSuggestionIsAnExceptionThatLacksWhatPeopleWrite(t *testing.T) {
	for name, path := range map[string]string{
		"a plain path":               "Acme.app/Contents/MacOS/Acme",
		"a path with blanks":         "Acme App.app/Contents/MacOS/Acme App",
		"a path that begins blank":   " Acme.app/x",
		"a path that ends blank":     "Acme.app/x ",
		"a path of glob signs":       "A[b]{c,d}*?.app/x",
		"a path of YAML signs":       "a: 'b' #c/\"d\"/- e",
		"a path with a newline":      "a\nb: c",
		"a path that reorders":       "a\u202eb",
		"a path of what is not seen": "a\u200b\u00ad\u2060\u3164\u2800b \u2764\ufe0f\u200d\U0001f525.app/x",
		"a path full of signs":       "a/" + strings.Repeat("[x]", 12) + "/b",
		"a path that commands":       "##[error]x",
	} {
		t.Run(name, func(t *testing.T) {
			b := binary(t, path, hardened(jit, true).Bytes())
			r := check.Evaluate(input(t, parse(t, "version: 1\n"), "release", b))
			pasted := "version: 1\nexceptions:\n" + r.Findings[0].Suggestion
			again := check.Evaluate(input(t, parse(t, pasted), "release", b))
			for _, f := range again.Findings {
				if f.Rule != check.RuleInvalidException {
					t.Errorf("%s: %s\n%s", f.Rule, f.Message, pasted)
				}
			}
			filled := strings.NewReplacer(`category: ""`, "category: other", `owner: ""`, "owner: me", `approved-by: []`, "approved-by: [you]",
				`approved-on: ""`, "approved-on: 2026-11-01", `expires: ""`, "expires: 2027-05-01",
				`justification: ""`, "justification: The editor compiles regular expressions with PCRE2 and its JIT.").Replace(pasted)
			if last := check.Evaluate(input(t, parse(t, filled), "release", b)); last.Result() != check.Pass || len(last.Findings) > 0 {
				t.Errorf("%v\n%s", lines(last), filled)
			}
		})
	}
}

func TestSuggestionIsLimitedToTheValue(t *testing.T) {
	var many []any
	for i := range 101 {
		many = append(many, fmt.Sprint("group.", i))
	}
	for _, row := range []struct {
		name string
		v    any
		want string
	}{
		{"a boolean", true, "value: true"},
		{"a string that looks like a number", "42", `value: "42"`},
		{"a list, each once", []any{"group.b", "group.a", "group.b"}, "values:\n    - group.b\n    - group.a"},
		{"a list of nothing", []any{}, "value: []"},
		{"a list with what cannot be seen covers any", []any{"\u200b"}, ""},
		{"a list of lists covers any", []any{[]any{"a"}}, ""},
		{"a list longer than an exception may have covers any", many, ""},
		{"a dictionary covers any", machotest.Dict{"a", true}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := binary(t, "x", hardened("com.acme.own", row.v).Bytes())
			r := check.Evaluate(input(t, parse(t, "version: 1\n"), "release", b))
			_, rest, _ := strings.Cut(r.Findings[0].Suggestion, "entitlement: com.acme.own\n")
			got, _, _ := strings.Cut(rest, "  applies-to:")
			if diff := cmp.Diff(row.want, strings.TrimSpace(got)); diff != "" {
				t.Error(diff)
			}
			p := parse(t, "version: 1\nexceptions:\n"+r.Findings[0].Suggestion)
			if v := b.Slices[0].Signature.Claims.Set["com.acme.own"]; !p.Exceptions[0].Covers("com.acme.own", v) {
				t.Errorf("the suggestion does not cover %s", v.Text())
			}
		})
	}
}

func TestSuggestionsCoverSlicesOfDifferentIdentity(t *testing.T) {
	intel := hardened(jit, true)
	intel.CPU, intel.SubCPU = machotest.CPUX86_64, machotest.SubX86All
	intel.Signature.Identifier = "com.acme.app.intel"
	b := binary(t, "x", machotest.Fat{Slices: []machotest.Slice{{Binary: hardened(jit, true)}, {Binary: intel}}}.Bytes())
	r := check.Evaluate(input(t, parse(t, "version: 1\n"), "release", b))
	pasted := "version: 1\nexceptions:\n"
	for _, f := range r.Findings {
		pasted += f.Suggestion
	}
	for _, f := range check.Evaluate(input(t, parse(t, pasted), "release", b)).Findings {
		if f.Rule != check.RuleInvalidException {
			t.Errorf("%s: %s\n%s", f.Rule, f.Message, pasted)
		}
	}
}

func TestExceptionsThatAnotherStageAsksForAreNotUnused(t *testing.T) {
	const src = "version: 1\nstages:\n  release: {require: []}\n  development:\n    require: []\n    rules:\n      - {entitlement: com.apple.security.cs.*, action: allow}\nexceptions:"
	p := parse(t, src+complete("E", jit, "identifier: com.acme.app"))
	r := check.Evaluate(input(t, p, "development", binary(t, "x", hardened(jit, true).Bytes())))
	if len(r.Findings) > 0 || r.Exceptions[0].Use != check.NotNeeded {
		t.Error(lines(r), r.Exceptions[0].Use)
	}
	r = check.Evaluate(input(t, p, "development", binary(t, "x", hardened().Bytes())))
	if diff := cmp.Diff([]string{"error unused-exception " + jit}, lines(r)); diff != "" {
		t.Error(diff)
	}
}

func TestEvaluateJudgesSourcesOnTheirLines(t *testing.T) {
	src := "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\">\n<dict>\n\t<key>" + jit + "</key>\n\t<true/>\n</dict>\n</plist>\n"
	in := input(t, parse(t, "version: 1\n"), "release")
	in.Sources = []check.Source{{Path: "src/app.entitlements", Inside: "src/app.entitlements", Source: entitlement.ReadSource([]byte(src))}}
	r := check.Evaluate(in)
	if len(r.Findings) != 1 || r.Findings[0].Position != (policy.Position{File: "src/app.entitlements", Line: 4, Column: 2}) {
		t.Fatalf("%+v", r.Findings)
	}
	in.Policy = parse(t, "version: 1\nexceptions:"+complete("E", jit, "path: src/*.entitlements"))
	if r = check.Evaluate(in); len(r.Findings) > 0 {
		t.Error(lines(r))
	}
	in.Policy = parse(t, "version: 1\nexceptions:"+complete("E", jit, "identifier: com.acme.app"))
	if r = check.Evaluate(in); r.Result() != check.Fail || !strings.Contains(r.Findings[0].Hint, "identifier") {
		t.Errorf("%+v", r.Findings)
	}
	in.Sources[0].Source = entitlement.ReadSource([]byte(strings.Replace(src, "<dict>", "<dict> <!-- a -- b -->", 1)))
	if r = check.Evaluate(in); r.Findings[0].Rule != check.RuleAmbiguousEntitlements || r.Findings[0].Position.Line != 3 {
		t.Errorf("%+v", r.Findings)
	}
}

func TestEvaluateDoesNotDependOnOrder(t *testing.T) {
	p := parse(t, "version: 1\n")
	var list []check.Binary
	for i := range 20 {
		list = append(list, binary(t, fmt.Sprintf("bin/%02d", i), hardened(jit, true, unsigned, i%2 == 0, "com.apple.security.network.clients", true).Bytes()))
	}
	want := check.Evaluate(input(t, p, "release", list...))
	for range 5 {
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		got := check.Evaluate(input(t, p, "release", list...))
		if diff := cmp.Diff(want.Findings, got.Findings); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestEveryRuleHasAPage(t *testing.T) {
	for _, r := range check.Rules() {
		page, err := os.ReadFile("../docs/rules/" + r.ID + ".md")
		if err != nil || !strings.HasPrefix(string(page), "# "+r.ID+"\n") {
			t.Errorf("%s: %v", r.ID, err)
		}
	}
	if _, ok := check.RuleByID("nothing"); ok {
		t.Error("a rule that is not there is found")
	}
}

func TestAnExceptionIsCountedOnceForEachBinaryAndJudgedByTheTermsOfEach(t *testing.T) {
	p := parse(t, `version: 1
settings: {unlisted: allow}
binaries:
  tools:
    path: bin/**
    rules: [{entitlement: com.apple.security.cs.*, action: require-justification, max-lifetime: 30d}]
rules: [{entitlement: com.apple.security.cs.*, action: require-justification}]
exceptions:`+complete("EXC-1", jit, "team-id: A1B2C3D4E5"))
	both := machotest.Fat{Slices: []machotest.Slice{{Binary: hardened(jit, true)}, {Binary: func() machotest.Binary {
		b := hardened(jit, true)
		b.CPU, b.SubCPU = machotest.CPUX86_64, machotest.SubX86All
		return b
	}()}}}
	r := check.Evaluate(input(t, p, "release",
		binary(t, "app", both.Bytes()), binary(t, "bin/tool", hardened(jit, true).Bytes()), binary(t, "other", hardened(jit, true).Bytes())))
	if x := r.Exceptions[0]; x.Covers != 3 || x.Use != check.Used {
		t.Errorf("EXC-1 covers %d, %s", x.Covers, x.Use)
	}
	var failed []string
	for _, f := range r.Findings {
		if f.Rule == check.RuleInvalidException {
			failed = append(failed, f.Paths[0]+": "+f.Message)
		}
	}
	want := []string{"bin/tool: EXC-1 approves nothing: expires is 179 days after approved-on; max-lifetime is 30 days"}
	if diff := cmp.Diff(want, failed); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
