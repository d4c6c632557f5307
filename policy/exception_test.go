package policy_test

import (
	"strings"
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

func TestListsAndPatternsCoverWhatTakesNoMore(t *testing.T) {
	const groups = "com.apple.security.application-groups"
	str, list := entitlement.Str, entitlement.List
	for _, tt := range []struct {
		name    string
		limits  string // lines of the exception
		claim   entitlement.Value
		covered bool
	}{
		{"all that is listed", "values: [a, b]", list(str("a"), str("b")), true},
		{"less than what is listed", "values: [a, b]", list(str("b")), true},
		{"in another order, and one twice", "values: [a, b]", list(str("b"), str("a"), str("b")), true},
		{"one more than what is listed", "values: [a, b]", list(str("a"), str("c")), false},
		{"nothing at all", "values: [a]", list(), true},
		{"one listed value that is no list", "values: [a, b]", str("b"), true},
		{"another value that is no list", "values: [a, b]", str("c"), false},
		{"a listed boolean", "values: [true, 2]", entitlement.Bool(true), true},
		{"a listed number", "values: [true, 2]", entitlement.Int(2), true},
		{"digits are not the number", "values: [true, 2]", str("2"), false},
		{"a list within a list is compared as a whole", "values: [[a, b]]", list(list(str("a"), str("b"))), true},
		{"so that less of it is another value", "values: [[a, b]]", list(list(str("a"))), false},
		{"a dictionary as a whole", "values: [{k: a}]", list(entitlement.Value{Kind: entitlement.Dictionary, Dict: entitlement.Set{"k": str("a")}}), true},
		{"a pattern takes each element", "matches: group.acme.*", list(str("group.acme.a"), str("group.acme.b")), true},
		{"each, and not only one", "matches: group.acme.*", list(str("group.acme.a"), str("group.other")), false},
		{"a pattern takes a string", "matches: group.acme.*", str("group.acme.a"), true},
		{"* is any run of characters, slashes too", "matches: /Library/*/acme", str("/Library/a/b/acme"), true},
		{"there are no other wildcards", "matches: group.acme.[ab]", str("group.acme.a"), false},
		{"a pattern takes no number", "matches: 1*", entitlement.Int(12), false},
		{"an element that is no string is not taken by a pattern", "matches: a*", list(str("ab"), entitlement.Bool(true)), false},
		{"one of several patterns", "matches: [a*, b*]", list(str("ax"), str("bx")), true},
		{"values and patterns together", "values: [x, true]\n    matches: a*", list(str("ax"), str("x"), entitlement.Bool(true)), true},
		{"a value as a whole is not covered by less", "value: [a, b]", list(str("a")), false},
		{"a value as a whole", "value: [a, b]", list(str("a"), str("b")), true},
		{"what could not be read", "matches: a*", entitlement.Value{}, false},
		{"an element that could not be read", "values: [a]", list(str("a"), entitlement.Value{}), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := parse(t, strings.Replace(exception(tt.limits), jit, groups, 1)).Exceptions[0]
			if got := e.Covers(groups, tt.claim); got != tt.covered {
				t.Errorf("Covers = %v, want %v", got, tt.covered)
			}
			if e.Covers(jit, tt.claim) {
				t.Error("another key is covered")
			}
		})
	}
}

func TestARulesTermsAreKeptBesideThoseOfTheSettings(t *testing.T) {
	for _, tt := range []struct {
		name  string
		terms string // of the rule
		want  []string
	}{
		{"a category that the rule takes", "categories: [javascript-engine, debugger]", nil},
		{"a category that it does not take", "categories: [debugger, drm]", []string{
			"category is javascript-engine; for com.apple.security.cs.allow-jit only these are taken: debugger, drm",
		}},
		{"a life as long as the rule lets it be", "max-lifetime: 179d", nil},
		{"a life of a day more", "max-lifetime: 178d", []string{"expires is 179 days after approved-on; max-lifetime is 178 days"}},
		{"a rule does not lengthen what the settings say", "max-lifetime: 3650d", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := parse(t, "version: 1\nrules:\n  - {entitlement: com.apple.security.cs.*, action: require-justification, "+tt.terms+"}\n")
			e, _ := complete(t)
			var got []string
			for _, d := range e.Defects(p.Terms(p.Decide(nil, nil, jit)), day(t, "2026-11-23")) {
				got = append(got, d.Message)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("defects differ (-want +got):\n%s", diff)
			}
		})
	}
	long := policy.Policy{Settings: policy.Settings{MaxLifetime: 365}}
	if got := long.Terms(policy.Decision{MaxLifetime: 3650}).MaxLifetime; got != 365 {
		t.Errorf("max-lifetime = %d days, want the 365 of the settings", got)
	}
	e, s := complete(t)
	none := terms(s)
	none.Categories = []policy.Category{}
	if got := e.Defects(none, day(t, "2026-11-23")); len(got) != 1 || !strings.HasSuffix(got[0].Message, "only these are taken: none") {
		t.Errorf("where no category is left: %v", got)
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
