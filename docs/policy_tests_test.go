package docs_test

import (
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/policy"
)

// The cases on the page pass against a policy with the exception that they are about.
func TestCasesOfThePolicyTestsPagePass(t *testing.T) {
	src := texts(blocks(t, read(t, "policy-tests.md")), "yaml")[0]
	s, err := policy.ParseSuite("codewarrant.test.yml", []byte(src), check.SuiteWords())
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse("codewarrant.yml", []byte(`version: 1
exceptions:
  - id: EXC-2026-014
    entitlement: com.apple.security.cs.allow-jit
    applies-to: {identifier: com.acme.app.renderer, team-id: A1B2C3D4E5}
    category: javascript-engine
    justification: V8 in the renderer compiles JavaScript; jitless mode costs 6x on the editor benchmark.
    owner: "@acme/desktop"
    approved-by: ["@acme/product-security"]
    approved-on: 2026-11-02
    expires: 2027-04-30
`))
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Cases {
		day, err := policy.ParseDate("2026-11-23")
		if err != nil {
			t.Fatal(err)
		}
		r, err := check.RunCase(p, &s.Cases[i], day)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Passed() {
			t.Errorf("%s: - %q + %q", r.Name, r.Missing, r.Instead)
		}
	}
}

func TestPolicyTestsPageNamesEveryKeyAndWord(t *testing.T) {
	page := read(t, "policy-tests.md")
	words := check.SuiteWords()
	_, err := policy.ParseSuite("x", []byte("version: 1\ncases: [{name: a, given: {x: 1}, expect: {x: 1}}]"), words)
	keys := strings.Split(err.(policy.Errors)[0].Hint, ", ")
	keys[0] = strings.TrimPrefix(keys[0], "valid: ")
	if len(keys) < 10 {
		t.Fatal(err)
	}
	for _, list := range [][]string{keys, words.Verdicts, words.Results, words.Signed} {
		for _, w := range list {
			if !strings.Contains(page, "`"+w+"`") {
				t.Errorf("%s is not named", w)
			}
		}
	}
}
