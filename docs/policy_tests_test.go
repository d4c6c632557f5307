package docs_test

import (
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/policy"
)

// The cases on the page pass against the policy that the page of the language begins with.
func TestCasesOfThePolicyTestsPagePass(t *testing.T) {
	src := texts(blocks(t, read(t, "policy-tests.md")), "yaml")[0]
	s, err := policy.ParseSuite("codewarrant.test.yml", []byte(src), check.SuiteWords())
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse("codewarrant.yml", []byte(texts(blocks(t, read(t, "policy.md")), "yaml")[0]))
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Cases {
		day, err := policy.ParseDate("2026-11-23")
		if err != nil {
			t.Fatal(err)
		}
		r, err := check.RunCase(check.Input{Policy: p, At: day}, &s.Cases[i])
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
