package seal

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type dict = map[string]any

func mustRules(t *testing.T, d dict) rules {
	t.Helper()
	rs, err := newRules(d, func(pattern string, err error) { t.Errorf("%s: %v", pattern, err) })
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func TestTheRuleOfMostWeightCounts(t *testing.T) {
	for _, row := range []struct {
		name  string
		rules dict
		want  string // the pattern, empty for none
	}{
		{"no rule matches", dict{"^b": true}, ""},
		{"the default weight is one", dict{"^.*": dict{"weight": 2.0}, "^a": true}, "^.*"},
		{"weights are numbers of either kind", dict{"^.*": dict{"weight": uint64(10)}, "^a": dict{"weight": 11.9}}, "^a"},
		{"a weight of nothing", dict{"^.*": true, "^a": dict{"weight": 0.0}}, "^.*"},
		{"of equal weights the rule that seals", dict{"^.*": true, "^a": false}, "^.*"},
		{"and that of a file before that of code", dict{"^.*": dict{}, "^a": dict{"nested": true}}, "^.*"},
		{"an omission that weighs more", dict{"^.*": true, "^a": dict{"omit": true, "weight": 2.0}}, "^a"},
		{"omit that is no boolean", dict{"^.*": dict{"nested": true}, "^a": dict{"omit": uint64(1)}}, "^a"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := ""
			if r, _ := mustRules(t, row.rules).find("a"); r != nil {
				got = r.pattern
			}
			if got != row.want {
				t.Errorf("rule %q, want %q", got, row.want)
			}
		})
	}
}

func TestARuleThatCannotBeFollowedIsTold(t *testing.T) {
	for _, row := range []struct {
		name    string
		pattern string
		value   any
		want    string
	}{
		{"a string", "a", "yes", "neither a boolean nor a dictionary"},
		{"a weight that is a string", "a", dict{"weight": "1"}, "not a positive number"},
		{"a negative weight", "a", dict{"weight": int64(-1)}, "not a positive number"},
		{"a negative real", "a", dict{"weight": -1.0}, "a weight of -1"},
		{"a weight that is no number", "a", dict{"weight": math.NaN()}, "a weight of NaN"},
		{"a weight beyond all", "a", dict{"weight": math.Inf(1)}, "a weight of +Inf"},
		{"a weight of 33 bits", "a", dict{"weight": uint64(1) << 32}, "a weight of 4.294967296e+09"},
		{"a pattern", "a{2}", true, "bounds in braces are not supported"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var told []string
			rs, err := newRules(dict{row.pattern: row.value, "^b": true}, func(pattern string, err error) {
				told = append(told, fmt.Sprintf("%s: %v", pattern, err))
			})
			if len(told) != 1 || !strings.Contains(told[0], row.want) || err != nil {
				t.Errorf("told %q, %v", told, err)
			}
			if r, _ := rs.find("aa"); r != nil {
				t.Error("it matches")
			}
			if r, _ := rs.find("b"); r == nil {
				t.Error("the others do not match any more")
			}
		})
	}
}

func TestRulesAreBounded(t *testing.T) {
	many := dict{}
	for i := range maxRules + 1 {
		many[fmt.Sprint(i)] = true
	}
	for _, row := range []struct {
		name  string
		rules dict
	}{
		{"too many", many},
		{"too long", dict{strings.Repeat("a", maxPatterns+1): true}},
		{"too long together", dict{strings.Repeat("a", maxPatterns): true, "a": true}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := newRules(row.rules, nil); err == nil || !strings.Contains(err.Error(), "the limits are") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestWeakRulesAreTold(t *testing.T) {
	all := dict{"^.*": true}
	with := func(pattern string, value any) dict {
		d := dict{pattern: value}
		for k, v := range all {
			d[k] = v
		}
		return d
	}
	for _, row := range []struct {
		name    string
		version int
		rules   dict
		want    string
	}{
		{"all is sealed", 2, all, ""},
		{"omissions of codesign", 2, with(`^Info\.plist$`, dict{"omit": true}), ""},
		{"resources in the first version", 1, dict{"^Resources/": true}, ""},
		{"resources in the second", 2, dict{"^Resources/": true}, `there is no rule "^.*"`},
		{"nothing is sealed", 2, dict{}, `there is no rule "^.*"`},
		{"the rule for everything has a weight", 2, dict{"^.*": dict{"weight": 1.0}}, `there is no rule "^.*"`},
		{"the rule for everything leaves it out", 2, dict{"^.*": false}, `rule "^.*" leaves files out`},
		{"code is left out", 2, with("^MacOS/", dict{"omit": true, "weight": 50.0}), `rule "^MacOS/" leaves files out`},
		{"code is left out in short", 2, with("^MacOS/", false), `rule "^MacOS/" leaves files out`},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := ""
			if err := mustRules(t, row.rules).weak(row.version); err != nil {
				got = err.Error()
			}
			if !strings.HasPrefix(got, row.want) || (row.want == "") != (got == "") {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

func TestPathsBesideTheSealAreExcluded(t *testing.T) {
	rs := mustRules(t, dict{"^.*": true})
	rs.executable = "MacOS/Acme"
	var got []string
	for _, rel := range []string{"_CodeSignature", "CodeResources", "_MASReceipt", "MacOS/Acme", "MacOS/Acme2", "a/_CodeSignature", "_codesignature"} {
		if _, excluded := rs.find(rel); excluded {
			got = append(got, rel)
		}
	}
	if diff := cmp.Diff([]string{"_CodeSignature", "CodeResources", "_MASReceipt", "MacOS/Acme"}, got); diff != "" {
		t.Error(diff)
	}
}
