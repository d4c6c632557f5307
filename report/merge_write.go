package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/canonical"
	"github.com/codewarrant/codewarrant/internal/inorder"
)

// Result returns the worst result of all reports, [Incomplete] where shards of an audit are
// missing, and [Conflict] where reports contradict one another.
func (m *Merger) Result() check.Result {
	if len(m.Conflicts()) == 0 && len(m.Missing()) > 0 {
		return Incomplete
	}
	return m.Worst()
}

// Len returns how many reports there are.
func (m *Merger) Len() int { return len(m.runs) }

// Worst returns the result of what is there: as [Merger.Result], whatever is missing.
func (m *Merger) Worst() check.Result {
	if len(m.Conflicts()) > 0 {
		return Conflict
	}
	if len(m.runs) == 0 {
		return check.Unreadable // there was nothing to look at
	}
	result := check.Pass
	for _, r := range m.runs {
		if severity[r.result] > severity[result] {
			result = r.result
		}
	}
	return result
}

// Conflicting are reports of the same things that are not equal.
type Conflicting struct {
	Repository string   `json:"repository,omitempty"` // OWNER/NAME
	Path       string   `json:"path"`                 // the first of what was looked at
	Date       string   `json:"date"`
	Runs       []string `json:"runs"` // SHA-256 of the reports
}

// String says which reports contradict one another, as it stands in them: it is to be sanitised.
func (c Conflicting) String() string {
	of := c.Path
	if c.Repository != "" {
		of = c.Repository + ": " + of
	}
	return fmt.Sprintf("%s, on %s: %d reports of the same files by the same policy are not equal", of, c.Date, len(c.Runs))
}

// Hint says what that means, and which reports they are.
func (c Conflicting) Hint() string {
	return "one of them was changed after it was written; their SHA-256: " + strings.Join(c.Runs, ", ")
}

// Conflicts returns the reports that contradict one another, by repository and path.
func (m *Merger) Conflicts() []Conflicting {
	index := map[[sha256.Size]byte]int{}
	var list []Conflicting
	for _, r := range m.sorted() {
		if !m.contradicted(r) {
			continue
		}
		i, ok := index[r.key]
		if !ok {
			i = len(list)
			index[r.key] = i
			list = append(list, Conflicting{Repository: r.repository, Path: r.path, Date: r.date})
		}
		list[i].Runs = append(list[i].Runs, hex.EncodeToString(r.digest[:]))
	}
	return list
}

// contradicted reports whether there is another report of the same things that is not equal.
func (m *Merger) contradicted(r run) bool {
	return r.key != ([sha256.Size]byte{}) && m.keys[r.key] > 1
}

func (m *Merger) sorted() []run {
	list := make([]run, 0, len(m.runs))
	for _, r := range m.runs {
		list = append(list, r)
	}
	inorder.By(list, func(a, b run) int {
		return cmp.Or(strings.Compare(a.repository, b.repository), strings.Compare(a.path, b.path), strings.Compare(a.date, b.date), strings.Compare(a.policy, b.policy), bytes.Compare(a.digest[:], b.digest[:]))
	})
	return list
}

type jsonMerged struct {
	Schema    string           `json:"schema"`
	Tool      tool             `json:"tool"`
	Result    check.Result     `json:"result"`
	Counts    jsonMergedCounts `json:"counts"`
	Conflicts []Conflicting    `json:"conflicts"`
	Plans     []Planned        `json:"plans,omitempty"` // of audits
}

type jsonMergedCounts struct {
	Runs       int `json:"runs"`
	Passed     int `json:"passed"`
	Failed     int `json:"failed"`
	Unreadable int `json:"unreadable"`
	jsonCounts
}

func (m *Merger) counts() (n jsonMergedCounts) {
	n.Runs = len(m.runs)
	for _, r := range m.runs {
		switch r.result {
		case check.Pass:
			n.Passed++
		case check.Fail:
			n.Failed++
		case check.Unreadable:
			n.Unreadable++
		}
		n.Errors += r.counts.Errors
		n.Warnings += r.counts.Warnings
		n.Notes += r.counts.Notes
		n.Unapproved += r.counts.Unapproved
		n.Packages += r.counts.Packages
		n.Binaries += r.counts.Binaries
		n.Slices += r.counts.Slices
		n.Sources += r.counts.Sources
	}
	return n
}

// mergedRun is a report with the SHA-256 of its canonical text.
type mergedRun struct {
	SHA256 string          `json:"sha256"`
	Report json.RawMessage `json:"report"`
}

// Documents returns the reports in the order of [Merger.Write], one after the other; the
// error says why there are no more.
func (m *Merger) Documents() iter.Seq2[*Document, error] {
	return func(yield func(*Document, error) bool) {
		for _, r := range m.sorted() {
			d, err := r.document()
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}

// Write writes all reports as one, each on a line.
func (m *Merger) Write(w io.Writer, version string) error {
	j := &jsonWriter{w: w}
	head := jsonMerged{MergedSchema, tool{"codewarrant", version}, m.Result(), m.counts(), list(m.Conflicts()), m.Plans()}
	j.write(bytes.TrimSuffix(j.encode(head, ""), []byte("\n}")))
	j.write([]byte(",\n  \"runs\": ["))
	before, after := "\n    ", "]"
	for _, r := range m.sorted() {
		text, err := r.text()
		if err != nil {
			return err
		}
		j.write([]byte(before))
		j.write(j.line(mergedRun{hex.EncodeToString(r.digest[:]), text}))
		before, after = ",\n    ", "\n  ]"
	}
	j.write([]byte(after + "\n}\n"))
	return j.err
}

// text reads the canonical text of a report once more.
func (r run) text() ([]byte, error) {
	raw, err := segment(r.input, r.start, r.end)
	if err != nil {
		return nil, err
	}
	var text []byte
	if r.start > 0 { // inside of a merged one
		text, _, err = unwrap(raw)
	} else {
		text, err = canonical.JSON(raw)
	}
	if err != nil || sha256.Sum256(text) != r.digest {
		return nil, errChanged
	}
	return text, nil
}

// document reads a report once more. What was checked when it was added is not checked again
// where not a byte of it is another one.
func (r run) document() (*Document, error) {
	raw, err := segment(r.input, r.start, r.end)
	if err != nil {
		return nil, err
	}
	if sha256.Sum256(raw) != r.raw {
		return nil, errChanged
	}
	if r.start > 0 { // inside of a merged one
		fields := map[string]json.RawMessage{}
		if err := json.Unmarshal(raw, &fields); err != nil {
			return nil, err
		}
		raw = fields["report"]
	}
	var d Document
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, err
	}
	return &d, d.check()
}

var errChanged = errors.New("a report was changed while it was read")
