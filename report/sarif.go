package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/docs"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

const (
	// maxResults is how many results of one run GitHub keeps.
	maxResults = 5000

	// maxSARIF bounds the results, in bytes before compression. GitHub takes 10 MB
	// after it, of the whole file.
	maxSARIF = 8 << 20

	// maxText bounds a message, and the paths of one result, in bytes.
	maxText = 2000

	// maxRelated bounds the related locations of one result, and each list of its properties.
	maxRelated = 10
)

// SARIF writes the findings as SARIF 2.1.0 with what GitHub's code scanning needs
// of it. version is that of the program. A finding with a position stands at its
// line of the policy or source, where a pull request shows it, and names its
// binaries as related locations; any other stands at its first binary. What an
// exception approves is no finding and so is not there.
//
// The worst findings come first, and only as many as GitHub keeps; the log says
// how many were left out.
func SARIF(w io.Writer, r *check.Report, version string) error {
	run := sarifRun{
		Tool: sarifTool{sarifDriver{
			Name: "codewarrant", Version: version, InformationURI: docs.Home, Rules: sarifRules(),
		}},
		ColumnKind:  "unicodeCodePoints",
		Invocations: []sarifInvocation{{ExecutionSuccessful: true, Notifications: []sarifNotification{}}},
		Results:     []sarifResult{},
	}
	s := &sarif{report: r, rules: check.Rules(), inside: insidePaths(r), answers: exceptionsOf(r), seen: map[string]int{}}
	size := 0
	for i, f := range r.Findings {
		result := s.result(f)
		encoded, err := json.Marshal(result)
		if err != nil {
			return err
		}
		size += len(encoded)
		if i == maxResults || size > maxSARIF {
			run.Invocations[0].Notifications = []sarifNotification{{Level: "warning", Message: sarifText{
				fmt.Sprintf("%d of %d findings are left out, the least of them: code scanning keeps %d results", len(r.Findings)-i, len(r.Findings), maxResults),
			}}}
			break
		}
		run.Results = append(run.Results, result)
	}
	return writeJSON(w, sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{run},
	})
}

// sarif makes results of findings.
type sarif struct {
	report  *check.Report
	rules   []check.Rule
	inside  map[string]string // paths inside their artifact, by path
	answers map[*policy.Exception]check.ExceptionReport
	seen    map[string]int // how often a fingerprint was given
}

// insidePaths maps the paths of binaries to those inside their artifacts, which
// stay the same when a build is unpacked somewhere else.
func insidePaths(r *check.Report) map[string]string {
	m := map[string]string{}
	for _, b := range r.Binaries {
		for i, p := range b.Paths {
			if i < len(b.Inside) {
				m[p] = b.Inside[i]
			}
		}
	}
	return m
}

func (s *sarif) result(f check.Finding) sarifResult {
	text := f.Message
	if f.Hint != "" {
		text += "; " + f.Hint
	}
	if len(f.Paths) > 0 && inFile(f.Position) && f.Position.File != f.Paths[0] {
		text = f.Paths[0] + ": " + text
	}
	hash := s.fingerprint(f)
	s.seen[hash]++
	result := sarifResult{
		RuleID:    f.Rule,
		RuleIndex: slices.IndexFunc(s.rules, func(r check.Rule) bool { return r.ID == f.Rule }),
		Level:     f.Level,
		Message:   sarifText{bounded(sanitise.Message, text)},
		Locations: []sarifLocation{s.place(f)},
		PartialFingerprints: map[string]string{
			"codewarrant/v1": hash,
			// The name and the form, hash:occurrence, that GitHub looks for.
			"primaryLocationLineHash": fmt.Sprintf("%.16s:%d", hash, s.seen[hash]),
		},
		Properties: s.properties(f),
	}
	if inFile(f.Position) {
		for i, p := range f.Paths {
			if i < maxRelated && p != f.Position.File {
				result.RelatedLocations = append(result.RelatedLocations, sarifLocation{Physical: physical(p, 1, 0)})
			}
		}
	}
	return result
}

// properties are what a finding is about, and what is said of the exception that is
// involved.
func (s *sarif) properties(f check.Finding) sarifProperties {
	p := sarifProperties{Archs: f.Archs, Entitlement: bounded(sanitise.Text, f.Entitlement), Risk: f.Risk}
	few := func(list []string) (out []string) {
		for _, text := range list[:min(len(list), maxRelated)] {
			out = append(out, bounded(sanitise.Text, strings.Join(strings.Fields(text), " ")))
		}
		return out
	}
	if a := f.Evidence; a != nil {
		head, items := evidenceLines(a, f.Paths)
		p.Evidence = few(append([]string{head}, items...))
	}
	if e := f.Exception; e != nil {
		p.Exception, p.Controls = bounded(sanitise.Text, e.ID), few(e.CompensatingControls)
		if signed := s.answers[e].Signed; signed != nil {
			p.Signers = few(signed.Signers)
		}
	}
	return p
}

// bounded sanitises text of which it takes and returns at most maxText bytes.
func bounded(clean func(string) string, s string) string {
	return cut(clean(cut(s, maxText, "…")), maxText, "…")
}

// place returns where a finding is shown.
func (s *sarif) place(f check.Finding) sarifLocation {
	switch {
	case inFile(f.Position):
		return sarifLocation{Physical: physical(f.Position.File, max(f.Position.Line, 1), f.Position.Column)}
	case len(f.Paths) > 0:
		return sarifLocation{Physical: physical(f.Paths[0], 1, 0)}
	case inFile(policy.Position{File: s.report.Policy}):
		return sarifLocation{Physical: physical(s.report.Policy, 1, 0)}
	}
	return sarifLocation{Physical: physical(".", 1, 0)} // nothing was there to look at
}

// fingerprint identifies a finding from run to run: whatever may change while
// the finding stays the same, a line, a version, an architecture that is added, is
// not part of it.
func (s *sarif) fingerprint(f check.Finding) string {
	h := sha256.New()
	add := func(part string) { fmt.Fprintf(h, "%d:%s", len(part), part) }
	add(f.Rule)
	add(f.Entitlement)
	add(exceptionID(f.Exception))
	for _, p := range f.Paths {
		if inside, ok := s.inside[p]; ok {
			p = inside
		}
		add(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func physical(file string, line, column int) sarifPhysical {
	return sarifPhysical{artifact(file), sarifRegion{line, column}}
}

// artifact names a file. Code scanning takes paths relative to the repository.
func artifact(file string) sarifArtifact {
	clean := path.Clean(strings.ReplaceAll(file, "\x00", ""))
	switch {
	case path.IsAbs(clean):
		return sarifArtifact{URI: "file://" + escapePath(clean)}
	case clean == ".." || strings.HasPrefix(clean, "../"):
		return sarifArtifact{URI: escapePath(clean)}
	}
	return sarifArtifact{URI: escapePath(clean), BaseID: "%SRCROOT%"}
}

// escapePath percent-encodes every byte of a path that is not unreserved in RFC
// 3986, so that no name is taken for a scheme, a query or anything else.
func escapePath(p string) string {
	var b strings.Builder
	for i := range len(p) {
		c := p[i]
		switch {
		case b.Len() > maxText:
			return b.String() // longer than any file system's paths
		case '0' <= c && c <= '9', 'a' <= c|0x20 && c|0x20 <= 'z', strings.IndexByte("-._~/", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
