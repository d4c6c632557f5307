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
		{"a list that is not there", "approved-by", "alice", "", "    approved-by:\n      - \"alice\"\n"},
		{"an empty list", "approved-by", "alice", "    approved-by: []      # who\n", "    approved-by: [\"alice\"]      # who\n"},
		{"nothing", "approved-by", "alice", "    approved-by:  # who\n    owner: b\n", "    approved-by: [\"alice\"]  # who\n    owner: b\n"},
		{"a null", "approved-by", "alice", "    approved-by: ~ # who\n", "    approved-by: [\"alice\"] # who\n"},
		{"empty quotes", "approved-by", "alice", "    approved-by: ''\n", "    approved-by: [\"alice\"]\n"},
		{"a list in brackets", "approved-by", "alice", "    approved-by: [\"@acme/x\", b'b] # who\n", "    approved-by: [\"@acme/x\", b'b, \"alice\"] # who\n"},
		{"brackets with brackets in quotes", "approved-by", "alice", "    approved-by: [\"a]\\\"]\", 'b]''', c]\n", "    approved-by: [\"a]\\\"]\", 'b]''', c, \"alice\"]\n"},
		{"brackets over several lines", "approved-by", "alice", "    approved-by: [\n      a, # the ] first\n      b,\n    ]\n", "    approved-by: [\n      a, # the ] first\n      b,\n     \"alice\"]\n"},
		{"a single value", "approved-by", "alice", "    approved-by: bob\n", "    approved-by: [bob, \"alice\"]\n"},
		{"a single value in quotes", "approved-by", "alice", "    approved-by: \"@acme/\\\"x\" # who\n", "    approved-by: [\"@acme/\\\"x\", \"alice\"] # who\n"},
		{"a list with a line for each", "approved-by", "alice", "    approved-by:\n      - bob # b\n\n      # Why she.\n      - carol\n\n    owner: b\n", "    approved-by:\n      - bob # b\n\n      # Why she.\n      - carol\n      - \"alice\"\n\n    owner: b\n"},
		{"dashes under the key", "approved-by", "alice", "    approved-by:\n    - bob\n    owner: b\n", "    approved-by:\n    - bob\n    - \"alice\"\n    owner: b\n"},
		{"text with quotes", "approved-by", `a"b\c`, "    approved-by: [b]\n", "    approved-by: [b, \"a\\\"b\\\\c\"]\n"},
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
		{"a block in brackets", "signatures", armour, "    signatures: [a]\n", "    signatures: [a, \"-----BEGIN SSH SIGNATURE-----\\nAAAA\\n-----END SSH SIGNATURE-----\\n\"]\n"},
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
				got, err := policy.AppendToList([]byte(form.of(around(tt.old))), "EXC-1", tt.key, tt.text)
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

func TestSetFieldChangesNothingElse(t *testing.T) {
	for _, tt := range []struct{ name, old, new string }{
		{"a key that is not there", "    owner: b\n", "    owner: b\n    approved-on: 2026-11-23\n"},
		{"nothing", "    approved-on:      # when\n", "    approved-on: 2026-11-23      # when\n"},
		{"a null", "    approved-on: null\n", "    approved-on: 2026-11-23\n"},
		{"empty quotes", "    \"approved-on\" : \"\"      # when\n    owner: b\n", "    \"approved-on\" : 2026-11-23      # when\n    owner: b\n"},
		{"after a block of text", "    justification: |\n      # Why\n\n      text\n", "    justification: |\n      # Why\n\n      text\n    approved-on: 2026-11-23\n"},
		{"before a comment that is not of it", "    owner: b\n  # not of it\n", "    owner: b\n    approved-on: 2026-11-23\n  # not of it\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := policy.SetField([]byte(around(tt.old)), "EXC-1", "approved-on", "2026-11-23")
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
	for _, tt := range []struct{ name, src, want string }{
		{"no such exception", "version: 1\nexceptions:\n  - id: EXC-2\n", `there is no exception "EXC-1"`},
		{"no exceptions", "version: 1\n", `there is no exception "EXC-1"`},
		{"no list of them", "exceptions: EXC-1\n", `there is no exception "EXC-1"`},
		{"an exception in braces", "exceptions: [{id: EXC-1}]\n", `exception "EXC-1" is written in braces and has to be edited by hand, or written with a line for each key`},
		{"no YAML", "exceptions: [\n", "policy:2:1: not valid YAML: did not find expected node content (while parsing a flow node)"},
		{"a value of several lines", around("    approved-by: >-\n      bob\n"), `approved-by of exception "EXC-1" cannot be edited, do it by hand: the value on line 12 has several lines`},
		{"a plain value of several lines", around("    approved-by: bob\n      smith\n"), `approved-by of exception "EXC-1" cannot be edited, do it by hand: the value on line 12 has several lines`},
		{"a mapping", around("    approved-by: {a: b}\n"), `approved-by of exception "EXC-1" cannot be edited, do it by hand: on line 12 there is no list`},
		{"a text that reaches to the left", around("    owner: \"a\n  b\"\n"), `approved-by of exception "EXC-1" cannot be edited, do it by hand: it is written in a way that is not understood`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := policy.AppendToList([]byte(tt.src), "EXC-1", "approved-by", "alice")
			if err == nil || err.Error() != tt.want || out != nil {
				t.Errorf("error %v, want %s\n%s", err, tt.want, out)
			}
		})
	}
	_, err := policy.SetField([]byte(around("    approved-on: 2026-11-02\n")), "EXC-1", "approved-on", "2026-11-23")
	if want := `approved-on of exception "EXC-1" cannot be edited, do it by hand: it has a value`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
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
				out, err := policy.AppendToList(src, e.ID, key, text)
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
