package check_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/source"
)

const (
	sandbox   = "com.apple.security.app-sandbox"
	attach    = "com.apple.security.get-task-allow"
	appGroups = "com.apple.security.application-groups"
)

// file is an .entitlements file with keys and values as XML, one a line from line 4 on.
func file(path string, pairs ...string) check.Source {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\">\n<dict>\n")
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&b, "\t<key>%s</key>%s\n", pairs[i], pairs[i+1])
	}
	b.WriteString("</dict>\n</plist>\n")
	return check.Source{Path: path, Inside: check.Inside(path), Source: entitlement.ReadSource([]byte(b.String()))}
}

func place(file string, line int) source.Place {
	return source.Place{File: file, Place: entitlement.Place{Line: line, Column: 1}}
}

// target is a configuration of an app in Xcode.
func target(configuration, identifier string, files ...string) source.Signing {
	return source.Signing{
		Tool: source.Xcode, Target: "Acme", Configuration: configuration, Default: configuration == "Release", Place: place("A.xcodeproj/project.pbxproj", 20),
		Identifier: identifier, TeamID: "A1B2C3D4E5", Type: "execute", BundleKind: "app", Files: files,
	}
}

// told writes findings as level, rule, entitlement and position.
func told(r *check.Report) (list []string) {
	for _, f := range r.Findings {
		line := fmt.Sprintf("%s %s %s", f.Level, f.Rule, f.Entitlement)
		if f.Position.File != "" {
			line += " " + f.Position.String()
		}
		list = append(list, strings.Join(strings.Fields(line), " "))
	}
	return list
}

const justify = "version: 1\nsettings: {unlisted: allow}\nstages:\n  release: {require: [hardened-runtime]}\n  development: {require: []}\nrules:\n  - {entitlement: com.apple.security.cs.*, action: require-justification}\n"

