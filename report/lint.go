package report

import (
	"fmt"
	"io"

	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

// LintSchema names the format of [LintJSON]. A field may be added to it; none is
// taken away or changes its meaning.
const LintSchema = "codewarrant.lint/1"

// Lint is what there is to say of a policy.
type Lint struct {
	Policy  *policy.Policy
	Invalid bool        // it cannot be used; the remarks say why, and nothing else
	At      policy.Date // the day that was judged
	Remarks []policy.Remark
}

// Count returns the number of remarks of a level.
func (l *Lint) Count(level policy.Level) int {
	n := 0
	for _, r := range l.Remarks {
		if r.Level == level {
			n++
		}
	}
	return n
}

// LintText writes the remarks, one on each line after its place, and how many there
// are; of a policy that is not valid nothing, since its errors are told with their lines.
func LintText(w io.Writer, l *Lint) error {
	if l.Invalid {
		return nil
	}
	for _, r := range l.Remarks {
		if _, err := fmt.Fprintf(w, "%s: %s: %s\n", sanitise.Text(r.Position.String()), r.Level, sanitise.Text(r.Message)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%s: exceptions %d, errors %d, warnings %d, notes %d\n", sanitise.Text(l.Policy.Name),
		len(l.Policy.Exceptions), l.Count(policy.Error), l.Count(policy.Warning), l.Count(policy.Note))
	return err
}

type jsonLint struct {
	Schema  string       `json:"schema"`
	Tool    tool         `json:"tool"`
	Policy  jsonPolicy   `json:"policy"`
	Valid   bool         `json:"valid"`
	Date    string       `json:"date"`
	Counts  lintCounts   `json:"counts"`
	Remarks []jsonRemark `json:"remarks"`
}

type lintCounts struct {
	Exceptions int `json:"exceptions"`
	Errors     int `json:"errors"`
	Warnings   int `json:"warnings"`
	Notes      int `json:"notes"`
}

type jsonRemark struct {
	Level     policy.Level  `json:"level"`
	Message   string        `json:"message"`
	Exception string        `json:"exception,omitempty"`
	Field     string        `json:"field"`
	Position  *jsonPosition `json:"position,omitempty"`
}

// LintJSON writes the remarks for programs, as [JSON] writes a report.
func LintJSON(w io.Writer, l *Lint, version string) error {
	out := jsonLint{
		LintSchema,
		tool{"codewarrant", version},
		jsonPolicyOf(l.Policy),
		!l.Invalid,
		l.At.String(),
		lintCounts{len(l.Policy.Exceptions), l.Count(policy.Error), l.Count(policy.Warning), l.Count(policy.Note)},
		[]jsonRemark{},
	}
	for _, r := range l.Remarks {
		out.Remarks = append(out.Remarks, jsonRemark{r.Level, r.Message, r.Exception, r.Field, positionJSON(r.Position)})
	}
	return writeJSON(w, out)
}
