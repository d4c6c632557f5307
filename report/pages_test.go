package report

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/blacktop/go-macho/types"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

func asHTML(t testing.TB, parts ...Part) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, "1.0.0", parts...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// organisation is the reports of n repositories as parts, and one that could not be read.
func organisation(t testing.TB, n int) []Part {
	var parts []Part
	for _, r := range reportsOf(t, n) {
		parts = append(parts, PartOf(r.Repository, r))
	}
	return append(parts, Part{Name: "acme/lost", Err: errors.New("the policy cannot be read: 404 Not Found")})
}

// packed is a hostile report of more files than are laid out from the start.
func packed(t testing.TB) *check.Report {
	r := hostile(t)
	b := r.Binaries[0]
	b.Claims[0].Entitlement = "</noscript><script>alert(1)</script>" + evil
	r.Binaries = nil
	for i := range laidOutFiles + 1 {
		b.Paths = []string{fmt.Sprintf("%04d</noscript><img src=x onerror=alert(1)>%s", i, evil)}
		r.Binaries = append(r.Binaries, b)
	}
	return r
}

// merger has the reports that texts are of.
func merger(t testing.TB, texts ...[]byte) *Merger {
	t.Helper()
	var m Merger
	for _, b := range texts {
		if err := m.Add(bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
	}
	return &m
}

// mergedHTML is the page of reports in JSON.
func mergedHTML(t testing.TB, texts ...[]byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := merger(t, texts...).HTML(&b, "1.0.0"); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// texts are the reports of n repositories in JSON.
func texts(t testing.TB, n int) [][]byte {
	t.Helper()
	var list [][]byte
	for _, r := range reportsOf(t, n) {
		list = append(list, asJSON(t, r))
	}
	return list
}

// reportsOf returns the reports of n repositories, with 25 slices, 3 exceptions and some
// findings each.
func reportsOf(t testing.TB, n int) []*check.Report {
	at := date(t, "2026-11-02")
	keys := []string{allowJIT, unsigned, libraries, camera, getTask}
	for i := range 25 {
		keys = append(keys, fmt.Sprintf("com.apple.security.device.thing-%02d", i))
	}
	justifications := []string{
		"V8 in the renderer compiles JavaScript; jitless mode costs 6x on the editor benchmark.",
		"Plug-ins of customers are signed by their own teams and loaded into the host process.",
		"The JVM that ships with the product writes machine code without MAP_JIT on Intel.",
	}
	var reports []*check.Report
	for i := range n {
		name := fmt.Sprintf("acme/%s-%03d", []string{"editor", "player", "agent", "updater", "tools"}[i%5], i)
		r := &check.Report{Repository: name, Policy: acmePolicy, PolicySHA256: policySHA, Stage: "release", At: at, FailOn: policy.FailOnError}
		var list []*policy.Exception
		for k := range 3 {
			e := exception(t, fmt.Sprintf("EXC-2026-%03d", k+1), keys[k])
			e.Expires = at.AddDays((i*37+k*131)%420 - 30)
			e.Owner, e.Justification = fmt.Sprintf("@acme/%s", []string{"desktop", "media", "platform"}[(i+k)%3]), justifications[k]
			list = append(list, e)
			r.Exceptions = append(r.Exceptions, check.ExceptionReport{Exception: e, Use: check.Used, Covers: k + 1})
		}
		for j := range 13 {
			b := check.BinaryReport{Binary: check.Binary{
				Paths:  []string{fmt.Sprintf("dist/App.app/Contents/Frameworks/Part%02d.framework/Versions/A/Part%02d", j, j)},
				Inside: []string{fmt.Sprintf("App.app/Contents/Frameworks/Part%02d.framework/Versions/A/Part%02d", j, j)}, Size: 245792, Fat: j < 12,
			}}
			for _, arch := range []string{"x86_64", "arm64"}[:min(2, 14-1-j+1)] {
				b.Slices = append(b.Slices, signed(arch, fmt.Sprintf("com.acme.part%02d", j), "A1B2C3D4E5", types.MH_EXECUTE))
			}
			for k, e := range list {
				if (i+j+k)%3 == 0 {
					b.Claims = append(b.Claims, check.Claim{Entitlement: e.Entitlement, Value: entitlement.Bool(true), Archs: []string{"x86_64", "arm64"}, Risk: "high", Verdict: check.Approved, Exception: e, Evidence: assessed(e.Entitlement)})
				}
			}
			for k := range 3 {
				key := keys[3+(i*5+j+k*7)%(len(keys)-3)]
				c := check.Claim{Entitlement: key, Value: entitlement.Bool(true), Archs: []string{"arm64"}, Risk: "medium", Verdict: check.Allowed}
				if (i+j*k)%29 == 3 {
					c.Verdict = check.Unapproved
					yes := c.Value
					r.Findings = append(r.Findings, check.Finding{
						Rule: check.RuleUnapproved, Level: policy.Error, Paths: b.Paths, Archs: c.Archs, Entitlement: key, Value: &yes, Risk: "medium",
						Message:    "claims " + key + ", which needs a justification, and no exception covers it",
						Hint:       "sign without it, or add an exception to the policy and have it approved",
						Suggestion: "- id: EXC-2026-004\n  entitlement: " + key + "\n  value: true\n",
					})
				}
				b.Claims = append(b.Claims, c)
			}
			if j%2 == 1 {
				r.Findings = append(r.Findings, check.Finding{
					Rule: check.RuleUnusualSignature, Level: []policy.Level{policy.Warning, policy.Note, policy.Note}[(i+j)%3], Paths: b.Paths, Archs: []string{"arm64"},
					Message: "a blob of 12 bytes in unknown (slot 0x10001)",
				})
			}
			r.Binaries = append(r.Binaries, b)
		}
		slices.SortStableFunc(r.Findings, func(a, b check.Finding) int { return slices.Index(levels, a.Level) - slices.Index(levels, b.Level) })
		reports = append(reports, r)
	}
	return reports
}
