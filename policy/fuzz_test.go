package policy_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

// FuzzParse holds Parse to its promises on any input: a policy or errors with a
// place, in order, the same each time; and a policy that can be asked.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"presets/*.yml", "../testdata/policy/*.yml", "../testdata/policy/err/*.yml"} {
		for _, file := range glob(f, pattern) {
			f.Add(read(f, file))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := policy.Parse("fuzz.yml", src)
		q, again := policy.Parse("fuzz.yml", src)
		if diff := cmp.Diff(p, q, cmp.Comparer(func(a, b policy.Date) bool { return a == b })); diff != "" {
			t.Fatalf("a second parse differs:\n%s", diff)
		}
		if (p == nil) == (err == nil) {
			t.Fatalf("Parse = %v, %v", p, err)
		}
		if err != nil {
			checkErrors(t, src, err, again)
			return
		}
		use(t, p)
	})
}

func checkErrors(t *testing.T, src []byte, err, again error) {
	var errs policy.Errors
	if !errors.As(err, &errs) || len(errs) == 0 || err.Error() != again.Error() {
		t.Fatalf("errors are %v, then %v", err, again)
	}
	if !slices.IsSortedFunc(errs, func(a, b *policy.ParseError) int { return a.Line - b.Line }) {
		t.Errorf("errors are not in the order of the lines:\n%v", errs)
	}
	for _, e := range errs {
		if e.Line < 1 || e.Column < 1 || e.File != "fuzz.yml" {
			t.Errorf("error without a place: %v", e)
		}
	}
	if slices.ContainsFunc([]byte(errs.Format(src)), func(c byte) bool { return c < ' ' && c != '\n' || c == 0x7F }) {
		t.Errorf("a raw control character in:\n%q", errs.Format(src))
	}
}

func use(t *testing.T, p *policy.Policy) {
	at := day(t, "2026-11-23")
	policy.Lint(p, at)
	if len(p.Extends) == 0 { // else it is shown when that is known
		shownAlike(t, p)
	}
	if len(p.Stages) == 0 {
		if len(p.Extends) == 0 {
			t.Error("no stages")
		}
		return // they may come with what it extends
	}
	// What is merged as it is, is pending in nothing.
	if judge, pending := policy.Trusted(p, p, nil); len(pending) > 0 || len(judge.Exceptions) != len(p.Exceptions) || len(judge.Groups) != len(p.Groups) {
		t.Errorf("pending are %+v", pending)
	}
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		p.Decide(nil, e.AppliesTo.Binaries, e.Entitlement)
		e.Covers(e.Entitlement, entitlement.List(entitlement.Str(e.ID)))
		e.AppliesTo.Matches(policy.Target{Paths: []string{"a/b[\n{\xff", e.ID}, Identifier: e.ID, TeamID: e.ID, Arch: e.ID, Version: e.ID})
		if e.AppliesTo.Matches(policy.Target{}) {
			t.Errorf("%s covers a target of which nothing is known", e.ID)
		}
	}
}

// FuzzRenew holds Renew to its promises on any policy: it refuses, or changes what it
// is to change and nothing else.
func FuzzRenew(f *testing.F) {
	for _, file := range glob(f, "../testdata/policy/*.yml") {
		f.Add(read(f, file))
	}
	f.Add([]byte("version: 1\nexceptions:\n- id: E\n  entitlement: a\n  applies-to: {arch: b}\n  approved-by:\n  - x # y\n  approved-on: 2026-06-01\n  expires: '2026-12-01'\n  signatures:\n  - |\n    a\n  renewals: []\n"))
	f.Add([]byte("version: 1\nexceptions: [{id: E, entitlement: a, applies-to: {arch: b}, approved-by: [x], approved-on: 2026-06-01, expires: 2026-12-01}]"))
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := policy.Parse("fuzz.yml", src)
		if err != nil {
			return
		}
		until := day(t, "2027-05-01")
		approvers := map[string][]string{}
		for i := range p.Exceptions {
			if e := &p.Exceptions[i]; !e.Expires.IsZero() {
				approvers[e.ID] = e.ApprovedBy
				if len(e.ApprovedBy) > 0 && !e.ApprovedOn.IsZero() {
					e.Renewals = append(e.Renewals, policy.Renewal{ApprovedBy: e.ApprovedBy, ApprovedOn: e.ApprovedOn, Expires: e.Expires})
				}
				e.Expires, e.ApprovedOn, e.ApprovedBy, e.Signatures = until, policy.Date{}, nil, nil
			}
		}
		out, hunks, err := policy.Renew("fuzz.yml", src, approvers, until)
		if err != nil {
			return
		}
		got, err := policy.Parse("fuzz.yml", out)
		if err != nil {
			t.Fatalf("%v in\n%s", err, out)
		}
		got.SHA256 = p.SHA256
		if diff := cmp.Diff(p, got, withoutPlaces, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("the renewed policy differs (-want +got):\n%s\n%s", diff, out)
		}
		for _, h := range hunks {
			if h.Line < 1 {
				t.Errorf("hunk %+v", h)
			}
		}
	})
}

// FuzzLoad holds Load to its promises on any files that extend one another: a policy or
// errors with all their places, the same each time; and a policy that can be shown.
func FuzzLoad(f *testing.F) {
	for _, file := range glob(f, "../testdata/policy/extends/*.txtar") {
		a := archive(string(read(f, file)))
		f.Add(a["top.yml"], a["a.yml"], a["b.yml"], a["base.yml"])
	}
	f.Fuzz(func(t *testing.T, top, a, b, base string) {
		files := files{"top.yml": top, "a.yml": a, "b.yml": b, "base.yml": base}
		p, err := policy.Load(policy.Location{Path: "top.yml"}, files.read)
		_, again := policy.Load(policy.Location{Path: "top.yml"}, files.read)
		if (p == nil) == (err == nil) || fmt.Sprint(err) != fmt.Sprint(again) {
			t.Fatalf("Load = %v, %v, then %v", p, err, again)
		}
		if err == nil {
			b, err := p.YAML()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := policy.Parse("shown.yml", b); err != nil {
				t.Errorf("%v in\n%s", err, b)
			}
			return
		}
		var errs policy.Errors
		if !errors.As(err, &errs) {
			t.Fatalf("error is %T", err)
		}
		for _, e := range errs {
			beyond := e.Line > strings.Count(files[e.File], "\n")+1 // where a text ends too early
			if e.Line < 1 || e.Excerpt == "" && !beyond {
				t.Errorf("error without a place: %v", e)
			}
			for _, r := range e.Related {
				if r.File == "" || r.Line > 0 && r.Excerpt == "" {
					t.Errorf("%v is about no place: %+v", e, r)
				}
			}
		}
	})
}
