package report

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/compare"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/runner"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

// changesOf are differences of each kind, none, and some in which every string is evil.
func changesOf(t testing.TB) map[string]*Changes {
	document := func(r *check.Report) *Document { return DocumentOf(r, "1.0.0") }
	between := func(from, to string, a, b compare.Side) *Changes {
		return &Changes{From: from, To: to, Result: compare.Sides(a, b)}
	}
	bad := evilChange()
	return map[string]*Changes{
		"none": between("released.json", "build", document(clean(t)).Side(), document(clean(t)).Side()),
		"acme": between("Acme-1.2.zip", "Acme-1.3.zip", document(clean(t)).Side(), document(acme(t)).Side()),
		"back": between("Acme-1.3.zip", "Acme-1.2.zip", document(acme(t)).Side(), document(clean(t)).Side()),
		"hostile": {From: evil, To: evil, Result: &compare.Result{
			Changes: []compare.Change{bad}, Matches: []compare.Match{{From: evil, To: evil, By: compare.ByIdentifier}}, Came: 1,
			FromUnread: []compare.Unread{{Path: evil, Message: evil}}, ToUnread: []compare.Unread{{Message: evil}}, NotCompared: []string{evil},
		}},
	}
}

func evilChange() compare.Change {
	v := entitlement.Str(evil)
	return compare.Change{
		Direction: policy.Looser, Subject: "entitlement", Paths: []string{evil, evil + "2"}, Archs: []string{evil},
		Entitlement: evil, Title: evil, Risk: "high", From: &v, To: &v, Message: evil,
	}
}

func TestChanges(t *testing.T) {
	var written []any
	for name, c := range changesOf(t) {
		for suffix, write := range map[string]func(io.Writer) error{
			"txt":  func(w io.Writer) error { return ChangesText(w, c, TextOptions{}) },
			"md":   func(w io.Writer) error { return ChangesMarkdown(w, c, 0) },
			"json": func(w io.Writer) error { return ChangesJSON(w, c, "1.0.0") },
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			golden(t, "changes-"+name+"."+suffix, b.Bytes())
			var log bytes.Buffer
			if err := write(sanitise.Log(&log)); err != nil {
				t.Fatal(err)
			}
			if got := runner.Annotations(log.String()); len(got) > 0 {
				t.Errorf("%s.%s: the runner finds %v", name, suffix, got)
			}
		}
		written = append(written, asValue(t, func(w io.Writer) error { return ChangesJSON(w, c, "1.0.0") }))
	}
	const file = "../schema/diff.v1.schema.json"
	holds(t, file, written...)
	s := compile(t, file)
	c := changesOf(t)["hostile"]
	for _, subject := range append(compare.Subjects(), "other") {
		c.Result.Changes[0].Subject = subject
		err := s.Validate(asValue(t, func(w io.Writer) error { return ChangesJSON(w, c, "1.0.0") }))
		if (err == nil) != (subject != "other") {
			t.Errorf("%s: %v", subject, err)
		}
	}
}

func TestChangesInMarkdownAreMadeOfTheirOwnElementsAlone(t *testing.T) {
	for name, c := range changesOf(t) {
		var b bytes.Buffer
		if err := ChangesMarkdown(&b, c, 0); err != nil {
			t.Fatal(err)
		}
		for _, e := range element.FindAllString(rendered(t, b.String()), -1) {
			if !slices.Contains([]string{"h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "br", "sub", "code"}, strings.Trim(e, "</>")) {
				t.Errorf("%s: the element %s", name, e)
			}
		}
	}
}

func TestChangesInMarkdownStayWithinTheLimit(t *testing.T) {
	c := &Changes{From: "a", To: "b", Result: &compare.Result{}}
	for range 3000 {
		c.Result.Changes = append(c.Result.Changes, evilChange())
		c.NotCompared = append(c.NotCompared, evil)
		c.ToUnread = append(c.ToUnread, compare.Unread{Path: evil, Message: evil})
	}
	for _, limit := range []int{1, 100, 1000, 10_000, 65_536, SummaryLimit} {
		var b bytes.Buffer
		if err := ChangesMarkdown(&b, c, limit); err != nil {
			t.Fatal(err)
		}
		if b.Len() > limit {
			t.Errorf("%d bytes, the limit is %d", b.Len(), limit)
		}
		if limit >= 1000 && !strings.Contains(b.String(), "left out") {
			t.Errorf("limit %d: that something is left out is not told", limit)
		}
	}
}
