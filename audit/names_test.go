package audit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/audit"
	"github.com/codewarrant/codewarrant/policy"
)

// What is listed has to have a policy, although the plan could not tell that it is the same as
// one that was found and need not.
func TestWhatIsListedHasToHaveAPolicyUnderWhateverName(t *testing.T) {
	const none = "there is no .github/codewarrant.yml on main (c0ffee000000)"
	const less = "  error[missing-policy] []: " + none + "; it is the same repository as Acme/%s, of which the audit asks less\n"
	const same = "  note[policy-remark] []: it is the same repository as Acme/%s, which is judged under that name\n"
	for _, test := range []struct {
		name, repo, level string
		result            string // under the old name
		want              string // is told there
		other             string // is told under the other one; empty: nothing is
	}{
		{"without a policy, and the other is left out", "bare", "ignore", "fail, by", less, ""},
		{"without a policy, and the other tells a note", "bare", "note", "fail, by", less, "note[missing-policy] []: " + none + "\n"},
		{"without a policy, and the other tells an error", "bare", "error", "pass, by", same, "error[missing-policy] []: " + none + "\n"},
		{"with a policy, and the other need not have one", "fine", "ignore", "pass, by", same, "Acme/fine: pass"},
		{"with assets and no policy, and the other is left out", "release-without", "ignore", "fail, by", less, ""},
		{"with assets and no policy, and the other is judged", "release-without", "note", "fail, by", less, "error[missing-policy] []: " + none + "\n"},
		{"with nothing in it, and the other is left out", "empty", "ignore", "fail, by", strings.Replace(less, none, "the repository is empty", 1), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, state := acme(t), open(t, t.TempDir())
			src := "version: 1\nrepositories: initech/before\nrelease: {assets: '*'}\ndiscover: [{org: acme, name: " + test.repo + ", without-policy: " + test.level + "}]\n"
			p, err := makePlan(t.Context(), client(s, state), src, 1)
			if err != nil {
				t.Fatal(err)
			}
			s.Set(func() { s.Moved["initech/before"] = "acme/" + test.repo })
			text, err := runPlan(t.Context(), t, client(s, state), p, state, 0)
			if err != nil {
				t.Fatal(err)
			}
			got := summary(t, text)
			at := strings.Index(got, "initech/before: ")
			if at < 0 {
				t.Fatal(got)
			}
			here, there := got[at:], got[:at]
			if !strings.HasPrefix(here, "initech/before: "+test.result) || strings.Contains(here, "by github:Acme/") != (test.repo == "fine") || !strings.Contains(here, fmt.Sprintf(test.want, test.repo)) {
				t.Errorf("want %s in\n%s", test.want, got)
			}
			if test.other == "" && strings.Contains(there, "Acme/") || !strings.Contains(there, test.other) || strings.Contains(got, "conflict") {
				t.Errorf("want %q in\n%s", test.other, got)
			}
		})
	}
}

// Under whatever names a repository is listed, it is judged once, and nothing contradicts that.
func TestARepositoryUnderTwoNamesIsJudgedOnce(t *testing.T) {
	s := acme(t)
	s.Repos["initech/tool"].Latest = kinds["release-jit"].Latest
	s.Moved["initech/gadget"] = "initech/tool"
	src := "version: 1\nrepositories: [initech/utensil, initech/tool, initech/gadget]\nrelease: {assets: '*'}\n"
	text, err := run(t.Context(), t, s, src, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const once = `fail

initech/tool: fail, by github:initech/tool//.github/codewarrant.yml@c0ffee0000000000000000000000000000000000
  error[unapproved-entitlement] ["Acme.zip/acme"]: claims com.apple.security.cs.allow-jit, which needs a justification, and no exception covers it
  note[policy-remark] []: the audit lists the repository as initech/gadget, which is the name that it had
  note[policy-remark] []: the audit lists the repository as initech/utensil, which is the name that it had
`
	if diff := cmp.Diff(once, summary(t, text)); diff != "" {
		t.Error(diff)
	}

	// Where it got another name after the plan was made, the run tells, in whatever shard.
	p, err := makePlan(t.Context(), client(s, nil), src, 1)
	if err != nil {
		t.Fatal(err)
	}
	p.Repositories[0].Was = nil
	p.Repositories = append(p.Repositories, audit.Target{Repository: "initech/utensil", WithoutPolicy: policy.Error})
	p.Shards = 2
	if p, err = audit.Read(written(t, p), "test"); err != nil {
		t.Fatal(err)
	}
	var parts []string
	for k := 1; k <= 2; k++ {
		state := open(t, t.TempDir())
		part, err := runPlan(t.Context(), t, client(s, state), p, state, k)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, write(t, "part.json", part))
	}
	const later = `fail

initech/tool: fail, by github:initech/tool//.github/codewarrant.yml@c0ffee0000000000000000000000000000000000
  error[unapproved-entitlement] ["Acme.zip/acme"]: claims com.apple.security.cs.allow-jit, which needs a justification, and no exception covers it

initech/utensil: pass, by .github/codewarrant.yml
  note[policy-remark] []: it is the same repository as initech/tool, which is judged under that name
`
	if diff := cmp.Diff(later, summary(t, merged(t, parts...))); diff != "" {
		t.Error(diff)
	}
}
