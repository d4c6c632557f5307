package policy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/policy"
)

func TestRenewChangesNothingElse(t *testing.T) {
	const former = `{approved-by: ["@acme/security"], approved-on: 2026-06-01, expires: 2026-12-01}`
	for _, tt := range []struct{ name, before, after string }{
		{
			"a block with comments everywhere",
			`# the policy
version: 1
exceptions:

  # the renderer
  - id: E   # as in the tracker
    entitlement: a
    approved-by:   # who
      # the lead
      - "@acme/security"   # Jo
    approved-on: 2026-06-01   # in the meeting
    expires: 2026-12-01   # the last day
    applies-to: {identifier: com.acme.app}

  # another
  - {id: F, entitlement: b, applies-to: {identifier: com.acme.app}, expires: 2026-12-01}
# the end
`,
			`# the policy
version: 1
exceptions:

  # the renderer
  - id: E   # as in the tracker
    entitlement: a
    # the lead
    # Jo
    approved-by: [] # who
    approved-on: ""           # in the meeting
    expires: 2027-05-01   # the last day
    renewals:
      - ` + former + `
    applies-to: {identifier: com.acme.app}

  # another
  - {id: F, entitlement: b, applies-to: {identifier: com.acme.app}, expires: 2026-12-01}
# the end
`,
		},
		{
			"a mapping in braces",
			"version: 1\nexceptions: [{id: E, entitlement: a, approved-by: '@acme/security', approved-on: \"2026-06-01\", expires: '2026-12-01', applies-to: {arch: arm64}}]",
			"version: 1\nexceptions: [{id: E, entitlement: a, approved-by: [], approved-on: \"\", expires: 2027-05-01, renewals: [" + former + "], applies-to: {arch: arm64}}]",
		},
		{
			"a mapping in braces over several lines",
			"version: 1\nexceptions:\n- {id: E, entitlement: a,\n   approved-by: [\n   '@acme/security'\n   ], approved-on: 2026-06-01,\n   expires: 2026-12-01,\n   applies-to: {arch: arm64}}\n",
			"version: 1\nexceptions:\n- {id: E, entitlement: a,\n   approved-by: [], approved-on: \"\",\n   expires: 2027-05-01, renewals: [" + former + "],\n   applies-to: {arch: arm64}}\n",
		},
		{
			"renewals that are there already, and signatures",
			`version: 1
exceptions:
- id: E
  entitlement: a
  expires: 2026-12-01
  renewals:
  - {approved-by: x, approved-on: 2025-06-01, expires: 2025-12-01}
  - approved-by: y
    approved-on: 2025-12-01
    expires: 2026-06-01

  # signed with the key in the safe
  signatures:
  - |
    -----BEGIN SSH SIGNATURE-----
    U1NIU0lHAAAAAQ==

    -----END SSH SIGNATURE-----

  # and by Jo
  - "one line" # short
  approved-by: ["@acme/security"]
  applies-to: {arch: arm64}
  approved-on: 2026-06-01
`,
			`version: 1
exceptions:
- id: E
  entitlement: a
  expires: 2027-05-01
  renewals:
  - {approved-by: x, approved-on: 2025-06-01, expires: 2025-12-01}
  - approved-by: y
    approved-on: 2025-12-01
    expires: 2026-06-01
  - ` + former + `

  # signed with the key in the safe
  # and by Jo
  # short
  signatures: []
  approved-by: []
  applies-to: {arch: arm64}
  approved-on: ""
`,
		},
		{
			"renewals in brackets, empty and not",
			"version: 1\nexceptions:\n- {id: E, entitlement: a, applies-to: {arch: arm64}, renewals: [], approved-by: '@acme/security', approved-on: 2026-06-01, expires: 2026-12-01}\n",
			"version: 1\nexceptions:\n- {id: E, entitlement: a, applies-to: {arch: arm64}, renewals: [" + former + "], approved-by: [], approved-on: \"\", expires: 2027-05-01}\n",
		},
		{
			"an exception that was never approved has no history",
			"version: 1\nexceptions:\n  - id: E\n    entitlement: a\n    applies-to: {arch: arm64}\n    approved-by: []\n    approved-on:\n    expires: 2026-12-01",
			"version: 1\nexceptions:\n  - id: E\n    entitlement: a\n    applies-to: {arch: arm64}\n    approved-by: []\n    approved-on:\n    expires: 2027-05-01\n",
		},
		{
			"lines that end as on Windows, a mark of the byte order, no end of the last line, and what is wide",
			"\ufeffversion: 1\r\nexceptions:\r\n  - {ticket: \"é漢 #\", id: E, entitlement: a, applies-to: {arch: arm64}, expires: 2026-12-01}\r\n  - id: G\r\n    applies-to: {arch: arm64}\r\n    entitlement: a\r\n    approved-on: 2026-06-01\r\n    approved-by: \"@acme/security\"\r\n    expires: 2026-12-01",
			"\ufeffversion: 1\r\nexceptions:\r\n  - {ticket: \"é漢 #\", id: E, entitlement: a, applies-to: {arch: arm64}, expires: 2027-05-01}\r\n  - id: G\r\n    applies-to: {arch: arm64}\r\n    entitlement: a\r\n    approved-on: \"\"\r\n    approved-by: []\r\n    expires: 2027-05-01\r\n    renewals:\r\n      - " + former + "\r\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, hunks, err := policy.Renew("test.yml", []byte(tt.before), approvers(parse(t, tt.before)), day(t, "2027-05-01"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.after, string(got)); diff != "" {
				t.Errorf("text differs (-want +got):\n%s", diff)
			}
			if again := patch(tt.before, hunks); again != plain(tt.after) {
				t.Errorf("the hunks lead to another text:\n%s", cmp.Diff(plain(tt.after), again))
			}
		})
	}
}

