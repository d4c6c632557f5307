package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
)

// row is a finding as one line of a table. A column may be added at the end; none is
// taken away, moved, or changes its meaning.
type row struct {
	At           string `json:"at"` // the day that was judged, YYYY-MM-DD
	Policy       string `json:"policy"`
	PolicySHA256 string `json:"policy_sha256"`
	Stage        string `json:"stage"`
	Level        string `json:"level"`
	Rule         string `json:"rule"`
	Path         string `json:"path"`   // empty for the policy itself; of copies the first
	Copies       int    `json:"copies"` // more paths of the same file
	Archs        string `json:"archs"`  // with spaces between
	Entitlement  string `json:"entitlement"`
	Value        string `json:"value"`
	Risk         string `json:"risk"`
	Exception    string `json:"exception"`
	Evidence     string `json:"evidence"` // a strength; empty where nothing is said
	File         string `json:"file"`     // of the place in the policy or the source
	Line         int    `json:"line"`     // 0 for none
	Message      string `json:"message"`
	Hint         string `json:"hint"`
	Repository   string `json:"repository"` // OWNER/NAME; empty where it is not known
}

func rowOf(r *check.Report, f check.Finding) row {
	out := row{
		At: r.At.String(), Policy: r.Policy, PolicySHA256: r.PolicySHA256, Stage: r.Stage,
		Level: string(f.Level), Rule: f.Rule, Path: first(f.Paths), Copies: max(len(f.Paths)-1, 0), Archs: strings.Join(f.Archs, " "),
		Entitlement: f.Entitlement, Risk: f.Risk, Exception: exceptionID(f.Exception),
		File: f.Position.File, Line: f.Position.Line, Message: f.Message, Hint: f.Hint, Repository: r.Repository,
	}
	if f.Value != nil {
		out.Value = f.Value.Text()
	}
	if f.Evidence != nil {
		out.Evidence = string(f.Evidence.Strength)
	}
	return out
}

// NDJSON writes the findings as an object on a line each, for what takes tables.
func NDJSON(w io.Writer, r *check.Report) error { return (&jsonWriter{w: w}).rows(r) }

func (j *jsonWriter) rows(r *check.Report) error {
	for _, f := range r.Findings {
		j.write(append(j.line(rowOf(r, f)), '\n'))
	}
	return j.err
}

// CSV writes the findings as a table with a head (RFC 4180), with the columns of
// [NDJSON]. Lines end with a line feed. A cell that a spreadsheet would take for a
// formula has an apostrophe before it.
func CSV(w io.Writer, r *check.Report) error {
	table := newTable(w)
	table.rows(r)
	return table.end()
}

// csvTable keeps the first error.
type csvTable struct{ *csv.Writer }

func newTable(w io.Writer) csvTable {
	t := csvTable{csv.NewWriter(w)}
	t.Write([]string{
		"at", "policy", "policy_sha256", "stage", "level", "rule", "path", "copies", "archs", "entitlement", "value", "risk",
		"exception", "evidence", "file", "line", "message", "hint", "repository",
	})
	return t
}

func (t csvTable) rows(r *check.Report) {
	for _, f := range r.Findings {
		x := rowOf(r, f)
		cells := []string{
			x.At, x.Policy, x.PolicySHA256, x.Stage, x.Level, x.Rule, x.Path, strconv.Itoa(x.Copies), x.Archs, x.Entitlement, x.Value, x.Risk,
			x.Exception, x.Evidence, x.File, strconv.Itoa(x.Line), x.Message, x.Hint, x.Repository,
		}
		for i, c := range cells {
			cells[i] = sanitise.Cell(c)
		}
		t.Write(cells)
	}
}

func (t csvTable) end() error {
	t.Flush()
	return t.Error()
}
