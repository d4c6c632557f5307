package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/canonical"
	"github.com/codewarrant/codewarrant/policy"
)

const (
	// MaxDocument bounds a report that is read back, in bytes: it takes some times as
	// much memory. A slice with three entitlements takes 5 KiB.
	MaxDocument = 64 << 20

	// maxFileSlices bounds the slices of one file in it, and the architectures of a claim. The
	// reader of Mach-O takes 32, and as many that are hidden.
	maxFileSlices = 64
)

// Document is a report as [JSON] writes it: what is left of a [check.Report] for programs.
type Document struct {
	jsonReport
	Findings   []jsonFinding   `json:"findings"`
	Packages   []jsonPackage   `json:"packages"`
	Binaries   []jsonBinary    `json:"binaries"`
	Sources    []jsonSource    `json:"sources"`
	Exceptions []jsonException `json:"exceptions"`
	Pending    []jsonPending   `json:"pending"`
}

// DocumentOf returns the document of a report.
func DocumentOf(r *check.Report, version string) *Document {
	return &Document{
		headJSON(r, version),
		each(r.Findings, findingJSON), each(r.Packages, packageJSON), each(r.Binaries, binaryJSON),
		each(r.Sources, sourceJSON), each(r.Exceptions, exceptionJSON), each(r.Pending, pendingJSON),
	}
}

func each[T, J any](list []T, convert func(T) J) []J {
	out := make([]J, 0, len(list))
	for _, e := range list {
		out = append(out, convert(e))
	}
	return out
}

// ReadDocument reads a report back that [JSON] has written. Fields that are not known are
// passed over: a later version of the program may write more. That a report is what it was
// when it was written nothing vouches for.
func ReadDocument(b []byte) (*Document, error) {
	text, err := canonicalDocument(b)
	if err != nil {
		return nil, err
	}
	return readCanonical(text)
}

// canonicalDocument returns the form of a document that is equal for all that mean the same.
func canonicalDocument(b []byte) ([]byte, error) {
	if len(b) > MaxDocument {
		return nil, fmt.Errorf("a report of more than %d bytes", MaxDocument)
	}
	text, err := canonical.JSON(b)
	if err != nil {
		return nil, fmt.Errorf("not a report: %w", err)
	}
	return text, nil
}

// readCanonical reads a document in that form.
func readCanonical(text []byte) (*Document, error) {
	if err := hasSchema(text, Schema); err != nil {
		return nil, err
	}
	var d Document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("not a report: %w", wrongType(err))
	}
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("not a report: %w", err)
	}
	return &d, nil
}

// hasSchema reports why a text is not of one of the formats. JSON of Go finds the names of
// fields in any case, and it takes the last one; so what counts has to be there as it is
// written, and in no other way.
func hasSchema(text []byte, known ...string) error {
	fields := map[string]json.RawMessage{}
	if json.Unmarshal(text, &fields) != nil {
		return errors.New("not a report: no JSON object")
	}
	var schema string
	if raw, ok := fields["schema"]; !ok || json.Unmarshal(raw, &schema) != nil {
		return errors.New("not a report: it names no schema")
	}
	if !slices.Contains(known, schema) {
		return fmt.Errorf("schema %q is not one of those that this version reads: %s", schema, enumerated(known))
	}
	return exact(text)
}

// enumerated lists words.
func enumerated(list []string) string {
	var b bytes.Buffer
	for i, s := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(s)
	}
	return b.String()
}

// wrongType says in which field something is of another type than it has to be.
func wrongType(err error) error {
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) {
		return fmt.Errorf("%s is a %s, and not what it has to be", t.Field, t.Value)
	}
	return err
}

