package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/codewarrant/codewarrant/policy"
)

func TestParseAudit(t *testing.T) {
	all := `version: 1
repositories: [acme/desktop, acme/.github]
discover:
  - {org: acme, topic: macos, name: [desktop-*, engine], archived: true, without-policy: error}
  - {org: initech}
  - {org: umbrella, without-policy: ignore}
policy: macos/policy.yml
baseline: {github: acme/policies//macos/base.yml, ref: 0123456789abcdef0123456789abcdef01234567}
stage: beta
fail-on: warning
release: {assets: "*.dmg"}
`
	got, err := policy.ParseAudit("audit.yml", []byte(all))
	if err != nil {
		t.Fatal(err)
	}
	want := &policy.Audit{
		Name: "audit.yml", Repositories: []string{"acme/desktop", "acme/.github"},
		Discover: []policy.Discovery{
			{Org: "acme", Topic: "macos", Names: []policy.Glob{"desktop-*", "engine"}, Archived: true, WithoutPolicy: policy.Error},
			{Org: "initech", WithoutPolicy: policy.Note},
			{Org: "umbrella"},
		},
		Policy:   "macos/policy.yml",
		Baseline: &policy.Reference{Repository: "acme/policies", Path: "macos/base.yml", Ref: "0123456789abcdef0123456789abcdef01234567"},
		Stage:    "beta", FailOn: policy.FailOnWarning, Assets: []policy.Glob{"*.dmg"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreTypes(policy.Position{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	got, err = policy.ParseAudit("audit.yml", []byte("version: 1\nrepositories: acme/desktop\n"))
	if err != nil || got.Policy != ".github/codewarrant.yml" || got.Stage != "release" || got.FailOn != policy.FailOnError || got.Baseline != nil || got.Assets != nil {
		t.Errorf("of an audit that says nothing else: %+v, %v", got, err)
	}
}

func TestParseAuditTellsWhatIsWrong(t *testing.T) {
	for _, test := range []struct{ name, src, want string }{
		{"an empty file", "", "audit.yml:1:1: the audit is empty"},
		{"no version", "repositories: a/b\n", "audit.yml:1:1: the audit has no version"},
		{"a later version", "version: 2\nrepositories: a/b\n", "audit.yml:1:10: version must be from 1 to 1"},
		{"about nothing", "version: 1\n", "audit.yml:1:1: the audit is about no repository"},
		{"a key that is not known", "version: 1\nrepository: a/b\nrepositories: a/b\n", `audit.yml:2:1: unknown key "repository" in the audit`},
		{"a repository without an owner", "version: 1\nrepositories: [desktop]\n", `audit.yml:2:16: "desktop" is no repository on GitHub`},
		{"a repository that leads elsewhere", "version: 1\nrepositories: [acme/..]\n", `audit.yml:2:16: "acme/.." is no repository on GitHub`},
		{"a repository with a query", "version: 1\nrepositories: ['acme/a?b']\n", `audit.yml:2:16: "acme/a?b" is no repository on GitHub`},
		{"an organisation that is a path", "version: 1\ndiscover: [{org: acme/x}]\n", `audit.yml:2:18: "acme/x" is no organisation on GitHub`},
		{"a topic in capitals", "version: 1\ndiscover: [{org: acme, topic: macOS}]\n", `audit.yml:2:31: "macOS" is no topic on GitHub`},
		{"no organisation", "version: 1\ndiscover: [{topic: macos}]\n", "audit.yml:2:12: discover has no org"},
		{"a level that is none", "version: 1\ndiscover: [{org: acme, without-policy: fatal}]\n", `audit.yml:2:40: unknown value "fatal" for without-policy`},
		{"a policy elsewhere", "version: 1\nrepositories: a/b\npolicy: ../x.yml\n", `audit.yml:3:9: policy "../x.yml": leads out of the policy's folder`},
		{"a baseline at a branch", "version: 1\nrepositories: a/b\nbaseline: {github: a/b//c.yml, ref: main}\n", `audit.yml:3:37: ref "main" is no commit`},
		{"a baseline that is no file", "version: 1\nrepositories: a/b\nbaseline: base\n", `audit.yml:3:11: baseline "base": is not named as a YAML file, .yml or .yaml`},
		{"assets with folders", "version: 1\nrepositories: a/b\nrelease: {assets: dist/*.dmg}\n", `audit.yml:3:19: assets "dist/*.dmg" is no glob of names`},
		{"a release of which nothing is looked at", "version: 1\nrepositories: a/b\nrelease: {}\n", "audit.yml:3:10: release has no assets"},
		{"an alias", "version: 1\nrepositories: &a [a/b]\n", "audit.yml:2:15: anchors are not supported"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, err := policy.ParseAudit("audit.yml", []byte(test.src))
			if a != nil || err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestGlob(t *testing.T) {
	for _, test := range []struct {
		glob policy.Glob
		name string
		want bool
	}{
		{"*", "Acme.dmg", true},
		{"*.dmg", "Acme.dmg", true},
		{"*.dmg", "Acme.dmg.sha256", false},
		{"Acme-*-arm64.zip", "Acme-1.2-arm64.zip", true},
		{"Acme-*-arm64.zip", "Acme-arm64.zip", false},
		{"Acme", "acme", false},
	} {
		if got := test.glob.Match(test.name); got != test.want {
			t.Errorf("%s, %s: %t", test.glob, test.name, got)
		}
	}
}

// FuzzParseAudit holds ParseAudit to its promises on any input: an audit or errors with a
// place, in order, the same each time.
func FuzzParseAudit(f *testing.F) {
	for _, src := range []string{
		"version: 1\nrepositories: [acme/desktop]\n",
		"version: 1\ndiscover: [{org: acme, topic: macos, name: [a*, b], archived: true, without-policy: ignore}]\nbaseline: {github: a/b//c.yml, ref: 0123456789abcdef0123456789abcdef01234567}\n",
		"version: 1\nrepositories: a/b\nbaseline: preset:strict\nstage: beta\nfail-on: never\nrelease: {assets: '*.dmg'}\npolicy: x.yml\n",
	} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		a, err := policy.ParseAudit("fuzz.yml", src)
		b, again := policy.ParseAudit("fuzz.yml", src)
		if diff := cmp.Diff(a, b); diff != "" {
			t.Fatalf("a second parse differs:\n%s", diff)
		}
		if (a == nil) == (err == nil) {
			t.Fatalf("ParseAudit = %v, %v", a, err)
		}
		if err != nil {
			checkErrors(t, src, err, again)
		}
	})
}
