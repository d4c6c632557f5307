package check_test

import (
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/check"
)

// What is suggested a policy can hold, whatever names code has, and nothing else is suggested.
func TestEachSuggestionIsOneThatAPolicyHolds(t *testing.T) {
	for _, test := range []struct {
		name, key, identifier, team, path string
		want                              bool
	}{
		{"names as they are", "com.acme.own", "com.acme.app", "A1B2C3D4E5", "Acme.app/Contents/MacOS/Acme", true},
		{"a path with blanks and wildcards in it", "com.acme.own", "com.acme.app", "A1B2C3D4E5", "My [new] App*/My App", true},
		{"a path that is long", "com.acme.own", "com.acme.app", "A1B2C3D4E5", strings.Repeat("folder/", 100) + "x", true},
		{"an identifier that is not ASCII", "com.acme.own", "com.acme.größe", "A1B2C3D4E5", "x", true},
		{"no team", "com.acme.own", "com.acme.app", "", "x", true},
		{"an entitlement that a policy would take for a glob", "com.evil.*", "com.acme.app", "A1B2C3D4E5", "x", false},
		{"an entitlement that would be all of them", "*", "com.acme.app", "A1B2C3D4E5", "x", false},
		{"an entitlement with blanks in it", "com.acme own", "com.acme.app", "A1B2C3D4E5", "x", false},
		{"an entitlement that is too long", "com." + strings.Repeat("x", 300), "com.acme.app", "A1B2C3D4E5", "x", false},
		{"an identifier that a policy would take for a glob", "com.acme.own", "com.evil.*", "A1B2C3D4E5", "x", false},
		{"a team that a policy would take for a glob", "com.acme.own", "com.acme.app", "*", "x", false},
		{"a path that is too long", "com.acme.own", "com.acme.app", "A1B2C3D4E5", strings.Repeat("folder/", 200) + "x", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			code := hardened(test.key, true)
			code.Signature.Identifier, code.Signature.TeamID = test.identifier, test.team
			r := check.Evaluate(input(t, parse(t, "version: 1\n"), "release", binary(t, test.path, code.Bytes())))
			var of []check.Finding
			for _, f := range r.Findings {
				if f.Rule == check.RuleUnapproved {
					of = append(of, f)
				}
			}
			if len(of) != 1 || (of[0].Suggestion != "") != test.want {
				t.Fatalf("got %+v", of)
			}
			if !test.want {
				if !strings.Contains(of[0].Hint, "no policy can hold an exception for this one") {
					t.Errorf("the hint is %q", of[0].Hint)
				}
				return
			}
			if p := parse(t, "version: 1\nexceptions:\n"+of[0].Suggestion); len(p.Exceptions) != 1 {
				t.Errorf("%d exceptions in %s", len(p.Exceptions), of[0].Suggestion)
			}
		})
	}
}
