package approval_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/policy"
)

func TestOneSignature(t *testing.T) {
	const line = "alice@acme.example KEY(alice)"
	for _, tt := range []struct {
		name   string
		signer string // the line of the file
		make   func(*testing.T, *policy.Exception)
		want   approval.Problem
		lack   string
	}{
		{"by somebody who may sign", line, func(t *testing.T, e *policy.Exception) { sign(t, e, "alice") }, "", ""},
		{"by a key for exceptions alone", `alice namespaces="codewarrant.*" KEY(alice)`, func(t *testing.T, e *policy.Exception) { sign(t, e, "alice") }, "", ""},
		{
			"none", line, func(t *testing.T, e *policy.Exception) {}, "",
			"signatures: 0 of 1 that are needed",
		},
		{
			"cut off", line, func(t *testing.T, e *policy.Exception) { sign(t, e, "alice"); e.Signatures[0] = e.Signatures[0][:100] }, approval.Malformed,
			"signatures: 0 of 1 that are needed; signature 1 cannot be read: it does not end with a line -----END SSH SIGNATURE-----",
		},
		{
			"of a file", line, func(t *testing.T, e *policy.Exception) { signFor(t, e, "alice", "file") }, approval.OtherNamespace,
			`signatures: 0 of 1 that are needed; signature 1 was made for another namespace: "file", not "codewarrant.exception"`,
		},
		{
			"by somebody else", line, func(t *testing.T, e *policy.Exception) { sign(t, e, "mallory") }, approval.UnknownKey,
			"signatures: 0 of 1 that are needed; signature 1 is by a key that may not sign: no line of the allowed signers has ssh-ed25519 " + fingerprint(t, "mallory"),
		},
		{
			"by a key for commits alone", `alice namespaces="git" KEY(alice)`, func(t *testing.T, e *policy.Exception) { sign(t, e, "alice") }, approval.OtherPurpose,
			"signatures: 0 of 1 that are needed; signature 1 is by a key that may not sign exceptions: allowed_signers:1:1 allows git",
		},
		{
			"of the exception before a change", line, func(t *testing.T, e *policy.Exception) {
				sign(t, e, "alice")
				e.AppliesTo.Identifier = []string{"com.acme.all"}
			}, approval.OtherText,
			"signatures: 0 of 1 that are needed; signature 1 is of another text: the exception was changed since, or signed for another policy-id than acme/desktop",
		},
		{
			"of an exception that is to live longer", line, func(t *testing.T, e *policy.Exception) { sign(t, e, "alice"); e.Expires = e.Expires.AddDays(1) }, approval.OtherText,
			"signatures: 0 of 1 that are needed; signature 1 is of another text: the exception was changed since, or signed for another policy-id than acme/desktop",
		},
		{
			"of an exception of another policy", line, func(t *testing.T, e *policy.Exception) { sign(t, e, "alice"); e.PolicyID = "acme/desktop/web" }, approval.OtherText,
			"signatures: 0 of 1 that are needed; signature 1 is of another text: the exception was changed since, or signed for another policy-id than acme/desktop/web",
		},
		{
			"in a policy without an id", line, func(t *testing.T, e *policy.Exception) { sign(t, e, "alice"); e.PolicyID = "" }, "",
			"the policy has no policy-id, so that a signature could be used in another repository",
		},
		{
			"of an exception without a day", line, func(t *testing.T, e *policy.Exception) { sign(t, e, "alice"); e.ApprovedOn = policy.Date{} }, "",
			"approved-on is missing, the day on which the keys of the signatures have to be valid",
		},
		{"before an approver was named", line, func(t *testing.T, e *policy.Exception) {
			sign(t, e, "alice")
			e.ApprovedBy, e.Renewals = []string{"alice@acme.example"}, []policy.Renewal{{}}
		}, "", ""},

		{"by a key that was valid from that day on", `alice valid-after="20261102" KEY(alice)`, func(t *testing.T, e *policy.Exception) { sign(t, e, "alice") }, "", ""},
		{"by a key that became valid in the evening", `alice valid-after="20261102235959Z" KEY(alice)`, func(t *testing.T, e *policy.Exception) { sign(t, e, "alice") }, "", ""},
		{"by a key that ran out with the day", `alice valid-before="20261102235959Z" KEY(alice)`, func(t *testing.T, e *policy.Exception) { sign(t, e, "alice") }, "", ""},
		{
			"by a key that was not valid yet", `alice valid-after="20261103" KEY(alice)`, func(t *testing.T, e *policy.Exception) { sign(t, e, "alice") }, approval.NotYetValid,
			"signatures: 0 of 1 that are needed; signature 1 is by a key that was not valid yet on 2026-11-02, approved-on: allowed_signers:1:1 has valid-after 2026-11-03T00:00:00Z",
		},
		{
			"by a key that had run out", `alice valid-before="20261102120000Z" KEY(alice)`, func(t *testing.T, e *policy.Exception) { sign(t, e, "alice") }, approval.NoLongerValid,
			"signatures: 0 of 1 that are needed; signature 1 is by a key that was no longer valid on 2026-11-02, approved-on: allowed_signers:1:1 has valid-before 2026-11-02T12:00:00Z",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := exception(t)
			tt.make(t, e)
			s := demand(1, allow(t, tt.signer)).One(e)
			var problem approval.Problem
			if len(s.Signatures) > 0 {
				problem = s.Signatures[0].Problem
			}
			if problem != tt.want || s.Lack() != tt.lack || s.Reached() != (tt.lack == "") {
				t.Errorf("problem %q, reached %v, lack:\n%s\nwant %q:\n%s", problem, s.Reached(), s.Lack(), tt.want, tt.lack)
			}
		})
	}
}

