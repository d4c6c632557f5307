package report

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

// signedPolicy is a policy with an exception in each state, and what its signatures
// come to.
func signedPolicy(t *testing.T) (*policy.Policy, []approval.Status) {
	t.Helper()
	p, err := policy.Parse("codewarrant.yml", []byte(`version: 1
policy-id: acme/desktop
approvals: {accept: [signed, review], allowed-signers: allowed_signers, threshold: 2, review-teams: acme/product-security}
exceptions:
  - id: EXC-2026-014
    entitlement: com.apple.security.cs.allow-jit
    applies-to: {identifier: com.acme.app}
    approved-by: [alice@acme.example, bob@acme.example]
    approved-on: 2026-11-02
    expires: 2027-04-30
  - {id: EXC-2026-015, entitlement: com.apple.security.cs.disable-library-validation, applies-to: {identifier: com.acme.app}}
  - {id: EXC-2026-016, entitlement: "::warning::", applies-to: {identifier: com.acme.app}, approved-by: "##[error]x"}
`))
	if err != nil {
		t.Fatal(err)
	}
	key := func(c string) string { return "SHA256:" + strings.Repeat(c, 43) }
	return p, []approval.Status{
		{Needed: 2, Signers: []string{"alice@acme.example", "bob@acme.example"}, Signatures: []approval.Signature{
			{Principals: "alice@acme.example", KeyType: "ssh-ed25519", Fingerprint: key("a")},
			{Principals: "bob@acme.example", KeyType: "sk-ssh-ed25519@openssh.com", Fingerprint: key("b")},
		}},
		{Needed: 2, Err: policy.ErrNoPolicyID, Hint: "write one, such as \u202e"},
		{Needed: 2, Signers: []string{"*\u202e"}, Signatures: []approval.Signature{
			{Principals: "*\u202e", KeyType: "ssh-rsa", Fingerprint: key("c")},
			{Principals: "alice@acme.example", KeyType: "ssh-ed25519", Fingerprint: key("a"), Problem: approval.SamePerson, Detail: "may be by the person who made signature 1: alice@acme.example"},
			{Problem: approval.Malformed, Detail: "cannot be read: it does not begin with a line -----BEGIN SSH SIGNATURE-----"},
			{KeyType: "ssh-rsa", Fingerprint: key("d"), Problem: approval.UnknownKey, Detail: "is by a key that may not sign: no line of the allowed signers has ssh-rsa " + key("d")},
		}},
	}
}

func TestApprovalsGolden(t *testing.T) {
	p, statuses := signedPolicy(t)
	var text, js bytes.Buffer
	if err := ApprovalsText(&text, p, statuses); err != nil {
		t.Fatal(err)
	}
	golden(t, "approvals.txt", text.Bytes())
	for l := range strings.SplitSeq(text.String(), "\n") {
		if sanitise.Text(l) != l {
			t.Errorf("the line %q hides something", l)
		}
	}
	if err := ApprovalsJSON(&js, p, statuses, "1.0.0"); err != nil {
		t.Fatal(err)
	}
	golden(t, "approvals.json", js.Bytes())
}

func TestApprovalsWithoutSignatures(t *testing.T) {
	p, _ := signedPolicy(t)
	p.Approvals.Accept, p.Approvals.ReviewTeams, p.Exceptions = []policy.Way{policy.Fields}, nil, p.Exceptions[:1]
	var text bytes.Buffer
	if err := ApprovalsText(&text, p, nil); err != nil {
		t.Fatal(err)
	}
	want := "codewarrant.yml: accepts fields\n\nEXC-2026-014  com.apple.security.cs.allow-jit\n" +
		"  says approved by alice@acme.example, bob@acme.example, on 2026-11-02, until 2027-04-30\n\ncodewarrant.yml: exceptions 1\n"
	if text.String() != want {
		t.Errorf("text is\n%s", &text)
	}
}

func TestApprovalsAreWhatTheirSchemaSays(t *testing.T) {
	const file = "../schema/approvals.v1.schema.json"
	p, statuses := signedPolicy(t)
	var written []any
	for _, statuses := range [][]approval.Status{nil, statuses} {
		written = append(written, asValue(t, func(w io.Writer) error { return ApprovalsJSON(w, p, statuses, "1.0.0") }))
	}
	holds(t, file, written...)
	walk(readJSON(t, file), func(o map[string]any) {
		if problems, ok := o["enum"].([]any); ok && slices.Contains(problems, any("malformed")) && len(problems) != len(approval.Problems()) {
			t.Errorf("the schema has the problems %v, there are %v", problems, approval.Problems())
		}
	})
}

func TestApprovalsReturnTheErrorOfTheirWriter(t *testing.T) {
	p, statuses := signedPolicy(t)
	r, w := io.Pipe()
	r.Close()
	if err := ApprovalsText(w, p, statuses); err != io.ErrClosedPipe {
		t.Errorf("ApprovalsText = %v, want %v", err, io.ErrClosedPipe)
	}
	if err := ApprovalsJSON(w, p, statuses, ""); err != io.ErrClosedPipe {
		t.Errorf("ApprovalsJSON = %v, want %v", err, io.ErrClosedPipe)
	}
}
