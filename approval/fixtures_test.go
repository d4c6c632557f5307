package approval_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/internal/sshsig"
	"github.com/codewarrant/codewarrant/policy"
)

// key returns the key of a name, always the same one.
func key(tb testing.TB, name string) ssh.Signer {
	tb.Helper()
	seed := sha256.Sum256([]byte(name))
	signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		tb.Fatal(err)
	}
	return signer
}

func fingerprint(tb testing.TB, name string) string {
	return ssh.FingerprintSHA256(key(tb, name).PublicKey())
}

// allow reads a file of allowed signers; KEY(name) stands for the key of a name.
func allow(tb testing.TB, lines ...string) sshsig.AllowedSigners {
	tb.Helper()
	for i, line := range lines {
		before, name, _ := strings.Cut(line, "KEY(")
		lines[i] = before + string(ssh.MarshalAuthorizedKey(key(tb, strings.TrimSuffix(name, ")")).PublicKey()))
	}
	signers, err := sshsig.ParseAllowedSigners("allowed_signers", []byte(strings.Join(lines, "")))
	if err != nil {
		tb.Fatal(err)
	}
	return signers
}

// demand is that so many of the signers have signed for acme/desktop.
func demand(needed int, signers sshsig.AllowedSigners) approval.Demand {
	p := &policy.Policy{ID: "acme/desktop", Approvals: policy.Approvals{Threshold: needed}}
	return approval.Demand{Policy: p, Signers: signers}
}

// exception is one that nobody has signed.
func exception(tb testing.TB) *policy.Exception {
	tb.Helper()
	p, err := policy.Parse("codewarrant.yml", []byte(`version: 1
policy-id: acme/desktop
exceptions:
  - id: EXC-1
    entitlement: com.apple.security.cs.allow-jit
    applies-to: {identifier: com.acme.app}
    approved-on: 2026-11-02
    expires: 2027-04-30
`))
	if err != nil {
		tb.Fatal(err)
	}
	return &p.Exceptions[0]
}

// sign adds the signatures of the keys to an exception, as it stands.
func sign(tb testing.TB, e *policy.Exception, names ...string) {
	tb.Helper()
	for _, name := range names {
		signFor(tb, e, name, approval.Namespace)
	}
}

func signFor(tb testing.TB, e *policy.Exception, name, namespace string) {
	tb.Helper()
	text, err := e.Canonical()
	if err != nil {
		tb.Fatal(err)
	}
	signature, err := sshsig.Sign(key(tb, name), text, namespace)
	if err != nil {
		tb.Fatal(err)
	}
	e.Signatures = append(e.Signatures, string(signature))
}
