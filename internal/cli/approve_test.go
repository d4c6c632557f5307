package cli_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/internal/cli"
	"github.com/codewarrant/codewarrant/internal/sshsig"
	"github.com/codewarrant/codewarrant/policy"
)

// toSign is a policy with an exception that one person has to sign.
const toSign = `version: 1
policy-id: acme/desktop
approvals: {accept: signed, allowed-signers: allowed_signers}
exceptions:
  - id: EXC-1
    entitlement: com.apple.security.cs.allow-jit
    applies-to: {identifier: com.acme.app}
    category: javascript-engine
    justification: V8 in the renderer compiles JavaScript; jitless mode costs 6x on our editor benchmark.
    owner: "@acme/desktop"
    expires: 2027-04-30
`

// codewarrant runs a command in the current folder.
func codewarrant(getenv map[string]string, args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = cli.Main(cli.Env{
		Args: args, Stdout: &out, Stderr: &err,
		Getenv: func(name string) string { return getenv[name] }, Now: func() time.Time { return today },
	})
	return status, out.String(), err.String()
}

// folder makes the current folder one with the policy and a file of allowed signers.
func folder(t *testing.T, policy, signers string) {
	t.Helper()
	t.Chdir(t.TempDir())
	put(t, "codewarrant.yml", []byte(policy))
	put(t, "allowed_signers", []byte(signers))
}

func put(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// newKey writes a key, protected if there is a passphrase, and returns it with the text
// of its public half.
func newKey(t *testing.T, name, passphrase string) (ed25519.PrivateKey, string) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	public, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	put(t, name, pem.EncodeToMemory(block))
	put(t, name+".pub", ssh.MarshalAuthorizedKey(public))
	return key, string(ssh.MarshalAuthorizedKey(public))
}

func TestApproveThroughAnAgent(t *testing.T) {
	folder(t, toSign, "")
	key, public := newKey(t, "id", "secret")
	put(t, "allowed_signers", []byte("alice@acme.example "+public))
	keyring := agent.NewKeyring()
	env := map[string]string{"SSH_AUTH_SOCK": serve(t, keyring)}

	status, _, stderr := codewarrant(env, "approve", "EXC-1", "--key", "id")
	if want := "codewarrant: id: the private key is protected by a passphrase\nhint: ssh-add it, and sign through ssh-agent with the public key\n"; status != 2 || stderr != want {
		t.Errorf("with a key that is protected: status %d\n%s", status, stderr)
	}
	status, _, stderr = codewarrant(env, "approve", "EXC-1", "--agent", "id.pub")
	if want := "codewarrant: id.pub: ssh-agent does not have this key; it has 0 others\nhint: ssh-add the private key, or unlock the agent\n"; status != 2 || stderr != want {
		t.Errorf("with an agent that has no keys: status %d\n%s", status, stderr)
	}
	if err := keyring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := codewarrant(env, "approve", "EXC-1", "--agent", "id.pub"); status != 0 {
		t.Fatalf("status %d\n%s", status, stderr)
	}
	if status, stdout, _ := codewarrant(nil, "approvals"); status != 0 || !strings.Contains(stdout, "signature 1 is by alice@acme.example") {
		t.Errorf("status %d\n%s", status, stdout)
	}
}

// slow is an agent that takes so long that something else happens before it has signed.
type slow struct {
	agent.Agent
	meanwhile func()
}

func (s slow) SignWithFlags(key ssh.PublicKey, data []byte, flags agent.SignatureFlags) (*ssh.Signature, error) {
	s.meanwhile()
	return s.Agent.(agent.ExtendedAgent).SignWithFlags(key, data, flags)
}

func (s slow) Extension(string, []byte) ([]byte, error) { return nil, agent.ErrExtensionUnsupported }