func TestExceptionsCoverSourcesByWhatIsKnownOfThem(t *testing.T) {
	const path = "mac/App/Acme.entitlements"
	setting := target("Release", "com.acme.app")
	setting.Settings = []source.Setting{{Key: jit, Value: entitlement.Bool(true), Place: place("A.xcodeproj/project.pbxproj", 31), Text: "RUNTIME_EXCEPTION_ALLOW_JIT = YES"}}
	unclear := setting
	unclear.Settings = []source.Setting{{Key: jit, Place: place("A.xcodeproj/project.pbxproj", 31), Text: "RUNTIME_EXCEPTION_ALLOW_JIT = $(X)"}}
	const atFile, atSetting = "error unapproved-entitlement " + jit + " " + path + ":4:2", "error unapproved-entitlement " + jit + " A.xcodeproj/project.pbxproj:31:1"
	for _, row := range []struct {
		name, scope string
		signings    []source.Signing
		want        []string
	}{
		{"the path of the file", "path: App/*.entitlements", nil, nil},
		{"an identifier, where nobody is known to sign with the file", "identifier: com.acme.app", nil, []string{atFile}},
		{"the identifier of the target that signs with it", "identifier: com.acme.app", []source.Signing{target("Release", "com.acme.app", path)}, nil},
		{"team, type and kind of bundle of that target", "team-id: A1B2C3D4E5, type: execute, bundle-kind: app", []source.Signing{target("Release", "com.acme.app", path)}, nil},
		{"what no source has", "arch: arm64, identifier: com.acme.app", []source.Signing{target("Release", "com.acme.app", path)}, []string{atFile}},
		{"the path in the app that will be built", "path: Acme.app/**, identifier: com.acme.app", []source.Signing{target("Release", "com.acme.app", path)}, []string{atFile}},
		{"one of two targets that sign with it", "identifier: com.acme.app", []source.Signing{target("Release", "com.acme.app", path), target("Debug", "com.acme.app.debug", path)}, []string{atFile}},
		{"both of them", "identifier: [com.acme.app, com.acme.app.debug]", []source.Signing{target("Release", "com.acme.app", path), target("Debug", "com.acme.app.debug", path)}, nil},
		{"a target whose identifier is not known", "identifier: com.acme.app", []source.Signing{target("Release", "com.acme.app", path), target("Debug", "", path)}, []string{atFile}},
		{"the path of the project, and not the build setting's target", "path: App/*.entitlements", []source.Signing{setting}, []string{atSetting}},
		{"the identifier of a target with a build setting, and the file that nobody signs with by its path", "identifier: com.acme.app", []source.Signing{setting}, []string{atFile}},
		{"a build setting that is not known", "identifier: com.acme.app", []source.Signing{unclear}, []string{atFile}},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := input(t, parse(t, justify+"exceptions:"+complete("E1", jit, row.scope)), "release")
			in.Sources, in.Signings = []check.Source{file(path, jit, "<true/>")}, row.signings
			if diff := cmp.Diff(row.want, told(check.Evaluate(in))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSourcesAreJudged(t *testing.T) {
	const path = "A.entitlements"
	hardenedOff := target("Release", "com.acme.app")
	hardenedOff.Unhardened = place("Base.xcconfig", 3)
	debug := hardenedOff
	debug.Configuration, debug.Default, debug.Unhardened = "Debug", false, place("Base.xcconfig", 5)
	builder := source.Signing{Tool: source.ElectronBuilder, Target: "app", Configuration: "mac", Default: true, Place: place("package.json", 5), Files: []string{path}}
	const group = "binaries:\n  engine:\n    identifier: com.acme.app\n    require: " + jit + "\n    exactly: [" + jit + ", " + sandbox + "]\n"
	withSetting := target("Release", "com.acme.app", path)
	withSetting.Settings = []source.Setting{{Key: jit, Value: entitlement.Bool(true), Place: place("A.xcodeproj/project.pbxproj", 31)}}
	lax := "version: 1\nsettings: {unlisted: allow}\n"
	problem := func(k source.Kind, line int) source.Problem {
		return source.Problem{Kind: k, Place: place("p", line), Message: "m"}
	}
	for _, row := range []struct {
		name, policy string
		file         check.Source
		signings     []source.Signing
		problems     []source.Problem
		want         []string
	}{
		{"a variable in a value that Xcode replaces", lax, file(path, appGroups, "<array><string>$(TeamIdentifierPrefix)x</string></array>"), []source.Signing{target("Release", "com.acme.app", path)}, nil, nil},
		{"one that electron-builder does not", lax, file(path, appGroups, "<array><string>${TEAM}.x</string></array>"), []source.Signing{builder}, nil, []string{"error unexpanded-variable " + appGroups + " A.entitlements:4:2"}},
		{"one that nobody is known to replace", lax, file(path, appGroups, "<array><string>$(TEAM).x</string></array>"), nil, nil, []string{"warning unexpanded-variable " + appGroups + " A.entitlements:4:2"}},
		{"a dollar that is no variable", lax, file(path, "com.acme.price", "<string>$5 ($x)</string>"), nil, nil, nil},
		{"a variable in a key", lax, file(path, "$(KEY)", "<true/>"), []source.Signing{target("Release", "com.acme.app", path)}, nil, []string{"error unexpanded-variable $(KEY) A.entitlements:4:2"}},
		{"the Hardened Runtime that is turned off, in each configuration", justify, file(path), []source.Signing{hardenedOff, debug}, nil, []string{"error no-hardened-runtime Base.xcconfig:3:1", "error no-hardened-runtime Base.xcconfig:5:1"}},
		{"what a group requires and a file has not", lax + group, file(path, sandbox, "<true/>"), []source.Signing{target("Release", "com.acme.app", path)}, nil, []string{"error missing-entitlement " + jit + " codewarrant.yml:4:3"}},
		{"what a group requires and a build setting has", lax + group, file(path, sandbox, "<true/>"), []source.Signing{withSetting}, nil, nil},
		{"what a group does not list", lax + group, file(path, jit, "<true/>", attach, "<true/>"), []source.Signing{target("Release", "com.acme.app", path)}, nil, []string{"error unexpected-entitlement " + attach + " A.entitlements:5:2"}},
		{"a string for a boolean", lax, file(path, jit, "<string>YES</string>"), nil, nil, []string{"warning unexpected-value " + jit + " A.entitlements:4:2"}},
		{"what is not known, by its weight", lax, file(path), nil, []source.Problem{problem(source.Unreadable, 0), problem(source.Missing, 2), problem(source.Unresolved, 3), problem(source.Incomplete, 4), problem(source.Unread, 5)}, []string{
			"error unreadable", "error unresolved-source p:2:1", "error unresolved-source p:3:1", "warning unresolved-source p:5:1", "note unresolved-source p:4:1",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := input(t, parse(t, row.policy), "release")
			in.Sources, in.Signings, in.Unresolved = []check.Source{row.file}, row.signings, row.problems
			if diff := cmp.Diff(row.want, told(check.Evaluate(in))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatSigningFailsOnIsToldWithTheFix(t *testing.T) {
	const good = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\">\n<dict>\n\t<key>" + jit + "</key>\n\t<true/>\n</dict>\n</plist>\n"
	for _, row := range []struct {
		name, text string
		at         policy.Position
		fix        string
	}{
		{"-- inside a comment", strings.Replace(good, "<dict>", "<dict><!-- a -- b -->", 1), policy.Position{Line: 3, Column: 14}, "take the -- out of the comment"},
		{"a byte order mark", "\ufeff" + good, policy.Position{Line: 1, Column: 1}, "without a byte order mark"},
		{"a binary property list", "bplist00" + good, policy.Position{Line: 1, Column: 1}, "plutil -convert xml1"},
		{"an old-style property list", "{ \"" + jit + "\" = 1; }", policy.Position{Line: 1, Column: 1}, "plutil -convert xml1"},
		{"UTF-16", "\xff\xfe<\x00?\x00", policy.Position{Line: 1, Column: 1}, "plutil -convert xml1"},
		{"an empty file", "\n", policy.Position{Line: 1, Column: 1}, "or an empty dictionary"},
		{"a document type with declarations", strings.Replace(good, "<plist", "<!DOCTYPE plist [ <!ENTITY a \"b\"> ]>\n<plist", 1), policy.Position{Line: 2, Column: 1}, "as Apple does"},
		{"a key twice", strings.Replace(good, "</dict>", "\t<key>"+jit+"</key><false/>\n</dict>", 1), policy.Position{Line: 6, Column: 2}, "keep one of the two"},
		{"CDATA", strings.Replace(good, "<true/>", "<![CDATA[]]><true/>", 1), policy.Position{Line: 5, Column: 2}, "as plutil -convert xml1 does"},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := input(t, parse(t, "version: 1\nsettings: {unlisted: allow}\n"), "release")
			in.Sources = []check.Source{{Path: "a", Inside: "a", Source: entitlement.ReadSource([]byte(row.text))}}
			r := check.Evaluate(in)
			if len(r.Findings) != 1 {
				t.Fatalf("%q", told(r))
			}
			f := r.Findings[0]
			row.at.File = "a"
			if f.Rule != check.RuleAmbiguousEntitlements || f.Level != policy.Error || f.Position != row.at || !strings.Contains(f.Hint, row.fix) {
				t.Errorf("%s %s at %s: %s; %s", f.Level, f.Rule, f.Position, f.Message, f.Hint)
			}
		})
	}
}

func TestSourcesAreComparedWithWhatIsSigned(t *testing.T) {
	const path = "A.entitlements"
	const file1 = " A.entitlements:1:1"
	builder := func(configuration string, files ...string) source.Signing {
		return source.Signing{Tool: source.ElectronBuilder, Target: "app", Configuration: configuration, Default: true, Place: place("package.json", 5), Identifier: "com.acme.app", Type: "execute", Files: files}
	}
	helpers := builder("mac", path)
	helpers.Target, helpers.Identifier, helpers.Prefix, helpers.Type = "helpers", "", "com.acme.app.helper", ""
	known := target("Release", "com.acme.app", path)
	known.Expanded = map[string]string{"$(T).a": "T.a"}
	open := target("Release", "com.acme.app", path)
	open.Open = "something is not known"
	other := target("Release", "com.acme.other", path)
	other.Target = "Other"
	twin := target("Release", "com.acme.app", path) // of one identifier, as for the store
	twin.Target, twin.Place = "Twin", place("A.xcodeproj/project.pbxproj", 50)
	openTwin := twin
	openTwin.Open = "something is not known"
	second := builder("mac", path)
	second.Identifier, second.Place = "com.acme.second", place("b/package.json", 5)
	framework := target("Release", "com.acme.app", path)
	framework.Type = "dylib"
	for _, row := range []struct {
		name     string
		stage    string
		file     check.Source
		signings []source.Signing
		signed   machotest.Binary
		want     []string
	}{
		{"what is signed as it was meant", "", file(path, sandbox, "<true/>"), []source.Signing{target("Release", "com.acme.app", path)}, hardened(sandbox, true), nil},
		{"an entitlement that is not in the signature", "", file(path, sandbox, "<true/>"), []source.Signing{target("Release", "com.acme.app", path)}, hardened(), []string{"error dropped-entitlement " + sandbox + " A.entitlements:4:2"}},
		{"one with another value", "", file(path, appGroups, "<array><string>a</string></array>"), []source.Signing{target("Release", "com.acme.app", path)}, hardened(appGroups, []any{"b"}), []string{"error dropped-entitlement " + appGroups + " A.entitlements:4:2"}},
		{"one whose value has a variable", "", file(path, appGroups, "<array><string>$(T).a</string></array>"), []source.Signing{target("Release", "com.acme.app", path)}, hardened(appGroups, []any{"T.a"}), nil},
		{"one that is false in the source", "", file(path, sandbox, "<false/>"), []source.Signing{target("Release", "com.acme.app", path)}, hardened(), nil},
		{"an entitlement that is not in the source", "", file(path), []source.Signing{target("Release", "com.acme.app", path)}, hardened(sandbox, true, "com.apple.application-identifier", "A1B2C3D4E5.com.acme.app"), []string{"warning added-entitlement " + sandbox + file1}},
		{"a target without a file", "", file(path), []source.Signing{target("Release", "com.acme.app")}, hardened(sandbox, true), []string{"warning added-entitlement " + sandbox + " A.xcodeproj/project.pbxproj:20:1"}},
		{"what Xcode adds for debugging, in a release", "", file(path), []source.Signing{target("Release", "com.acme.app", path)}, hardened(attach, true), []string{"warning added-entitlement " + attach + file1}},
		{"and in development", "development", file(path), []source.Signing{target("Debug", "com.acme.app", path)}, hardened(attach, true), nil},
		{"another configuration is not what was meant in a release", "", file(path, sandbox, "<true/>"), []source.Signing{target("Debug", "com.acme.app"), target("Release", "com.acme.app", path)}, hardened(), []string{"error dropped-entitlement " + sandbox + " A.entitlements:4:2"}},
		{"but in development it may be", "development", file(path, sandbox, "<true/>"), []source.Signing{target("Debug", "com.acme.app"), target("Release", "com.acme.app", path)}, hardened(), nil},
		{"what is signed with a Developer ID is no store build", "", file(path, sandbox, "<true/>"), []source.Signing{builder("mac"), builder("mas", path)}, hardened(sandbox, true), []string{"warning added-entitlement " + sandbox + " package.json:5:1"}},
		{"a value of another length than the one with a variable", "", file(path, appGroups, "<array><string>$(T).a</string></array>"), []source.Signing{target("Release", "com.acme.app", path)}, hardened(appGroups, []any{"T.a", "evil"}), []string{"error dropped-entitlement " + appGroups + " A.entitlements:4:2"}},
		{"a variable stands for nothing but itself", "", file(path, appGroups, "<array><string>$(A).a.$(B).b</string></array>"), []source.Signing{target("Release", "com.acme.app", path)}, hardened(appGroups, []any{"T.a.U.c"}), []string{"error dropped-entitlement " + appGroups + " A.entitlements:4:2"}},
		{"a variable that is known is compared as what it becomes", "", file(path, appGroups, "<array><string>$(T).a</string></array>"), []source.Signing{known}, hardened(appGroups, []any{"evil.a"}), []string{"error dropped-entitlement " + appGroups + " A.entitlements:4:2"}},
		{"the only program, where no identifier is known", "", file(path, sandbox, "<true/>"), []source.Signing{target("Release", "", path)}, hardened(), []string{"error dropped-entitlement " + sandbox + " A.entitlements:4:2"}},
		{"several targets, where none is known", "", file(path, sandbox, "<true/>"), []source.Signing{target("Release", "", path), other}, hardened(sandbox, true), []string{"note unmatched-source A.xcodeproj/project.pbxproj:20:1", "note unmatched-source A.xcodeproj/project.pbxproj:20:1", "note unmatched-source"}},
		{"helpers, by what their identifiers begin with", "", file(path, sandbox, "<true/>"), []source.Signing{builder("mac"), helpers}, hardened(sandbox, true), []string{"warning added-entitlement " + sandbox + " package.json:5:1", "note unmatched-source package.json:5:1"}},
		{"one of two targets with one identifier", "", file(path, sandbox, "<true/>"), []source.Signing{target("Release", "com.acme.app"), twin}, hardened(sandbox, true), nil},
		{"one that differs from both, and least from the second", "", file(path, sandbox, "<true/>", attach, "<true/>"), []source.Signing{target("Release", "com.acme.app"), twin}, hardened(sandbox, true, attach, true, "com.apple.security.network.client", true), []string{"warning added-entitlement com.apple.security.network.client A.entitlements:1:1"}},
		{"one that matches a target, beside one that is not all known", "", file(path, sandbox, "<true/>"), []source.Signing{openTwin, target("Release", "com.acme.app", path)}, hardened(sandbox, true), []string{"note unmatched-source A.xcodeproj/project.pbxproj:50:1"}},
		{"one that differs from a target, beside one that is not all known", "", file(path, sandbox, "<true/>"), []source.Signing{openTwin, target("Release", "com.acme.app", path)}, hardened(), []string{"note unmatched-source A.xcodeproj/project.pbxproj:20:1", "note unmatched-source A.xcodeproj/project.pbxproj:50:1"}},
		{"two Electron apps in two folders", "", file(path, sandbox, "<true/>"), []source.Signing{builder("mac", path), second}, hardened(sandbox, true), []string{"note unmatched-source b/package.json:5:1"}},
		{"what is not all known", "", file(path, sandbox, "<true/>"), []source.Signing{open}, hardened(), []string{"note unmatched-source A.xcodeproj/project.pbxproj:20:1"}},
		{"a library has no entitlements of its own", "", file(path, sandbox, "<true/>"), []source.Signing{framework}, hardened(sandbox, true), []string{"note unmatched-source"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			stage := row.stage
			if stage == "" {
				stage = "release"
			}
			in := input(t, parse(t, justify), stage, binary(t, "Acme.app/Contents/MacOS/Acme", row.signed.Bytes()))
			in.Sources, in.Signings = []check.Source{row.file}, row.signings
			if diff := cmp.Diff(row.want, told(check.Evaluate(in))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestClaimsOfSeveralUsersAreOneInTheReport(t *testing.T) {
	in := input(t, parse(t, justify), "release")
	in.Sources = []check.Source{file("a", jit, "<true/>")}
	in.Signings = []source.Signing{target("Release", "com.acme.app", "a"), target("Debug", "com.acme.app.debug", "a")}
	r := check.Evaluate(in)
	if n := r.Unapproved(); n != 1 {
		t.Errorf("%d unapproved claims", n)
	}
	if diff := cmp.Diff([]string{"target Acme (Release)", "target Acme (Debug)"}, r.Sources[0].UsedBy); diff != "" {
		t.Error(diff)
	}
	for _, name := range r.Sources[0].UsedBy {
		if !strings.Contains(r.Findings[0].Message+r.Findings[1].Message, "(for "+name+")") {
			t.Errorf("%s is not named in %q", name, told(r))
		}
	}
}

// Many claims with many users are judged once, and then by the path of the file alone.
func TestUsersOfSourcesAreBounded(t *testing.T) {
	var pairs []string
	for i := range 900 {
		pairs = append(pairs, fmt.Sprintf("com.apple.security.cs.key-%d", i), "<true/>")
	}
	in := input(t, parse(t, justify), "release", binary(t, "Acme", hardened().Bytes()))
	in.Sources = []check.Source{file("a", pairs...)}
	for i := range 200 {
		in.Signings = append(in.Signings, target(fmt.Sprint(i), fmt.Sprintf("com.acme.app%d", i), "a"), target("Release", "com.acme.app", "a"))
	}
	n := map[string]int{}
	for _, f := range check.Evaluate(in).Findings {
		n[f.Rule]++
	}
	if n[check.RuleUnapproved] != 900 || n[check.RuleDropped] > 900 {
		t.Error(n)
	}
}

// An exception for a value covers what the value becomes, and nothing that is not known.
func TestExceptionsForValuesAreHeldAgainstWhatVariablesBecome(t *testing.T) {
	const path = "A.entitlements"
	policyText := func(value string) string {
		text := strings.Replace(complete("E1", appGroups, "identifier: com.acme.app"), "entitlement: "+appGroups, "entitlement: "+appGroups+"\n    value: [\""+value+"\"]", 1)
		return "version: 1\nsettings: {unlisted: allow}\nstages:\n  release: {require: []}\nrules:\n  - {entitlement: com.apple.security.application-groups, action: require-justification}\nexceptions:" + text
	}
	becomes := func(text string) source.Signing {
		g := target("Release", "com.acme.app", path)
		g.Expanded = map[string]string{"$(APP_GROUP)": text}
		return g
	}
	const unapproved = "error unapproved-entitlement " + appGroups + " A.entitlements:4:2"
	for _, row := range []struct {
		name, value, text string
		by                source.Signing
		approved          bool
	}{
		{"the value that the variable has", "group.acme", "$(APP_GROUP)", becomes("group.acme"), true},
		{"another value than the one that was approved", "group.acme", "$(APP_GROUP)", becomes("group.evil"), false},
		{"the name of the variable, whose value is known", "$(APP_GROUP)", "$(APP_GROUP)", becomes("group.evil"), false},
		{"the name of a variable that is not known", "$(APP_GROUP)", "$(APP_GROUP)", target("Release", "com.acme.app", path), false},
		{"a variable that no project sets", "$(TeamIdentifierPrefix)acme", "$(TeamIdentifierPrefix)acme", target("Release", "com.acme.app", path), true},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := input(t, parse(t, policyText(row.value)), "release")
			in.Sources, in.Signings = []check.Source{file(path, appGroups, "<array><string>"+row.text+"</string></array>")}, []source.Signing{row.by}
			got := slices.Contains(told(check.Evaluate(in)), unapproved)
			if got == row.approved {
				t.Errorf("%q", told(check.Evaluate(in)))
			}
		})
	}
}
