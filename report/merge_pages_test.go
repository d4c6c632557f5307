package report

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/runner"
	"github.com/codewarrant/codewarrant/internal/sanitise"
)

// mergedFormats are the outputs of a merge by the suffix of their golden files.
var mergedFormats = []struct {
	suffix string
	write  func(io.Writer, *Merger) error
}{
	{"txt", func(w io.Writer, m *Merger) error { return m.Text(w, TextOptions{}) }},
	{"md", func(w io.Writer, m *Merger) error { return m.Markdown(w, 0) }},
	{"xml", func(w io.Writer, m *Merger) error { return m.JUnit(w) }},
	{"csv", func(w io.Writer, m *Merger) error { return m.CSV(w) }},
	{"ndjson", func(w io.Writer, m *Merger) error { return m.NDJSON(w) }},
	{"html", func(w io.Writer, m *Merger) error {
		return withoutOwn(w, func(w io.Writer) error { return m.HTML(w, "1.0.0") })
	}},
}

// manyReports are those of several, and a second one of a repository.
func manyReports(t testing.TB) [][]byte {
	r := acme(t)
	r.Stage = "development"
	return append(several(t), asJSON(t, r))
}

func TestGoldenOfAMerge(t *testing.T) {
	for _, f := range mergedFormats {
		t.Run(f.suffix, func(t *testing.T) {
			var b bytes.Buffer
			if err := f.write(&b, merger(t, manyReports(t)...)); err != nil {
				t.Fatal(err)
			}
			golden(t, "merged."+f.suffix, b.Bytes())
		})
	}
}

// Whatever order reports come in, each output is the same.
func TestOutputsOfAMergeAreThoseOfTheSet(t *testing.T) {
	texts := manyReports(t)
	again := slices.Clone(texts)
	slices.Reverse(again)
	again = append(again, texts[0], merge(t, texts[1:4]...))
	for _, f := range mergedFormats {
		t.Run(f.suffix, func(t *testing.T) {
			var one, other bytes.Buffer
			if err := f.write(&one, merger(t, texts...)); err != nil {
				t.Fatal(err)
			}
			if err := f.write(&other, merger(t, again...)); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(one.Bytes(), other.Bytes()) {
				t.Error("it differs")
			}
		})
	}
}