func TestApproveLosesNoEditThatIsMadeWhileItSigns(t *testing.T) {
	folder(t, toSign, "")
	key, public := newKey(t, "id", "")
	put(t, "allowed_signers", []byte("alice@acme.example "+public))
	keyring := agent.NewKeyring()
	if err := keyring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	edited := toSign + "# Looked at on Monday.\n"
	env := map[string]string{"SSH_AUTH_SOCK": serve(t, slow{keyring, func() { put(t, "codewarrant.yml", []byte(edited)) }})}
	status, stdout, stderr := codewarrant(env, "approve", "EXC-1", "--agent", "id.pub")
	want := "codewarrant: codewarrant.yml was changed since it was read; it is left as it is now\nhint: run the command again\n"
	if status != 2 || stdout != "" || stderr != want {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	if diff := cmp.Diff(edited, string(get(t, "codewarrant.yml"))); diff != "" {
		t.Error(diff)
	}
	if status, _, stderr := codewarrant(env, "approve", "EXC-1", "--agent", "id.pub"); status != 0 {
		t.Errorf("once more: status %d\n%s", status, stderr)
	}
}

// Whoever approves at the same time is in the file at the end, or is told.
func TestApproveLosesNoSignatureOfAnother(t *testing.T) {
	folder(t, toSign, "")
	var lines []byte
	const people = 8
	for i := range people {
		_, public := newKey(t, fmt.Sprint(i), "")
		lines = fmt.Appendf(lines, "p%d %s", i, public)
	}
	put(t, "allowed_signers", lines)
	var wg sync.WaitGroup
	var signed atomic.Int32
	for i := range people {
		wg.Go(func() {
			switch status, _, stderr := codewarrant(nil, "approve", "EXC-1", "--key", fmt.Sprint(i)); {
			case status == 0:
				signed.Add(1)
			case !strings.Contains(stderr, "was changed since it was read"):
				t.Errorf("status %d\n%s", status, stderr)
			}
		})
	}
	wg.Wait()
	p, err := policy.Parse("codewarrant.yml", get(t, "codewarrant.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if e := p.Exceptions[0]; len(e.Signatures) != int(signed.Load()) || len(e.ApprovedBy) != len(e.Signatures) || len(e.Signatures) == 0 {
		t.Errorf("%d have signed, and the file has %d signatures, by %v", signed.Load(), len(e.Signatures), e.ApprovedBy)
	}
}

// A signature that was made elsewhere may have come by mail.
func TestApproveTakesASignatureWithEmptyLinesBehindIt(t *testing.T) {
	const hint = "hint: a signature is the whole file that ssh-keygen -Y sign writes, with its lines as they are\n"
	for _, tt := range []struct {
		name   string
		change func(string) string
		want   string // standard error; empty: it is taken
	}{
		{"as it is", func(s string) string { return s }, ""},
		{"without a line feed at its end", func(s string) string { return strings.TrimSuffix(s, "\n") }, ""},
		{"with empty lines", func(s string) string { return s + "\n\n" }, ""},
		{
			"with lines of Windows", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
			"codewarrant: the signature does not count: signature 1 cannot be read: it has carriage returns, as at the ends of lines on Windows\n" + hint,
		},
		{
			"with a line before it", func(s string) string { return "Here it is:\n" + s },
			"codewarrant: the signature does not count: signature 1 cannot be read: it does not begin with a line -----BEGIN SSH SIGNATURE-----\n" + hint,
		},
		{
			"without anything", func(string) string { return "" },
			"codewarrant: the signature does not count: signature 1 cannot be read: it does not begin with a line -----BEGIN SSH SIGNATURE-----\n" + hint,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			folder(t, toSign, "")
			key, public := newKey(t, "id", "")
			put(t, "allowed_signers", []byte("alice@acme.example "+public))
			_, text, _ := codewarrant(nil, "approve", "EXC-1", "--dry-run")
			signer, err := ssh.NewSignerFromKey(key)
			if err != nil {
				t.Fatal(err)
			}
			signature, err := sshsig.Sign(signer, []byte(text), approval.Namespace)
			if err != nil {
				t.Fatal(err)
			}
			put(t, "text.sig", []byte(tt.change(string(signature))))
			status, _, stderr := codewarrant(nil, "approve", "EXC-1", "--signature", "text.sig")
			if diff := cmp.Diff(tt.want, stderr); diff != "" || (status == 0) != (tt.want == "") {
				t.Errorf("status %d, standard error (-want +got):\n%s", status, diff)
			}
			if tt.want != "" {
				return
			}
			p, err := policy.Parse("codewarrant.yml", get(t, "codewarrant.yml"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{string(signature)}, p.Exceptions[0].Signatures); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The name that is written has to be of a line that allows the key.
func TestApproveTakesNoNameOfALineForSomethingElse(t *testing.T) {
	folder(t, toSign, "")
	_, public := newKey(t, "id", "")
	put(t, "allowed_signers", []byte("alice@acme.example "+public+`boss@acme.example namespaces="git" `+public))
	status, _, stderr := codewarrant(nil, "approve", "EXC-1", "--key", "id", "--principal", "boss@acme.example")
	if status != 2 || !strings.Contains(stderr, `is not allowed for "boss@acme.example"`) {
		t.Errorf("status %d\n%s", status, stderr)
	}
	status, stdout, stderr := codewarrant(nil, "approve", "EXC-1", "--key", "id")
	if status != 0 || !strings.Contains(stdout, "EXC-1 is signed by alice@acme.example with") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
}

// Of several exceptions none is signed where one cannot be.
func TestApproveSignsAllOrNone(t *testing.T) {
	second := strings.NewReplacer("EXC-1", "EXC-2", "com.acme.app", "com.acme.helper").Replace(toSign[strings.Index(toSign, "  - id"):])
	both := toSign + second
	folder(t, both, "")
	_, public := newKey(t, "id", "")
	put(t, "allowed_signers", []byte("alice@acme.example "+public))
	if status, _, stderr := codewarrant(nil, "approve", "EXC-2", "--key", "id"); status != 0 {
		t.Fatalf("status %d\n%s", status, stderr)
	}
	signed := string(get(t, "codewarrant.yml"))
	for _, ids := range [][]string{{"EXC-1", "EXC-2"}, {"EXC-1", "EXC-1"}} {
		status, stdout, stderr := codewarrant(nil, append([]string{"approve", "--key", "id"}, ids...)...)
		want := ids[1] + " is not signed, and so none is: the signature does not count: "
		if status != 2 || stdout != "" || !strings.Contains(stderr, want) || !strings.Contains(stderr, "hint: somebody else has to sign") {
			t.Errorf("%v: status %d\n%s%s", ids, status, stdout, stderr)
		}
		if diff := cmp.Diff(signed, string(get(t, "codewarrant.yml"))); diff != "" {
			t.Errorf("%v: (-want +got):\n%s", ids, diff)
		}
	}
	put(t, "codewarrant.yml", []byte(both))
	if status, stdout, stderr := codewarrant(nil, "approve", "EXC-1", "EXC-2", "--key", "id"); status != 0 || strings.Count(stdout, "is signed by alice@acme.example") != 2 {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	if status, stdout, _ := codewarrant(nil, "approvals"); status != 0 || strings.Count(stdout, "signature 1 is by alice@acme.example") != 2 {
		t.Errorf("status %d\n%s", status, stdout)
	}
}

// serve plays ssh-agent on a socket for the length of the test.
func serve(t *testing.T, a agent.Agent) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "agent") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = agent.ServeAgent(a, conn) // it ends with the connection
			conn.Close()
		}
	}()
	return l.Addr().String()
}

func TestApproveWritesNothingWhereItFails(t *testing.T) {
	for _, tt := range []struct {
		name        string
		old, change string // of the policy
		args        string
		want        string
	}{
		{"no agent", "", "", "--agent id.pub", "codewarrant: --agent: SSH_AUTH_SOCK is not set, so that no ssh-agent is known\nhint: start ssh-agent, and ssh-add the key\n"},
		{"no public key for the agent", "", "", "--agent id", "codewarrant: id: not a public key\nhint: it is the file whose name ends in .pub: one line of type, key and comment\n"},
		{"no private key", "", "", "--key id.pub", "codewarrant: id.pub: private key: no key found\n"},
		{"no file", "", "", "--key nothing", "codewarrant: --key: stat nothing: no such file or directory\n"},
		{"two ways at once", "", "", "--key id --dry-run", "codewarrant: give only one of --key, --agent, --signature and --dry-run\nhint: --key file: file of the private key to sign with; --agent file: file of the public key with which ssh-agent is to sign; --signature file: file of a signature that was made elsewhere; --dry-run: print what is to be signed, and change nothing\n"},
		{
			"an exception in braces", toSign[strings.Index(toSign, "  - id:"):], "  - {id: EXC-1, entitlement: a, applies-to: {arch: arm64}, category: other, owner: b, expires: 2027-04-30,\n     justification: \"V8 in the renderer compiles JavaScript; jitless mode costs 6x.\"}\n", "--key id",
			"codewarrant.yml:5:3: exception \"EXC-1\" is written in braces\n    5 |   - {id: EXC-1, entitlement: a, applies-to: {arch: arm64}, category: other, owner: b, expires: 2…\n      |   ^\nhint: give it a line for each key, as codewarrant policy fmt does\n",
		},
		{
			"one that ran out", "    expires: 2027-04-30\n", "    approved-on: 2026-04-30\n    expires: 2026-10-31\n", "--key id",
			"codewarrant.yml:12:5: exception \"EXC-1\": expired after 2026-10-31\n   12 |     expires: 2026-10-31\n      |     ^\nhint: an exception is approved when there is nothing wrong with it\n",
		},
		{
			"one that is approved on a later day", "    expires: 2027-04-30\n", "    approved-on: 2026-11-24\n    expires: 2027-04-30\n", "--key id",
			"codewarrant.yml:11:5: exception \"EXC-1\": approved-on is 2026-11-24: not approved yet on 2026-11-23\n   11 |     approved-on: 2026-11-24\n      |     ^\nhint: an exception is approved when there is nothing wrong with it\n",
		},
		{
			"an approver who is not named yet", "    expires: 2027-04-30\n", "    approved-by: TODO\n    expires: 2027-04-30\n", "--key id",
			"codewarrant.yml:11:5: exception \"EXC-1\": approved-by is missing\n   11 |     approved-by: [TODO, alice@acme.example]\n      |     ^\nhint: an exception is approved when there is nothing wrong with it\n",
		},
		{
			"one that ran out and has no day of approval yet", "    expires: 2027-04-30\n", "    expires: 2026-10-31\n", "--key id",
			"codewarrant.yml:11:5: exception \"EXC-1\": expires is 2026-10-31, before approved-on, 2026-11-23\n   11 |     expires: 2026-10-31\n      |     ^\n\ncodewarrant.yml:11:5: exception \"EXC-1\": expired after 2026-10-31\n   11 |     expires: 2026-10-31\n      |     ^\nhint: an exception is approved when there is nothing wrong with it\n",
		},
		{
			"allowed signers behind a link", "allowed-signers: allowed_signers", "allowed-signers: link", "--key id",
			"codewarrant: codewarrant.yml:3:29: allowed signers: link: link is a link\nhint: approvals.allowed-signers names the file, relative to the policy\n",
		},
		{
			"allowed signers in a folder that leads out", "allowed-signers: allowed_signers", "allowed-signers: out/allowed_signers", "--key id",
			"codewarrant: codewarrant.yml:3:29: allowed signers: out/allowed_signers: out is a link\nhint: approvals.allowed-signers names the file, relative to the policy\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := toSign
			if tt.old != "" {
				src = strings.Replace(src, tt.old, tt.change, 1)
			}
			folder(t, src, "")
			_, public := newKey(t, "id", "")
			put(t, "allowed_signers", []byte("alice@acme.example "+public))
			for name, target := range map[string]string{"link": "allowed_signers", "out": t.TempDir()} {
				if err := os.Symlink(target, name); err != nil {
					t.Fatal(err)
				}
			}
			status, stdout, stderr := codewarrant(nil, append([]string{"approve", "EXC-1"}, strings.Fields(tt.args)...)...)
			if diff := cmp.Diff(tt.want, stderr); diff != "" || status != 2 || stdout != "" {
				t.Errorf("status %d, standard output %q, standard error (-want +got):\n%s", status, stdout, diff)
			}
			if diff := cmp.Diff(src, string(get(t, "codewarrant.yml"))); diff != "" {
				t.Errorf("the policy has changed:\n%s", diff)
			}
		})
	}
}

// What is written is what was signed, and the file otherwise as it was.
func TestApproveKeepsTheFile(t *testing.T) {
	folder(t, strings.ReplaceAll("\ufeff# Ours, é.\n"+toSign, "\n", "\r\n"), "")
	_, public := newKey(t, "id", "")
	put(t, "allowed_signers", []byte(`"alice smith" `+public))
	if status, _, stderr := codewarrant(nil, "approve", "EXC-1", "--key", "id", "--policy", "./codewarrant.yml"); status != 0 {
		t.Fatalf("status %d\n%s", status, stderr)
	}
	got := string(get(t, "codewarrant.yml"))
	p, err := policy.Parse("codewarrant.yml", []byte(got))
	if err != nil {
		t.Fatal(err)
	}
	before, last, _ := strings.Cut(toSign, "    expires:")
	want := "\ufeff# Ours, é.\n" + before + "    approved-by: [alice smith]\n    approved-on: 2026-11-23\n    expires:" + last + "    signatures:\n      - |\n"
	for line := range strings.Lines(p.Exceptions[0].Signatures[0]) {
		want += "        " + line
	}
	if diff := cmp.Diff(strings.ReplaceAll(want, "\n", "\r\n"), got); diff != "" {
		t.Error(diff)
	}
}
