package report

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/policy"
)

// hostileRuns are cases with what a terminal, XML or GitHub's runner could obey.
func hostileRuns() []SuiteRun {
	const evil = "\x1b[31m]]></failure><x a=\"'&\u202e\n::error::##[error]\xff"
	p := &policy.Policy{Name: evil + ".yml", SHA256: policySHA}
	c := &policy.Case{Name: evil, Position: policy.Position{File: evil, Line: 3, Column: 5}}
	return []SuiteRun{
		{Suite: evil, Policy: p, Results: []*check.CaseResult{
			{Case: c, Position: c.Position, Missing: []string{evil}, Instead: []string{evil, evil}},
			{Case: &policy.Case{Name: "fine"}},
		}},
		{Policy: p, Untested: []check.Untested{
			{Rule: &policy.Rule{Entitlements: []policy.Pattern{"a", "b"}}},
			{Exception: &policy.Exception{ID: evil}},
		}},
	}
}

func TestCasesAreSafeToPrint(t *testing.T) {
	for name, write := range map[string]func(*bytes.Buffer) error{
		"text":  func(b *bytes.Buffer) error { return SuiteText(b, hostileRuns(), TextOptions{}) },
		"junit": func(b *bytes.Buffer) error { return JUnit(b, hostileRuns()) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(b.String(), "\x1b\u202e\ufffd") || strings.Contains(b.String(), "\n::") {
			t.Errorf("%s: %q", name, b.String())
		}
		golden(t, "cases-hostile."+name, b.Bytes())
	}
}

func TestJUnitCountsAndEscapes(t *testing.T) {
	var b bytes.Buffer
	if err := JUnit(&b, hostileRuns()); err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	type counts struct{ Tests, Failures, Suites int }
	if diff := cmp.Diff(counts{3, 2, 2}, counts{got.Tests, got.Failures, len(got.Suites)}); diff != "" {
		t.Error(diff)
	}
	if text := got.Suites[0].Cases[0].Failure.Text; strings.Count(text, "\n") != 2 || !strings.Contains(text, `]]></failure><x a="'&`) {
		t.Errorf("the text of a failure is %q", text)
	}
}