// Where several people have to sign, neither two keys of one person nor two
// signatures with one key are two.
func TestHowManyPeopleHaveSigned(t *testing.T) {
	for _, tt := range []struct {
		name    string
		file    []string
		signed  []string // with these keys
		signers []string
		lack    string // of two
	}{
		{
			"two people",
			[]string{"alice KEY(a)", "bob KEY(b)"},
			[]string{"a", "b"},
			[]string{"alice", "bob"},
			"",
		},
		{
			"one",
			[]string{"alice KEY(a)", "bob KEY(b)"},
			[]string{"b"},
			[]string{"bob"},
			"signatures: 1 of 2 that are needed (bob)",
		},
		{
			"one person, twice",
			[]string{"alice KEY(a)"},
			[]string{"a", "a"},
			[]string{"alice"},
			"signatures: 1 of 2 that are needed (alice); signature 2 is by the key of signature 1",
		},
		{
			"one person with two keys",
			[]string{"alice KEY(a)", "alice KEY(a2)"},
			[]string{"a", "a2"},
			[]string{"alice"},
			"signatures: 1 of 2 that are needed (alice); signature 2 may be by the person who made signature 1: alice",
		},
		{
			"one person under two names, of which a line has both",
			[]string{"alice,alice@home KEY(a)", "alice@home KEY(a2)"},
			[]string{"a2", "a"},
			[]string{"alice@home"},
			"signatures: 1 of 2 that are needed (alice@home); signature 2 may be by the person who made signature 1: alice,alice@home",
		},
		{
			"one key that two people have",
			[]string{"alice KEY(a)", "bob KEY(a)"},
			[]string{"a", "a"},
			[]string{"alice,bob"},
			"signatures: 1 of 2 that are needed (alice,bob); signature 2 is by the key of signature 1",
		},
		{
			"one key that two people have, and one that one of them has",
			[]string{"alice KEY(a)", "bob KEY(a)", "bob KEY(b)"},
			[]string{"a", "b"},
			[]string{"alice,bob"},
			"signatures: 1 of 2 that are needed (alice,bob); signature 2 may be by the person who made signature 1: bob",
		},
		{
			"one person with a key for exceptions under another name, and her other one",
			[]string{`alice namespaces="git" KEY(a)`, `release namespaces="codewarrant.exception" KEY(a)`, "alice KEY(a2)"},
			[]string{"a", "a2"},
			[]string{"release"},
			"signatures: 1 of 2 that are needed (release); signature 2 may be by the person who made signature 1: alice",
		},
		{
			"one person whose line for one of her keys has run out",
			[]string{`alice valid-before="20250101" KEY(a)`, "alice2 KEY(a)", "alice KEY(a2)"},
			[]string{"a2", "a"},
			[]string{"alice"},
			"signatures: 1 of 2 that are needed (alice); signature 2 may be by the person who made signature 1: alice,alice2",
		},
		{
			"a key that a pattern is for as well, and one whom it matches",
			[]string{`*@acme.example valid-after="20270101" KEY(a)`, "release KEY(a)", "alice@acme.example KEY(b)"},
			[]string{"a", "b"},
			[]string{"release"},
			"signatures: 1 of 2 that are needed (release); signature 2 may be by the person who made signature 1: alice@acme.example",
		},
		{
			"two people with lines for other things",
			[]string{`alice namespaces="git" KEY(a)`, "alice KEY(a)", `bob valid-before="20250101" KEY(b)`, "bob KEY(b)"},
			[]string{"a", "b"},
			[]string{"alice", "bob"},
			"",
		},
		{
			"a pattern, and one whom it matches",
			[]string{"*@acme.example KEY(a)", "bob@acme.example KEY(b)"},
			[]string{"a", "b"},
			[]string{"*@acme.example"},
			"signatures: 1 of 2 that are needed (*@acme.example); signature 2 may be by the person who made signature 1: bob@acme.example",
		},
		{
			"a pattern, and one whom it does not match",
			[]string{"*@acme.example KEY(a)", "bob@partner.example KEY(b)"},
			[]string{"a", "b"},
			[]string{"*@acme.example", "bob@partner.example"},
			"",
		},
		{
			"a pattern, and one who is not meant",
			[]string{"*,!bob KEY(a)", "bob KEY(b)"},
			[]string{"a", "b"},
			[]string{"*,!bob", "bob"},
			"",
		},
		{
			"two patterns",
			[]string{"*@acme.example KEY(a)", "b?b@partner.example KEY(b)"},
			[]string{"a", "b"},
			[]string{"*@acme.example"},
			"signatures: 1 of 2 that are needed (*@acme.example); signature 2 may be by the person who made signature 1: b?b@partner.example",
		},
		{
			"a pattern before two people",
			[]string{"* KEY(a)", "bob KEY(b)", "carol KEY(c)"},
			[]string{"a", "b", "c"},
			[]string{"bob", "carol"},
			"",
		},
		{
			"one of whom nothing holds",
			[]string{"alice KEY(a)", "bob KEY(b)"},
			[]string{"mallory", "a", "b"},
			[]string{"alice", "bob"},
			"",
		},
		{
			"nobody who may",
			[]string{"alice KEY(a)"},
			[]string{"mallory"},
			nil,
			"signatures: 0 of 2 that are needed; signature 1 is by a key that may not sign: no line of the allowed signers has ssh-ed25519 " + fingerprint(t, "mallory"),
		},
		{
			"nobody, and nobody may", nil,
			nil, nil, "signatures: 0 of 2 that are needed",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := exception(t)
			sign(t, e, tt.signed...)
			s := demand(2, allow(t, tt.file...)).One(e)
			if diff := cmp.Diff(tt.signers, s.Signers); diff != "" {
				t.Errorf("signers (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.lack, s.Lack()); diff != "" || s.Reached() != (tt.lack == "") {
				t.Errorf("lack (-want +got):\n%s", diff)
			}
		})
	}
}

