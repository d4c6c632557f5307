package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/runner"
	"github.com/codewarrant/codewarrant/internal/sanitise"
)

// The columns of the table are the fields of the lines, in one order, and so are the
// values, but for what a spreadsheet must not see.
func TestCSVHasTheColumnsOfNDJSON(t *testing.T) {
	for name, r := range reports(t) {
		var table, lines bytes.Buffer
		if err := CSV(&table, r); err != nil {
			t.Fatal(err)
		}
		if err := NDJSON(&lines, r); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&table).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		objects := strings.Split(strings.TrimSuffix(lines.String(), "\n"), "\n")
		if len(r.Findings) == 0 {
			objects = nil
		}
		if len(rows) != len(objects)+1 || len(objects) != len(r.Findings) {
			t.Fatalf("%s: %d rows and %d lines for %d findings", name, len(rows), len(objects), len(r.Findings))
		}
		for i, o := range objects {
			var keys []string
			d := json.NewDecoder(strings.NewReader(o))
			for d.More() || len(keys) == 0 {
				tok, err := d.Token()
				if err != nil {
					break
				}
				if s, ok := tok.(string); ok {
					keys = append(keys, s)
					var v any
					if err := d.Decode(&v); err != nil {
						t.Fatal(err)
					}
				}
			}
			if diff := cmp.Diff(rows[0], keys); diff != "" {
				t.Errorf("%s: columns (-csv +ndjson):\n%s", name, diff)
			}
			var x row
			if err := json.Unmarshal([]byte(o), &x); err != nil {
				t.Fatal(err)
			}
			if got := rows[i+1][slices.Index(rows[0], "rule")]; got != x.Rule {
				t.Errorf("%s: rule %q in the table, %q in the line", name, got, x.Rule)
			}
		}
	}
}

// What a table or a test report prints in a job obeys nobody, and no cell is a formula.
func TestTablesOfHostileFindingsDoNothing(t *testing.T) {
	var log, table bytes.Buffer
	for _, write := range []func() error{
		func() error { return CSV(sanitise.Log(&log), hostile(t)) },
		func() error { return NDJSON(&log, hostile(t)) },
		func() error { return CheckJUnit(sanitise.Log(&log), hostile(t)) },
		func() error { return CSV(&table, hostile(t)) },
	} {
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	if got := runner.Annotations(log.String()); len(got) > 0 {
		t.Errorf("the runner finds %v", got)
	}
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		for _, c := range r {
			if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) || strings.Contains(c, "\n") {
				t.Errorf("the cell %q", c)
			}
		}
	}
}

// Each claim and each other finding is a case, and those fail that fail the check.
func TestCheckJUnitCounts(t *testing.T) {
	for name, r := range reports(t) {
		var b bytes.Buffer
		if err := CheckJUnit(&b, r); err != nil {
			t.Fatal(err)
		}
		var got junitSuites
		if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if failed := got.Failures > 0; failed != (r.Result() != "pass") {
			t.Errorf("%s: %d failures of a report that comes to %s", name, got.Failures, r.Result())
		}
	}
}
