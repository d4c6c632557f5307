package policy_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/policy"
)

const armour = "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"

// around is a policy with the lines in an exception between two others.
func around(lines string) string {
	return "# Ours.\nversion: 1\nexceptions:\n  - id: EXC-0\n    entitlement: a\n    applies-to: {arch: arm64}\n\n" +
		"  # The second.\n  - id: EXC-1\n    entitlement: a # é\n    applies-to: {arch: arm64}\n" + lines +
		"\n  # The last.\n  - id: EXC-2\n    entitlement: a\n    applies-to: {arch: arm64}\n"
}

func TestAppendToListChangesNothingElse(t *testing.T) {
	for _, tt := range []struct{ name, key, text, old, new string }{
		{"a list that is not there", "approved-by", "alice", "", "    approved-by: [alice]\n"},
		{"a list that is not there goes where its key is to be", "approved-by", "alice", "    owner: b # who\n    expires: 2027-05-01\n", "    owner: b # who\n    approved-by: [alice]\n    expires: 2027-05-01\n"},
		{"keys in another order", "approved-by", "alice", "    expires: 2027-05-01\n    owner: b\n    ticket: c\n", "    expires: 2027-05-01\n    owner: b\n    approved-by: [alice]\n    ticket: c\n"},
		{"an empty list", "approved-by", "alice", "    approved-by: []          # who\n", "    approved-by: [alice]     # who\n"},
		{"nothing", "approved-by", "alice", "    owner: b\n    approved-by:  # who\n", "    owner: b\n    approved-by: [alice]  # who\n"},
		{"a null", "approved-by", "alice", "    approved-by: ~ # who\n", "    approved-by: [alice] # who\n"},
		{"empty quotes", "approved-by", "alice", "    approved-by: ''\n", "    approved-by: [alice]\n"},
		{"a list in brackets", "approved-by", "alice", "    approved-by: [\"@acme/x\", b'b] # who\n", "    approved-by: [\"@acme/x\", b'b, alice] # who\n"},
		{"brackets with brackets in quotes", "approved-by", "alice", "    approved-by: [\"a]\\\"]\", 'b]''', c]\n", "    approved-by: ['a]\"]', \"b]'\", c, alice]\n"},
		{"brackets over several lines with a comment", "approved-by", "alice", "    approved-by: [\n      a, # the ] first\n      b,\n    ]\n", "    approved-by:\n      - a # the ] first\n      - b\n      - alice\n"},
		{"brackets that become too long", "approved-by", "alice", "    approved-by: [" + strings.Repeat("x", 40) + ", " + strings.Repeat("y", 38) + "]\n", "    approved-by:\n      - " + strings.Repeat("x", 40) + "\n      - " + strings.Repeat("y", 38) + "\n      - alice\n"},
		{"a single value", "approved-by", "alice", "    approved-by: bob\n", "    approved-by: [bob, alice]\n"},
		{"a single value in quotes", "approved-by", "alice", "    approved-by: \"@acme/\\\"x\" # who\n", "    approved-by: ['@acme/\"x', alice] # who\n"},
		{"a single value on a line of its own, as text", "approved-by", "alice", "    approved-by: >-\n      bob\n", "    approved-by: [bob, alice]\n"},
		{"a single value on two lines", "approved-by", "alice", "    approved-by: bob\n      smith\n", "    approved-by: [bob smith, alice]\n"},
		{"a list with a line for each", "approved-by", "alice", "    owner: b\n    approved-by:\n      - bob # b\n\n      # Why she.\n      - carol\n      # the last\n\n    ticket: b\n", "    owner: b\n    approved-by:\n      - bob # b\n\n      # Why she.\n      - carol\n      - alice\n      # the last\n\n    ticket: b\n"},
		{"dashes under the key", "approved-by", "alice", "    approved-by:\n    - bob\n    ticket: b\n", "    approved-by:\n    - bob\n    - alice\n    ticket: b\n"},
		{"text with quotes", "approved-by", `a"b\c: d`, "    approved-by: [b]\n", "    approved-by: [b, 'a\"b\\c: d']\n"},
		{"text that another reader takes for something else", "approved-by", "yes", "    approved-by: [b]\n", "    approved-by: [b, \"yes\"]\n"},
		{"after a text that reaches to the left", "approved-by", "alice", "    owner: \"a\n  b\"\n", "    owner: \"a\n  b\"\n    approved-by: [alice]\n"},
		{"after a text that keeps its empty lines", "approved-by", "alice", "    justification: |+\n      # Why\n\n    ticket: b\n", "    justification: |+\n      # Why\n\n    approved-by: [alice]\n    ticket: b\n"},
		{"a first block of text", "signatures", armour, "    owner: b\n", "    owner: b\n    signatures:\n      - |\n        -----BEGIN SSH SIGNATURE-----\n        AAAA\n        -----END SSH SIGNATURE-----\n"},
		{
			"a second", "signatures", armour,
			"    signatures:\n      - |\n        # text\n        text\n    owner: b\n",
			"    signatures:\n      - |\n        # text\n        text\n      - |\n        -----BEGIN SSH SIGNATURE-----\n        AAAA\n        -----END SSH SIGNATURE-----\n    owner: b\n",
		},
		{
			"a block in the place of an empty list", "signatures", armour,
			"    signatures: []  # none\n    owner: b\n",
			"    signatures:  # none\n      - |\n        -----BEGIN SSH SIGNATURE-----\n        AAAA\n        -----END SSH SIGNATURE-----\n    owner: b\n",
		},
		{
			"a block in the place of an empty list over lines", "signatures", armour,
			"    signatures: [\n    ]\n",
			"    signatures:\n      - |\n        -----BEGIN SSH SIGNATURE-----\n        AAAA\n        -----END SSH SIGNATURE-----\n",
		},
		{"a block beside brackets", "signatures", armour, "    signatures: [a]\n", "    signatures:\n      - a\n      - |\n        -----BEGIN SSH SIGNATURE-----\n        AAAA\n        -----END SSH SIGNATURE-----\n"},
	} {
		for _, form := range []struct {
			name string
			of   func(string) string
		}{
			{"", func(s string) string { return s }},
			{", with line ends of Windows", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }},
			{", after a byte order mark", func(s string) string { return "\ufeff" + s }},
			{", at the end of the file", func(s string) string { s, _, _ = strings.Cut(s, "\n  # The last."); return s }},
			{", without a line end", func(s string) string {
				s, _, _ = strings.Cut(s, "\n\n  # The last.")
				return strings.TrimRight(s, "\n")
			}},
		} {
			t.Run(tt.name+form.name, func(t *testing.T) {
				got, err := policy.AppendToList("policy", []byte(form.of(around(tt.old))), "EXC-1", tt.key, tt.text)
				if err != nil {
					t.Fatal(err)
				}
				if form.name == ", without a line end" { // what is added has one
					got = bytes.TrimSuffix(got, []byte("\n"))
				}
				if diff := cmp.Diff(form.of(around(tt.new)), string(got)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestSetDateChangesNothingElse(t *testing.T) {
	for _, tt := range []struct{ name, old, new string }{
		{"a key that is not there", "    owner: b\n", "    owner: b\n    approved-on: 2026-11-23\n"},
		{"nothing", "    approved-on:      # when\n", "    approved-on: 2026-11-23 # when\n"},
		{"a null", "    approved-on: null\n", "    approved-on: 2026-11-23\n"},
		{"a day", "    approved-on: 2026-06-01\n", "    approved-on: 2026-11-23\n"},
		{"empty quotes and a comment in a column", "    owner: b                # who\n    \"approved-on\" : \"\"      # when\n", "    owner: b                # who\n    approved-on: 2026-11-23 # when\n"},
		{"a text on a line of its own", "    approved-on: >-\n      2026-06-01\n    # a comment\n    ticket: b\n", "    approved-on: 2026-11-23\n    # a comment\n    ticket: b\n"},
		{"a value below its key, and a comment between", "    approved-on:\n      # when\n      2026-06-01\n", "    # when\n    approved-on: 2026-11-23\n"},
		{"after a block of text", "    justification: |\n      # Why\n\n      text\n", "    justification: |\n      # Why\n\n      text\n    approved-on: 2026-11-23\n"},
		{"before a comment that is not of it", "    owner: b\n  # not of it\n", "    owner: b\n    approved-on: 2026-11-23\n  # not of it\n"},
		{"before the comment about the next key", "    owner: b\n\n    # when it ends\n    expires: 2027-05-01\n", "    owner: b\n    approved-on: 2026-11-23\n\n    # when it ends\n    expires: 2027-05-01\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := policy.SetDate("policy", []byte(around(tt.old)), "EXC-1", "approved-on", day(t, "2026-11-23"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(around(tt.new), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsEditedByHand(t *testing.T) {
	const other = "version: 1\nexceptions:\n  - id: EXC-2\n    entitlement: a\n    applies-to: {arch: arm64}\n"
	for _, tt := range []struct{ name, src, want string }{
		{"no such exception", other, `policy has no exception "EXC-1"`},
		{"no exceptions", "version: 1\n", `policy has no exception "EXC-1"`},
		{"no list of them", "version: 1\nexceptions: EXC-1\n", "policy:2:13: exceptions must be a list, not text"},
		{"an exception in braces", "version: 1\nexceptions: [{id: EXC-1, entitlement: a, applies-to: {arch: arm64}}]\n", `policy:2:14: exception "EXC-1" is written in braces`},
		{"no YAML", "version: 1\nexceptions: [\n", "policy:3:1: not valid YAML: did not find expected node content (while parsing a flow node)"},
		{"an anchor", around("    owner: &me b\n"), "policy:12:12: anchors are not supported"},
		{"a mapping", around("    approved-by: {a: b}\n"), "policy:12:18: approved-by must be one value or a list of them, not a mapping"},
		{"a key with a question mark", around("    ? approved-by\n    : [b]\n"), "policy:12:7: this cannot be changed without changing more than it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := policy.AppendToList("policy", []byte(tt.src), "EXC-1", "approved-by", "alice")
			if err == nil || err.Error() != tt.want || out != nil {
				t.Errorf("error %v, want %s\n%s", err, tt.want, out)
			}
		})
	}
}

// FuzzAppendToList holds an edited policy to being the one that it was, with an item
// more.
func FuzzAppendToList(f *testing.F) {
	f.Add([]byte(around("    approved-by: [bob, 'c']\n    signatures:\n      - |\n        text\n")))
	f.Add([]byte(everything))
	for _, file := range glob(f, "../testdata/policy/*.yml") {
		f.Add(read(f, file))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := policy.Parse("fuzz.yml", src)
		if err != nil {
			return
		}
		for i := range p.Exceptions {
			e := &p.Exceptions[i]
			for key, text := range map[string]string{"signatures": armour, "approved-by": "alice"} {
				out, err := policy.AppendToList("fuzz.yml", src, e.ID, key, text)
				if err != nil {
					continue
				}
				q, err := policy.Parse("fuzz.yml", out)
				if err != nil {
					continue // it has more items than are allowed
				}
				f := &q.Exceptions[i]
				was, is := e.Signatures, &f.Signatures
				if key == "approved-by" {
					was, is = e.ApprovedBy, &f.ApprovedBy
				}
				if diff := cmp.Diff(append(was[:len(was):len(was)], text), *is); diff != "" {
					t.Fatalf("%s of %s:\n%s", key, e.ID, diff)
				}
				*is = was
				if diff := cmp.Diff(p.Exceptions, q.Exceptions, cmp.Comparer(func(a, b policy.Date) bool { return a == b }),
					cmp.Comparer(func(a, b policy.Position) bool { return true }), cmp.Comparer(func(a, b map[string]policy.Position) bool { return true })); diff != "" {
					t.Fatalf("beside %s of %s:\n%s", key, e.ID, diff)
				}
			}
		}
	})
}
