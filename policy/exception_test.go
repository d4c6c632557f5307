package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

const reason = "V8 in the renderer compiles JavaScript; jitless mode costs 6x on the editor benchmark."

// complete returns an exception that approves, in a policy of defaults.
func complete(t *testing.T) (*policy.Exception, policy.Settings) {
	t.Helper()
	p := parse(t, exception(
		"category: javascript-engine", "justification: "+reason, `owner: "@acme/desktop"`,
		`approved-by: "@acme/product-security"`, "approved-on: 2026-11-02", "expires: 2027-04-30",
	))
	return &p.Exceptions[0], p.Settings
}

func TestDefectsSayWhichFieldFailed(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(e *policy.Exception, s *policy.Settings)
		want   []string
	}{
		{"a complete exception has none", func(e *policy.Exception, s *policy.Settings) {}, nil},
		{"no owner", func(e *policy.Exception, s *policy.Settings) { e.Owner = "" }, []string{"owner is missing"}},
		{"no approver", func(e *policy.Exception, s *policy.Settings) { e.ApprovedBy = nil }, []string{"approved-by is missing"}},
		{"no day of approval", func(e *policy.Exception, s *policy.Settings) { e.ApprovedOn = policy.Date{} }, []string{"approved-on is missing"}},
		{"an owner that cannot be seen", func(e *policy.Exception, s *policy.Settings) { e.Owner = "\u200b" }, []string{"owner is missing"}},
		{"an owner still to be found", func(e *policy.Exception, s *policy.Settings) { e.Owner = "TODO" }, []string{"owner is missing"}},
		{"an approver who is a filler of Hangul", func(e *policy.Exception, s *policy.Settings) { e.ApprovedBy = []string{"\u3164"} }, []string{"approved-by is missing"}},
		{"no category", func(e *policy.Exception, s *policy.Settings) { e.Category = "" }, []string{"category is missing"}},
		{"no expiry", func(e *policy.Exception, s *policy.Settings) { e.Expires = policy.Date{} }, []string{"expires is missing"}},
		{"no justification", func(e *policy.Exception, s *policy.Settings) { e.Justification = " \n" }, []string{"justification is missing"}},
		{"a short justification", func(e *policy.Exception, s *policy.Settings) { e.Justification = "V8  compiles\nJavaScript" }, []string{
			"justification is too short: 22 of at least 40 characters",
		}},
		{"a placeholder", func(e *policy.Exception, s *policy.Settings) { e.Justification = "TODO" }, []string{
			"justification is too short: 4 of at least 40 characters",
			"justification is a placeholder: say what the code does that needs the entitlement",
		}},
		{"approved in the future", func(e *policy.Exception, s *policy.Settings) { e.ApprovedOn = day(t, "2026-11-24") }, []string{
			"approved-on is 2026-11-24: not approved yet on 2026-11-23",
		}},
		{"approved today", func(e *policy.Exception, s *policy.Settings) { e.ApprovedOn = day(t, "2026-11-23") }, nil},
		{"expired before it was approved", func(e *policy.Exception, s *policy.Settings) { e.Expires = day(t, "2026-11-01") }, []string{
			"expires is 2026-11-01, before approved-on, 2026-11-02",
		}},
		{"a life as long as it may be", func(e *policy.Exception, s *policy.Settings) { e.Expires = day(t, "2027-11-02") }, nil},
		{"a life of a day more", func(e *policy.Exception, s *policy.Settings) { e.Expires = day(t, "2027-11-03") }, []string{
			"expires is 366 days after approved-on; max-lifetime is 365 days",
		}},
		{"a life of millennia", func(e *policy.Exception, s *policy.Settings) { e.Expires = day(t, "9999-12-31") }, []string{
			"expires is 2912137 days after approved-on; max-lifetime is 365 days",
		}},
		{"nothing filled in", func(e *policy.Exception, s *policy.Settings) { *e = policy.Exception{Entitlement: jit} }, []string{
			"owner is missing", "approved-by is missing", "approved-on is missing", "category is missing",
			"expires is missing", "justification is missing",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, s := complete(t)
			tt.change(e, &s)
			var got []string
			for _, d := range e.Defects(terms(s), day(t, "2026-11-23")) {
				got = append(got, d.Message)
				if d.Position != e.At(d.Field) {
					t.Errorf("%s is at %v, its field at %v", d.Field, d.Position, e.At(d.Field))
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("defects differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnExceptionHoldsThroughItsLastDay(t *testing.T) {
	e, s := complete(t)
	type answer struct {
		Expired bool
		Days    int
		Soon    bool
	}
	for at, want := range map[string]answer{
		"2027-03-30": {false, 31, false},
		"2027-03-31": {false, 30, true},
		"2027-04-30": {false, 0, true},
		"2027-05-01": {true, -1, false},
	} {
		days, soon := e.ExpiresSoon(s, day(t, at))
		if diff := cmp.Diff(want, answer{e.Expired(day(t, at)), days, soon}); diff != "" {
			t.Errorf("on %s (-want +got):\n%s", at, diff)
		}
	}
	s.WarnBeforeExpiry = 0
	if _, soon := e.ExpiresSoon(s, day(t, "2027-04-30")); soon {
		t.Error("warned with warn-before-expiry: 0d")
	}
}

func TestAnExceptionCoversItsKeyAndValue(t *testing.T) {
	yes := entitlement.Bool(true)
	unclear := entitlement.Value{}
	for _, tt := range []struct {
		name  string
		value *entitlement.Value
		key   string
		claim entitlement.Value
		want  bool
	}{
		{"any value when it names none", nil, jit, entitlement.Str("x"), true},
		{"an unclear value when it names none", nil, jit, unclear, true},
		{"the value that it names", &yes, jit, entitlement.Bool(true), true},
		{"no value of another kind", &yes, jit, entitlement.Str("true"), false},
		{"no unclear value when it names one", &yes, jit, unclear, false},
		{"no other key", nil, jit + "2", yes, false},
		{"no key in other letters", nil, "com.apple.security.cs.Allow-jit", yes, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := policy.Exception{Entitlement: jit, Value: tt.value}
			if got := e.Covers(tt.key, tt.claim); got != tt.want {
				t.Errorf("Covers = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestDatesAreOfOneForm(t *testing.T) {
	for _, s := range []string{"", "2026-1-2", "2026-02-30", "26-01-02", "2026/01/02", " 2026-01-02", "2026-01-02T00:00:00Z", "0001-01-01", "1999-12-31"} {
		if d, err := policy.ParseDate(s); err == nil {
			t.Errorf("ParseDate(%q) = %v", s, d)
		}
	}
	d := day(t, "2028-02-28")
	if got := d.AddDays(2).String(); got != "2028-03-01" {
		t.Errorf("two days after %v is %s", d, got)
	}
}

func TestADayEndsInUTC(t *testing.T) {
	evening := time.Date(2026, 11, 23, 20, 0, 0, 0, time.FixedZone("UTC-8", -8*60*60))
	text, err := policy.DateOf(evening).MarshalText()
	if err != nil || string(text) != "2026-11-24" {
		t.Errorf("%v is on the day %s, %v", evening, text, err)
	}
	if text, err := (policy.Date{}).MarshalText(); err != nil || len(text) != 0 {
		t.Errorf("no day is %q, %v", text, err)
	}
}

// terms are those of a policy that has the settings and no rule that says more.
func terms(s policy.Settings) policy.Terms {
	return (&policy.Policy{Settings: s}).Terms(policy.Decision{})
}
