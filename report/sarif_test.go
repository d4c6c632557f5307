package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/policy"
)

// asSARIF writes a report and reads it back.
func asSARIF(t *testing.T, r *check.Report) (run sarifRun, size int) {
	t.Helper()
	var b bytes.Buffer
	if err := SARIF(&b, r, "1.0.0"); err != nil {
		t.Fatal(err)
	}
	size = b.Len()
	var log sarifLog
	d := json.NewDecoder(&b)
	d.DisallowUnknownFields()
	if err := d.Decode(&log); err != nil {
		t.Fatal(err)
	}
	if len(log.Runs) != 1 {
		t.Fatalf("%d runs, want 1", len(log.Runs))
	}
	return log.Runs[0], size
}

func TestSARIFIsValid(t *testing.T) {
	s := compile(t, "../testdata/sarif/sarif-schema-2.1.0.json")
	all := reports(t)
	all["many"] = many(t, 3000)
	for name, r := range all {
		if err := s.Validate(decode(t, r, SARIF)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSARIFHasWhatGitHubNeeds(t *testing.T) {
	for name, r := range reports(t) {
		t.Run(name, func(t *testing.T) {
			run, _ := asSARIF(t, r)
			for _, rule := range run.Tool.Driver.Rules {
				checkRule(t, rule)
			}
			seen := map[string]bool{}
			for _, result := range run.Results {
				if got := run.Tool.Driver.Rules[result.RuleIndex].ID; got != result.RuleID {
					t.Errorf("rule %s has the index of %s", result.RuleID, got)
				}
				hash := result.PartialFingerprints["primaryLocationLineHash"]
				if hash == "" || seen[hash] || result.PartialFingerprints["codewarrant/v1"] == "" {
					t.Errorf("fingerprints %v are not there or not unique", result.PartialFingerprints)
				}
				seen[hash] = true
				for _, l := range append(result.Locations, result.RelatedLocations...) {
					checkLocation(t, l)
				}
			}
		})
	}
}

func checkRule(t *testing.T, rule sarifRule) {
	t.Helper()
	severity := rule.Properties.SecuritySeverity
	n, err := strconv.ParseFloat(severity, 64)
	if severity != "" && (err != nil || n <= 0 || n > 10) {
		t.Errorf("%s: security-severity %q", rule.ID, severity)
	}
	if len(rule.Properties.Tags) > 20 {
		t.Errorf("%s: %d tags", rule.ID, len(rule.Properties.Tags))
	}
	for _, text := range []string{rule.ShortDescription.Text, rule.FullDescription.Text, rule.Help.Text, rule.Help.Markdown} {
		if text == "" {
			t.Errorf("%s: a text is missing", rule.ID)
		}
	}
}

func checkLocation(t *testing.T, l sarifLocation) {
	t.Helper()
	u, err := url.Parse(l.Physical.Artifact.URI)
	if err != nil || l.Physical.Region.StartLine < 1 {
		t.Errorf("location %+v: %v", l, err)
		return
	}
	relative := u.Scheme == "" && u.Host == "" && u.RawQuery == "" && u.Fragment == "" && !strings.HasPrefix(u.Path, "/")
	if relative != (l.Physical.Artifact.BaseID == "%SRCROOT%") || !relative && u.Scheme != "file" {
		t.Errorf("location %+v is not relative to the repository", l)
	}
}

func TestSARIFPlaces(t *testing.T) {
	inPolicy := policy.Position{File: "codewarrant.yml", Line: 7, Column: 3}
	binary := []string{"build/a b", "build/c:d"}
	tests := []struct {
		name    string
		policy  string
		finding check.Finding
		want    string
		related []string
	}{
		{
			"a finding about the policy's line stands there", "codewarrant.yml",
			check.Finding{Paths: binary, Position: inPolicy},
			"codewarrant.yml:7:3",
			[]string{"build/a%20b:1:0", "build/c%3Ad:1:0"},
		},
		{
			"a finding about a source's line stands there alone", "codewarrant.yml",
			check.Finding{Paths: []string{"a.entitlements"}, Position: policy.Position{File: "a.entitlements", Line: 2}},
			"a.entitlements:2:0", nil,
		},
		{
			"a preset is no file", "preset:strict",
			check.Finding{Paths: binary, Position: policy.Position{File: "preset:strict", Line: 9}},
			"build/a%20b:1:0", nil,
		},
		{"a finding about nothing stands at the policy", "codewarrant.yml", check.Finding{}, "codewarrant.yml:1:0", nil},
		{"a finding about nothing by a preset stands at the root", "preset:strict", check.Finding{}, ".:1:0", nil},
		{"an absolute path stays one", "preset:strict", check.Finding{Paths: []string{"/a/b"}}, "file:///a/b:1:0", nil},
	}
	place := func(l sarifLocation) string {
		return fmt.Sprintf("%s:%d:%d", l.Physical.Artifact.URI, l.Physical.Region.StartLine, l.Physical.Region.StartColumn)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.finding.Rule, tt.finding.Level = check.RuleUnapproved, policy.Error
			run, _ := asSARIF(t, &check.Report{Policy: tt.policy, Findings: []check.Finding{tt.finding}})
			var related []string
			for _, l := range run.Results[0].RelatedLocations {
				related = append(related, place(l))
			}
			if got := place(run.Results[0].Locations[0]); got != tt.want {
				t.Errorf("stands at %s, want %s", got, tt.want)
			}
			if diff := cmp.Diff(tt.related, related); diff != "" {
				t.Errorf("related locations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSARIFFingerprintsSurviveChangesAround(t *testing.T) {
	before, after := pgctl(t), pgctl(t)
	f := &after.Findings[0]
	f.Archs, f.Message, f.Position.Line = f.Archs[:1], "claims it in other words", 99
	f.Paths = []string{"elsewhere/bin/pg_ctl"}
	after.Binaries[0].Paths = f.Paths
	a, _ := asSARIF(t, before)
	b, _ := asSARIF(t, after)
	if diff := cmp.Diff(a.Results[0].PartialFingerprints, b.Results[0].PartialFingerprints); diff != "" {
		t.Errorf("the fingerprints changed (-before +after):\n%s", diff)
	}
}

func TestSARIFKeepsTheWorstResults(t *testing.T) {
	run, _ := asSARIF(t, many(t, 3000))
	if len(run.Results) != maxResults {
		t.Errorf("%d results, want %d", len(run.Results), maxResults)
	}
	for i, r := range run.Results {
		if want := []policy.Level{policy.Error, policy.Note}[i/3000]; r.Level != want {
			t.Fatalf("result %d is a %s, want a %s", i, r.Level, want)
		}
	}
	want := "1000 of 6000 findings are left out, the least of them: code scanning keeps 5000 results"
	if got := run.Invocations[0].Notifications; len(got) != 1 || got[0].Message.Text != want {
		t.Errorf("notifications %v, want %q", got, want)
	}
}

func TestSARIFStaysWithinItsSize(t *testing.T) {
	r := many(t, 600)
	long := strings.Repeat("\u202e", 10_000)
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Message, f.Hint, f.Entitlement = long, long, long
		f.Paths = []string{long, long + "2", long + "3"}
		f.Position = policy.Position{File: long, Line: 1}
	}
	run, size := asSARIF(t, r)
	if n := len(run.Results); n == 0 || n == 1200 || size > 10_000_000 {
		t.Errorf("%d results in %d bytes", len(run.Results), size)
	}
}
