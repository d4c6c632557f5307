package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/policy"
)

func TestLintTellsWhatIsWrongInTheOrderOfTheLines(t *testing.T) {
	const complete = `category: other, owner: "@acme/audio", approved-by: "@acme/security", approved-on: 2026-06-01,` +
		` justification: The plug-in host loads audio units that other companies sign.}`
	p := parse(t, `version: 1
stages:
  release:
    require: signed
    rules:
      - {entitlement: denied-in-release, action: deny}
  development:
    require: signed
rules:
  - {entitlement: allowed, action: allow}
  - {entitlement: denied, action: deny}
exceptions:
  - {id: sound, entitlement: a, applies-to: {team-id: T}, expires: 2027-05-01, `+complete+`
  - {id: old, entitlement: a, applies-to: {team-id: T}, expires: 2026-11-22, `+complete+`
  - {id: soon, entitlement: a, applies-to: {team-id: T}, expires: 2026-11-30, `+complete+`
  - {id: bare, entitlement: a, applies-to: {team-id: T}, expires: 2027-05-01, owner: "@acme/audio"}
  - {id: idle, entitlement: allowed, applies-to: {team-id: T}, expires: 2027-05-01, `+complete+`
  - {id: hopeless, entitlement: denied, applies-to: {team-id: T}, expires: 2027-05-01, `+complete+`
  - {id: partly, entitlement: denied-in-release, applies-to: {team-id: T}, expires: 2027-05-01, `+complete+`
  - {id: untrue, entitlement: a, value: false, applies-to: {team-id: T}, expires: 2027-05-01, `+complete+`
`)
	anybody := parse(t, "version: 1\nexceptions:\n  - {id: e, entitlement: a, applies-to: {arch: arm64}, expires: 2027-05-01, "+complete+"\n")
	for _, r := range policy.Lint(anybody, day(t, "2026-11-23")) {
		if !strings.Contains(r.Message, "names no team-id") || r.Level != policy.Note {
			t.Errorf("%+v", r)
		}
	}
	want := []string{
		`14 error: exception "old": expired after 2026-11-22`,
		`15 warning: exception "soon": expires after 2026-11-30, in 7 days`,
		`16 error: exception "bare": approved-by is missing`,
		`16 error: exception "bare": approved-on is missing`,
		`16 error: exception "bare": category is missing`,
		`16 error: exception "bare": justification is missing`,
		`17 warning: exception "idle": has no effect: every stage allows allowed`,
		`18 warning: exception "hopeless": has no effect: no stage asks for a justification of denied; denied in: release, development`,
		`19 note: exception "partly": has no effect in the stages that deny denied-in-release: release`,
		`20 warning: exception "untrue": has no effect: a value of false grants nothing`,
	}
	var got []string
	for _, r := range policy.Lint(p, day(t, "2026-11-23")) {
		got = append(got, fmt.Sprintf("%d %s: %s", r.Position.Line, r.Level, r.Message))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("remarks differ (-want +got):\n%s", diff)
	}
}