// approvers takes a policy at its word, for all exceptions but F.
func approvers(p *policy.Policy) map[string][]string {
	by := map[string][]string{}
	for _, e := range p.Exceptions {
		if e.ID != "F" {
			by[e.ID] = e.ApprovedBy
		}
	}
	return by
}

func TestRenewKeepsWhoApprovedAndNotWhoIsSaidToHave(t *testing.T) {
	const src = "version: 1\nexceptions:\n  - id: E\n    entitlement: a\n    applies-to: {arch: arm64}\n    approved-by: [\"@acme/boss\"]\n    approved-on: 2026-06-01\n    expires: 2026-12-01\n"
	for _, tt := range []struct {
		name string
		by   []string
		want int // renewals
	}{
		{"those who signed", []string{"alice", "bob"}, 1},
		{"nobody", nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, _, err := policy.Renew("test.yml", []byte(src), map[string][]string{"E": tt.by}, day(t, "2027-05-01"))
			if err != nil {
				t.Fatal(err)
			}
			e := parse(t, string(out)).Exceptions[0]
			if len(e.Renewals) != tt.want || len(e.ApprovedBy) > 0 {
				t.Fatalf("approved by %v, renewals %v", e.ApprovedBy, e.Renewals)
			}
			for _, r := range e.Renewals {
				if diff := cmp.Diff(tt.by, r.ApprovedBy); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// What would be wrong with the text that Renew makes is nothing that the old one says.
func TestRenewDoesNotBlameTheFileForWhatItWouldWrite(t *testing.T) {
	src := "version: 1\nexceptions:\n  - id: E\n    entitlement: a\n    applies-to: {arch: arm64}\n    approved-by: alice\n    approved-on: 2026-06-01\n    expires: 2026-12-01\n"
	src += strings.Repeat("#"+strings.Repeat("x", 99)+"\n", (policy.MaxSize-len(src))/101)
	src += "#" + strings.Repeat("x", policy.MaxSize-len(src)-1)
	_, _, err := policy.Renew("test.yml", []byte(src), approvers(parse(t, src)), day(t, "2027-05-01"))
	var errs policy.Errors
	const want = "test.yml cannot be edited in place: it would not be a policy: test.yml:1:1: the policy is larger than 1024 KiB"
	if err == nil || err.Error() != want || errors.As(err, &errs) {
		t.Errorf("error %v", err)
	}
}

// plain writes a text with lines that end alike.
func plain(text string) string {
	return strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
}

// patch applies hunks to a text.
func patch(text string, hunks []policy.Hunk) string {
	lines := strings.Split(plain(text), "\n")
	for _, h := range slices.Backward(hunks) {
		lines = slices.Replace(lines, h.Line-1, h.Line-1+len(h.Old), h.New...)
	}
	return strings.Join(lines, "\n")
}

func TestRenewWritesTheFieldsOfAnExceptionInOneForm(t *testing.T) {
	const former = "    renewals:\n      - {approved-by: [acme], approved-on: 2026-06-01, expires: 2026-12-01}\n"
	for _, tt := range []struct{ name, before, after string }{
		{
			"a comment in brackets", "    approved-by: [ # who\n      acme]\n    approved-on: 2026-06-01\n    expires: 2026-12-01\n",
			"    approved-by: [] # who\n    approved-on: \"\"\n    expires: 2027-05-01\n" + former,
		},
		{
			"a comment behind each name in brackets", "    approved-by: [acme, # who\n      ] # and why\n    approved-on: 2026-06-01\n    expires: 2026-12-01\n",
			"    # who\n    approved-by: [] # and why\n    approved-on: \"\"\n    expires: 2027-05-01\n" + former,
		},
		{"a date on lines of its own", "    expires: >-\n      2026-12-01\n", "    expires: 2027-05-01\n"},
		{
			"a name on two lines", "    approved-on: 2026-06-01\n    expires: 2026-12-01\n    approved-by: acme\n      security\n",
			"    approved-on: \"\"\n    expires: 2027-05-01\n    renewals:\n      - {approved-by: [acme security], approved-on: 2026-06-01, expires: 2026-12-01}\n    approved-by: []\n",
		},
		{
			"a dash and its name on two lines", "    approved-on: 2026-06-01\n    expires: 2026-12-01\n    approved-by:\n      -\n        acme\n",
			"    approved-on: \"\"\n    expires: 2027-05-01\n" + former + "    approved-by: []\n",
		},
		{
			"more approvers than find room on a line", "    approved-by:\n      - " + strings.Repeat("x", 40) + "\n      - z\n    approved-on: 2026-06-01\n    expires: 2026-12-01\n",
			"    approved-by: []\n    approved-on: \"\"\n    expires: 2027-05-01\n    renewals:\n      - approved-by: [" + strings.Repeat("x", 40) + ", z]\n        approved-on: 2026-06-01\n        expires: 2026-12-01\n",
		},
		{
			"renewals behind a comment on the controls", "    approved-by: acme\n    approved-on: 2026-06-01\n    expires: 2026-12-01\n    compensating-controls:\n      - a sandbox\n      # and a firewall\n    # nobody has signed\n    signatures: []\n",
			"    approved-by: []\n    approved-on: \"\"\n    expires: 2027-05-01\n    compensating-controls:\n      - a sandbox\n      # and a firewall\n" + former + "    # nobody has signed\n    signatures: []\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const head = "version: 1\nexceptions:\n  - id: E\n    entitlement: a\n    applies-to: {arch: arm64}\n"
			got, _, err := policy.Renew("test.yml", []byte(head+tt.before), approvers(parse(t, head+tt.before)), day(t, "2027-05-01"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(head+tt.after, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRenewRefusesWhatItCannotEditInPlace(t *testing.T) {
	for _, tt := range []struct{ name, exception, want string }{
		{"a comment in brackets in braces", "  - {id: E, entitlement: a, applies-to: {arch: arm64}, expires: 2026-12-01, approved-by: [ # who\n      x], approved-on: 2026-06-01}\n", "test.yml:3:77: this cannot be changed without changing more than it"},
		{"a key with a question mark", "  - id: E\n    entitlement: a\n    applies-to: {arch: arm64}\n    ? expires\n    : 2026-12-01\n", "test.yml:6:7: this cannot be changed without changing more than it"},
		{"an anchor", "  - id: E\n    entitlement: a\n    applies-to: {arch: arm64}\n    expires: &end 2026-12-01\n", "test.yml:6:14: anchors are not supported"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := policy.Renew("test.yml", []byte("version: 1\nexceptions:\n"+tt.exception), map[string][]string{"E": nil}, day(t, "2027-05-01"))
			var errs policy.Errors
			if got != nil || !errors.As(err, &errs) || errs.Error() != tt.want || errs[0].Hint == "" {
				t.Errorf("Renew = %q, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestExpiringNamesWhatRunsOutFirst(t *testing.T) {
	p := parse(t, `version: 1
exceptions:
  - {id: later, entitlement: a, applies-to: {arch: arm64}, expires: 2026-12-24}
  - {id: soon, entitlement: a, applies-to: {arch: arm64}, expires: 2026-12-23}
  - {id: open, entitlement: a, applies-to: {arch: arm64}}
  - {id: gone, entitlement: a, applies-to: {arch: arm64}, expires: 2026-01-01}
`)
	for id, expires := range map[string]string{"inherited": "2026-12-01", "inherited and open": "2027-12-01"} {
		p.Exceptions = append(p.Exceptions, policy.Exception{ID: id, Expires: day(t, expires)})
	}
	own, inherited := p.Expiring(day(t, "2026-11-23"), 30)
	var got []string
	for _, e := range slices.Concat(own, inherited) {
		got = append(got, e.ID)
	}
	if diff := cmp.Diff([]string{"gone", "soon", "inherited"}, got); diff != "" || len(inherited) != 1 {
		t.Error(diff)
	}
}

func TestTheLongestLifeIsThatOfTheStrictestStage(t *testing.T) {
	p := parse(t, `version: 1
settings: {max-lifetime: 180d}
stages:
  release: {rules: [{entitlement: a, action: require-justification, max-lifetime: 90d}]}
  development: {rules: [{entitlement: b, action: allow}]}
`)
	for key, want := range map[string]int{"a": 90, "b": 180} {
		if got := p.LongestLife(key); got != want {
			t.Errorf("%s: %d days, want %d", key, got, want)
		}
	}
}
