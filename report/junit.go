package report

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
)

// The XML of JUnit, as far as its readers agree: the schema of Jenkins' plug-in
// (https://github.com/jenkinsci/junit-plugin, junit-10.xsd) with the attributes file
// and line, which others know.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr,omitempty"`
		Failure *junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes what became of the cases in the XML that test reporters read. That
// all of a policy is tested, where that was asked, is a case of its own.
func JUnit(w io.Writer, runs []SuiteRun) error {
	all := junitSuites{Name: "codewarrant policy test"}
	for _, r := range runs {
		s := junitSuite{Name: sanitise.Text(r.Suite)}
		if r.Suite == "" {
			s.Name = sanitise.Text(r.Policy.Name)
			s.Cases = []junitCase{coverageCase(r)}
		}
		for _, c := range r.Results {
			s.Cases = append(s.Cases, junitOf(r, c))
		}
		all.add(s)
	}
	return all.write(w)
}

// add counts the cases of a suite.
func (all *junitSuites) add(s junitSuite) {
	for _, c := range s.Cases {
		if s.Tests++; c.Failure != nil {
			s.Failures++
		}
	}
	all.Tests, all.Failures = all.Tests+s.Tests, all.Failures+s.Failures
	all.Suites = append(all.Suites, s)
}

func (all junitSuites) write(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}

func junitOf(r SuiteRun, c *check.CaseResult) junitCase {
	out := junitCase{Name: sanitise.Text(c.Name), Class: sanitise.Text(r.Policy.Name), File: sanitise.Text(c.Position.File), Line: c.Position.Line}
	if c.Passed() {
		return out
	}
	var lines []string
	for _, s := range c.Missing {
		lines = append(lines, "- "+sanitise.Text(s))
	}
	for _, s := range c.Instead {
		lines = append(lines, "+ "+sanitise.Text(s))
	}
	for _, s := range c.Hints {
		lines = append(lines, "hint: "+sanitise.Text(s))
	}
	out.Failure = &junitFailure{lines[0], "difference", strings.Join(lines, "\n")}
	return out
}

func coverageCase(r SuiteRun) junitCase {
	out := junitCase{Name: "every rule and exception is tested", Class: sanitise.Text(r.Policy.Name), File: sanitise.Text(r.Policy.Name)}
	if len(r.Untested) == 0 {
		return out
	}
	var lines []string
	for _, u := range r.Untested {
		lines = append(lines, sanitise.Text(untestedText(u)))
	}
	out.Failure = &junitFailure{lines[0], "untested", strings.Join(lines, "\n")}
	return out
}
