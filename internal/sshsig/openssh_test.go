//go:build ssh

package sshsig

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
)

// What follows runs the real ssh-keygen, ssh-add and ssh-agent, and needs the path
// of OpenSSH's security keys in software in SK_DUMMY; scripts/test-deps gets all.

const principal = "alice@example.com"

// keygens are the keys that ssh-keygen makes without a security key.
var keygens = []struct{ name, flags string }{
	{"ed25519", "-t ed25519"},
	{"ecdsa256", "-t ecdsa -b 256"},
	{"ecdsa384", "-t ecdsa -b 384"},
	{"ecdsa521", "-t ecdsa -b 521"},
	{"rsa", "-t rsa -b 2048"},
}

// securityKeygens are those that it makes with one.
var securityKeygens = []struct{ name, flags string }{
	{"sk-ed25519", "-t ed25519-sk"},
	{"sk-ecdsa", "-t ecdsa-sk"},
}

// openSSH runs a program of OpenSSH in dir and returns what it prints.
func openSSH(t *testing.T, dir, stdin string, env []string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(append(os.Environ(), "SSH_SK_PROVIDER="+dummy(t), "TZ=Pacific/Kiritimati"), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatalf("%v (scripts/test-deps installs it)", err)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String(), err
}

func mustOpenSSH(t *testing.T, dir, stdin string, args ...string) string {
	t.Helper()
	out, err := openSSH(t, dir, stdin, nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func dummy(t *testing.T) string {
	t.Helper()
	path := os.Getenv("SK_DUMMY")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("SK_DUMMY: %v (scripts/test-deps prints what it has to be)", err)
	}
	return path
}

// keygen makes a key in a folder of its own, as id and id.pub.
func keygen(t *testing.T, passphrase string, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	mustOpenSSH(t, dir, "", append([]string{"ssh-keygen", "-q", "-N", passphrase, "-f", "id"}, flags...)...)
	return dir
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// allowID writes an allowed_signers file with the key of dir.
func allowID(t *testing.T, dir, fields string) AllowedSigners {
	t.Helper()
	write(t, dir, "allowed_signers", []byte(fields+" "+string(read(t, dir, "id.pub"))))
	return parse(t, "allowed_signers", read(t, dir, "allowed_signers"))
}

func fingerprint(t *testing.T, dir string) string {
	t.Helper()
	return strings.Fields(mustOpenSSH(t, dir, "", "ssh-keygen", "-l", "-f", "id.pub"))[1]
}

// sshVerify has ssh-keygen verify the file sig.
func sshVerify(t *testing.T, dir, message, namespace, who string, flags ...string) error {
	t.Helper()
	_, err := openSSH(t, dir, message, nil, append([]string{
		"ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", who, "-n", namespace, "-s", "sig",
	}, flags...)...)
	return err
}

func TestWhatSSHKeygenSignsVerifiesHere(t *testing.T) {
	for _, kind := range append(keygens, securityKeygens...) {
		for _, hash := range []string{"sha512", "sha256"} {
			t.Run(kind.name+" "+hash, func(t *testing.T) {
				dir := keygen(t, "", strings.Fields(kind.flags)...)
				signers := allowID(t, dir, principal)
				armored := []byte(mustOpenSSH(t, dir, "message", "ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-O", "hashalg="+hash, "-f", "id"))
				got, err := Verify(armored, []byte("message"), "file", signers, noon)
				if err != nil {
					t.Fatal(err)
				}
				want := Signer{KeyType: strings.Fields(string(read(t, dir, "id.pub")))[0], Fingerprint: fingerprint(t, dir), Entries: signers, Lines: signers}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
				if _, err := Verify(armored, []byte("massage"), "file", signers, noon); !errors.Is(err, ErrSignature) {
					t.Errorf("another message: error %v", err)
				}
				if _, err := Verify(armored, []byte("message"), "git", signers, noon); !errors.Is(err, ErrNamespace) {
					t.Errorf("another namespace: error %v", err)
				}
			})
		}
	}
}

func TestWhatIsSignedHereVerifiesThere(t *testing.T) {
	for _, kind := range keygens {
		t.Run(kind.name, func(t *testing.T) {
			dir := keygen(t, "", strings.Fields(kind.flags)...)
			allowID(t, dir, principal)
			key, err := ParsePrivateKey("id", read(t, dir, "id"))
			if err != nil {
				t.Fatal(err)
			}
			armored, err := Sign(key, []byte("message"), "file")
			if err != nil {
				t.Fatal(err)
			}
			write(t, dir, "sig", armored)
			if err := sshVerify(t, dir, "message", "file", principal); err != nil {
				t.Error(err)
			}
			if err := sshVerify(t, dir, "massage", "file", principal); err == nil {
				t.Error("another message verifies")
			}
			// These sign the same message in one way only.
			if strings.HasPrefix(kind.name, "ecdsa") {
				return
			}
			theirs := mustOpenSSH(t, dir, "message", "ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", "id")
			if diff := cmp.Diff(theirs, string(armored)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRSAWithSHA256VerifiesHereAndThere(t *testing.T) {
	dir := keygen(t, "", "-t", "rsa", "-b", "2048")
	signers := allowID(t, dir, principal)
	key, err := ParsePrivateKey("id", read(t, dir, "id"))
	if err != nil {
		t.Fatal(err)
	}
	for _, algorithm := range []string{ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSA} {
		t.Run(algorithm, func(t *testing.T) {
			s, err := key.(ssh.AlgorithmSigner).SignWithAlgorithm(rand.Reader, signedData("file", "sha256", []byte("message")), algorithm)
			if err != nil {
				t.Fatal(err)
			}
			armored := armor((&blob{key.PublicKey(), "file", "sha256", *s}).marshal())
			write(t, dir, "sig", armored)
			there := sshVerify(t, dir, "message", "file", principal)
			_, here := Verify(armored, []byte("message"), "file", signers, noon)
			if want := algorithm != ssh.KeyAlgoRSA; (there == nil) != want || (here == nil) != want {
				t.Errorf("here: %v, there: %v", here, there)
			}
		})
	}
}

func TestVerdictsAreThoseOfSSHKeygen(t *testing.T) {
	dir := keygen(t, "", "-t", "ed25519")
	write(t, dir, "sig", []byte(mustOpenSSH(t, dir, "message", "ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", "id")))
	at := func(s string) time.Time {
		parsed, err := time.Parse("20060102150405Z", s)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	const june = "20260601120000Z"
	for _, tt := range []struct {
		name, fields, who, at string
		want                  bool
	}{
		{"the principal", "alice@example.com", "alice@example.com", june, true},
		{"another", "alice@example.com", "bob@example.com", june, false},
		{"one of two", "alice@example.com,bob@example.com", "bob@example.com", june, true},
		{"a pattern", "*@example.co?", "bob@example.com", june, true},
		{"a pattern that is too short", "*@example.co", "bob@example.com", june, false},
		{"negated", "*@example.com,!bob@example.com", "bob@example.com", june, false},
		{"negated first", "!bob@example.com,*@example.com", "bob@example.com", june, false},
		{"somebody else is negated", "*@example.com,!bob@example.com", "alice@example.com", june, true},
		{"another case", "alice@example.com", "Alice@example.com", june, false},
		{"a name with a space", `"alice smith"`, "alice smith", june, true},
		{"the namespace", `alice namespaces="file"`, "alice", june, true},
		{"a pattern of namespaces", `alice namespaces="git,f*"`, "alice", june, true},
		{"another namespace", `alice namespaces="git"`, "alice", june, false},
		{"a negated namespace", `alice namespaces="*,!file"`, "alice", june, false},
		{"options in capitals", `alice NAMESPACES="file"`, "alice", june, true},
		{"an escaped quote", `alice namespaces="\"file\""`, "alice", june, false},
		{"two options", `alice namespaces="file",valid-after="20260101Z"`, "alice", june, true},
		{"valid after now", `alice valid-after="20260601120001Z"`, "alice", june, false},
		{"valid from now on", `alice valid-after="20260601120000Z"`, "alice", june, true},
		{"valid until now", `alice valid-before="20260601120000Z"`, "alice", june, true},
		{"valid until the second before", `alice valid-before="20260601115959Z"`, "alice", june, false},
		{"minutes, from then on", `alice valid-after="202606011201Z"`, "alice", june, false},
		{"minutes, until then", `alice valid-before="202606011200Z"`, "alice", june, true},
		{"a day in UTC, from its first second on", `alice valid-after="20260601Z"`, "alice", "20260601000000Z", true},
		{"a day in UTC, a second early", `alice valid-after="20260601Z"`, "alice", "20260531235959Z", false},
		{"a day in UTC, until its first second", `alice valid-before="20260601Z"`, "alice", "20260601000001Z", false},
		{"between", `alice valid-after="20260101Z",valid-before="20270101Z"`, "alice", june, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			signers := allowID(t, dir, tt.fields)
			who, err := Verify(read(t, dir, "sig"), []byte("message"), "file", signers, at(tt.at))
			if here := err == nil && who.Is(tt.who); here != tt.want {
				t.Errorf("here: %v, error %v", here, err)
			}
			if there := sshVerify(t, dir, "message", "file", tt.who, "-O", "verify-time="+tt.at); (there == nil) != tt.want {
				t.Errorf("there: %v", there)
			}
		})
	}
}

func TestPatternsThatAreRefusedMatchNobodyThere(t *testing.T) {
	dir := keygen(t, "", "-t", "ed25519")
	write(t, dir, "sig", []byte(mustOpenSSH(t, dir, "message", "ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", "id")))
	for _, list := range []string{"alice,!alice", "bob,!*", "alice,!a*", "*,!?*"} {
		t.Run(list, func(t *testing.T) {
			line := list + " " + string(read(t, dir, "id.pub"))
			if _, err := ParseAllowedSigners("f", []byte(line)); err == nil {
				t.Error("it is not refused")
			}
			write(t, dir, "allowed_signers", []byte(line))
			for _, who := range []string{"a", "alice", "bob"} {
				if err := sshVerify(t, dir, "message", "file", who); err == nil {
					t.Errorf("there it is %s's", who)
				}
			}
		})
	}
}

// A line for something else allows no signature there either, whoever the key is of.
func TestLinesThatDoNotAllowStillTellWhoseTheKeyIs(t *testing.T) {
	dir := keygen(t, "", "-t", "ed25519")
	write(t, dir, "sig", []byte(mustOpenSSH(t, dir, "message", "ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", "id")))
	public := string(read(t, dir, "id.pub"))
	write(t, dir, "allowed_signers", []byte(`alice namespaces="git" `+public+`release namespaces="file" `+public))
	signers := parse(t, "allowed_signers", read(t, dir, "allowed_signers"))
	who, err := Verify(read(t, dir, "sig"), []byte("message"), "file", signers, noon)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]Entry{signers[1:], signers}, [][]Entry{who.Entries, who.Lines}); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]bool{"alice": false, "release": true} {
		if there := sshVerify(t, dir, "message", "file", name); (there == nil) != want || who.Is(name) != want {
			t.Errorf("%s: here %v, there %v", name, who.Is(name), there)
		}
	}
}

func TestASecurityKeyHasToBeTouched(t *testing.T) {
	for _, kind := range securityKeygens {
		t.Run(kind.name, func(t *testing.T) {
			dir := keygen(t, "", append(strings.Fields(kind.flags), "-O", "no-touch-required")...)
			signers := allowID(t, dir, principal)
			armored := mustOpenSSH(t, dir, "message", "ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", "id")
			if _, err := Verify([]byte(armored), []byte("message"), "file", signers, noon); !errors.Is(err, ErrUntouched) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestPrivateKeysThatNeedTheAgent(t *testing.T) {
	for _, tt := range []struct{ name, passphrase, flags, want string }{
		{"a passphrase", "secret", "-t ed25519", "id: the private key is protected by a passphrase"},
		{"a passphrase, in the format of OpenSSL", "secret", "-t rsa -b 2048 -m PEM", "id: the private key is protected by a passphrase"},
		{"a security key", "", "-t ed25519-sk", "id: the private key is on a security key"},
		{"a security key and a passphrase", "secret", "-t ecdsa-sk", "id: the private key is on a security key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := keygen(t, tt.passphrase, strings.Fields(tt.flags)...)
			_, err := ParsePrivateKey("id", read(t, dir, "id"))
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

func TestSSHAgentSigns(t *testing.T) {
	dir, err := os.MkdirTemp("", "agent") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := startAgent(t, dir)
	// What ssh-add asks for the passphrase.
	write(t, dir, "askpass", []byte("#!/bin/sh\necho secret\n"))
	if err := os.Chmod(filepath.Join(dir, "askpass"), 0o700); err != nil {
		t.Fatal(err)
	}
	env := []string{"SSH_AUTH_SOCK=" + socket, "SSH_ASKPASS=" + filepath.Join(dir, "askpass"), "SSH_ASKPASS_REQUIRE=force"}
	for _, kind := range append(keygens, securityKeygens...) {
		t.Run(kind.name, func(t *testing.T) {
			dir := keygen(t, "secret", strings.Fields(kind.flags)...)
			if _, err := openSSH(t, dir, "", env, "ssh-add", "-q", "id"); err != nil {
				t.Fatal(err)
			}
			public, err := ParsePublicKey("id.pub", read(t, dir, "id.pub"))
			if err != nil {
				t.Fatal(err)
			}
			conn, err := net.Dial("unix", socket)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			key, err := AgentSigner(conn, "id.pub", public)
			if err != nil {
				t.Fatal(err)
			}
			armored, err := Sign(key, []byte("message"), "file")
			if err != nil {
				t.Fatal(err)
			}
			signers := allowID(t, dir, principal)
			if _, err := Verify(armored, []byte("message"), "file", signers, noon); err != nil {
				t.Error(err)
			}
			write(t, dir, "sig", armored)
			if err := sshVerify(t, dir, "message", "file", principal); err != nil {
				t.Error(err)
			}
		})
	}
}

// startAgent starts an ssh-agent that loads the security keys of SK_DUMMY, and
// ends it with the test.
func startAgent(t *testing.T, dir string) (socket string) {
	t.Helper()
	socket = filepath.Join(dir, "socket")
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "ssh-agent", "-D", "-a", socket, "-P", dummy(t))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v (scripts/test-deps installs it)", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // it is killed
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	for range 600 {
		if _, err := os.Stat(socket); err == nil {
			return socket
		}
		select {
		case <-done:
			t.Fatalf("ssh-agent ended: %s", &stderr)
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Fatal("ssh-agent has no socket after a minute")
	return ""
}
