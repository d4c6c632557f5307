package approval_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/approval"
)

func TestDiffTellsWhoMaySignThatCouldNot(t *testing.T) {
	for _, tt := range []struct {
		name     string
		from, to []string
		needed   int
		want     []string
	}{
		{"nothing", []string{"alice KEY(alice)"}, []string{"alice KEY(alice)"}, 1, nil},
		{
			"the same in another order, with other comments",
			[]string{"alice KEY(alice)", "bob namespaces=\"codewarrant.exception\" KEY(bob)"},
			[]string{"# both\n\"bob\" namespaces=\"codewarrant.exception\" KEY(bob)", "\"alice\"   KEY(alice)"},
			1, nil,
		},
		{"a new signer", []string{"alice KEY(alice)"}, []string{"alice KEY(alice)", `bob valid-after="20260101",valid-before="20261231" KEY(bob)`}, 1, []string{
			"looser 2:1 bob may sign exceptions with BOB, valid-after 2026-01-01T00:00:00Z, valid-before 2026-12-31T00:00:00Z",
		}},
		{"a signer who is gone", []string{"alice KEY(alice)", "bob KEY(bob)"}, []string{"alice KEY(alice)"}, 2, []string{
			"stricter 2:1 bob may no longer sign exceptions with BOB",
		}},
		{"a file where none was", nil, []string{"alice KEY(alice)"}, 1, []string{"looser 1:1 alice may sign exceptions with ALICE"}},
		{"another key of one person", []string{"alice KEY(alice)"}, []string{"alice KEY(bob)"}, 1, []string{
			"looser 1:1 alice may sign exceptions with BOB", "stricter 1:1 alice may no longer sign exceptions with ALICE",
		}},
		{"a key that changes hands", []string{"alice KEY(alice)"}, []string{`bob valid-before="20261231" KEY(alice)`}, 1, []string{
			"looser 1:1 bob signs with ALICE, with which alice signed",
			"stricter 1:1 bob signs with ALICE: valid-before is 2026-12-31T00:00:00Z, was (none)",
		}},
		{"a line more for a key", []string{"alice KEY(alice)"}, []string{"alice KEY(alice)", "bob KEY(alice)"}, 1, []string{"looser 2:1 bob may sign exceptions with ALICE"}},
		{"a line less for a key", []string{"alice KEY(alice)", "bob KEY(alice)"}, []string{"alice KEY(alice)"}, 1, []string{"stricter 2:1 bob may no longer sign exceptions with ALICE"}},
		{"a line less, where two have to sign", []string{"alice KEY(alice)", "bob KEY(alice)"}, []string{"alice KEY(alice)"}, 2, []string{
			"looser 2:1 bob may no longer sign exceptions with ALICE, with which others may: it may count as another person",
		}},
		{"a line less that was for something else, where two have to sign", []string{`alice namespaces="git" KEY(alice)`, "release KEY(alice)"}, []string{"release KEY(alice)"}, 2, []string{
			"looser 1:1 alice is no longer listed with ALICE, with which others may sign exceptions: it may count as another person",
		}},
		{"another name for something else, where two have to sign", []string{`alice namespaces="git" KEY(alice)`, "release KEY(alice)"}, []string{`bob namespaces="git" KEY(alice)`, "release KEY(alice)"}, 2, []string{
			"looser 1:1 bob signs with ALICE, with which alice signed",
		}},
		{"a line less that was for something else, where one has to sign", []string{`alice namespaces="git" KEY(alice)`, "release KEY(alice)"}, []string{"release KEY(alice)"}, 1, []string{
			"neutral 1:1 alice is no longer listed with ALICE, which could not sign exceptions",
		}},
		{"a key that is valid for longer", []string{`alice valid-after="20260201",valid-before="20260601" KEY(alice)`}, []string{`alice valid-after="20260101",valid-before="20260701" KEY(alice)`}, 1, []string{
			"looser 1:1 alice signs with ALICE: valid-after is 2026-01-01T00:00:00Z, was 2026-02-01T00:00:00Z",
			"looser 1:1 alice signs with ALICE: valid-before is 2026-07-01T00:00:00Z, was 2026-06-01T00:00:00Z",
		}},
		{"a key that is valid for a shorter time", []string{`alice valid-before="20260701" KEY(alice)`}, []string{`alice valid-after="20260101",valid-before="20260601" KEY(alice)`}, 1, []string{
			"stricter 1:1 alice signs with ALICE: valid-after is 2026-01-01T00:00:00Z, was (none)",
			"stricter 1:1 alice signs with ALICE: valid-before is 2026-06-01T00:00:00Z, was 2026-07-01T00:00:00Z",
		}},
		{"a key without an end", []string{`alice valid-before="20260701" KEY(alice)`}, []string{"alice KEY(alice)"}, 1, []string{
			"looser 1:1 alice signs with ALICE: valid-before is (none), was 2026-07-01T00:00:00Z",
		}},
		{"a key of commits that may sign exceptions", []string{`alice namespaces="git" KEY(alice)`}, []string{`alice namespaces="git,codewarrant.*" KEY(alice)`}, 1, []string{
			"looser 1:1 alice may sign exceptions with ALICE: namespaces are git,codewarrant.*, were git",
		}},
		{"a key that may sign commits alone", []string{"alice KEY(alice)"}, []string{`alice namespaces="git" KEY(alice)`}, 1, []string{
			"stricter 1:1 alice may no longer sign exceptions with ALICE: namespaces are git, were (any)",
		}},
		{"namespaces that say the same of exceptions", []string{"alice KEY(alice)"}, []string{`alice namespaces="codewarrant.exception" KEY(alice)`}, 1, []string{
			"neutral 1:1 alice signs with ALICE: namespaces are codewarrant.exception, were (any)",
		}},
		{"keys that are not for exceptions", []string{`alice namespaces="git" KEY(alice)`, `carol namespaces="git" KEY(carol)`}, []string{`bob namespaces="git" KEY(bob)`, `dave namespaces="git",valid-before="20260601" KEY(carol)`}, 1, []string{
			"neutral 1:1 bob is listed with BOB, which may not sign exceptions, namespaces git",
			"neutral 2:1 dave signs with CAROL, with which carol signed",
			"neutral 2:1 dave signs with CAROL: valid-before is 2026-06-01T00:00:00Z, was (none)",
			"neutral 1:1 alice is no longer listed with ALICE, which could not sign exceptions",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			names := strings.NewReplacer(
				"ssh-ed25519 "+fingerprint(t, "alice"), "ALICE", "ssh-ed25519 "+fingerprint(t, "bob"), "BOB", "ssh-ed25519 "+fingerprint(t, "carol"), "CAROL",
			)
			var got []string
			for _, c := range approval.Diff(demand(1, allow(t, tt.from...)), demand(tt.needed, allow(t, tt.to...))) {
				if c.Subject != "signer" || !strings.HasPrefix(c.Message, c.Name+" ") || c.Position.File != "allowed_signers" {
					t.Errorf("change %v", c)
				}
				got = append(got, fmt.Sprintf("%s %d:%d %s", c.Direction, c.Position.Line, c.Position.Column, names.Replace(c.Message)))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
	if list := approval.Diff(approval.Demand{}, approval.Demand{}); list != nil {
		t.Errorf("of no signers: %v", list)
	}
}
