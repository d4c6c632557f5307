package policy_test

import (
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/policy"
)

// versions returns the range that a policy with that text in it has.
func versions(t *testing.T, text string) (policy.VersionRange, error) {
	t.Helper()
	p, err := policy.Parse("test.yml", []byte(strings.Replace(exception(), "identifier: com.acme.app", `versions: "`+text+`"`, 1)))
	if err != nil {
		return policy.VersionRange{}, err
	}
	return p.Exceptions[0].AppliesTo.Versions[0], nil
}

func TestAVersionIsInARangeWhereEveryBoundHolds(t *testing.T) {
	for _, tt := range []struct {
		bounds    string
		in, notIn []string
	}{
		{"3.2", []string{"3.2", "3.2.0", "3.2.0.0", "03.2"}, []string{"3", "3.2.1", "3.20", "2.3"}},
		{"=3", []string{"3", "3.0"}, []string{"3.0.1", "30"}},
		{">=3.2", []string{"3.2", "3.10", "4"}, []string{"3.1.9", "3"}},
		{">3.2", []string{"3.2.0.1", "3.3"}, []string{"3.2", "3.2.0"}},
		{"<=3.2", []string{"3.2", "3.1.99", "0"}, []string{"3.2.0.1", "3.10"}},
		{"<3.2", []string{"3.1", "3"}, []string{"3.2", "3.2.0", "4"}},
		{">=3.2 <4", []string{"3.2", "3.99.1"}, []string{"3.1", "4", "4.0"}},
		{"<4   >=3.2", []string{"3.2"}, []string{"4"}},
		{">=1 <=5 >2 <4", []string{"3"}, []string{"1", "2", "4", "5"}},
		{">=999999999.0.0.1", []string{"999999999.0.0.2"}, []string{"999999998.9"}},
		{">=0", []string{"0", "1"}, []string{"", "1.x", "1.2.3.4.5", "-1", " 1", "1.", ".1", "1..2", "1234567890", "1.0 (23A5)", "१"}},
	} {
		r, err := versions(t, tt.bounds)
		if err != nil {
			t.Errorf("%s: %v", tt.bounds, err)
		}
		for _, v := range tt.in {
			if !r.Contains(v) {
				t.Errorf("%q is not in %s", v, tt.bounds)
			}
		}
		for _, v := range tt.notIn {
			if r.Contains(v) {
				t.Errorf("%q is in %s", v, tt.bounds)
			}
		}
	}
	if (policy.VersionRange{}).Contains("1") {
		t.Error("a version is in a range without bounds")
	}
}

func TestARangeThatCannotBeMeantIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"3.x": "is no bound", "v3": "is no bound", "~3": "is no bound", "==3": "is no bound", ">": "is no bound",
		"1.2.3.4.5": "is no bound", "1234567890": "is no bound", ">=3, <4": "is no bound", "3-4": "is no bound",
		">1 >2 >3 >4 >5": "5 bounds",
		"<3 >=3":         "no version is in", ">3 <3": "no version is in", ">3 <=3": "no version is in",
		"=3 =4": "no version is in", "3 >3.0": "no version is in", ">=4 <3.9.9": "no version is in",
	} {
		if r, err := versions(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("versions %q: %v, %v; want an error with %q", text, r, err, want)
		}
	}
	for _, text := range []string{">=3 <=3", "3 3.0", "3 >=3 <=3.0", ">3 <3.0.0.1"} {
		if _, err := versions(t, text); err != nil {
			t.Errorf("versions %q: %v", text, err)
		}
	}
}