// A table of many reports has the rows of the tables of each.
func TestTablesOfAMergeHaveTheRowsOfEach(t *testing.T) {
	var wantRows, wantLines []string
	var texts [][]byte
	wantCases, wantFailures := 0, 0
	for name, r := range reports(t) {
		if name == "hostile" {
			continue // which has bytes that JSON has no way to hold
		}
		texts = append(texts, asJSON(t, r))
		var table, lines, cases bytes.Buffer
		for _, err := range []error{CSV(&table, r), NDJSON(&lines, r), CheckJUnit(&cases, r)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		wantRows = append(wantRows, rowsOfCSV(t, table.Bytes())[1:]...)
		wantLines = append(wantLines, slices.Collect(strings.Lines(lines.String()))...)
		all := suitesOf(t, cases.Bytes())
		wantCases, wantFailures = wantCases+all.Tests, wantFailures+all.Failures
	}
	var table, lines, cases bytes.Buffer
	m := merger(t, texts...)
	for _, err := range []error{m.CSV(&table), m.NDJSON(&lines), m.JUnit(&cases)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	sorted := func(list []string) []string { return slices.Sorted(slices.Values(list)) }
	if diff := cmp.Diff(sorted(wantRows), sorted(rowsOfCSV(t, table.Bytes())[1:])); diff != "" {
		t.Errorf("csv:\n%s", diff)
	}
	if diff := cmp.Diff(sorted(wantLines), sorted(slices.Collect(strings.Lines(lines.String())))); diff != "" {
		t.Errorf("ndjson:\n%s", diff)
	}
	all := suitesOf(t, cases.Bytes())
	if all.Tests != wantCases || all.Failures != wantFailures {
		t.Errorf("junit: %d cases of which %d fail, want %d and %d", all.Tests, all.Failures, wantCases, wantFailures)
	}
	for _, s := range all.Suites {
		if got := counted(s); got.Tests != s.Tests || got.Failures != s.Failures {
			t.Errorf("%s: its counts are not those of its cases", s.Name)
		}
	}
}

func rowsOfCSV(t *testing.T, b []byte) []string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, r := range rows {
		list = append(list, strings.Join(r, "\x00"))
	}
	return list
}

func suitesOf(t *testing.T, b []byte) (all junitSuites) {
	t.Helper()
	if err := xml.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// What came out of files does nothing where it is printed, whoever wrote the report.
func TestOutputsOfAHostileMergeDoNothing(t *testing.T) {
	d, err := ReadDocument(asJSON(t, hostile(t)))
	if err != nil {
		t.Fatal(err)
	}
	for i := range d.Findings {
		d.Findings[i].Rule = evil
	}
	for _, f := range mergedFormats {
		t.Run(f.suffix, func(t *testing.T) {
			m := merger(t, asJSON(t, hostile(t)), documentText(t, d))
			var b, log bytes.Buffer
			if err := f.write(&b, m); err != nil {
				t.Fatal(err)
			}
			if _, err := sanitise.Log(&log).Write(b.Bytes()); err != nil {
				t.Fatal(err)
			}
			printed := b.String()
			if slices.Contains([]string{"txt", "xml", "csv"}, f.suffix) { // as the command writes them
				printed = log.String()
			}
			if got := runner.Annotations(printed); len(got) > 0 || strings.Contains(printed, "##[") {
				t.Errorf("the runner finds %v", got)
			}
			if strings.ContainsAny(printed, "\x1b\u202e") || slices.Contains([]string{"html", "xml"}, f.suffix) && strings.Contains(printed, "<script>alert") {
				t.Errorf("%s", printed)
			}
		})
	}
}

func TestAPageHasAPartForEachRepository(t *testing.T) {
	list, text := nodes(t, mergedHTML(t, manyReports(t)...))
	d, err := newPage(io.Discard, merger(t, manyReports(t)...).parts(), nil)
	if err != nil {
		t.Fatal(err)
	}
	type part struct {
		Name       string
		Unknown    bool
		Reports    int
		Exceptions int
		Result     check.Result
	}
	var got []part
	for _, s := range d.parts {
		got = append(got, part{s.name, s.unknown, len(s.reports), len(s.exceptions), s.result})
	}
	want := []part{
		{"preset:strict", true, 1, 0, check.Unreadable},
		{"package/native/bin/pg_ctl", true, 1, 0, Conflict},
		{"package/native/bin/pg_ctl", true, 1, 0, Conflict},
		{"package/native/bin/pg_ctl", true, 1, 0, check.Fail},
		{"acme/App", false, 4, 5, Conflict},
		{d.parts[len(d.parts)-1].name, false, 1, 1, check.Unreadable},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	n := rowsOf(list)
	if n["repository"] != 6 || n["conflict"] != 2 || n["exception"] != 6 {
		t.Errorf("%v", n)
	}
	for _, want := range []string{"Reports that contradict one another", "repository not known", "contradicted by another one"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
}

// Of the same exception in several reports the page says what all of them made of it.
func TestAnExceptionOfSeveralReportsIsThereOnce(t *testing.T) {
	var texts [][]byte
	for i, use := range []check.Use{check.Unused, check.Used, check.NotLookedAt} {
		r := clean(t)
		r.Binaries[0].Size += int64(i)
		r.At = date(t, []string{"2026-11-02", "2026-11-03", "2026-11-01"}[i])
		r.Exceptions[0].Use, r.Exceptions[0].Covers = use, i
		texts = append(texts, asJSON(t, r))
	}
	other := clean(t)
	other.Binaries[0].Size += 9
	changed := *other.Exceptions[0].Exception
	changed.Justification = "Another reason."
	other.Exceptions[0].Exception = &changed
	texts = append(texts, asJSON(t, other))
	p, err := newPage(io.Discard, merger(t, texts...).parts(), nil)
	if err != nil {
		t.Fatal(err)
	}
	type what struct {
		Use    check.Use
		Covers int
		Day    string
	}
	var got []what
	for _, h := range p.held {
		got = append(got, what{h.x.Use, h.x.Covers, h.day.String()})
	}
	slices.SortFunc(got, func(a, b what) int { return b.Covers - a.Covers })
	if diff := cmp.Diff([]what{{check.Used, 3, "2026-11-03"}, {check.Used, 1, "2026-11-02"}}, got); diff != "" {
		t.Error(diff)
	}
}

// A page is not what an older or a changed report says.
func TestAReportThatIsChangedMeanwhileIsOnNoPage(t *testing.T) {
	for _, f := range mergedFormats {
		text := asJSON(t, pgctl(t))
		m := merger(t, text)
		copy(text[bytes.Index(text, []byte(`"release"`)):], `"RELEASE"`)
		if err := f.write(io.Discard, m); err == nil || !strings.Contains(err.Error(), "changed while it was read") {
			t.Errorf("%s: %v", f.suffix, err)
		}
	}
}

// documentText returns a document as JSON has it.
func documentText(t *testing.T, d *Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := writeJSON(&b, d.jsonReport, listOf("findings", d.Findings, same), listOf("packages", d.Packages, same), listOf("binaries", d.Binaries, same),
		listOf("sources", d.Sources, same), listOf("exceptions", d.Exceptions, same), listOf("pending", d.Pending, same)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func same[T any](v T) T { return v }
