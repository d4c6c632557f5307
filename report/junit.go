package report

import (
	"encoding/xml"
	"io"
	"strconv"
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

// counted returns a suite with the numbers of its cases.
func counted(s junitSuite) junitSuite {
	s.Tests, s.Failures = len(s.Cases), 0
	for _, c := range s.Cases {
		if c.Failure != nil {
			s.Failures++
		}
	}
	return s
}

// start returns the element that all suites are in.
func (all junitSuites) start() xml.StartElement {
	attr := func(name, value string) xml.Attr { return xml.Attr{Name: xml.Name{Local: name}, Value: value} }
	return xml.StartElement{Name: xml.Name{Local: "testsuites"}, Attr: []xml.Attr{
		attr("name", all.Name), attr("tests", strconv.Itoa(all.Tests)), attr("failures", strconv.Itoa(all.Failures)),
	}}
}

// add adds a suite and counts its cases.
func (all *junitSuites) add(s junitSuite) {
	s = counted(s)
	all.Tests, all.Failures = all.Tests+s.Tests, all.Failures+s.Failures
	all.Suites = append(all.Suites, s)
}

func (all junitSuites) write(w io.Writer) error {
	return all.stream(w, func(func(junitSuite) error) error { return nil })
}

// stream writes the suites that there are, and those that more writes, one after the other.
func (all junitSuites) stream(w io.Writer, more func(write func(junitSuite) error) error) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	start := all.start()
	if err := enc.EncodeToken(start); err != nil {
		return err
	}
	write := func(s junitSuite) error {
		return enc.EncodeElement(s, xml.StartElement{Name: xml.Name{Local: "testsuite"}})
	}
	for _, s := range all.Suites {
		if err := write(s); err != nil {
			return err
		}
	}
	if err := more(write); err != nil {
		return err
	}
	if err := enc.EncodeToken(start.End()); err != nil {
		return err
	}
	if err := enc.Close(); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
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
