package sshsig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// noon is when the signatures of testdata are looked at.
var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parse(t testing.TB, file string, src []byte) AllowedSigners {
	t.Helper()
	signers, err := ParseAllowedSigners(file, src)
	if err != nil {
		t.Fatal(err)
	}
	return signers
}

// allow returns a file that allows the keys for everything.
func allow(t testing.TB, principal string, keys ...ssh.Signer) AllowedSigners {
	t.Helper()
	var b strings.Builder
	for _, key := range keys {
		b.WriteString(principal + " " + publicText(key))
	}
	return parse(t, "allowed", []byte(b.String()))
}

func publicText(key ssh.Signer) string { return string(ssh.MarshalAuthorizedKey(key.PublicKey())) }

// key returns a private key of a kind, always the same one within a run.
func key(t testing.TB, kind string) (crypto.Signer, ssh.Signer) {
	t.Helper()
	private := keys[kind]()
	signer, err := ssh.NewSignerFromSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return private, signer
}

func signer(t testing.TB, kind string) ssh.Signer {
	t.Helper()
	_, s := key(t, kind)
	return s
}

var keys = map[string]func() crypto.Signer{
	"ed25519":       made(ed25519Key),
	"other ed25519": made(ed25519Key),
	"ecdsa256":      made(func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }),
	"ecdsa384":      made(func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P384(), rand.Reader) }),
	"ecdsa521":      made(func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P521(), rand.Reader) }),
	"rsa":           made(func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) }),
	"small rsa":     made(func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 1024) }),
}

func ed25519Key() (crypto.Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return private, err
}

func made(generate func() (crypto.Signer, error)) func() crypto.Signer {
	return sync.OnceValue(func() crypto.Signer {
		private, err := generate()
		if err != nil {
			panic(err) // there is no randomness
		}
		return private
	})
}

// parts are the fields of a signature as they stand in it, right or wrong.
type parts struct {
	magic                          string
	version                        uint32
	key, namespace, reserved, hash string
	algorithm, value, rest         string // of the signature inside
	after                          string // what follows
}

// partsOf takes an armored signature apart that is right.
func partsOf(t testing.TB, armored []byte) parts {
	t.Helper()
	b, err := unarmor(armored)
	if err != nil {
		t.Fatal(err)
	}
	s, err := readBlob(b)
	if err != nil {
		t.Fatal(err)
	}
	return parts{
		magic: magic, version: version, key: string(s.key.Marshal()), namespace: s.namespace, hash: s.hash,
		algorithm: s.signature.Format, value: string(s.signature.Blob), rest: string(s.signature.Rest),
	}
}

func (p parts) armored() []byte {
	inner := struct {
		Algorithm, Value string
		Rest             []byte `ssh:"rest"`
	}{p.algorithm, p.value, []byte(p.rest)}
	outer := struct {
		Version                                   uint32
		Key, Namespace, Reserved, Hash, Signature string
	}{p.version, p.key, p.namespace, p.reserved, p.hash, string(ssh.Marshal(inner))}
	return armor([]byte(p.magic + string(ssh.Marshal(outer)) + p.after))
}
