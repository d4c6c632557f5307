package policy_test

import (
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/policy"
)

func TestAScopeMatchesWhereEveryFieldDoes(t *testing.T) {
	const cdhash = "7a1d9f3c55b2e86041d7a0c9e3f5b8a24c6d1e90"
	target := policy.Target{
		Paths:      []string{"Acme.app/Contents/MacOS/acme"},
		Identifier: "com.acme.app", TeamID: "A1B2C3D4E5", Arch: "arm64",
		Type: "execute", BundleKind: "app", Version: "3.2.1", CDHash: cdhash, Groups: []string{"engine", "tools"},
	}
	ranges := func(text string) []policy.VersionRange {
		r, err := versions(t, text)
		if err != nil {
			t.Fatal(err)
		}
		return []policy.VersionRange{r}
	}
	twice := target
	twice.Paths = []string{"Acme.app/Contents/MacOS/acme", "Backup.app/Contents/MacOS/acme"}
	source := policy.Target{Paths: []string{"app/acme.entitlements"}}
	list := func(s ...string) []string { return s }
	for _, tt := range []struct {
		name   string
		scope  policy.Scope
		target policy.Target
		want   bool
	}{
		{"an empty scope covers nothing", policy.Scope{}, target, false},
		{"by identifier alone", policy.Scope{Identifier: list("com.acme.app")}, target, true},
		{"any value of a field", policy.Scope{Arch: list("x86_64", "arm64")}, target, true},
		{"all fields", policy.Scope{Path: list("Acme.app/**"), Identifier: list("com.acme.app"), TeamID: list("A1B2C3D4E5"), Arch: list("arm64")}, target, true},
		{"all fields but the arch", policy.Scope{Path: list("Acme.app/**"), Identifier: list("com.acme.app"), TeamID: list("A1B2C3D4E5"), Arch: list("x86_64")}, target, false},
		{"an identifier in other letters", policy.Scope{Identifier: list("com.Acme.app")}, target, false},
		{"the start of an identifier", policy.Scope{Identifier: list("com.acme")}, target, false},
		{"copies that are all covered", policy.Scope{Path: list("Acme.app/**", "Backup.app/**")}, twice, true},
		{"copies of which one is not covered", policy.Scope{Path: list("Acme.app/**")}, twice, false},
		{"a source by its path", policy.Scope{Path: list("*.entitlements")}, source, true},
		{"a source has no identifier", policy.Scope{Path: list("*.entitlements"), Identifier: list("com.acme.app")}, source, false},
		{"an empty value matches nothing", policy.Scope{TeamID: list("")}, source, false},
		{"by type", policy.Scope{Type: list("dylib", "execute")}, target, true},
		{"by another type", policy.Scope{Type: list("bundle")}, target, false},
		{"by kind of bundle", policy.Scope{BundleKind: list("app")}, target, true},
		{"a kind of bundle outside of bundles", policy.Scope{BundleKind: list("app")}, source, false},
		{"by version", policy.Scope{Versions: ranges(">=3.2 <4")}, target, true},
		{"any one of the ranges", policy.Scope{Versions: append(ranges("<2"), ranges("3.2.1")...)}, target, true},
		{"by another version", policy.Scope{Versions: ranges("<3.2.1")}, target, false},
		{"a version that nothing vouches for", policy.Scope{Versions: ranges(">=0")}, source, false},
		{"by cdhash", policy.Scope{CDHash: list(cdhash)}, target, true},
		{"by another cdhash", policy.Scope{CDHash: list(strings.Replace(cdhash, "7", "8", 1))}, target, false},
		{"by one of the groups that it is in", policy.Scope{Binaries: list("helpers", "tools")}, target, true},
		{"by a group that it is not in", policy.Scope{Binaries: list("helpers")}, target, false},
		{"in no group", policy.Scope{Binaries: list("")}, source, false},
		{"a group and an arch", policy.Scope{Binaries: list("engine"), Arch: list("x86_64")}, target, false},
		{"a target without paths", policy.Scope{Path: list("**")}, policy.Target{Arch: "arm64"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.scope.Matches(tt.target); got != tt.want {
				t.Errorf("Matches = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAPathMatchesFromAnyComponentOrFromTheRoot(t *testing.T) {
	for _, tt := range []struct {
		glob, path string
		want       bool
	}{
		{"Acme.app/**", "Acme.app/Contents/MacOS/acme", true},
		{"Acme.app/**", "dist/mac/Acme.app/Contents/MacOS/acme", true},
		{"Acme.app/**", "NotAcme.app/Contents/MacOS/acme", false},
		{"/Acme.app/**", "Acme.app/Contents/MacOS/acme", true},
		{"/Acme.app/**", "dist/Acme.app/Contents/MacOS/acme", false},
		{"acme", "Acme.app/Contents/MacOS/acme", true},
		{"acme", "Acme.app/Contents/MacOS/acme/other", false},
		{"/acme", "bin/acme", false},
		{"Frameworks/*Renderer*.app/**", "Acme.app/Contents/Frameworks/Acme Helper (Renderer).app/Contents/MacOS/x", true},
		{"Frameworks/*.app/**", "Acme.app/Contents/Frameworks/deep/Helper.app/x", false},
		{"*/acme", "Contents/MacOS/acme", true},
		{"a?c", "a/c", false},
		{"a?c", "abc", true},
		{"lib[0-9].dylib", "x/lib7.dylib", true},
		{"lib[0-9].dylib", "x/libx.dylib", false},
		{"**", "anything/at/all", true},
		{"a/**/b", "a/b", true},
		{"a/**/b", "x/a/y/z/b", true},
		{"*", "line\nbreak[{", true},
		{"*", "\xff\xfe", true},
		{"é", "e\u0301", false},
		{"Acme.app/**", "", false},
		{"Acme.app/**", "Acme.app\n/x", false},
		{"[", "[", false}, // never leaves Parse; no match rather than an error
		{`a\`, `a\`, false},
	} {
		s := policy.Scope{Path: []string{tt.glob}}
		if got := s.Matches(policy.Target{Paths: []string{tt.path}}); got != tt.want {
			t.Errorf("path %q matches %q: %v", tt.glob, tt.path, got)
		}
	}
}

func TestAPathThatCannotBeMeantIsRefused(t *testing.T) {
	for _, tt := range []struct{ glob, want string }{
		{"", "path is empty"},
		{"a//b", "an empty component"},
		{"./a", "a component ."},
		{"a/../b", "a component .."},
		{"a**/b", "** must be a whole component"},
		{`a\\b`, "separate components with /"},
		{"{a,b}", "no alternatives in braces"},
		{"[a", "a [ without its ]"},
		{"[]", "a [ without its ]"},
		{"[a/b]", "a [ without its ]"},
		{"[!a]", "would match a slash"},
		{"[^a]", "would match a slash"},
		{"x[a-c][.-0]", "would match a slash"},
		{"\uFFFD", "replacement character"},
		{"a\\u000Ab", "line break"},
		{strings.Repeat("?", 17), "more than 16 wildcards"},
		{strings.Repeat("**/", 17) + "x", "more than 16 wildcards"},
		{strings.Repeat("x", 1025), "longer than 1024 bytes"},
	} {
		src := strings.Replace(exception(), "identifier: com.acme.app", `path: "`+tt.glob+`"`, 1)
		if _, err := policy.Parse("test.yml", []byte(src)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("path %q: error %v, want one of %q", tt.glob, err, tt.want)
		}
	}
}

func BenchmarkTheSlowestPath(b *testing.B) {
	glob := strings.Repeat("**/a*a*/", 5) + "b"
	parse(b, strings.Replace(exception(), "identifier: com.acme.app", `path: "`+glob+`"`, 1))
	s := policy.Scope{Path: []string{glob}}
	t := policy.Target{Paths: []string{strings.Repeat(strings.Repeat("a", 30)+"/", 130)}}
	for b.Loop() {
		if s.Matches(t) {
			b.Fatal("matched")
		}
	}
}
