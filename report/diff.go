package report

import (
	"io"

	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

// DiffSchema names the format of [DiffJSON]; schema/policy-diff.v1.schema.json describes
// it. A field may be added to it; none is taken away or changes its meaning.
const DiffSchema = "codewarrant.policy-diff/1"

// Diff is what a new policy says differently from an old one.
type Diff struct {
	From, To *policy.Policy
	Changes  []policy.Change // of [policy.Diff]
}

// Count returns the number of changes in a direction.
func (d *Diff) Count(direction policy.Direction) int {
	n := 0
	for _, c := range d.Changes {
		if c.Direction == direction {
			n++
		}
	}
	return n
}

// DiffText writes the changes for a reviewer: first those by which more passes, then
// those by which less does, then the rest.
func DiffText(w io.Writer, d *Diff, o TextOptions) error {
	t := newText(w, o)
	t.line("%s (sha256 %s) -> %s (sha256 %s)", sanitise.Text(d.From.Name), d.From.SHA256, sanitise.Text(d.To.Name), d.To.SHA256)
	for _, group := range []struct {
		direction policy.Direction
		title     string
		mark      string
	}{
		{policy.Looser, "More passes", t.red("+")},
		{policy.Stricter, "Less passes", t.green("-")},
		{policy.Neutral, "Neither", "·"},
	} {
		if d.Count(group.direction) == 0 {
			continue
		}
		t.line("")
		t.line("%s", t.bold(group.title))
		for _, c := range d.Changes {
			if c.Direction == group.direction {
				t.change(group.mark, c)
			}
		}
	}
	t.line("")
	t.line("changes by which more passes %d, by which less passes %d, others %d",
		d.Count(policy.Looser), d.Count(policy.Stricter), d.Count(policy.Neutral))
	return t.w.Flush()
}

func (t *text) change(mark string, c policy.Change) {
	t.marked("  ", mark, sanitise.Text(c.Message))
	if inFile(c.Position) {
		t.line("      --> %s", sanitise.Text(c.Position.String()))
	}
}

type jsonDiff struct {
	Schema  string       `json:"schema"`
	Tool    tool         `json:"tool"`
	From    jsonPolicy   `json:"from"`
	To      jsonPolicy   `json:"to"`
	Counts  diffCounts   `json:"counts"`
	Changes []jsonChange `json:"changes"`
}

type diffCounts struct {
	Looser   int `json:"looser"`
	Stricter int `json:"stricter"`
	Neutral  int `json:"neutral"`
}

type jsonChange struct {
	Direction    policy.Direction `json:"direction"`
	Subject      string           `json:"subject"`
	Name         string           `json:"name,omitempty"`
	Message      string           `json:"message"`
	Entitlements []string         `json:"entitlements,omitempty"`
	Stages       []string         `json:"stages,omitempty"`
	Position     *jsonPosition    `json:"position,omitempty"`
}

// DiffJSON writes the changes for programs, as [JSON] writes a report.
func DiffJSON(w io.Writer, d *Diff, version string) error {
	out := jsonDiff{
		DiffSchema,
		tool{"codewarrant", version},
		jsonPolicyOf(d.From), jsonPolicyOf(d.To),
		diffCounts{d.Count(policy.Looser), d.Count(policy.Stricter), d.Count(policy.Neutral)},
		[]jsonChange{},
	}
	for _, c := range d.Changes {
		out.Changes = append(out.Changes, jsonChange{c.Direction, c.Subject, c.Name, c.Message, c.Entitlements, c.Stages, positionJSON(c.Position)})
	}
	return writeJSON(w, out)
}