// The worst case for counting: each signature may be by the person of the one before.
func TestASignatureMoreNeverTakesApprovalAway(t *testing.T) {
	var lines, names []string
	for i := range 20 {
		lines = append(lines, fmt.Sprintf("p%d,p%d KEY(%d)", i, i+1, i))
		names = append(names, fmt.Sprint(i))
	}
	signers := allow(t, lines...)
	e := exception(t)
	last := 0
	for i, name := range names {
		sign(t, e, name)
		n := len(demand(20, signers).One(e).Signers)
		if n < last || n != i/2+1 {
			t.Errorf("%d signatures are of %d people, one less of %d", i+1, n, last)
		}
		last = n
	}
}

func TestEachExceptionOfAPolicyHasItsStatus(t *testing.T) {
	first, second, third := exception(t), exception(t), exception(t)
	sign(t, first, "alice")
	third.PolicyID, third.Repository = "acme/base/macos", "acme/base" // as of a policy that is extended
	sign(t, third, "alice")
	fourth := *third
	fourth.Repository = "" // as of one that was copied
	d := demand(1, allow(t, "alice KEY(alice)"))
	var got []bool
	for _, s := range d.Verify([]policy.Exception{*first, *second, *third, fourth}) {
		got = append(got, s.Reached())
	}
	if diff := cmp.Diff([]bool{true, false, true, false}, got); diff != "" {
		t.Error(diff)
	}
	// A policy that is not of Parse does not make it easier.
	d.Policy.Approvals.Threshold = 0
	if s := d.One(second); s.Reached() || s.Needed != 1 {
		t.Errorf("status %v", s)
	}
	if (approval.Status{}).Reached() {
		t.Error("the zero status is reached")
	}
	first.PolicyID = ""
	if s := demand(1, nil).One(first); !errors.Is(s.Err, policy.ErrNoPolicyID) {
		t.Errorf("error %v", s.Err)
	}
	if d := (approval.Demand{}); d.Verify([]policy.Exception{*third}) != nil || d.Reached(third) {
		t.Error("a policy that accepts no signatures has some")
	}
}

