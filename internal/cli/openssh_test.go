//go:build ssh

package cli_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/policy"
)

// What follows runs the real ssh-keygen, and needs the path of OpenSSH's security keys
// in software in SK_DUMMY; scripts/test-deps gets both.

// sshKeygen runs ssh-keygen in the current folder.
func sshKeygen(t *testing.T, stdin []byte, args ...string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ssh-keygen", args...)
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Env = append(os.Environ(), "SSH_SK_PROVIDER="+os.Getenv("SK_DUMMY"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Logf("ssh-keygen %s: %v\n%s(scripts/test-deps installs what is missing)", strings.Join(args, " "), err, out)
	}
	return err
}

// signable makes the current folder one with a policy, and with a key in id that may
// sign.
func signable(t *testing.T, flags string) {
	t.Helper()
	folder(t, toSign, "")
	if err := sshKeygen(t, nil, append([]string{"-q", "-N", "", "-f", "id"}, strings.Fields(flags)...)...); err != nil {
		t.FailNow()
	}
	put(t, "allowed_signers", append([]byte(`alice@acme.example namespaces="codewarrant.exception" `), get(t, "id.pub")...))
}

func mustApprove(t *testing.T, args ...string) string {
	t.Helper()
	status, stdout, stderr := codewarrant(nil, append([]string{"approve", "EXC-1"}, args...)...)
	if status != 0 {
		t.Fatalf("approve %v: status %d\n%s", args, status, stderr)
	}
	return stdout
}

func TestApproveTakesWhatSSHKeygenSigns(t *testing.T) {
	for _, flags := range []string{"-t ed25519", "-t ecdsa -b 384", "-t rsa -b 2048", "-t ed25519-sk", "-t ecdsa-sk"} {
		t.Run(flags, func(t *testing.T) {
			signable(t, flags)
			put(t, "text", []byte(mustApprove(t, "--dry-run")))
			if err := sshKeygen(t, nil, "-q", "-Y", "sign", "-n", approval.Namespace, "-f", "id", "text"); err != nil {
				t.FailNow()
			}
			mustApprove(t, "--signature", "text.sig")
			if status, stdout, stderr := codewarrant(nil, "approvals"); status != 0 || !strings.Contains(stdout, "signature 1 is by alice@acme.example") {
				t.Errorf("status %d\n%s%s", status, stdout, stderr)
			}
		})
	}
}

func TestSSHKeygenTakesWhatApproveSigns(t *testing.T) {
	for _, flags := range []string{"-t ed25519", "-t ecdsa -b 256", "-t ecdsa -b 521", "-t rsa -b 3072"} {
		t.Run(flags, func(t *testing.T) {
			signable(t, flags)
			mustApprove(t, "--key", "id")
			p, err := policy.Parse("codewarrant.yml", get(t, "codewarrant.yml"))
			if err != nil {
				t.Fatal(err)
			}
			e := &p.Exceptions[0]
			text, err := e.Canonical()
			if err != nil {
				t.Fatal(err)
			}
			put(t, "sig", []byte(e.Signatures[0]))
			verify := []string{"-Y", "verify", "-f", "allowed_signers", "-I", e.ApprovedBy[0], "-n", approval.Namespace, "-s", "sig"}
			if err := sshKeygen(t, text, verify...); err != nil {
				t.Error("ssh-keygen does not take the signature")
			}
			if err := sshKeygen(t, append(text, '\n'), verify...); err == nil {
				t.Error("ssh-keygen takes the signature for another text")
			}
		})
	}
}
