package sshsig

import (
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

var kinds = []string{"ed25519", "ecdsa256", "ecdsa384", "ecdsa521", "rsa"}

func TestWhatIsSignedVerifies(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			key := signer(t, kind)
			signers := allow(t, "alice@example.com", key)
			armored, err := Sign(key, []byte("message"), "file")
			if err != nil {
				t.Fatal(err)
			}
			who, err := Verify(armored, []byte("message"), "file", signers, noon)
			want := Signer{
				KeyType: key.PublicKey().Type(), Fingerprint: ssh.FingerprintSHA256(key.PublicKey()), Entries: signers, Lines: signers,
			}
			if diff := cmp.Diff(want, who); err != nil || diff != "" {
				t.Errorf("error %v, %s", err, diff)
			}
			if _, err := Verify(armored, []byte("Message"), "file", signers, noon); !errors.Is(err, ErrSignature) {
				t.Errorf("another message: error %v", err)
			}
			if _, err := Verify(armored, []byte("message"), "git", signers, noon); !errors.Is(err, ErrNamespace) {
				t.Errorf("another namespace: error %v", err)
			}
		})
	}
}

func TestSHA256IsGoodEnoughForRSA(t *testing.T) {
	key := signer(t, "rsa").(ssh.AlgorithmSigner)
	s, err := key.SignWithAlgorithm(rand.Reader, signedData("file", "sha256", []byte("message")), ssh.KeyAlgoRSASHA256)
	if err != nil {
		t.Fatal(err)
	}
	armored := armor((&blob{key.PublicKey(), "file", "sha256", *s}).marshal())
	if _, err := Verify(armored, []byte("message"), "file", allow(t, "alice", key), noon); err != nil {
		t.Error(err)
	}
}