// A signature is good for the policy-id that it was made for, where that may stand.
func TestWhatIsSignedHoldsInTheRepositoryThatThePolicyIDNames(t *testing.T) {
	for _, tt := range []struct {
		name          string
		id, root      string // the policy-id of the exception, and of the policy that is judged by
		from          string // the repository that the exception was read from; empty: that of the run
		repository    string // of the run
		counts        bool
		says, advises string
	}{
		{"its own repository", "acme/desktop", "acme/desktop", "", "acme/desktop", true, "", ""},
		{"its own, in another case", "acme/Desktop", "acme/Desktop", "", "ACME/desktop", true, "", ""},
		{"one of several policies of it", "acme/desktop/mac", "acme/desktop/mac", "", "acme/desktop", true, "", ""},
		{"another one", "acme/desktop", "acme/desktop", "", "acme/tools", false, "its policy-id, acme/desktop, names the repository acme/desktop, and this is acme/tools", "after a rename write policy-id: acme/tools"},
		{"one with a longer name", "acme/desktop", "acme/desktop", "", "acme/desktop2", false, "this is acme/desktop2", ""},
		{"one with a shorter name", "acme/desktop", "acme/desktop", "", "acme/desk", false, "this is acme/desk", ""},
		{"that of another owner", "acme/desktop", "acme/desktop", "", "fork/desktop", false, "this is fork/desktop", ""},
		{"one after a host", "github.com/acme/desktop", "github.com/acme/desktop", "", "acme/desktop", false, "names the repository github.com/acme", ""},
		{"nothing after the slash", "acme/", "acme/", "", "acme/desktop", false, "names the repository acme/,", ""},
		{"an id without a slash", "desktop", "desktop", "", "acme/tools", true, "", ""},
		{"a run that knows no repository", "acme/desktop", "acme/desktop", "", "", true, "", ""},

		{"a file beside with another id", "acme/engine", "acme/desktop", "", "", false, "the policy-id of codewarrant.yml is acme/engine, and that of root.yml, which is judged by, is acme/desktop", "write one policy-id into both"},
		{"a file beside with the id of the repository that the policy does not name", "acme/tools", "acme/desktop", "", "acme/tools", false, "which is judged by, is acme/desktop", ""},
		{"a file beside with an id of the same repository", "acme/desktop/shared", "acme/desktop/mac", "", "acme/desktop", true, "", ""},
		{"a file beside with the other's id in another case", "Acme/desktop", "acme/desktop", "", "", true, "", ""},
		{"a file beside with another id without a slash", "engine", "desktop", "", "", false, "which is judged by, is desktop", ""},
		{"a file beside a policy without an id", "acme/engine", "", "", "", false, "is (none)", ""},

		{"a policy of the repository that it names", "acme/policies", "acme/desktop", "acme/policies", "acme/desktop", true, "", ""},
		{"the same, in a run that knows no repository", "acme/policies/macos", "acme/desktop", "ACME/policies", "", true, "", ""},
		{"a copy in another repository", "acme/engine", "acme/desktop", "mallory/policies", "acme/desktop", false, "its policy-id, acme/engine, does not name mallory/policies", "write policy-id: mallory/policies into codewarrant.yml"},
		{"a copy with the id of the run", "acme/desktop", "acme/desktop", "mallory/policies", "acme/desktop", false, "does not name mallory/policies", ""},
		{"another repository's without a slash", "desktop", "desktop", "acme/policies", "", false, "does not name acme/policies", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := exception(t)
			e.PolicyID, e.Repository = tt.id, tt.from
			sign(t, e, "alice")
			d := demand(1, allow(t, "alice KEY(alice)"))
			d.Policy.Name, d.Policy.ID, d.Repository = "root.yml", tt.root, tt.repository
			s := d.One(e)
			if s.Reached() != tt.counts || !strings.Contains(s.Lack(), tt.says) || !strings.Contains(s.Hint, tt.advises) || tt.counts == (s.Hint != "") {
				t.Errorf("reached %v, lack %q, hint %q", s.Reached(), s.Lack(), s.Hint)
			}
		})
	}
}