// check holds what the rest of the program relies on.
func (d *Document) check() error {
	switch d.Result {
	case check.Pass, check.Fail, check.Unreadable:
	default:
		return fmt.Errorf("result %q is not one of pass, fail, unreadable", d.Result)
	}
	if d.Verify != "slots" && d.Verify != "full" {
		return fmt.Errorf("verify %q is not one of slots, full", d.Verify)
	}
	if err := d.sums(); err != nil {
		return err
	}
	for i := range d.Binaries {
		if err := d.Binaries[i].check(); err != nil {
			return fmt.Errorf("binaries[%d]: %w", i, err)
		}
	}
	for i := range d.Sources {
		if d.Sources[i].Path == "" {
			return fmt.Errorf("sources[%d]: there is no path", i)
		}
		if err := settle(d.Sources[i].Claims); err != nil {
			return fmt.Errorf("sources[%d]: %w", i, err)
		}
	}
	for i, p := range d.Packages {
		if p.Path == "" {
			return fmt.Errorf("packages[%d]: there is no path", i)
		}
	}
	return nil
}

// severity orders results.
var severity = map[check.Result]int{check.Pass: 0, check.Fail: 1, check.Unreadable: 2}

// sums holds the result and the counts against what they are about. A later version may
// know of more that cannot be read.
func (d *Document) sums() error {
	r := check.Report{FailOn: d.FailOn}
	n := jsonCounts{Packages: len(d.Packages), Binaries: len(d.Binaries), Sources: len(d.Sources)}
	for _, f := range d.Findings {
		r.Findings = append(r.Findings, check.Finding{Rule: f.Rule, Level: f.Level})
	}
	n.Errors, n.Warnings, n.Notes = r.Count(policy.Error), r.Count(policy.Warning), r.Count(policy.Note)
	unapproved := func(claims []jsonClaim) {
		for _, c := range claims {
			if c.Verdict == check.Unapproved || c.Verdict == check.Denied {
				n.Unapproved++
			}
		}
	}
	for _, b := range d.Binaries {
		n.Slices += len(b.Slices)
		unapproved(b.Claims)
	}
	for _, s := range d.Sources {
		unapproved(s.Claims)
	}
	switch {
	case n != d.Counts:
		return fmt.Errorf("the counts are %+v, and what is there comes to %+v", d.Counts, n)
	case severity[r.Result()] > severity[d.Result]:
		return fmt.Errorf("the result is %s, and the findings come to %s", d.Result, r.Result())
	}
	return nil
}

func (b *jsonBinary) check() error {
	switch {
	case len(b.Paths) == 0 || len(b.Paths) != len(b.Inside):
		return fmt.Errorf("%d paths, and %d inside of the artifact", len(b.Paths), len(b.Inside))
	case len(b.Slices) > maxFileSlices:
		return fmt.Errorf("%d slices", len(b.Slices))
	}
	archs := map[string]bool{}
	for i, s := range b.Slices {
		archs[s.Arch] = true
		if !slices.Contains([]string{"cms", "adhoc", "linker-signed", "none", "unsigned", "unreadable"}, s.Signing) {
			return fmt.Errorf("slices[%d]: signing is %q", i, s.Signing)
		}
		if signed := s.Signing != "unsigned" && s.Signing != "unreadable"; signed != (s.Signature != nil) {
			return fmt.Errorf("slices[%d]: signing is %q, and there is a signature: %t", i, s.Signing, s.Signature != nil)
		}
	}
	for _, c := range b.Claims {
		for _, a := range c.Archs {
			if !archs[a] {
				return fmt.Errorf("a claim of a slice for %q, which is not there", a)
			}
		}
		if n := len(c.Archs); n == 0 || n > maxFileSlices {
			return fmt.Errorf("a claim of %d slices", n)
		}
	}
	return settle(b.Claims)
}

// settle gives values the kinds that they are said to have.
func settle(claims []jsonClaim) error {
	for i := range claims {
		c := &claims[i]
		kind, _ := entitlement.ParseKind(c.Kind)
		if kind.String() != c.Kind {
			return fmt.Errorf("claims[%d]: %q is no kind of value", i, c.Kind)
		}
		v, err := c.Value.As(kind)
		if err != nil {
			return fmt.Errorf("claims[%d]: %w", i, err)
		}
		c.Value = v
	}
	return nil
}
