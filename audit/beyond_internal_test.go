package audit

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"github.com/codewarrant/codewarrant/policy"
)

// allow is a line that lets somebody sign, with a key that follows from the name.
func allow(t *testing.T, name string) string {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	key, err := ssh.NewPublicKey(ed25519.NewKeyFromSeed(seed[:]).Public())
	if err != nil {
		t.Fatal(err)
	}
	return name + "@acme.example " + string(ssh.MarshalAuthorizedKey(key))
}

func TestBeyond(t *testing.T) {
	const (
		base  = "version: 1\nextends: rules.yml\napprovals: {accept: [base, signed], allowed-signers: signers}\n"
		rules = "version: 1\nsettings: {unlisted: allow}\nstages: {release: {require: signed}}\nrules:\n  - {entitlement: a.*, action: deny}\n  - {entitlement: b, action: deny, overridable: true}\n"
	)
	files := func(own ...string) map[string]string {
		m := map[string]string{"base.yml": base, "rules.yml": rules, "signers": allow(t, "alice")}
		for i := 0; i < len(own); i += 2 {
			m[own[i]] = own[i+1]
		}
		return m
	}
	for _, test := range []struct {
		name  string
		files map[string]string // of the repository; own.yml is its policy
		want  []string          // what the messages begin with
	}{
		{"the baseline itself", files("own.yml", base), nil},
		{"what extends it", files("own.yml", "version: 1\nextends: base.yml\nrules: [{entitlement: c, action: deny}]\n"), nil},
		{"what extends a policy that does", files("own.yml", "version: 1\nextends: mid.yml\n", "mid.yml", "version: 1\nextends: base.yml\n"), nil},
		{"what loosens what may be loosened", files("own.yml", "version: 1\nextends: base.yml\nrules: [{entitlement: b, action: allow}]\n"), nil},
		{"exceptions", files("own.yml", "version: 1\nextends: base.yml\nexceptions: [{id: E, entitlement: a.b, applies-to: {identifier: x}}]\n"), nil},
		{"what does not extend it", files("own.yml", "version: 1\nsettings: {unlisted: allow}\nstages: {release: {require: signed}}\n"), []string{"a.*: allow, was deny", "b: allow, was deny", "no longer extends rules.yml"}},
		{"what extends a part of it", files("own.yml", "version: 1\nextends: other.yml\nstages: {release: {}}\n", "other.yml", strings.Replace(rules, "{entitlement: a.*, action: deny}", "{entitlement: a.b, action: deny}", 1)), []string{"a.*: allow, was deny", "no longer extends rules.yml"}},
		{"a copy that extends other rules of the same name", files("own.yml", "version: 1\nextends: base.yml\n", "rules.yml", strings.Replace(rules, "a.*", "a.b", 1)), []string{"a.*: allow, was deny"}},
		{"a copy beside other signers", files("own.yml", "version: 1\nextends: base.yml\n", "signers", allow(t, "mallory")), []string{"mallory@acme.example may sign"}},
		{"a copy beside signers of whom one has left", files("own.yml", "version: 1\nextends: base.yml\n", "signers", allow(t, "alice")+allow(t, "bob")), []string{"bob@acme.example may sign"}},
		{"what takes no signatures", files("own.yml", "version: 1\nextends: base.yml\napprovals: {accept: base}\n"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			read := func(files map[string]string) func(policy.Location) ([]byte, error) {
				return func(l policy.Location) ([]byte, error) {
					src, ok := files[l.Path]
					if !ok {
						return nil, os.ErrNotExist
					}
					return []byte(src), nil
				}
			}
			b, err := newStandard(&policy.Audit{Name: "audit.yml", Baseline: &policy.Reference{File: "base.yml"}}, read(files()))
			if err != nil {
				t.Fatal(err)
			}
			p, err := policy.Load(policy.Location{Path: "own.yml"}, read(test.files))
			if err != nil {
				t.Fatal(err)
			}
			demand, err := demandOf(p, read(test.files))
			if err != nil {
				t.Fatal(err)
			}
			got := b.beyond(p, demand)
			if len(got) < len(test.want) || len(test.want) == 0 && len(got) > 0 {
				t.Fatalf("got %v, want %q", got, test.want)
			}
			for _, want := range test.want {
				found := false
				for _, c := range got {
					found = found || strings.HasPrefix(c.Message, want)
				}
				if !found {
					t.Errorf("%q is not told: %v", want, fmt.Sprint(cmp.Diff(nil, got)))
				}
			}
		})
	}
}