// Whose name approve writes is up to the lines that allow the key, and to no others.
func TestNamesAreOfTheLinesThatAllowTheKey(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines []string
		names []string
		all   bool
	}{
		{"a name", []string{"alice KEY(a)"}, []string{"alice"}, true},
		{"names of several lines", []string{"alice,bob KEY(a)", "bob,carol KEY(a)"}, []string{"alice", "bob", "carol"}, true},
		{"a name beside a pattern", []string{"alice,*@acme.example KEY(a)"}, []string{"alice"}, false},
		{"a pattern", []string{"alice?,!alice1 KEY(a)"}, nil, false},
		{"a line for something else", []string{"alice KEY(a)", `bob namespaces="git" KEY(a)`}, []string{"alice"}, true},
		{"a line that has run out", []string{`* valid-before="20250101" KEY(a)`, "alice KEY(a)"}, []string{"alice"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := exception(t)
			sign(t, e, "a")
			made := demand(1, allow(t, tt.lines...)).One(e).Signatures[0]
			names, all := made.Names()
			if diff := cmp.Diff(tt.names, names); diff != "" || all != tt.all {
				t.Errorf("all %v\n%s", all, diff)
			}
			if slices.Contains(tt.names, "alice") != made.Is("alice") || made.Is("mallory") {
				t.Errorf("alice %v, mallory %v", made.Is("alice"), made.Is("mallory"))
			}
		})
	}
}

// BenchmarkTheMostPrincipals counts as many signatures as an exception has, by keys with
// as much to compare as a file may have.
func BenchmarkTheMostPrincipals(b *testing.B) {
	var lines, names []string
	for i := range 20 {
		form := []string{"a%d.%d.c", "a*%d.%d.b"}[i%2] // names are held against patterns
		for j := range 32 {
			lines = append(lines, fmt.Sprintf(form+" KEY(%d)", i, j, i))
		}
		names = append(names, fmt.Sprint(i))
	}
	d := demand(10, allow(b, lines...))
	e := exception(b)
	sign(b, e, names...)
	for b.Loop() {
		d.One(e)
	}
}

func TestCanReachCountsPeopleWithKeysOfTheirOwn(t *testing.T) {
	for _, tt := range []struct {
		name   string
		needed int
		lines  []string
		want   bool
	}{
		{"one person can be one", 1, []string{"alice@acme.example KEY(alice)"}, true},
		{"nobody can be none", 1, nil, false},
		{"one person with two keys is not two", 2, []string{"alice@acme.example KEY(alice)", "alice@acme.example KEY(alice2)"}, false},
		{"two people with one key are not two", 2, []string{"alice@acme.example KEY(alice)", "bob@acme.example KEY(alice)"}, false},
		{"two people are two", 2, []string{"alice@acme.example KEY(alice)", "bob@acme.example KEY(bob)"}, true},
		{"a pattern may be whom it matches", 2, []string{"alice@acme.example KEY(alice)", "*@acme.example KEY(bob)"}, false},
		{"a line for something else tells whose key it is", 2, []string{`alice@acme.example namespaces="git" KEY(alice)`, "release@acme.example KEY(alice)", "alice@acme.example KEY(alice2)"}, false},
		{"a key for something else signs no exception", 2, []string{"alice@acme.example KEY(alice)", `bob@acme.example namespaces="git" KEY(bob)`}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := approval.CanReach(tt.needed, allow(t, tt.lines...)); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
	var many []string
	for i := range 40 {
		many = append(many, fmt.Sprintf("*@acme.example KEY(%d)", i))
	}
	if !approval.CanReach(2, allow(t, many...)) {
		t.Error("of more keys than are counted it cannot say no")
	}
}