func TestTwoLinesAllowTheirPrincipals(t *testing.T) {
	key := signer(t, "ed25519")
	signers := parse(t, "f", []byte(
		"*@example.com,!mallory@example.com "+publicText(key)+
			`mallory@example.com namespaces="git" `+publicText(key)+
			`bob@example.org valid-before="20200101" `+publicText(key)+
			`carol@example.org namespaces="file" `+publicText(key)))
	armored, err := Sign(key, []byte("message"), "file")
	if err != nil {
		t.Fatal(err)
	}
	who, err := Verify(armored, []byte("message"), "file", signers, noon)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Entry{signers[0], signers[3]}, who.Entries); diff != "" {
		t.Error(diff)
	}
	got := map[string]bool{}
	for _, name := range []string{"alice@example.com", "mallory@example.com", "bob@example.org", "carol@example.org", ""} {
		got[name] = who.Is(name)
	}
	want := map[string]bool{
		"alice@example.com": true, "mallory@example.com": false, "bob@example.org": false, "carol@example.org": true, "": false,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// legacy signs with SHA-1, as an agent does that knows no flags.
type legacy struct{ ssh.AlgorithmSigner }

func (l legacy) SignWithAlgorithm(random io.Reader, data []byte, _ string) (*ssh.Signature, error) {
	return l.AlgorithmSigner.SignWithAlgorithm(random, data, ssh.KeyAlgoRSA)
}

// careless signs something else.
type careless struct{ ssh.Signer }

func (c careless) Sign(random io.Reader, _ []byte) (*ssh.Signature, error) {
	return c.Signer.Sign(random, []byte("something else"))
}

// plain cannot be asked for an algorithm.
type plain struct{ ssh.Signer }

func TestWhatIsNotSigned(t *testing.T) {
	ed, rsa := signer(t, "ed25519"), signer(t, "rsa")
	for _, tt := range []struct {
		name      string
		signer    ssh.Signer
		namespace string
		want      string // in the error
	}{
		{"without a namespace", ed, "", "the namespace is empty"},
		{"for a namespace that does not show", ed, "file\x00", `namespace "file\x00" has characters that do not show`},
		{"for a namespace that is not UTF-8", ed, "\xff", `namespace "\xff" has characters that do not show`},
		{"for a namespace that is longer than any signature", ed, strings.Repeat("a", MaxSize), "22446 bytes, 16384 are the most"},
		{"with a small RSA key", signer(t, "small rsa"), "file", "RSA key of 1024 bits, 2048 are the least"},
		{"by an agent that knows SHA-1 alone", legacy{rsa.(ssh.AlgorithmSigner)}, "file", `does not verify: malformed SSH signature: signature algorithm "ssh-rsa"`},
		{"by an agent that cannot be asked for SHA-512", plain{rsa}, "file", "it cannot be asked for rsa-sha2-512"},
		{"by an agent that signs something else", careless{ed}, "file", "does not verify: wrong signature"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Sign(tt.signer, []byte("message"), tt.namespace)
			if err == nil || got != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s, error %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestParsePrivateKey(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			private, want := key(t, kind)
			block, err := ssh.MarshalPrivateKey(private, "comment")
			if err != nil {
				t.Fatal(err)
			}
			got, err := ParsePrivateKey("id", pem.EncodeToMemory(block))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(publicText(want), publicText(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPrivateKeysThatDoNotSign(t *testing.T) {
	const through = "ssh-add it, and sign through ssh-agent with the public key"
	private, _ := key(t, "ed25519")
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	small, _ := key(t, "small rsa")
	weak, err := ssh.MarshalPrivateKey(small, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		src  []byte
		want KeyError
	}{
		{"a passphrase", pem.EncodeToMemory(locked), KeyError{"id", "the private key is protected by a passphrase", through}},
		{"a security key", securityKeyFile(ssh.KeyAlgoSKED25519), KeyError{"id", "the private key is on a security key", through}},
		{"another security key", securityKeyFile(ssh.KeyAlgoSKECDSA256), KeyError{"id", "the private key is on a security key", through}},
		{"a small RSA key", pem.EncodeToMemory(weak), KeyError{"id", "RSA key of 1024 bits, 2048 are the least", ""}},
		{"a public key", []byte(edKey), KeyError{"id", "private key: no key found", ""}},
		{"nothing", nil, KeyError{"id", "private key: no key found", ""}},
		{"a large file", make([]byte, maxKeyFile+1), KeyError{"id", "a private key of more than 64 KiB", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParsePrivateKey("id", tt.src)
			var got *KeyError
			if !errors.As(err, &got) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, *got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// securityKeyFile is a private key as ssh-keygen writes it, up to its public half.
func securityKeyFile(keyType string) []byte {
	public := ssh.Marshal(struct{ Type string }{keyType})
	return pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: append([]byte("openssh-key-v1\x00"), ssh.Marshal(struct {
		Cipher, KDF, Options string
		Keys                 uint32
		Public, Private      string
	}{"none", "none", "", 1, string(public), ""})...)})
}

func TestParsePublicKey(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      string // the error
	}{
		{"as ssh-keygen writes it", edKey + " alice@example.com\n", ""},
		{"without a comment", edKey, ""},
		{"a line of Windows", edKey + "\r\n", ""},
		{"two keys", edKey + "\n" + edKey + "\n", "id.pub: not a public key"},
		{"a private key", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "id.pub: not a public key"},
		{"nothing", "", "id.pub: not a public key"},
		{"another type", "ssh-dss AAAA", `id.pub: key type "ssh-dss" is not one of ` + strings.Join(keyTypes, ", ")},
		{"too much", strings.Repeat("a", maxLine+1), "id.pub: a public key of more than 16 KiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParsePublicKey("id.pub", []byte(tt.src))
			switch {
			case tt.want == "" && (err != nil || ssh.FingerprintSHA256(got) != edHash):
				t.Errorf("key %v, error %v", got, err)
			case tt.want != "" && (err == nil || err.Error() != tt.want):
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

func TestSigningThroughAnAgent(t *testing.T) {
	ring := agent.NewKeyring()
	for _, kind := range kinds {
		private, _ := key(t, kind)
		if err := ring.Add(agent.AddedKey{PrivateKey: private}); err != nil {
			t.Fatal(err)
		}
	}
	conn := serve(t, ring)
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			here := signer(t, kind)
			there, err := AgentSigner(conn, "id.pub", here.PublicKey())
			if err != nil {
				t.Fatal(err)
			}
			armored, err := Sign(there, []byte("message"), "file")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Verify(armored, []byte("message"), "file", allow(t, "alice", here), noon); err != nil {
				t.Error(err)
			}
		})
	}
	_, err := AgentSigner(conn, "id.pub", signer(t, "other ed25519").PublicKey())
	var got *KeyError
	if !errors.As(err, &got) {
		t.Fatal(err)
	}
	want := KeyError{"id.pub", "ssh-agent does not have this key; it has 5 others", "ssh-add the private key, or unlock the agent"}
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Error(diff)
	}
}

func TestAnAgentThatIsGone(t *testing.T) {
	conn := serve(t, agent.NewKeyring())
	conn.Close()
	_, err := AgentSigner(conn, "id.pub", signer(t, "ed25519").PublicKey())
	if want := "id.pub: ssh-agent: "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want %s…", err, want)
	}
}

// serve returns a connection to an agent.
func serve(t *testing.T, a agent.Agent) net.Conn {
	here, there := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		// It ends with an error when the connection does.
		_ = agent.ServeAgent(a, there)
	}()
	t.Cleanup(func() {
		here.Close()
		<-done
	})
	return here
}
